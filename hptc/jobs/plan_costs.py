"""Estimates what the tuning jobs of a plan may cost: bounds for all, forecasts for the first few.

A forecast makes calls to AWS. If the caller may not make them, the forecast is unknown and the plan
continues.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hptc.aws.aws_errors import is_access_denied
from hptc.compiler.outcome import Compiled
from hptc.cost.bound import CostBound, summary
from hptc.cost.forecast import expected_cost, no_forecast
from hptc.errors import AwsError
from hptc.jobs.past_runs import past_runs
from hptc.jobs.planned import PlannedCost
from hptc.jobs.snapshot import JobSnapshot

BoundOf = Callable[[Compiled], CostBound]

MAX_FORECASTS = 10
"""This many jobs of a plan have a forecast, from the spec's newest run: about two calls each."""

_NOT_ESTIMATED = "not estimated: use `hptc cost --online`"


def planned_costs(
    compiled: Sequence[Compiled], jobs: JobSnapshot, bound_of: BoundOf
) -> list[PlannedCost]:
    """The costs of specs to submit, in their order.

    Raises AwsError if AWS rejects a call for any reason other than missing permissions.
    """
    bounds = [bound_of(outcome) for outcome in compiled]
    try:
        runs = past_runs(compiled[:MAX_FORECASTS], jobs, max_runs=1)
    except AwsError as error:
        if not is_access_denied(error):
            raise
        forecasts = [no_forecast(f"not known: {error.message}") for _ in compiled]
    else:
        forecasts = [expected_cost(*pair) for pair in zip(bounds, runs, strict=False)]
        forecasts += [no_forecast(_NOT_ESTIMATED) for _ in compiled[MAX_FORECASTS:]]
    return [
        PlannedCost(bound=summary(bound), expected=expected)
        for bound, expected in zip(bounds, forecasts, strict=True)
    ]
