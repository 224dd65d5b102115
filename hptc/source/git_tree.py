"""The files of a commit, read from git's objects. Nothing is checked out."""

from __future__ import annotations

import itertools
import os
import posixpath
import subprocess
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Self

from hptc.errors import UsageError
from hptc.frozen import frozen
from hptc.source.code_entries import CodeEntry, is_code, too_many
from hptc.source.git import MAX_PATH, Commit, listing, started
from hptc.source.text_files import MAX_BYTES, UnreadableFileError, decode_text

_LINK, _SUBMODULE, _EXECUTABLE = "120000", "160000", "100755"
_MAX_LINKS = 40


@frozen
class _Entry:
    mode: str
    object: str


class Tree:
    """The files of a commit under their work tree paths. A context manager.

    It implements hptc.source.filesystem.Files.
    """

    def __init__(self, root: Path, at: Commit) -> None:
        self.root = root
        self.at = at
        self._top = str(root)
        self._entries = _entries(root, at)
        self._names = sorted(self._entries)
        self._targets: dict[str, str] = {}  # paths with their links followed
        self._reader: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._reader is not None:
            self._reader.communicate()
            self._reader = None

    def real(self, path: Path) -> Path:
        """The absolute path with the links of this commit followed."""
        return self.root / self._followed(self._inside(path))

    def read(self, path: str) -> str:
        """A file's text at this commit. Raises UnreadableFileError."""
        entry = self._entries.get(self._followed(self._inside(Path(path))))
        if entry is None or entry.mode in (_LINK, _SUBMODULE):
            raise UnreadableFileError(path, f"does not exist at {self.at.label}")
        return decode_text(self._blob(entry.object), path)

    def is_file(self, path: Path) -> bool:
        """Whether the file exists in the commit."""
        entry = self._entries.get(self._followed(self._inside(path)))
        return entry is not None and entry.mode not in (_LINK, _SUBMODULE)

    def is_folder(self, path: Path) -> bool:
        """Whether the folder exists in the commit."""
        return self._has_files(self._followed(self._inside(path)))

    def is_pipe(self, _path: Path) -> bool:
        """Never: a commit has no pipes."""
        return False

    def is_repository(self, folder: Path) -> bool:
        """Whether the folder is the root of this repository or of a submodule."""
        inside = self._inside(folder)
        entry = self._entries.get(inside)
        return inside == "." or (entry is not None and entry.mode == _SUBMODULE)

    def below(self, folder: Path) -> Iterator[Path]:
        """Everything in a folder, recursively, named below that folder even if it is a link."""
        start = self._followed(self._inside(folder))
        prefix = "" if start == "." else f"{start}/"
        for name in itertools.islice(self._names, bisect_left(self._names, prefix), None):
            if not name.startswith(prefix):
                break
            yield folder / name[len(prefix) :]

    def code_entries(self, folder: Path, maximum: int) -> list[CodeEntry]:
        """The files of a folder in this commit, with the sizes of their objects."""
        start = self._inside(folder)
        prefix = "" if start == "." else f"{start}/"
        first = bisect_left(self._names, prefix)
        names = [
            name
            for name in itertools.islice(self._names, first, first + maximum + 1)
            if name.startswith(prefix)
        ]
        if len(names) > maximum:
            raise too_many(maximum)
        code = [name for name in names if is_code(name[len(prefix) :])]
        targets = {name: self._followed(name) for name in code}
        objects = [
            self._entries[target].object
            for target in targets.values()
            if self._is_blob_below(target, prefix)
        ]
        sizes = dict(zip(objects, _sizes(self.root, objects), strict=True))
        return [self._code_entry(name, target, prefix, sizes) for name, target in targets.items()]

    def _code_entry(
        self, name: str, target: str, prefix: str, sizes: Mapping[str, int | None]
    ) -> CodeEntry:
        own = name[len(prefix) :]
        if self._entries[name].mode == _SUBMODULE:
            return CodeEntry(name=own, problem="is another repository, whose files are not packed")
        if not self._is_blob_below(target, prefix):
            return CodeEntry(name=own, problem="is a link out of the directory")
        entry = self._entries[target]
        size = sizes[entry.object]
        if size is None:
            return CodeEntry(name=own, problem="can't be read: it is missing in this clone")
        return CodeEntry(
            name=own,
            size=size,
            is_executable=entry.mode == _EXECUTABLE,
            location=entry.object,
        )

    def _is_blob_below(self, name: str, prefix: str) -> bool:
        """Whether a path with its links followed is a file of a folder, and not ignored there."""
        entry = self._entries.get(name)
        is_blob = entry is not None and entry.mode not in (_LINK, _SUBMODULE)
        return is_blob and name.startswith(prefix) and is_code(name[len(prefix) :])

    def read_code(self, entry: CodeEntry, longest: int) -> bytes:
        """The content of a file."""
        return self._blob(entry.location, longest)

    def _has_files(self, name: str) -> bool:
        """Whether a path is a folder of the commit, whose root may be empty."""
        if name == ".":
            return True
        prefix = f"{name}/"
        index = bisect_left(self._names, prefix)
        return index < len(self._names) and self._names[index].startswith(prefix)

    def _inside(self, path: Path) -> str:
        """The path relative to the root of the repository. Raises UsageError outside it."""
        # Strings, because each file is looked up several times and creating a Path costs more than
        # the lookup. resolve() would follow links on disk.
        whole = os.path.abspath(path)  # noqa: PTH100
        if not self._is_in_repository(whole):  # the path to the repository may contain a link
            folder, name = os.path.split(whole)
            whole = os.path.join(os.path.realpath(folder), name)  # noqa: PTH118
        if self._is_in_repository(whole):
            return whole[len(self._top) :].lstrip(os.sep).replace(os.sep, "/") or "."
        raise UsageError(
            f"{path}: is outside the repository {self.root}",
            help="only files of this repository can be compared with a commit",
        )

    def _is_in_repository(self, whole: str) -> bool:
        return whole == self._top or whole.startswith(self._top.rstrip(os.sep) + os.sep)

    def _followed(self, name: str) -> str:
        """A path with its links followed; a broken link is kept."""
        if name not in self._targets:
            self._targets[name] = self._target(name)
        return self._targets[name]

    def _target(self, name: str) -> str:
        for _ in range(_MAX_LINKS):
            link = self._first_link(name)
            if link is None:
                return name
            target = os.fsdecode(self._blob(self._entries[link].object))
            rest = name[len(link) :].lstrip("/")
            followed = posixpath.normpath(posixpath.join(posixpath.dirname(link), target, rest))
            if followed.startswith(("/", "..")) or len(followed) > MAX_PATH:
                return name  # outside the repository, or not a valid path
            name = followed
        return name

    def _first_link(self, name: str) -> str | None:
        end = 0
        while end < len(name):
            end = name.find("/", end + 1) % (len(name) + 1)  # the end of the name if none is left
            prefix = name[:end]
            entry = self._entries.get(prefix)
            if entry is not None:
                return prefix if entry.mode == _LINK else None
            if not self._has_files(prefix):
                return None
        return None

    def _blob(self, name: str, longest: int = MAX_BYTES + 1) -> bytes:
        """An object's bytes, at most `longest`."""
        if self._reader is None:
            self._reader = _batch_reader(self.root)
        stdin, stdout = self._reader.stdin, self._reader.stdout
        if stdin is None or stdout is None:
            raise UsageError("can't communicate with git")
        stdin.write(f"{name}\n".encode())
        stdin.flush()
        head = stdout.readline().split()
        if len(head) != 3:
            raise UsageError(
                f"git can't read the object {name[:12]} of {self.at.label}",
                help="run `git fsck` to check the repository",
            )
        size = int(head[2])
        data = stdout.read(min(size, longest))
        _skip(stdout, size - len(data) + 1)
        return data


