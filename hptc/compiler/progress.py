"""Reports how many files of a run are compiled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Progress = Callable[[int, int], None]
"""Takes the number of files that are done, and of all files."""
File = TypeVar("File")


def tracked(files: Sequence[File], progress: Progress | None) -> Iterator[File]:
    """The files, with a call to `progress` before each of them."""
    for done, file in enumerate(files):
        if progress is not None:
            progress(done, len(files))
        yield file
