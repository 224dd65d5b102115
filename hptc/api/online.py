"""What needs an AWS account: plans, submissions, and results of tuning jobs.

Reading and creating are separate steps, so that a command can ask between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from hptc.account_checks.cached_queries import CachedQueries
from hptc.account_checks.preflight import preflight
from hptc.api.bounds import cost_bounds
from hptc.aws.client import Aws
from hptc.catalog.prices import PriceTable
from hptc.compiler.outcome import Compiled
from hptc.cost.forecast import ExpectedCost, expected_cost
from hptc.diagnostics import Diagnostic
from hptc.errors import FindingsError, HptcError, UsageError
from hptc.jobs import plan as planning
from hptc.jobs import submission
from hptc.jobs.decide import decide
from hptc.jobs.decisions import Decision, NotSubmitted, Submission, Submit
from hptc.jobs.history import listed_jobs
from hptc.jobs.past_runs import past_runs
from hptc.jobs.planned import Plan
from hptc.jobs.provenance import git_provenance
from hptc.jobs.snapshot import JobSnapshot, StackSnapshot
from hptc.project.project_file import Environment
from hptc.results.gather import Progress as ItemProgress
from hptc.results.gather import ReadOptions, no_progress, read_results
from hptc.results.importance_estimates import with_importance
from hptc.results.training_results import Results
from hptc.rules.engine import is_selected
from hptc.service.interface import Progress, TuningReader, silent
from hptc.stacks.status import current_digests

if TYPE_CHECKING:
    from hptc.compiler.progress import Progress as FileProgress

Decided = Mapping[str, Decision | NotSubmitted]
"""What a submission would do about each spec, by its file."""


def only_environment(compiled: Sequence[Compiled]) -> Environment | None:
    """The environment of specs, for a cost with --online. Raises UsageError for several."""
    environment = next((outcome.environment for outcome in compiled), None)
    if any(outcome.environment != environment for outcome in compiled):
        raise UsageError(
            "--online requires specs of a single environment",
            help="run `hptc cost --online` for each environment",
        )
    return environment


def expected_costs(
    compiled: Sequence[Compiled], tuning: TuningReader, *, progress: Progress = silent
) -> list[ExpectedCost]:
    """The expected cost of each spec, from its past runs."""
    jobs = JobSnapshot(tuning=tuning, listed=listed_jobs(tuning, compiled, all_jobs=False))
    runs = past_runs(compiled, jobs, progress=progress)
    return [expected_cost(*pair) for pair in zip(map(cost_bounds(), compiled), runs, strict=True)]


def plan_specs(compiled: Sequence[Compiled], aws: Aws, *, progress: Progress = silent) -> Plan:
    """What a submission of specs of one environment would do. Nothing in AWS is changed."""
    return planning.plan(
        compiled,
        aws.tuning,
        aws.stacks,
        provenance=git_provenance(compiled),
        is_whole_project=planning.is_whole_project(compiled),
        bound_of=cost_bounds(),
        progress=progress,
    )


def decide_each(
    compiled: Sequence[Compiled], aws: Aws, *, rerun: int | None = None, stale_ok: bool = False
) -> Decided:
    """What a submission would do about each spec. Nothing is created."""
    jobs, stacks = JobSnapshot(tuning=aws.tuning), StackSnapshot(aws.stacks)
    provenance = git_provenance(compiled)
    digests = {} if stale_ok else current_digests(compiled)

    def decision(spec: Compiled) -> Decision:
        return decide(spec, jobs, stacks, provenance=provenance, rerun=rerun, digests=digests)

    answers = submission.attempt_each(compiled, decision, not_submitted)
    return {outcome.file: answer for outcome, answer in zip(compiled, answers, strict=True)}


def new_jobs(compiled: Sequence[Compiled], decided: Decided) -> list[tuple[Compiled, Submit]]:
    """The specs whose submission creates a tuning job."""
    return [
        (outcome, decision)
        for outcome in compiled
        if isinstance(decision := decided[outcome.file], Submit)
    ]


def preflight_findings(
    jobs: Sequence[tuple[Compiled, Submit]],
    queries: CachedQueries,
    *,
    select: str | None = None,
    ignore: str | None = None,
    progress: FileProgress | None = None,
) -> dict[str, tuple[Diagnostic, ...]]:
    """What new tuning jobs lack in the account, by file."""
    findings: dict[str, tuple[Diagnostic, ...]] = {}
    for number, (compiled, submit) in enumerate(jobs, start=1):
        findings[compiled.file] = tuple(
            finding
            for finding in preflight(compiled, submit, queries)
            if is_selected(finding.code, select, ignore)
        )
        if progress is not None:
            progress(number, len(jobs))
    return findings


def preflight_errors(
    findings: Mapping[str, Sequence[Diagnostic]], *, skip: str = "--no-preflight"
) -> dict[str, FindingsError]:
    """The error of each file that lacks something. `skip` is how to submit without the check."""
    errors = {
        file: [finding for finding in in_file if finding.is_error]
        for file, in_file in findings.items()
    }
    return {file: _preflight_error(in_file, skip) for file, in_file in errors.items() if in_file}


def _preflight_error(errors: Sequence[Diagnostic], skip: str) -> FindingsError:
    more = f"; {len(errors) - 1} more above" if len(errors) > 1 else ""
    return FindingsError(
        f"not submitted: {errors[0].message}{more}",
        help=f"{errors[0].help}; `{skip}` submits without this check",
    )


def submit_each(
    compiled: Sequence[Compiled],
    decided: Decided,
    refused: Mapping[str, HptcError],
    aws: Aws,
    *,
    progress: Progress = silent,
) -> Iterator[Submission | NotSubmitted]:
    """Carry out decisions, each whether or not others fail, and yield each outcome at once."""

    def attempt(spec: Compiled) -> Submission:
        if spec.file in refused:
            raise refused[spec.file]
        answer = decided[spec.file]
        if isinstance(answer, NotSubmitted):
            raise answer.error
        return submission.execute(answer, aws.tuning, progress=progress)

    return submission.attempt_each(compiled, attempt, not_submitted)


def not_submitted(spec: Compiled, error: HptcError) -> NotSubmitted:
    """The outcome of a spec that was refused."""
    return NotSubmitted(name=spec.job.name, file=spec.file, error=error)


def job_results(
    tuning: TuningReader,
    job_name: str,
    prices: PriceTable,
    *,
    options: ReadOptions | None = None,
    estimates_importance: bool = True,
    progress: ItemProgress = no_progress,
) -> Results:
    """The results of a tuning job. Raises OperationError if it does not exist."""
    results = read_results(
        tuning, job_name, prices, options=options or ReadOptions(), progress=progress
    )
    return with_importance(results) if estimates_importance else results
