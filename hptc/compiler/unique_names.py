"""Finds specs of a project that have the same name."""

from __future__ import annotations

from hptc.compiler.outcome import CompiledRequest, Outcome, failed
from hptc.diagnostics import Diagnostic, Related, Severity, sort_key


def with_unique_names(outcomes: list[Outcome]) -> list[Outcome]:
    """The same outcomes, but specs with the name of an earlier spec are Failed.

    Names are compared ignoring case, as AWS compares the names of tuning jobs and stacks.
    """
    first: dict[str, Outcome] = {}
    results: list[Outcome] = []
    for outcome in outcomes:
        if isinstance(outcome, CompiledRequest) or not outcome.name:
            results.append(outcome)
            continue
        earlier = first.setdefault(outcome.name.lower(), outcome)
        if earlier is not outcome:
            duplicate = Diagnostic(
                code="HPT600",
                severity=Severity.ERROR,
                message=f"another spec already has the name `{outcome.name}`",
                span=outcome.layers.span(("name",)),
                help="give each spec of a project a unique name",
                related=(Related(span=earlier.layers.span(("name",)), message="first used here"),),
            )
            outcome = failed(
                outcome, tuple(sorted([*outcome.diagnostics, duplicate], key=sort_key))
            )
        results.append(outcome)
    return results
