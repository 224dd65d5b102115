"""Calculates what the training jobs of a tuning job have cost so far, at the prices of its bound.

It is an estimate from training times: https://aws.amazon.com/sagemaker/ai/pricing/. The time that
AWS bills is known only for each training job, after it has ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from hptc.cost.bound import MAX_SPOT_SAVINGS, CostBound, rounded_up
from hptc.cost.evidence import TrainingTime
from hptc.cost.forecast import most_expensive
from hptc.frozen import frozen

_HOUR = 3600


@frozen
class SpentCost:
    """The cost so far, and the maximum of the tuning job. Amounts are None if unknown."""

    instance_hours: Decimal
    usd_low: Decimal | None  # with the maximum savings of managed spot training
    usd: Decimal | None
    max_instance_hours: Decimal | None
    max_usd: Decimal | None


def spent_cost(bound: CostBound, times: Sequence[TrainingTime]) -> SpentCost | None:
    """The cost of training so far; None if the instances are unknown.

    If a training job can run on several kinds of instances, its cost is that of the most expensive.
    """
    if not bound.configurations:
        return None
    seconds = low = high = Fraction(0)
    is_priced = True
    for time in times:
        configuration = most_expensive(bound, time)
        seconds += time.seconds * configuration.instance_count
        instances = configuration.instances_usd_per_second
        volumes = configuration.volumes_usd_per_second
        if instances is None or volumes is None:
            is_priced = False
            continue
        share = 1 - MAX_SPOT_SAVINGS if configuration.is_spot else Fraction(1)
        low += time.seconds * (instances * share + volumes)
        high += time.seconds * (instances + volumes)
    maximum = bound.maximum
    is_known = is_priced and (maximum is None or maximum.usd is not None)
    return SpentCost(
        instance_hours=rounded_up(seconds / _HOUR),
        usd_low=rounded_up(low) if is_known else None,
        usd=rounded_up(high) if is_known else None,
        max_instance_hours=maximum.instance_hours if maximum is not None else None,
        max_usd=maximum.usd if maximum is not None else None,
    )
