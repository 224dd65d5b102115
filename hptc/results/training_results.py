"""What a tuning job has found: its training jobs, each with its objective, its time and its cost.

Only result types are here; gather.py fills them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from hptc.cost.bound import BoundSummary
from hptc.frozen import frozen
from hptc.preview.hidden_secrets import hidden_value, without_secrets
from hptc.request.tuning_job import Definition, TuningJob
from hptc.results.failure_groups import FailureGroup
from hptc.results.hyperparameter_importance import Importance
from hptc.results.range_evidence import BestAtBound
from hptc.secrets.detector import hide_secrets
from hptc.service.tuning_jobs import JobStatus


@frozen
class TrainingResult:
    """A training job of a tuning job. What is unknown is None, never 0."""

    number: int  # from 1, in the order of creation
    name: str
    definition: str  # empty if the tuning job has a single one
    status: str
    objective: float | None  # final; None while it runs, and if it reported none
    metric_name: str
    hyperparameters: tuple[tuple[str, str], ...]  # those that are tuned
    started: datetime | None
    ended: datetime | None
    seconds: int | None  # from its start to its end, or to now
    billable_seconds: int | None  # of each instance
    usd: Decimal | None
    is_stopped_early: bool
    failure_reason: str

    @property
    def has_failed(self) -> bool:
        """Whether it ended without a result."""
        return self.status == "Failed"


@frozen
class ActualCost:
    """The cost of the training jobs, at the on-demand prices of today's table."""

    usd: Decimal | None  # None if that of any training job is unknown
    usd_known: Decimal  # of those whose cost is known
    usd_at_most: Decimal | None  # with all the time of those whose billed time was not read
    known: int  # training jobs
    unread: int  # training jobs whose billed time was not read
    running: int
    unknown: tuple[str, ...]  # the reasons
    billable_seconds: int | None  # in total; None if that of any training job is unknown
    bound: BoundSummary


@frozen
class StoppedEarly:
    """What early stopping saved, compared with the median of those that ran to their end."""

    training_jobs: int
    seconds: int | None  # None without a training job to compare with
    usd: Decimal | None


@frozen
class Results:
    """The results of a tuning job that has ended or is still running."""

    status: JobStatus
    job: TuningJob
    region: str
    training_jobs: tuple[TrainingResult, ...]  # in the order of creation
    cost: ActualCost
    stopped_early: StoppedEarly | None  # None if no training job stopped early
    failures: tuple[FailureGroup, ...]  # the most frequent first
    at_bounds: tuple[BestAtBound, ...]
    importance: tuple[Importance, ...] = ()  # one for each definition; empty if not estimated
    statement: str = ""  # what is true of every value, such as that they are made up

    @property
    def ranked(self) -> tuple[TrainingResult, ...]:
        """The training jobs with an objective, the best first, then the others."""
        return rank(self.training_jobs, self.job.definitions)


def definition_of(definitions: Sequence[Definition], name: str) -> Definition:
    """The definition with a name; the first one for the empty name."""
    return next(
        (definition for definition in definitions if name and definition.name == name),
        definitions[0],
    )


def is_maximized(definition: Definition) -> bool:
    """Whether larger values of the objective are better."""
    return definition.objective is not None and definition.objective.type == "Maximize"


def rank(
    training_jobs: Sequence[TrainingResult], definitions: Sequence[Definition]
) -> tuple[TrainingResult, ...]:
    """The training jobs with an objective, the best first, then the others, as they were created.

    Objectives of several definitions are compared as they are, as AWS does to name the best one.
    """

    def order(result: TrainingResult) -> tuple[bool, float, int]:
        if result.objective is None:
            return True, 0.0, result.number
        maximized = is_maximized(definition_of(definitions, result.definition))
        return False, -result.objective if maximized else result.objective, result.number

    return tuple(sorted(training_jobs, key=order))


def hyperparameter_names(results: Results) -> list[str]:
    """The tuned hyperparameters of all definitions, in the order of the ranges."""
    names = [range_.name for definition in results.job.definitions for range_ in definition.ranges]
    used = [
        name for training_job in results.training_jobs for name, _ in training_job.hyperparameters
    ]
    return list(dict.fromkeys([*names, *used]))


def without_secret_values(results: Results) -> Results:
    """The same results, with secrets in the hyperparameters and in reasons of failures masked."""
    failure_reason = hide_secrets(results.status.failure_reason)
    return replace(
        results,
        status=replace(results.status, failure_reason=failure_reason),
        job=without_secrets(results.job),
        training_jobs=tuple(
            replace(
                training_job,
                failure_reason=hide_secrets(training_job.failure_reason),
                hyperparameters=tuple(
                    (name, hidden_value(name, value))
                    for name, value in training_job.hyperparameters
                ),
            )
            for training_job in results.training_jobs
        ),
    )
