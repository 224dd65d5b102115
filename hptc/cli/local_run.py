"""`hptc local run`."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from hptc.cli.console import (
    file_progress,
    print_needed,
    print_result,
    print_status,
    terminal_width,
    use_color,
)
from hptc.cli.earlier_local_run import require_resumable, require_room
from hptc.cli.inputs import compile_all, without_errors
from hptc.cli.local_folder import FOLDER
from hptc.cli.local_progress import RunProgress
from hptc.cli.local_rehearsal import print_failure, print_rehearsal
from hptc.cli.options import (
    IMAGES,
    JSON,
    PYTHON,
    TEXT_OR_JSON,
    completed,
    image_and_command,
    name_and_value,
    spec_options,
)
from hptc.compiler.outcome import Compiled, CompiledSpec
from hptc.errors import (
    EXIT_FINDINGS,
    EXIT_INTERRUPTED,
    EXIT_OK,
    EXIT_OPERATION,
    UsageError,
)
from hptc.infrastructure.provenance_tags import merged_tags
from hptc.jobs.provenance import git_provenance, job_tags
from hptc.local.available_stand_ins import ignored_ranges, stand_in_statement
from hptc.local.container_engine import DOCKER, PODMAN
from hptc.local.dry_values import STATED
from hptc.local.job_folder import jobs_folder
from hptc.local.launching import NotRunnableError
from hptc.local.run_differences import differences, more_than_available
from hptc.local.run_options import DEFAULT_REGION, GRACE_SECONDS, RunOptions, Source
from hptc.local.search.autotune import autotuned
from hptc.local.service import LocalTuning
from hptc.render.local_runs import local_status_json, render_local_status
from hptc.request.emission import Request
from hptc.request.job_facts import definition_name
from hptc.request.reading import read_job
from hptc.request.tuning_job import TuningJob
from hptc.service.lookup import describe, job_status
from hptc.text import clipped

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("spec", type=click.Path(), shell_complete=completed("specs"))
@spec_options
@click.option(
    "--trials", type=click.IntRange(1), metavar="N", help="Number of training jobs; 1 rehearses."
)
@click.option(
    "--parallel", type=click.IntRange(1), metavar="N", help="Training jobs to run at a time."
)
@click.option("--dry", is_flag=True, help="Make up the values instead of running any code.")
@click.option("--resume", is_flag=True, help="Continue a run that was interrupted or stopped.")
@click.option("--replace", is_flag=True, help="Delete an earlier run of the same tuning job.")
@click.option(
    "--channel",
    "channels",
    metavar="NAME=PATH",
    multiple=True,
    help="File or folder with the data of an input channel.",
)
@click.option(
    "--s3-root", type=_PATH, metavar="DIR", help="Read s3://bucket/key from DIR/bucket/key."
)
@click.option("--source", type=_PATH, metavar="DIR", help="Folder with the code of the script.")
@click.option("--entry-point", metavar="FILE", help="The script in that folder.")
@PYTHON
@IMAGES
@click.option(
    "--install-requirements",
    is_flag=True,
    help="Install requirements.txt into an environment of its own.",
)
@click.option("--docker", is_flag=True, help="Run the images themselves, with Docker.")
@click.option("--podman", is_flag=True, help="Run the images themselves, with Podman.")
@click.option(
    "--no-stand-ins", is_flag=True, help="Refuse built-in algorithms instead of replacing them."
)
@click.option("--seed", type=int, help="Random seed of the search strategy.")
@click.option("--without-parents", is_flag=True, help="Ignore the parents of a warm start.")
@click.option(
    "--grace",
    type=click.FloatRange(0),
    metavar="SECONDS",
    help=f"Time between SIGTERM and SIGKILL; by default {GRACE_SECONDS:g}.",
)
@FOLDER
@TEXT_OR_JSON
def run(
    spec: str,
    trials: int | None,
    parallel: int | None,
    dry: bool,
    resume: bool,
    replace: bool,
    channels: tuple[str, ...],
    s3_root: Path | None,
    source: Path | None,
    entry_point: str | None,
    python: str,
    images: tuple[str, ...],
    install_requirements: bool,
    docker: bool,
    podman: bool,
    no_stand_ins: bool,
    seed: int | None,
    without_parents: bool,
    grace: float | None,
    folder: Path | None,
    form: str,
    env: str | None,
    select: str | None,
    ignore: str | None,
) -> int:
    """Run a tuning job on this machine.

    The training jobs are processes with what a SageMaker container has: the files of /opt/ml
    under SAGEMAKER_BASE_DIR, the variables SM_*, and hyperparameters as arguments. `--trials 1` is
    a rehearsal: it shows what would fail on AWS. Ctrl-C stops the tuning job; press it again to
    kill its training jobs.

    Exits with 0 if the tuning job is Completed, and with 3 if it is Failed or Stopped.
    """
    compiled = _compile_one(spec, env, select, ignore)
    if compiled is None:
        return EXIT_FINDINGS
    if resume and replace:
        raise UsageError(
            "--resume can't be combined with --replace", help="leave out one of the two"
        )
    engine = _engine(
        docker=docker, podman=podman, has_python_options=bool(python) or install_requirements
    )
    options = RunOptions(
        channels=_channels(channels, compiled.job),
        s3_root=s3_root,
        source=source,
        entry_point=entry_point,
        codes=_codes(compiled),
        region=_region(compiled),
        python=python,
        images=tuple(map(image_and_command, images)),
        uses_stand_ins=not no_stand_ins,
        engine=engine,
        installs_requirements=install_requirements,
        max_training_jobs=trials,
        max_parallel=parallel,
        seed=seed,
        is_dry=dry,
        ignores_parents=without_parents,
        grace_seconds=GRACE_SECONDS if grace is None else grace,
    )
    tuning = LocalTuning(jobs_folder(folder), options)
    if resume:
        require_resumable(tuning, compiled.job.name)
    else:
        require_room(tuning, compiled.job.name, replace=replace)
        _prepare(tuning, compiled)
    return _follow(tuning, compiled, options, form=form)


def _compile_one(
    spec: str, env: str | None, select: str | None, ignore: str | None
) -> Compiled | None:
    """The spec, or None if it has errors, which are printed. Raises UsageError for several."""
    compiled = without_errors(
        compile_all((spec,), env, select, ignore), named=(spec,), instead="nothing was run"
    )
    if compiled is None:
        return None
    if len(compiled) != 1:
        raise UsageError(f"`hptc local run` takes one spec, but found {len(compiled)}")
    return compiled[0]


def _channels(values: tuple[str, ...], job: TuningJob) -> dict[str, Path]:
    """The data of channels, by their names. Raises UsageError."""
    names = [channel.name for definition in job.definitions for channel in definition.channels] or [
        "train"
    ]

    def example(text: str) -> str:
        if Path(text).exists():
            return shlex.join(("--channel", f"{names[0]}={text}"))
        name = text.removesuffix("=")
        name = name if name in names else names[0]
        return f"--channel {name}=DIR, where DIR is the folder with the data"

    expected = "NAME=PATH, the name of an input channel and the file or folder with its data"
    read = name_and_value("--channel", expected, example)
    return {name: Path(path) for name, path in map(read, values)}


def _engine(*, docker: bool, podman: bool, has_python_options: bool) -> str:
    """The program that runs the images; empty if they don't run.

    Raises UsageError for two programs, and for one with options about Python.
    """
    if docker and podman:
        raise UsageError("--docker and --podman are alternatives; use one of them")
    engine = DOCKER if docker else PODMAN if podman else ""
    if engine and has_python_options:
        raise UsageError(
            f"--{engine} can't be combined with --python and --install-requirements",
            help="an image has its own Python, and its training toolkit installs requirements.txt",
        )
    return engine


def _region(compiled: Compiled) -> str:
    """The Region that training jobs see: the environment's, if there is one."""
    return compiled.environment.region if compiled.environment is not None else DEFAULT_REGION


