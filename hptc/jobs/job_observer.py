"""Reads the progress of a running tuning job again and again, with few calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hptc.aws.aws_errors import affects_every_call, is_access_denied
from hptc.aws.retry import retry_policy
from hptc.cost.bound import CostBound
from hptc.errors import AwsError
from hptc.jobs.job_progress import FINAL_TRAINING_STATUSES, JobProgress, job_progress
from hptc.request.emission import Request
from hptc.request.reading import read_job
from hptc.request.tuning_job import TuningJob
from hptc.service.interface import TuningReader
from hptc.service.lookup import describe
from hptc.service.responses import read_status
from hptc.service.tuning_jobs import TrainingJob

BoundOf = Callable[[TuningJob, str], CostBound]
"""Returns the maximum cost of a tuning job in a Region."""


@dataclass(slots=True, kw_only=True)
class JobObserver:
    """One tuning job. A training job that has ended is read once."""

    name: str
    bound_of: BoundOf
    latest: JobProgress | None = None
    _known: dict[str, TrainingJob] = field(default_factory=dict)
    _bound: CostBound | None = None
    _may_list: bool = True

    def observe(self, tuning: TuningReader, now: datetime) -> JobProgress:
        """Read the tuning job's progress.

        Raises OperationError if it does not exist (anymore), and AwsError if AWS rejects a call.
        Without permission to list training jobs, the progress lacks what only they have.
        """
        description = describe(tuning, self.name)
        job = read_job(_as_request(description))
        if self._bound is None:
            self._bound = self.bound_of(job, tuning.region)
        status = read_status(description, {}, now=now)
        self.latest = job_progress(status, job, self._training_jobs(tuning), self._bound, now=now)
        return self.latest

    def _training_jobs(self, tuning: TuningReader) -> tuple[TrainingJob, ...] | None:
        if self._may_list:
            try:
                self._read(tuning.list_training_jobs(self.name))
            except AwsError as error:
                if not is_access_denied(error):
                    raise
                self._may_list = False
        return tuple(self._known.values()) if self._may_list else None

    def _read(self, newest_first: Iterable[TrainingJob]) -> None:
        """Read training jobs until only known ones follow, all of which have ended."""
        open_names = {
            name for name, job in self._known.items() if job.status not in FINAL_TRAINING_STATUSES
        }
        for job in newest_first:
            if not open_names and job.name in self._known:
                break
            open_names.discard(job.name)
            self._known[job.name] = job


def _as_request(description: Mapping[str, Any]) -> Request:
    """A description without empty members, which a request doesn't have."""
    return {key: value for key, value in description.items() if value is not None}


def is_temporary(error: AwsError) -> bool:
    """Whether the same call may succeed later: throttling, network, or expired credentials."""
    return affects_every_call(error) or retry_policy(error) is not None
