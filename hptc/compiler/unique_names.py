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
    for one in outcomes:
        if isinstance(one, CompiledRequest) or not one.name:
            results.append(one)
            continue
        earlier = first.setdefault(one.name.lower(), one)
        if earlier is not one:
            duplicate = Diagnostic(
                code="HPT600",
                severity=Severity.ERROR,
                message=f"another spec already has the name `{one.name}`",
                span=one.layers.span(("name",)),
                help="give each spec of a project a unique name",
                related=(Related(span=earlier.layers.span(("name",)), message="first used here"),),
            )
            one = failed(one, tuple(sorted([*one.diagnostics, duplicate], key=sort_key)))
        results.append(one)
    return results