def _codes(compiled: Compiled) -> dict[str, Source]:
    """The code that the `source` of a spec has packed, by the name of the definition."""
    packed = compiled.codes if isinstance(compiled, CompiledSpec) else {}
    return {
        definition_name(compiled.job, definition): Source(
            code=packed[definition.path].packed, entry_point=packed[definition.path].entry_point
        )
        for definition in compiled.job.definitions
        if definition.path in packed
    }


def _prepare(tuning: LocalTuning, compiled: Compiled) -> None:
    try:
        with file_progress("laid out") as progress:
            tuning.prepare(_with_provenance(compiled), replaces=True, progress=progress)
    except NotRunnableError as error:
        if len(error.reasons) == 1:
            raise
        for reason in error.reasons:
            print_needed(f"- {clipped(reason, terminal_width() * 4)}")
        raise UsageError(
            f"{error.name} can't run on this machine for these {len(error.reasons)} reasons",
            help=error.help,
        ) from None


def _with_provenance(compiled: Compiled) -> Request:
    """The request with the tags that `hptc submit` adds, by which a spec finds its tuning jobs."""
    tags = job_tags(compiled, git_provenance([compiled])(compiled))
    return {**compiled.request, "Tags": merged_tags(compiled.request, tags)}


def _follow(tuning: LocalTuning, compiled: Compiled, options: RunOptions, *, form: str) -> int:
    """Run a tuning job to its end, and print what it has shown. Returns an exit code."""
    name = compiled.job.name
    job = autotuned(read_job(describe(tuning, name))).job
    _print_notes(tuning, compiled, job)
    progress = RunProgress()
    with _stopping(tuning, name) as signals:
        try:
            tuning.run(name, progress.show)
        finally:
            progress.close()
    status = job_status(tuning, name)
    if progress.failures and (status.status == "Failed" or progress.total == 1):
        print_failure(tuning, job, progress.failures[0])
    if progress.total == 1 and not tuning.is_dry(name):
        print_rehearsal(tuning, compiled.job)
        if status.status == "Completed" and options.max_training_jobs == 1:
            print_status(
                f"\nnext: `hptc local run {compiled.file} --resume` runs the other training jobs"
            )
    facts = tuning.run_facts(name)
    print_result(
        local_status_json(status, facts, command="local run")
        if form == JSON
        else render_local_status(
            status, facts, spec=compiled.file, color=use_color(sys.stdout), width=terminal_width()
        )
    )
    if signals:
        return EXIT_INTERRUPTED
    return EXIT_OK if status.status == "Completed" else EXIT_OPERATION


