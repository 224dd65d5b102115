"""Which files of a folder are training code: those that git tracks, or that it doesn't ignore.

In CI, only those that git tracks. Outside of a repository, all of them. A pull request can add
links to any file, so a link counts only if it leads to another file of the same folder.
"""

from __future__ import annotations

import itertools
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from hptc.frozen import frozen
from hptc.source.readable import is_ci

_NEVER_CODE = ("__pycache__", ".ipynb_checkpoints", ".DS_Store", ".git")
"""Names of files and folders that tools write next to the code."""
_BYTECODE = (".pyc", ".pyo")


@frozen
class CodeEntry:
    """One file in a folder of training code. `problem` is the reason why it can't be packed."""

    name: str  # below the folder, with slashes
    size: int = 0
    is_executable: bool = False
    location: str = ""  # a real path on disk, or the name of an object in git
    problem: str = ""


class UnlistedError(Exception):
    """The files of a folder can't be listed, or are too many. `message` is about the folder."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.help = help


def too_many(maximum: int) -> UnlistedError:
    """The error for a folder with more files than are packed."""
    return UnlistedError(
        f"has more than {maximum:,} files",
        "choose a folder with the code only; data belongs in input channels",
    )


def is_code(name: str) -> bool:
    """Whether a file can be code, by its name. The caches of Python and notebooks are not."""
    parts = name.split("/")
    return not any(part in _NEVER_CODE for part in parts) and not name.endswith(_BYTECODE)


def entries_on_disk(folder: Path, maximum: int) -> list[CodeEntry]:
    """The entries of a folder on disk, which is a real path. Raises UnlistedError."""
    if any((parent / ".git").exists() for parent in (folder, *folder.parents)):
        from hptc.source import git  # a spec without code does not need it

        names = git.files_in(folder, maximum, tracked_only=is_ci())
        if names is None:
            raise UnlistedError(
                "can't be packed, because git does not list its files",
                "run `git status` in it to see why",
            )
    else:
        names = list(itertools.islice(_walk(folder), maximum + 1))
    if len(names) > maximum:
        raise too_many(maximum)
    code = sorted({name.rstrip("/") for name in names if is_code(name)})
    paths = {name: os.path.join(folder, name) for name in code}  # noqa: PTH118 - thousands
    targets = frozenset(paths.values())
    return [
        entry for name, path in paths.items() if (entry := _entry(name, path, targets)) is not None
    ]


def _walk(folder: Path) -> Iterator[str]:
    """Every file below a folder; links to folders are not followed."""
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in _NEVER_CODE]
        links = [name for name in folders if os.path.islink(os.path.join(parent, name))]  # noqa: PTH114, PTH118
        below = os.path.relpath(parent, folder)
        prefix = "" if below == "." else f"{below.replace(os.sep, '/')}/"
        yield from (f"{prefix}{name}" for name in (*files, *links))
        if not files:
            yield f"{prefix}.git"  # a folder counts too, though it is not packed: there may be many


def _entry(name: str, path: str, targets: frozenset[str]) -> CodeEntry | None:
    """One file; None if git tracks it and it was deleted."""
    try:
        status = os.lstat(path)
        real = os.path.realpath(path)
        if stat.S_ISDIR(status.st_mode):
            return CodeEntry(name=name, problem="is another repository, whose files are not packed")
        if real != path and real not in targets:
            return CodeEntry(name=name, problem="is a link out of the directory")
        status = os.stat(real)  # noqa: PTH116
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        return CodeEntry(name=name, problem=f"can't be read: {getattr(error, 'strerror', error)}")
    if not stat.S_ISREG(status.st_mode):
        return CodeEntry(name=name, problem="is not a regular file")
    return CodeEntry(
        name=name,
        size=status.st_size,
        is_executable=bool(status.st_mode & stat.S_IXUSR),
        location=real,
    )
