"""Forecasts, each worked out by hand.

Prices are those of tests/support/prices.py: ml.m5.xlarge $0.50 an hour, ml.m5.2xlarge $1.00,
ml.p3.2xlarge $4.00, ml.g5.xlarge $1.40; 30 GB of volume cost $0.03 an hour.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hptc.catalog.prices import packaged
from hptc.cost.bound import summary
from hptc.cost.evidence import PastRun, PastRuns, TrainingTime
from hptc.cost.forecast import ExpectedCost, TotalCost, expected_cost, total_cost
from hptc.render.cost import SpecCost, costs_json, render_costs
from tests.support.costs import UNKNOWN, bound
from tests.support.golden import Golden
from tests.support.paths import ROOT
from tests.support.prices import PRICES

MINUTE = 60


def run(
    *minutes: float, name: str = "churn-0123abcd", month: int = 9, day: int = 1,
    same: bool = True, billed: Fraction | None = Fraction(1), started: int | None = None,
) -> PastRun:  # fmt: skip
    """A run whose training jobs each took a number of minutes."""
    return PastRun(
        name=name,
        created=datetime(2026, month, day, 12, tzinfo=UTC),
        is_same_content=same,
        training_jobs=len(minutes) if started is None else started,
        times=tuple(
            TrainingTime(definition="", seconds=round(minute * MINUTE)) for minute in minutes
        ),
        billed=billed,
    )


def expected(spec: str, *runs: PastRun) -> ExpectedCost:
    return expected_cost(bound(spec), PastRuns(runs=runs))


SPOT = "training_job: {spot: {max_wait_time: 2h}, checkpoint: {s3_uri: 's3://example/c/'}}"
GROUPS = """
training_job:
  resources:
    instance_type: null
    instance_count: null
    volume_size_in_gb: 50
    instance_groups:
      workers: {instance_type: ml.m5.xlarge, instance_count: 2}
      trainer: {instance_type: ml.p3.2xlarge, instance_count: 1}
"""
FLEXIBLE = """
training_job:
  resources: null
  tuning_resources:
    instance_configs:
      - {instance_type: ml.m5.xlarge, instance_count: 1, volume_size_in_gb: 30}
      - {instance_type: ml.m5.2xlarge, instance_count: 1, volume_size_in_gb: 30}
"""
TWO = """
training_jobs:
  long: {stopping: {max_runtime: 2h}}
  dear: {resources: {instance_type: ml.m5.2xlarge}}
"""
NO_NUMBER = "limits: {max_number_of_training_jobs: null}"


class Worked(NamedTuple):
    what: str
    spec: str
    runs: tuple[PastRun, ...]
    hours: str
    usd: str
    low: str | None = None
    high: str | None = None


WORKED = [
    # the mean of 12, 18 and 24 min is 18 min; 20 jobs x 0.3 h = 6 h; 6 x $0.53
    Worked("one run", "{}", (run(12, 18, 24),), "6", "3.18"),
    # the mean of the four is (12 + 12 + 12 + 24) / 4 = 15 min; 20 x 0.25 h x $0.53 = $2.65;
    # by the one 12 min: 20 x 0.2 h x $0.53 = $2.12, by the other 24 min: $4.24
    Worked("two runs", "{}", (run(12, 12, 12), run(24)), "5", "2.65", "2.12", "4.24"),
    # a job that failed after 6 min was billed too: (30 + 6) / 2 = 18 min; 6 h x $0.53
    Worked("a failure costs money, too", "{}", (run(30, 6),), "6", "3.18"),
    # 90 min, but now AWS stops each after its hour: 20 x 1 h, which is the bound itself
    Worked("no more than the current limit", "{}", (run(90),), "20", "10.60"),
    # 20 x 54 min = 18 h, but 2 in parallel for 6 h are 12 h: 12 x $0.53, the bound
    Worked("no more than the bound", "limits: {max_runtime: 6h}", (run(54),), "12", "6.36"),
    # 20 x 0.3 h x 2 instances = 12 h; 12 x $0.53
    Worked(
        "two instances", "training_job: {resources: {instance_count: 2}}", (run(18),), "12", "6.36"
    ),
    # an hour: 2 x ($0.50 + $0.05) + $4.00 + $0.05 = $5.15; 20 x 0.1 h x $5.15, 3 x 2 h
    Worked("groups", GROUPS, (run(6),), "6", "10.30"),
    # which of the two it was is unknown: 20 x 0.3 h at the most expensive, $1.03
    Worked("flexible instances", FLEXIBLE, (run(18),), "6", "6.18"),
    # half of the time was billed: 20 x 0.6 h x ($0.50 / 2 + $0.03) = 12 x $0.28; 6 h are billed
    Worked("spot", SPOT, (run(36, billed=Fraction(1, 2)),), "6", "3.36"),
    # the billed time is unknown: 12 h x ($0.05 + $0.03) to 12 h x $0.53
    Worked(
        "spot, billed time unknown", SPOT, (run(36, billed=None),), "12", "6.36", "0.96", "6.36"
    ),
    # 3 x 2 points x 0.3 h x $0.53
    Worked(
        "grid",
        """
