"""Finds the data of input channels on this machine."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from hptc.project.references import PATTERN
from hptc.request.job_facts import has_augmented_manifest
from hptc.request.tuning_job import Channel, Definition, S3Source
from hptc.text import code

PIPE = "Pipe"


def find_channels(
    definition: Definition,
    given: Mapping[str, Path],
    s3_root: Path | None,
    *,
    unread: Collection[str] = (),
) -> tuple[dict[str, Path], list[str]]:
    """The file or folder of each channel, and why others can't be read on this machine."""
    found: dict[str, Path] = {}
    reasons: list[str] = []
    for channel in definition.channels:
        if channel.name in unread:
            continue
        if channel.name in (".", ".."):
            reasons.append(f"the input channel {code(channel.name)} can't be a folder")
            continue
        path = _find(channel, given.get(channel.name), s3_root)
        if isinstance(path, str):
            reasons.append(path)
        else:
            found[channel.name] = path
    return found, reasons


def _find(channel: Channel, given: Path | None, s3_root: Path | None) -> Path | str:
    """The data of one channel, or why it can't be read."""
    what = f"the input channel {code(channel.name)}"
    if channel.input_mode == PIPE and has_augmented_manifest(channel):
        return f"{what} streams an augmented manifest, which only AWS does"
    option = f"--channel {channel.name}=DIR"
    if given is not None:
        return given.resolve() if given.exists() else f"{what}: {given} does not exist"
    source = channel.sources[0] if channel.sources else None
    if not isinstance(source, S3Source):
        return f"{what} does not read from S3; name a folder with {option}"
    if source.data_type != "S3Prefix":
        return f"{what} reads a {source.data_type}; name a folder with its data: {option}"
    if s3_root is None:
        return f"{what} reads {source.uri}; name a folder with {option}, or use --s3-root"
    path = local_path(source.uri, s3_root)
    if not path.exists():
        return f"{what} reads {source.uri}, but {path} does not exist; use {option}"
    return path.resolve()


def local_path(uri: str, s3_root: Path) -> Path:
    """Where an object or a prefix in S3 is below the folder of `--s3-root`.

    The folder of a bucket that only a deployment knows has the name of the reference, such as
    `data_bucket`.
    """
    key = PATTERN.sub(lambda match: match[1], uri.removeprefix("s3://"))
    return s3_root.joinpath(*(part for part in key.split("/") if part not in ("", ".", "..")))
