"""Runs the rules on a job. A rule that crashes becomes a finding, and the rest still run."""

from __future__ import annotations

from hptc.diagnostics import Finding, Severity
from hptc.rules import RULES
from hptc.rules.rule import Context, Rule


def check(context: Context, rules: tuple[Rule, ...] = RULES) -> list[Finding]:
    """Every finding of every rule."""
    findings: list[Finding] = []
    for rule in rules:
        try:
            findings.extend(rule.check(context))
        except Exception as crash:
            findings.append(
                Finding(
                    code="HPT000",
                    severity=Severity.WARNING,
                    message=f"the rule {rule.code} ({rule.name}) crashed: {type(crash).__name__}: {crash}",
                    path=(),
                    help="this is a bug in hptc; the other rules ran",
                )
            )
    return findings
