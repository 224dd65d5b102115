"""`hptc list`."""

from __future__ import annotations

import sys

import click

from hptc.cli.connection import connect_with_options
from hptc.cli.console import print_result, terminal_width, use_color
from hptc.cli.options import AS_JSON, ENV, REGION
from hptc.render.jobs import render_jobs
from hptc.render.jobs_json import jobs_json


@click.command("list")
@ENV
@REGION
@click.option("--contains", metavar="TEXT", default="", help="Only jobs whose name contains TEXT.")
@click.option(
    "--status",
    "state",
    metavar="STATUS",
    default="",
    help="Only jobs with this status, such as InProgress.",
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=50,
    show_default=True,
    help="Maximum number of jobs.",
)
@AS_JSON
def list_command(
    env: str | None, region: str | None, contains: str, state: str, limit: int, as_json: bool
) -> None:
    """List tuning jobs, newest first."""
    tuning = connect_with_options(env, region).tuning
    jobs = list(tuning.list_jobs(name_contains=contains, status=state, limit=limit))
    print_result(
        jobs_json(jobs)
        if as_json
        else render_jobs(jobs, color=use_color(sys.stdout), width=terminal_width())
    )
