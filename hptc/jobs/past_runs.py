"""What earlier runs of a spec took: compiled specs and AWS in, the times of training jobs out.

A run counts when it is over and some of its training jobs have completed. Names choose which jobs
are asked, and their own tags decide. Runs of the spec's present content come first; without any,
those of its earlier contents that ran on the same instances. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path, PurePosixPath

from hptc.compiler.outcome import Compiled
from hptc.infrastructure.provenance_tags import TAG_PREFIX
from hptc.jobs.history import Names, readable_tags
from hptc.jobs.read_only import ReadOnlyTuning
from hptc.request.reading import read_job
from hptc.request.tuning_job import TuningJob
from hptc.service.responses import OVER, JobSummary, TrainingJob

MOST_RUNS = 3
"""So many runs of a spec are read, the newest ones."""

MOST_LOOKED_AT = 10
"""So many jobs of a spec are asked for their tags to find them: one call each."""

MOST_TRAINING_JOBS = 750
"""So many training jobs of a run are read, the newest ones: a call for each hundred. Only Random
searches have more: https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html"""

MOST_BILLED = 10
"""So many training jobs of a run at spot are asked what AWS billed: one call each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingTime:
    """How long a training job was on its instances, which is what AWS bills on demand."""

    definition: str  # "" for a single one
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierRun:
    """A search that is over, and what its training jobs took."""

    name: str
    created: datetime
    is_same_content: bool
    training_jobs: int  # how many it started
    times: tuple[TrainingTime, ...]  # of those that were read and have run
    billed: Fraction | None  # the part of the time that AWS bills; None is not known, at spot


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierRuns:
    """The runs of one spec to go by, the newest first."""

    runs: tuple[EarlierRun, ...] = ()
    elsewhere: tuple[str, ...] = ()  # jobs that ran on other instances, or not at spot as now


def earlier_runs(
    compiled: Sequence[Compiled], read_only: ReadOnlyTuning, *, most_runs: int = MOST_RUNS
) -> list[EarlierRuns]:
    """The earlier runs of each spec, in their order, among the jobs that were listed.

    Raises AwsError when AWS refuses to tell; a job whose tags may not be read is left out.
    """
    candidates = _candidates(compiled, (read_only.listed or {}).values())
    return [_runs(one, candidates.get(one.name, []), read_only, most_runs) for one in compiled]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    summary: JobSummary
    is_same_content: bool  # by its name

    @property
    def order(self) -> tuple[bool, datetime]:
        return self.is_same_content, self.summary.created


def _candidates(
    compiled: Sequence[Compiled], listed: Iterable[JobSummary]
) -> dict[str, list[_Candidate]]:
    """By spec, those that may be earlier runs: of the present content first, then the newest."""
    names = Names(compiled)
    found: dict[str, list[_Candidate]] = {}
    for summary in listed:
        if summary.status not in OVER or not summary.training_jobs.completed:
            continue
        same = names.of_content(summary.name)
        spec = same or names.of_stem(summary.name) or names.of_schedule(summary.name)
        if spec is not None:
            found.setdefault(spec, []).append(
                _Candidate(summary=summary, is_same_content=same is not None)
            )
    for each in found.values():
        each.sort(key=lambda candidate: candidate.order, reverse=True)
    return found


def _runs(
    one: Compiled, candidates: Sequence[_Candidate], read_only: ReadOnlyTuning, most_runs: int
) -> EarlierRuns:
    runs: list[EarlierRun] = []
    elsewhere: list[str] = []
    for candidate in candidates[:MOST_LOOKED_AT]:
        if len(runs) == most_runs or (runs and not candidate.is_same_content):
            break
        summary = candidate.summary
        tags = readable_tags(read_only, summary)
        if not _is_of(one, summary.name, tags):
            continue
        is_same_content = tags.get(f"{TAG_PREFIX}digest") == one.digest
        if not is_same_content and not _is_alike(one, summary.name, read_only):
            elsewhere.append(summary.name)
            continue
        run = _read(one, summary, read_only, is_same_content=is_same_content)
        if run.times:
            runs.append(run)
    return EarlierRuns(runs=tuple(runs), elsewhere=tuple(elsewhere))


def _is_of(one: Compiled, name: str, tags: Mapping[str, str]) -> bool:
    """Whether a job whose name is right is this spec's, in this environment."""
    environment = one.environment
    ours = (environment.project, environment.name) if environment else ("", "")
    theirs = tuple(tags.get(f"{TAG_PREFIX}{key}", "") for key in ("project", "environment"))
    if f"{TAG_PREFIX}digest" not in tags or ours != theirs:
        return False
    if tags[f"{TAG_PREFIX}digest"] == one.digest or name.startswith(f"{one.name}-"):
        return True
    # The spec's name was cut to fit, and another one may begin alike.
    return PurePosixPath(tags.get(f"{TAG_PREFIX}spec", "")).name == Path(one.file).name


def _is_alike(one: Compiled, name: str, read_only: ReadOnlyTuning) -> bool:
    """Whether a job of other content ran as the spec would: its times are of use only then."""
    description = read_only.tuning.describe(name)
    if description is None:
        return False
    return _ways_to_run(read_job(description)) == _ways_to_run(one.job)


def _ways_to_run(job: TuningJob) -> dict[str, tuple[bool, list[tuple[str, int]]]]:
    """On what each definition's training jobs run."""
    return {
        definition.name or "" if job.is_multiple else "": (
            definition.is_spot,
            sorted((i.type, i.count) for each in definition.resources for i in each.instances),
        )
        for definition in job.definitions
    }


def _read(
    one: Compiled, summary: JobSummary, read_only: ReadOnlyTuning, *, is_same_content: bool
) -> EarlierRun:
    trained = list(read_only.list_training_jobs(summary.name, limit=MOST_TRAINING_JOBS))
    ran = [(each, seconds) for each in trained if (seconds := _seconds(each))]
    is_multiple = one.job.is_multiple
    is_spot = any(each.is_spot for each in one.job.definitions)
    return EarlierRun(
        name=summary.name,
        created=summary.created,
        is_same_content=is_same_content,
        training_jobs=max(summary.training_jobs.over, len(trained)),
        times=tuple(
            TrainingTime(definition=each.definition if is_multiple else "", seconds=seconds)
            for each, seconds in ran
        ),
        billed=_billed(ran, read_only) if is_spot else Fraction(1),
    )


def _seconds(job: TrainingJob) -> int:
    if job.started is None or job.ended is None:
        return 0
    return max(0, round((job.ended - job.started).total_seconds()))


def _billed(ran: Sequence[tuple[TrainingJob, int]], read_only: ReadOnlyTuning) -> Fraction | None:
    """The part of the time that AWS bills, by a few training jobs from the whole run.

    https://docs.aws.amazon.com/sagemaker/latest/dg/model-managed-spot-training.html
    """
    asked = ran[:: max(1, -(-len(ran) // MOST_BILLED))]
    told = [
        (billable, seconds)
        for job, seconds in asked
        if (billable := read_only.billable_seconds(job.name)) is not None
    ]
    if not told:
        return None
    billed, whole = (sum(column) for column in zip(*told, strict=True))
    return min(Fraction(1), Fraction(billed, whole))
