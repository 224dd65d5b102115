"""The evidence behind a forecast: past runs of a spec, and the times of their training jobs."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction

from hptc.frozen import frozen


@frozen
class TrainingTime:
    """How long a training job used its instances, which AWS bills on demand."""

    definition: str  # empty for a tuning job with a single one
    seconds: int


@frozen
class PastRun:
    """A tuning job that has ended, and how long its training jobs took."""

    name: str
    created: datetime
    is_same_content: bool
    training_jobs: int  # that it started
    times: tuple[TrainingTime, ...]  # of the training jobs that were read and have run
    billed: Fraction | None  # the share of the time that AWS bills; None if unknown, with spot


@frozen
class PastRuns:
    """The comparable runs of one spec, the newest first."""

    runs: tuple[PastRun, ...] = ()
    elsewhere: tuple[str, ...] = ()  # tuning jobs on other instances, or with another spot setting
