"""Finds the tuning jobs of a spec, whatever the spec's content was when they were created.

Jobs are preselected by name and identified by their tags, or by the exact name that the spec
compiles to now. Nothing is written.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from itertools import islice

from hptc.errors import OperationError
from hptc.frozen import frozen
from hptc.infrastructure.run_search import RunSearch
from hptc.jobs.history import known_origin
from hptc.jobs.job_names import is_generated, name_stem
from hptc.jobs.snapshot import JobSnapshot
from hptc.service.interface import TuningReader
from hptc.service.responses import summary_of
from hptc.service.tuning_jobs import JobOrigin, JobSummary

MAX_TAGS_READ = 50
"""The tags of this many jobs with a similar name are read, the newest first: one call each."""

MAX_LISTED = 2000
"""This many jobs whose names contain a part of the spec's are listed: one call per hundred."""


@frozen
class FollowedSpec:
    """A spec, as far as its tuning jobs can be found by it. It may have errors now."""

    name: str
    file: str
    search: RunSearch | None  # None for a request in the API's form: it has one job
    job_name: str = ""  # of the current content; empty if the spec has errors
    digest: str = ""  # of the current content; empty if the spec has errors


@frozen
class SpecRun:
    """A tuning job of a spec. `origin` is empty if its tags can't be read."""

    summary: JobSummary
    origin: JobOrigin

    @property
    def name(self) -> str:
        """The tuning job's name."""
        return self.summary.name


@frozen
class SpecRuns:
    """The tuning jobs of a spec that were found, the newest first."""

    spec: FollowedSpec
    region: str
    runs: tuple[SpecRun, ...]
    unreadable: int  # jobs with a similar name whose tags can't be read
    is_cut: bool  # there are more jobs with a similar name than were read

    def newest(self) -> SpecRun:
        """The newest tuning job. Raises OperationError, which says why, if none was found."""
        if self.runs:
            return self.runs[0]
        spec = f"`{self.spec.name}` ({self.spec.file})"
        environment = self.spec.search.environment if self.spec.search is not None else ""
        where = f"{self.region}, environment `{environment}`" if environment else self.region
        if self.unreadable:
            raise OperationError(
                f"cannot tell whether {spec} has a tuning job in {where}: the tags of "
                f"{self.unreadable} with a similar name can't be read",
                help="the caller needs permission for sagemaker:ListTags; or pass the name of a "
                "tuning job, which `hptc list` shows",
            )
        if self.is_cut:
            raise OperationError(
                f"none of the newest {MAX_TAGS_READ} tuning jobs with a similar name in {where} is "
                f"of {spec}",
                help="pass the name of a tuning job, which `hptc list` shows",
            )
        raise OperationError(
            f"{spec} has no tuning job in {where}",
            help="`hptc submit` creates one; `hptc list` lists all tuning jobs",
        )


def spec_runs(
    spec: FollowedSpec, tuning: TuningReader, *, status: str = "", limit: int | None = None
) -> SpecRuns:
    """The newest `limit` tuning jobs of a spec, with any status or with `status`.

    It takes a List call per hundred jobs with a similar name, and a ListTags call for each
    candidate. Raises AwsError if AWS rejects a call; a job whose tags can't be read is left out,
    unless it has the exact name that the spec compiles to.
    """
    jobs = JobSnapshot(tuning=tuning)
    runs: list[SpecRun] = []
    unreadable = 0
    is_cut = False
    for number, job in enumerate(_candidates(spec, jobs, status)):
        if limit is not None and len(runs) == limit:
            break
        if number == MAX_TAGS_READ:
            is_cut = True
            break
        origin = known_origin(jobs, job)
        if _is_of(spec, job.name, origin or JobOrigin()):
            runs.append(SpecRun(summary=job, origin=origin or JobOrigin()))
        elif origin is None:
            unreadable += 1
    return SpecRuns(
        spec=spec,
        region=tuning.region,
        runs=tuple(runs),
        unreadable=unreadable,
        is_cut=is_cut,
    )


def _candidates(spec: FollowedSpec, jobs: JobSnapshot, status: str) -> Iterator[JobSummary]:
    """Jobs with a name of the spec, the newest first.

    The job of the current content is looked up by its name: a list may not have it yet, and a
    pinned name need not be similar to the spec's.
    """
    exact: list[JobSummary] = []
    description = jobs.describe(spec.job_name) if spec.job_name else None
    if description is not None:
        current = summary_of(description)
        exact = [current] if status in ("", current.status) else []
    search = spec.search
    listed: Iterator[JobSummary] = iter(())
    if search is not None:
        listed = (
            job
            for job in islice(
                jobs.tuning.list_jobs(name_contains=search.name_contains, status=status),
                MAX_LISTED,
            )
            if search.may_include(job.name) and job.name != spec.job_name
        )
    return heapq.merge(exact, listed, key=lambda job: job.created, reverse=True)


def _is_of(spec: FollowedSpec, name: str, origin: JobOrigin) -> bool:
    """Whether a tuning job is of a spec.

    Unlike for `latest(SPEC)`, it still is after the spec's file was moved, if its name has the
    whole name of the spec.
    """
    search = spec.search
    is_exact = name == spec.job_name
    if search is None or origin == JobOrigin():
        return is_exact
    if is_exact and origin.digest == spec.digest:
        return True  # environments share a job whose request is the same in them
    if (origin.project, origin.environment) != (search.project, search.environment):
        return False
    return (
        is_exact
        or (is_generated(name) and name_stem(name) == spec.name)
        or search.includes(
            name, project=origin.project, environment=origin.environment, path=origin.spec
        )
    )
