"""`hptc local results`, `report` and `next`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from hptc.api.job_answers import require_page
from hptc.api.local_target import LocalJob, find_local_job
from hptc.cli.console import print_result, print_status
from hptc.cli.follow_up_code import follow_up_code
from hptc.cli.job_results import read_job_results
from hptc.cli.local_folder import FOLDER
from hptc.cli.next import (
    FOLLOW_UP,
    NEW_DATA,
    SPEC_NAME,
    existing_jobs,
    require_new,
    write_follow_up,
)
from hptc.cli.options import ENV, JSON, LOCAL_JOB, SPEC_OUTPUT, TEXT_OR_JSON
from hptc.cli.report import PAGE, write_page
from hptc.cli.results import FORMAT, TOP, rendered_results
from hptc.cli.study import (
    DASHBOARD,
    STUDY_OUTPUT,
    STUDY_READS,
    StudyInput,
    check_study_options,
    open_dashboard,
    write_study,
)
from hptc.errors import UsageError
from hptc.local.job_folder import JobFolder
from hptc.local.training_records import observe
from hptc.render.local_runs import local_results_json
from hptc.results.follow_up import follow_up, parent_names
from hptc.results.gather import ReadOptions
from hptc.results.training_results import Results, without_secret_values

_REFRESH_SECONDS = 5.0


@click.command()
@LOCAL_JOB
@TOP
@FORMAT
@STUDY_OUTPUT
@DASHBOARD
@ENV
@FOLDER
def results(
    name: str,
    top: int | None,
    form: str,
    output: str | None,
    dashboard: bool,
    env: str | None,
    folder: Path | None,
) -> None:
    """Show the results of a tuning job.

    NAME is the name of a tuning job, or a spec: its name or file. The tuning job may still be
    running.

    With --format optuna, the results are written as a study file, which Optuna's tools open.
    """
    check_study_options(form, output, dashboard=dashboard, top=top)
    job = find_local_job(name, env, folder)
    if output is not None:
        write_study(output, job.name, lambda: _study_input(job))
        return
    if dashboard:
        open_dashboard(lambda: _study_input(job), interval_seconds=_REFRESH_SECONDS)
        return
    results = without_secret_values(read_local_results(job, estimates_importance=form != "csv"))
    if form == JSON:
        text = local_results_json(results, job.facts, top=top)
    else:
        text = rendered_results(results, form, top)
    if form == "csv" and results.statement:
        print_status(results.statement)
    print_result(text)


@click.command()
@LOCAL_JOB
@PAGE
@ENV
@FOLDER
@TEXT_OR_JSON
def report(name: str, output: str, env: str | None, folder: Path | None, form: str) -> None:
    """Write the results of a tuning job as an HTML page.

    NAME is the name of a tuning job, or a spec: its name or file. The page has no scripts and needs
    no network, so that it can be sent and archived.
    """
    require_page(output)
    job = find_local_job(name, env, folder)
    results = read_local_results(job, estimates_importance=True)
    write_page(output, results, form=form, command="local report")


@click.command("next")
@LOCAL_JOB
@SPEC_NAME
@click.option(
    "--warm-start",
    "starts_warm",
    is_flag=True,
    help="Warm-start from the tuning job; the spec then runs on this machine only.",
)
@NEW_DATA
@SPEC_OUTPUT
@ENV
@FOLDER
@TEXT_OR_JSON
def next_command(
    name: str,
    spec_name: str | None,
    starts_warm: bool,
    has_new_data: bool,
    output: str | None,
    env: str | None,
    folder: Path | None,
    form: str,
) -> int:
    """Write the spec of a follow-up tuning job.

    NAME is the name of a tuning job, or a spec: its name or file. The ranges of the follow-up are
    wider where the best values are at a bound and narrower where they are close together. Comments
    give the evidence. It runs on AWS as well, so it has no warm start without --warm-start.
    """
    require_new(output)
    if has_new_data and not starts_warm:
        raise UsageError("--new-data needs --warm-start", help="add it, or leave out --new-data")
    job = find_local_job(name, env, folder)
    results = read_local_results(job, estimates_importance=False, options=FOLLOW_UP)
    request = job.tuning.requested(job.name)
    code = follow_up_code(job.target, results.status.origin, request, env)
    next_spec = follow_up(
        request,
        results,
        existing_jobs(job.tuning, parent_names(results.job)) if starts_warm else {},
        name=spec_name,
        has_new_data=has_new_data,
        sources=code.sources,
        no_warm_start=""
        if starts_warm
        else f"{job.name} ran on this machine, so AWS does not have it",
    )
    if not code.is_same:
        print_status(f"note: the training code has changed since {job.name} ran")
    return write_follow_up(next_spec, output, env, form=form, command="local next")


def _study_input(job: LocalJob) -> StudyInput:
    """The results, and what each training job has reported until it ended."""
    path = job.tuning.path_of(job.name)
    records = JobFolder(path.parent, path.name).training_jobs()
    reports = {record["TrainingJobName"]: observe(record).reports for record in records}
    results = read_local_results(job, estimates_importance=False, options=STUDY_READS)
    return StudyInput(results=results, reports=reports)


def read_local_results(
    job: LocalJob, *, estimates_importance: bool, options: ReadOptions | None = None
) -> Results:
    """The results of a tuning job on this machine, with what readers of its values must know."""
    results = read_job_results(
        job.tuning, job.name, options or ReadOptions(), estimates_importance=estimates_importance
    )
    return replace(results, statement=job.facts.statement)
