"""How far a tuning job is, as a pure function of what AWS reports about it."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum

from hptc.cost.bound import CostBound
from hptc.cost.evidence import TrainingTime
from hptc.cost.spending import SpentCost, spent_cost
from hptc.frozen import frozen
from hptc.request.tuning_job import TuningJob
from hptc.service.tuning_jobs import (
    JobStatus,
    Limits,
    ObjectiveCounters,
    TrainingJob,
    TrainingJobCounters,
)

FINAL_TRAINING_STATUSES = frozenset({"Completed", "Failed", "Stopped", "Deleting"})
"""https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeTrainingJob.html"""

_MAX_SIMULATED = 1000  # training jobs whose order of execution is simulated


class JobOutcome(StrEnum):
    """How a tuning job ended."""

    COMPLETED = "completed"
    CRITERION_MET = "criterion_met"  # stopped by a limit or a completion criterion of its own
    STOPPED = "stopped"  # somebody stopped it, as far as AWS reports
    FAILED = "failed"


@frozen
class RunningTraining:
    """A training job that has not ended. `seconds` is the time since its creation."""

    name: str
    status: str
    seconds: int
    definition: str = ""


@frozen
class Remaining:
    """The time that a running tuning job still takes: an estimate, or only its limit."""

    seconds: int
    is_limit: bool


@frozen
class JobProgress:
    """A tuning job at one moment."""

    name: str
    status: str
    strategy: str
    failure_reason: str
    elapsed_seconds: int
    limits: Limits
    counters: TrainingJobCounters
    objectives: ObjectiveCounters
    training_jobs: int | None  # how many it will have; None if that is not fixed
    best: TrainingJob | None
    running: tuple[RunningTraining, ...] | None  # the oldest first; None if they were not read
    cost: SpentCost | None
    remaining: Remaining | None  # None if it can't be estimated, or the job has ended
    outcome: JobOutcome | None  # None while it runs
    stop_reason: str = ""  # the criterion that was met

    @property
    def has_ended(self) -> bool:
        """Whether the tuning job's status is final."""
        return self.outcome is not None

    @property
    def essentials(self) -> tuple[object, ...]:
        """What is worth a new line of a log when it changes: all but the time and its cost."""
        best = self.best.name if self.best is not None else ""
        value = self.best.metric_value if self.best is not None else None
        return self.status, self.counters, self.objectives, best, value


def job_progress(
    status: JobStatus,
    job: TuningJob,
    training_jobs: Sequence[TrainingJob] | None,
    bound: CostBound,
    *,
    now: datetime,
) -> JobProgress:
    """The progress of a tuning job.

    `job` is its description as a request. `training_jobs` are all of its training jobs, or None if
    the caller may not list them.
    """
    reason = _met_criterion(status, job)
    outcome = _outcome(status, reason)
    total = bound.training_jobs.number if bound.training_jobs.is_explicit else None
    running = None if training_jobs is None else tuple(_running(training_jobs, now))
    return JobProgress(
        name=status.name,
        status=status.status,
        strategy=status.strategy,
        failure_reason=status.failure_reason,
        elapsed_seconds=status.elapsed_seconds,
        limits=status.limits,
        counters=status.training_jobs,
        objectives=status.objectives,
        training_jobs=total,
        best=status.best,
        running=running,
        cost=_spent(job, training_jobs, bound, now),
        remaining=None if outcome else _remaining(status, training_jobs, total, now),
        outcome=outcome,
        stop_reason=reason if outcome is JobOutcome.CRITERION_MET else "",
    )


def _outcome(status: JobStatus, reason: str) -> JobOutcome | None:
    match status.status:
        case "Completed":
            return JobOutcome.COMPLETED
        case "Stopped":
            return JobOutcome.CRITERION_MET if reason else JobOutcome.STOPPED
        case "Failed" | "DeleteFailed":
            return JobOutcome.FAILED
        case _:
            return None


def _met_criterion(status: JobStatus, job: TuningJob) -> str:
    """The limit or completion criterion of the tuning job that was met; empty if none was.

    https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-progress.html
    """
    limit = job.max_runtime_seconds
    used = max(status.elapsed_seconds, status.consumed_seconds or 0)
    if limit is not None and used >= limit:
        return "its maximum runtime"
    best = status.best
    if best is not None and best.metric_value is not None and job.target_value is not None:
        is_reached = (
            best.metric_value >= job.target_value
            if best.objective_type == "Maximize"
            else best.metric_value <= job.target_value
        )
        if is_reached:
            return "its target value"
    if job.completes_on_convergence and status.convergence_detected is not None:
        return "convergence"
    maximum = job.max_jobs_not_improving
    if maximum is not None and (status.jobs_not_improving or 0) >= maximum:
        return "its maximum number of training jobs without improvement"
    return ""


def _running(training_jobs: Iterable[TrainingJob], now: datetime) -> Iterator[RunningTraining]:
    running = [job for job in training_jobs if job.status not in FINAL_TRAINING_STATUSES]
    for job in sorted(running, key=lambda job: job.created or now):
        yield RunningTraining(
            name=job.name,
            status=job.status,
            seconds=_seconds(job.created, now),
            definition=job.definition,
        )


def _seconds(start: datetime | None, end: datetime) -> int:
    return max(0, round((end - start).total_seconds())) if start is not None else 0


def _spent(
    job: TuningJob, training_jobs: Sequence[TrainingJob] | None, bound: CostBound, now: datetime
) -> SpentCost | None:
    if training_jobs is None:
        return None
    times = [
        TrainingTime(
            definition=training_job.definition if job.is_multiple else "",
            seconds=_seconds(training_job.started, training_job.ended or now),
        )
        for training_job in training_jobs
        if training_job.started is not None
    ]
    return spent_cost(bound, times)


def _remaining(
    status: JobStatus, training_jobs: Sequence[TrainingJob] | None, total: int | None, now: datetime
) -> Remaining | None:
    """The time until all training jobs have ended, if they take as long as those that have.

    Never longer than the tuning job's own runtime limit allows.
    """
    limit = status.limits.max_runtime_seconds
    left = max(0, limit - status.elapsed_seconds) if limit is not None else None
    estimate = None
    if training_jobs is not None and total is not None and status.status == "InProgress":
        estimate = _estimate(training_jobs, status, total, now)
    if estimate is None:
        return Remaining(seconds=left, is_limit=True) if left is not None else None
    if left is not None and left < estimate:
        return Remaining(seconds=left, is_limit=True)
    return Remaining(seconds=estimate, is_limit=False)


def _estimate(
    training_jobs: Sequence[TrainingJob], status: JobStatus, total: int, now: datetime
) -> int | None:
    """The seconds left, with the mean duration of completed training jobs; None without one."""
    took = [
        _seconds(job.created, job.ended)
        for job in training_jobs
        if job.status == "Completed" and job.created is not None and job.ended is not None
    ]
    if not took:
        return None
    mean = sum(took) / len(took)
    running = [
        max(0.0, mean - _seconds(job.created, now))
        for job in training_jobs
        if job.status not in FINAL_TRAINING_STATUSES
    ]
    new = max(0, total - status.training_jobs.ended - len(running))
    parallel = max(1, status.limits.max_parallel_training_jobs or 1)
    if new > _MAX_SIMULATED:
        return math.ceil(new / parallel * mean)
    free = [*running, *[0.0] * (parallel - len(running))]
    heapq.heapify(free)
    for _ in range(new):
        heapq.heapreplace(free, free[0] + mean)
    return math.ceil(max(free))
