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
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from hptc.catalog.images import identify
from hptc.errors import UsageError
from hptc.frozen import frozen
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
    _require_known_channels(job, options)
    launches: list[Launch] = []
    faults: list[str] = []
    for definition in job.definitions:
        name = definition_name(job, definition)
        planned = _plan(
            _LocalDefinition(definition=definition, name=name, options=options, s3_root=s3_root)
        )
        launches.append(planned.launch)
        suffix = of_definition(definition)
        faults += [f"{fault}{suffix and f' ({suffix.strip()})'}" for fault in planned.faults]
    images = Engine(program=options.engine).find_images(
        {launch.image for launch in launches if launch.image}
    )
    faults += images.faults
    if faults:
        raise NotRunnableError(job.name, faults)
    return tuple(replace(launch, image=images.ids.get(launch.image, "")) for launch in launches)


def with_threads(launches: Iterable[Launch], job: TuningJob) -> tuple[Launch, ...]:
    """The launches, with the number of threads that each stand-in uses."""
    parallel = job.max_parallel_training_jobs
    variables = thread_variables(min(parallel, training_jobs(job) or parallel))
    return tuple(
        replace(launch, variables=variables) if launch.stand_in else launch for launch in launches
    )


def _require_known_channels(job: TuningJob, options: RunOptions) -> None:
    known = {channel.name for definition in job.definitions for channel in definition.channels}
    unknown = [name for name in options.channels if name not in known]
    if unknown:
        channels = f"it has {listed_code(sorted(known))}" if known else "it has none"
        raise UsageError(f"{job.name} has no input channel {code(unknown[0])}; {channels}")


@frozen
class _LocalDefinition:
    """The training jobs of one definition, and what the user chose for them."""

    definition: Definition
    name: str  # of the definition; empty for a single one
    options: RunOptions
    s3_root: Path | None

    @property
    def packed(self) -> Source | None:
        """The code that the spec's own `source` has packed."""
        return self.options.codes.get(self.name)

    @property
    def named_script(self) -> str | None:
        """The entry point that the training jobs name."""
        return program(self.definition.static, self.definition.environment)

    @property
    def submit_directory(self) -> str | None:
        """Where the training jobs say that their code is."""
        return submit_directory(self.definition.static, self.definition.environment)

    @property
    def mapped_command(self) -> str | None:
        """The command that `--image` names instead of the image or the algorithm."""
        image = self.definition.training_image or self.definition.algorithm_name or ""
        for pattern, command in self.options.images:
            if fnmatchcase(image, pattern) or fnmatchcase(image, f"*/{pattern}"):
                return command
        return None

    @property
    def stand_in(self) -> str | None:
        """The built-in algorithm for which hptc has a stand-in, unless the image runs a script."""
        has_script = (
            self.options.source is not None
            or self.options.entry_point is not None
            or self.packed is not None
            or self.named_script is not None
        )
        if has_script or not self.options.uses_stand_ins:
            return None
        return stand_in_name(self.definition)


@frozen
class _PlannedLaunch:
    """How the training jobs of one definition start. With faults, the launch is incomplete."""

    launch: Launch
    faults: tuple[str, ...]


def _plan(local: _LocalDefinition) -> _PlannedLaunch:
    channels = find_channels(
        local.definition,
        local.options.channels,
        local.s3_root,
        # The code is laid out as the container would unpack it, so its channel is not read.
        unread=(CODE_CHANNEL,) if local.packed is not None else (),
    )
    launch = Launch(
        definition=local.name,
        channels={name: data.path for name, data in channels.data.items()},
        listed={
            name: data.listed for name, data in channels.data.items() if data.listed is not None
        },
        region=local.options.region,
    )
    planned = _plan_program(local, launch)
    faults = (*channels.faults, *_instance_faults(local.definition), *planned.faults)
    return replace(planned, faults=faults)


def _plan_program(local: _LocalDefinition, launch: Launch) -> _PlannedLaunch:
    """What runs: the command of `--image`, else the image, else a stand-in, else the script."""
    command = local.mapped_command
    if command is not None:
        return _plan_command(local, launch, command)
    if local.options.engine:
        return _plan_container(local, launch)
    stand_in = local.stand_in
    if stand_in is not None and is_installed():
        return _plan_stand_in(local, launch, stand_in)
    return _plan_script(local, launch)


def _plan_command(local: _LocalDefinition, launch: Launch, command: str) -> _PlannedLaunch:
    faults = _variable_faults(local.definition)
    try:
        words = shlex.split(command)
    except ValueError as error:
        faults.append(f"--image: {code(command)} is not a command: {error}")
        return _PlannedLaunch(launch=launch, faults=tuple(faults))
    if not words or shutil.which(words[0]) is None:
        faults.append(f"--image: {code(words[0] if words else command)} is not a program")
    return _PlannedLaunch(
        launch=replace(launch, command=tuple(words), cwd=Path.cwd()), faults=tuple(faults)
    )


def _plan_stand_in(local: _LocalDefinition, launch: Launch, stand_in: str) -> _PlannedLaunch:
    return _PlannedLaunch(
        launch=replace(
            launch, command=stand_in_command(stand_in), cwd=Path.cwd(), stand_in=stand_in
        ),
        faults=(*_variable_faults(local.definition), *refusals(stand_in, local.definition)),
    )


