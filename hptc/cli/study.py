"""`--format optuna` and `--dashboard` of `hptc results` and `hptc local results`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field
from pathlib import Path
from threading import Event, Thread
from types import FrameType
from typing import TYPE_CHECKING

import click

from hptc.api.extras import require
from hptc.cli.console import item_progress, print_result, print_status
from hptc.errors import HptcError, OperationError, UsageError
from hptc.files import write_whole
from hptc.frozen import frozen
from hptc.results.gather import ReadOptions
from hptc.results.training_results import Results, without_secret_values
from hptc.text import plural

if TYPE_CHECKING:
    from hptc.results.optuna_studies import Study
    from hptc.results.study_dashboard import StudyDashboard

STUDY_READS = ReadOptions(top=None, reads_logs=False)
"""What a study needs of the results."""

STUDY_OUTPUT = click.option(
    "-o", "--output", metavar="PATH", help="With --format optuna, write the study to this file."
)
DASHBOARD = click.option(
    "--dashboard", is_flag=True, help="Open the results with optuna-dashboard on this machine."
)


@frozen
class StudyInput:
    """The results of a tuning job, and what its training jobs have reported, as far as known."""

    results: Results
    reports: Mapping[str, Sequence[float]] = field(default_factory=dict)  # by training job

    def studies(self) -> tuple[Study, ...]:
        """The results as studies of Optuna, without secrets."""
        # Optuna is imported here because it takes a second.
        from hptc.results.optuna_studies import studies

        return studies(without_secret_values(self.results), self.reports)


Read = Callable[[], StudyInput]


def check_study_options(form: str, output: str | None, *, dashboard: bool, top: int | None) -> None:
    """Raise UsageError for options that can't be combined, or if Optuna is not installed."""
    if dashboard and (form != "text" or output is not None):
        raise UsageError("--dashboard can't be combined with --format or --output")
    if top is not None and (dashboard or form == "optuna"):
        raise UsageError("a study has every training job: leave out --top")
    if form != "optuna" and output is not None:
        raise UsageError("--output is for --format optuna", help="redirect stdout to a file")
    if form == "optuna" and output is None:
        raise UsageError(
            "--format optuna writes a file, but --output is missing",
            help="add `-o FILE.log`, `-o FILE.db` or `-o FOLDER`",
        )
    if form == "optuna" and output is not None:
        require("optuna", "optuna")
        _check_suffix(output)
    if dashboard:
        require("optuna", "optuna")
        require("optuna_dashboard", "optuna")


def write_study(output: str, job_name: str, read: Read) -> None:
    """Write the results as a study file of Optuna. Raises UsageError if the file exists."""
    from hptc.results.study_files import JOURNAL_SUFFIXES, storage_url, study_file

    path = Path(output)
    if _is_folder(output):
        path = path / f"{job_name}{JOURNAL_SUFFIXES[0]}"
    _require_absent(path)
    study_input = read()
    results, optuna_studies = study_input.results, study_input.studies()
    with item_progress(
        "writing", "trials", sum(len(study.trials) for study in optuna_studies)
    ) as progress:
        content = study_file(path, optuna_studies, progress)
    _require_absent(path)
    write_whole(path, content)
    count = plural(len(results.training_jobs), "training job")
    print_status(f"wrote {path}: {plural(len(optuna_studies), 'study', 'studies')} of {count}")
    if results.statement:
        print_status(results.statement)
    print_status(f"`optuna-dashboard {storage_url(path)}` shows it")


def _check_suffix(output: str) -> None:
    from hptc.results.study_files import DATABASE_SUFFIXES, JOURNAL_SUFFIXES

    suffixes = (*JOURNAL_SUFFIXES, *DATABASE_SUFFIXES)
    if not _is_folder(output) and Path(output).suffix.lower() not in suffixes:
        raise UsageError(
            f"{output}: not a study file",
            help=f"use a name that ends in {', '.join(suffixes)}, or a folder",
        )


def _is_folder(output: str) -> bool:
    return output.endswith(os.sep) or Path(output).is_dir()


def _require_absent(path: Path) -> None:
    if os.path.lexists(path):
        raise UsageError(f"{path} already exists", help="remove it, or choose another name")


def open_dashboard(read: Read, *, interval_seconds: float) -> None:
    """Serve the results until SIGINT or SIGTERM; those of a running tuning job are read again."""
    from hptc.results.study_dashboard import StudyDashboard

    study_input = read()
    results = study_input.results
    try:
        dashboard = StudyDashboard(study_input.studies())
    except OSError as error:
        raise OperationError(f"no port to listen on: {error.strerror}") from None
    stopped = Event()
    with dashboard, _handled_signals(stopped):
        if results.statement:
            print_status(results.statement)
        print_result(dashboard.url)
        sys.stdout.flush()
        if results.status.has_ended:
            print_status("listening; press Ctrl-C to stop")
        else:
            print_status(
                f"listening; the results are read every {interval_seconds:.0f} seconds until the "
                "tuning job ends; press Ctrl-C to stop"
            )
            # A call to AWS may take long, and stopping does not wait for it.
            arguments = (dashboard, read, stopped, interval_seconds)
            Thread(target=_follow, args=arguments, daemon=True).start()
        stopped.wait()


def _follow(dashboard: StudyDashboard, read: Read, stopped: Event, interval_seconds: float) -> None:
    """Show the results again and again, until the tuning job has ended."""
    while not stopped.wait(interval_seconds):
        try:
            study_input = read()
            studies = study_input.studies()
        except HptcError as error:
            print_status(f"note: the results were not read again: {error.message}")
            continue
        dashboard.show(studies)
        if study_input.results.status.has_ended:
            print_status(f"{study_input.results.status.name} has ended: this is its last state")
            return


@contextmanager
def _handled_signals(stopped: Event) -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    previous = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
