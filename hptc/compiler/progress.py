"""Reports how many files have been compiled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Progress = Callable[[int, int], None]
"""Takes the number of finished files and the number of all files."""
File = TypeVar("File")


def tracked(files: Sequence[File], progress: Progress | None) -> Iterator[File]:
    """Yield the files, and call `progress` before each one."""
    for done, file in enumerate(files):
        if progress is not None:
            progress(done, len(files))
        yield file
