"""What needs no AWS account: the comparison of two versions, and costs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hptc.api.bounds import cost_bounds
from hptc.compiler.outcome import Compiled
from hptc.compiler.progress import Progress
from hptc.diff.maximum_costs import with_costs
from hptc.diff.review import Review
from hptc.diff.sides import review_refs
from hptc.render.cost import SpecCost
from hptc.rules import RULES
from hptc.rules.rule import Rule

if TYPE_CHECKING:
    from hptc.cost.forecast import ExpectedCost


def compare_versions(
    paths: Iterable[str],
    *,
    against: str | None = None,
    head: str | None = None,
    environment: str | None = None,
    rules: tuple[Rule, ...] = RULES,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> Review:
    """What a change means, with the costs of both versions: see `review_refs`."""
    review = review_refs(
        paths,
        against=against,
        head=head,
        environment=environment,
        rules=rules,
        folder=folder,
        progress=progress,
    )
    return with_costs(review, cost_bounds())


def costs_of(
    compiled: Sequence[Compiled], expected: Sequence[ExpectedCost | None] = ()
) -> list[SpecCost]:
    """The maximum cost of each spec, and its expected cost if that is known."""
    bound_of = cost_bounds()
    forecasts = expected or [None] * len(compiled)
    return [
        SpecCost(outcome.name, bound_of(outcome), forecast)
        for outcome, forecast in zip(compiled, forecasts, strict=True)
    ]
