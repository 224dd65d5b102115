"""Converts findings to diagnostics: a finding has a path, a diagnostic a line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from hptc.compiler.fix_locations import located_fixes
from hptc.compiler.outcome import Compiled, CompiledSpec, FileRequest, Origin
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
from hptc.request.spec_paths import spec_paths
from hptc.source import suppressions
from hptc.source.document import at_span


def to_diagnostics(findings: list[Finding], file: FileRequest) -> list[Diagnostic]:
    """Convert findings in the same order. A RequestPath refers to the request of the file.

    The messages for a file in the API's own form have the API's words. No diagnostic shows the text
    of a secret.
    """
    words = ApiWords(file.request)
    located = [_to_diagnostic(finding, file, words) for finding in findings]
    secrets = [
        diagnostic.span
        for diagnostic, finding in zip(located, findings, strict=True)
        if finding.is_secret
    ]
    return without_secrets(located, secrets)


def _to_diagnostic(finding: Finding, file: FileRequest, words: ApiWords) -> Diagnostic:
    if file.spec is None and isinstance(finding.path, RequestPath):
        finding = _in_api_words(finding, finding.path, words)
    diagnostic = at_span(finding, _span(finding, file), located_fixes(finding, file))
    return replace(diagnostic, related=_policy_line(finding, file.origin))


def _in_api_words(finding: Finding, path: RequestPath, words: ApiWords) -> Finding:
    def rewritten(text: str) -> str:
        return words.rewrite(text, path, finding.hyperparameters)

    return replace(
        finding,
        message=rewritten(finding.message),
        label=rewritten(finding.label),
        help=rewritten(finding.help),
        fixes=tuple(replace(fix, title=rewritten(fix.title)) for fix in finding.fixes),
    )


def _span(finding: Finding, file: FileRequest) -> Span:
    origin, spec = file.origin, file.spec
    match finding.path:
        case ProjectPath() as path:
            document = origin.project.document if origin.project else origin.document
            return document.span(path, key=finding.on_key)
        case SpecPath() as path:
            return origin.layers.span(path, key=finding.on_key)
        case RequestPath() as path if spec is None:
            return origin.document.span(path, key=finding.on_key)
        case RequestPath() as path:
            key = origin.layers.nearest(spec_paths(path, file.request))
            if key == ("job_name",) and spec.job_name is None:
                key = SpecPath(("name",))
            return origin.layers.span(key, key=finding.on_key)
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


def at_providers(
    diagnostics: list[Diagnostic], findings: list[Finding], file: FileRequest
) -> dict[Diagnostic, Diagnostic]:
    """The diagnostics of findings about what an environment provides, each in hptc.yaml instead.

    A spec has no line for such a value, and all specs of the environment share it. Suppressions in
    a spec apply to its own lines, so they come first.
    """
    if file.spec is None:
        return {}
    moved = {}
    for diagnostic, finding in zip(diagnostics, findings, strict=True):
        if not isinstance(finding.path, RequestPath):
            continue
        span = provided_span(finding.path, file.origin, file.request)
        if span is not None:
            moved[diagnostic] = replace(diagnostic, span=span, fixes=())
    return moved


def without_secrets(diagnostics: list[Diagnostic], secrets: list[Span]) -> list[Diagnostic]:
    """The same diagnostics with the text of secrets masked."""
    lines: dict[tuple[str, int], str] = {}
    for secret in secrets:
        location = (secret.file, secret.line)
        end = secret.end_column - 1 if secret.end_line == secret.line else len(secret.source)
        lines[location] = _hidden(lines.get(location, secret.source), secret.column - 1, end)
    masked = []
    for diagnostic in diagnostics:
        span = diagnostic.span
        line = lines.get((span.file, span.line))
        if line is not None:
            diagnostic = replace(diagnostic, span=replace(span, source=line))
        masked.append(diagnostic)
    return masked


def _hidden(line: str, start: int, end: int) -> str:
    """A line with a part of it masked. Its length stays, so that other parts keep their columns."""
    return f"{line[:start]}{'*' * (min(end, len(line)) - start)}{line[end:]}"


def with_findings(outcome: Compiled, findings: Iterable[Finding]) -> Compiled:
    """Add the findings of a later check to an outcome.

    Suppressions apply. Findings that the outcome already has are not repeated.
    """
    spec = outcome.spec if isinstance(outcome, CompiledSpec) else None
    file = FileRequest(origin=outcome, request=outcome.request, spec=spec)
    later = list(findings)
    diagnostics = to_diagnostics(later, file)
    moved = at_providers(diagnostics, later, file)
    known = {*outcome.diagnostics, *outcome.suppressed}
    new = [
        diagnostic
        for diagnostic in dict.fromkeys(diagnostics)
        if not {diagnostic, moved.get(diagnostic)} & known
    ]
    kept, suppressed = suppressions.split(new, outcome.document)
    kept = [moved.get(diagnostic, diagnostic) for diagnostic in kept]
    return replace(
        outcome,
        diagnostics=tuple(sorted([*outcome.diagnostics, *kept], key=sort_key)),
        suppressed=(*outcome.suppressed, *suppressed),
    )
