"""`hptc metrics`."""

from __future__ import annotations

import io
from pathlib import Path

import click

from hptc.cli.console import print_result, read_stdin
from hptc.cli.inputs import compile_all, without_errors
from hptc.cli.options import ENV, JSON, STDIN, TEXT_OR_JSON, completed
from hptc.errors import EXIT_FINDINGS, EXIT_OK, UsageError
from hptc.metrics.log_files import MAX_LOG_BYTES, read_log, read_log_file
from hptc.metrics.rehearsal import rehearse
from hptc.render.metrics import rehearsals_json, render_rehearsals


@click.command()
@click.argument("path", type=click.Path(), shell_complete=completed("specs"))
@ENV
@click.option(
    "--log", required=True, type=click.Path(), help="Log of a training job, or `-` for stdin."
)
@click.option(
    "--training-job", metavar="NAME", help="Only test this one of several `training_jobs`."
)
@TEXT_OR_JSON
def metrics(path: str, env: str | None, log: str, training_job: str | None, form: str) -> int:
    """Test metric definitions against a training log.

    Shows the lines that each regular expression matches and the values it captures. Exits with 1
    if the objective metric is not found or misread.
    """
    compiled = without_errors(
        compile_all((path,), env), named=(path,), instead="nothing was tested"
    )
    if compiled is None:
        return EXIT_FINDINGS
    if len(compiled) != 1:
        raise UsageError(f"--log takes one spec, but found {len(compiled)}")
    spec = compiled[0]
    text = (
        read_log(io.BytesIO(read_stdin(MAX_LOG_BYTES + 1)), "stdin")
        if log == STDIN
        else read_log_file(Path(log))
    )
    name = "stdin" if log == STDIN else log
    rehearsals = rehearse(spec.job, text, name, definition=training_job)
    print_result(
        rehearsals_json(spec.name, rehearsals)
        if form == JSON
        else render_rehearsals(spec.name, rehearsals)
    )
    is_right = all(
        rehearsal.is_objective_found and not rehearsal.is_objective_misread
        for rehearsal in rehearsals
    )
    return EXIT_OK if is_right else EXIT_FINDINGS
