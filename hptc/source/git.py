"""Read-only git queries.

Nothing is changed or checked out, and user input never becomes an option of git. A repository's
configuration can name programs to run and remotes to fetch from; no query here runs or calls them.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from hptc.errors import UsageError
from hptc.frozen import frozen
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
MAX_PATH = 4096
"""Bytes of a path; a longer one can't be checked out."""
_MAX_LISTING = 64_000_000
"""Bytes of a listing of files. A commit of a few kilobytes can contain billions of files."""
_FETCH_HINT = (
    "run `git fetch --unshallow`; in a workflow, set `fetch-depth: 0` for actions/checkout"
)


@frozen
class Commit:
    """A commit: its hash, and the ref by which it was requested."""

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


def files_named(root: Path, name: str, *, tracked_only: bool) -> list[Path]:
    """The files with a name, anywhere in a work tree, that git tracks or does not ignore."""
    options = () if tracked_only else ("--others", "--exclude-standard")
    pattern = f":(top,glob)**/{name}"
    output = git_output(root, "ls-files", "-z", "--cached", *options, "--full-name", "--", pattern)
    return [root / path for path in (output or "").split("\0") if path]


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
    commit_id = _commit_id(root, ref)
    if commit_id is not None:
        return Commit(id=commit_id, ref=ref)
    if _verified(root, "HEAD") is None:
        raise UsageError(
            "this repository has no commits yet, so there is nothing to compare with",
            help="create a commit and try again",
        )
    advice = "run `git branch --all` to list the available branches"
    if is_shallow(root):
        advice = f"this clone is shallow and may not contain it: {_FETCH_HINT}"
    raise UsageError(f"commit `{shortened(ref, 100)}` not found", help=advice)


def has_commit(root: Path, ref: str) -> bool:
    """Whether a branch, tag, hash or expression such as `HEAD~3` is a commit."""
    return _commit_id(root, ref) is not None


def _commit_id(root: Path, ref: str) -> str | None:
    if not ref or ref.startswith("-") or "\0" in ref:
        return None
    object_id = _verified(root, ref)
    return _verified(root, f"{object_id}^{{commit}}") if object_id else None


def _verified(root: Path, ref: str) -> str | None:
    """The hash of the object that a ref resolves to."""
    commit_id = git_output(root, "rev-parse", "--verify", "--quiet", "--end-of-options", ref)
    # `^main` resolves to `^` and a hash, which is not an object.
    return commit_id if commit_id and commit_id.isalnum() else None


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
    base = git_output(root, "merge-base", head.id, other.id)
    if base is None:
        shared = f"`{head.ref}` and `{other.ref}` have no common commit"
        if is_shallow(root):
            raise UsageError(f"{shared} in this shallow clone", help=_FETCH_HINT)
        raise UsageError(shared, help="use --against REF")
    return Commit(id=base, ref=other.ref)


def tracked_files(root: Path) -> frozenset[str] | None:
    """The files of a work tree that git tracks, below its root; None if git can't list them."""
    files = listing(root, "ls-files", "-z", "--cached", "--full-name", ":(top)")
    return None if files is None else frozenset(map(os.fsdecode, files.split(b"\0")))


def files_in(folder: Path, maximum: int, *, tracked_only: bool) -> list[str] | None:
    """The files below a folder that git tracks, or that it doesn't ignore; None if git fails.

    The names are relative to the folder. The list ends after more than `maximum` names.
    """
    untracked = () if tracked_only else ("--others", "--exclude-standard")
    try:
        process = started(
            folder, ("ls-files", "-z", "--cached", *untracked, "--", "."), stdin=subprocess.DEVNULL
        )
    except OSError:
        return None
    names: set[bytes] = set()  # an unmerged file is listed several times
    with process:
        rest = b""
        while process.stdout and (chunk := process.stdout.read(1 << 16)):
            *whole, rest = (rest + chunk).split(b"\0")
            names.update(whole)
            if len(names) > maximum or len(rest) > MAX_PATH:
                process.kill()
                break
    is_complete = process.returncode == 0 or len(names) > maximum
    return [os.fsdecode(name) for name in names] if is_complete else None


def listing(root: Path, *arguments: str) -> bytes | None:
    """The output of a git command that lists files; None if it fails.

    Raises UsageError if it is too long.
    """
    try:
        process = started(root, arguments, stdin=subprocess.DEVNULL)
    except OSError:
        return None
    with process:
        output = process.stdout.read(_MAX_LISTING + 1) if process.stdout else b""
        if len(output) > _MAX_LISTING:
            process.kill()
            raise UsageError(f"{root}: the repository has too many files for `git {arguments[0]}`")
    return output if process.returncode == 0 else None


def started(root: Path, arguments: tuple[str, ...], *, stdin: int) -> subprocess.Popen[bytes]:
    """A git command that is running; its errors are not shown. Raises OSError without git."""
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
