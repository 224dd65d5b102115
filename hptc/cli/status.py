"""`hptc status`."""

from __future__ import annotations

import sys

import click

from hptc.api.targets import changes_since, find_job, read_target
from hptc.cli.connection import connect_to_target
from hptc.cli.console import print_result, terminal_width, use_color
from hptc.cli.options import ENV, JOB, JSON, REGION, TEXT_OR_JSON
from hptc.render.jobs import render_status
from hptc.render.jobs_json import status_json
from hptc.service.lookup import job_status


@click.command()
@JOB
@ENV
@REGION
@TEXT_OR_JSON
def status(name: str, env: str | None, region: str | None, form: str) -> None:
    """Show the progress of a tuning job.

    NAME is the name of a tuning job, or a spec: its name or file. For a spec, its newest tuning job
    is shown, whether or not the spec has changed since.
    """
    target = read_target(name, env, region)
    tuning = connect_to_target(target).tuning
    current_status = job_status(tuning, find_job(target, tuning))
    changes = changes_since(target, tuning, current_status.name, current_status.origin.digest)
    print_result(
        status_json(current_status, changes)
        if form == JSON
        else render_status(
            current_status, changes, color=use_color(sys.stdout), width=terminal_width()
        )
    )
