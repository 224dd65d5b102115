"""What earlier checks have read of a project, so that a keystroke reads one file.

The project itself, its list of spec files, and the names of those that are not open: each is read
again only when its file, or a folder, has changed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from hptc.compiler.discovery import project_files, spec_name
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Diagnostic
from hptc.frozen import frozen
from hptc.project import project_file
from hptc.project.project_file import Project
from hptc.source.filesystem import Files
from hptc.source.text_files import UnreadableFileError

_CLOCK_NANOSECONDS = 2 * 10**9
"""A file system may record the same time for two changes that are closer than this."""


@frozen
class _KnownProject:
    text: str
    project: Project | None
    diagnostics: list[Diagnostic]


@frozen
class _KnownList:
    entries: tuple[str, ...]
    folders: dict[str, int]  # when each was modified
    files: list[Path]


class NameIndex:
    """A cache of one session: it only saves time."""

    def __init__(self) -> None:
        self._names: dict[str, tuple[int, int, str | None]] = {}  # modified, size, name
        self._projects: dict[Path, _KnownProject] = {}
        self._lists: dict[Path, _KnownList] = {}

    def project_of(
        self, folder: Path, workspace: Workspace
    ) -> tuple[Project | None, list[Diagnostic]]:
        """The project of a folder as `workspace` knows it, which keeps it if it has not changed."""
        path = project_file.find(folder, workspace.files)
        if path is None:
            return workspace.project_of(folder)
        try:
            text = workspace.files.read(str(path))
        except UnreadableFileError:
            return workspace.project_of(folder)
        known = self._projects.get(path)
        if known is not None and known.text == text:
            workspace.projects[path] = known.project
            workspace.project_diagnostics[path] = known.diagnostics
        project, diagnostics = workspace.project_of(folder)
        self._projects[path] = _KnownProject(text=text, project=project, diagnostics=diagnostics)
        return project, diagnostics

    def files_of(self, in_project: Project, files: Files) -> list[Path]:
        """The spec files of a project. A folder's time changes with its list of files."""
        entries = tuple(in_project.file.specs)
        known = self._lists.get(in_project.root)
        if known is None or known.entries != entries or not _are_unchanged(known.folders):
            folders = _folders(in_project.root, entries)
            spec_files = project_files(in_project, files)
            known = _KnownList(entries=entries, folders=folders, files=spec_files)
            self._lists[in_project.root] = known
        return known.files

    def files_named(
        self, names: Collection[str] | None, paths: Iterable[Path], files: Files
    ) -> Iterator[Path]:
        """The files whose spec has one of the names; with None, all files."""
        for path in paths:
            if names is None or self._name_of(path, files) in names:
                yield path

    def _name_of(self, path: Path, files: Files) -> str | None:
        """The name of the spec in a file; None if it can't be read. A project has hundreds."""
        file = str(path)
        try:
            status = os.stat(file)  # noqa: PTH116
        except OSError:
            return None
        known = self._names.get(file)
        if known is None or known[0] != status.st_mtime_ns or known[1] != status.st_size:
            known = status.st_mtime_ns, status.st_size, spec_name(path, files)
            self._names[file] = known
        return known[2]


def _folders(root: Path, entries: tuple[str, ...]) -> dict[str, int]:
    """The folders that entries of `specs` name, each with its modification time; 0 if missing."""
    folders: list[str] = []
    for entry in entries:
        path = root / entry
        folders += [str(path.parent), str(path)]
        folders += [folder for folder, _, _ in os.walk(path)]
    return {folder: _modified(folder) for folder in folders}


def _are_unchanged(folders: dict[str, int]) -> bool:
    now = time.time_ns()
    return all(
        modified == _modified(folder) and now - modified > _CLOCK_NANOSECONDS
        for folder, modified in folders.items()
    )


def _modified(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns  # noqa: PTH116
    except OSError:
        return 0