strategy: Grid
limits: {max_number_of_training_jobs: null}
training_job:
  hyperparameters:
    rate: null
    depth: null
    layers: {type: Categorical, values: [1, 2, 3]}
    optimizer: {type: Categorical, values: [sgd, adam]}
""",
        (run(18),),
        "1.8",
        "0.96",
    ),
    # the runs had 10 and 30 jobs of 6 min each: 20 on average; 20 x 0.1 h x $0.53 = $1.06,
    # from 10 x 0.1 h x $0.53 to 30 x 0.1 h x $0.53
    Worked(
        "no number",
        NO_NUMBER,
        (run(*[6] * 10), run(*[6] * 30)),
        "2",
        "1.06",
        "0.53",
        "1.59",
    ),
    # AWS's limit of 750 is not what to expect, but the 12 that there were: 12 x 0.5 h x $0.53
    Worked(
        "Hyperband without a number",
        """
strategy: Hyperband
hyperband: {max_resource: 9}
limits: {max_number_of_training_jobs: null}
""",
        (run(*[30] * 12),),
        "6",
        "3.18",
    ),
    # neither a number nor an end, and so no bound, but it ended: 4 x 0.5 h x $0.53
    Worked(
        "a search without a bound",
        "limits: {max_number_of_training_jobs: null, max_runtime: null}",
        (run(*[30] * 4),),
        "2",
        "1.06",
    ),
    # only 2 of its 4 jobs were read, 30 min each; the others count like them: 4 x 0.5 h x $0.53
    Worked("not all read", NO_NUMBER, (run(30, 30, started=4),), "2", "1.06"),
    # half long: 18 min at $0.53, half dear: 12 min at $1.03; (0.159 + 0.206) / 2 x 20 = $3.65;
    # (0.3 h + 0.2 h) / 2 x 20 = 5 h
    Worked(
        "two definitions",
        TWO,
        (
            PastRun(
                name="churn-0123abcd",
                created=datetime(2026, 9, 1, tzinfo=UTC),
                is_same_content=True,
                training_jobs=2,
                times=(
                    TrainingTime(definition="long", seconds=18 * MINUTE),
                    TrainingTime(definition="dear", seconds=12 * MINUTE),
                ),
                billed=Fraction(1),
            ),
        ),
        "5",
        "3.65",
    ),
    # storage of its own, no volume: 20 x 0.3 h x $1.40
    Worked(
        "local storage",
        "training_job: {resources: {instance_type: ml.g5.xlarge, volume_size_in_gb: null}}",
        (run(18),),
        "6",
        "8.40",
    ),
]


@pytest.mark.parametrize("worked", WORKED, ids=lambda worked: worked.what)
def test_worked_by_hand(worked: Worked) -> None:
    cost = expected(worked.spec, *worked.runs)
    assert cost.unknown == ""
    assert cost.instance_hours == Decimal(worked.hours)
    assert cost.usd == Decimal(worked.usd)
    assert (cost.usd_low, cost.usd_high) == (
        Decimal(worked.low or worked.usd),
        Decimal(worked.high or worked.usd),
    )
    assert cost.is_range is (worked.low is not None)


def test_hours_of_a_large_tuning_job_are_exact() -> None:
    spec = "limits: {max_number_of_training_jobs: 400, max_parallel_training_jobs: 10}"
    cost = expected(spec, run(*[30] * 400))
    assert (cost.training_jobs, cost.instance_hours) == (400, Decimal(200))


def test_without_past_runs_there_is_no_forecast() -> None:
    cost = expected("{}")
    assert cost.unknown == "no past runs"
    assert (cost.usd_low, cost.usd, cost.usd_high, cost.instance_hours) == (None,) * 4


def test_runs_on_other_instances_are_named() -> None:
    cost = expected_cost(bound("{}"), PastRuns(elsewhere=("churn-1", "churn-2")))
    assert cost.unknown == (
        "no past runs on these instances: `churn-1` and 1 more ran on other instances"
    )


@pytest.mark.parametrize("case", ["price", "volume", "one of the alternatives"])
def test_an_unknown_price_is_never_zero(case: str) -> None:
    spec, prices, _, _ = UNKNOWN[case]
    cost = expected_cost(bound(spec, prices), PastRuns(runs=(run(18),)))
    assert cost.unknown == "price unknown"
    assert (cost.usd_low, cost.usd, cost.usd_high) == (None, None, None)
    assert cost.instance_hours is not None
    assert cost.instance_hours >= 6


NO_LIMIT = "limits: {max_number_of_training_jobs: null, max_runtime: null}"
TOTALS = {
    # The bound is 20 x $0.53; the forecast of 18 min each is 6 h x $0.53.
    "nothing": ([], 0, "0", "0", "0"),
    "one": ([("{}", True)], 0, "10.60", "20", "3.18"),
    "two": ([("{}", True), ("{}", True)], 0, "21.20", "40", "6.36"),
    "one without a forecast": ([("{}", True), ("{}", False)], 0, "21.20", "40", None),
    "one without a bound": ([("{}", True), (NO_LIMIT, True)], 1, None, None, "6.36"),
    "neither with a bound": ([(NO_LIMIT, False), (NO_LIMIT, False)], 2, None, None, None),
}


@pytest.mark.parametrize(
    ("jobs", "unknown", "usd", "hours", "expected_usd"), TOTALS.values(), ids=TOTALS
)
def test_the_total_of_several_tuning_jobs(
    jobs: list[tuple[str, bool]],
    unknown: int,
    usd: str | None,
    hours: str | None,
    expected_usd: str | None,
) -> None:
    costs = [
        # without a number of training jobs, that of the run counts: 20, as in the base
        (summary(bound(spec)), expected(spec, run(*[18] * 20)) if has_run else None)
        for spec, has_run in jobs
    ]
    assert total_cost(costs) == TotalCost(
        searches=len(jobs),
        unknown=unknown,
        usd=None if usd is None else Decimal(usd),
        instance_hours=None if hours is None else Decimal(hours),
        expected_usd=None if expected_usd is None else Decimal(expected_usd),
    )


@given(
    minutes=st.lists(st.lists(st.integers(1, 600), min_size=1, max_size=5), min_size=1, max_size=3),
    number=st.integers(1, 100) | st.none(),
    unread=st.integers(0, 100),
)
def test_a_forecast_is_between_its_runs_and_never_above_the_bound(
    minutes: list[list[int]], number: int | None, unread: int
) -> None:
    spec = {
        "strategy": "Random",
        "limits": {
            "max_number_of_training_jobs": number,
            "max_parallel_training_jobs": min(2, number or 2),
        },
    }
    spec_bound = bound(json.dumps(spec), PRICES)
    runs = [run(*minute) for minute in minutes]
    runs.append(run(*minutes[0], started=len(minutes[0]) + unread))
    cost = expected_cost(spec_bound, PastRuns(runs=tuple(runs)))
    assert spec_bound.maximum is not None
    assert spec_bound.maximum.usd is not None
    assert cost.usd_low is not None
    assert cost.usd is not None
    assert cost.usd_high is not None
    assert 0 < cost.usd_low <= cost.usd <= cost.usd_high <= spec_bound.maximum.usd


RENDERED = {
    "one run": ("{}", (run(12, 18, 24),)),
    "earlier content": (
        "{}",
        (
            run(12, 12, 12, name="churn-00000002", day=3, same=False),
            run(24, name="churn-00000001", same=False, started=2),
        ),
    ),
    "spot": (SPOT, (run(36, billed=None),)),
    "none": ("{}", ()),
}


@pytest.mark.parametrize("what", RENDERED)
def test_rendered(what: str, golden: Golden) -> None:
    spec, runs = RENDERED[what]
    costs = [SpecCost("churn", bound(spec), expected(spec, *runs))]
    golden(f"cost/expected-{what.replace(' ', '-')}.txt", render_costs(costs))
    golden(f"cost/expected-{what.replace(' ', '-')}.json", costs_json(costs))


def test_rendered_without_a_price(golden: Golden) -> None:
    spec, prices, _, _ = UNKNOWN["price"]
    spec_bound = bound(spec, prices)
    forecast = expected_cost(spec_bound, PastRuns(runs=(run(18),)))
    golden("cost/expected-unknown.txt", render_costs([SpecCost("churn", spec_bound, forecast)]))


def test_rendered_sum(golden: Golden) -> None:
    costs = [SpecCost(name, bound("{}"), expected("{}", run(18))) for name in "ab"]
    golden("cost/expected-sum.txt", render_costs(costs))


def test_example_in_the_docs_is_up_to_date() -> None:
    # 20 x 14 min and 20 x 10 min, at $0.23 and 30 GB x $0.14 / 672 h = $0.23625 an hour
    spec_bound = bound("{}", packaged())
    runs = (
        run(*[14] * 20, name="churn-c6ba2bf7-r1", month=11, day=25),
        run(*[10] * 20, name="churn-c6ba2bf7", month=11, day=18),
    )
    lines = render_costs(
        [SpecCost("churn", spec_bound, expected_cost(spec_bound, PastRuns(runs=runs)))]
    )
    page = (ROOT / "docs" / "cost.md").read_text(encoding="utf-8")
    assert "\n".join(lines.splitlines()[:5]) in page
