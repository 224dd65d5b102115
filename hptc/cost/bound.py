"""Calculates the maximum cost of a tuning job, with the assumptions behind it.

It is a bound, not a forecast: every training job runs until its time limit. Instances are billed
per second, volumes per GB-month (https://aws.amazon.com/sagemaker/ai/pricing/). Instance-hours are
known if the number of training jobs or the runtime of the tuning job is; the cost only if every
price is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from hptc.catalog.images import parse_image
from hptc.catalog.instances import instance
from hptc.catalog.prices import Price, PriceTable
from hptc.frozen import frozen
from hptc.project.project_file import Environment
from hptc.request.job_facts import MAX_TRAINING_JOBS, training_jobs
from hptc.request.tuning_job import (
    DEFAULT_MAX_RUNTIME_SECONDS,
    Definition,
    Instances,
    Resources,
    TuningJob,
)

_HOUR = 3600
_SHORTEST_MONTH_SECONDS = 28 * 86_400
MAX_SPOT_SAVINGS = Fraction(9, 10)
"""https://docs.aws.amazon.com/sagemaker/latest/dg/model-managed-spot-training.html"""


@frozen
class JobCount:
    """The number of training jobs of a tuning job, and where it comes from."""

    number: int | None  # None if unknown
    reason: str
    is_explicit: bool  # set by the spec, rather than a limit of AWS or unknown


@frozen
class Line:
    """The instances of one type in the cluster of a training job."""

    instance_type: str
    count: int
    price: Price | None  # of one instance per hour
    volume_gb: int | None  # of each instance; 0 without a volume, None if AWS chooses it
    volume_price: Price | None  # per GB-month; None if unknown, or if volume_gb is 0


@frozen
class Configuration:
    """A cluster that a training job can run on."""

    definition: str  # "" for a single definition
    lines: tuple[Line, ...]
    seconds: int  # the maximum billed time of one training job
    keep_alive_seconds: int  # part of `seconds`: the warm pool after training
    is_spot: bool

    @property
    def instance_count(self) -> int:
        """The number of instances in the cluster."""
        return sum(line.count for line in self.lines)

    @property
    def instances_usd_per_second(self) -> Fraction | None:
        """The on-demand price of the instances; None if a price is unknown."""
        prices = [(line.count, line.price) for line in self.lines]
        if not prices or any(price is None for _, price in prices):
            return None
        return sum((count * Fraction(p.usd) / _HOUR for count, p in prices if p), Fraction(0))

    @property
    def volumes_usd_per_second(self) -> Fraction | None:
        """The price of the volumes in the shortest month; None if a size or price is unknown."""
        total = Fraction(0)
        for line in self.lines:
            if line.volume_gb == 0:
                continue
            if line.volume_gb is None or line.volume_price is None:
                return None
            month = Fraction(line.volume_price.usd) * line.volume_gb * line.count
            total += month / _SHORTEST_MONTH_SECONDS
        return total

    @property
    def usd_per_second(self) -> Fraction | None:
        """The on-demand price of the cluster; None if a price is unknown."""
        instances, volumes = self.instances_usd_per_second, self.volumes_usd_per_second
        return None if instances is None or volumes is None else instances + volumes


@frozen
class MaximumCost:
    """The most expensive way in which a tuning job can run."""

    configuration: Configuration
    seconds: int  # of all training jobs in total
    is_cut_by_runtime: bool  # limited by the tuning job's runtime, not by that of the training jobs
    usd_low: Decimal | None  # with the maximum savings of managed spot training
    usd: Decimal | None

    @property
    def instance_hours(self) -> Decimal:
        """The hours of all instances in total."""
        return rounded_up(Fraction(self.seconds * self.configuration.instance_count, _HOUR))

    @property
    def instances_usd(self) -> Decimal | None:
        """The on-demand cost of the instances."""
        return _dollars(self.configuration.instances_usd_per_second, self.seconds)

    @property
    def volumes_usd(self) -> Decimal | None:
        """The cost of the volumes."""
        return _dollars(self.configuration.volumes_usd_per_second, self.seconds)


@frozen
class CostBound:
    """The maximum cost of a tuning job. `maximum.usd` is None if something is missing."""

    region: str | None
    training_jobs: JobCount
    parallel: int
    max_runtime_seconds: int | None
    configurations: tuple[Configuration, ...]
    maximum: MaximumCost | None  # None without a limit or without instance types
    missing: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()

    @property
    def prices(self) -> tuple[Price, ...]:
        """Every price that the cost is based on."""
        lines = self.maximum.configuration.lines if self.maximum else ()
        prices = [price for line in lines for price in (line.price, line.volume_price) if price]
        return tuple(dict.fromkeys(prices))


@frozen
class BoundSummary:
    """The essentials of a bound."""

    region: str | None
    usd_low: Decimal | None
    usd: Decimal | None
    instance_hours: Decimal | None  # None without a bound
    price_dates: tuple[str, ...]  # the oldest and the newest
    price_origins: tuple[str, ...]  # the tables they come from
    missing: tuple[str, ...]


