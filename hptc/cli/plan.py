"""`hptc plan`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

import hptc.cli.early_imports  # noqa: F401
from hptc.api.online import plan_specs
from hptc.cli.connection import connect_to_environment
from hptc.cli.console import print_result, print_status, use_color
from hptc.cli.inputs import compile_all, without_errors
from hptc.cli.options import JSON, PATHS, TEXT_OR_JSON, spec_options
from hptc.errors import EXIT_FINDINGS, EXIT_OK
from hptc.files import write_whole
from hptc.jobs.plan_file import plan_text, read_plan
from hptc.render.plan import render_plan


@click.command()
@PATHS
@spec_options
@click.option("--out", metavar="FILE", help="Save the plan to FILE, for `hptc submit FILE`.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 if there is anything to do.")
@TEXT_OR_JSON
def plan(
    paths: tuple[str, ...], out: str | None, exit_code: bool, form: str, **options: Any
) -> int:
    """Compare specs with the tuning jobs in AWS.

    Shows which specs would be submitted, which are unchanged or blocked, and which stacks are
    orphaned. Nothing in AWS is changed.
    """
    compiled = without_errors(compile_all(paths, **options, enforces_policy=True), named=paths)
    if compiled is None:
        return EXIT_FINDINGS
    environment = next((spec.environment for spec in compiled if spec.environment), None)
    aws = connect_to_environment(environment)
    result = plan_specs(compiled, aws, progress=print_status)
    if out is not None:
        read_plan(plan_text(result), out)  # a plan that can't be read back is not saved
        write_whole(Path(out), plan_text(result))
        print_status(f"wrote {out}; run `hptc submit {out}` to submit exactly these jobs")
    print_result(
        plan_text(result) if form == JSON else render_plan(result, color=use_color(sys.stdout))
    )
    return EXIT_FINDINGS if exit_code and result.has_changes else EXIT_OK
