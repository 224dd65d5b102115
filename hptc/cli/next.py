"""`hptc next`."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from hptc.api.specs import current_project
from hptc.cli.console import print_needed, print_result, print_status, use_color
from hptc.cli.follow_up_code import follow_up_code
from hptc.cli.job_results import connect_to_job, read_job_results
from hptc.cli.options import ENV, JOB, JSON, REGION, SPEC_OUTPUT, TEXT_OR_JSON
from hptc.compiler.importing import requested
from hptc.compiler.pipeline import compile_text
from hptc.compiler.workspace import Workspace
from hptc.errors import EXIT_FINDINGS, EXIT_OK, UsageError
from hptc.files import write_whole
from hptc.render.diagnostics import Format, render
from hptc.render.written_files import spec_json
from hptc.request.reading import read_job
from hptc.request.tuning_job import TuningJob
from hptc.results.follow_up import FollowUp, follow_up, parent_names
from hptc.results.gather import ReadOptions
from hptc.service.interface import TuningReader
from hptc.service.lookup import described_request

SPEC_NAME = click.option("--name", "spec_name", metavar="NAME", help="Name of the new spec.")
NEW_DATA = click.option(
    "--new-data",
    "has_new_data",
    is_flag=True,
    help="The data has changed since: warm start with TransferLearning.",
)
FOLLOW_UP = ReadOptions(top=0, reads_logs=False)
"""What the spec of a follow-up needs of the results."""


@click.command("next")
@JOB
@ENV
@REGION
@SPEC_NAME
@NEW_DATA
@SPEC_OUTPUT
@TEXT_OR_JSON
def next_command(
    name: str,
    env: str | None,
    region: str | None,
    spec_name: str | None,
    has_new_data: bool,
    output: str | None,
    form: str,
) -> int:
    """Write the spec of a follow-up tuning job.

    NAME is the name of a tuning job, or a spec: its name or file. The follow-up warm-starts from
    it, and its ranges are wider where the best values are at a bound and narrower where they are
    close together. Comments give the evidence.
    """
    require_new(output)
    tuning, job_name, target = connect_to_job(name, env, region)
    results = read_job_results(tuning, job_name, FOLLOW_UP, estimates_importance=False)
    request = described_request(tuning, job_name)
    code = follow_up_code(target, results.status.origin, request, env)
    next_spec = follow_up(
        request,
        results,
        existing_jobs(tuning, parent_names(results.job)),
        name=spec_name,
        has_new_data=has_new_data,
        # The code may have changed, so the spec keeps the archive of the tuning job.
        sources=code.sources if code.is_same else None,
    )
    if not results.status.has_ended:
        print_status(f"note: {job_name} has not ended; a warm start is possible once it has")
    return write_follow_up(next_spec, output, env, form=form)


def require_new(output: str | None) -> None:
    """Raise UsageError for a file that exists."""
    if output is not None and os.path.lexists(output):
        raise UsageError(f"{output} already exists", help="remove it, or choose another name")


def write_follow_up(
    follow_up: FollowUp, output: str | None, env: str | None, *, form: str, command: str = "next"
) -> int:
    """Print or write the spec of a follow-up, and what `hptc check` finds in it."""
    has_errors = _print_findings(follow_up, env)
    if output is not None:
        write_whole(Path(output), follow_up.text)
        print_status(f"wrote {output}")
    if form == JSON:
        print_result(spec_json(command, follow_up.text, output))
    elif output is None:
        print_result(follow_up.text)
    return EXIT_FINDINGS if has_errors else EXIT_OK


def existing_jobs(tuning: TuningReader, names: tuple[str, ...]) -> Mapping[str, TuningJob]:
    """The tuning jobs with these names that exist."""
    descriptions = {name: tuning.describe(name) for name in names}
    return {
        name: read_job(requested(description))
        for name, description in descriptions.items()
        if description is not None
    }


def _print_findings(follow_up: FollowUp, env: str | None) -> bool:
    """Print the findings, also those that need the parents. Returns whether any is an error.

    The text is checked in the current project, whose policy applies to it.
    """
    outcome = compile_text(
        follow_up.text, f"{follow_up.name}.yaml", Workspace(environment=env), current_project()
    )
    if outcome.diagnostics:
        show = print_needed if outcome.has_errors else print_status
        shown = render(list(outcome.diagnostics), Format.TEXT, color=use_color(sys.stderr))
        show(shown)
    codes = {diagnostic.code for diagnostic in outcome.diagnostics}
    more = [finding for finding in follow_up.findings if finding.code not in codes]
    for finding in more:
        show = print_needed if finding.severity == "error" else print_status
        show(f"{finding.severity}[{finding.code}]: {finding.message}")
    return outcome.has_errors or any(finding.severity == "error" for finding in more)
