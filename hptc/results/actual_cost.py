"""What the training jobs of a tuning job cost, from the seconds that AWS bills.

Without managed spot training, AWS bills the time from the start of a training job to its end, which
the list of training jobs has. With it, only DescribeTrainingJob has the billed seconds.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeTrainingJob.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from hptc.cost.bound import Configuration, CostBound, rounded_up, summary
from hptc.frozen import frozen
from hptc.results.training_results import ActualCost
from hptc.service.tuning_jobs import FINAL_STATUSES, TrainingJob
from hptc.text import plural

RUNNING = "still running"
_MICRODOLLAR = Decimal("0.000001")
_CAUSES_OF_NO_PRICE = ("no price", "price", "volume", "Region")
"""How the texts of `CostBound.missing` about prices start."""


@frozen
class Billing:
    """What AWS bills for one training job. What is unknown is None."""

    seconds: int | None  # from its start to its end; None if it has not ended
    billable_seconds: int | None
    usd: Fraction | None
    usd_at_most: Fraction | None  # if it was billed all of its time
    is_unread: bool = False  # whether its description would have more
    unknown: str = ""  # why its cost is unknown


def needs_description(bound: CostBound, definition: str) -> bool:
    """Whether only DescribeTrainingJob has what a training job of a definition costs.

    It has the billed seconds with managed spot training, and the instances if there are several
    alternatives.
    """
    configurations = _configurations_of(bound, definition)
    return len(configurations) > 1 or any(configuration.is_spot for configuration in configurations)


def billing(
    job: TrainingJob, definition: str, bound: CostBound, description: Mapping[str, Any] | None
) -> Billing:
    """What AWS bills for a training job, with its description if it was read."""
    seconds = training_seconds(job)
    if seconds is None and job.started is None and job.status in FINAL_STATUSES:
        # It never got instances, and AWS bills from the start.
        return Billing(seconds=None, billable_seconds=0, usd=Fraction(0), usd_at_most=Fraction(0))
    if seconds is None:
        reason = "end not reported" if job.status in FINAL_STATUSES else RUNNING
        return Billing(
            seconds=None, billable_seconds=None, usd=None, usd_at_most=None, unknown=reason
        )
    configuration = _configuration(bound, definition, description)
    billable = _billable_seconds(seconds, bound, definition, description)
    is_unread = description is None and needs_description(bound, definition)
    if configuration is None:
        reason = "billed time not read" if is_unread else "instances unknown"
        return Billing(
            seconds=seconds,
            billable_seconds=billable,
            usd=None,
            usd_at_most=None,
            is_unread=is_unread,
            unknown=reason,
        )
    return Billing(
        seconds=seconds,
        billable_seconds=billable,
        usd=None if billable is None else _usd(configuration, seconds, billable),
        usd_at_most=_usd(configuration, seconds, seconds),
        is_unread=is_unread,
        unknown=_reason(configuration, billable, is_unread=is_unread),
    )


def training_seconds(job: TrainingJob) -> int | None:
    """The seconds from the start of a training job to its end; None if it has not ended."""
    if job.started is None or job.ended is None:
        return None
    return max(0, round((job.ended - job.started).total_seconds()))


def total_cost_of(billings: Sequence[Billing], bound: CostBound) -> ActualCost:
    """The cost of all training jobs."""
    known = [bill.usd for bill in billings if bill.usd is not None]
    upper = [bill.usd_at_most for bill in billings]
    billable = [bill.billable_seconds for bill in billings]
    return ActualCost(
        usd=rounded_up(_sum(known)) if len(known) == len(billings) else None,
        usd_known=rounded_up(_sum(known)),
        usd_at_most=None if None in upper else rounded_up(_sum(usd for usd in upper if usd)),
        known=len(known),
        unread=sum(bill.is_unread for bill in billings),
        running=sum(bill.unknown == RUNNING for bill in billings),
        unknown=_unknown_reasons(billings, bound),
        billable_seconds=None
        if None in billable
        else sum(seconds for seconds in billable if seconds),
        bound=summary(bound),
    )


def shown_usd(usd: Fraction | None) -> Decimal | None:
    """An amount in dollars, to a millionth."""
    if usd is None:
        return None
    exact = Decimal(usd.numerator) / Decimal(usd.denominator)
    return exact.quantize(_MICRODOLLAR, ROUND_HALF_UP)


def _sum(amounts: Any) -> Fraction:
    return sum(amounts, Fraction(0))


def _unknown_reasons(billings: Sequence[Billing], bound: CostBound) -> tuple[str, ...]:
    counts: dict[str, int] = {}
    for bill in billings:
        if bill.usd is None:
            counts[bill.unknown] = counts.get(bill.unknown, 0) + 1
    reasons = []
    for reason, count in counts.items():
        # What is missing for the bound is missing here, except for its number of training jobs.
        causes = [cause for cause in bound.missing if cause.startswith(_CAUSES_OF_NO_PRICE)]
        text = "; ".join(causes) if reason == "no price" and causes else reason
        reasons.append(f"{plural(count, 'training job')}: {text}")
    return tuple(reasons)


def _configurations_of(bound: CostBound, definition: str) -> list[Configuration]:
    configurations = [
        configuration
        for configuration in bound.configurations
        if configuration.definition == definition
    ]
    return configurations or list(bound.configurations)


def _configuration(
    bound: CostBound, definition: str, description: Mapping[str, Any] | None
) -> Configuration | None:
    """The cluster that a training job ran on; None if it is one of several, or of none."""
    configurations = _configurations_of(bound, definition)
    if len(configurations) == 1:
        return configurations[0]
    resources = (description or {}).get("ResourceConfig") or {}
    ran_on = [(resources.get("InstanceType"), resources.get("InstanceCount"))]
    return next(
        (
            configuration
            for configuration in configurations
            if [(line.instance_type, line.count) for line in configuration.lines] == ran_on
        ),
        None,
    )


def _billable_seconds(
    seconds: int, bound: CostBound, definition: str, description: Mapping[str, Any] | None
) -> int | None:
    billed = None if description is None else description.get("BillableTimeInSeconds")
    if billed is not None:
        return int(billed)
    is_spot = any(configuration.is_spot for configuration in _configurations_of(bound, definition))
    return None if is_spot or not bound.configurations else seconds


def _usd(configuration: Configuration, seconds: int, billable: int) -> Fraction | None:
    """Volumes are billed for all of the time, at the price of the shortest month."""
    instances = configuration.instances_usd_per_second
    volumes = configuration.volumes_usd_per_second
    if instances is None or volumes is None:
        return None
    return instances * billable + volumes * seconds


def _reason(configuration: Configuration, billable: int | None, *, is_unread: bool) -> str:
    if configuration.usd_per_second is None:
        return "no price"
    if billable is None:
        return "billed time not read" if is_unread else "billed time not reported"
    return ""