def summary(bound: CostBound) -> BoundSummary:
    """The essentials of a bound."""
    maximum = bound.maximum
    priced = bound.prices if maximum is not None and maximum.usd is not None else ()
    dates = sorted({price.date for price in priced})
    return BoundSummary(
        region=bound.region,
        usd_low=maximum.usd_low if maximum else None,
        usd=maximum.usd if maximum else None,
        instance_hours=maximum.instance_hours if maximum else None,
        price_dates=tuple(dict.fromkeys((dates[0], dates[-1]))) if dates else (),
        price_origins=tuple(dict.fromkeys(price.origin for price in priced)),
        missing=bound.missing,
    )


def cost_bound(job: TuningJob, region: str | None, prices: PriceTable) -> CostBound:
    """The maximum cost of a tuning job in a Region. Without a Region, all prices are unknown."""
    count = job_count(job)
    configurations = tuple(
        configuration
        for definition in job.definitions
        for configuration in _configurations(definition, job, region, prices)
    )
    bound = CostBound(
        region=region,
        training_jobs=count,
        parallel=job.max_parallel_training_jobs,
        max_runtime_seconds=job.max_runtime_seconds,
        configurations=configurations,
        maximum=_most_expensive(
            [_maximum_cost(configuration, count, job) for configuration in configurations]
        ),
    )
    missing = tuple(dict.fromkeys(_missing(bound, job)))
    return replace(bound, missing=missing, assumptions=tuple(_assumptions(bound, job)))


def _most_expensive(costs: list[MaximumCost | None]) -> MaximumCost | None:
    """The highest cost. If a price is unknown, so is the cost, and instance-hours decide."""
    limited = [cost for cost in costs if cost is not None]
    if all(cost.usd is not None for cost in limited):
        return max(limited, key=lambda cost: cost.usd or 0, default=None)
    longest = max(limited, key=lambda cost: cost.instance_hours)
    return replace(longest, usd_low=None, usd=None)


def job_region(job: TuningJob, environment: Environment | None) -> str | None:
    """The Region of a tuning job: its environment's, or else that of its images if they agree."""
    if environment is not None:
        return environment.region
    images = [parse_image(definition.training_image or "") for definition in job.definitions]
    regions = {image.region for image in images if image is not None}
    return regions.pop() if len(regions) == 1 else None


def job_count(job: TuningJob) -> JobCount:
    """The number of training jobs that a tuning job can have.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceLimits.html
    """
    number = training_jobs(job)
    if number is not None:
        is_limit = job.max_number_of_training_jobs is not None
        reason = "set in the spec" if is_limit else "the size of the grid"
        return JobCount(number=number, reason=reason, is_explicit=True)
    if job.is_autotuned:
        return JobCount(number=None, reason="Autotune chooses it", is_explicit=False)
    reason = "not set in the spec"
    if job.strategy == "Hyperband":
        limit = f"AWS's limit; {reason}"
        return JobCount(number=MAX_TRAINING_JOBS, reason=limit, is_explicit=False)
    return JobCount(number=None, reason=reason, is_explicit=False)


def _configurations(
    definition: Definition, job: TuningJob, region: str | None, prices: PriceTable
) -> Iterable[Configuration]:
    """Every cluster that a training job of a definition can run on."""
    limit = definition.max_runtime_seconds or DEFAULT_MAX_RUNTIME_SECONDS
    if job.max_runtime_seconds is not None:
        limit = min(limit, job.max_runtime_seconds)
    for resources in definition.resources:
        keep_alive = resources.keep_alive_seconds or 0
        for cluster in _clusters(resources):
            yield Configuration(
                definition=definition.name if job.is_multiple and definition.name else "",
                lines=tuple(_line(instances, resources, region, prices) for instances in cluster),
                seconds=limit + keep_alive,
                keep_alive_seconds=keep_alive,
                is_spot=definition.is_spot,
            )


def _clusters(resources: Resources) -> list[tuple[Instances, ...]]:
    """The instances of each alternative: one of several, or all together."""
    if resources.is_flexible:
        return [(instances,) for instances in resources.instances]
    return [resources.instances] if resources.instances else []


def _line(
    instances: Instances, resources: Resources, region: str | None, prices: PriceTable
) -> Line:
    type_ = instance(instances.type)
    # Instances with local storage get no volume, even if the spec sets one:
    # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceConfig.html
    has_volume = type_ is None or not type_.has_local_storage
    volume_gb = instances.volume_size_gb if has_volume else 0
    in_plan = bool(resources.training_plan_arn or instances.training_plan_arn)
    return Line(
        instance_type=instances.type,
        count=instances.count,
        price=prices.instance(region, instances.type) if region and not in_plan else None,
        volume_gb=volume_gb,
        volume_price=prices.volume(region) if region and volume_gb != 0 else None,
    )


