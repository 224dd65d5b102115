"""What a search's cost is expected to be: its bound and earlier runs in, a forecast out.

The mean time of the training jobs that were seen, times the number of training jobs that the search
starts, at the bound's prices, and never above the bound; with the runs that it rests on. Without an
earlier run there is no forecast: it is never guessed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from fractions import Fraction

from hptc.cost.bound import LARGEST_SPOT_SAVING, BoundSummary, Configuration, CostBound, rounded_up
from hptc.jobs.past_runs import EarlierRun, EarlierRuns, TrainingTime

_HOUR = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """An earlier run that a forecast rests on."""

    name: str
    date: str  # when it was created: 2026-09-25
    is_same_content: bool
    training_jobs: int  # that have run, of those that were read
    seconds: int  # of all of them together


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedCost:
    """A forecast. Amounts are None when they are not known; `unknown` says why."""

    usd_low: Decimal | None  # by the cheapest of the runs
    usd: Decimal | None
    usd_high: Decimal | None
    instance_hours: Decimal | None  # that are billed on demand
    training_jobs: int | None
    seconds_each: int | None
    grounds: tuple[Ground, ...] = ()
    assumptions: tuple[str, ...] = ()
    unknown: str = ""

    @property
    def is_range(self) -> bool:
        """Whether the runs differ."""
        return self.usd_low != self.usd_high


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalCost:
    """Several searches together; what is not known of one is not known of all."""

    searches: int
    unknown: int  # of how many the cost is not known
    usd: Decimal | None
    instance_hours: Decimal | None
    expected_usd: Decimal | None


def total_cost(costs: Sequence[tuple[BoundSummary, ExpectedCost | None]]) -> TotalCost:
    """The sum of the costs of searches."""

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


def no_forecast(why: str) -> ExpectedCost:
    """What is known when nothing is."""
    return ExpectedCost(
        usd_low=None,
        usd=None,
        usd_high=None,
        instance_hours=None,
        training_jobs=None,
        seconds_each=None,
        unknown=why,
    )


def expected_cost(bound: CostBound, earlier: EarlierRuns) -> ExpectedCost:
    """The cost that earlier runs let expect of a search. Pure."""
    runs = earlier.runs
    if not runs:
        return no_forecast(_why_not(earlier))
    if not bound.configurations:
        return no_forecast("no instance type is named")
    numbers = _numbers(bound, runs)
    number = Fraction(sum(numbers), len(numbers))
    each_run = [_mean_of([_of_one(time, run.billed, bound) for time in run.times]) for run in runs]
    together = _mean_of(each_run)
    most_usd, most_hours = (
        (bound.most.usd, bound.most.instance_hours) if bound.most else (None, None)
    )
    usd = _times(together.usd_high, number, most_usd)
    # A range only where there is an amount: all runs have their prices then.
    pairs = [] if usd is None else list(zip(each_run, numbers, strict=True))
    lows = [_times(mean.usd_low, Fraction(count), usd) for mean, count in pairs]
    highs = [_times(mean.usd_high, Fraction(count), most_usd) for mean, count in pairs]
    return ExpectedCost(
        usd_low=min((low for low in lows if low is not None), default=None),
        usd=usd,
        usd_high=max((high for high in (usd, *highs) if high is not None), default=None),
        instance_hours=_times(together.instance_seconds / _HOUR, number, most_hours),
        training_jobs=math.ceil(number),
        seconds_each=math.ceil(together.seconds),
        grounds=tuple(
            Ground(
                name=run.name,
                date=f"{run.created.astimezone(UTC):%Y-%m-%d}",
                is_same_content=run.is_same_content,
                training_jobs=len(run.times),
                seconds=sum(time.seconds for time in run.times),
            )
            for run in runs
        ),
        assumptions=tuple(_assumptions(bound, runs)),
        unknown="" if usd is not None else "the price is not known",
    )


def _why_not(earlier: EarlierRuns) -> str:
    if not earlier.elsewhere:
        return "no earlier run is known"
    name, *more = earlier.elsewhere
    others = f" and {len(more)} more" if more else ""
    return f"no earlier run on these instances is known: `{name}`{others} ran on others"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mean:
    """What a training job of a run took on average, at the prices of now."""

    training_jobs: int  # that the mean is of
    seconds: Fraction
    instance_seconds: Fraction  # that are billed
    usd_low: Fraction | None
    usd_high: Fraction | None


def _of_one(time: TrainingTime, billed: Fraction | None, bound: CostBound) -> _Mean:
    configuration = _dearest(bound, time)
    # Of what ran longer than the spec allows now, only as much would run.
    limit = configuration.seconds - configuration.keep_alive_seconds
    seconds = Fraction(min(time.seconds, limit))
    least = 1 - LARGEST_SPOT_SAVING if billed is None else billed
    most = Fraction(1) if billed is None else billed
    instances = configuration.instances_usd_per_second
    volumes = configuration.volumes_usd_per_second
    is_priced = instances is not None and volumes is not None
    rate, volume_rate = instances or Fraction(0), volumes or Fraction(0)
    return _Mean(
        training_jobs=1,
        seconds=seconds,
        instance_seconds=seconds * most * configuration.instance_count,
        usd_low=seconds * (rate * least + volume_rate) if is_priced else None,
        usd_high=seconds * (rate * most + volume_rate) if is_priced else None,
    )


def _mean_of(means: Sequence[_Mean]) -> _Mean:
    """The mean of means, each as heavy as the training jobs that it is of."""
    jobs = sum(each.training_jobs for each in means)

    def mean(values: Iterable[Fraction]) -> Fraction:
        heavy = zip(values, means, strict=True)
        return sum((value * each.training_jobs for value, each in heavy), Fraction(0)) / jobs

    def known(values: Sequence[Fraction | None]) -> Fraction | None:
        there = [value for value in values if value is not None]
        return mean(there) if len(there) == len(means) else None

    return _Mean(
        training_jobs=jobs,
        seconds=mean(each.seconds for each in means),
        instance_seconds=mean(each.instance_seconds for each in means),
        usd_low=known([each.usd_low for each in means]),
        usd_high=known([each.usd_high for each in means]),
    )


def _times(value: Fraction | None, number: Fraction, most: Decimal | None) -> Decimal | None:
    """So many times a value, and never more than the bound."""
    if value is None:
        return None
    product = rounded_up(value * number)
    return product if most is None else min(product, most)


def _dearest(bound: CostBound, time: TrainingTime) -> Configuration:
    """What a training job of this definition runs on: of alternatives one without a price, else
    the dearest."""
    of_definition = [c for c in bound.configurations if c.definition == time.definition]

    def price(each: Configuration) -> tuple[bool, Fraction]:
        rate = each.usd_per_second
        return rate is None, rate if rate is not None else Fraction(each.instance_count)

    return max(of_definition or bound.configurations, key=price)


def _numbers(bound: CostBound, runs: Sequence[EarlierRun]) -> list[int]:
    """How many training jobs the search starts, by each run: as the spec says, else as it did."""
    count = bound.training_jobs
    said = count.number if count.is_said else None
    return [run.training_jobs if said is None else said for run in runs]


def _assumptions(bound: CostBound, runs: Sequence[EarlierRun]) -> Iterable[str]:
    if not bound.training_jobs.is_said:
        yield "as many training jobs as the earlier runs started"
    elif any(run.training_jobs < (bound.training_jobs.number or 0) for run in runs):
        yield "all training jobs are started, though an earlier run ended with fewer"
    if not all(run.is_same_content for run in runs):
        yield "training takes as long as it did with the earlier content"
    if any(len(run.times) < run.training_jobs for run in runs):
        yield "training jobs that were not read, or never ran, count like the others"
    configurations = bound.configurations
    if len({each.definition for each in configurations}) < len(configurations):
        yield "every training job gets the dearest of its instance configurations"
    if any(run.billed is None for run in runs):
        yield "spot may cost as much as on demand, as AWS did not tell what it billed"
    elif any(each.is_spot for each in configurations):
        yield "spot saves what it saved on the training jobs that were asked"
    if any(each.keep_alive_seconds for each in configurations):
        yield "not counted: the time of warm pools between training jobs"
