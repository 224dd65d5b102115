"""`hptc report`."""

from __future__ import annotations

import click

from hptc.api.job_answers import JobResults, require_page
from hptc.cli.console import print_result, print_status
from hptc.cli.job_results import ALL_COSTS, connect_to_job, read_job_results
from hptc.cli.options import ENV, JOB, JSON, REGION, TEXT_OR_JSON
from hptc.errors import EXIT_OK
from hptc.render.written_files import written_file_json
from hptc.results.gather import ReadOptions
from hptc.results.training_results import Results, without_secret_values

PAGE = click.option(
    "-o",
    "--output",
    metavar="FILE",
    required=True,
    help="Write the page to FILE; an existing file is replaced.",
)


@click.command()
@JOB
@ENV
@REGION
@ALL_COSTS
@PAGE
@TEXT_OR_JSON
def report(
    name: str,
    env: str | None,
    region: str | None,
    reads_all_costs: bool,
    output: str,
    form: str,
) -> int:
    """Write the results of a tuning job as an HTML page.

    NAME is the name of a tuning job, or a spec: its name or file. The page has no scripts and needs
    no network, so that it can be sent and archived.
    """
    require_page(output)
    options = ReadOptions(top=10, reads_all_costs=reads_all_costs)
    tuning, job_name, _ = connect_to_job(name, env, region)
    results = read_job_results(tuning, job_name, options, estimates_importance=True)
    write_page(output, results, form=form)
    return EXIT_OK


def write_page(output: str, results: Results, *, form: str, command: str = "report") -> None:
    """Write the page of a tuning job's results, without secrets."""
    JobResults(results=without_secret_values(results)).report(output)
    print_status(f"wrote {output}")
    if form == JSON:
        print_result(written_file_json(command, output))
