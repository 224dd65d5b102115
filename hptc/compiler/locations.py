"""Findings to diagnostics: a path of the request to the line that someone wrote."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from hptc.compiler.workspace import Compiled
from hptc.diagnostics import Diagnostic, Finding, Path, Related, RequestPath, Span, sort_key
from hptc.request.emission import Request
from hptc.request.names import spec_paths
from hptc.source import suppressions


def place(finding: Finding, outcome: Compiled, request: Request) -> Diagnostic:
    """A finding at its place in the file: `request` is the one that its path belongs to."""
    path: Path = finding.path
    if outcome.spec is not None and isinstance(finding.path, RequestPath):
        path = outcome.layers.nearest(spec_paths(finding.path, request))
        if path == ("job_name",) and outcome.spec.job_name is None:
            path = ("name",)
    return Diagnostic(
        code=finding.code,
        severity=finding.severity,
        message=finding.message,
        span=outcome.layers.span(path, key=finding.on_key),
        label=finding.label,
        help=finding.help,
        related=_policy_line(finding, outcome),
    )


def _policy_line(finding: Finding, outcome: Compiled) -> tuple[Related, ...]:
    """Where hptc.yaml says what a finding is about: the environment's own word comes first."""
    key, in_project, environment = finding.policy_key, outcome.project, outcome.environment
    if key is None or in_project is None:
        return ()
    place: Path = ("policy",)
    if environment is not None:
        own = ("environments", environment.name, "policy")
        place = own if in_project.document.has((*own, key[0])) else place
    span = in_project.document.span((*place, *key))
    return (Related(span=span, message="the policy"),)


def without_secrets(placed: list[Diagnostic], secrets: list[Span]) -> list[Diagnostic]:
    """The same diagnostics, none of which shows the text at a secret's span."""
    for secret in secrets:
        end = secret.end_column - 1 if secret.end_line == secret.line else len(secret.source)
        hidden = f"{secret.source[: secret.column - 1]}***{secret.source[end:]}"
        placed = [
            replace(one, span=replace(one.span, source=hidden))
            if (one.span.file, one.span.line) == (secret.file, secret.line)
            else one
            for one in placed
        ]
    return placed


def with_findings(compiled: Compiled, findings: Iterable[Finding]) -> Compiled:
    """The same file with what a later step found in its request, suppressions included.

    What is known of it already is not said again.
    """
    placed = [place(finding, compiled, compiled.request or {}) for finding in findings]
    known = {*compiled.diagnostics, *compiled.suppressed}
    new = [diagnostic for diagnostic in dict.fromkeys(placed) if diagnostic not in known]
    kept, suppressed = suppressions.split(new, compiled.document)
    return replace(
        compiled,
        diagnostics=tuple(sorted([*compiled.diagnostics, *kept], key=sort_key)),
        suppressed=(*compiled.suppressed, *suppressed),
    )
