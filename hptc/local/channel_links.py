"""Finds links in the data of an input channel that a container can't follow.

A container sees the folder of the channel and nothing else of this machine, so a link to another
place leads nowhere in it. Without a container, the same script finds the file.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path, PurePath

_MAX_ENTRIES = 20_000  # of a channel: a large one must not delay the start


def outside_links(folder: Path) -> tuple[str, ...]:
    """The links among the first entries of a folder that lead out of it, below the folder.

    A link with an absolute path always leads out.
    """
    if not folder.is_dir():
        return ()
    return tuple(sorted(_outside(folder)))


def _outside(folder: Path) -> Iterator[str]:
    for path in itertools.islice(_entries(folder), _MAX_ENTRIES):
        if not path.is_symlink():
            continue
        below = path.relative_to(folder)
        target = os.path.normpath(below.parent / path.readlink())
        if PurePath(target).is_absolute() or PurePath(target).parts[:1] == ("..",):
            yield below.as_posix()


def _entries(folder: Path) -> Iterator[Path]:
    for path, folders, files in os.walk(folder):
        for name in (*folders, *files):
            yield Path(path, name)