def _uses_a_training_plan(resources: Resources) -> bool:
    return bool(resources.training_plan_arn) or any(
        instances.training_plan_arn for instances in resources.instances
    )


def _maximum_cost(
    configuration: Configuration, count: JobCount, job: TuningJob
) -> MaximumCost | None:
    by_jobs = count.number * configuration.seconds if count.number is not None else None
    by_runtime = None
    if job.max_runtime_seconds is not None:
        longest = job.max_runtime_seconds + configuration.keep_alive_seconds
        by_runtime = longest * job.max_parallel_training_jobs
    limits = [seconds for seconds in (by_jobs, by_runtime) if seconds is not None]
    if not limits:
        return None
    seconds = min(limits)
    usd = _dollars(configuration.usd_per_second, seconds)
    low = usd
    instances = configuration.instances_usd_per_second
    if configuration.is_spot and usd is not None and instances is not None:
        volumes = configuration.volumes_usd_per_second or Fraction(0)
        low = _dollars(instances * (1 - MAX_SPOT_SAVINGS) + volumes, seconds)
    return MaximumCost(
        configuration=configuration,
        seconds=seconds,
        is_cut_by_runtime=by_jobs is None or (by_runtime is not None and by_runtime < by_jobs),
        usd_low=low,
        usd=usd,
    )


def _missing(bound: CostBound, job: TuningJob) -> Iterable[str]:
    """The reasons why the maximum or the price is unknown."""
    if not bound.configurations:
        yield "instance type not set"
    elif bound.maximum is None:
        yield f"number of training jobs {bound.training_jobs.reason}, and no `limits.max_runtime`"
    if bound.region is None:
        yield "Region unknown: no environment, and no image in Amazon ECR"
    resources = [resources for definition in job.definitions for resources in definition.resources]
    if any(_uses_a_training_plan(resource) for resource in resources):
        yield "price of the training plan, which is billed separately"
        return
    for line in (line for configuration in bound.configurations for line in configuration.lines):
        if bound.region and line.price is None:
            yield f"no price of {line.instance_type} in {bound.region}"
        if line.volume_gb is None:
            yield f"volume size of {line.instance_type}, which AWS chooses"
        elif bound.region and line.volume_gb and line.volume_price is None:
            yield f"no price of training volumes in {bound.region}"


def _assumptions(bound: CostBound, job: TuningJob) -> Iterable[str]:
    """What the maximum assumes: how long training jobs run, on which instances, at what price."""
    yield from _assumptions_about_time(bound, job)
    yield from _assumptions_about_clusters(job)
    if any(definition.retry_attempts for definition in job.definitions):
        yield "retries don't add cost, because the time limit covers all attempts"
    yield from _assumptions_about_prices(bound.configurations)
    if bound.training_jobs.number is None and bound.maximum is not None:
        yield "the maximum number of parallel training jobs runs all the time"
    yield (
        "not included: time to download the image and data and to upload the model, Amazon S3, "
        "logs, data transfer, taxes, discounts"
    )


def _assumptions_about_time(bound: CostBound, job: TuningJob) -> Iterable[str]:
    if bound.maximum is not None and bound.maximum.is_cut_by_runtime:
        yield "every training job runs until the runtime limit of the tuning job"
    elif bound.maximum is not None:
        yield "every training job runs until its time limit"
    if any(definition.max_runtime_seconds is None for definition in job.definitions):
        yield "a training job without `stopping.max_runtime` runs for one day, the AWS default"
    if job.strategy == "Hyperband":
        yield "Hyperband stops no training job early"
    if job.early_stopping == "Auto":
        yield "early stopping stops no training job"


def _assumptions_about_clusters(job: TuningJob) -> Iterable[str]:
    if len(job.definitions) > 1:
        yield "every training job uses the most expensive definition"
    resources = [resources for definition in job.definitions for resources in definition.resources]
    if any(resource.is_flexible and len(resource.instances) > 1 for resource in resources):
        yield "every training job uses its most expensive instance configuration"


def _assumptions_about_prices(configurations: Sequence[Configuration]) -> Iterable[str]:
    if any(configuration.is_spot for configuration in configurations):
        yield "managed spot training costs between 10% and 100% of the on-demand price"
    if any(configuration.keep_alive_seconds for configuration in configurations):
        yield "every cluster is kept alive for the full `keep_alive_period` after each training job"
    if any(line.volume_gb for configuration in configurations for line in configuration.lines):
        yield "volumes are billed for a month of 28 days, the shortest"


def _dollars(per_second: Fraction | None, seconds: int) -> Decimal | None:
    return None if per_second is None else rounded_up(per_second * seconds)


def rounded_up(value: Fraction) -> Decimal:
    """Rounded up to cents, so that only zero is shown as zero."""
    return Decimal(math.ceil(value * 100)).scaleb(-2)
