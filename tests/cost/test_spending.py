"""What the training jobs of a running tuning job have cost so far."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from hptc.cost.evidence import TrainingTime
from hptc.cost.spending import spent_cost
from tests.support.costs import UNKNOWN, bound
from tests.support.prices import price_table

PRICES = price_table(m5_xlarge="3.6", volume="0.14")  # 0.1 cents per second, and 0.14 per GB-month
TIMES = (TrainingTime(definition="", seconds=600), TrainingTime(definition="", seconds=400))


@pytest.mark.parametrize(
    ("count", "spot", "hours", "low", "usd"),
    [
        (1, "", "0.28", "1.01", "1.01"),
        (3, "", "0.84", "3.01", "3.01"),
        (1, "spot: {max_wait_time: 2h}", "0.28", "0.11", "1.01"),
    ],
    ids=["one instance", "three instances", "spot"],
)
def test_the_cost_so_far(count: int, spot: str, hours: str, low: str, usd: str) -> None:
    cost_bound = bound(f"training_job: {{resources: {{instance_count: {count}}}, {spot}}}", PRICES)
    spent = spent_cost(cost_bound, TIMES)
    assert spent is not None
    assert spent.instance_hours == Decimal(hours)
    assert (spent.usd_low, spent.usd) == (Decimal(low), Decimal(usd))
    assert cost_bound.maximum is not None
    assert (spent.max_instance_hours, spent.max_usd) == (
        Decimal(20 * count),
        cost_bound.maximum.usd,
    )


def test_a_long_time_is_exact() -> None:
    cost_bound = bound("training_job: {}", PRICES)
    spent = spent_cost(cost_bound, [TrainingTime(definition="", seconds=3_600_000)])
    assert spent is not None
    assert spent.instance_hours == Decimal(1000)


def test_an_unknown_price() -> None:
    spec, prices, hours, _ = UNKNOWN["price"]
    spent = spent_cost(bound(spec, prices), TIMES)
    assert spent is not None
    assert (spent.usd_low, spent.usd, spent.max_usd) == (None, None, None)
    assert (spent.instance_hours, spent.max_instance_hours) == (Decimal("0.28"), Decimal(hours))


def test_no_maximum_and_no_instances() -> None:
    cost_bound = replace(bound("{}", PRICES), maximum=None)
    spent = spent_cost(cost_bound, TIMES)
    assert spent is not None
    assert (spent.usd, spent.max_usd, spent.max_instance_hours) == (Decimal("1.01"), None, None)
    assert spent_cost(replace(cost_bound, configurations=()), TIMES) is None
