"""`hptc logs`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Protocol

import click

from hptc.api.targets import find_job, read_target
from hptc.cli.connection import connect_to_target
from hptc.cli.console import print_result, print_status
from hptc.cli.options import ENV, JOB, JSON, REGION, TEXT_OR_JSON
from hptc.cli.watch_loop import Step, poll
from hptc.errors import EXIT_OK, UsageError
from hptc.frozen import frozen
from hptc.jobs.job_progress import FINAL_TRAINING_STATUSES
from hptc.jobs.log_choice import (
    MAX_TRAINING_JOBS,
    LogChoice,
    NewLines,
    choose_training_jobs,
)
from hptc.render.logs import instance_of, left_out_note, log_header, log_lines, logs_json
from hptc.service.interface import TuningReader
from hptc.service.lookup import job_status
from hptc.service.tuning_jobs import LogEvent

_DEFAULT_TAIL = 100
_FOLLOW_SECONDS = 5.0
_MAX_QUIET_SECONDS = 20.0


TRAINING_JOB = click.option(
    "--training-job",
    metavar="NAME",
    help="Only this training job: its name, its number such as 007, or a part of its name.",
)
FOLLOW = click.option("--follow", is_flag=True, help="Print new lines until the training job ends.")
TAIL = click.option(
    "--tail",
    type=click.IntRange(1),
    default=_DEFAULT_TAIL,
    show_default=True,
    metavar="N",
    help="Print the last N lines.",
)
ALL = click.option("--all", "is_whole", is_flag=True, help="Print the whole log.")


@click.command()
@JOB
@TRAINING_JOB
@FOLLOW
@TAIL
@ALL
@ENV
@REGION
@TEXT_OR_JSON
def logs(
    name: str,
    training_job: str | None,
    follow: bool,
    tail: int,
    is_whole: bool,
    env: str | None,
    region: str | None,
    form: str,
) -> int:
    """Show the logs of training jobs.

    NAME is the name of a tuning job, or a spec: its name or file. Without --training-job, the log
    is that of the newest running training job, or of the best one when the tuning job has ended.
    If the tuning job failed, the logs of its failed training jobs are shown. Secrets are masked.
    """
    target = read_target(name, env, region)
    tuning = connect_to_target(target).tuning
    reader = LogReader(connect=lambda: connect_to_target(target).tuning)
    lines = None if is_whole else tail
    job = find_job(target, tuning)
    if form == JSON:
        print_result(read_logs("logs", reader, tuning, job, training_job, lines, follow))
    else:
        print_logs(reader, tuning, job, training_job, lines, follow)
    return EXIT_OK


class LineSource(Protocol):
    """The lines of one training job's log that were not returned before."""

    def read(self, tuning: TuningReader, *, tail: int | None = None) -> Iterator[LogEvent]:
        """New lines, oldest first: at most the last `tail` on the first call, if given."""


@frozen
class LogReader:
    """How the logs of a place are read and shown."""

    connect: Callable[[], TuningReader]  # also while a log is followed
    place: str = " in CloudWatch Logs"  # in the message of a log without lines
    has_times: bool = True
    new_lines: Callable[[str], LineSource] = NewLines  # of the training job with a name
    follow_seconds: float = _FOLLOW_SECONDS
    max_quiet_seconds: float = _MAX_QUIET_SECONDS
    is_abandoned: Callable[[], bool] = lambda: False  # whether nothing runs the training jobs


def read_logs(
    command: str,
    reader: LogReader,
    tuning: TuningReader,
    name: str,
    training_job: str | None,
    tail: int | None,
    follow: bool,
) -> str:
    """The logs of a tuning job's training jobs as JSON. Raises UsageError with `follow`."""
    if follow:
        raise UsageError(
            "--follow can't be combined with --format json", help="leave out one of the two"
        )
    status = job_status(tuning, name)
    training_jobs = list(tuning.list_training_jobs(status.name, limit=MAX_TRAINING_JOBS))
    choice = choose_training_jobs(status, training_jobs, training_job)
    events = {
        job.name: list(NewLines(job.name).read(tuning, tail=tail)) for job in choice.training_jobs
    }
    return logs_json(command, status.name, choice, events, has_times=reader.has_times)


def print_logs(
    reader: LogReader,
    tuning: TuningReader,
    name: str,
    training_job: str | None,
    tail: int | None,
    follow: bool,
) -> None:
    """Print the logs of a tuning job's training jobs; with `follow`, until the chosen one ends.

    Raises UsageError if there are several to follow.
    """
    status = job_status(tuning, name)
    training_jobs = list(tuning.list_training_jobs(status.name, limit=MAX_TRAINING_JOBS))
    choice = choose_training_jobs(status, training_jobs, training_job)
    if follow:
        if len(choice.training_jobs) > 1:
            raise UsageError(
                f"{status.name} has failed, so there is nothing to follow",
                help="leave out --follow, or choose one with --training-job NAME",
            )
        _follow(reader, choice, tail)
        return
    for number, job in enumerate(choice.training_jobs):
        header = log_header(job, choice)
        if len(choice.training_jobs) == 1:
            print_status(header)
        else:
            print_result(f"\n{header}" if number else header)
        count = 0
        for event in NewLines(job.name).read(tuning, tail=tail):
            count += 1
            _print(reader, event)
        if not count:
            print_status(f"no log lines of {job.name}{reader.place}")
    if note := left_out_note(choice):
        print_status(note)


def _print(reader: LogReader, event: LogEvent) -> None:
    is_first_instance = not reader.has_times or instance_of(event) == "algo-1"
    lines = log_lines(event, is_first_instance=is_first_instance, has_time=reader.has_times)
    print_result("\n".join(lines) + "\n")


def _follow(reader: LogReader, choice: LogChoice, tail: int | None) -> None:
    (job,) = choice.training_jobs
    print_status(log_header(job, choice))
    lines = reader.new_lines(job.name)
    status = ""

    def step(tuning: TuningReader, _: datetime) -> Step:
        nonlocal status
        # The status is read first, so that the lines of one that has ended are complete.
        description = tuning.describe_training_job(job.name)
        status = str(description["TrainingJobStatus"]) if description is not None else job.status
        is_abandoned = reader.is_abandoned()
        count = 0
        for event in lines.read(tuning, tail=tail):
            count += 1
            _print(reader, event)
        if status in FINAL_TRAINING_STATUSES or description is None or is_abandoned:
            return Step.DONE
        return Step.CHANGED if count else Step.UNCHANGED

    poll(
        step,
        reader.connect,
        print_status,
        interval=reader.follow_seconds,
        max_quiet=reader.max_quiet_seconds,
    )
    if status in FINAL_TRAINING_STATUSES:
        print_status(f"{job.name} has ended: {status}")
    else:
        print_status(f"nothing runs {job.name} anymore")
