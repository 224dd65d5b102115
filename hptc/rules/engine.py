"""Runs the rules on a tuning job.

A crash of a rule becomes a finding; the other rules still run.
"""

from __future__ import annotations

from collections.abc import Sequence

from hptc.diagnostics import Finding, RequestPath, Severity
from hptc.errors import UsageError
from hptc.rules import RULES
from hptc.rules.codes import ONLINE
from hptc.rules.rule import Context, Rule

_POLICY = "HPT8"


def selected(
    select: str | None, ignore: str | None, rules: tuple[Rule, ...] = RULES
) -> tuple[Rule, ...]:
    """The rules whose codes start with a prefix in `select` and with none in `ignore`.

    Both are lists such as `HPT2,HPT301`. Raises UsageError for a prefix that matches no rule.
    """
    included, excluded = _prefixes(select, rules), _prefixes(ignore, rules)
    return tuple(
        rule
        for rule in rules
        if (select is None or rule.code.startswith(included)) and not rule.code.startswith(excluded)
    )


def policy_rules(rules: tuple[Rule, ...] = RULES) -> tuple[Rule, ...]:
    """The rules that enforce a project's policy."""
    return tuple(rule for rule in rules if rule.code.startswith(_POLICY))


def is_selected(code: str, select: str | None, ignore: str | None) -> bool:
    """Whether `select` and `ignore` include a code that is not a rule's, such as --online's."""
    included, excluded = _prefixes(select, RULES), _prefixes(ignore, RULES)
    return (select is None or code.startswith(included)) and not code.startswith(excluded)


def _prefixes(text: str | None, rules: tuple[Rule, ...]) -> tuple[str, ...]:
    prefixes = tuple(part.strip().upper() for part in (text or "").split(",") if part.strip())
    for prefix in prefixes:
        codes = (*(rule.code for rule in rules), *ONLINE)
        if not any(code.startswith(prefix) for code in codes):
            raise UsageError(
                f"no rule code starts with `{prefix}`",
                help="`hptc explain --all` lists all codes; HPT0xx and HPT10x can't be ignored",
            )
    return prefixes


def check(context: Context, rules: tuple[Rule, ...] = RULES) -> list[Finding]:
    """All findings of the rules."""
    return check_all([context], rules)[0]


def check_all(contexts: Sequence[Context], rules: tuple[Rule, ...] = RULES) -> list[list[Finding]]:
    """The findings in each context, in the order of the rules.

    Each rule checks all contexts before the next rule runs: its code then stays in the processor's
    caches, which saves half of the rules' time in a large project.
    """
    findings: list[list[Finding]] = [[] for _ in contexts]
    pairs = list(zip(contexts, findings, strict=True))
    for rule in rules:
        check = rule.check
        for context, findings_of_context in pairs:
            try:
                findings_of_context.extend(check(rule, context))
            except Exception as crash:
                findings_of_context.append(_crash(rule, crash))
    return findings


def _crash(rule: Rule, crash: Exception) -> Finding:
    return Finding(
        code="HPT000",
        severity=Severity.WARNING,
        message=f"the rule {rule.code} ({rule.name}) crashed: {crash!r}",
        path=RequestPath(),
        help="this is a bug in hptc; the other rules ran",
    )
