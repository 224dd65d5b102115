"""`hptc status`."""

from __future__ import annotations

import sys

import click

from hptc.cli.connection import connect_with_options
from hptc.cli.console import print_result, terminal_width, use_color
from hptc.cli.inputs import resolve_job_name
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

    NAME is the name of a tuning job or the path of a spec.
    """
    found = job_status(connect_with_options(env, region).tuning, resolve_job_name(name, env))
    print_result(
        status_json(found)
        if as_json
        else render_status(found, color=use_color(sys.stdout), width=terminal_width())
    )
