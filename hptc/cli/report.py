"""`hptc report`."""

from __future__ import annotations

from pathlib import Path

import click

from hptc.cli.connection import connect_with_options
from hptc.cli.console import count_progress, print_status
from hptc.cli.inputs import resolve_job_name
from hptc.cli.options import ENV, REGION
from hptc.cli.project_prices import current_prices
from hptc.errors import EXIT_OK
from hptc.files import write_whole
from hptc.render.report import report_html
from hptc.results.gather import ReadOptions, read_results
from hptc.results.importance_estimates import with_importance
from hptc.results.training_results import without_secret_values


@click.command()
@click.argument("name")
@ENV
@REGION
@click.option(
    "--cost",
    "reads_all_costs",
    is_flag=True,
    help="Read the billed time of every training job: with spot, one call each.",
)
@click.option(
    "-o", "--output", metavar="FILE", required=True, help="Write the page to FILE, over an old one."
)
def report(
    name: str, env: str | None, region: str | None, reads_all_costs: bool, output: str
) -> int:
    """Write the results of a tuning job as an HTML page.

    NAME is the name of a tuning job or the path of a spec. The page has no scripts and needs no
    network, so that it can be sent and archived.
    """
    tuning = connect_with_options(env, region).tuning
    job_name = resolve_job_name(name, env)
    options = ReadOptions(top=10, reads_all_costs=reads_all_costs)
    with count_progress() as progress:
        found = read_results(tuning, job_name, current_prices(), options=options, progress=progress)
        results = without_secret_values(with_importance(found, progress))
    write_whole(Path(output), report_html(results))
    print_status(f"wrote {output}")
    return EXIT_OK
