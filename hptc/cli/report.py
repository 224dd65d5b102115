"""`hptc report`."""

from __future__ import annotations

from pathlib import Path

import click

from hptc.cli.console import print_status
from hptc.cli.job_results import connect_to_job, read_job_results
from hptc.cli.options import ENV, REGION
from hptc.errors import EXIT_OK, UsageError
from hptc.files import write_whole
from hptc.render.report import report_html
from hptc.results.gather import ReadOptions
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
    if Path(output).suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"{output}: not a page", help="use a name that ends in .html")
    options = ReadOptions(top=10, reads_all_costs=reads_all_costs)
    tuning, job_name = connect_to_job(name, env, region)
    results = read_job_results(tuning, job_name, options, estimates_importance=True)
    write_whole(Path(output), report_html(without_secret_values(results)))
    print_status(f"wrote {output}")
    return EXIT_OK
