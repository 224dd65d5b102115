"""Follows tuning jobs until they end: `hptc watch`, and `hptc submit --wait`.

Watching only reads. An error that may pass, such as an expired session or a lost network, is shown,
and watching continues.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto
from typing import Protocol

from hptc.cli.interrupts import stop_if_interrupted
from hptc.errors import EXIT_OK, EXIT_OPERATION, AwsError
from hptc.frozen import frozen
from hptc.jobs.job_observer import JobObserver, is_temporary
from hptc.jobs.job_progress import JobOutcome, JobProgress
from hptc.service.interface import TuningReader

DEFAULT_INTERVAL_SECONDS = 15.0
_MAX_QUIET_SECONDS = 60.0
"""While nothing changes, the interval grows up to this, or to a longer `--interval`."""
_MAX_RETRY_SECONDS = 300.0
_GROWTH = 1.5


@frozen
class Clock:
    """Time as the loop sees it."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep


class Display(Protocol):
    """Where progress is shown."""

    def show(self, progress: Sequence[JobProgress], now: datetime) -> None:
        """Show the progress of every tuning job."""

    def note(self, text: str) -> None:
        """Show a message that is not progress."""


@dataclass(slots=True)
class _Pace:
    """How long to wait: longer while nothing changes, and after each error in a row."""

    interval: float
    max_quiet: float
    _quiet: float = 0.0
    _errors: int = 0

    def after_reading(self, *, is_changed: bool) -> float:
        self._errors = 0
        longest = max(self.interval, self.max_quiet)
        is_first = is_changed or not self._quiet
        self._quiet = self.interval if is_first else min(longest, self._quiet * _GROWTH)
        return self._quiet

    def after_error(self) -> float:
        self._errors += 1
        longest = max(self.interval, _MAX_RETRY_SECONDS)
        return min(longest, self.interval * float(1 << min(self._errors - 1, 16)))


class Step(Enum):
    """What one reading found."""

    CHANGED = auto()
    UNCHANGED = auto()
    DONE = auto()  # there is nothing more to read


def poll(
    step: Callable[[TuningReader, datetime], Step],
    connect: Callable[[], TuningReader],
    note: Callable[[str], None],
    *,
    interval: float,
    max_quiet: float = _MAX_QUIET_SECONDS,
    clock: Clock | None = None,
) -> None:
    """Read again and again until a step is done.

    After an error of credentials or network, `connect` is called again, because new credentials
    may be there. Raises the errors of the first reading, and any that will not pass.
    """
    clock = clock or Clock()
    pace = _Pace(interval, max_quiet)
    tuning: TuningReader | None = None
    has_read = False
    while True:
        stop_if_interrupted()
        try:
            tuning = tuning or connect()
            outcome = step(tuning, clock.now())
        except AwsError as error:
            if not has_read or not is_temporary(error):
                raise
            tuning = None
            delay = pace.after_error()
            help = f"; {error.help}" if error.help else ""
            note(
                f"cannot read from AWS: {error.message}{help}\n"
                f"the tuning job is not affected; trying again in {delay:.0f} s"
            )
            clock.sleep(delay)
            continue
        has_read = True
        if outcome is Step.DONE:
            return
        clock.sleep(pace.after_reading(is_changed=outcome is Step.CHANGED))


def watch_jobs(
    observers: Sequence[JobObserver],
    connect: Callable[[], TuningReader],
    display: Display,
    *,
    interval: float = DEFAULT_INTERVAL_SECONDS,
    clock: Clock | None = None,
) -> int:
    """Show the progress of tuning jobs until all have ended; return an exit code.

    Raises the errors of `poll`, and OperationError for a tuning job that does not exist.
    """
    before: list[tuple[object, ...]] = []

    def step(tuning: TuningReader, now: datetime) -> Step:
        nonlocal before
        for observer in observers:
            if observer.latest is None or not observer.latest.has_ended:
                observer.observe(tuning, now)
        progress = _latest(observers)
        display.show(progress, now)
        if all(job.has_ended for job in progress):
            return Step.DONE
        after = [job.essentials for job in progress]
        is_changed, before = after != before, after
        return Step.CHANGED if is_changed else Step.UNCHANGED

    poll(step, connect, display.note, interval=interval, clock=clock)
    return exit_code(_latest(observers))


def _latest(observers: Sequence[JobObserver]) -> list[JobProgress]:
    return [observer.latest for observer in observers if observer.latest is not None]


def exit_code(progress: Sequence[JobProgress]) -> int:
    """0 if every tuning job completed, or stopped because one of its criteria was met."""
    good = (JobOutcome.COMPLETED, JobOutcome.CRITERION_MET)
    return EXIT_OK if all(job.outcome in good for job in progress) else EXIT_OPERATION
