"""Lays out what a training container finds under /opt/ml, in a new folder.

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hptc.frozen import frozen
from hptc.request.tuning_job import Channel, Definition, S3Source

HOST = "algo-1"
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
        """Why the training job has failed, in its own words; empty if it doesn't say."""
        try:
            with (self.base / _FAILURE).open(encoding="utf-8", errors="replace") as stream:
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
) -> ContainerFiles:
    """Create the folder. Raises FileExistsError if it exists.

    `data` are the file or folder of each channel, which is linked and not copied.
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
        target, source = base / "input/data" / channel, data.get(channel)
        if source is None:
            target.mkdir()
        elif source.is_dir():
            target.symlink_to(source, target_is_directory=True)
        else:
            target.mkdir()
            (target / source.name).symlink_to(source)
    if code is not None:
        shutil.copytree(code, base / "code", symlinks=True, dirs_exist_ok=True)
    return ContainerFiles(base=base)


def remove_inputs(base: Path) -> None:
    """Remove what every training job of a tuning job has: its code, and the links to its data."""
    for folder in (base / "code", base / "input/data"):
        with contextlib.suppress(OSError):
            if any(folder.iterdir()):
                shutil.rmtree(folder, ignore_errors=True)


def input_data_config(definition: Definition) -> dict[str, dict[str, str]]:
    """The content of inputdataconfig.json."""
    return {channel.name: _channel(channel) for channel in definition.channels}


def _channel(channel: Channel) -> dict[str, str]:
    source = next((each for each in channel.sources if isinstance(each, S3Source)), None)
    return {
        **({"ContentType": channel.content_type} if channel.content_type else {}),
        "TrainingInputMode": channel.input_mode,
        "S3DistributionType": source.distribution if source else "FullyReplicated",
        "RecordWrapperType": channel.record_wrapper,
    }


def resource_config(definition: Definition) -> dict[str, Any]:
    """The content of resourceconfig.json, for one instance of the requested type."""
    instances = [each for part in definition.resources for each in part.instances]
    instance_type = instances[0].type if instances else "local"
    group = {"instance_group_name": _GROUP, "instance_type": instance_type, "hosts": [HOST]}
    return {
        "current_host": HOST,
        "current_instance_type": instance_type,
        "current_group_name": _GROUP,
        "hosts": [HOST],
        "instance_groups": [group],
        "network_interface_name": "eth0",
    }
