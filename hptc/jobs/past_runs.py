"""Reads how long the training jobs of a spec's past runs took.

A run counts if it has ended and some of its training jobs have completed. Jobs are
preselected by name and identified by their tags. Runs of the spec's current content come first; if
there are none, runs of its earlier content on the same instances count. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from fractions import Fraction
from pathlib import Path, PurePosixPath

from hptc.compiler.outcome import Compiled
from hptc.cost.evidence import PastRun, PastRuns, TrainingTime
from hptc.frozen import frozen
from hptc.jobs.history import readable_origin
from hptc.jobs.job_names import SpecsByJobName
from hptc.jobs.snapshot import JobSnapshot
from hptc.request.reading import read_job
from hptc.request.tuning_job import TuningJob
from hptc.service.interface import Progress, silent
from hptc.service.tuning_jobs import FINAL_STATUSES, JobOrigin, JobSummary, TrainingJob
from hptc.text import plural

MAX_RUNS = 3
"""This many runs of a spec are read, the newest first."""

MAX_CANDIDATES = 10
"""The tags of this many jobs of a spec are read to find its runs: one call each."""

MAX_TRAINING_JOBS = 750
"""This many training jobs of a run are read, the newest first: one call per hundred. Only tuning
jobs with the Random strategy have more:
https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html"""

MAX_BILLED = 10
"""The billed time of this many training jobs of a run with spot is read: one call each."""


def past_runs(
    compiled: Sequence[Compiled],
    jobs: JobSnapshot,
    *,
    max_runs: int = MAX_RUNS,
    progress: Progress = silent,
) -> list[PastRuns]:
    """The past runs of each spec, in the order of the specs, among the listed jobs.

    Raises AwsError if AWS rejects a call; a job whose tags can't be read is skipped.
    """
    candidates = _candidates(compiled, (jobs.listed or {}).values())
    if candidates:
        progress(f"reading the past runs of {plural(len(candidates), 'spec')}")
    return [
        _runs(outcome, candidates.get(outcome.name, []), jobs, max_runs) for outcome in compiled
    ]


@frozen
class _Candidate:
    summary: JobSummary
    is_same_content: bool  # by its name

    @property
    def order(self) -> tuple[bool, datetime]:
        return self.is_same_content, self.summary.created


def _candidates(
    compiled: Sequence[Compiled], listed: Iterable[JobSummary]
) -> dict[str, list[_Candidate]]:
    """The possible runs by spec: those of the current content first, then the newest."""
    specs = SpecsByJobName(compiled)
    candidates: dict[str, list[_Candidate]] = {}
    for summary in listed:
        if summary.status not in FINAL_STATUSES or not summary.training_jobs.completed:
            continue
        same = specs.with_content(summary.name)
        spec = same or specs.with_stem(summary.name) or specs.with_schedule(summary.name)
        if spec is not None:
            candidates.setdefault(spec, []).append(
                _Candidate(summary=summary, is_same_content=same is not None)
            )
    for of_spec in candidates.values():
        of_spec.sort(key=lambda candidate: candidate.order, reverse=True)
    return candidates


def _runs(
    compiled: Compiled, candidates: Sequence[_Candidate], jobs: JobSnapshot, max_runs: int
) -> PastRuns:
    runs: list[PastRun] = []
    elsewhere: list[str] = []
    for candidate in candidates[:MAX_CANDIDATES]:
        if len(runs) == max_runs or (runs and not candidate.is_same_content):
            break
        summary = candidate.summary
        origin = readable_origin(jobs, summary)
        if not _is_of(compiled, summary.name, origin):
            continue
        is_same_content = origin.digest == compiled.digest
        if not is_same_content and not _runs_alike(compiled, summary.name, jobs):
            elsewhere.append(summary.name)
            continue
        run = _read(compiled, summary, jobs, is_same_content=is_same_content)
        if run.times:
            runs.append(run)
    return PastRuns(runs=tuple(runs), elsewhere=tuple(elsewhere))


def _is_of(compiled: Compiled, name: str, origin: JobOrigin) -> bool:
    """Whether a job with a matching name belongs to this spec in this environment."""
    environment = compiled.environment
    ours = (environment.project, environment.name) if environment else ("", "")
    if not origin.digest or (origin.project, origin.environment) != ours:
        return False
    if origin.digest == compiled.digest or name.startswith(f"{compiled.name}-"):
        return True
    # The spec's name was cut to fit, and the name of another spec may start the same way.
    return PurePosixPath(origin.spec).name == Path(compiled.file).name


def _runs_alike(compiled: Compiled, name: str, jobs: JobSnapshot) -> bool:
    """Whether a job with other content ran on the same instances, so its times are comparable."""
    description = jobs.describe(name)
    if description is None:
        return False
    return _instances(read_job(description)) == _instances(compiled.job)


def _instances(job: TuningJob) -> dict[str, tuple[bool, list[tuple[str, int]]]]:
    """Whether each definition uses spot, and on which instances."""
    return {
        definition.name or "" if job.is_multiple else "": (
            definition.is_spot,
            sorted(
                (instances.type, instances.count)
                for resources in definition.resources
                for instances in resources.instances
            ),
        )
        for definition in job.definitions
    }


def _read(
    compiled: Compiled, summary: JobSummary, jobs: JobSnapshot, *, is_same_content: bool
) -> PastRun:
    training_jobs = list(jobs.training_jobs(summary.name, limit=MAX_TRAINING_JOBS))
    have_run = [
        (training_job, seconds)
        for training_job in training_jobs
        if (seconds := _seconds(training_job))
    ]
    is_multiple = compiled.job.is_multiple
    is_spot = any(definition.is_spot for definition in compiled.job.definitions)
    return PastRun(
        name=summary.name,
        created=summary.created,
        is_same_content=is_same_content,
        training_jobs=max(summary.training_jobs.ended, len(training_jobs)),
        times=tuple(
            TrainingTime(definition=training_job.definition if is_multiple else "", seconds=seconds)
            for training_job, seconds in have_run
        ),
        billed=_billed(have_run, jobs) if is_spot else Fraction(1),
    )


def _seconds(job: TrainingJob) -> int:
    if job.started is None or job.ended is None:
        return 0
    return max(0, round((job.ended - job.started).total_seconds()))


def _billed(have_run: Sequence[tuple[TrainingJob, int]], jobs: JobSnapshot) -> Fraction | None:
    """The share of the time that AWS bills, from a sample of the run's training jobs.

    https://docs.aws.amazon.com/sagemaker/latest/dg/model-managed-spot-training.html
    """
    sample = have_run[:: max(1, -(-len(have_run) // MAX_BILLED))]
    known = [
        (billable, seconds)
        for job, seconds in sample
        if (billable := jobs.billable_seconds(job.name)) is not None
    ]
    if not known:
        return None
    billed, total = (sum(column) for column in zip(*known, strict=True))
    return min(Fraction(1), Fraction(billed, total))
