"""The input channels that a training job reads from named pipes, and what feeds them."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from hptc.local import pipe_feeder
from hptc.local.input_data import PIPE
from hptc.local.run_options import Launch
from hptc.request.tuning_job import Channel, Definition

_CONFIG = "pipes.json"


def piped_channels(definition: Definition, launch: Launch) -> Mapping[str, tuple[Channel, Path]]:
    """The channels in Pipe mode and their data. A stand-in reads files, whatever the mode."""
    if launch.stand_in:
        return {}
    return {
        channel.name: (channel, launch.channels[channel.name])
        for channel in definition.channels
        if channel.input_mode == PIPE and channel.name in launch.channels
    }


def feeding(
    base: Path,
    piped: Mapping[str, tuple[Channel, Path]],
    command: Sequence[str],
    listed: Collection[str] = (),
) -> list[str]:
    """The command with feeders of its pipes. `base` is the folder that replaces /opt/ml.

    `listed` are the channels whose data is the records that a manifest lists.
    """
    if not piped:
        return list(command)
    channels = [
        {
            "name": channel.name,
            "source": str(source),
            "is_listed": channel.name in listed,
            "gzip": channel.compression == "Gzip",
            "record_io": channel.record_wrapper == "RecordIO",
            "shuffle_seed": channel.shuffle_seed,
        }
        for channel, source in piped.values()
    ]
    config = base.parent / _CONFIG
    data = {"data": str(base / "input/data"), "channels": channels}
    config.write_text(json.dumps(data), encoding="utf-8")
    return [sys.executable, "-I", "-S", str(pipe_feeder.__file__), str(config), *command]
