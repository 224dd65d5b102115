"""`hptc status`."""

from __future__ import annotations

import sys

import click

from hptc.cli.connection import connected
from hptc.cli.console import in_color, show, width
from hptc.cli.inputs import job_name_of
from hptc.cli.options import AS_JSON, ENV, REGION
from hptc.render.jobs import render_status
from hptc.render.jobs_json import status_json
from hptc.service.lookup import job_status


@click.command()
@click.argument("name")
@ENV
@REGION
@AS_JSON
def status(name: str, env: str | None, region: str | None, as_json: bool) -> None:
    """Show the progress of a tuning job.

    NAME is a job's name, or a spec's file.
    """
    found = job_status(connected(env, region).tuning, job_name_of(name, env))
    show(
        status_json(found)
        if as_json
        else render_status(found, color=in_color(sys.stdout), width=width())
    )
