"""Where specs are read from: the disk, or a commit (hptc/source/git.py)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from hptc.errors import UsageError
from hptc.source.text_files import read_text


class Files(Protocol):
    """What a compile asks of the place that its files are in. Nothing is written through it."""

    def real(self, path: Path) -> Path:
        """A path as it is known by: absolute, the same for every way to write it."""
        ...

    def read(self, path: str) -> str:
        """A file's text. Raises UsageError when it is unreadable, not UTF-8 or too large."""
        ...

    def is_file(self, path: Path) -> bool:
        """Whether there is such a file."""
        ...

    def is_folder(self, path: Path) -> bool:
        """Whether there is such a folder."""
        ...

    def is_repository(self, folder: Path) -> bool:
        """Whether a folder is the top of a repository, above which no project is looked for."""
        ...

    def below(self, folder: Path) -> Iterator[Path]:
        """What is in a folder and its folders, in any order."""
        ...


class Disk:
    """The files of this machine, as they are."""

    def real(self, path: Path) -> Path:
        """The path with its links followed."""
        return Path(os.path.realpath(path))

    def read(self, path: str) -> str:
        """A file's text. Raises UsageError for a link that leads out of its repository too.

        Who proposes a change chooses what its links lead to, and findings show what was read.
        """
        _stay_inside(path)
        return read_text(path)

    def is_file(self, path: Path) -> bool:
        """Whether there is such a file."""
        return path.is_file()

    def is_folder(self, path: Path) -> bool:
        """Whether there is such a folder."""
        return path.is_dir()

    def is_repository(self, folder: Path) -> bool:
        """Whether git's own folder is in it, or the file that stands for it in a work tree."""
        return (folder / ".git").exists()

    def below(self, folder: Path) -> Iterator[Path]:
        """Everything below; links to folders are not followed."""
        return folder.rglob("*")


def _stay_inside(path: str) -> None:
    named = os.path.abspath(path)  # noqa: PTH100  resolve() would follow the links
    real = os.path.realpath(named)
    if real == named:
        return
    above = Path(named).parents
    top = next((folder for folder in above if DISK.is_repository(folder)), None)
    if top is None:
        top = next((folder for folder in above if (folder / "hptc.yaml").is_file()), None)
    if top is not None and not Path(real).is_relative_to(top.resolve()):
        raise UsageError(
            f"{path}: is a link that leads out of {top}, and is not read",
            help="put the file itself there",
        )


DISK = Disk()
