"""Reads the results of a tuning job from a tuning service.

The list of training jobs has nearly everything: one call for a hundred of them. A description is
read only where the list does not have the cost (see actual_cost.py), and only of the training jobs
that are shown, unless all are asked for. Nothing is written.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import partial
from statistics import median
from typing import Any

from hptc.catalog.prices import PriceTable
from hptc.compiler.importing import requested
from hptc.cost.bound import Configuration, CostBound, cost_bound
from hptc.frozen import frozen
from hptc.request.job_facts import definition_name
from hptc.request.reading import read_job
from hptc.request.tuning_job import Definition, TuningJob
from hptc.results.actual_cost import (
    billing,
    needs_description,
    shown_usd,
    total_cost_of,
    training_seconds,
)
from hptc.results.failure_groups import group_failures, with_logs
from hptc.results.range_evidence import BestAtBound, Point, best_points, values_at_bounds
from hptc.results.training_results import (
    Results,
    StoppedEarly,
    TrainingResult,
    is_maximized,
    rank,
)
from hptc.results.value_limits import value_limits
from hptc.service.interface import TuningReader
from hptc.service.lookup import describe
from hptc.service.responses import read_status
from hptc.service.tuning_jobs import JobStatus, TrainingJob

Progress = Callable[[str, str, int, int], None]
"""Reports progress: `(verb, nouns, done, total)`."""

_STOPPED_WITH_THE_TUNING_JOB = timedelta(minutes=3)
"""SageMaker gives a training job 120 seconds to stop:
https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html"""


def no_progress(_verb: str, _nouns: str, _done: int, _total: int) -> None:
    """Report nothing."""


@frozen
class ReadOptions:
    """How much is read."""

    top: int | None = None  # the training jobs that are shown; None for all
    reads_all_costs: bool = False
    reads_logs: bool = True


def read_results(
    tuning: TuningReader,
    name: str,
    prices: PriceTable,
    *,
    options: ReadOptions,
    progress: Progress = no_progress,
    now: datetime | None = None,
) -> Results:
    """The results of a tuning job, without importance. Raises OperationError if it is missing."""
    now = now or datetime.now(UTC)
    description = describe(tuning, name)
    tags = tuning.list_tags(description["HyperParameterTuningJobArn"])
    status = read_status(description, tags, now=now)
    job = read_job(requested(description))
    bound = cost_bound(job, tuning.region, prices)
    listed = _list(tuning, status, progress)
    unpriced = [
        _result(number, summary, job, status, now) for number, summary in enumerate(listed, 1)
    ]
    descriptions = _descriptions(tuning, unpriced, job, bound, options, progress)
    billings = [
        billing(summary, result.definition, bound, descriptions.get(summary.name))
        for summary, result in zip(listed, unpriced, strict=True)
    ]
    results = tuple(
        replace(result, billable_seconds=bill.billable_seconds, usd=shown_usd(bill.usd))
        for result, bill in zip(unpriced, billings, strict=True)
    )
    failures = group_failures([result for result in results if result.has_failed])
    return Results(
        status=status,
        job=job,
        region=tuning.region,
        training_jobs=results,
        cost=total_cost_of(billings, bound),
        stopped_early=_stopped_early(results, bound),
        failures=with_logs(failures, tuning) if options.reads_logs else failures,
        at_bounds=tuple(_at_bounds(job, results)),
    )


def points_of(results: Sequence[TrainingResult], definition: str) -> tuple[Point, ...]:
    """The training jobs of a definition that have an objective."""
    return tuple(
        Point(values=dict(result.hyperparameters), objective=result.objective)
        for result in results
        if result.definition == definition and result.objective is not None
    )


def best_of(
    results: Sequence[TrainingResult], job: TuningJob, definition: Definition
) -> tuple[Point, ...]:
    """The best training jobs of a definition, if there is enough evidence."""
    points = points_of(results, definition_name(job, definition))
    return best_points(points, maximize=is_maximized(definition))


def _at_bounds(job: TuningJob, results: Sequence[TrainingResult]) -> Iterator[BestAtBound]:
    for definition in job.definitions:
        best = best_of(results, job, definition)
        limits = partial(value_limits, definition)
        yield from values_at_bounds(
            definition.ranges, best, limits, definition_name(job, definition)
        )


def _list(tuning: TuningReader, status: JobStatus, progress: Progress) -> list[TrainingJob]:
    """The training jobs in the order of creation."""
    counters = status.training_jobs
    total = counters.ended + counters.in_progress
    listed: list[TrainingJob] = []
    for summary in tuning.list_training_jobs(status.name):
        listed.append(summary)
        progress("reading", "training jobs", len(listed), max(total, len(listed)))
    listed.reverse()
    if all(summary.created is not None for summary in listed):
        listed.sort(key=lambda summary: summary.created or datetime.min)
    return listed


def _result(
    number: int, training_job: TrainingJob, job: TuningJob, status: JobStatus, now: datetime
) -> TrainingResult:
    seconds = training_seconds(training_job)
    if seconds is None and training_job.started is not None:
        seconds = max(0, round((now - training_job.started).total_seconds()))
    return TrainingResult(
        number=number,
        name=training_job.name,
        definition=training_job.definition if job.is_multiple else "",
        status=training_job.status,
        objective=_finite(training_job.metric_value),
        metric_name=training_job.metric_name,
        hyperparameters=training_job.tuned_hyperparameters,
        started=training_job.started,
        ended=training_job.ended,
        seconds=seconds,
        billable_seconds=None,
        usd=None,
        is_stopped_early=_is_stopped_early(training_job, job, status),
        failure_reason=training_job.failure_reason,
    )


def _finite(value: float | None) -> float | None:
    """An objective that can be compared: a training job that diverged may report NaN."""
    return value if value is not None and math.isfinite(value) else None


def _is_stopped_early(training_job: TrainingJob, job: TuningJob, status: JobStatus) -> bool:
    """Whether early stopping probably stopped a training job.

    No member of a response states it. Those that stop when the tuning job ends are not counted.
    """
    stops = job.early_stopping == "Auto" or job.strategy == "Hyperband"
    if not stops or training_job.status != "Stopped" or training_job.ended is None:
        return False
    end = status.ended if status.has_ended else None
    can_end_early = (
        status.status == "Stopped"
        or _has_run_out_of_time(job, status)
        or job.target_value is not None
        or job.max_jobs_not_improving is not None
        or job.completes_on_convergence
    )
    return (
        end is None or not can_end_early or training_job.ended < end - _STOPPED_WITH_THE_TUNING_JOB
    )


def _has_run_out_of_time(job: TuningJob, status: JobStatus) -> bool:
    """Whether a tuning job may have ended because of its maximum runtime."""
    if job.max_runtime_seconds is None or status.ended is None:
        return False
    limit = timedelta(seconds=job.max_runtime_seconds)
    return status.ended - status.created >= limit - _STOPPED_WITH_THE_TUNING_JOB


def _descriptions(
    tuning: TuningReader,
    results: Sequence[TrainingResult],
    job: TuningJob,
    bound: CostBound,
    options: ReadOptions,
    progress: Progress,
) -> dict[str, Mapping[str, Any]]:
    """The descriptions of those training jobs whose cost is not in the list."""
    shown = rank(results, job.definitions)
    if not options.reads_all_costs:
        shown = shown[: options.top]
    wanted = [
        result
        for result in shown
        if result.ended is not None
        and result.started is not None
        and needs_description(bound, result.definition)
    ]
    descriptions: dict[str, Mapping[str, Any]] = {}
    for done, result in enumerate(wanted, 1):
        description = tuning.describe_training_job(result.name)
        if description is not None:
            descriptions[result.name] = description
        progress("describing", "training jobs", done, len(wanted))
    return descriptions


def _stopped_early(results: Sequence[TrainingResult], bound: CostBound) -> StoppedEarly | None:
    stopped = [result for result in results if result.is_stopped_early]
    if not stopped:
        return None
    seconds, usd = 0, Fraction(0)
    is_known, is_priced = True, True
    for definition in {result.definition for result in stopped}:
        full = [
            result.seconds
            for result in results
            if result.definition == definition and result.status == "Completed" and result.seconds
        ]
        if not full:
            is_known = False
            continue
        usual = round(median(full))
        saved = sum(
            max(0, usual - (result.seconds or 0))
            for result in stopped
            if result.definition == definition
        )
        rate = _usd_per_second(bound, definition)
        is_priced = is_priced and rate is not None
        seconds += saved
        usd += saved * (rate or 0)
    return StoppedEarly(
        training_jobs=len(stopped),
        seconds=seconds if is_known else None,
        usd=shown_usd(usd) if is_known and is_priced else None,
    )


def _usd_per_second(bound: CostBound, definition: str) -> Fraction | None:
    """The on-demand price; None with several alternatives, or with managed spot training."""
    configurations: list[Configuration] = [
        configuration
        for configuration in bound.configurations
        if configuration.definition == definition
    ]
    if len(configurations) != 1 or configurations[0].is_spot:
        return None
    return configurations[0].usd_per_second
