"""`hptc list`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime

import click

from hptc.api.specs import NO_PROJECT, current_project
from hptc.api.targets import read_target
from hptc.aws.client import Aws
from hptc.cli.connection import connect_to_target, connect_with_options
from hptc.cli.console import item_progress, print_result, print_status, terminal_width, use_color
from hptc.cli.options import ENV, JSON, REGION, TEXT_OR_JSON, completed
from hptc.errors import UsageError
from hptc.jobs.job_list import MAX_TAGS_READ, project_jobs, with_best
from hptc.jobs.spec_runs import MAX_TAGS_READ as MAX_SPEC_TAGS_READ
from hptc.jobs.spec_runs import spec_runs
from hptc.render.jobs import render_jobs
from hptc.render.jobs_json import jobs_json
from hptc.service.tuning_jobs import STATUSES, JobOrigin, JobSummary
from hptc.text import listed

_Jobs = Sequence[tuple[JobSummary, JobOrigin | None]]


def _read_status(_context: object, _option: object, value: str | None) -> str:
    if value is None:
        return ""
    status = next((candidate for candidate in STATUSES if candidate.lower() == value.lower()), None)
    if status is None:
        raise click.BadParameter(f"`{value}` is not one of {listed(STATUSES)}")
    return status


@click.command("list")
@ENV
@REGION
@click.option(
    "--spec",
    metavar="SPEC",
    help="Only jobs of this spec: its name or file.",
    shell_complete=completed("specs"),
)
@click.option("--project", "of_project", is_flag=True, help="Only jobs of this project.")
@click.option("--contains", metavar="TEXT", default="", help="Only jobs whose name contains TEXT.")
@click.option(
    "--status",
    "state",
    metavar="STATUS",
    callback=_read_status,
    help=f"Only jobs with this status: {listed(STATUSES, 'or')}.",
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=50,
    show_default=True,
    help="Maximum number of jobs.",
)
@click.option("--no-best", is_flag=True, help="Don't read best values: one call for each job.")
@TEXT_OR_JSON
def list_command(
    env: str | None,
    region: str | None,
    spec: str | None,
    of_project: bool,
    contains: str,
    state: str,
    limit: int,
    no_best: bool,
    form: str,
) -> None:
    """List tuning jobs, newest first.

    The jobs of a spec are found by their tags, so they include those of its earlier content. The
    duration is that of the tuning job, until now if it is still running.
    """
    if spec is not None and (of_project or contains):
        raise UsageError("--spec can't be combined with --project or --contains")
    jobs: _Jobs
    if spec is not None:
        aws, jobs = _jobs_of_spec(spec, env, region, state, limit)
    elif of_project:
        aws = connect_with_options(env, region)
        jobs = _jobs_of_project(aws, contains, state, limit)
    else:
        aws = connect_with_options(env, region)
        summaries = aws.tuning.list_jobs(name_contains=contains, status=state, limit=limit)
        jobs = [(job, None) for job in summaries]
    with item_progress("read", "tuning jobs", len(jobs)) as progress:
        rows = list(
            with_best(
                jobs,
                aws.tuning,
                now=datetime.now(UTC),
                reads_best=not no_best,
                progress=progress,
            )
        )
    print_result(
        jobs_json(rows)
        if form == JSON
        else render_jobs(rows, color=use_color(sys.stdout), width=terminal_width())
    )


def _jobs_of_spec(
    spec: str, env: str | None, region: str | None, status: str, limit: int
) -> tuple[Aws, _Jobs]:
    target = read_target(spec, env, region)
    if target.spec is None:
        raise UsageError(
            f"`{spec}` is not the name or file of a spec in this project",
            help=f"for jobs whose name contains it, use --contains {spec}",
        )
    aws = connect_to_target(target)
    listing = spec_runs(target.spec, aws.tuning, status=status, limit=limit)
    if not listing.runs and not status:
        listing.newest()  # raises an error that says why there are none
    _note_missing(listing.unreadable, is_cut=listing.is_cut, read=MAX_SPEC_TAGS_READ)
    return aws, [(run.summary, run.origin) for run in listing.runs]


def _jobs_of_project(aws: Aws, contains: str, status: str, limit: int) -> _Jobs:
    project = current_project()
    if project is None:
        raise UsageError(NO_PROJECT, help="run `hptc list --project` in a project")
    candidates = aws.tuning.list_jobs(name_contains=contains, status=status)
    listing = project_jobs(project.file.project, aws.tuning, candidates, limit=limit)
    _note_missing(listing.unreadable, is_cut=listing.is_cut, read=MAX_TAGS_READ)
    return listing.jobs


def _note_missing(unreadable: int, *, is_cut: bool, read: int) -> None:
    """Print a note about the jobs that the list may lack."""
    if unreadable:
        print_status(
            f"note: the tags of {unreadable} more can't be read, so they are not listed; the "
            "caller needs permission for sagemaker:ListTags"
        )
    if is_cut:
        print_status(f"note: the tags of the newest {read} were read, and there may be more")