def _print_notes(tuning: LocalTuning, compiled: Compiled, job: TuningJob) -> None:
    """What users must know before the run: stand-ins, differences from AWS, missing packages."""
    name = compiled.job.name
    is_dry, stand_ins = tuning.is_dry(name), tuning.stand_ins(name)
    if is_dry:
        print_status(STATED)
    if stand_ins:
        print_status(stand_in_statement(stand_ins))
    notes = [
        *differences(compiled.job, tuning.launches(name), is_dry=is_dry),
        *(
            f"{package}; --install-requirements installs them into an environment of its own"
            for package in tuning.missing_packages(name)
        ),
        *ignored_ranges(stand_ins, compiled.job),
    ]
    competing = more_than_available(job, os.cpu_count() or 1)
    if competing and not is_dry:
        notes.append(competing)
    for note in notes:
        print_status(f"note: {note}")


@contextmanager
def _stopping(tuning: LocalTuning, name: str) -> Iterator[list[int]]:
    """Stop the tuning job at Ctrl-C or SIGTERM, and kill its training jobs at a second one.

    Yields the signals that have arrived.
    """
    arrived: list[int] = []

    def handle(number: int, _: object) -> None:
        arrived.append(number)
        tuning.request_stop(name)

    numbers = [
        number
        for number in (signal.SIGINT, signal.SIGTERM)
        if signal.getsignal(number) is not signal.SIG_IGN  # as after `nohup`
    ]
    before = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield arrived
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