def _plan_script(local: _LocalDefinition, launch: Launch) -> _PlannedLaunch:
    faults = _variable_faults(local.definition)
    try:
        source = _find_script(local)
    except _NoScriptError as error:
        return _PlannedLaunch(launch=launch, faults=(*faults, str(error)))
    faults += _entry_point_faults(source)
    faults += _unpassable("hyperparameter", possible_values(local.definition))
    python = _find_python(local.options.python)
    if python is None:
        faults.append(f"--python {local.options.python} is not a program")
    return _PlannedLaunch(
        launch=replace(_with_code(launch, source), python=python or ""),
        faults=tuple(faults),
    )


def _plan_container(local: _LocalDefinition, launch: Launch) -> _PlannedLaunch:
    """The launch of an image, with the code that its training toolkit would download."""
    definition, engine = local.definition, local.options.engine
    if definition.training_image is None:
        algorithm = code(definition.algorithm_name or "")
        fault = f"the algorithm {algorithm} is in AWS, so it has no image here"
        return _PlannedLaunch(launch=launch, faults=(fault,))
    container = replace(launch, image=definition.training_image, engine=engine)
    faults = [
        f"the environment variable {code(name)} has several lines, which {engine} can't pass"
        for name in not_passable(definition.environment)
    ]
    if sys.platform != "linux" and any(
        channel.input_mode == PIPE for channel in definition.channels
    ):
        faults.append(f"{engine} passes the pipes of Pipe mode on Linux only; omit --{engine}")
    is_code_in_image = (
        local.packed is None
        and local.options.source is None
        and not (local.submit_directory or "").startswith("s3://")
    )
    if is_code_in_image:
        return _PlannedLaunch(launch=container, faults=tuple(faults))
    if local.options.entry_point not in (None, local.named_script):
        faults.append(f"--{engine} runs the program that {code(PROGRAM)} names; omit --entry-point")
        return _PlannedLaunch(launch=launch, faults=tuple(faults))
    try:
        source = _find_script(local)
    except _NoScriptError as error:
        return _PlannedLaunch(launch=launch, faults=(*faults, str(error)))
    faults += _entry_point_faults(source)
    return _PlannedLaunch(launch=_with_code(container, source), faults=tuple(faults))


def _with_code(launch: Launch, source: Source) -> Launch:
    return replace(launch, entry_point=source.entry_point, code=source.code)


def _instance_faults(definition: Definition) -> Iterator[str]:
    if not has_several_instances(definition):
        return
    groups = [instance.group for instance in definition.instances if instance.group is not None]
    if groups:
        yield (
            f"a heterogeneous cluster, here of {listed_code(groups)}, needs AWS; keep one instance "
            "group with `instance_count: 1`"
        )
    else:
        yield "a training job on several instances needs AWS; set `instance_count: 1`"


def _variable_faults(definition: Definition) -> list[str]:
    return _unpassable("environment variable", definition.environment.items())


def _unpassable(kind: str, values: Iterable[tuple[str, str]]) -> list[str]:
    """The variables or hyperparameters that a process can't be given."""
    names = dict.fromkeys(name for name, value in values if not is_passable(value))
    return [
        f"the {kind} {code(name)} has a character that no process can be given, such as NUL; "
        "remove it"
        for name in names
    ]


def _entry_point_faults(source: Source) -> list[str]:
    """Why the path of an entry point could lead out of the folder of the code."""
    path = PurePosixPath(source.entry_point)
    if path.is_absolute() or ".." in path.parts or "\0" in source.entry_point:
        return [f"the entry point {code(source.entry_point)} is not a path below the code"]
    return []


def _find_python(name: str) -> str | None:
    return shutil.which(name) if name else sys.executable


class _NoScriptError(Exception):
    """No script can run on this machine. The message says why and what to do."""


def _find_script(local: _LocalDefinition) -> Source:
    """The script that a training job runs, and its code. Raises _NoScriptError."""
    options = local.options
    if options.source is None and local.packed is not None:
        entry_point = options.entry_point or local.packed.entry_point
        return replace(local.packed, entry_point=entry_point)
    script = options.entry_point or local.named_script
    if script is None and options.source is None:
        raise _NoScriptError(_without_script(local.definition, options))
    directory = options.source or _submitted_code(local)
    if directory is None:
        place = local.submit_directory or "its image"
        raise _NoScriptError(f"the code is in {place}; name a folder with --source DIR")
    if not directory.exists():
        raise _NoScriptError(
            f"the code: {directory} does not exist; name a folder with --source DIR"
        )
    if script is None:
        raise _NoScriptError(
            f"no hyperparameter {code(PROGRAM)} names the script; use --entry-point FILE"
        )
    if directory.is_dir() and not (directory / script).is_file():
        raise _NoScriptError(f"there is no {code(script)} in {directory}; use --entry-point FILE")
    return Source(code=directory.resolve(), entry_point=script)


def _submitted_code(local: _LocalDefinition) -> Path | None:
    """Where the archive that the training jobs name is below the folder that replaces S3.

    None without such a folder, and for code in the image.
    """
    uri = local.submit_directory
    if uri is None or local.s3_root is None or not uri.startswith("s3://"):
        return None
    return local_path(uri, local.s3_root)


def _without_script(definition: Definition, options: RunOptions) -> str:
    """Why the training jobs of a definition that names no script can't run, and what to do."""
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
