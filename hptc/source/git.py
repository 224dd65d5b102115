"""Read-only git queries, and the files of a commit, read from git's objects.

Nothing is changed or checked out, and user input never becomes an option of git. A repository's
configuration can name programs to run and remotes to fetch from; no query here runs or calls them.
"""

from __future__ import annotations

import itertools
import os
import posixpath
import subprocess
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Self

from hptc.errors import UsageError
from hptc.frozen import frozen
from hptc.source.text_files import MAX_BYTES, UnreadableFileError, decode_text
from hptc.text import shortened

_MAIN_BRANCHES = (
    "refs/remotes/origin/main",
    "refs/remotes/origin/master",
    "refs/heads/main",
    "refs/heads/master",
)
_TIMEOUT_SECONDS = 60
_GIT = (
    "git",
    # A commit can contain a folder that looks like a bare repository and configures code to run:
    # https://git-scm.com/docs/git-config#Documentation/git-config.txt-safebareRepository
    *("-c", "safe.bareRepository=explicit"),
    *("-c", "core.fsmonitor=false"),
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "protocol.allow=never"),
)
_KEPT_VARIABLES = ("GIT_CONFIG", "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM")
"""Git hooks set variables such as GIT_DIR, which can name another repository."""
_MAX_PATH = 4096  # bytes; a longer one can't be checked out
_MAX_LISTING = 64_000_000
"""Bytes of a listing of files. A commit of a few kilobytes can contain billions of files."""
_LINK, _SUBMODULE = "120000", "160000"
_MAX_LINKS = 40
_FETCH_HINT = (
    "run `git fetch --unshallow`; in a workflow, set `fetch-depth: 0` for actions/checkout"
)


@frozen
class Commit:
    """A commit: its hash and the ref that it was requested by."""

    id: str
    ref: str

    @property
    def label(self) -> str:
        """The commit as messages show it: `origin/main (1a2b3c4)`."""
        is_hash = self.id.startswith(self.ref)
        return self.ref[:12] if is_hash else f"{self.ref} ({self.id[:7]})"


def git_output(folder: Path, *arguments: str) -> str | None:
    """The output of a git command; None when it fails or git is not installed."""
    try:
        done = _run(folder, arguments)
    except OSError:
        return None
    return os.fsdecode(done.stdout).strip() if done.returncode == 0 else None


def top_folder(folder: Path) -> Path:
    """The root of the work tree that contains a folder. Raises UsageError outside a work tree."""
    try:
        done = _run(folder, ("rev-parse", "--show-toplevel"))
    except OSError:
        raise UsageError(
            "git is not installed, but is needed to read the other side of the comparison",
            help="install git and try again",
        ) from None
    if done.returncode:
        reason = os.fsdecode(done.stderr).strip().partition("\n")[0].removeprefix("fatal: ")
        if "not a git repository" in reason:
            reason = "is not in a git repository, so there is nothing to compare with"
        raise UsageError(f"{folder}: {reason}")
    return Path(os.fsdecode(done.stdout).rstrip("\n"))


def commit(root: Path, ref: str) -> Commit:
    """The commit of a branch, tag, hash or expression such as `HEAD~3`.

    Raises UsageError if the commit does not exist.
    """
    found = None
    if ref and not ref.startswith("-") and "\0" not in ref:
        found = _verified(root, ref)
        found = _verified(root, f"{found}^{{commit}}") if found else None
    if found is not None:
        return Commit(id=found, ref=ref)
    if _verified(root, "HEAD") is None:
        raise UsageError(
            "this repository has no commits yet, so there is nothing to compare with",
            help="create a commit and try again",
        )
    advice = "run `git branch --all` to list the available branches"
    if is_shallow(root):
        advice = f"this clone is shallow and may not contain it: {_FETCH_HINT}"
    raise UsageError(f"commit `{shortened(ref, 100)}` not found", help=advice)


def _verified(root: Path, ref: str) -> str | None:
    """The hash of the object that a ref resolves to."""
    found = git_output(root, "rev-parse", "--verify", "--quiet", "--end-of-options", ref)
    return found if found and found.isalnum() else None  # `^main` resolves to a hash after `^`


def is_shallow(root: Path) -> bool:
    """Whether the repository is a shallow clone."""
    return git_output(root, "rev-parse", "--is-shallow-repository") == "true"


def base_of(root: Path, head: Commit) -> Commit:
    """The merge base of `head` and the main branch; HEAD when no main branch is found.

    Raises UsageError in a shallow clone without a main branch, where a comparison with HEAD would
    wrongly find no changes.
    """
    known = git_output(root, "symbolic-ref", "--quiet", "refs/remotes/origin/HEAD")
    for branch in (*((known,) if known else ()), *_MAIN_BRANCHES):
        if _verified(root, branch) is None:
            continue
        name = branch.removeprefix("refs/").removeprefix("remotes/").removeprefix("heads/")
        return merge_base(root, head, commit(root, name))
    if is_shallow(root):
        raise UsageError(
            "this clone is shallow and has no main branch to compare with",
            help=f"use --against REF, or fetch the main branch: {_FETCH_HINT}",
        )
    return commit(root, "HEAD")