def _entries(root: Path, at: Commit) -> dict[str, _Entry]:
    lines = listing(root, "ls-tree", "-r", "-z", "--full-tree", at.id)
    if lines is None:
        raise UsageError(
            f"git can't list the files of {at.label}",
            help="run `git fsck` to check the repository",
        )
    entries = {}
    for line in lines.split(b"\0"):
        head, _, name = line.partition(b"\t")
        if name and len(name) <= MAX_PATH:
            mode, _, hash_ = head.decode().split()
            entries[os.fsdecode(name)] = _Entry(mode=mode, object=hash_)
    return entries


def _sizes(root: Path, objects: list[str]) -> list[int | None]:
    """The size of each object; None if it is missing in a partial clone."""
    if not objects:
        return []
    with started(root, ("cat-file", "--batch-check=%(objectsize)"), stdin=subprocess.PIPE) as git:
        output, _ = git.communicate("".join(f"{name}\n" for name in objects).encode())
    lines = output.decode("ascii", errors="replace").splitlines()
    sizes = [int(line) if line.isdecimal() else None for line in lines]
    return [*sizes, *[None] * (len(objects) - len(sizes))]


def _skip(stream: IO[bytes], count: int) -> None:
    while count > 0:
        count -= len(stream.read(min(count, 1 << 20))) or count


def _batch_reader(root: Path) -> subprocess.Popen[bytes]:
    return started(root, ("cat-file", "--batch"), stdin=subprocess.PIPE)
