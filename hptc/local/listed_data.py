"""Lays out the objects that manifests list, once for all training jobs of a tuning job.

In File mode, a channel is a folder with a file for each object. AWS doesn't document where it puts
the files of a manifest. A user found them under their whole keys, such as
/opt/ml/input/data/train/some/prefix/part-1, and hptc does the same:
https://github.com/aws/sagemaker-python-sdk/issues/723
In Pipe mode, a channel is a file with a line for each record, which pipe_feeder.py reads: the order
of a manifest is that of its stream.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from hptc.errors import UsageError
from hptc.local.manifest_reader import ListedObject, Record
from hptc.local.pipes import piped_channels
from hptc.local.run_options import Launch
from hptc.request.job_facts import definition_name
from hptc.request.tuning_job import TuningJob

_ONLY = "_"  # for a single definition; no definition has this name
_RECORDS = "records.jsonl"

FileCount = Callable[[int, int], None]
"""Called with the number of objects that are laid out so far, and the number of all objects."""


def ignore_count(done: int, total: int) -> None:
    """Show nothing."""


def lay_out_listed(
    new: Path,
    folder: Path,
    job: TuningJob,
    launches: Sequence[Launch],
    progress: FileCount = ignore_count,
) -> tuple[Launch, ...]:
    """Write what the launches list to the folder `new`, and return them with its files.

    `new` becomes `folder` when the tuning job starts. Raises UsageError.
    """
    shutil.rmtree(new, ignore_errors=True)  # of a run that was killed before it began
    definitions = {definition_name(job, definition): definition for definition in job.definitions}
    try:
        return tuple(
            _lay_out(
                new,
                folder,
                launch,
                piped_channels(definitions[launch.definition], launch),
                progress,
            )
            for launch in launches
        )
    except OSError as error:
        reason = f"{error.filename2 or error.filename or new}: {error.strerror}"
        raise UsageError(f"the data of a manifest can't be laid out: {reason}") from None


def _lay_out(
    new: Path, folder: Path, launch: Launch, piped: Collection[str], progress: FileCount
) -> Launch:
    channels = dict(launch.channels)
    for name, records in launch.listed.items():
        place = Path(launch.definition or _ONLY, name)
        (new / place).mkdir(parents=True)
        if name in piped:
            place /= _RECORDS
            _write_records(new / place, records)
        else:
            objects = [
                part for record in records for part in record if isinstance(part, ListedObject)
            ]
            _link_objects(new / place, objects, progress, is_mounted=bool(launch.image))
        channels[name] = folder.absolute() / place
    return dataclasses.replace(launch, channels=channels, listed_channels=tuple(launch.listed))


def _write_records(path: Path, records: Sequence[Record]) -> None:
    with path.open("w", encoding="utf-8") as stream:
        for record in records:
            parts = [
                {"file": part.path} if isinstance(part, ListedObject) else {"text": part}
                for part in record
            ]
            stream.write(json.dumps(parts) + "\n")


def _link_objects(
    folder: Path, objects: Sequence[ListedObject], progress: FileCount, *, is_mounted: bool
) -> None:
    """Link each object under its whole key. In a container, only hard links work."""
    created: set[str] = set()
    for done, listed in enumerate(objects):
        progress(done, len(objects))
        path = f"{folder}{os.sep}{listed.key}"
        parent = path.rpartition(os.sep)[0]
        if parent not in created:
            Path(parent).mkdir(parents=True, exist_ok=True)
            created.add(parent)
        if is_mounted:
            _link_or_copy(listed.path, path)
        else:
            os.symlink(listed.path, path)  # noqa: PTH211 - Path is too slow


def _link_or_copy(source: str, path: str) -> None:
    """A hard link to a file, or a copy if that is on another disk or belongs to another user."""
    try:
        os.link(source, path)
    except OSError:
        shutil.copyfile(source, path)
