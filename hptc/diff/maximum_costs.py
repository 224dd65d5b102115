"""Adds to a review what each version costs at most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hptc.compiler.outcome import Compiled
from hptc.cost.bound import CostBound
from hptc.diff.review import Comparison, CostChange, Review


def with_costs(review: Review, bound: Callable[[Compiled], CostBound]) -> Review:
    """The review with the cost bounds of every version that has a request."""

    def with_cost(comparison: Comparison) -> Comparison:
        old, new = (
            bound(side) if isinstance(side, Compiled) else None
            for side in (comparison.old, comparison.new)
        )
        has_cost = old is not None or new is not None
        return replace(comparison, cost=CostChange(old=old, new=new) if has_cost else None)

    specs = tuple(
        replace(spec, comparisons=tuple(map(with_cost, spec.comparisons))) for spec in review.specs
    )
    return replace(review, specs=specs)
