"""The most that a search can cost: a job and prices in, a bound with all that it assumes out.

It is a bound, not a forecast: every training job runs to its limit. Billing is that of training
jobs, by the second and instance, volumes by the gigabyte and month
(https://aws.amazon.com/sagemaker/ai/pricing/). Instance-hours are known whenever the number of
training jobs or the search's runtime is; the sum only when every price is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from hptc.catalog.images import parse_image
from hptc.catalog.instances import instance
from hptc.catalog.prices import Price, PriceTable
from hptc.project.project_file import Environment
from hptc.request.tuning_job import (
    DEFAULT_MAX_RUNTIME_SECONDS,
    CategoricalRange,
    Definition,
    Instances,
    Resources,
    TuningJob,
)

MOST_HYPERBAND_JOBS = 750
"""https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html"""

_HOUR = 3600
_SHORTEST_MONTH_SECONDS = 28 * 86_400
LARGEST_SPOT_SAVING = Fraction(9, 10)
"""https://docs.aws.amazon.com/sagemaker/latest/dg/model-managed-spot-training.html"""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCount:
    """How many training jobs a search can have, and who says so; None when nobody does."""

    number: int | None
    reason: str
    is_said: bool  # by the spec; else it is AWS's limit, or nobody says it


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Instances of one type in a training job's cluster."""

    instance_type: str
    count: int
    price: Price | None  # of one for an hour
    volume_gb: int | None  # of each; 0 without a volume, None when AWS chooses
    volume_price: Price | None  # of a gigabyte for a month; None is unknown unless volume_gb is 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """One cluster that a training job can run on."""

    definition: str  # "" for a single one
    lines: tuple[Line, ...]
    seconds: int  # the longest that one training job is billed
    keep_alive_seconds: int  # part of `seconds`: the warm pool afterwards
    is_spot: bool

    @property
    def instance_count(self) -> int:
        """How many instances the cluster has."""
        return sum(line.count for line in self.lines)

    @property
    def instances_usd_per_second(self) -> Fraction | None:
        """What the instances cost on demand; None when a price is not known."""
        prices = [(line.count, line.price) for line in self.lines]
        if not prices or any(price is None for _, price in prices):
            return None
        return sum((count * Fraction(p.usd) / _HOUR for count, p in prices if p), Fraction(0))

    @property
    def volumes_usd_per_second(self) -> Fraction | None:
        """What the volumes cost, in the shortest month; None when a size or price is not known."""
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
        """What the cluster costs on demand; None when a price is not known."""
        instances, volumes = self.instances_usd_per_second, self.volumes_usd_per_second
        return None if instances is None or volumes is None else instances + volumes


