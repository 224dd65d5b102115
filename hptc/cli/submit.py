"""`hptc submit`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

import hptc.cli.early_imports  # noqa: F401
from hptc.api.bounds import cost_bounds
from hptc.api.online import decide_each, new_jobs, not_submitted, submit_each
from hptc.api.specs import chosen_environment
from hptc.cli.connection import connect_to_environment
from hptc.cli.console import is_interactive, print_needed, print_status
from hptc.cli.inputs import compile_all, read_input, without_errors
from hptc.cli.options import PATHS, TEXT_OR_JSON, YES, spec_options
from hptc.cli.preflight import refused_by_preflight
from hptc.cli.rehearsal_note import rehearsal_note
from hptc.cli.submission_report import SubmissionReport
from hptc.cli.watch import INTERVAL, follow, location_options
from hptc.cli.watch_display import progress_display
from hptc.compiler.outcome import Compiled
from hptc.cost.bound import summary
from hptc.errors import EXIT_FINDINGS, EXIT_OK, EXIT_OPERATION, HptcError, UsageError
from hptc.frozen import frozen
from hptc.jobs import submission
from hptc.jobs.apply import apply, check_plan
from hptc.jobs.decisions import DecidedJob, Submission, Submit
from hptc.jobs.plan_file import is_plan, read_plan
from hptc.jobs.planned import Plan
from hptc.jobs.provenance import git_provenance
from hptc.project.project_file import Environment
from hptc.render.jobs import render_to_submit
from hptc.request.identity import MAX_RERUN
from hptc.service.interface import TuningReader
from hptc.source.filesystem import DISK


@click.command()
@PATHS
@spec_options
@click.option("--dry-run", is_flag=True, help="Print the requests without sending them.")
@click.option(
    "--rerun",
    type=click.IntRange(1, MAX_RERUN),
    metavar="N",
    help="Run unchanged specs again, as run N.",
)
@click.option("--stale-ok", is_flag=True, help="Use stacks that are out of date.")
@click.option(
    "--no-preflight", is_flag=True, help="Don't check the inputs, code, role and security groups."
)
@YES
@click.option("--wait", is_flag=True, help="Follow the tuning jobs until they end.")
@INTERVAL
@TEXT_OR_JSON
def submit(
    paths: tuple[str, ...],
    dry_run: bool,
    rerun: int | None,
    stale_ok: bool,
    no_preflight: bool,
    yes: bool,
    wait: bool,
    interval: float,
    form: str,
    env: str | None,
    select: str | None,
    ignore: str | None,
) -> int:
    """Create the tuning jobs of specs, or of a saved plan.

    A spec that was already submitted and has not changed is not submitted again. In a terminal,
    hptc shows the jobs and their maximum cost, and asks. A job that AWS refuses, or whose inputs,
    code archive or role don't exist, does not stop the others. PATHS can also be a plan that
    `hptc plan --out` saved: hptc submits exactly its jobs, or reports what has changed since and
    submits nothing. With --wait, the tuning jobs are followed as `hptc watch` does, and the exit
    code is 3 if one fails.
    """
    if wait and dry_run:
        raise UsageError("--wait can't be used with --dry-run, which submits nothing")
    chosen = _Options(
        env=env,
        select=select,
        ignore=ignore,
        form=form,
        rerun=rerun,
        stale_ok=stale_ok,
        has_preflight=not no_preflight,
        is_asked=is_interactive() and not yes,
    )
    plan = _saved_plan(paths)
    if plan is not None:
        if dry_run or rerun is not None or stale_ok:
            raise UsageError("--dry-run, --rerun and --stale-ok can't be used with a saved plan")
        submitted = _submit_plan(plan, chosen)
    elif dry_run:
        submitted = _print_requests(paths, chosen)
    else:
        submitted = _submit_specs(paths, chosen)
    if wait and submitted.names:
        code = _follow(submitted, interval, env)
        return max(code, submitted.exit_code)
    return submitted.exit_code


@frozen
class _Options:
    """The options of a submission."""

    env: str | None
    select: str | None  # codes of findings, as in `hptc check`
    ignore: str | None
    form: str
    rerun: int | None
    stale_ok: bool
    has_preflight: bool
    is_asked: bool


@frozen
class _Submitted:
    """What a run has submitted, or found in AWS: the tuning jobs that can be followed."""

    exit_code: int
    names: tuple[str, ...] = ()
    environment: Environment | None = None
    region: str | None = None  # of a plan


def _saved_plan(paths: Sequence[str]) -> Plan | None:
    """The plan that `hptc plan --out` has saved, if that is what the user named."""
    if len(paths) != 1 or not paths[0].endswith(".json") or not DISK.is_file(Path(paths[0])):
        return None
    text, _ = read_input(paths[0])
    return read_plan(text, paths[0]) if is_plan(text) else None


def _print_requests(paths: tuple[str, ...], options: _Options) -> _Submitted:
    """Print what a submission would send. Nothing is sent."""
    compiled = _compile(paths, options.env, options)
    if compiled is None:
        return _Submitted(exit_code=EXIT_FINDINGS)
    aws = connect_to_environment(chosen_environment(compiled, options.env))
    provenance = git_provenance(compiled)

    def attempt(spec: Compiled) -> Submission:
        return submission.dry_run(
            spec, aws.tuning, aws.stacks, provenance=provenance, rerun=options.rerun
        )

    report = SubmissionReport(len(compiled), options.form)
    report.print_each(submission.attempt_each(compiled, attempt, not_submitted))
    return _Submitted(exit_code=report.exit_code())


def _submit_specs(paths: tuple[str, ...], options: _Options) -> _Submitted:
    compiled = _compile(paths, options.env, options)
    if compiled is None:
        return _Submitted(exit_code=EXIT_FINDINGS)
    environment = chosen_environment(compiled, options.env)
    aws = connect_to_environment(environment)
    # Decided before asking, so that what the user confirms is what is submitted.
    decided = decide_each(compiled, aws, rerun=options.rerun, stale_ok=options.stale_ok)
    jobs = new_jobs(compiled, decided)
    refused = _preflight(jobs, environment, aws.region, options)
    if options.is_asked:
        accepted = [(spec, job) for spec, job in jobs if spec.file not in refused]
        if not _is_confirmed(accepted, aws.region):
            return _Submitted(exit_code=EXIT_OPERATION)
    report = SubmissionReport(len(compiled), options.form)
    report.print_each(submit_each(compiled, decided, refused, aws, progress=print_status))
    return _Submitted(
        exit_code=report.exit_code(),
        names=tuple(job.name for job in report.submitted),
        environment=environment,
    )


def _submit_plan(plan: Plan, options: _Options) -> _Submitted:
    # `check_plan` reports a missing file along with everything else that has changed.
    files = tuple(decision.file for decision in plan.decisions if DISK.is_file(Path(decision.file)))
    compiled = _compile(files, options.env or plan.place.environment, options) if files else []
    if compiled is None:
        return _Submitted(exit_code=EXIT_FINDINGS)
    environment = next((spec.environment for spec in compiled if spec.environment), None)
    aws = connect_to_environment(environment, region=plan.place.region)
    checked = check_plan(
        plan,
        compiled,
        aws.tuning,
        aws.stacks,
        provenance=git_provenance(compiled),
        progress=print_status,
    )
    specs = {spec.name: spec for spec in compiled}
    jobs = [(specs[job.spec], job) for job in checked.new_jobs]
    errors = _preflight(jobs, environment, aws.region, options)
    refused = {job.spec: errors[job.file] for _, job in jobs if job.file in errors}
    if options.is_asked:
        accepted = [(specs[job.spec], job) for job in plan.to_submit if job.spec not in refused]
        if not _is_confirmed(accepted, aws.region):
            return _Submitted(exit_code=EXIT_OPERATION)
    report = SubmissionReport(len(plan.to_submit), options.form)
    report.print_each_applied(apply(checked, aws.tuning, refused=refused, progress=print_status))
    for blocked in plan.blocked:
        print_status(f"skipped, because it is blocked in the plan: {blocked.name}")
    return _Submitted(
        exit_code=report.exit_code() or (EXIT_FINDINGS if plan.blocked else EXIT_OK),
        names=tuple(job.name for job in (*report.submitted, *plan.unchanged)),
        environment=environment,
        region=plan.place.region,
    )


def _compile(paths: tuple[str, ...], env: str | None, options: _Options) -> list[Compiled] | None:
    """The compiled specs; None if any of them has errors, which are printed."""
    outcomes = compile_all(paths, env, options.select, options.ignore, enforces_policy=True)
    return without_errors(outcomes, named=paths)


def _preflight(
    jobs: Sequence[tuple[Compiled, Submit]],
    environment: Environment | None,
    region: str,
    options: _Options,
) -> Mapping[str, HptcError]:
    """The errors, by file, of new tuning jobs whose inputs, code or role don't exist."""
    if not options.has_preflight:
        return {}
    return refused_by_preflight(
        jobs, environment, region, select=options.select, ignore=options.ignore
    )


def _is_confirmed(jobs: Sequence[tuple[Compiled, DecidedJob]], region: str) -> bool:
    """Show the jobs to create and ask. If there are none, there is nothing to confirm."""
    if not jobs:
        return True
    bound_of = cost_bounds()
    print_needed(render_to_submit([(job, summary(bound_of(spec))) for spec, job in jobs], region))
    if note := rehearsal_note(spec for spec, _ in jobs):
        print_status(note)
    if click.confirm("Submit?", err=True):
        return True
    print_status("nothing was submitted")
    return False


def _follow(submitted: _Submitted, interval: float, env: str | None) -> int:
    display = progress_display(sys.stderr, print_status)

    def connect() -> TuningReader:
        return connect_to_environment(
            submitted.environment, region=submitted.region, progress=display.note
        ).tuning

    options = location_options(env, None)
    return follow(submitted.names, connect, display, interval=interval, options=options)
