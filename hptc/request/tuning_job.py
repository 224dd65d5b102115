"""`TuningJob`: a request as typed values, which rules, infrastructure, diff, preview and cost read.

Single and multiple definitions, the two resource forms and the four kinds of range are each one
type here. Every part has its path in the request, for findings. A TuningJob is never sent:
hptc sends the request to AWS (see reading.py).
"""

from __future__ import annotations

from collections.abc import Mapping

from hptc.diagnostics import RequestPath
from hptc.frozen import frozen

DEFAULT_MAX_RUNTIME_SECONDS = 86_400
"""The default of MaxRuntimeInSeconds:
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StoppingCondition.html"""


@frozen
class Objective:
    """The objective metric."""

    metric_name: str
    type: str  # Maximize | Minimize
    path: RequestPath


@frozen
class NumericRange:
    """An Integer or Continuous range. Bounds are inclusive, and strings as in the API."""

    kind: str  # Integer | Continuous
    name: str
    min: str
    max: str
    scaling: str = "Auto"
    path: RequestPath


@frozen
class CategoricalRange:
    """A Categorical range."""

    name: str
    values: tuple[str, ...]
    path: RequestPath


@frozen
class AutoRange:
    """A range that Autotune derives from an example value."""

    name: str
    value_hint: str
    path: RequestPath


Range = NumericRange | CategoricalRange | AutoRange


@frozen
class Metric:
    """A metric definition."""

    name: str
    regex: str
    path: RequestPath


@frozen
class S3Source:
    """Objects in S3."""

    uri: str
    data_type: str
    distribution: str = "FullyReplicated"
    attribute_names: tuple[str, ...] = ()
    instance_group_names: tuple[str, ...] = ()
    accepts_eula: bool | None = None
    hub_content_arn: str | None = None
    path: RequestPath


@frozen
class FileSystemSource:
    """A directory in Amazon EFS or FSx for Lustre."""

    id: str
    type: str  # EFS | FSxLustre
    access_mode: str
    directory: str
    path: RequestPath


@frozen
class DatasetSource:
    """A dataset in a SageMaker hub."""

    arn: str
    path: RequestPath


@frozen
class Channel:
    """One input channel. AWS requires exactly one source; a rule reports any other number."""

    name: str
    sources: tuple[S3Source | FileSystemSource | DatasetSource, ...]
    input_mode: str  # the channel's own, else the algorithm's
    content_type: str | None
    compression: str
    record_wrapper: str
    shuffle_seed: int | None
    path: RequestPath


@frozen
class Instances:
    """One instance configuration that a training job may use, or one group of its cluster."""

    type: str
    count: int
    volume_size_gb: int | None = None
    group: str | None = None
    training_plan_arn: str | None = None
    path: RequestPath
    count_path: RequestPath  # several configurations can share one count, and one volume size
    volume_path: RequestPath


@frozen
class Resources:
    """The instances of one definition.

    `instances` are alternatives if `is_flexible`; otherwise they make up one cluster.
    """

    instances: tuple[Instances, ...]
    is_flexible: bool
    is_tuning_form: bool  # HyperParameterTuningResourceConfig rather than ResourceConfig
    volume_kms_key_id: str | None
    keep_alive_seconds: int | None
    training_plan_arn: str | None
    allocation_strategy: str | None
    path: RequestPath

    @property
    def min_instance_count(self) -> int:
        """The fewest instances that one training job can have."""
        counts = [instances.count for instances in self.instances]
        return min(counts, default=0) if self.is_flexible else sum(counts)

    @property
    def max_instance_count(self) -> int:
        """The most instances that one training job can have."""
        counts = [instances.count for instances in self.instances]
        return max(counts, default=0) if self.is_flexible else sum(counts)


@frozen
class Vpc:
    """The subnets and security groups of the training jobs."""

    subnets: tuple[str, ...]
    security_group_ids: tuple[str, ...]
    path: RequestPath


@frozen
class Definition:
    """One training job definition."""

    path: RequestPath
    ranges_path: RequestPath
    name: str | None
    objective: Objective | None
    ranges: tuple[Range, ...]
    static: Mapping[str, str]
    training_image: str | None
    algorithm_name: str | None
    input_mode: str
    metrics: tuple[Metric, ...]
    role_arn: str
    channels: tuple[Channel, ...]
    vpc: Vpc | None
    output_path: str
    output_kms_key_id: str | None
    output_compression: str | None
    resources: tuple[Resources, ...]  # AWS requires exactly one
    max_runtime_seconds: int | None
    max_wait_seconds: int | None
    max_pending_seconds: int | None
    is_spot: bool
    is_isolated: bool
    encrypts_traffic: bool
    checkpoint_uri: str | None
    checkpoint_local_path: str | None
    retry_attempts: int | None
    environment: Mapping[str, str]

    @property
    def instances(self) -> tuple[Instances, ...]:
        """Every alternative, or every group of the cluster."""
        return tuple(group for resources in self.resources for group in resources.instances)


@frozen
class WarmStart:
    """The parent tuning jobs. A parent without a name is the empty string; a rule reports it."""

    type: str
    parents: tuple[str, ...]
    path: RequestPath


@frozen
class TuningJob:
    """One tuning job."""

    name: str
    strategy: str
    hyperband_min_resource: int | None
    hyperband_max_resource: int | None
    max_number_of_training_jobs: int | None
    max_parallel_training_jobs: int
    max_runtime_seconds: int | None
    early_stopping: str
    target_value: float | None
    max_jobs_not_improving: int | None
    completes_on_convergence: bool
    random_seed: int | None
    is_autotuned: bool
    definitions: tuple[Definition, ...]
    is_multiple: bool
    warm_start: WarmStart | None
    tags: Mapping[str, str]
