"""Finds the data of input channels on this machine."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from hptc.frozen import frozen
from hptc.local.manifest_reader import (
    ManifestError,
    Record,
    read_augmented_manifest,
    read_manifest,
)
from hptc.local.unknown_values import local_text
from hptc.request.job_facts import has_augmented_manifest
from hptc.request.tuning_job import Channel, Definition, S3Source
from hptc.text import code

PIPE, FAST_FILE = "Pipe", "FastFile"
_PREFIX, _MANIFEST, _AUGMENTED = "S3Prefix", "ManifestFile", "AugmentedManifestFile"


@frozen
class ChannelData:
    """The data of one channel: a file or folder, or a manifest and what it lists."""

    path: Path
    listed: tuple[Record, ...] | None = None


@frozen
class FoundChannels:
    """The data of the channels that can be read on this machine, and why others can't."""

    data: Mapping[str, ChannelData]
    faults: tuple[str, ...]


class UnreadableChannelError(Exception):
    """Why a channel can't be read on this machine, and what to do: one text or several."""


def find_channels(
    definition: Definition,
    chosen: Mapping[str, Path],
    s3_root: Path | None,
    *,
    unread: Collection[str] = (),
) -> FoundChannels:
    """Find the data of each channel that is not in `unread`: in `chosen`, or below `s3_root`."""
    data: dict[str, ChannelData] = {}
    faults: list[str] = []
    for channel in definition.channels:
        if channel.name in unread:
            continue
        try:
            data[channel.name] = _find(channel, chosen.get(channel.name), s3_root)
        except UnreadableChannelError as error:
            faults += [f"the input channel {code(channel.name)}{text}" for text in error.args]
    return FoundChannels(data=data, faults=tuple(faults))


def _find(channel: Channel, chosen: Path | None, s3_root: Path | None) -> ChannelData:
    """The data of one channel. Raises UnreadableChannelError."""
    if channel.name in (".", ".."):
        raise UnreadableChannelError(" can't be a folder")
    option = f"--channel {channel.name}=DIR"
    if chosen is not None and not chosen.exists():
        raise UnreadableChannelError(f": {chosen} does not exist")
    source = channel.sources[0] if channel.sources else None
    is_listed = isinstance(source, S3Source) and source.data_type in (_MANIFEST, _AUGMENTED)
    if chosen is not None and (chosen.is_dir() or not is_listed):
        if has_augmented_manifest(channel):
            raise UnreadableChannelError(
                f" reads an augmented manifest, but {chosen} is a folder; name the manifest with "
                f"--channel {channel.name}=FILE, and the folder of its objects with --s3-root"
            )
        return ChannelData(path=chosen.resolve())
    if not isinstance(source, S3Source):
        raise UnreadableChannelError(f" does not read from S3; name a folder with {option}")
    if not is_listed and source.data_type != _PREFIX:
        raise UnreadableChannelError(
            f" reads data of the type {source.data_type}; name a folder with them: {option}"
        )
    if s3_root is None:
        raise UnreadableChannelError(_without_root(channel, source, chosen, option))
    path = chosen or local_path(source.uri, s3_root)
    if not path.exists():
        raise UnreadableChannelError(
            f" reads {source.uri}, but {path} does not exist; use {option}"
        )
    if is_listed:
        if chosen is None and not path.resolve().is_relative_to(s3_root.resolve()):
            raise UnreadableChannelError(
                f" reads {source.uri}, but {path} is a link out of {s3_root}; use --channel "
                f"{channel.name}=FILE"
            )
        return ChannelData(path=path.resolve(), listed=_listed(channel, source, path, s3_root))
    return ChannelData(path=path.resolve())


def _without_root(channel: Channel, source: S3Source, chosen: Path | None, option: str) -> str:
    """What is missing without --s3-root."""
    if chosen is not None:
        return f" reads the manifest {chosen}; name the folder of its objects with --s3-root"
    if source.data_type == _PREFIX:
        return f" reads {source.uri}; name a folder with {option}, or use --s3-root"
    noun = "augmented manifest" if has_augmented_manifest(channel) else "manifest"
    reason = f" reads the {noun} {source.uri}; use --s3-root for it and its objects"
    is_replaceable = source.data_type == _MANIFEST
    return f"{reason}, or name a folder with the data: {option}" if is_replaceable else reason


def _listed(channel: Channel, source: S3Source, path: Path, s3_root: Path) -> tuple[Record, ...]:
    """What the manifest of a channel lists. Raises UnreadableChannelError."""
    if source.data_type == _MANIFEST and channel.input_mode == FAST_FILE:
        raise UnreadableChannelError(
            " reads a manifest, which FastFile mode does not support; use `input_mode: File`"
        )
    if source.data_type == _AUGMENTED and channel.input_mode != PIPE:
        raise UnreadableChannelError(
            f" reads an augmented manifest in {channel.input_mode} mode; AWS supports only "
            "`input_mode: Pipe`"
        )
    try:
        if source.data_type == _MANIFEST:
            return read_manifest(path, s3_root)
        return read_augmented_manifest(path, s3_root, source.attribute_names)
    except ManifestError as error:
        raise UnreadableChannelError(*(f": {fault}" for fault in error.faults)) from None


def local_path(uri: str, s3_root: Path) -> Path:
    """Where an object or a prefix in S3 is below the folder of `--s3-root`.

    The folder of a bucket that only a deployment knows has the name of the reference, such as
    `data_bucket`.
    """
    key = local_text(uri.removeprefix("s3://"))
    return s3_root.joinpath(*(part for part in key.split("/") if part not in ("", ".", "..")))
