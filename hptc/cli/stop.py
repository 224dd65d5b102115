"""`hptc stop`."""

from __future__ import annotations

import click

from hptc.api.targets import find_running_job, read_target
from hptc.cli.connection import connect_to_target
from hptc.cli.console import print_result
from hptc.cli.options import ENV, JOB, JSON, REGION, TEXT_OR_JSON
from hptc.jobs import submission
from hptc.render.jobs import render_stop
from hptc.render.jobs_json import stop_json


@click.command()
@JOB
@ENV
@REGION
@TEXT_OR_JSON
def stop(name: str, env: str | None, region: str | None, form: str) -> None:
    """Stop a tuning job.

    NAME is the name of a tuning job, or a spec: its name or file. For a spec, its running tuning
    job is stopped; if several are running, they are listed, and none is stopped. Nothing is
    deleted.
    """
    target = read_target(name, env, region)
    tuning = connect_to_target(target).tuning
    outcome = submission.stop(tuning, find_running_job(target, tuning))
    print_result(stop_json(outcome) if form == JSON else render_stop(outcome))
