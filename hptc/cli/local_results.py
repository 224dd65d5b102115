"""`hptc local results` and `report`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from hptc.cli.console import print_result, print_status
from hptc.cli.job_results import read_job_results
from hptc.cli.local_folder import FOLDER
from hptc.cli.local_target import LocalJob, find_local_job
from hptc.cli.options import ENV
from hptc.cli.report import PAGE, require_page, write_page
from hptc.cli.results import FORMAT, TOP, rendered_results
from hptc.local.dry_values import STATED
from hptc.render.local_runs import local_results_json
from hptc.results.gather import ReadOptions
from hptc.results.training_results import Results, without_secret_values


@click.command()
@click.argument("name")
@TOP
@FORMAT
@ENV
@FOLDER
def results(name: str, top: int | None, form: str, env: str | None, folder: Path | None) -> None:
    """Show what a tuning job has found.

    NAME is the name of a tuning job, or a spec: its name or file. The tuning job may still be
    running.
    """
    job = find_local_job(name, env, folder)
    found = without_secret_values(read_local_results(job, estimates_importance=form != "csv"))
    if form == "json":
        text = local_results_json(
            found, job.folder, top=top, is_dry=job.is_dry, is_running=job.is_running
        )
    else:
        text = rendered_results(found, form, top)
    if form == "csv" and job.is_dry:
        print_status(STATED)
    print_result(text)


@click.command()
@click.argument("name")
@PAGE
@ENV
@FOLDER
def report(name: str, output: str, env: str | None, folder: Path | None) -> None:
    """Write the results of a tuning job as an HTML page.

    NAME is the name of a tuning job, or a spec: its name or file. The page has no scripts and needs
    no network, so that it can be sent and archived.
    """
    require_page(output)
    job = find_local_job(name, env, folder)
    write_page(output, read_local_results(job, estimates_importance=True))


def read_local_results(job: LocalJob, *, estimates_importance: bool) -> Results:
    """The results of a tuning job on this machine; those of a dry run say that they are made up."""
    found = read_job_results(
        job.tuning, job.name, ReadOptions(), estimates_importance=estimates_importance
    )
    return replace(found, statement=STATED if job.is_dry else "")
