"""Finds the newest completed tuning job of a spec, which `latest(SPEC)` stands for."""

from __future__ import annotations

from hptc.infrastructure.run_search import MAX_CANDIDATES, RunSearch
from hptc.jobs.history import readable_origin
from hptc.jobs.snapshot import JobSnapshot


class TooManyCandidatesError(Exception):
    """None of the newest candidates is a run, and there may be older ones."""


def latest_run(search: RunSearch, jobs: JobSnapshot) -> str | None:
    """The name of the newest completed run of a spec; None if there is none.

    It takes one List call, and one ListTags for each candidate until a run is found: a job whose
    tags can't be read is skipped. Raises TooManyCandidatesError, and AwsError if AWS rejects a
    call.
    """
    candidates = jobs.completed(search.name_contains, limit=MAX_CANDIDATES)
    for job in candidates:
        if not search.may_include(job.name):
            continue
        origin = readable_origin(jobs, job)
        if search.includes(
            job.name,
            project=origin.project,
            environment=origin.environment,
            path=origin.spec,
        ):
            return job.name
    if len(candidates) == MAX_CANDIDATES:
        raise TooManyCandidatesError
    return None
