"""Finds the file of a spec by the spec's name, for commands that take either.

A file or folder of the same name comes first, so a name never changes what a path means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path as FilePath

from hptc.compiler.discovery import (
    display_path,
    display_paths,
    project_files,
    spec_files_by_name,
    spec_files_with_name,
)
from hptc.compiler.workspace import Workspace
from hptc.errors import UsageError
from hptc.source.filesystem import Files
from hptc.text import listed, listed_code

_NAME = re.compile("[A-Za-z0-9][A-Za-z0-9-]*")
_CLOSEST = 3


def is_path(text: str, files: Files) -> bool:
    """Whether something is at a path: a file, a folder or a pipe."""
    path = FilePath(text)
    return files.is_file(path) or files.is_folder(path) or files.is_pipe(path)


def may_be_name(text: str) -> bool:
    """Whether a text has the form of the name of a spec or of a tuning job."""
    return _NAME.fullmatch(text) is not None


def named_spec(name: str, workspace: Workspace) -> str | None:
    """The file of a spec of the workspace's project; None if no spec has this name.

    Raises UsageError if several specs have it, or if hptc.yaml has errors.
    """
    in_project, faults = workspace.current_project()
    if in_project is None:
        if faults:
            raise UsageError(
                f"`{name}` is not a file, and the names of specs can't be read: hptc.yaml: "
                f"{faults[0].message}",
                help="`hptc check` shows where the error is",
            )
        return None
    files = [display_path(path) for path in spec_files_with_name(name, in_project, workspace)]
    if len(files) > 1:
        raise UsageError(
            f"`{name}` is the name of {len(files)} specs: {listed(files)}",
            help="pass the file of one of them, and give the other another name",
        )
    return files[0] if files else None


def spec_path(text: str, workspace: Workspace) -> str:
    """The file or folder at a path, or the file of the spec that has this name.

    Raises UsageError if a text could be a name, but is neither that nor a path.
    """
    path = workspace.at(text)
    if not may_be_name(text) or is_path(path, workspace.files):
        return path
    file = named_spec(text, workspace)
    if file is not None:
        return file
    in_project, _ = workspace.current_project()
    if in_project is None:
        return path
    raise UsageError(
        f"{text}: no such file or folder, and no spec of this project has this name",
        help=what_was_meant(text, workspace),
    )


def what_was_meant(text: str, workspace: Workspace) -> str:
    """A hint for a text that names nothing: an environment, or similar specs; empty if unknown."""
    in_project, _ = workspace.current_project()
    if in_project is None:
        return ""
    if text in in_project.file.environments:
        return f"`{text}` is an environment: use `--env {text}`"
    return _similar(text, spec_files_by_name(in_project, workspace), cutoff=0.5)


def which_file_was_meant(path: str, workspace: Workspace) -> str:
    """A hint for a path without a file: specs in a file of that name, or at a similar path."""
    in_project, _ = workspace.current_project()
    if in_project is None:
        return ""
    files = display_paths(project_files(in_project, workspace.files))
    stem = FilePath(path).stem
    of_this_name = [file for file in files if FilePath(file).stem == stem]
    # Paths have much in common, so they must be more similar than names.
    return _similar(path, of_this_name or files, cutoff=0.0 if of_this_name else 0.8)


def _similar(text: str, candidates: Iterable[str], *, cutoff: float) -> str:
    import difflib

    close = difflib.get_close_matches(text, candidates, n=_CLOSEST, cutoff=cutoff)
    return f"did you mean {listed_code(close, 'or')}?" if close else ""
