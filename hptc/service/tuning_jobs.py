"""What a tuning service reports about tuning jobs, training jobs and their logs.

What the service does not report is None or empty.
"""

from __future__ import annotations

from datetime import datetime

from hptc.frozen import frozen

STATUSES = (
    "InProgress",
    "Completed",
    "Failed",
    "Stopped",
    "Stopping",
    "Deleting",
    "DeleteFailed",
)
"""Every status of a tuning job; a test compares them with botocore's."""

FINAL_STATUSES = frozenset({"Completed", "Failed", "Stopped"})
"""https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeHyperParameterTuningJob.html"""


@frozen
class TrainingJobCounters:
    """The number of training jobs by status."""

    completed: int
    in_progress: int
    retryable_error: int
    non_retryable_error: int
    stopped: int

    @property
    def ended(self) -> int:
        """The number of training jobs that have ended and are not retried."""
        return self.completed + self.non_retryable_error + self.stopped


@frozen
class ObjectiveCounters:
    """The number of training jobs by the status of their objective metric."""

    succeeded: int
    pending: int
    failed: int


@frozen
class Limits:
    """The limits of a tuning job; None where the request sets none."""

    max_training_jobs: int | None = None
    max_parallel_training_jobs: int | None = None
    max_runtime_seconds: int | None = None


@frozen
class TrainingJob:
    """A training job of a tuning job."""

    name: str
    status: str
    arn: str = ""
    definition: str = ""
    tuning_job: str = ""  # its tuning job; only set for the best training job overall
    metric_name: str = ""
    metric_value: float | None = None
    objective_type: str = ""
    objective_status: str = ""
    tuned_hyperparameters: tuple[tuple[str, str], ...] = ()
    created: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    failure_reason: str = ""


@frozen
class LogEvent:
    """A line that a training job logged."""

    time: datetime  # with a time zone
    message: str
    stream: str  # one for each instance of the training job


@frozen
class JobSummary:
    """An entry of the list of tuning jobs."""

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

    def elapsed_seconds(self, now: datetime) -> int:
        """The seconds from its creation to its end, or to `now` if it is still running."""
        is_final = self.status in FINAL_STATUSES
        until = self.ended or (self.modified if is_final and self.modified else now)
        return max(0, round((until - self.created).total_seconds()))


@frozen
class JobOrigin:
    """The origin of a tuning job. Every value is empty for a job that hptc did not submit."""

    project: str = ""
    environment: str = ""
    spec: str = ""  # the path of the spec's file in its repository
    digest: str = ""
    commit: str = ""


@frozen
class ListedJob:
    """A tuning job of a list. `best` is None if it has none, or if it was not read."""

    summary: JobSummary
    elapsed_seconds: int
    best: TrainingJob | None = None
    origin: JobOrigin | None = None  # None if it was not read


@frozen
class JobStatus:
    """The status of one tuning job."""

    name: str
    arn: str
    status: str
    strategy: str
    created: datetime
    modified: datetime | None
    ended: datetime | None
    elapsed_seconds: int
    consumed_seconds: int | None  # wall-clock runtime
    training_jobs: TrainingJobCounters
    objectives: ObjectiveCounters
    limits: Limits
    best: TrainingJob | None
    overall_best: TrainingJob | None  # of this tuning job and its warm-start parents
    failure_reason: str
    warm_start_type: str
    parents: tuple[str, ...]
    origin: JobOrigin
    convergence_detected: datetime | None = None
    jobs_not_improving: int | None = None  # the newest training jobs without improvement

    @property
    def has_ended(self) -> bool:
        """Whether the status is final."""
        return self.status in FINAL_STATUSES
