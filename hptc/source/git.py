"""What hptc asks git, and the files of a commit, read from its objects. Nothing is changed or
checked out, and no text of a user becomes an option of git.
"""

from __future__ import annotations

import os
import posixpath
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from hptc.errors import UsageError
from hptc.source.text_files import MAX_BYTES, UnreadableFileError, decode_text

_MAIN_BRANCHES = (
    "refs/remotes/origin/main",
    "refs/remotes/origin/master",
    "refs/heads/main",
    "refs/heads/master",
)
_TIMEOUT_SECONDS = 60
_GIT = ("git", "-c", "safe.bareRepository=explicit")
"""A commit may hold a folder that looks like a repository, whose configuration names programs:
https://git-scm.com/docs/git-config#Documentation/git-config.txt-safebareRepository"""
_OF_A_HOOK = ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_PREFIX")
_LINK, _SUBMODULE = "120000", "160000"
_MOST_LINKS = 40
_FETCH_ALL = (
    "`git fetch --unshallow` gets the rest; in a workflow, actions/checkout takes `fetch-depth: 0`"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit: its hash, and the name that somebody called it by."""

    id: str
    called: str

    @property
    def label(self) -> str:
        """The way people read it: `origin/main (1a2b3c4)`."""
        is_hash = self.id.startswith(self.called)
        return self.called[:12] if is_hash else f"{self.called} ({self.id[:7]})"


def answer(folder: Path, *arguments: str) -> str | None:
    """What git says, or None when there is no git or it refuses."""
    try:
        done = _run(folder, arguments)
    except OSError:
        return None
    return os.fsdecode(done.stdout).strip() if done.returncode == 0 else None


def top_folder(folder: Path) -> Path:
    """The top of the work tree that a folder is in. Raises UsageError outside of one."""
    try:
        done = _run(folder, ("rev-parse", "--show-toplevel"))
    except OSError:
        raise UsageError(
            "git is not installed, and the other side of a comparison is read with it",
            help="install git, and run this again",
        ) from None
    if done.returncode:
        reason = os.fsdecode(done.stderr).strip().partition("\n")[0]
        if "not a git repository" in reason:
            reason = "is not in a git repository, so there is nothing to compare it with"
        raise UsageError(f"{folder}: {reason}")
    return Path(os.fsdecode(done.stdout).rstrip("\n"))


def commit(root: Path, ref: str) -> Commit:
    """The commit that a branch, tag, hash or expression such as `HEAD~3` names.

    Raises UsageError for what names none.
    """
    found = None
    if ref and not ref.startswith("-") and "\0" not in ref:
        found = _verified(root, ref)
        found = _verified(root, f"{found}^{{commit}}") if found else None
    if found is not None:
        return Commit(id=found, called=ref)
    if _verified(root, "HEAD") is None:
        raise UsageError(
            "this repository has no commit yet, so there is nothing to compare with",
            help="commit once, and run this again",
        )
    advice = "`git branch --all` lists the branches that are here"
    if is_shallow(root):
        advice = f"this clone is shallow, so it may be missing: {_FETCH_ALL}"
    raise UsageError(f"git knows no commit `{ref}`", help=advice)


def _verified(root: Path, ref: str) -> str | None:
    """The one object that a text names."""
    return answer(root, "rev-parse", "--verify", "--quiet", "--end-of-options", ref)


def is_shallow(root: Path) -> bool:
    """Whether a clone has only the latest part of its history."""
    return answer(root, "rev-parse", "--is-shallow-repository") == "true"


def base_of(root: Path, head: Commit) -> Commit:
    """Where `head` left the main branch; HEAD when no branch can be told to be the main one.

    Raises UsageError when a shallow clone hides it, since a comparison with HEAD would then find
    nothing and say so.
    """
    known = answer(root, "symbolic-ref", "--quiet", "refs/remotes/origin/HEAD")
    for branch in (*((known,) if known else ()), *_MAIN_BRANCHES):
        if _verified(root, branch) is None:
            continue
        name = branch.removeprefix("refs/").removeprefix("remotes/").removeprefix("heads/")
        return merge_base(root, head, commit(root, name))
    if is_shallow(root):
        raise UsageError(
            "this clone is shallow and has no main branch to compare with",
            help=f"say --against REF, or fetch it: {_FETCH_ALL}",
        )
    return commit(root, "HEAD")


def merge_base(root: Path, head: Commit, other: Commit) -> Commit:
    """The last commit that two have in common. Raises UsageError when there is none."""
    found = answer(root, "merge-base", head.id, other.id)
    if found is None:
        shared = f"`{head.called}` and `{other.called}` have no commit in common"
        if is_shallow(root):
            raise UsageError(f"{shared} in this shallow clone", help=_FETCH_ALL)
        raise UsageError(shared, help="say --against REF")
    return Commit(id=found, called=other.called)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    mode: str
    object: str


class Tree:
    """The files of a commit, in the places that they have in the work tree. A context manager.

    It answers as hptc.source.filesystem.Files does; every path is one of the work tree's.
    """

    def __init__(self, root: Path, at: Commit) -> None:
        self.root = root
        self.at = at
        self._top = str(root)
        self._entries = _entries(root, at)
        self._folders = {
            parent.as_posix() for name in self._entries for parent in Path(name).parents
        }
        self._reader: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._reader is not None:
            self._reader.communicate()
            self._reader = None

    def real(self, path: Path) -> Path:
        """The absolute path, with the links of this commit followed."""
        return self.root / self._followed(self._inside(path))

    def read(self, path: str) -> str:
        """A file's text at this commit."""
        entry = self._entries.get(self._followed(self._inside(Path(path))))
        if entry is None or entry.mode == _SUBMODULE:
            raise UnreadableFileError(path, f"does not exist at {self.at.label}")
        return decode_text(self._blob(entry.object), path)

    def is_file(self, path: Path) -> bool:
        """Whether the commit has such a file."""
        entry = self._entries.get(self._followed(self._inside(path)))
        return entry is not None and entry.mode not in (_LINK, _SUBMODULE)

    def is_folder(self, path: Path) -> bool:
        """Whether the commit has a file below such a folder."""
        return self._followed(self._inside(path)) in self._folders

    def is_repository(self, folder: Path) -> bool:
        """Whether it is the top of this repository, or a submodule's."""
        inside = self._inside(folder)
        entry = self._entries.get(inside)
        return inside == "." or (entry is not None and entry.mode == _SUBMODULE)

    def below(self, folder: Path) -> Iterator[Path]:
        """The files below a folder, named as below that folder even where it is a link."""
        start = self._followed(self._inside(folder))
        prefix = "" if start == "." else f"{start}/"
        for name in self._entries:
            if name.startswith(prefix):
                yield folder / name[len(prefix) :]

    def _inside(self, path: Path) -> str:
        """The path from the repository's top. Raises UsageError outside of it."""
        # As texts, since every file of a side is asked for several times and a Path costs more than
        # the answer. resolve() would follow the disk's links.
        whole = os.path.abspath(path)  # noqa: PTH100
        if not self._has(whole):  # the way to the repository may be a link
            folder, name = os.path.split(whole)
            whole = os.path.join(os.path.realpath(folder), name)  # noqa: PTH118
        if self._has(whole):
            return whole[len(self._top) :].lstrip(os.sep).replace(os.sep, "/") or "."
        raise UsageError(
            f"{path}: is outside of the repository {self.root}",
            help="a comparison reads the other side from this repository's commits",
        )

    def _has(self, whole: str) -> bool:
        return whole == self._top or whole.startswith(self._top.rstrip(os.sep) + os.sep)

    def _followed(self, name: str) -> str:
        """A path with every link in it followed; one that leads nowhere stays as it is."""
        for _ in range(_MOST_LINKS):
            link = self._first_link(name)
            if link is None:
                return name
            target = os.fsdecode(self._blob(self._entries[link].object))
            rest = name[len(link) :].lstrip("/")
            followed = posixpath.normpath(posixpath.join(posixpath.dirname(link), target, rest))
            if followed.startswith(("/", "..")):
                return name  # out of the repository, where no commit has a say
            name = followed
        return name

    def _first_link(self, name: str) -> str | None:
        parts = name.split("/")
        for count in range(1, len(parts) + 1):
            entry = self._entries.get("/".join(parts[:count]))
            if entry is not None:
                return "/".join(parts[:count]) if entry.mode == _LINK else None
        return None

    def _blob(self, name: str) -> bytes:
        """An object's bytes, at most one more than a spec may have."""
        if self._reader is None:
            self._reader = _batch_reader(self.root)
        stdin, stdout = self._reader.stdin, self._reader.stdout
        if stdin is None or stdout is None:
            raise UsageError("git can't be talked to")
        stdin.write(f"{name}\n".encode())
        stdin.flush()
        head = stdout.readline().split()
        if len(head) != 3:
            raise UsageError(
                f"git can't read the object {name[:12]} of {self.at.label}",
                help="`git fsck` says what is wrong with the repository",
            )
        size = int(head[2])
        data = stdout.read(min(size, MAX_BYTES + 1))
        _skip(stdout, size - len(data) + 1)
        return data


def _entries(root: Path, at: Commit) -> dict[str, _Entry]:
    done = _run(root, ("ls-tree", "-r", "-z", "--full-tree", at.id))
    if done.returncode:
        raise UsageError(f"git can't list the files of {at.label}: {os.fsdecode(done.stderr)}")
    entries = {}
    for line in done.stdout.split(b"\0"):
        head, _, name = line.partition(b"\t")
        if name:
            mode, _, hash_ = head.decode().split()
            entries[os.fsdecode(name)] = _Entry(mode=mode, object=hash_)
    return entries


def _skip(stream: IO[bytes], count: int) -> None:
    while count > 0:
        count -= len(stream.read(min(count, 1 << 20))) or count


def _batch_reader(root: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*_GIT, "-C", str(root), "cat-file", "--batch"],
        stdin=subprocess.PIPE,
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
            timeout=_TIMEOUT_SECONDS,
            env=_environment(),
        )
    except subprocess.TimeoutExpired:
        raise UsageError(
            f"`git {arguments[0]}` took longer than {_TIMEOUT_SECONDS} seconds",
            help=f"try it in {folder}: git may wait for a disk or a network",
        ) from None


def _environment() -> dict[str, str]:
    """Git in plain words, asking nobody and taking no lock, in the repository of the folder.

    Hooks set GIT_DIR and the like for a repository that need not be that one.
    """
    kept = {key: value for key, value in os.environ.items() if key not in _OF_A_HOOK}
    return {
        **kept,
        "LC_ALL": "C",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
    }
