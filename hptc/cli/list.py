"""`hptc list`."""

from __future__ import annotations

import sys

import click

from hptc.cli.connection import connected
from hptc.cli.console import in_color, show, width
from hptc.cli.options import AS_JSON, ENV, REGION
from hptc.render.jobs import render_jobs
from hptc.render.jobs_json import jobs_json


@click.command("list")
@ENV
@REGION
@click.option("--contains", metavar="TEXT", default="", help="Only names that hold this.")
@click.option("--status", "state", metavar="STATUS", default="", help="Only this status.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
@AS_JSON
def list_command(
    env: str | None, region: str | None, contains: str, state: str, limit: int, as_json: bool
) -> None:
    """List tuning jobs, newest first."""
    tuning = connected(env, region).tuning
    jobs = list(tuning.list_jobs(name_contains=contains, status=state, limit=limit))
    show(
        jobs_json(jobs) if as_json else render_jobs(jobs, color=in_color(sys.stdout), width=width())
    )
