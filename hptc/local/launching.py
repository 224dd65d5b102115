"""Plans how the training jobs of a tuning job start on this machine, or why they can't.

A request and the options of `hptc local run` become a `Launch` for each training job definition:
the data of its channels, and the script, command, image or stand-in that runs. All reasons why a
tuning job can't run are reported at once, before anything starts. It looks at files, asks docker or
podman for the images that run, and writes nothing.
"""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from hptc.catalog.images import identify
from hptc.errors import UsageError
from hptc.local.available_stand_ins import (
    EXTRA,
    is_installed,
    possible_values,
    refusals,
    stand_in_command,
    stand_in_name,
    thread_variables,
)
from hptc.local.container_engine import Engine
from hptc.local.containers import not_passable
from hptc.local.input_data import PIPE, find_channels, local_path
from hptc.local.process_group import is_passable
from hptc.local.run_options import Launch, RunOptions, Source
from hptc.local.script_mode import program, submit_directory
from hptc.request.job_facts import (
    CODE_CHANNEL,
    PROGRAM,
    definition_name,
    has_several_instances,
    of_definition,
    training_jobs,
)
from hptc.request.tuning_job import Definition, TuningJob
from hptc.text import code, listed_code


class NotRunnableError(UsageError):
    """A tuning job that can't run on this machine, with all reasons."""

    def __init__(self, name: str, reasons: Sequence[str]) -> None:
        super().__init__(
            f"{name} can't run on this machine: {'; '.join(reasons)}",
            help="docs/local.md lists what can run; --dry needs neither code nor data",
        )
        self.name = name
        self.reasons = tuple(reasons)


def plan_launches(job: TuningJob, options: RunOptions, s3_root: Path | None) -> tuple[Launch, ...]:
    """How the training jobs of each definition start. `s3_root` is the folder that replaces S3.

    Raises NotRunnableError.
    """
    reasons: list[str] = []
    launches: list[Launch] = []
    _require_known_channels(job, options)
    for definition in job.definitions:
        launch, faults = _plan(definition, definition_name(job, definition), options, s3_root)
        suffix = of_definition(definition)
        reasons += [f"{fault}{suffix and f' ({suffix.strip()})'}" for fault in faults]
        launches.append(launch)
    launches, faults = _with_images(launches, Engine(program=options.engine))
    reasons += faults
    if reasons:
        raise NotRunnableError(job.name, reasons)
    return tuple(launches)


def _with_images(launches: Sequence[Launch], engine: Engine) -> tuple[list[Launch], list[str]]:
    """The launches with the IDs of their images, and why images can't be run."""
    images = {launch.image for launch in launches if launch.image}
    if not images:
        return list(launches), []
    found, faults = engine.find_images(images)
    return [replace(each, image=found.get(each.image, "")) for each in launches], faults


def with_threads(launches: Iterable[Launch], job: TuningJob) -> tuple[Launch, ...]:
    """The launches, with the number of threads that each stand-in uses."""
    parallel = job.max_parallel_training_jobs
    variables = thread_variables(min(parallel, training_jobs(job) or parallel))
    return tuple(
        replace(launch, variables=variables) if launch.stand_in else launch for launch in launches
    )


def _require_known_channels(job: TuningJob, options: RunOptions) -> None:
    known = {channel.name for one in job.definitions for channel in one.channels}
    unknown = [name for name in options.channels if name not in known]
    if unknown:
        channels = f"it has {listed_code(sorted(known))}" if known else "it has none"
        raise UsageError(f"{job.name} has no input channel {code(unknown[0])}; {channels}")


def _plan(
    definition: Definition, name: str, options: RunOptions, s3_root: Path | None
) -> tuple[Launch, list[str]]:
    # The code is laid out as the container would unpack it, so its channel is not read.
    unread = (CODE_CHANNEL,) if name in options.codes else ()
    data, reasons = find_channels(definition, options.channels, s3_root, unread=unread)
    if has_several_instances(definition):
        reasons.append(_several_instances(definition))
    launch = Launch(
        definition=name,
        channels={channel: each.path for channel, each in data.items()},
        listed={channel: each.listed for channel, each in data.items() if each.listed is not None},
        region=options.region,
    )
    image = definition.training_image or definition.algorithm_name or ""
    command = _mapped(image, options.images)
    if command is None and options.engine:
        return _in_container(launch, definition, name, options, s3_root, reasons)
    reasons += _not_passable("environment variable", definition.environment.items())
    if command is not None:
        return _with_command(launch, command, reasons)
    stand_in = _stand_in(definition, name, options)
    if stand_in is not None and is_installed():
        ready = replace(
            launch, command=stand_in_command(stand_in), cwd=Path.cwd(), stand_in=stand_in
        )
        return ready, [*reasons, *refusals(stand_in, definition)]
    source = _source(definition, name, options, s3_root)
    if isinstance(source, str):
        return launch, [*reasons, source]
    if not _is_below(source.entry_point):
        reasons.append(_not_below(source.entry_point))
    reasons += _not_passable("hyperparameter", possible_values(definition))
    python = _python(options.python)
    if python is None:
        reasons.append(f"--python {options.python} is not a program")
    script = replace(launch, entry_point=source.entry_point, code=source.code, python=python or "")
    return script, reasons


def _not_passable(kind: str, values: Iterable[tuple[str, str]]) -> list[str]:
    """The variables or hyperparameters that a process can't be given."""
    names = dict.fromkeys(name for name, value in values if not is_passable(value))
    return [
        f"the {kind} {code(name)} has a character that no process can be given, such as NUL; "
        "remove it"
        for name in names
    ]


