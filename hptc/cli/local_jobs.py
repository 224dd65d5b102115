"""`hptc local list`, `status`, `logs` and `stop`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from hptc.cli.console import print_result, terminal_width, use_color
from hptc.cli.inputs import resolve_job_name
from hptc.cli.local_folder import FOLDER, jobs_folder
from hptc.cli.options import AS_JSON, ENV
from hptc.errors import OperationError
from hptc.jobs import submission
from hptc.local.service import LocalTuning
from hptc.render.jobs import render_jobs, render_stop
from hptc.render.jobs_json import jobs_json, stop_json
from hptc.render.local_runs import local_status_json, render_local_status
from hptc.service.lookup import job_status
from hptc.text import printable


@click.command("list")
@FOLDER
@AS_JSON
def list_command(folder: Path | None, as_json: bool) -> None:
    """List tuning jobs, newest first."""
    jobs = list(LocalTuning(jobs_folder(folder)).list_jobs())
    print_result(
        jobs_json(jobs)
        if as_json
        else render_jobs(jobs, color=use_color(sys.stdout), width=terminal_width())
    )


@click.command()
@click.argument("name")
@ENV
@FOLDER
@AS_JSON
def status(name: str, env: str | None, folder: Path | None, as_json: bool) -> None:
    """Show the progress of a tuning job.

    NAME is the name of a tuning job or the path of a spec.
    """
    tuning = LocalTuning(jobs_folder(folder))
    job = resolve_job_name(name, env)
    tuning.require(job)
    found, place = job_status(tuning, job), str(tuning.path_of(job))
    is_dry, is_running = tuning.is_dry(job), tuning.is_running(job)
    print_result(
        local_status_json(found, place, is_dry=is_dry, is_running=is_running)
        if as_json
        else render_local_status(
            found,
            place,
            is_dry=is_dry,
            is_running=is_running,
            color=use_color(sys.stdout),
            width=terminal_width(),
        )
    )


@click.command()
@click.argument("training_job")
@click.option("--tail", type=click.IntRange(0), metavar="N", help="Only the last N lines.")
@FOLDER
def logs(training_job: str, tail: int | None, folder: Path | None) -> None:
    """Print the log of a training job."""
    tuning = LocalTuning(jobs_folder(folder))
    if tuning.describe_training_job(training_job) is None:
        raise OperationError(
            f"no training job `{training_job}` found in {jobs_folder(folder)}",
            help="`hptc local run` prints their names",
        )
    for event in tuning.log_events(training_job, tail=tail):
        print_result(printable(event.message) + "\n")


@click.command()
@click.argument("name")
@ENV
@FOLDER
@AS_JSON
def stop(name: str, env: str | None, folder: Path | None, as_json: bool) -> None:
    """Stop a tuning job.

    NAME is the name of a tuning job or the path of a spec. Nothing is deleted.
    """
    tuning = LocalTuning(jobs_folder(folder))
    job = resolve_job_name(name, env)
    tuning.require(job)
    outcome = submission.stop(tuning, job)
    print_result(stop_json(outcome) if as_json else render_stop(outcome))
