"""Chooses the training jobs of a tuning job whose logs are shown, and reads only new lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from hptc.errors import OperationError, UsageError
from hptc.frozen import frozen
from hptc.jobs.job_progress import FINAL_TRAINING_STATUSES
from hptc.service.interface import TuningReader
from hptc.service.tuning_jobs import JobStatus, LogEvent, TrainingJob
from hptc.text import listed

MAX_TRAINING_JOBS = 750
"""This many training jobs of a tuning job are considered, the newest first; as for past runs."""

MAX_FAILED = 3
"""The logs of this many failed training jobs are shown, the newest first."""

_MAX_NAMES = 5
_OVERLAP = timedelta(seconds=30)
"""Lines of several instances may arrive out of order."""


class ChoiceReason(StrEnum):
    """Why the logs of a training job are shown."""

    NAMED = "named"
    BEST = "best"
    NEWEST = "newest"
    RUNNING = "running"  # the newest of those that run
    FAILED = "failed"


@frozen
class LogChoice:
    """The training jobs whose logs are shown, and how many more there are of their kind."""

    reason: ChoiceReason
    training_jobs: tuple[TrainingJob, ...]
    left_out: int = 0


def choose_training_jobs(
    status: JobStatus, training_jobs: Sequence[TrainingJob], selector: str | None
) -> LogChoice:
    """The training jobs whose logs to show; `training_jobs` are the newest first.

    `selector` is the name of one, its number in the tuning job such as `002`, or a part of its name
    that no other has. Without it, these are the failed ones of a failed tuning job, the newest
    running one, the best one, or else the newest.

    Raises OperationError if there is none, and UsageError if `selector` matches several.
    """
    if not training_jobs:
        when = "" if status.has_ended else " yet"
        raise OperationError(
            f"{status.name} has no training jobs{when}",
            help=f"`hptc status {status.name}` shows its status",
        )
    if selector is not None:
        return LogChoice(
            reason=ChoiceReason.NAMED, training_jobs=(_named(status, training_jobs, selector),)
        )
    failed = [job for job in training_jobs if job.status == "Failed"]
    if status.status == "Failed" and failed:
        return LogChoice(
            reason=ChoiceReason.FAILED,
            training_jobs=tuple(failed[:MAX_FAILED]),
            left_out=len(failed[MAX_FAILED:]),
        )
    running = [job for job in training_jobs if job.status not in FINAL_TRAINING_STATUSES]
    if running:
        return LogChoice(reason=ChoiceReason.RUNNING, training_jobs=(running[0],))
    best = status.best
    if best is not None:
        return LogChoice(reason=ChoiceReason.BEST, training_jobs=(best,))
    return LogChoice(reason=ChoiceReason.NEWEST, training_jobs=(training_jobs[0],))


def _named(status: JobStatus, training_jobs: Sequence[TrainingJob], selector: str) -> TrainingJob:
    numbered = f"{status.name}-{selector}-"  # the hash after it may contain the same digits
    matching = (
        [job for job in training_jobs if job.name == selector]
        or [job for job in training_jobs if job.name.startswith(numbered)]
        or [job for job in training_jobs if selector in job.name]
    )
    match matching:
        case []:
            newest = [job.name for job in training_jobs[:_MAX_NAMES]]
            raise OperationError(
                f"{status.name} has no training job `{selector}`",
                help=f"its newest are {listed(newest)}",
            )
        case [only]:
            return only
    names = [job.name for job in matching[:_MAX_NAMES]]
    if left := len(matching) - len(names):
        names.append(f"{left} more")
    raise UsageError(
        f"`{selector}` matches {len(matching)} training jobs of {status.name}: {listed(names)}",
        help="pass the whole name of one",
    )


@dataclass(slots=True)
class NewLines:
    """The log events of one training job that were not returned before."""

    training_job: str
    _newest: datetime | None = None
    _seen: Counter[LogEvent] = field(default_factory=Counter)

    def read(self, tuning: TuningReader, *, tail: int | None = None) -> Iterator[LogEvent]:
        """New events, oldest first. With `tail`, the first call returns at most the last ones."""
        since = None if self._newest is None else self._newest - _OVERLAP
        now: Counter[LogEvent] = Counter()
        for event in tuning.log_events(
            self.training_job, since=since, tail=tail if since is None else None
        ):
            now[event] += 1
            self._newest = event.time if self._newest is None else max(self._newest, event.time)
            if now[event] > self._seen[event]:
                self._seen[event] += 1
                yield event
        if self._newest is not None:
            first = self._newest - _OVERLAP
            for event in [event for event in self._seen if event.time < first]:
                del self._seen[event]