def _in_container(
    launch: Launch,
    definition: Definition,
    name: str,
    options: RunOptions,
    s3_root: Path | None,
    reasons: list[str],
) -> tuple[Launch, list[str]]:
    """The launch of an image, with the code that its training toolkit would download."""
    if definition.training_image is None:
        algorithm = code(definition.algorithm_name or "")
        return launch, [*reasons, f"the algorithm {algorithm} is in AWS, so it has no image here"]
    named = program(definition.static, definition.environment)
    submitted = submit_directory(definition.static, definition.environment) or ""
    ready = replace(launch, image=definition.training_image, engine=options.engine)
    reasons += [
        f"the environment variable {code(each)} has several lines, which {options.engine} can't "
        "pass"
        for each in not_passable(definition.environment)
    ]
    if sys.platform != "linux" and any(each.input_mode == PIPE for each in definition.channels):
        reasons.append(
            f"{options.engine} passes the pipes of Pipe mode on Linux only; omit --{options.engine}"
        )
    if name not in options.codes and options.source is None and not submitted.startswith("s3://"):
        return ready, reasons  # the image has its own code
    if options.entry_point not in (None, named):
        return launch, [
            *reasons,
            f"--{options.engine} runs the program that {code(PROGRAM)} names; omit --entry-point",
        ]
    source = _source(definition, name, options, s3_root)
    if isinstance(source, str):
        return launch, [*reasons, source]
    if not _is_below(source.entry_point):
        reasons.append(_not_below(source.entry_point))
    return replace(ready, entry_point=source.entry_point, code=source.code), reasons


def _several_instances(definition: Definition) -> str:
    groups = [each.group for each in definition.instances if each.group is not None]
    if groups:
        return (
            f"a heterogeneous cluster, here of {listed_code(groups)}, needs AWS; keep one instance "
            "group with `instance_count: 1`"
        )
    return "a training job on several instances needs AWS; set `instance_count: 1`"


def _mapped(image: str, images: Sequence[tuple[str, str]]) -> str | None:
    for pattern, command in images:
        if fnmatchcase(image, pattern) or fnmatchcase(image, f"*/{pattern}"):
            return command
    return None


def _stand_in(definition: Definition, name: str, options: RunOptions) -> str | None:
    """The built-in algorithm for which hptc has a stand-in, unless the image runs a script."""
    has_script = (
        options.source is not None
        or options.entry_point is not None
        or name in options.codes
        or program(definition.static, definition.environment) is not None
    )
    return None if has_script or not options.uses_stand_ins else stand_in_name(definition)


def _with_command(launch: Launch, command: str, reasons: list[str]) -> tuple[Launch, list[str]]:
    try:
        words = shlex.split(command)
    except ValueError as error:
        return launch, [*reasons, f"--image: {code(command)} is not a command: {error}"]
    if not words or shutil.which(words[0]) is None:
        reasons.append(f"--image: {code(words[0] if words else command)} is not a program")
    return replace(launch, command=tuple(words), cwd=Path.cwd()), reasons


def _is_below(entry_point: str) -> bool:
    """Whether a path can't lead out of the folder of the code."""
    path = PurePosixPath(entry_point)
    return not path.is_absolute() and ".." not in path.parts and "\0" not in entry_point


def _not_below(entry_point: str) -> str:
    return f"the entry point {code(entry_point)} is not a path below the code"


def _python(name: str) -> str | None:
    return shutil.which(name) if name else sys.executable


def _source(
    definition: Definition, name: str, options: RunOptions, s3_root: Path | None
) -> Source | str:
    """The code of the script that a training job runs, or why there is none."""
    if options.source is None and name in options.codes:
        own = options.codes[name]
        return Source(code=own.code, entry_point=options.entry_point or own.entry_point)
    named = program(definition.static, definition.environment)
    entry_point = options.entry_point or named
    if entry_point is None and options.source is None:
        return _no_script(definition, options)
    directory = options.source or _submitted(definition, s3_root)
    if directory is None:
        uri = submit_directory(definition.static, definition.environment) or "its image"
        return f"the code is in {uri}; name a folder with --source DIR"
    if not directory.exists():
        return f"the code: {directory} does not exist; name a folder with --source DIR"
    if entry_point is None:
        return f"no hyperparameter {code(PROGRAM)} names the script; use --entry-point FILE"
    if directory.is_dir() and not (directory / entry_point).is_file():
        return f"there is no {code(entry_point)} in {directory}; use --entry-point FILE"
    return Source(code=directory.resolve(), entry_point=entry_point)


def _submitted(definition: Definition, s3_root: Path | None) -> Path | None:
    uri = submit_directory(definition.static, definition.environment)
    if uri is None:
        return None
    if uri.startswith("s3://"):
        return local_path(uri, s3_root) if s3_root is not None else None
    return None  # a folder in the image


def _no_script(definition: Definition, options: RunOptions) -> str:
    image = definition.training_image
    if image is None:
        name = definition.algorithm_name or ""
        return f"the algorithm {code(name)} is in AWS; use --image '{name}=COMMAND'"
    identified = identify(image)
    repository = image.rpartition("/")[2].partition(":")[0].partition("@")[0]
    pattern = f"--image '{repository}*=COMMAND'"
    if identified is not None and identified.kind == "algorithm":
        has_stand_in = options.uses_stand_ins and stand_in_name(definition) is not None
        install = f"pip install 'hptc[{EXTRA}]' for hptc's stand-in, or " if has_stand_in else ""
        return (
            f"the built-in algorithm {code(identified.name)} only runs on AWS; {install}use "
            f"{pattern} with a program that reads the same files"
        )
    if identified is not None:
        return (
            f"the image {code(repository)} runs a script, but no {code(PROGRAM)} is set; use "
            "--source DIR and --entry-point FILE"
        )
    return (
        f"the image {code(image)} is not run here; use --docker to run it, or {pattern} with what "
        "it would run"
    )
