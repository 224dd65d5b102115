"""The process of a training job: its command, its folder and its environment.

It is the script or the command of a launch, or the engine that runs its image. Nothing is started
here, but starting a container writes the file with its variables.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hptc.frozen import frozen
from hptc.local import script_mode
from hptc.local.container_files import ContainerFiles
from hptc.local.containers import Container
from hptc.local.pipes import feeding
from hptc.local.requirements_file import environment_python, installing
from hptc.local.run_differences import has_gpu
from hptc.local.run_options import Launch
from hptc.request.tuning_job import Channel, Definition

_HIDDEN = ("SM_", "SAGEMAKER_", "TRAINING_JOB_")


@frozen
class TrainingProcess:
    """A process to start."""

    command: list[str]
    cwd: Path
    environment: Mapping[str, str]


@frozen
class TrainingInputs:
    """The content of a container's input files, and the channels that are pipes."""

    hyperparameters: Mapping[str, str]
    channels: Mapping[str, Mapping[str, str]]
    resources: Mapping[str, Any]
    piped: Mapping[str, tuple[Channel, Path]]


@frozen
class TrainingJobStart:
    """A training job to start: its definition, how to launch it, and its own files."""

    name: str
    definition: Definition
    launch: Launch
    files: ContainerFiles
    inputs: TrainingInputs
    variables: Mapping[str, str]  # that SageMaker sets in every container


def container_process(start: TrainingJobStart, container: Container) -> TrainingProcess:
    """The engine's program, which stays attached to the container until it ends."""
    has_gpus = any(has_gpu(instance.type) for instance in start.definition.instances)
    command = container.run_command(
        start.variables,
        is_isolated=start.definition.is_isolated,
        has_gpus=has_gpus and script_mode.count_gpus() > 0,
    )
    return engine_process(_with_feeders(start, command), container)


def engine_process(command: list[str], container: Container) -> TrainingProcess:
    """A command of the engine, with the user's environment, which may configure the engine."""
    return TrainingProcess(command=command, cwd=container.folder, environment=os.environ)


def command_process(start: TrainingJobStart) -> TrainingProcess:
    """The command of `--image`, or a stand-in."""
    return TrainingProcess(
        command=_with_feeders(start, list(start.launch.command)),
        cwd=start.launch.cwd,
        environment=_environment(start),
    )


def script_process(start: TrainingJobStart) -> TrainingProcess:
    """The script as the training toolkit runs it, in its own Python environment if it has one."""
    launch, folder = start.launch, start.files.code
    environment = _environment(start)
    hyperparameters = script_mode.passed_on(
        start.inputs.hyperparameters, start.definition.training_image, start.name
    )
    arguments = script_mode.arguments(hyperparameters)
    if launch.environment is None:
        command = script_mode.command(launch.python, folder, launch.entry_point, arguments)
    else:
        python = environment_python(launch.environment)
        path = f"{Path(python).parent}{os.pathsep}{_inherited().get('PATH', os.defpath)}"
        environment |= {"PATH": path}
        script = script_mode.command(python, folder, launch.entry_point, arguments)
        command = installing(launch.environment, launch.python, script)
    environment |= script_mode.variables(
        start.files.base,
        hyperparameters,
        entry_point=launch.entry_point,
        channels=start.inputs.channels,
        resources=start.inputs.resources,
        job_name=start.name,
    )
    return TrainingProcess(
        command=_with_feeders(start, command), cwd=folder, environment=environment
    )


def _with_feeders(start: TrainingJobStart, command: list[str]) -> list[str]:
    """The command, together with the programs that feed its pipes."""
    return feeding(start.files.base, start.inputs.piped, command, start.launch.listed_channels)


def _environment(start: TrainingJobStart) -> dict[str, str]:
    return {
        **_inherited(),
        **start.variables,
        "SAGEMAKER_BASE_DIR": str(start.files.base),
        "PYTHONUNBUFFERED": "1",  # as in AWS's images
        **start.launch.variables,
    }


def _inherited() -> Mapping[str, str]:
    """The variables of hptc's own environment, without those that a container sets."""
    return {name: text for name, text in os.environ.items() if not name.startswith(_HIDDEN)}
