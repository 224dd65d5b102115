"""The jobs of an environment that no spec compiles to any more.

Names choose whom to ask, and a job's own tags decide. A job is superseded when its spec lives on
with other content, and orphaned when its spec is gone. Nothing is ever done to either.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hptc.compiler.outcome import Compiled, CompiledSpec
from hptc.errors import AwsError
from hptc.infrastructure.provenance_tags import TAG_PREFIX
from hptc.jobs.provenance import Provenance
from hptc.jobs.read_only import ReadOnlyTuning, is_denied
from hptc.project.project_file import Environment
from hptc.request.identity import MAX_NAME, scheduled_stem
from hptc.service.interface import Tuning
from hptc.service.responses import OVER, JobSummary

LISTED_BY_NAME = 10
"""Up to so many specs are listed each by its name. A list of everything is a call for each hundred
jobs, and AWS takes about two List calls a second."""

LOOKED_AT = 100
"""How many jobs that are over are asked for their tags, the newest first: one call each."""

_GENERATED = re.compile(r"(?P<stem>.+)(?P<suffix>-[0-9a-f]{8}(?:-r[0-9]{1,3})?)")
_SCHEDULED = re.compile(r"(?P<stem>.+)-[0-9]{12}")
_LONGEST_SUFFIX = len("-00000000-r999")


class Fate(StrEnum):
    """What became of a job's spec."""

    SUPERSEDED = "superseded"
    ORPHANED = "orphaned"


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierJob:
    """A job that no spec compiles to any more. `spec` is the living spec's name, or a path."""

    name: str
    status: str
    created: datetime
    fate: Fate
    spec: str

    @property
    def is_over(self) -> bool:
        """Whether nothing of it runs any more."""
        return self.status in OVER


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierJobs:
    """Those that run come first, then the newest. `not_looked_at` counts older ones, all over."""

    jobs: tuple[EarlierJob, ...] = ()
    not_looked_at: int = 0


def listed(
    tuning: Tuning, compiled: Sequence[Compiled], *, all_jobs: bool
) -> dict[str, JobSummary]:
    """The jobs that may matter, by name: of the whole account and Region, or of a few specs."""
    parts = {part for one in compiled for part in _parts(one)}
    if all_jobs or len(parts) > LISTED_BY_NAME:
        parts = {""}
    found: dict[str, JobSummary] = {}
    for part in sorted(parts):
        found |= {job.name: job for job in tuning.list_jobs(name_contains=part)}
    return found


def _parts(one: Compiled) -> Iterable[str]:
    """What the names of a spec's jobs contain, whatever their suffix."""
    name = one.job.name
    part = name
    if isinstance(one, CompiledSpec):
        part = one.name[: MAX_NAME - _LONGEST_SUFFIX].rstrip("-")
    scheduled = _scheduled_stem(one)
    parts = (part,) if part in name else (part, name)
    return parts if scheduled is None else (*parts, scheduled)


def _scheduled_stem(one: Compiled) -> str | None:
    """What the names of the jobs begin with that a spec's schedule starts; None without one."""
    if one.schedule is None or one.environment is None:
        return None
    return scheduled_stem(one.name, one.environment.project, one.environment.name)


def earlier_jobs(
    environment: Environment,
    compiled: Sequence[Compiled],
    read_only: ReadOnlyTuning,
    provenance: Callable[[Compiled], Provenance],
    *,
    is_whole_project: bool,
) -> EarlierJobs:
    """The environment's other jobs among those that were listed.

    The tags of every one that runs are read, and of `LOOKED_AT` others. Only with the whole project
    can a spec be said to be gone.
    """
    names = Names(compiled)

    @functools.cache
    def by_path() -> Mapping[str, str]:  # the file of a spec that may have had another name
        return {provenance(one).spec: one.name for one in compiled}

    found: list[EarlierJob] = []
    not_looked_at = looked_at = 0
    jobs = sorted((read_only.listed or {}).values(), key=lambda job: job.created, reverse=True)
    for job in jobs:
        if names.of_content(job.name) is not None or names.of_schedule(job.name) is not None:
            continue
        is_over = job.status in OVER
        stem_of = names.of_stem(job.name)
        if not is_whole_project and stem_of is None:
            continue
        if is_over and not _GENERATED.fullmatch(job.name):
            continue
        if is_over and looked_at == LOOKED_AT:
            not_looked_at += 1
            continue
        looked_at += is_over
        tags = readable_tags(read_only, job)
        if (
            tags.get(f"{TAG_PREFIX}project") != environment.project
            or tags.get(f"{TAG_PREFIX}environment") != environment.name
        ):
            continue
        path = tags.get(f"{TAG_PREFIX}spec", "")
        living = stem_of or by_path().get(path)
        if living is None and not is_whole_project:
            continue
        found.append(
            EarlierJob(
                name=job.name,
                status=job.status,
                created=job.created,
                fate=Fate.ORPHANED if living is None else Fate.SUPERSEDED,
                spec=living or path,
            )
        )
    found.sort(key=lambda job: job.is_over)
    return EarlierJobs(jobs=tuple(found), not_looked_at=not_looked_at)


def readable_tags(read_only: ReadOnlyTuning, job: JobSummary) -> Mapping[str, str]:
    """A job's tags; none for one that is gone since, or that the caller may not ask about."""
    try:
        return read_only.list_tags(job.arn)
    except AwsError as error:
        if is_denied(error) or error.code in ("ResourceNotFound", "ValidationException"):
            return {}
        raise


class Names:
    """The specs that there are, found by the name of a job."""

    def __init__(self, compiled: Sequence[Compiled]) -> None:
        self._compiled = compiled
        self._names = {one.job.name.lower(): one.name for one in compiled}
        self._stems: dict[int, dict[str, str]] = {}
        stems = {_scheduled_stem(one): one.name for one in compiled}
        self._scheduled = {stem: spec for stem, spec in stems.items() if stem is not None}

    def of_content(self, name: str) -> str | None:
        """The spec that a job is of as the spec stands, be it a numbered run."""
        lower = name.lower()
        if lower in self._names:
            return self._names[lower]
        match = _GENERATED.fullmatch(lower)
        if match is None or "-r" not in match["suffix"]:
            return None
        content = match["suffix"].rpartition("-r")[0]
        stem = match["stem"]
        # The stem of a numbered run may be cut shorter than that of the first.
        return next(
            (
                spec
                for each, spec in self._names.items()
                if each.startswith(stem) and each.endswith(content)
            ),
            None,
        )

    def of_schedule(self, name: str) -> str | None:
        """The spec whose schedule started a job, whatever its content was."""
        match = _SCHEDULED.fullmatch(name)
        return self._scheduled.get(match["stem"]) if match is not None else None

    def of_stem(self, name: str) -> str | None:
        """The spec from whose name this one was made, whatever its content was."""
        match = _GENERATED.fullmatch(name)
        if match is None:
            return None
        length = len(match["suffix"])
        if length not in self._stems:
            self._stems[length] = {
                one.name[: MAX_NAME - length].rstrip("-"): one.name
                for one in reversed(self._compiled)
                if isinstance(one, CompiledSpec)
            }
        return self._stems[length].get(match["stem"])
