"""Reads the path and commit of a spec from git, which is never changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from hptc.compiler.outcome import Compiled
from hptc.errors import UsageError
from hptc.frozen import frozen
from hptc.infrastructure.provenance_tags import provenance_tags
from hptc.source import git
from hptc.source.filesystem import DISK, Files
from hptc.source.git_tree import Tree

_COMMIT_LENGTH = 12


@frozen
class Provenance:
    """A spec's path in its repository, and the commit, with `-dirty` if the spec has changed."""

    spec: str
    commit: str | None = None


ProvenanceOf = Callable[[Compiled], Provenance]
"""Returns the provenance of a spec. It may run git, so call it only if needed."""


def git_provenance(compiled: Sequence[Compiled]) -> ProvenanceOf:
    """Reads the provenance of these specs, with a few git calls per repository."""
    repositories = Repositories([Path(outcome.file) for outcome in compiled])
    return lambda outcome: repositories.provenance(Path(outcome.file))


def job_tags(compiled: Compiled, provenance: Provenance) -> dict[str, str]:
    """The tags that show where a tuning job comes from; unknown values get no tag."""
    environment = compiled.environment
    return provenance_tags(
        project=environment.project if environment else "",
        environment=environment.name if environment else "",
        spec=provenance.spec,
        digest=compiled.digest,
        commit=provenance.commit,
    )


class Repositories:
    """The git repositories that some files are in; each is read once, when it is needed."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._tops: dict[Path, Path | None] = {}  # by folder
        self._commits: dict[Path, str | None] = {}  # by top folder
        self._changed: dict[Path, frozenset[str]] = {}  # by top folder

    def provenance(self, path: Path) -> Provenance:
        """The provenance of one of the files; for a file outside of git, only its name."""
        top = self._top(path.parent)
        if top is None:
            return Provenance(spec=path.name)
        if top not in self._commits:
            head = git.git_output(top, "rev-parse", "--verify", "HEAD^{commit}")
            self._commits[top] = head and head[:_COMMIT_LENGTH]
            self._changed[top] = _changed_files(top, head, self._names_in(top))
        commit = self._commits[top]
        if commit and _name_in(top, path) in self._changed[top]:
            commit = f"{commit}-dirty"
        return Provenance(spec=_spec_path(top, path), commit=commit)

    def _top(self, folder: Path) -> Path | None:
        if folder not in self._tops:
            top = git.git_output(folder, "rev-parse", "--show-toplevel")
            self._tops[folder] = None if top is None else Path(top).resolve()
        return self._tops[folder]

    def _names_in(self, top: Path) -> list[str]:
        return [_name_in(top, path) for path in self._paths if self._top(path.parent) == top]


def _spec_path(top: Path, path: Path) -> str:
    """The path of a file in its repository; of a link, that of the file it leads to."""
    resolved = path.resolve()
    return resolved.relative_to(top).as_posix() if resolved.is_relative_to(top) else path.name


def _name_in(top: Path, path: Path) -> str:
    """The path of a file in its repository; of a link, the link's own."""
    return (path.parent.resolve() / path.name).relative_to(top).as_posix()


def _changed_files(top: Path, head: str | None, names: Sequence[str]) -> frozenset[str]:
    """The files that are not as in HEAD. `git status` would run what the repository configures."""
    if head is None:
        return frozenset()
    with Tree(top, git.Commit(id=head, ref="HEAD")) as tree:
        return frozenset(
            name
            for name in names
            if (text := _text(tree, top / name)) is None or text != _text(DISK, top / name)
        )


def _text(files: Files, path: Path) -> str | None:
    """A file's text, however its lines end; None if it can't be read."""
    try:
        return files.read(str(path)).replace("\r\n", "\n")
    except UsageError:
        return None
