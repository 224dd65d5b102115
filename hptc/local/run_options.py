"""The options of a run on this machine, and the `Launch` that follows for each definition."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from hptc.frozen import frozen
from hptc.local.container_engine import DOCKER
from hptc.local.manifest_reader import Record
from hptc.source.packing import PackedCode

Code = Path | PackedCode
"""The code of a script: a folder, an archive, or the files that a spec's `source` has packed."""

DEFAULT_REGION = "us-east-1"
"""What training jobs see as their Region without an environment; nothing here is in a Region."""
GRACE_SECONDS = 120.0
"""Between SIGTERM and SIGKILL, as AWS waits:
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StopTrainingJob.html"""


@frozen
class Source:
    """The code of a script, and the entry point in it."""

    code: Code
    entry_point: str


@frozen
class RunOptions:
    """The options of `hptc local run`."""

    channels: Mapping[str, Path] = field(default_factory=dict)  # the data of a channel, by its name
    s3_root: Path | None = None  # has bucket/key for s3://bucket/key
    source: Path | None = None
    entry_point: str | None = None
    codes: Mapping[str, Source] = field(default_factory=dict)  # of a spec, by definition
    python: str = ""  # empty for the Python that runs hptc
    region: str = DEFAULT_REGION
    images: tuple[tuple[str, str], ...] = ()  # (pattern of an image, command)
    uses_stand_ins: bool = True  # for AWS's built-in algorithms, where hptc has one
    engine: str = ""  # the program that runs every image without a command, such as docker
    installs_requirements: bool = False  # of scripts, into environments of their own
    max_training_jobs: int | None = None
    max_parallel: int | None = None
    seed: int | None = None
    is_dry: bool = False
    ignores_parents: bool = False
    grace_seconds: float = GRACE_SECONDS


@frozen
class Launch:
    """How the training jobs of one definition start on this machine."""

    definition: str  # empty for a single one
    channels: Mapping[str, Path]
    listed: Mapping[str, tuple[Record, ...]] = field(default_factory=dict)  # not recorded
    listed_channels: tuple[str, ...] = ()  # whose data is what a manifest lists
    entry_point: str = ""  # of a script
    code: Code | None = None  # of a script; a run reads the copy in its folder
    python: str = ""
    command: tuple[str, ...] = ()  # for an image that `--image` maps, or a stand-in
    cwd: Path = Path()  # of `command`
    region: str = DEFAULT_REGION
    stand_in: str = ""  # the built-in algorithm that `command` stands in for
    image: str = ""  # the ID of the image that runs
    engine: str = DOCKER  # the program that runs the image
    environment: Path | None = None  # of Python, with the packages of requirements.txt
    variables: Mapping[str, str] = field(default_factory=dict)  # of a run, and not recorded

    @property
    def replacement(self) -> str:
        """The command that `--image` names; empty if there is none."""
        return "" if self.stand_in else shlex.join(self.command)

    def to_data(self) -> dict[str, Any]:
        """The record of a run, so that another run can continue it."""
        return {
            "Definition": self.definition,
            "Channels": {name: str(path) for name, path in self.channels.items()},
            **({"ListedChannels": list(self.listed_channels)} if self.listed_channels else {}),
            "EntryPoint": self.entry_point,
            "Python": self.python,
            "Command": list(self.command),
            "WorkingDirectory": str(self.cwd),
            "Region": self.region,
            **({"StandIn": self.stand_in} if self.stand_in else {}),
            **({"Image": self.image, "Engine": self.engine} if self.image else {}),
            **({"PythonEnvironment": str(self.environment)} if self.environment else {}),
        }


def read_launch(data: Mapping[str, Any]) -> Launch:
    """The inverse of `Launch.to_data`."""
    environment = data.get("PythonEnvironment")
    return Launch(
        definition=data["Definition"],
        channels={name: Path(path) for name, path in data["Channels"].items()},
        listed_channels=tuple(data.get("ListedChannels", ())),
        entry_point=data["EntryPoint"],
        python=data["Python"],
        command=tuple(data["Command"]),
        cwd=Path(data["WorkingDirectory"]),
        region=data["Region"],
        stand_in=data.get("StandIn", ""),
        image=data.get("Image", ""),
        engine=data.get("Engine", DOCKER),
        environment=Path(environment) if environment else None,
    )
