"""`hptc stop`."""

from __future__ import annotations

import click

from hptc.cli.connection import connect_with_options
from hptc.cli.console import print_result
from hptc.cli.options import AS_JSON, ENV, REGION
from hptc.jobs import submission
from hptc.render.jobs import render_stop
from hptc.render.jobs_json import stop_json


@click.command()
@click.argument("name")
@ENV
@REGION
@AS_JSON
def stop(name: str, env: str | None, region: str | None, as_json: bool) -> None:
    """Stop a tuning job.

    NAME is the name of the tuning job. Nothing is deleted.
    """
    outcome = submission.stop(connect_with_options(env, region).tuning, name)
    print_result(stop_json(outcome) if as_json else render_stop(outcome))