def merge_base(root: Path, head: Commit, other: Commit) -> Commit:
    """The last common ancestor of two commits. Raises UsageError when there is none."""
    found = git_output(root, "merge-base", head.id, other.id)
    if found is None:
        shared = f"`{head.ref}` and `{other.ref}` have no common commit"
        if is_shallow(root):
            raise UsageError(f"{shared} in this shallow clone", help=_FETCH_HINT)
        raise UsageError(shared, help="use --against REF")
    return Commit(id=found, ref=other.ref)


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

    def _has_files(self, name: str) -> bool:
        """Whether a path is a folder of the commit."""
        prefix = "" if name == "." else f"{name}/"
        index = bisect_left(self._names, prefix)
        return index < len(self._names) and self._names[index].startswith(prefix)

    def _inside(self, path: Path) -> str:
        """The path relative to the root of the repository. Raises UsageError outside it."""
        # Strings, because each file is looked up several times and creating a Path costs more than
        # the lookup. resolve() would follow links on disk.
        whole = os.path.abspath(path)  # noqa: PTH100
        if not self._has(whole):  # the path to the repository may contain a link
            folder, name = os.path.split(whole)
            whole = os.path.join(os.path.realpath(folder), name)  # noqa: PTH118
        if self._has(whole):
            return whole[len(self._top) :].lstrip(os.sep).replace(os.sep, "/") or "."
        raise UsageError(
            f"{path}: is outside the repository {self.root}",
            help="only files of this repository can be compared with a commit",
        )

    def _has(self, whole: str) -> bool:
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
            if followed.startswith(("/", "..")) or len(followed) > _MAX_PATH:
                return name  # outside the repository, or no path
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

    def _blob(self, name: str) -> bytes:
        """An object's bytes, at most MAX_BYTES + 1."""
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
        data = stdout.read(min(size, MAX_BYTES + 1))
        _skip(stdout, size - len(data) + 1)
        return data


def _entries(root: Path, at: Commit) -> dict[str, _Entry]:
    listing = _listing(root, "ls-tree", "-r", "-z", "--full-tree", at.id)
    if listing is None:
        raise UsageError(
            f"git can't list the files of {at.label}",
            help="run `git fsck` to check the repository",
        )
    entries = {}
    for line in listing.split(b"\0"):
        head, _, name = line.partition(b"\t")
        if name and len(name) <= _MAX_PATH:
            mode, _, hash_ = head.decode().split()
            entries[os.fsdecode(name)] = _Entry(mode=mode, object=hash_)
    return entries


def tracked_files(root: Path) -> frozenset[str] | None:
    """The files of a work tree that git tracks, below its root; None if git can't list them."""
    listing = _listing(root, "ls-files", "-z", "--cached", "--full-name", ":(top)")
    return None if listing is None else frozenset(map(os.fsdecode, listing.split(b"\0")))


def _listing(root: Path, *arguments: str) -> bytes | None:
    """The output of a git command that lists files; None if it fails.

    Raises UsageError if it is too long.
    """
    try:
        process = _started(root, arguments, stdin=subprocess.DEVNULL)
    except OSError:
        return None
    with process:
        output = process.stdout.read(_MAX_LISTING + 1) if process.stdout else b""
        if len(output) > _MAX_LISTING:
            process.kill()
            raise UsageError(f"{root}: the repository has too many files for `git {arguments[0]}`")
    return output if process.returncode == 0 else None


def _skip(stream: IO[bytes], count: int) -> None:
    while count > 0:
        count -= len(stream.read(min(count, 1 << 20))) or count


def _batch_reader(root: Path) -> subprocess.Popen[bytes]:
    return _started(root, ("cat-file", "--batch"), stdin=subprocess.PIPE)


def _started(root: Path, arguments: tuple[str, ...], *, stdin: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*_GIT, "-C", str(root.resolve()), *arguments],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(),
    )


def _run(folder: Path, arguments: tuple[str, ...]) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            [*_GIT, "-C", str(folder.resolve()), *arguments],
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=_TIMEOUT_SECONDS,
            env=_environment(),
        )
    except subprocess.TimeoutExpired:
        raise UsageError(
            f"`git {arguments[0]}` took longer than {_TIMEOUT_SECONDS} seconds",
            help=f"run it in {folder} to see whether git is waiting for a disk or a network",
        ) from None


def _environment() -> dict[str, str]:
    """The environment of git: English output, no prompts, no locks, no network.

    GIT_ALLOW_PROTOCOL keeps a partial clone from fetching what is missing, with any version of git.
    """
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("GIT_") or key.startswith(_KEPT_VARIABLES)
    }
    return {
        **kept,
        "LC_ALL": "C",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "none",
    }
