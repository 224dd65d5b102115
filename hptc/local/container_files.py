"""Lays out what a training container finds under /opt/ml, in a new folder.

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from hptc.frozen import frozen
from hptc.request.tuning_job import Channel, Definition, S3Source

HOST = "algo-1"
BASE = "ml"
"""The folder that replaces /opt/ml, in that of one attempt to run a training job."""
KEPT = "checkpoints"
"""The folder of checkpoints that further attempts find, in that of the training job."""

_GROUP = "homogeneousCluster"
_FOLDERS = (
    "input/config", "input/data", "model", "output/data", "output/intermediate", "checkpoints",
    "code",
)  # fmt: skip
_FAILURE = "output/failure"
_MAX_FAILURE = 1024
"""AWS reads that many characters of the file, for FailureReason:
https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-output.html"""


@frozen
class ContainerFiles:
    """The folder that replaces /opt/ml."""

    base: Path

    @property
    def code(self) -> Path:
        """The folder of the author's code."""
        return self.base / "code"

    @property
    def model(self) -> Path:
        """The folder where a training job saves its model."""
        return self.base / "model"

    def failure(self) -> str:
        """The failure message that the training job wrote; empty if it wrote none."""
        path = self.base / _FAILURE
        try:
            # A container must not name a file of this machine by a link.
            if not path.resolve().is_relative_to(self.base.resolve()):
                return ""
            with path.open(encoding="utf-8", errors="replace") as stream:
                return stream.read(_MAX_FAILURE).strip()
        except OSError:
            return ""


def lay_out(
    base: Path,
    *,
    hyperparameters: Mapping[str, str],
    channels: Mapping[str, Mapping[str, str]],
    resources: Mapping[str, Any],
    data: Mapping[str, Path],
    code: Path | None,
    piped: Collection[str] = (),
    checkpoints: tuple[str, Path] | None = None,
) -> ContainerFiles:
    """Create the folder. Raises FileExistsError if it exists.

    `data` are the file or folder of each channel, which is linked and not copied. `piped` are
    the channels without a folder. `checkpoints` are a path in the folder, and the folder that it
    leads to.
    """
    base.mkdir(parents=True)
    for folder in _FOLDERS:
        (base / folder).mkdir(parents=True, exist_ok=True)
    config = base / "input/config"
    for name, content in (
        ("hyperparameters.json", hyperparameters),
        ("inputdataconfig.json", channels),
        ("resourceconfig.json", resources),
    ):
        (config / name).write_text(json.dumps(content), encoding="utf-8")
    for channel in channels:
        if channel not in piped:
            _link_data(base / "input/data" / channel, data.get(channel))
    if code is not None:
        shutil.copytree(code, base / "code", symlinks=True, dirs_exist_ok=True)
    if checkpoints is not None:
        place, kept = checkpoints
        (base / place).parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(OSError):
            (base / place).rmdir()
        (base / place).symlink_to(kept)
    return ContainerFiles(base=base)


def _link_data(channel_folder: Path, source: Path | None) -> None:
    """Create the folder of a channel, as a link to the data or with a link to its only file."""
    if source is not None and source.is_dir():
        channel_folder.symlink_to(source)
        return
    channel_folder.mkdir()
    if source is not None:
        (channel_folder / source.name).symlink_to(source)


def remove_inputs(base: Path) -> None:
    """Remove what every training job of a tuning job has: its code, and the links to its data."""
    for folder in (base / "code", base / "input/data"):
        with contextlib.suppress(OSError):
            # A container can replace a folder by a link to one of this machine.
            if folder.resolve() != base.resolve() / folder.relative_to(base):
                continue
            if any(folder.iterdir()):
                shutil.rmtree(folder, ignore_errors=True)


def input_data_config(definition: Definition) -> dict[str, dict[str, str]]:
    """The content of inputdataconfig.json."""
    return {channel.name: _channel(channel) for channel in definition.channels}


def _channel(channel: Channel) -> dict[str, str]:
    source = next((source for source in channel.sources if isinstance(source, S3Source)), None)
    return {
        **({"ContentType": channel.content_type} if channel.content_type else {}),
        "TrainingInputMode": channel.input_mode,
        "S3DistributionType": source.distribution if source else "FullyReplicated",
        "RecordWrapperType": channel.record_wrapper,
    }


def resource_config(definition: Definition, *, has_network: bool = True) -> dict[str, Any]:
    """The content of resourceconfig.json, for one instance of the requested type."""
    first = next(iter(definition.instances), None)
    instance_type = first.type if first is not None else "local"
    name = (first.group if first is not None else None) or _GROUP
    group = {"instance_group_name": name, "instance_type": instance_type, "hosts": [HOST]}
    return {
        "current_host": HOST,
        "current_instance_type": instance_type,
        "current_group_name": name,
        "hosts": [HOST],
        "instance_groups": [group],
        "network_interface_name": "eth0" if has_network else "lo",
    }


def checkpoint_place(definition: Definition) -> str | None:
    """The folder of the checkpoints below /opt/ml; None if they are not kept, or elsewhere."""
    if definition.checkpoint_uri is None:
        return None
    path = PurePosixPath(definition.checkpoint_local_path or "/opt/ml/checkpoints")
    if ".." in path.parts or not path.is_relative_to("/opt/ml") or path == PurePosixPath("/opt/ml"):
        return None
    return str(path.relative_to("/opt/ml"))
