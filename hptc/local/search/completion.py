"""Decides when a tuning job is complete."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from hptc.frozen import frozen
from hptc.local.search.autotune import autotuned
from hptc.local.search.observation import Observation
from hptc.request.job_facts import training_jobs
from hptc.request.tuning_job import TuningJob
from hptc.text import plural

_IMPROVEMENT = 0.01
_MIN_WINDOW = 10
_WINDOW_PER_HYPERPARAMETER = 5

Criterion = Literal[
    "MaxNumberOfTrainingJobs",
    "MaxNumberOfTrainingJobsNotImproving",
    "MaxRuntimeInSeconds",
    "TargetObjectiveMetricValue",
    "CompleteOnConvergence",
]
"""The completion criteria, by their names in the API.

https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-progress.html
"""


@frozen
class Completion:
    """Why a tuning job starts no more training jobs."""

    criterion: Criterion
    reason: str  # a sentence without a period, with both values

    @property
    def stops_running_jobs(self) -> bool:
        """Whether running training jobs are stopped; otherwise they finish first."""
        return self.criterion != "MaxNumberOfTrainingJobs"


def completion(
    job: TuningJob, history: Sequence[Observation], *, elapsed_seconds: float
) -> Completion | None:
    """The first completion criterion that is met; None while the tuning job continues.

    `history` has all of its training jobs, finished and pending. A criterion that ends the tuning
    job at once comes before one that lets the running training jobs finish.
    """
    job = autotuned(job).job
    values = _objectives(history)
    return (
        _target_reached(job, values)
        or _out_of_time(job, elapsed_seconds)
        or _without_improvement(job, values)
        or _all_started(job, len(history))
    )


def _objectives(history: Sequence[Observation]) -> list[float]:
    """The objectives of the finished training jobs, in the order in which these started."""
    return [
        observation.objective
        for observation in sorted(history, key=lambda past: past.number)
        if observation.state != "pending"
        and observation.objective is not None
        and math.isfinite(observation.objective)
    ]


def _target_reached(job: TuningJob, values: Sequence[float]) -> Completion | None:
    target, maximizes = job.target_value, _maximizes(job)
    best = (max if maximizes else min)(values, default=None)
    if target is None or best is None or _is_better(target, best, maximizes):
        return None
    return Completion(
        criterion="TargetObjectiveMetricValue",
        reason=f"the objective has reached {best:g}, and the target is {target:g}",
    )


def _out_of_time(job: TuningJob, elapsed_seconds: float) -> Completion | None:
    limit = job.max_runtime_seconds
    if limit is None or elapsed_seconds < limit:
        return None
    return Completion(
        criterion="MaxRuntimeInSeconds",
        reason=f"the tuning job has run for {elapsed_seconds:,.0f} s, and its limit is {limit:,} s",
    )


def _without_improvement(job: TuningJob, values: Sequence[float]) -> Completion | None:
    unimproved = not_improving(values, maximizes=_maximizes(job))
    limit, window = job.max_jobs_not_improving, convergence_window(job)
    if limit is not None and unimproved >= limit:
        return Completion(
            criterion="MaxNumberOfTrainingJobsNotImproving",
            reason=f"{plural(unimproved, 'training job')} in a row did not improve the objective "
            f"by more than 1%, and the limit is {limit}",
        )
    if job.completes_on_convergence and unimproved >= window:
        return Completion(
            criterion="CompleteOnConvergence",
            reason=f"the last {plural(window, 'training job')} did not improve the objective by "
            "more than 1%",
        )
    return None


def _all_started(job: TuningJob, started: int) -> Completion | None:
    limit = training_jobs(job)
    if limit is None or started < limit:
        return None
    return Completion(
        criterion="MaxNumberOfTrainingJobs",
        reason=f"all {plural(limit, 'training job')} have started",
    )


def not_improving(values: Sequence[float], *, maximizes: bool) -> int:
    """How many of the latest values in a row did not improve the best one by more than 1%.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_BestObjectiveNotImproving.html
    """
    best, count = None, 0
    for value in values:
        if best is None:
            best = value
            continue
        difference = value - best if maximizes else best - value
        count = 0 if difference > _IMPROVEMENT * abs(best) else count + 1
        best = value if difference > 0 else best
    return count


def convergence_window(job: TuningJob) -> int:
    """How many training jobs without improvement count as convergence.

    AWS's algorithm is not published. More hyperparameters need more training jobs, and training
    jobs that run in parallel don't learn from each other.
    """
    tuned = max((len(definition.ranges) for definition in job.definitions), default=1)
    return max(_MIN_WINDOW, _WINDOW_PER_HYPERPARAMETER * tuned, 2 * job.max_parallel_training_jobs)


def _is_better(value: float, than: float, maximizes: bool) -> bool:
    return value > than if maximizes else value < than


def _maximizes(job: TuningJob) -> bool:
    """Whether the objective is maximized; AWS compares all definitions by one."""
    return any(
        definition.objective is not None and definition.objective.type == "Maximize"
        for definition in job.definitions
    )
