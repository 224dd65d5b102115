"""`hptc submit`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

import hptc.cli.early_imports  # noqa: F401
from hptc.api.bounds import cost_bounds
from hptc.api.online import Decided, decide_each, new_jobs, not_submitted, submit_each
from hptc.api.specs import chosen_environment
from hptc.cli.connection import connect_to_environment
from hptc.cli.console import is_interactive, print_error, print_needed, print_result, print_status
from hptc.cli.inputs import compile_all, read_input, without_errors
from hptc.cli.options import JSON, PATHS, TEXT_OR_JSON, YES, spec_options
from hptc.cli.preflight import refused_by_preflight
from hptc.cli.rehearsal_note import rehearsal_note
from hptc.cli.watch import INTERVAL, follow, location_options
from hptc.cli.watch_display import progress_display
from hptc.compiler.outcome import Compiled
from hptc.cost.bound import summary
from hptc.errors import (
    EXIT_FINDINGS,
    EXIT_OK,
    EXIT_OPERATION,
    FindingsError,
    HptcError,
    UsageError,
)
from hptc.frozen import frozen
from hptc.jobs import submission
from hptc.jobs.apply import apply
from hptc.jobs.decisions import DecidedJob, DryRun, NotSubmitted, Submission, Submit
from hptc.jobs.plan_file import is_plan, read_plan
from hptc.jobs.planned import Applied, Plan
from hptc.jobs.provenance import git_provenance
from hptc.project.project_file import Environment
from hptc.render.jobs import (
    dry_run_notes,
    render_not_submitted,
    render_submission,
    render_to_submit,
)
from hptc.render.jobs_json import submission_json, submissions_json
from hptc.render.plan import applied_json
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
@click.option("--no-preflight", is_flag=True, help="Don't check that inputs, code and roles exist.")
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
    **options: Any,
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
    is_asked = is_interactive() and not yes
    if len(paths) == 1 and (text := _plan_text(paths[0])) is not None:
        if dry_run or rerun is not None or stale_ok:
            raise UsageError("--dry-run, --rerun and --stale-ok can't be used with a saved plan")
        submitted = _submit_plan(
            text, paths[0], form, is_asked=is_asked, has_preflight=not no_preflight, **options
        )
    else:
        submitted = _submit_specs(
            paths,
            dry_run=dry_run,
            rerun=rerun,
            stale_ok=stale_ok,
            has_preflight=not no_preflight,
            is_asked=is_asked,
            form=form,
            **options,
        )
    if wait and submitted.names:
        code = _follow(submitted, interval, options["env"])
        return max(code, submitted.exit_code)
    return submitted.exit_code


@frozen
class _Submitted:
    """What a run has submitted, or found in AWS: the tuning jobs that can be followed."""

    exit_code: int
    names: tuple[str, ...] = ()
    environment: Environment | None = None
    region: str | None = None  # of a plan


def _follow(submitted: _Submitted, interval: float, env: str | None) -> int:
    display = progress_display(sys.stderr, print_status)

    def connect() -> TuningReader:
        return connect_to_environment(
            submitted.environment, region=submitted.region, progress=display.note
        ).tuning

    options = location_options(env, None)
    return follow(submitted.names, connect, display, interval=interval, options=options)


def _submit_specs(
    paths: tuple[str, ...],
    *,
    dry_run: bool,
    rerun: int | None,
    stale_ok: bool,
    has_preflight: bool,
    is_asked: bool,
    form: str,
    **options: Any,
) -> _Submitted:
    compiled = without_errors(compile_all(paths, **options, enforces_policy=True), named=paths)
    if compiled is None:
        return _Submitted(exit_code=EXIT_FINDINGS)
    environment = chosen_environment(compiled, options["env"])
    aws = connect_to_environment(environment)
    decided: Decided = {}  # made before asking, not after
    refused: Mapping[str, HptcError] = {}
    if not dry_run:
        decided = decide_each(compiled, aws, rerun=rerun, stale_ok=stale_ok)
        to_submit = new_jobs(compiled, decided)
        if has_preflight:
            refused = refused_by_preflight(to_submit, environment, aws.region, **_codes(**options))
        if is_asked:
            new = [(spec, answer) for spec, answer in to_submit if spec.file not in refused]
            if not _is_confirmed(new, aws.region):
                return _Submitted(exit_code=EXIT_OPERATION)

    provenance = git_provenance(compiled)

    def attempt(spec: Compiled) -> Submission:
        return submission.dry_run(spec, aws.tuning, aws.stacks, provenance=provenance, rerun=rerun)

    answers = (
        submission.attempt_each(compiled, attempt, not_submitted)
        if dry_run
        else submit_each(compiled, decided, refused, aws, progress=print_status)
    )
    outcomes: list[Submission] = []
    failed: list[NotSubmitted] = []
    try:
        for outcome in answers:
            if isinstance(outcome, NotSubmitted):
                _report(outcome, failed, len(compiled))
                continue
            outcomes.append(outcome)
            if isinstance(outcome, DryRun):
                for note in dry_run_notes(outcome):
                    print_status(note)
            if form != JSON:
                print_result(render_submission(outcome))
    finally:  # what was submitted before an interruption is still part of the result
        if form == JSON and len(compiled) > 1:
            print_result(submissions_json(outcomes, failed))
        elif form == JSON and outcomes:
            print_result(submission_json(outcomes[0]))
    return _Submitted(
        exit_code=_exit_code(failed, len(compiled)),
        names=tuple(outcome.name for outcome in outcomes),
        environment=environment,
    )


def _codes(*, select: str | None, ignore: str | None, **_: Any) -> dict[str, str | None]:
    """The options that select codes of findings."""
    return {"select": select, "ignore": ignore}


def _report(refused: NotSubmitted, failed: list[NotSubmitted], tried: int) -> None:
    """Print why a job was not submitted. The error of the only job is raised at the end."""
    failed.append(refused)
    # Findings are printed already.
    if tried > 1 and not isinstance(refused.error, FindingsError):
        print_error(f"{refused.file}: {refused.error.message}", refused.error.help)


def _exit_code(failed: Sequence[NotSubmitted], tried: int) -> int:
    """The exit code of a run, with a summary of what failed. Raises the error of the only job."""
    if not failed:
        return EXIT_OK
    if tried == 1:
        error = failed[0].error
        if isinstance(error, FindingsError):  # printed already, at their lines
            raise FindingsError(
                f"{failed[0].name} was not submitted, because of the findings above",
                help="fix them; `--no-preflight` submits without this check",
            )
        raise error
    print_needed(render_not_submitted(failed, tried))
    return max(each.error.exit_code for each in failed)


def _is_confirmed(new: Sequence[tuple[Compiled, DecidedJob]], region: str) -> bool:
    """Show the jobs to create and ask. If there are none, there is nothing to confirm."""
    if not new:
        return True
    bound_of = cost_bounds()
    print_needed(render_to_submit([(job, summary(bound_of(spec))) for spec, job in new], region))
    if note := rehearsal_note(spec for spec, _ in new):
        print_status(note)
    if click.confirm("Submit?", err=True):
        return True
    print_status("nothing was submitted")
    return False


def _plan_text(path: str) -> str | None:
    if not path.endswith(".json") or not DISK.is_file(Path(path)):
        return None
    text, _ = read_input(path)
    return text if is_plan(text) else None


def _submit_plan(
    text: str,
    file: str,
    form: str,
    env: str | None,
    *,
    is_asked: bool,
    has_preflight: bool,
    **options: Any,
) -> _Submitted:
    plan = read_plan(text, file)
    compiled = _compiled_specs(plan, env, **options)
    if compiled is None:
        return _Submitted(exit_code=EXIT_FINDINGS)
    environment = next((one.environment for one in compiled if one.environment), None)
    aws = connect_to_environment(environment, region=plan.place.region)
    by_name = {one.name: one for one in compiled}
    refused: Mapping[str, HptcError] = {}

    def preflight(jobs: Sequence[Submit]) -> Mapping[str, HptcError]:
        nonlocal refused
        if has_preflight:
            found = refused_by_preflight(
                [(by_name[each.spec], each) for each in jobs],
                environment,
                aws.region,
                **_codes(**options),
            )
            refused = {each.spec: found[each.file] for each in jobs if each.file in found}
        return refused

    outcomes = apply(
        plan,
        compiled,
        aws.tuning,
        aws.stacks,
        provenance=git_provenance(compiled),
        preflight=preflight,
        progress=print_status,
    )
    tried = len(plan.to_submit)
    if is_asked:
        new = [(by_name[job.spec], job) for job in plan.to_submit if job.spec not in refused]
        if not _is_confirmed(new, aws.region):
            return _Submitted(exit_code=EXIT_OPERATION)
    applied: list[Applied] = []
    failed: list[NotSubmitted] = []
    try:
        for each in outcomes:
            applied.append(each)
            if isinstance(each.outcome, NotSubmitted):
                _report(each.outcome, failed, tried)
            elif form != JSON:
                print_result(render_submission(each.outcome))
    finally:
        if form == JSON:
            print_result(applied_json(applied))
    for blocked in plan.blocked:
        print_status(f"skipped, because it is blocked in the plan: {blocked.name}")
    code = _exit_code(failed, tried) or (EXIT_FINDINGS if plan.blocked else EXIT_OK)
    names = [each.outcome.name for each in applied if not isinstance(each.outcome, NotSubmitted)]
    names += [each.name for each in plan.unchanged]
    return _Submitted(
        exit_code=code,
        names=tuple(names),
        environment=environment,
        region=plan.place.region,
    )


def _compiled_specs(plan: Plan, env: str | None, **options: Any) -> list[Compiled] | None:
    """The specs of a plan, compiled; None if any of them has errors."""
    # `apply` reports a missing file along with everything else that has changed.
    files = tuple(each.file for each in plan.decisions if DISK.is_file(Path(each.file)))
    if not files:
        return []
    outcomes = compile_all(files, env or plan.place.environment, **options, enforces_policy=True)
    return without_errors(outcomes, named=files)
