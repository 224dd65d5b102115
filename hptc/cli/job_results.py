"""Reads the results of the tuning job that a command names, with progress on stderr."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import click

from hptc.api.online import job_results
from hptc.api.targets import Target, find_job, read_target
from hptc.cli.connection import connect_to_target
from hptc.cli.console import item_progress, print_status
from hptc.cli.project_prices import current_prices
from hptc.results.gather import Progress, ReadOptions
from hptc.results.importance_estimates import with_importance
from hptc.results.training_results import Results
from hptc.service.interface import TuningReader

ALL_COSTS = click.option(
    "--cost",
    "reads_all_costs",
    is_flag=True,
    help="Read the billed time of every training job: with spot, one call each.",
)
_SLOW_IMPORTANCE = 300
"""With this many training jobs, the estimate takes about a second."""


def connect_to_job(
    name: str, env: str | None, region: str | None
) -> tuple[TuningReader, str, Target]:
    """The service that has a tuning job, the job's name, and what the user gave for it."""
    target = read_target(name, env, region)
    tuning = connect_to_target(target).tuning
    return tuning, find_job(target, tuning), target


def read_job_results(
    tuning: TuningReader, job_name: str, options: ReadOptions, *, estimates_importance: bool
) -> Results:
    """The results of a tuning job. Raises OperationError if it does not exist."""
    with _progress() as progress:
        results = job_results(
            tuning,
            job_name,
            current_prices(),
            options=options,
            estimates_importance=False,
            progress=progress,
        )
    if not estimates_importance:
        return results
    count = len(results.training_jobs)
    if count >= _SLOW_IMPORTANCE:
        print_status(f"estimating the importance of hyperparameters in {count} training jobs")
    return with_importance(results)


@contextmanager
def _progress() -> Iterator[Progress]:
    """Yield a function that keeps one line up to date for each kind of work, one after another."""
    lines: dict[str, Callable[[int], None]] = {}
    with ExitStack() as stack:

        def update(verb: str, nouns: str, done: int, total: int) -> None:
            if verb not in lines:
                stack.close()
                lines[verb] = stack.enter_context(item_progress(verb, nouns, total))
            lines[verb](done)

        yield update
