"""`hptc submit`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from hptc.aws.client import connect
from hptc.aws.retry import Retry
from hptc.cli.console import say, show
from hptc.cli.inputs import compile_all, environment_here, read_input, without_errors
from hptc.cli.options import AS_JSON, PATHS, spec_options
from hptc.errors import EXIT_FINDINGS, EXIT_OK, UsageError
from hptc.jobs import submission
from hptc.jobs.apply import apply
from hptc.jobs.decisions import DryRun, Submission
from hptc.jobs.plan_file import is_plan, read_plan
from hptc.jobs.provenance import git_provenance
from hptc.render.jobs import render_submission
from hptc.render.jobs_json import submission_json, submissions_json
from hptc.render.plan import applied_json, render_applied


@click.command()
@PATHS
@spec_options
@click.option("--dry-run", is_flag=True, help="Print what would be sent, and send nothing.")
@click.option(
    "--rerun", type=click.IntRange(1, 999), metavar="N", help="Repeat the same content as run N."
)
@AS_JSON
def submit(
    paths: tuple[str, ...], dry_run: bool, rerun: int | None, as_json: bool, **options: Any
) -> int:
    """Create the tuning jobs of specs, or of a saved plan.

    The same content is never sent twice. A plan that `hptc plan --out` wrote is carried out
    exactly, or refused with what moved.
    """
    if len(paths) == 1 and (text := _plan_text(paths[0])) is not None:
        if dry_run or rerun is not None:
            raise UsageError("a saved plan is carried out as it is: no --dry-run and no --rerun")
        return _submit_plan(text, paths[0], as_json, **options)
    compiled = without_errors(compile_all(paths, **options))
    if compiled is None:
        return EXIT_FINDINGS
    for one in compiled:
        if one.project is not None and one.environment is None:
            one.project.environment(options["env"])  # a check may leave it open, a job may not
    # A file outside of any project has none; of one that was named the account is checked.
    environment = next((one.environment for one in compiled if one.environment), None)
    if environment is None and options["env"] is not None:
        environment = environment_here(options["env"])
    aws = connect(environment, retry=Retry(progress=say))
    provenance = git_provenance(compiled)
    outcomes: list[Submission] = []
    try:
        for one in compiled:
            outcome: Submission = (
                submission.dry_run(one, aws.stacks, provenance=provenance, rerun=rerun)
                if dry_run
                else submission.submit(
                    one,
                    aws.tuning,
                    aws.stacks,
                    provenance=provenance,
                    rerun=rerun,
                    progress=say,
                )
            )
            outcomes.append(outcome)
            if isinstance(outcome, DryRun) and outcome.unresolved:
                say(f"not deployed, so still a reference: {', '.join(outcome.unresolved)}")
            if not as_json:
                show(render_submission(outcome))
    finally:  # what was submitted before a refusal is part of the result
        if as_json and len(compiled) > 1:
            show(submissions_json(outcomes))
        elif as_json and outcomes:
            show(submission_json(outcomes[0]))
    return EXIT_OK


def _plan_text(path: str) -> str | None:
    if not path.endswith(".json") or not Path(path).is_file():
        return None
    text, _ = read_input(path)
    return text if is_plan(text) else None


def _submit_plan(text: str, file: str, as_json: bool, env: str | None, **options: Any) -> int:
    plan = read_plan(text, file)
    # A file that is gone is among what moved, which `apply` tells with the rest.
    files = tuple(each.file for each in plan.decisions if Path(each.file).is_file())
    compiled = without_errors(
        compile_all(files, env or plan.place.environment, **options) if files else []
    )
    if compiled is None:
        return EXIT_FINDINGS
    environment = next((one.environment for one in compiled if one.environment), None)
    aws = connect(environment, region=plan.place.region, retry=Retry(progress=say))
    outcomes = apply(
        plan,
        compiled,
        aws.tuning,
        aws.stacks,
        provenance=git_provenance(compiled),
        progress=say,
    )
    applied = []
    try:
        for each in outcomes:
            applied.append(each)
            if not as_json:
                show(render_applied(each))
    finally:
        if as_json:
            show(applied_json(applied))
    for left in plan.blocked:
        say(f"left, as it was blocked in the plan: {left.name}")
    return EXIT_FINDINGS if plan.blocked else EXIT_OK
