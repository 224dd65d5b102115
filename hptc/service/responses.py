"""What AWS says of tuning jobs, as values.

The responses of DescribeHyperParameterTuningJob and of the two List operations in, frozen types
out. Nothing is made up: what AWS does not say is None or empty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hptc.errors import OperationError
from hptc.infrastructure.provenance_tags import TAG_PREFIX

if TYPE_CHECKING:
    from hptc.service.interface import Tuning

OVER = frozenset({"Completed", "Failed", "Stopped"})
"""https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeHyperParameterTuningJob.html"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingJobCounters:
    """How many training jobs are in each state."""

    completed: int = 0
    in_progress: int = 0
    retryable_error: int = 0
    non_retryable_error: int = 0
    stopped: int = 0

    @property
    def over(self) -> int:
        """How many will not run again."""
        return self.completed + self.non_retryable_error + self.stopped


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveCounters:
    """How many training jobs have told their objective metric."""

    succeeded: int = 0
    pending: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most that a tuning job may use; None where the request said nothing."""

    max_training_jobs: int | None = None
    max_parallel_training_jobs: int | None = None
    max_runtime_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingJob:
    """One training job of a tuning job."""

    name: str
    status: str
    arn: str = ""
    definition: str = ""
    tuning_job: str = ""  # of an overall best: the tuning job that ran it
    metric_name: str = ""
    metric_value: float | None = None
    objective_type: str = ""
    objective_status: str = ""
    tuned_hyperparameters: tuple[tuple[str, str], ...] = ()
    created: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    failure_reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSummary:
    """One line of a list of tuning jobs."""

    name: str
    arn: str
    status: str
    strategy: str
    created: datetime
    modified: datetime | None
    ended: datetime | None
    training_jobs: TrainingJobCounters
    objectives: ObjectiveCounters
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStatus:
    """Everything that hptc tells of one tuning job."""

    name: str
    arn: str
    status: str
    strategy: str
    created: datetime
    modified: datetime | None
    ended: datetime | None
    elapsed_seconds: int
    consumed_seconds: int | None  # by the clock on the wall, as AWS documents it
    training_jobs: TrainingJobCounters
    objectives: ObjectiveCounters
    limits: Limits
    best: TrainingJob | None
    overall_best: TrainingJob | None  # of this search and those that it learnt from
    failure_reason: str
    warm_start_type: str
    parents: tuple[str, ...]
    # From the tags that hptc adds at submission; empty for a job that hptc did not submit.
    project: str = ""
    environment: str = ""
    spec: str = ""
    digest: str = ""
    commit: str = ""

    @property
    def is_over(self) -> bool:
        """Whether nothing of it runs any more."""
        return self.status in OVER


def describe(tuning: Tuning, name: str) -> Mapping[str, Any]:
    """AWS's description of a tuning job. Raises OperationError when there is none of that name."""
    description = tuning.describe(name)
    if description is None:
        raise OperationError(
            f"there is no tuning job `{name}` in {tuning.region}",
            help="`hptc list` shows the jobs there are",
        )
    return description


def job_status(tuning: Tuning, name: str, *, now: datetime | None = None) -> JobStatus:
    """How a tuning job is doing. Raises OperationError when there is none of that name."""
    description = describe(tuning, name)
    tags = tuning.list_tags(description["HyperParameterTuningJobArn"])
    return read_status(description, tags, now=now or datetime.now(UTC))


def described_request(tuning: Tuning, name: str) -> dict[str, Any]:
    """AWS's description of a tuning job, with the tags that its author gave it.

    Raises OperationError when there is no job of that name.
    """
    description = describe(tuning, name)
    tags = tuning.list_tags(description["HyperParameterTuningJobArn"])
    own = [
        {"Key": key, "Value": value}
        for key, value in tags.items()
        if not key.lower().startswith((TAG_PREFIX, "aws:"))
    ]
    plain = {key: value for key, value in description.items() if key != "ResponseMetadata"}
    return {**plain, **({"Tags": own} if own else {})}


