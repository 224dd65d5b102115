"""Forecasts the cost of a tuning job from its bound and past runs.

The forecast is the mean time of past training jobs, times the number of training jobs, at the
prices of the bound, and never exceeds the bound. Nothing is forecast without a past run.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import UTC
from decimal import Decimal
from fractions import Fraction

from hptc.cost.bound import MAX_SPOT_SAVINGS, BoundSummary, Configuration, CostBound, rounded_up
from hptc.cost.evidence import PastRun, PastRuns, TrainingTime
from hptc.frozen import frozen

_HOUR = 3600


@frozen
class EvidenceRun:
    """A past run that a forecast is based on."""

    name: str
    date: str  # of creation: 2026-09-25
    is_same_content: bool
    training_jobs: int  # that ran, of those that were read
    seconds: int  # of all training jobs in total


@frozen
class ExpectedCost:
    """A forecast. Amounts are None if unknown; `unknown` gives the reason."""

    usd_low: Decimal | None  # based on the cheapest run
    usd: Decimal | None
    usd_high: Decimal | None
    instance_hours: Decimal | None  # equivalent on-demand hours
    training_jobs: int | None
    seconds_each: int | None
    grounds: tuple[EvidenceRun, ...] = ()
    assumptions: tuple[str, ...] = ()
    unknown: str = ""

    @property
    def is_range(self) -> bool:
        """Whether the cost of the runs differs."""
        return self.usd_low != self.usd_high


@frozen
class TotalCost:
    """The total of several tuning jobs; an amount is unknown if it is unknown for any of them."""

    searches: int  # tuning jobs; a plan file has this name
    unknown: int  # tuning jobs whose cost is unknown
    usd: Decimal | None
    instance_hours: Decimal | None
    expected_usd: Decimal | None


def total_cost(costs: Sequence[tuple[BoundSummary, ExpectedCost | None]]) -> TotalCost:
    """The total cost of several tuning jobs."""

    def total(amounts: Sequence[Decimal | None]) -> Decimal | None:
        known = [amount for amount in amounts if amount is not None]
        return sum(known, Decimal(0)) if len(known) == len(amounts) else None

    return TotalCost(
        searches=len(costs),
        unknown=sum(bound.usd is None for bound, _ in costs),
        usd=total([bound.usd for bound, _ in costs]),
        instance_hours=total([bound.instance_hours for bound, _ in costs]),
        expected_usd=total([expected.usd if expected else None for _, expected in costs]),
    )


def no_forecast(reason: str) -> ExpectedCost:
    """A forecast without amounts, and the reason."""
    return ExpectedCost(
        usd_low=None,
        usd=None,
        usd_high=None,
        instance_hours=None,
        training_jobs=None,
        seconds_each=None,
        unknown=reason,
    )


def expected_cost(bound: CostBound, past: PastRuns) -> ExpectedCost:
    """The expected cost of a tuning job, based on past runs."""
    runs = past.runs
    if not runs:
        return no_forecast(_reason(past))
    if not bound.configurations:
        return no_forecast("instance type not set")
    numbers = _numbers(bound, runs)
    number = Fraction(sum(numbers), len(numbers))
    run_means = [
        _mean_of([_cost_of(time, run.billed, bound) for time in run.times]) for run in runs
    ]
    overall = _mean_of(run_means)
    max_usd, max_hours = (
        (bound.maximum.usd, bound.maximum.instance_hours) if bound.maximum else (None, None)
    )
    usd = _times(overall.usd_high, number, max_usd)
    # A range needs an amount, which means that all runs have prices.
    pairs = [] if usd is None else list(zip(run_means, numbers, strict=True))
    lows = [_times(mean.usd_low, Fraction(count), usd) for mean, count in pairs]
    highs = [_times(mean.usd_high, Fraction(count), max_usd) for mean, count in pairs]
    return ExpectedCost(
        usd_low=min((low for low in lows if low is not None), default=None),
        usd=usd,
        usd_high=max((high for high in (usd, *highs) if high is not None), default=None),
        instance_hours=_times(overall.instance_seconds / _HOUR, number, max_hours),
        training_jobs=math.ceil(number),
        seconds_each=math.ceil(overall.seconds),
        grounds=tuple(
            EvidenceRun(
                name=run.name,
                date=f"{run.created.astimezone(UTC):%Y-%m-%d}",
                is_same_content=run.is_same_content,
                training_jobs=len(run.times),
                seconds=sum(time.seconds for time in run.times),
            )
            for run in runs
        ),
        assumptions=tuple(_assumptions(bound, runs)),
        unknown="" if usd is not None else "price unknown",
    )


def _reason(past: PastRuns) -> str:
    if not past.elsewhere:
        return "no past runs"
    name, *more = past.elsewhere
    others = f" and {len(more)} more" if more else ""
    return f"no past runs on these instances: `{name}`{others} ran on other instances"


@frozen
class _Mean:
    """The average time and cost of a training job, at current prices."""

    training_jobs: int  # that the mean covers
    seconds: Fraction
    instance_seconds: Fraction  # billed
    usd_low: Fraction | None
    usd_high: Fraction | None


def _cost_of(time: TrainingTime, billed: Fraction | None, bound: CostBound) -> _Mean:
    configuration = most_expensive(bound, time)
    # A training job can't run longer than the spec allows now.
    limit = configuration.seconds - configuration.keep_alive_seconds
    seconds = Fraction(min(time.seconds, limit))
    low = 1 - MAX_SPOT_SAVINGS if billed is None else billed
    high = Fraction(1) if billed is None else billed
    instances = configuration.instances_usd_per_second
    volumes = configuration.volumes_usd_per_second
    is_priced = instances is not None and volumes is not None
    rate, volume_rate = instances or Fraction(0), volumes or Fraction(0)
    return _Mean(
        training_jobs=1,
        seconds=seconds,
        instance_seconds=seconds * high * configuration.instance_count,
        usd_low=seconds * (rate * low + volume_rate) if is_priced else None,
        usd_high=seconds * (rate * high + volume_rate) if is_priced else None,
    )


def _mean_of(means: Sequence[_Mean]) -> _Mean:
    """The mean of means, weighted by the number of training jobs."""
    jobs = sum(part.training_jobs for part in means)

    def mean(values: Iterable[Fraction]) -> Fraction:
        weighted = zip(values, means, strict=True)
        return sum((value * part.training_jobs for value, part in weighted), Fraction(0)) / jobs

    def known(values: Sequence[Fraction | None]) -> Fraction | None:
        present = [value for value in values if value is not None]
        return mean(present) if len(present) == len(means) else None

    return _Mean(
        training_jobs=jobs,
        seconds=mean(part.seconds for part in means),
        instance_seconds=mean(part.instance_seconds for part in means),
        usd_low=known([part.usd_low for part in means]),
        usd_high=known([part.usd_high for part in means]),
    )


def _times(value: Fraction | None, number: Fraction, maximum: Decimal | None) -> Decimal | None:
    """A value times a number, limited to the bound."""
    if value is None:
        return None
    product = rounded_up(value * number)
    return product if maximum is None else min(product, maximum)


def most_expensive(bound: CostBound, time: TrainingTime) -> Configuration:
    """The cluster of a training job of this definition.

    If there are alternatives: one without a price, or else the most expensive one.
    """
    of_definition = [
        configuration
        for configuration in bound.configurations
        if configuration.definition == time.definition
    ]

    def price(configuration: Configuration) -> tuple[bool, Fraction]:
        rate = configuration.usd_per_second
        return rate is None, rate if rate is not None else Fraction(configuration.instance_count)

    return max(of_definition or bound.configurations, key=price)


def _numbers(bound: CostBound, runs: Sequence[PastRun]) -> list[int]:
    """For each run, the number of training jobs: that of the spec, or else of the run."""
    count = bound.training_jobs
    explicit = count.number if count.is_explicit else None
    return [run.training_jobs if explicit is None else explicit for run in runs]


def _assumptions(bound: CostBound, runs: Sequence[PastRun]) -> Iterable[str]:
    if not bound.training_jobs.is_explicit:
        yield "the number of training jobs is that of the past runs"
    elif any(run.training_jobs < (bound.training_jobs.number or 0) for run in runs):
        yield "all training jobs start, although a past run ended with fewer"
    if not all(run.is_same_content for run in runs):
        yield "training takes as long as with the previous content"
    if any(len(run.times) < run.training_jobs for run in runs):
        yield "training jobs that were not read, or never ran, take as long as the others"
    configurations = bound.configurations
    if len({configuration.definition for configuration in configurations}) < len(configurations):
        yield "every training job uses its most expensive instance configuration"
    if any(run.billed is None for run in runs):
        yield "managed spot training saves nothing (the billed time is unknown)"
    elif any(configuration.is_spot for configuration in configurations):
        yield "managed spot training saves as much as in the sampled training jobs"
    if any(configuration.keep_alive_seconds for configuration in configurations):
        yield "not included: time of warm pools between training jobs"
