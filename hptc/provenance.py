"""Where a spec comes from: read from git, which is asked and never changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hptc import git


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """A spec's path in its repository, and the commit with `-dirty` when the spec has changed."""

    spec: str
    commit: str | None = None


def provenance_of(path: Path) -> Provenance:
    """Read it; a spec outside git has its path only."""
    top = git.answer(path.parent, "rev-parse", "--show-toplevel")
    if top is None:
        return Provenance(spec=path.name)
    inside = path.resolve().relative_to(Path(top).resolve()).as_posix()
    commit = git.answer(path.parent, "rev-parse", "--short=12", "HEAD")
    changed = git.answer(path.parent, "status", "--porcelain", "--", path.name)
    return Provenance(spec=inside, commit=f"{commit}-dirty" if commit and changed else commit)
