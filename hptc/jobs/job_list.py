"""Lists tuning jobs with their best objective values: all, those of a spec, or of a project."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from hptc.frozen import frozen
from hptc.jobs.history import known_origin
from hptc.jobs.snapshot import JobSnapshot
from hptc.service.interface import TuningReader
from hptc.service.responses import best_training_job
from hptc.service.tuning_jobs import JobOrigin, JobSummary, ListedJob

MAX_TAGS_READ = 200
"""The tags of this many jobs are read to find those of a project: one call each."""


@frozen
class ProjectJobs:
    """The newest tuning jobs of a project."""

    jobs: tuple[tuple[JobSummary, JobOrigin], ...]
    unreadable: int  # jobs whose tags can't be read
    is_cut: bool  # `MAX_TAGS_READ` jobs were read, and there are more


def project_jobs(
    project: str, tuning: TuningReader, candidates: Iterable[JobSummary], *, limit: int
) -> ProjectJobs:
    """The newest `limit` tuning jobs that belong to a project by their tags."""
    jobs = JobSnapshot(tuning=tuning)
    listed: list[tuple[JobSummary, JobOrigin]] = []
    unreadable = 0
    is_cut = False
    for number, job in enumerate(candidates):
        if len(listed) == limit:
            break
        if number == MAX_TAGS_READ:
            is_cut = True
            break
        origin = known_origin(jobs, job)
        unreadable += origin is None
        if origin is not None and origin.project == project:
            listed.append((job, origin))
    return ProjectJobs(jobs=tuple(listed), unreadable=unreadable, is_cut=is_cut)


def with_best(
    jobs: Iterable[tuple[JobSummary, JobOrigin | None]],
    tuning: TuningReader,
    *,
    now: datetime,
    reads_best: bool = True,
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[ListedJob]:
    """Jobs with their best training jobs: a Describe call for each that can have one."""
    for number, (summary, origin) in enumerate(jobs, start=1):
        best = None
        if reads_best and summary.objectives.succeeded:
            description = tuning.describe(summary.name)
            best = best_training_job(description) if description is not None else None
        progress(number)
        yield ListedJob(
            summary=summary,
            elapsed_seconds=summary.elapsed_seconds(now),
            best=best,
            origin=origin,
        )
