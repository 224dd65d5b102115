"""Which files of a repository may be read, and shown in findings.

A pull request can lead hptc to any file, by a link, an entry of `specs`, or the path of a sample
log: to the token that actions/checkout keeps in .git/config, or to a file that CI created.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

_CI_VARIABLES = ("CI", "GITHUB_ACTIONS", "GITLAB_CI")


def reason_not_to_read(path: Path) -> str | None:
    """Why a file must not be read, or None. `path` is absolute, with its links followed."""
    if ".git" in str(path).lower() and any(part.lower() == ".git" for part in path.parts):
        return "is inside .git, which is never read"
    if not is_ci():
        return None
    top = next((folder for folder in path.parents if (folder / ".git").exists()), None)
    if top is None:
        return None
    tracked = _tracked(top)
    if tracked is None:
        return "can't be read in CI, because git does not list the files that it tracks"
    if path.relative_to(top).as_posix() in tracked:
        return None
    return "is not tracked by git, and only tracked files are read in CI"


def is_ci() -> bool:
    """Whether hptc runs in a CI job, by the variables that CI services set."""
    return any(os.environ.get(name, "").lower() in ("true", "1") for name in _CI_VARIABLES)


@cache
def _tracked(top: Path) -> frozenset[str] | None:
    from hptc.source import git  # only CI needs it, and importing it takes time

    return git.tracked_files(top)
