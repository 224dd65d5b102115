"""`hptc local list`, `status`, `logs` and `stop`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from hptc.cli.console import print_result, terminal_width, use_color
from hptc.cli.local_folder import FOLDER, jobs_folder
from hptc.cli.options import AS_JSON, ENV
from hptc.cli.targets import read_target
from hptc.errors import OperationError, UsageError
from hptc.jobs import submission
from hptc.jobs.job_list import with_best
from hptc.local.service import LocalTuning
from hptc.render.jobs import render_stop
from hptc.render.jobs_json import stop_json
from hptc.render.local_runs import (
    local_jobs_json,
    local_status_json,
    render_local_jobs,
    render_local_status,
)
from hptc.service.lookup import job_status
from hptc.text import printable


@click.command("list")
@FOLDER
@AS_JSON
def list_command(folder: Path | None, as_json: bool) -> None:
    """List tuning jobs, newest first."""
    tuning = LocalTuning(jobs_folder(folder))
    found = [(job, None) for job in tuning.list_jobs()]
    jobs = list(with_best(found, tuning, now=datetime.now(UTC)))
    dry = [job.name for job, _ in found if tuning.is_dry(job.name)]
    replaced = ((job.name, tuning.stand_ins(job.name)) for job, _ in found)
    stand_ins = {name: algorithms for name, algorithms in replaced if algorithms}
    print_result(
        local_jobs_json(jobs, dry, stand_ins)
        if as_json
        else render_local_jobs(
            jobs, dry, stand_ins, color=use_color(sys.stdout), width=terminal_width()
        )
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
    job = _job_name(name, env)
    tuning.require(job)
    found, place = job_status(tuning, job), str(tuning.path_of(job))
    facts: dict[str, Any] = {
        "is_dry": tuning.is_dry(job),
        "is_running": tuning.is_running(job),
        "stand_ins": tuning.stand_ins(job),
    }
    print_result(
        local_status_json(found, place, **facts)
        if as_json
        else render_local_status(
            found, place, **facts, color=use_color(sys.stdout), width=terminal_width()
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
    job = _job_name(name, env)
    tuning.require(job)
    outcome = submission.stop(tuning, job)
    print_result(stop_json(outcome) if as_json else render_stop(outcome))


def _job_name(given: str, env: str | None) -> str:
    """The name of a tuning job: as given, or that of the job which a spec compiles to."""
    target = read_target(given, env, None)
    if target.spec is None:
        return target.job
    if not target.spec.job_name:
        raise UsageError(
            f"{given} has errors, so it has no tuning job", help=f"`hptc check {given}` shows them"
        )
    return target.spec.job_name
