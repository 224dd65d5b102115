"""`hptc results`."""

from __future__ import annotations

import sys
from dataclasses import replace

import click

from hptc.cli.console import print_result, terminal_width, use_color
from hptc.cli.job_results import ALL_COSTS, connect_to_job, read_job_results
from hptc.cli.options import ENV, JOB, JSON, REGION, output_format
from hptc.cli.study import (
    DASHBOARD,
    STUDY_OUTPUT,
    STUDY_READS,
    StudyInput,
    check_study_options,
    open_dashboard,
    write_study,
)
from hptc.errors import EXIT_OK
from hptc.render.results import DEFAULT_TOP, render_results, results_markdown
from hptc.render.results_data import results_csv, results_json
from hptc.results.gather import ReadOptions
from hptc.results.training_results import Results, without_secret_values

TOP = click.option(
    "--top",
    metavar="N",
    type=click.IntRange(1),
    help=f"Show the best N training jobs; by default {DEFAULT_TOP}, or all in JSON and CSV.",
)
FORMAT = output_format("text", JSON, "csv", "markdown", "optuna")

_REFRESH_SECONDS = 30.0
"""The calls for 100 training jobs take about a second."""


@click.command()
@JOB
@ENV
@REGION
@TOP
@ALL_COSTS
@FORMAT
@STUDY_OUTPUT
@DASHBOARD
def results(
    name: str,
    env: str | None,
    region: str | None,
    top: int | None,
    reads_all_costs: bool,
    form: str,
    output: str | None,
    dashboard: bool,
) -> int:
    """Show the results of a tuning job.

    NAME is the name of a tuning job, or a spec: its name or file. The tuning job may still be
    running. Costs are those of the training jobs at on-demand prices; with managed spot training,
    the billed time is read for the best N, or for all with --cost.

    With --format optuna, the results are written as a study file, which Optuna's tools open.
    """
    check_study_options(form, output, dashboard=dashboard, top=top)
    options = ReadOptions(top=top or DEFAULT_TOP, reads_all_costs=reads_all_costs)
    tuning, job_name, _ = connect_to_job(name, env, region)
    if output is not None or dashboard:
        reads = replace(STUDY_READS, reads_all_costs=reads_all_costs)

        def read() -> StudyInput:
            results = read_job_results(tuning, job_name, reads, estimates_importance=False)
            return StudyInput(results=results)

        if output is not None:
            write_study(output, job_name, read)
        else:
            open_dashboard(read, interval_seconds=_REFRESH_SECONDS)
        return EXIT_OK
    results = read_job_results(tuning, job_name, options, estimates_importance=form != "csv")
    print_result(rendered_results(without_secret_values(results), form, top))
    return EXIT_OK


def rendered_results(results: Results, form: str, top: int | None) -> str:
    """The results in a format, with the best `top` training jobs."""
    match form:
        case "json":
            return results_json(results, top=top)
        case "csv":
            return results_csv(results, top=top)
        case "markdown":
            return results_markdown(results, top=top or DEFAULT_TOP)
        case _:
            color, width = use_color(sys.stdout), terminal_width()
            return render_results(results, top=top or DEFAULT_TOP, color=color, width=width)
