"""The files that specs are read from: on disk, or in a commit (git.py)."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from hptc.source.readable import reason_not_to_read
from hptc.source.text_files import UnreadableFileError, read_text

if TYPE_CHECKING:
    from hptc.source.code_entries import CodeEntry


class Files(Protocol):
    """Read access to the files of a project."""

    def real(self, path: Path) -> Path:
        """The path in its canonical form: absolute, with links followed."""
        ...

    def read(self, path: str) -> str:
        """A file's text. Raises UnreadableFileError: missing, not UTF-8 or too large."""
        ...

    def is_file(self, path: Path) -> bool:
        """Whether the file exists."""
        ...

    def is_folder(self, path: Path) -> bool:
        """Whether the folder exists."""
        ...

    def is_pipe(self, path: Path, /) -> bool:
        """Whether the path is a pipe, as in `hptc check <(command)`. In a folder, none is read."""
        ...

    def is_repository(self, folder: Path) -> bool:
        """Whether a folder is the root of a repository, where the search for a project ends."""
        ...

    def below(self, folder: Path) -> Iterator[Path]:
        """Everything in a folder and its subfolders, in any order."""
        ...

    def code_entries(self, folder: Path, maximum: int) -> list[CodeEntry]:
        """The files of a folder of training code, in order. `folder` is in its canonical form.

        Raises UnlistedError, also for more than `maximum` files.
        """
        ...

    def read_code(self, entry: CodeEntry, longest: int) -> bytes:
        """The content of a code entry, at most `longest` bytes. Raises UnreadableFileError."""
        ...


class Disk:
    """The files on disk."""

    def real(self, path: Path) -> Path:
        """The path with its links followed."""
        try:
            return Path(os.path.realpath(path))
        except ValueError:  # a NUL character, which no file has in its name
            return path.absolute()

    def read(self, path: str) -> str:
        """A file's text. Raises UnreadableFileError, also for a link out of its repository.

        A pull request can add links to any file, and findings show what was read.
        """
        stay_inside(path)
        return read_text(path)

    def is_file(self, path: Path) -> bool:
        """Whether the file exists."""
        return os.path.isfile(path)  # noqa: PTH113 - a Path raises for a name that is too long

    def is_folder(self, path: Path) -> bool:
        """Whether the folder exists."""
        return os.path.isdir(path)  # noqa: PTH112

    def is_pipe(self, path: Path) -> bool:
        """Whether the path is a pipe or a device, such as /dev/stdin."""
        try:
            mode = path.stat().st_mode
        except (OSError, ValueError):
            return False
        return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)

    def is_repository(self, folder: Path) -> bool:
        """Whether the folder contains `.git`: a folder, or a file in a linked work tree."""
        return (folder / ".git").exists()

    def below(self, folder: Path) -> Iterator[Path]:
        """Everything in a folder and its subfolders; links to folders are not followed."""
        return folder.rglob("*")

    def code_entries(self, folder: Path, maximum: int) -> list[CodeEntry]:
        """The files that git tracks or does not ignore; outside of a repository, all of them."""
        from hptc.source.code_entries import entries_on_disk  # most specs have no code

        return entries_on_disk(folder, maximum)

    def read_code(self, entry: CodeEntry, longest: int) -> bytes:
        """The content of a file. Raises UnreadableFileError."""
        try:
            with open(entry.location, "rb") as stream:  # noqa: PTH123
                return stream.read(longest)
        except OSError as error:
            raise UnreadableFileError(entry.name, f"can't be read: {error.strerror}") from None


def stay_inside(path: str) -> None:
    """Raise UnreadableFileError for a file that must not be read, or a link to one."""
    named = os.path.abspath(path)  # noqa: PTH100  resolve() would follow the links
    real = os.path.realpath(named)
    reason = reason_not_to_read(Path(real))
    if reason is not None:
        raise UnreadableFileError(path, reason, help="`git add` the file if it belongs here")
    if real == named:
        return
    above = Path(named).parents
    # All of them: a folder behind the link may be a repository of its own.
    tops = [folder for folder in above if DISK.is_repository(folder)]
    if not tops:
        tops = [folder for folder in above if (folder / "hptc.yaml").is_file()][:1]
    for top in tops:
        if not Path(real).is_relative_to(top.resolve()):
            raise UnreadableFileError(
                path,
                f"is a link that leads out of {top}, and such links are not followed",
                help="replace the link with the file",
            )


DISK = Disk()