@dataclass(frozen=True, slots=True, kw_only=True)
class Most:
    """The dearest way in which a search can go."""

    configuration: Configuration
    seconds: int  # of all training jobs together
    is_cut_by_runtime: bool  # by the search's own limit, rather than by the training jobs' limits
    usd_low: Decimal | None  # at spot: should AWS give all that it says it may
    usd: Decimal | None

    @property
    def instance_hours(self) -> Decimal:
        """The hours of all instances."""
        return rounded_up(Fraction(self.seconds * self.configuration.instance_count, _HOUR))

    @property
    def instances_usd(self) -> Decimal | None:
        """The instances' part, on demand."""
        return _dollars(self.configuration.instances_usd_per_second, self.seconds)

    @property
    def volumes_usd(self) -> Decimal | None:
        """The volumes' part."""
        return _dollars(self.configuration.volumes_usd_per_second, self.seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class CostBound:
    """The most that a search can cost. `most.usd` is None when something is missing."""

    region: str | None
    training_jobs: JobCount
    parallel: int
    search_seconds: int | None
    configurations: tuple[Configuration, ...]
    most: Most | None  # None when the search has no end, or runs on nothing that is named
    missing: tuple[str, ...]
    assumptions: tuple[str, ...]

    @property
    def prices(self) -> tuple[Price, ...]:
        """Every price that the sum stands on."""
        lines = self.most.configuration.lines if self.most else ()
        found = [price for line in lines for price in (line.price, line.volume_price) if price]
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundSummary:
    """What a bound comes to, for where there is no room for all of it."""

    region: str | None
    usd_low: Decimal | None
    usd: Decimal | None
    instance_hours: Decimal | None  # None without a bound
    price_dates: tuple[str, ...]  # the oldest and the newest
    price_origins: tuple[str, ...]  # the tables that have them
    missing: tuple[str, ...]


def summary(bound: CostBound) -> BoundSummary:
    """What a bound comes to."""
    most = bound.most
    priced = bound.prices if most is not None and most.usd is not None else ()
    dates = sorted({price.date for price in priced})
    return BoundSummary(
        region=bound.region,
        usd_low=most.usd_low if most else None,
        usd=most.usd if most else None,
        instance_hours=most.instance_hours if most else None,
        price_dates=tuple(dict.fromkeys((dates[0], dates[-1]))) if dates else (),
        price_origins=tuple(dict.fromkeys(price.origin for price in priced)),
        missing=bound.missing,
    )


def cost_bound(job: TuningJob, region: str | None, prices: PriceTable) -> CostBound:
    """The most that a job can cost in a Region. `region` None: no price is known."""
    count = training_jobs(job)
    configurations = tuple(
        configuration
        for definition in job.definitions
        for configuration in _configurations(definition, job, region, prices)
    )
    ways = [way for each in configurations if (way := _most(each, count, job)) is not None]
    known = [way for way in ways if way.usd is not None]
    # Without all prices the dearest is not known; the one of most instance-hours stands for it.
    most = (
        max(known, key=lambda way: way.usd or 0)
        if ways and len(known) == len(ways)
        else max(ways, key=lambda way: way.instance_hours, default=None)
    )
    if most is not None and len(known) != len(ways):
        most = replace(most, usd_low=None, usd=None)
    return CostBound(
        region=region,
        training_jobs=count,
        parallel=job.max_parallel_training_jobs,
        search_seconds=job.max_runtime_seconds,
        configurations=configurations,
        most=most,
        missing=tuple(dict.fromkeys(_missing(job, region, count, configurations, most))),
        assumptions=tuple(_assumptions(job, count, configurations, most)),
    )


def job_region(job: TuningJob, environment: Environment | None) -> str | None:
    """Where a search runs: its environment's Region, else that of its images, if they agree."""
    if environment is not None:
        return environment.region
    images = [parse_image(definition.training_image or "") for definition in job.definitions]
    regions = {image.region for image in images if image is not None}
    return regions.pop() if len(regions) == 1 else None


def training_jobs(job: TuningJob) -> JobCount:
    """How many training jobs a search can have.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceLimits.html
    """
    if job.max_number_of_training_jobs is not None:
        number = job.max_number_of_training_jobs
        return JobCount(number=number, reason="as the spec says", is_said=True)
    if job.strategy == "Grid" and len(job.definitions) == 1:
        points = grid_points(job.definitions[0])
        if points is not None:
            return JobCount(number=points, reason="the points of the grid", is_said=True)
    if job.is_autotuned:
        return JobCount(number=None, reason="Autotune chooses it", is_said=False)
    reason = "the spec gives no number"
    if job.strategy == "Hyperband":
        limit = f"AWS's limit; {reason}"
        return JobCount(number=MOST_HYPERBAND_JOBS, reason=limit, is_said=False)
    return JobCount(number=None, reason=reason, is_said=False)


def grid_points(definition: Definition) -> int | None:
    """The size of a grid; None when a range is not Categorical."""
    sizes = [len(set(r.values)) for r in definition.ranges if isinstance(r, CategoricalRange)]
    return math.prod(sizes) if sizes and len(sizes) == len(definition.ranges) else None


def _configurations(
    definition: Definition, job: TuningJob, region: str | None, prices: PriceTable
) -> Iterable[Configuration]:
    for resources in definition.resources:
        alternatives = (
            [(each,) for each in resources.instances]
            if resources.is_flexible
            else [resources.instances]
        )
        limit = definition.max_runtime_seconds or DEFAULT_MAX_RUNTIME_SECONDS
        if job.max_runtime_seconds is not None:
            limit = min(limit, job.max_runtime_seconds)
        keep_alive = resources.keep_alive_seconds or 0
        for cluster in alternatives:
            if cluster:
                yield Configuration(
                    definition=definition.name if job.is_multiple and definition.name else "",
                    lines=tuple(_line(each, resources, region, prices) for each in cluster),
                    seconds=limit + keep_alive,
                    keep_alive_seconds=keep_alive,
                    is_spot=definition.is_spot,
                )


def _line(
    instances: Instances, resources: Resources, region: str | None, prices: PriceTable
) -> Line:
    known = instance(instances.type)
    # Instances with storage of their own get no volume, whatever the spec says:
    # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceConfig.html
    has_volume = known is None or not known.has_local_storage
    volume_gb = instances.volume_size_gb if has_volume else 0
    in_plan = resources.training_plan_arn is not None
    return Line(
        instance_type=instances.type,
        count=instances.count,
        price=prices.instance(region, instances.type) if region and not in_plan else None,
        volume_gb=volume_gb,
        volume_price=prices.volume(region) if region and volume_gb != 0 else None,
    )


def _most(configuration: Configuration, count: JobCount, job: TuningJob) -> Most | None:
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
        low = _dollars(instances * (1 - LARGEST_SPOT_SAVING) + volumes, seconds)
    return Most(
        configuration=configuration,
        seconds=seconds,
        is_cut_by_runtime=by_jobs is None or (by_runtime is not None and by_runtime < by_jobs),
        usd_low=low,
        usd=usd,
    )


def _missing(
    job: TuningJob,
    region: str | None,
    count: JobCount,
    configurations: tuple[Configuration, ...],
    most: Most | None,
) -> Iterable[str]:
    if not configurations:
        yield "no instance type is named"
    elif most is None:
        yield f"the number of training jobs: {count.reason}; `limits.max_runtime` would bound it"
    if region is None:
        yield "the Region: there is no environment, and no image names one"
    if any(r.training_plan_arn for d in job.definitions for r in d.resources):
        yield "the price of a training plan, which is paid apart"
        return
    for line in (line for each in configurations for line in each.lines):
        if region and line.price is None:
            yield f"the price of {line.instance_type} in {region}"
        if line.volume_gb is None:
            yield f"the size of the volume of {line.instance_type}, which AWS chooses"
        elif region and line.volume_gb and line.volume_price is None:
            yield f"the price of training volumes in {region}"


def _assumptions(
    job: TuningJob,
    count: JobCount,
    configurations: tuple[Configuration, ...],
    most: Most | None,
) -> Iterable[str]:
    if most is not None:
        what = "the search's own" if most.is_cut_by_runtime else "its"
        yield f"every training job runs until {what} time limit"
    if any(definition.max_runtime_seconds is None for definition in job.definitions):
        yield "a training job without `stopping.max_runtime` runs for AWS's default of one day"
    if job.strategy == "Hyperband":
        yield "Hyperband stops most training jobs early; none of that is counted"
    if job.early_stopping == "Auto":
        yield "early stopping ends nothing early"
    if len(job.definitions) > 1:
        yield "every training job is of the dearest definition"
    if any(r.is_flexible and len(r.instances) > 1 for d in job.definitions for r in d.resources):
        yield "every training job gets the dearest of its instance configurations"
    if any(definition.retry_attempts for definition in job.definitions):
        yield "retries are inside a training job's time limit, as AWS counts all attempts together"
    if any(configuration.is_spot for configuration in configurations):
        yield "spot costs at most the on-demand price, and at least a tenth of it"
    if any(configuration.keep_alive_seconds for configuration in configurations):
        yield "every cluster is kept alive to the end of its time after each training job"
    if any(line.volume_gb for configuration in configurations for line in configuration.lines):
        yield "volumes are billed by the shortest month, of 28 days"
    if count.number is None and most is not None:
        yield "as many training jobs run all the time as may run at once"
    yield (
        "not counted: the minutes in which AWS fetches the image and the data and uploads the "
        "model, storage in S3, logs, data transfer, taxes, discounts"
    )


def _dollars(per_second: Fraction | None, seconds: int) -> Decimal | None:
    return None if per_second is None else rounded_up(per_second * seconds)


def rounded_up(value: Fraction) -> Decimal:
    """To hundredths, so that what is not zero never reads as zero."""
    return Decimal(math.ceil(value * 100)).scaleb(-2)
