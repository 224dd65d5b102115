"""What needs no AWS account: the comparison of two versions, costs, and specs without errors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from hptc.api.bounds import cost_bounds
from hptc.compiler.environments import merged_diagnostics
from hptc.compiler.outcome import Compiled, Failed, Outcome
from hptc.compiler.progress import Progress
from hptc.diff.review import Review, with_costs
from hptc.diff.sides import review_refs
from hptc.errors import FindingsError
from hptc.render.cost import SpecCost
from hptc.render.diagnostics import tally
from hptc.rules import RULES
from hptc.rules.rule import Rule

if TYPE_CHECKING:
    from hptc.cost.forecast import ExpectedCost


def without_errors(outcomes: Sequence[Outcome]) -> list[Compiled] | None:
    """The compiled files; None if any of them has errors."""
    compiled = [one for one in outcomes if not isinstance(one, Failed)]
    has_errors = len(compiled) < len(outcomes) or any(one.has_errors for one in compiled)
    return None if has_errors else compiled


def require_valid(outcomes: Sequence[Outcome]) -> list[Compiled]:
    """The compiled files. Raises FindingsError if any of them has errors."""
    compiled = without_errors(outcomes)
    if compiled is not None:
        return compiled
    diagnostics = merged_diagnostics(outcomes)
    first = next(each for each in diagnostics if each.is_error)
    raise FindingsError(
        f"{tally(diagnostics)}, the first at {first.span.file}:{first.span.line}: "
        f"{first.code} {first.full_message}",
        help="`check` returns all findings",
    )


def compare_versions(
    paths: Iterable[str],
    *,
    against: str | None = None,
    head: str | None = None,
    environment: str | None = None,
    rules: tuple[Rule, ...] = RULES,
    progress: Progress | None = None,
) -> Review:
    """What a change means, with the costs of both versions: see `review_refs`."""
    found = review_refs(
        paths,
        against=against,
        head=head,
        environment=environment,
        rules=rules,
        progress=progress,
    )
    return with_costs(found, cost_bounds())


def costs_of(
    compiled: Sequence[Compiled], expected: Sequence[ExpectedCost | None] = ()
) -> list[SpecCost]:
    """The maximum cost of each spec, and its expected cost if that is known."""
    bound_of = cost_bounds()
    forecasts = expected or [None] * len(compiled)
    return [
        SpecCost(one.name, bound_of(one), forecast)
        for one, forecast in zip(compiled, forecasts, strict=True)
    ]
