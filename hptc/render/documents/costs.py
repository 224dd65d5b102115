"""The JSON documents of `hptc cost` and `hptc preview`."""

from __future__ import annotations

from hptc.render.documents.members import Members


class JobCountData(Members):
    """The number of training jobs; null if it is unknown."""

    number: int | None
    reason: str


class PriceData(Members):
    """A price in US dollars."""

    usd: str
    region: str
    date: str
    """2026-09-25, or 2026-09 if the day is unknown."""
    origin: str
    sources: list[str]


class InstancesData(Members):
    """The instances of one type in the cluster of a training job."""

    instance_type: str
    instance_count: int
    usd_per_hour: PriceData | None
    volume_size_in_gb: int | None
    volume_usd_per_gb_month: PriceData | None


class ConfigurationData(Members):
    """A cluster that a training job can run on."""

    definition: str | None
    seconds_per_training_job: int
    is_spot: bool
    instances: list[InstancesData]


class CostData(Members):
    """The maximum cost of a tuning job. Amounts are strings; what is unknown is null."""

    region: str | None
    usd: str | None
    usd_low: str | None
    """With the maximum savings of managed spot training."""
    instance_hours: str | None
    training_seconds: int | None
    is_cut_by_runtime: bool | None
    training_jobs: JobCountData
    parallel: int
    configuration: ConfigurationData | None
    missing: list[str]
    """Why the cost is unknown."""
    assumptions: list[str]


class EvidenceData(Members):
    """A past run that a forecast is based on."""

    name: str
    date: str
    is_same_content: bool
    training_jobs: int
    seconds: int


class ExpectedCostData(Members):
    """The expected cost, from past runs."""

    usd_low: str | None
    usd: str | None
    usd_high: str | None
    instance_hours: str | None
    training_jobs: int | None
    seconds_each: int | None
    grounds: list[EvidenceData]
    assumptions: list[str]
    unknown: str


class SpecCostData(CostData):
    """The cost of one spec."""

    name: str
    expected: ExpectedCostData | None
    """Null unless past runs were read from AWS."""


class CostsData(Members):
    """The costs of specs."""

    specs: list[SpecCostData]


class GridData(Members):
    """The size of a grid, and its ends."""

    definition: str | None
    points: int
    first: dict[str, str]
    last: dict[str, str]


class RungData(Members):
    """Training jobs that run until they have used an amount of the resource."""

    training_jobs: int
    resource: int


class HyperbandData(Members):
    """One round of Hyperband."""

    min_resource: int
    max_resource: int
    reduction: int
    training_jobs: int
    resource: int
    brackets: list[list[RungData]]


class SampleData(Members):
    """One configuration, as the training job would get it."""

    definition: str | None
    values: dict[str, str]


class PreviewData(Members):
    """The preview of a tuning job; what is unknown is null."""

    strategy: str
    training_jobs: JobCountData
    parallel: int
    waves: int | None
    seconds_per_training_job: int
    wall_clock_seconds: int | None
    grids: list[GridData]
    hyperband: HyperbandData | None
    seed: int
    samples: list[SampleData]
    warnings: list[str]


class SpecPreviewData(PreviewData):
    """The preview of one spec."""

    name: str


class PreviewsData(Members):
    """The previews of specs."""

    specs: list[SpecPreviewData]
