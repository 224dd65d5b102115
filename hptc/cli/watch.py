"""`hptc watch`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import click

from hptc.api.targets import find_job, read_target
from hptc.cli.connection import connect_to_target
from hptc.cli.console import print_result, print_status
from hptc.cli.options import ENV, JOB, JSON, REGION, TEXT_OR_JSON
from hptc.cli.project_prices import current_prices
from hptc.cli.watch_display import LineDisplay, progress_display
from hptc.cli.watch_loop import DEFAULT_INTERVAL_SECONDS, Display, watch_jobs
from hptc.cost.bound import CostBound, cost_bound
from hptc.jobs.job_observer import JobObserver
from hptc.render.job_progress import outcome_line
from hptc.render.watch_json import watch_line
from hptc.request.tuning_job import TuningJob
from hptc.service.interface import TuningReader

INTERVAL = click.option(
    "--interval",
    type=click.FloatRange(1, 3600),
    default=DEFAULT_INTERVAL_SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="Time between two readings; longer while nothing changes.",
)


@click.command()
@JOB
@ENV
@REGION
@INTERVAL
@TEXT_OR_JSON
def watch(name: str, env: str | None, region: str | None, interval: float, form: str) -> int:
    """Follow a tuning job until it ends.

    NAME is the name of a tuning job, or a spec: its name or file. For a spec, its newest tuning job
    is followed. Ctrl-C ends the watching, not the tuning job. Exits with 0 if the tuning job
    completed or stopped because one of its criteria was met, and with 3 if it failed or was
    stopped. With --json, each change is a line of JSON, the last one when the tuning job has ended.
    """
    target = read_target(name, env, region)
    display: Display = (
        LineDisplay(print_result, watch_line)
        if form == JSON
        else progress_display(sys.stdout, print_result)
    )

    def connect() -> TuningReader:
        return connect_to_target(target, progress=display.note).tuning

    job = find_job(target, connect())
    return follow([job], connect, display, interval=interval, options=location_options(env, region))


def location_options(env: str | None, region: str | None) -> str:
    """The options with which another command finds the same tuning job."""
    options = (("--env", env), ("--region", region))
    return "".join(f" {option} {value}" for option, value in options if value is not None)


def follow(
    names: Sequence[str],
    connect: Callable[[], TuningReader],
    display: Display,
    *,
    interval: float,
    options: str = "",
) -> int:
    """Follow tuning jobs until they end, and say how. Returns an exit code.

    `options` are those of a command that finds the same tuning jobs.
    """
    prices = current_prices()

    def bound_of(job: TuningJob, region: str) -> CostBound:
        return cost_bound(job, region, prices)

    observers = [JobObserver(name=name, bound_of=bound_of) for name in names]
    is_interrupted = True
    try:
        code = watch_jobs(observers, connect, display, interval=interval)
        is_interrupted = False
        return code
    except Exception:
        is_interrupted = False
        raise
    finally:
        for observer in observers:
            if observer.latest is None:
                if is_interrupted:
                    print_status(f"`hptc watch {observer.name}{options}` follows {observer.name}")
            elif is_interrupted or observer.latest.has_ended:
                print_status(outcome_line(observer.latest, options))
