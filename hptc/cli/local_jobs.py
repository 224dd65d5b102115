"""`hptc local list`, `status`, `logs` and `stop`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from hptc.api.local_target import find_local_job, local_changes_since
from hptc.cli.console import print_result, print_status, terminal_width, use_color
from hptc.cli.local_folder import FOLDER
from hptc.cli.logs import ALL, FOLLOW, TAIL, TRAINING_JOB, LogReader, print_logs, read_logs
from hptc.cli.options import ENV, JSON, LOCAL_JOB, TEXT_OR_JSON
from hptc.jobs import submission
from hptc.jobs.job_list import with_best
from hptc.local.followed_log import FollowedLog
from hptc.local.job_folder import jobs_folder
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

_FOLLOW_SECONDS = 1.0


@click.command("list")
@FOLDER
@TEXT_OR_JSON
def list_command(folder: Path | None, form: str) -> None:
    """List tuning jobs, newest first."""
    tuning = LocalTuning(jobs_folder(folder))
    listed = [(job, None) for job in tuning.list_jobs()]
    rows = list(with_best(listed, tuning, now=datetime.now(UTC)))
    facts = {job.name: tuning.run_facts(job.name) for job, _ in listed}
    print_result(
        local_jobs_json(rows, facts)
        if form == JSON
        else render_local_jobs(rows, facts, color=use_color(sys.stdout), width=terminal_width())
    )
    for error in tuning.unreadable():
        print_status(f"note: not listed: {error}; {error.help}")


@click.command()
@LOCAL_JOB
@ENV
@FOLDER
@TEXT_OR_JSON
def status(name: str, env: str | None, folder: Path | None, form: str) -> None:
    """Show the progress of a tuning job.

    NAME is the name of a tuning job, or a spec: its name or file. For a spec, its newest tuning job
    is shown, whether or not the spec has changed since.
    """
    job = find_local_job(name, env, folder)
    current_status = job_status(job.tuning, job.name)
    changes = local_changes_since(job, current_status.origin.digest)
    print_result(
        local_status_json(current_status, job.facts, changes)
        if form == JSON
        else render_local_status(
            current_status,
            job.facts,
            changes,
            spec=name if job.target.spec is not None else "SPEC",
            color=use_color(sys.stdout),
            width=terminal_width(),
        )
    )


@click.command()
@LOCAL_JOB
@TRAINING_JOB
@FOLLOW
@TAIL
@ALL
@ENV
@FOLDER
@TEXT_OR_JSON
def logs(
    name: str,
    training_job: str | None,
    follow: bool,
    tail: int,
    is_whole: bool,
    env: str | None,
    folder: Path | None,
    form: str,
) -> None:
    """Show the logs of training jobs.

    NAME is the name of a tuning job or of a training job, or a spec: its name or file. Without
    --training-job, the log is that of the newest running training job, or of the best one when the
    tuning job has ended. If the tuning job failed, the logs of its failed training jobs are
    shown. Secrets are masked.
    """
    tuning = LocalTuning(jobs_folder(folder))
    owner = tuning.tuning_job_of(name)
    if owner is None:
        job_name = find_local_job(name, env, folder).name
    else:
        job_name, training_job = owner, name
    lines = None if is_whole else tail
    reader = LogReader(
        connect=lambda: tuning,
        place="",
        has_times=False,
        new_lines=lambda training_job: FollowedLog(tuning, training_job),
        follow_seconds=_FOLLOW_SECONDS,
        max_quiet_seconds=_FOLLOW_SECONDS,
        is_abandoned=lambda: not tuning.is_running(job_name),
    )
    if form == JSON:
        print_result(read_logs("local logs", reader, tuning, job_name, training_job, lines, follow))
    else:
        print_logs(reader, tuning, job_name, training_job, lines, follow)


@click.command()
@LOCAL_JOB
@ENV
@FOLDER
@TEXT_OR_JSON
def stop(name: str, env: str | None, folder: Path | None, form: str) -> None:
    """Stop a tuning job.

    NAME is the name of a tuning job, or a spec: its name or file. For a spec, its running tuning
    job is stopped; if several are running, they are listed, and none is stopped. Nothing is
    deleted.
    """
    job = find_local_job(name, env, folder, wants_running=True)
    outcome = submission.stop(job.tuning, job.name)
    print_result(stop_json(outcome, command="local stop") if form == JSON else render_stop(outcome))
