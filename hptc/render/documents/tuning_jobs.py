"""The JSON documents of commands that list, show, submit and stop tuning jobs.

Times are in UTC, in ISO 8601 to the second. What is unknown is null.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from hptc.render.documents.members import Members


class TrainingJobData(Members):
    """A training job."""

    name: str
    arn: str | None
    status: str | None
    definition: str | None
    tuning_job: str | None
    metric_name: str | None
    metric_value: float | None
    objective_type: str | None
    objective_status: str | None
    tuned_hyperparameters: dict[str, str]
    created: str | None
    started: str | None
    ended: str | None
    failure_reason: str | None


class TrainingJobCountersData(Members):
    """The number of training jobs by status."""

    completed: int
    in_progress: int
    retryable_error: int
    non_retryable_error: int
    stopped: int


class ObjectiveCountersData(Members):
    """The number of training jobs by the status of their objective."""

    succeeded: int
    pending: int
    failed: int


class LimitsData(Members):
    """The limits of a tuning job; null where the request sets none."""

    max_training_jobs: int | None
    max_parallel_training_jobs: int | None
    max_runtime_seconds: int | None


class WarmStartData(Members):
    """The tuning jobs that a tuning job warm-starts from."""

    type: str
    parents: list[str]


class SpecChangesData(Members):
    """How a spec has changed since it was submitted; `is_changed` is null if it has errors."""

    file: str
    is_changed: bool | None
    subjects: list[str]


class JobData(Members):
    """A tuning job."""

    name: str
    arn: str
    status: str
    strategy: str
    created: str | None
    modified: str | None
    ended: str | None
    elapsed_seconds: int
    training_jobs: TrainingJobCountersData
    objectives: ObjectiveCountersData
    limits: LimitsData
    best: TrainingJobData | None
    project: str | None
    environment: str | None
    spec: str | None


class DescribedJobData(JobData):
    """A tuning job with everything that `hptc status` shows."""

    failure_reason: str | None
    consumed_seconds: int | None
    overall_best: TrainingJobData | None
    """The best training job of this tuning job and its warm-start parents."""
    warm_start: WarmStartData | None
    digest: str | None
    commit: str | None
    console: str | None
    spec_changes: SpecChangesData | None


class StatusData(Members):
    """The status of one tuning job."""

    job: DescribedJobData


class RunningTrainingJobData(Members):
    """A training job that has not ended."""

    name: str
    status: str
    definition: str | None
    seconds: int
    """Since its creation."""


class RemainingData(Members):
    """The time that a tuning job still takes."""

    seconds: int
    is_limit: bool
    """Whether it is only known that the tuning job is stopped then."""


class SpentCostData(Members):
    """The cost so far, and the maximum of the tuning job."""

    instance_hours: str
    usd: str | None
    usd_low: str | None
    """With the maximum savings of managed spot training."""
    max_instance_hours: str | None
    max_usd: str | None


class WatchedJobData(Members):
    """A tuning job at one moment."""

    name: str
    status: str
    outcome: Literal["completed", "criterion_met", "stopped", "failed"] | None
    """How it ended; null while it runs."""
    stop_reason: str | None
    """The limit or criterion that was met."""
    failure_reason: str | None
    strategy: str
    elapsed_seconds: int
    expected_training_jobs: int | None
    training_jobs: TrainingJobCountersData
    objectives: ObjectiveCountersData
    limits: LimitsData
    best: TrainingJobData | None
    running: list[RunningTrainingJobData] | None
    """Null if the training jobs may not be listed."""
    cost: SpentCostData | None
    remaining: RemainingData | None


class WatchData(Members):
    """A tuning job that has changed: one line for each change, the last one when it has ended."""

    time: str
    job: WatchedJobData


class LocalRunData(Members):
    """What is special about a tuning job on this machine."""

    folder: str
    dry_run: bool
    running: bool
    stand_ins: list[str]
    """The built-in algorithms that a stand-in replaces."""


class LocalStatusData(StatusData):
    """The status of one tuning job on this machine."""

    local: LocalRunData


class JobsData(Members):
    """A list of tuning jobs, the newest first."""

    jobs: list[JobData]


class LocalJobsData(JobsData):
    """The tuning jobs on this machine. The other members name some of them."""

    dry_runs: list[str]
    stand_ins: dict[str, list[str]]
    interrupted: list[str]


class SubmittedData(Members):
    """A tuning job that was created."""

    outcome: Literal["submitted"]
    name: str
    arn: str
    region: str


class UnchangedData(Members):
    """A tuning job that existed already."""

    outcome: Literal["unchanged"]
    name: str
    arn: str
    region: str
    status: str


class CodeData(Members):
    """Training code that a submission would upload."""

    directory: str
    uri: str
    kms_key_id: str | None
    files: int
    bytes: int


class DryRunData(Members):
    """What a submission would send."""

    outcome: Literal["dry_run"]
    name: str
    unresolved: list[str]
    """References to stacks that are not deployed, and to specs that have not run."""
    code: NotRequired[list[CodeData]]
    request: dict[str, Any]
    """The CreateHyperParameterTuningJob request."""


class NotSubmittedData(Members):
    """A tuning job that AWS or hptc refused."""

    name: str
    file: str
    error: str
    help: str
    is_unknown: bool
    """Whether AWS may have created it anyway."""


class SubmissionsData(Members):
    """The outcomes of several specs."""

    jobs: list[SubmittedData | UnchangedData | DryRunData]
    failed: NotRequired[list[NotSubmittedData]]


class AppliedJobData(Members):
    """The outcome of one tuning job of a saved plan."""

    spec: str
    file: str
    name: str
    outcome: Literal["submitted", "unchanged"]


class AppliedPlanData(Members):
    """The outcomes of a saved plan."""

    jobs: list[AppliedJobData]
    failed: NotRequired[list[NotSubmittedData]]


class StopRequestedData(Members):
    """A tuning job that is stopping."""

    outcome: Literal["stop_requested"]
    name: str


class AlreadyOverData(Members):
    """A tuning job that has ended, or is already stopping."""

    outcome: Literal["already_over"]
    name: str
    status: str


class LogEventData(Members):
    """A line that a training job logged."""

    time: str | None
    """Null for a training job on this machine, whose lines have no time."""
    instance: str
    message: str
    """Secrets are masked."""


class TrainingJobLogData(Members):
    """The log of one training job."""

    name: str
    status: str
    events: list[LogEventData]


class LogsData(Members):
    """The logs of a tuning job's training jobs."""

    tuning_job: str
    training_jobs: list[TrainingJobLogData]
    left_out: int
    """The number of further failed training jobs, whose logs are not shown."""
