"""Converts findings to diagnostics: a finding has a path, a diagnostic a line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from hptc.compiler.fix_places import located_fixes
from hptc.compiler.outcome import Compiled, CompiledSpec, Origin
from hptc.compiler.provided_values import provided_span
from hptc.diagnostics import (
    Diagnostic,
    Finding,
    ProjectPath,
    Related,
    RequestPath,
    Span,
    SpecPath,
    sort_key,
)
from hptc.request.api_words import ApiWords
from hptc.request.emission import Request
from hptc.request.spec_paths import spec_paths
from hptc.source import suppressions
from hptc.source.document import at_span
from hptc.spec.tuning_spec import Spec


def _to_diagnostic(
    finding: Finding, origin: Origin, request: Request, spec: Spec | None, words: ApiWords
) -> Diagnostic:
    if spec is None and isinstance(finding.path, RequestPath):
        message, label, help, *titles = (
            words.rewrite(text, finding.path)
            for text in (
                finding.message,
                finding.label,
                finding.help,
                *(fix.title for fix in finding.fixes),
            )
        )
        fixes = tuple(
            replace(fix, title=title) for fix, title in zip(finding.fixes, titles, strict=True)
        )
        finding = replace(finding, message=message, label=label, help=help, fixes=fixes)
    fixes = located_fixes(finding, origin, request, is_spec=spec is not None)
    located = at_span(finding, _span(finding, origin, request, spec), fixes)
    return replace(located, related=_policy_line(finding, origin))


def _span(finding: Finding, origin: Origin, request: Request, spec: Spec | None) -> Span:
    match finding.path:
        case ProjectPath() as path:
            document = origin.project.document if origin.project else origin.document
            return document.span(path, key=finding.on_key)
        case SpecPath() as path:
            return origin.layers.span(path, key=finding.on_key)
        case RequestPath() as path if spec is None:
            return origin.document.span(path, key=finding.on_key)
        case RequestPath() as path:
            found = origin.layers.nearest(spec_paths(path, request))
            if found == ("job_name",) and spec.job_name is None:
                found = SpecPath(("name",))
            return origin.layers.span(found, key=finding.on_key)
    assert_never(finding.path)


def _policy_line(finding: Finding, origin: Origin) -> tuple[Related, ...]:
    """The line of a policy finding in hptc.yaml: the environment's policy, else the project's."""
    key, in_project, environment = finding.policy_key, origin.project, origin.environment
    if key is None or in_project is None:
        return ()
    policy = ProjectPath(("policy",))
    if environment is not None:
        own = ProjectPath(("environments", environment.name, "policy"))
        policy = own if in_project.document.has(own / key[0]) else policy
    span = in_project.document.span((*policy, *key))
    return (Related(span=span, message="the policy"),)


def to_diagnostics(
    findings: list[Finding], origin: Origin, request: Request, spec: Spec | None
) -> list[Diagnostic]:
    """Convert findings in the same order. `request` is what a RequestPath refers to.

    `spec` is what the request was compiled from; None for a file in the API's own form, whose
    messages have the API's words. No diagnostic shows the text of a secret.
    """
    words = ApiWords(request)
    located = [_to_diagnostic(finding, origin, request, spec, words) for finding in findings]
    secrets = [
        diagnostic.span
        for diagnostic, finding in zip(located, findings, strict=True)
        if finding.is_secret
    ]
    return without_secrets(located, secrets)


def at_providers(
    diagnostics: list[Diagnostic], findings: list[Finding], origin: Origin, request: Request
) -> dict[Diagnostic, Diagnostic]:
    """The diagnostics of findings about what an environment provides, each in hptc.yaml instead.

    A spec has no line for such a value, and all specs of the environment share it. Suppressions in
    a spec apply to its own lines, so they come first.
    """
    moved = {}
    for diagnostic, finding in zip(diagnostics, findings, strict=True):
        path = finding.path
        span = provided_span(path, origin, request) if isinstance(path, RequestPath) else None
        if span is not None:
            moved[diagnostic] = replace(diagnostic, span=span, fixes=())
    return moved


def without_secrets(diagnostics: list[Diagnostic], secrets: list[Span]) -> list[Diagnostic]:
    """The same diagnostics with the text of secrets masked."""
    lines: dict[tuple[str, int], str] = {}
    for secret in secrets:
        place = (secret.file, secret.line)
        end = secret.end_column - 1 if secret.end_line == secret.line else len(secret.source)
        lines[place] = _hidden(lines.get(place, secret.source), secret.column - 1, end)
    return [
        replace(one, span=replace(one.span, source=lines[one.span.file, one.span.line]))
        if (one.span.file, one.span.line) in lines
        else one
        for one in diagnostics
    ]


def _hidden(line: str, start: int, end: int) -> str:
    """A line with a part of it masked. Its length stays, so that other parts keep their columns."""
    return f"{line[:start]}{'*' * (min(end, len(line)) - start)}{line[end:]}"


def with_findings(outcome: Compiled, findings: Iterable[Finding]) -> Compiled:
    """Add the findings of a later check to an outcome.

    Suppressions apply. Findings that the outcome already has are not repeated.
    """
    spec = outcome.spec if isinstance(outcome, CompiledSpec) else None
    listed = list(findings)
    found = to_diagnostics(listed, outcome, outcome.request, spec)
    moved = at_providers(found, listed, outcome, outcome.request) if spec is not None else {}
    known = {*outcome.diagnostics, *outcome.suppressed}
    new = [each for each in dict.fromkeys(found) if not {each, moved.get(each)} & known]
    kept, suppressed = suppressions.split(new, outcome.document)
    kept = [moved.get(each, each) for each in kept]
    return replace(
        outcome,
        diagnostics=tuple(sorted([*outcome.diagnostics, *kept], key=sort_key)),
        suppressed=(*outcome.suppressed, *suppressed),
    )
