"""What the jobs of a plan may cost: specs and what was listed in, bounds and forecasts out.

A forecast costs calls to AWS, so the first few specs have one. Nothing is written, and that the
caller may not ask is said rather than raised: a plan holds without it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hptc.compiler.outcome import Compiled
from hptc.cost.bound import BoundSummary, CostBound, summary
from hptc.cost.forecast import ExpectedCost, expected_cost, no_forecast
from hptc.errors import AwsError
from hptc.jobs.past_runs import earlier_runs
from hptc.jobs.read_only import ReadOnlyTuning, is_denied

BoundOf = Callable[[Compiled], CostBound]

MOST_FORECASTS = 10
"""So many jobs of a plan have a forecast, each by its spec's newest run: about two calls each."""

_NOT_ASKED = "not asked for: `hptc cost --online` asks"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCost:
    """What one job may cost, as it was known when it was planned."""

    bound: BoundSummary
    expected: ExpectedCost


def planned_costs(
    compiled: Sequence[Compiled], read_only: ReadOnlyTuning, bound_of: BoundOf
) -> list[PlannedCost]:
    """The cost of each spec that is to be submitted, in their order.

    Raises AwsError when AWS refuses for another reason than that the caller may not ask.
    """
    bounds = [bound_of(one) for one in compiled]
    asked = compiled[:MOST_FORECASTS]
    try:
        runs = earlier_runs(asked, read_only, most_runs=1)
    except AwsError as error:
        if not is_denied(error):
            raise
        forecasts = [no_forecast(f"not known: {error.message}") for _ in compiled]
    else:
        forecasts = [expected_cost(*pair) for pair in zip(bounds, runs, strict=False)]
        forecasts += [no_forecast(_NOT_ASKED) for _ in compiled[MOST_FORECASTS:]]
    return [
        PlannedCost(bound=summary(bound), expected=expected)
        for bound, expected in zip(bounds, forecasts, strict=True)
    ]
