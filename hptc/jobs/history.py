"""Lists an environment's tuning jobs and finds the stale ones, which no spec compiles to.

Jobs are preselected by name and identified by their tags. Stale jobs are not changed.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

from hptc.aws.aws_errors import is_access_denied
from hptc.compiler.outcome import Compiled
from hptc.errors import AwsError
from hptc.jobs.job_names import SpecsByJobName, is_generated, name_parts
from hptc.jobs.planned import StaleJob, StaleJobs, StaleReason
from hptc.jobs.provenance import ProvenanceOf
from hptc.jobs.snapshot import JobSnapshot
from hptc.project.project_file import Environment
from hptc.service.interface import TuningReader
from hptc.service.tuning_jobs import FINAL_STATUSES, JobOrigin, JobSummary

MAX_LISTED_BY_NAME = 10
"""Up to this many specs, the jobs of each are listed by name. Listing every job takes a call per
hundred jobs, and AWS accepts about two List calls a second."""

MAX_TAGS_READ = 100
"""The tags of this many jobs that have ended are read, the newest first: one call each."""


def listed_jobs(
    tuning: TuningReader, compiled: Sequence[Compiled], *, all_jobs: bool
) -> dict[str, JobSummary]:
    """The jobs to compare with, by name: those of a few specs, or of the account and Region."""
    parts = {part for outcome in compiled for part in name_parts(outcome)}
    if all_jobs or len(parts) > MAX_LISTED_BY_NAME:
        parts = {""}
    jobs: dict[str, JobSummary] = {}
    for part in sorted(parts):
        jobs |= {job.name: job for job in tuning.list_jobs(name_contains=part)}
    return jobs


def stale_jobs(
    environment: Environment,
    compiled: Sequence[Compiled],
    jobs: JobSnapshot,
    provenance: ProvenanceOf,
    *,
    is_whole_project: bool,
) -> StaleJobs:
    """The environment's stale jobs among the listed ones.

    The tags of every running job are read, and of `MAX_TAGS_READ` others. A spec only counts as
    removed if the whole project is passed.
    """
    specs = SpecsByJobName(compiled)

    @functools.cache
    def spec_by_path() -> Mapping[str, str]:  # the spec may have had another name
        return {provenance(outcome).spec: outcome.name for outcome in compiled}

    newest_first = sorted((jobs.listed or {}).values(), key=lambda job: job.created, reverse=True)
    candidates = [
        job
        for job in newest_first
        if _may_be_stale(job, specs) and (is_whole_project or specs.with_stem(job.name) is not None)
    ]
    ended = [job for job in candidates if job.status in FINAL_STATUSES]
    unchecked = {job.name for job in ended[MAX_TAGS_READ:]}
    stale: list[StaleJob] = []
    for job in candidates:
        if job.name in unchecked:
            continue
        origin = readable_origin(jobs, job)
        if (origin.project, origin.environment) != (environment.project, environment.name):
            continue
        spec = specs.with_stem(job.name) or spec_by_path().get(origin.spec)
        if spec is None and not is_whole_project:
            continue
        stale.append(
            StaleJob(
                name=job.name,
                status=job.status,
                created=job.created,
                reason=StaleReason.ORPHANED if spec is None else StaleReason.SUPERSEDED,
                spec=spec or origin.spec,
            )
        )
    stale.sort(key=lambda job: job.has_ended)
    return StaleJobs(jobs=tuple(stale), unchecked=len(unchecked))


def _may_be_stale(job: JobSummary, specs: SpecsByJobName) -> bool:
    """Whether no spec compiles to a job of this name, and hptc may have created it."""
    if specs.with_content(job.name) is not None or specs.with_schedule(job.name) is not None:
        return False
    return job.status not in FINAL_STATUSES or is_generated(job.name)


def readable_origin(jobs: JobSnapshot, job: JobSummary) -> JobOrigin:
    """A job's origin; empty if the job no longer exists or its tags can't be read."""
    return known_origin(jobs, job) or JobOrigin()


def known_origin(jobs: JobSnapshot, job: JobSummary) -> JobOrigin | None:
    """A job's origin; empty if the job no longer exists, and None if its tags can't be read."""
    try:
        return jobs.origin(job.arn)
    except AwsError as error:
        if is_access_denied(error):
            return None
        if error.code in ("ResourceNotFound", "ValidationException"):
            return JobOrigin()
        raise
