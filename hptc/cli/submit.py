"""`hptc submit`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from hptc.cli.connection import connect_to_environment
from hptc.cli.console import print_result, print_status
from hptc.cli.inputs import compile_all, current_environment, read_input, without_errors
from hptc.cli.options import AS_JSON, PATHS, spec_options
from hptc.errors import EXIT_FINDINGS, EXIT_OK, UsageError
from hptc.jobs import submission
from hptc.jobs.apply import apply
from hptc.jobs.decisions import DryRun, Submission
from hptc.jobs.plan_file import is_plan, read_plan
from hptc.jobs.provenance import git_provenance
from hptc.render.jobs import dry_run_notes, render_submission
from hptc.render.jobs_json import submission_json, submissions_json
from hptc.render.plan import applied_json, render_applied


@click.command()
@PATHS
@spec_options
@click.option("--dry-run", is_flag=True, help="Print the requests without sending them.")
@click.option(
    "--rerun", type=click.IntRange(1, 999), metavar="N", help="Run unchanged specs again, as run N."
)
@AS_JSON
def submit(
    paths: tuple[str, ...], dry_run: bool, rerun: int | None, as_json: bool, **options: Any
) -> int:
    """Create the tuning jobs of specs, or of a saved plan.

    A spec that was already submitted and has not changed is not submitted again. PATHS can also be
    a plan that `hptc plan --out` saved: hptc submits exactly its jobs, or reports what has changed
    since and submits nothing.
    """
    if len(paths) == 1 and (text := _plan_text(paths[0])) is not None:
        if dry_run or rerun is not None:
            raise UsageError("--dry-run and --rerun can't be used with a saved plan")
        return _submit_plan(text, paths[0], as_json, **options)
    compiled = without_errors(compile_all(paths, **options, enforces_policy=True))
    if compiled is None:
        return EXIT_FINDINGS
    for one in compiled:
        if one.project is not None and one.environment is None:
            one.project.environment(options["env"])  # raises: a job needs an environment
    # Files outside a project have no environment, but --env still names the expected account.
    environment = next((one.environment for one in compiled if one.environment), None)
    if environment is None and options["env"] is not None:
        environment = current_environment(options["env"])
    aws = connect_to_environment(environment)
    provenance = git_provenance(compiled)
    outcomes: list[Submission] = []
    try:
        for one in compiled:
            outcome: Submission = (
                submission.dry_run(one, aws.tuning, aws.stacks, provenance=provenance, rerun=rerun)
                if dry_run
                else submission.submit(
                    one,
                    aws.tuning,
                    aws.stacks,
                    provenance=provenance,
                    rerun=rerun,
                    progress=print_status,
                )
            )
            outcomes.append(outcome)
            if isinstance(outcome, DryRun):
                for note in dry_run_notes(outcome):
                    print_status(note)
            if not as_json:
                print_result(render_submission(outcome))
    finally:  # what was submitted before an error is still part of the result
        if as_json and len(compiled) > 1:
            print_result(submissions_json(outcomes))
        elif as_json and outcomes:
            print_result(submission_json(outcomes[0]))
    return EXIT_OK


def _plan_text(path: str) -> str | None:
    if not path.endswith(".json") or not Path(path).is_file():
        return None
    text, _ = read_input(path)
    return text if is_plan(text) else None


def _submit_plan(text: str, file: str, as_json: bool, env: str | None, **options: Any) -> int:
    plan = read_plan(text, file)
    # `apply` reports a missing file along with everything else that has changed.
    files = tuple(each.file for each in plan.decisions if Path(each.file).is_file())
    compiled = without_errors(
        compile_all(files, env or plan.place.environment, **options, enforces_policy=True)
        if files
        else []
    )
    if compiled is None:
        return EXIT_FINDINGS
    environment = next((one.environment for one in compiled if one.environment), None)
    aws = connect_to_environment(environment, region=plan.place.region)
    outcomes = apply(
        plan,
        compiled,
        aws.tuning,
        aws.stacks,
        provenance=git_provenance(compiled),
        progress=print_status,
    )
    applied = []
    try:
        for each in outcomes:
            applied.append(each)
            if not as_json:
                print_result(render_applied(each))
    finally:
        if as_json:
            print_result(applied_json(applied))
    for left in plan.blocked:
        print_status(f"skipped, because the plan has it as blocked: {left.name}")
    return EXIT_FINDINGS if plan.blocked else EXIT_OK
