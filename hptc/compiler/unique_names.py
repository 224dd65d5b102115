"""What only all files of a run together can tell: names that two specs share."""

from __future__ import annotations

from hptc.compiler.outcome import CompiledRequest, Outcome, failed
from hptc.diagnostics import Diagnostic, Related, Severity, sort_key


def with_unique_names(outcomes: list[Outcome]) -> list[Outcome]:
    """The same outcomes; a spec whose name an earlier one has is Failed.

    Case doesn't count: the names of tuning jobs and of stacks are made from it.
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
                help="give each spec of a project its own name",
                related=(Related(span=earlier.layers.span(("name",)), message="first used here"),),
            )
            one = failed(one, tuple(sorted([*one.diagnostics, duplicate], key=sort_key)))
        results.append(one)
    return results
