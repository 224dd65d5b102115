"""Feeds the named pipes of input channels in Pipe mode, and becomes the command of a training job.

A training job reads epoch N of a channel from /opt/ml/input/data/CHANNEL_N, to the end or a part of
it, and then the next epoch from the next pipe:
https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html
It runs as the process of a training job and imports nothing of hptc. A feeder belongs to its
process group, so that it ends with the training job.
"""

from __future__ import annotations

import errno
import gzip
import io
import json
import os
import random
import shutil
import signal
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, BinaryIO, TypeVar, cast

Part = Path | bytes
"""An object, or a text of an augmented manifest."""

_Record = TypeVar("_Record")

_POLL_SECONDS = 0.02
_MAGIC = 0xCED7230A
_MAX_RECORD = (1 << 29) - 1
"""The header of a record has 29 bits for its length:
https://mxnet.apache.org/versions/1.9.1/api/architecture/note_data_loading"""


def pipe(data: Path, channel: str, epoch: int) -> Path:
    """The pipe of an epoch of a channel."""
    return data / f"{channel}_{epoch}"


def start(data: Path, channels: list[dict[str, Any]]) -> None:
    """Create the first pipe of each channel, and start their feeders."""
    for channel in channels:
        os.mkfifo(pipe(data, channel["name"], 0), 0o666)
        pipe(data, channel["name"], 0).chmod(0o666)  # whatever the umask: for the user of an image
        # Two forks: the command must not find children that it hasn't started.
        child = os.fork()
        if child:
            os.waitpid(child, 0)
        elif os.fork():
            os._exit(0)
        else:
            _feed_to_the_end(data, channel)


def _feed_to_the_end(data: Path, channel: dict[str, Any]) -> None:
    try:
        feed(data, channel)
    except Exception as error:
        text = f"hptc: the input channel {channel['name']} can't be streamed: {error}\n"
        os.write(2, text.encode())
    finally:
        os._exit(0)  # nobody waits for it


def feed(data: Path, channel: dict[str, Any]) -> None:
    """Write one epoch after the other, until the pipes are removed.

    Raises OSError for a file that can't be read, and ValueError for one that can't be a record.
    """
    source = Path(channel["source"])
    records: list[list[Part]] = (
        listed(source) if channel["is_listed"] else [[path] for path in objects(source)]
    )
    epoch = 0
    while True:
        path = pipe(data, channel["name"], epoch)
        writer = _open(path)
        if writer is None:
            return
        following = pipe(data, channel["name"], epoch + 1)
        os.mkfifo(following)  # before the end of this one
        following.chmod(0o666)
        try:
            with os.fdopen(writer, "wb") as stream:
                for record in shuffled(records, channel["shuffle_seed"], epoch):
                    for part in record:
                        write_part(stream, part, channel)
        except BrokenPipeError:
            pass  # the script has read as much as it wants
        path.unlink(missing_ok=True)
        epoch += 1


def objects(source: Path) -> Iterator[Path]:
    """The files of a channel, in the order of their keys in S3."""
    if not source.is_dir():
        yield source
        return
    files = [path for path in source.rglob("*") if path.is_file()]
    yield from sorted(files, key=lambda path: path.relative_to(source).as_posix().encode())


def listed(source: Path) -> list[list[Part]]:
    """The records that a manifest lists."""
    with source.open(encoding="utf-8") as lines:
        return [
            [
                Path(part["file"]) if "file" in part else part["text"].encode(errors="replace")
                for part in json.loads(line)
            ]
            for line in lines
        ]


def shuffled(records: list[_Record], seed: int | None, epoch: int) -> list[_Record]:
    """The records in the order of an epoch; with a seed, each epoch has a different order.

    Objects are shuffled, and lines of an augmented manifest:
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ShuffleConfig.html
    """
    order = list(records)
    if seed is not None:
        random.Random(f"{seed} {epoch}").shuffle(order)  # noqa: S311 - not for a secret
    return order


def write_part(stream: BinaryIO, part: Part, channel: dict[str, Any]) -> None:
    """Write a file or a text, decompressed or as a record if the channel says so."""
    with _opened(part, is_compressed=channel["gzip"]) as content:
        if not channel["record_io"]:
            shutil.copyfileobj(content, stream, 1 << 20)
            return
        whole = content.read(_MAX_RECORD + 1)
    if len(whole) > _MAX_RECORD:
        name = part.name if isinstance(part, Path) else "a line of the manifest"
        raise ValueError(f"{name} is too large for a record")
    stream.write(struct.pack("<II", _MAGIC, len(whole)))
    stream.write(whole)
    stream.write(bytes(-len(whole) % 4))


def _opened(part: Part, *, is_compressed: bool) -> IO[bytes]:
    if isinstance(part, bytes):
        return io.BytesIO(part)
    return cast(IO[bytes], gzip.open(part, "rb")) if is_compressed else part.open("rb")


def _open(path: Path) -> int | None:
    """A pipe for writing, as soon as somebody reads it; None if it is removed."""
    while True:
        try:
            writer = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            time.sleep(_POLL_SECONDS)
        else:
            os.set_blocking(writer, True)
            return writer


def main(config: Path, command: list[str]) -> None:
    """Start the feeders, and become the command. Raises OSError if it can't be started."""
    settings = json.loads(config.read_text(encoding="utf-8"))
    start(Path(settings["data"]), settings["channels"])
    # What Python ignores, its child processes would ignore as well.
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    os.execvp(command[0], command)  # noqa: S606 - it becomes the training job


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