def read_status(
    description: Mapping[str, Any], tags: Mapping[str, str], *, now: datetime
) -> JobStatus:
    """DescribeHyperParameterTuningJob's response and the job's tags, as one value.

    `now` is aware of its time zone; it ends the elapsed time of a job that still runs.
    """
    config = description["HyperParameterTuningJobConfig"]
    status = description["HyperParameterTuningJobStatus"]
    created: datetime = description["CreationTime"]
    modified: datetime | None = description.get("LastModifiedTime")
    ended: datetime | None = description.get("HyperParameterTuningEndTime")
    until = ended or (modified if status in OVER and modified else now)
    warm_start = description.get("WarmStartConfig") or {}
    return JobStatus(
        name=description["HyperParameterTuningJobName"],
        arn=description["HyperParameterTuningJobArn"],
        status=status,
        strategy=config["Strategy"],
        created=created,
        modified=modified,
        ended=ended,
        elapsed_seconds=max(0, round((until - created).total_seconds())),
        consumed_seconds=(description.get("ConsumedResources") or {}).get("RuntimeInSeconds"),
        training_jobs=_training_job_counters(description),
        objectives=_objective_counters(description),
        limits=_limits(config.get("ResourceLimits") or {}),
        best=_best(description.get("BestTrainingJob")),
        overall_best=_best(description.get("OverallBestTrainingJob")),
        failure_reason=description.get("FailureReason") or "",
        warm_start_type=warm_start.get("WarmStartType", ""),
        parents=tuple(
            parent["HyperParameterTuningJobName"]
            for parent in warm_start.get("ParentHyperParameterTuningJobs", ())
        ),
        project=tags.get(f"{TAG_PREFIX}project", ""),
        environment=tags.get(f"{TAG_PREFIX}environment", ""),
        spec=tags.get(f"{TAG_PREFIX}spec", ""),
        digest=tags.get(f"{TAG_PREFIX}digest", ""),
        commit=tags.get(f"{TAG_PREFIX}commit", ""),
    )


def read_summary(summary: Mapping[str, Any]) -> JobSummary:
    """An entry of ListHyperParameterTuningJobs."""
    return JobSummary(
        name=summary["HyperParameterTuningJobName"],
        arn=summary["HyperParameterTuningJobArn"],
        status=summary["HyperParameterTuningJobStatus"],
        strategy=summary["Strategy"],
        created=summary["CreationTime"],
        modified=summary.get("LastModifiedTime"),
        ended=summary.get("HyperParameterTuningEndTime"),
        training_jobs=_training_job_counters(summary),
        objectives=_objective_counters(summary),
        limits=_limits(summary.get("ResourceLimits") or {}),
    )


def read_training_job(summary: Mapping[str, Any]) -> TrainingJob:
    """An entry of ListTrainingJobsForHyperParameterTuningJob, or a best training job."""
    metric = summary.get("FinalHyperParameterTuningJobObjectiveMetric") or {}
    tuned: Mapping[str, str] = summary.get("TunedHyperParameters") or {}
    return TrainingJob(
        name=summary["TrainingJobName"],
        arn=summary.get("TrainingJobArn", ""),
        status=summary.get("TrainingJobStatus", ""),
        definition=summary.get("TrainingJobDefinitionName") or "",
        tuning_job=summary.get("TuningJobName") or "",
        metric_name=metric.get("MetricName", ""),
        metric_value=metric.get("Value"),
        objective_type=metric.get("Type") or "",
        objective_status=summary.get("ObjectiveStatus") or "",
        tuned_hyperparameters=tuple(sorted(tuned.items())),
        created=summary.get("CreationTime"),
        started=summary.get("TrainingStartTime"),
        ended=summary.get("TrainingEndTime"),
        failure_reason=summary.get("FailureReason") or "",
    )


def _best(summary: Mapping[str, Any] | None) -> TrainingJob | None:
    # Before the first objective AWS describes a best training job without a name, or none at all.
    return read_training_job(summary) if summary and summary.get("TrainingJobName") else None


def _training_job_counters(response: Mapping[str, Any]) -> TrainingJobCounters:
    counters = response.get("TrainingJobStatusCounters") or {}
    return TrainingJobCounters(
        completed=counters.get("Completed", 0),
        in_progress=counters.get("InProgress", 0),
        retryable_error=counters.get("RetryableError", 0),
        non_retryable_error=counters.get("NonRetryableError", 0),
        stopped=counters.get("Stopped", 0),
    )


def _objective_counters(response: Mapping[str, Any]) -> ObjectiveCounters:
    counters = response.get("ObjectiveStatusCounters") or {}
    return ObjectiveCounters(
        succeeded=counters.get("Succeeded", 0),
        pending=counters.get("Pending", 0),
        failed=counters.get("Failed", 0),
    )


def _limits(limits: Mapping[str, Any]) -> Limits:
    return Limits(
        max_training_jobs=limits.get("MaxNumberOfTrainingJobs"),
        max_parallel_training_jobs=limits.get("MaxParallelTrainingJobs"),
        max_runtime_seconds=limits.get("MaxRuntimeInSeconds"),
    )


def tags_of(pairs: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """The API's list of tags as a mapping."""
    return {pair["Key"]: pair["Value"] for pair in pairs}
