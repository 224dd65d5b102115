"""Finds the spec files in a folder or a project."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path as FilePath

from hptc.compiler.workspace import Workspace
from hptc.errors import UsageError
from hptc.project import project_file
from hptc.project.project_file import Project
from hptc.source.construction import construct_data
from hptc.source.document import parse_document
from hptc.source.filesystem import DISK, Files

_NAME_LINE = (
    r"^name:[ \t]{1,20}(?P<quote>[\"']?)(?P<name>[a-zA-Z0-9][a-zA-Z0-9-]{0,200})(?P=quote)"
    r"[ \t]{0,200}(?:#.*)?\r?$"
)
SUFFIXES = (".yaml", ".yml", ".json")


def spec_files_by_name(in_project: Project, workspace: Workspace) -> Mapping[str, FilePath]:
    """A project's spec files by spec name, read once per run.

    If two specs have the same name, the first one is used. Files that can't be read are skipped.
    """
    if in_project.root not in workspace.spec_files:
        paths: dict[str, FilePath] = {}
        for path in project_files(in_project, workspace.files):
            name = spec_name(path, workspace.files)
            if name is not None:
                paths.setdefault(name, path)
        workspace.spec_files[in_project.root] = paths
    return workspace.spec_files[in_project.root]


def spec_files_with_name(name: str, in_project: Project, workspace: Workspace) -> list[FilePath]:
    """The files of a project whose spec has this name; more than one is an error in the project."""
    files = workspace.files
    return [path for path in project_files(in_project, files) if spec_name(path, files) == name]


def spec_name(path: FilePath, files: Files) -> str | None:
    """The name that a file gives its spec; None if that can't be read.

    A file that is not valid YAML has the name of its first line `name: NAME`, so that a spec which
    warm-starts from it does not take the name for that of a tuning job in AWS.
    """
    try:
        document, faults = parse_document(files.read(str(path)), str(path))
    except UsageError:
        return None
    if document.root is None and faults:
        line = re.search(_NAME_LINE, document.text, re.MULTILINE)
        return line["name"] if line is not None else None
    data, _ = construct_data(document, at=("name",))
    return data if isinstance(data, str) else None


def project_files(in_project: Project, files: Files = DISK) -> list[FilePath]:
    """The spec files of a project, in order. Entries of `specs` that don't exist are skipped."""
    entries: dict[FilePath, FilePath] = {}  # by their canonical path, so that each is walked once
    for entry in dict.fromkeys(in_project.file.specs):
        path = in_project.root / entry
        entries.setdefault(files.real(path), path)
    paths = (
        file
        for real, path in entries.items()
        if (files.is_folder(path) or files.is_file(path))
        and not any(_finds(folder, real, files) for folder in real.parents if folder in entries)
        for file in spec_files(path, files)
    )
    return list(dict.fromkeys(paths))


def _finds(folder: FilePath, path: FilePath, files: Files) -> bool:
    """Whether a walk of `folder` finds the spec files at `path`, which is below it."""
    is_hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return not is_hidden and (path.suffix in SUFFIXES or files.is_folder(path))


def spec_files(path: FilePath, files: Files = DISK) -> list[FilePath]:
    """The file itself, or the spec files in a folder, without hidden files and hptc.yaml."""
    if not files.is_folder(path):
        return [path]
    above = len(path.parts)
    paths = (
        file
        for file in files.below(path)
        if file.suffix in SUFFIXES
        and file.name != project_file.FILE_NAME
        and not any(part.startswith(".") for part in file.parts[above:])
        and files.is_file(file)
    )
    return sorted(paths, key=lambda file: file.parts)  # as paths compare, but ten times as fast


def specs_of_projects(paths: Iterable[str], workspace: Workspace) -> list[str]:
    """The paths that are specs of a project; an hptc.yaml stands for all of its specs."""
    files_of_projects: dict[FilePath, frozenset[FilePath]] = {}
    specs: list[str] = []
    for text in paths:
        path = FilePath(text)
        folder = workspace.files.real(path).parent
        in_project, faults = workspace.project_of(folder)
        if path.name == project_file.FILE_NAME:
            has_specs = faults or (in_project and project_files(in_project, workspace.files))
            specs += [display_path(path)] if has_specs else []
        elif in_project is not None:
            root = in_project.root
            if root not in files_of_projects:
                files = project_files(in_project, workspace.files)
                files_of_projects[root] = frozenset(workspace.files.real(file) for file in files)
            if workspace.files.real(path) in files_of_projects[root]:
                specs.append(text)
    return specs


def files_of(path: FilePath, workspace: Workspace) -> list[FilePath]:
    """The spec files at a path; for a project's folder or hptc.yaml, all of the project's specs.

    Raises UsageError if there are none.
    """
    files = workspace.files
    in_project = None
    if path.name == project_file.FILE_NAME and files.is_file(path):
        path = path.parent
    if files.is_folder(path) and files.is_file(path / project_file.FILE_NAME):
        in_project, _ = workspace.project_of(path)
        paths = project_files(in_project, files) if in_project else _listed_files(path, files)
    else:
        paths = spec_files(path, files)
    if not paths:
        looked_in = f" (looked in {', '.join(in_project.file.specs)})" if in_project else ""
        raise UsageError(
            f"{path}: no specs found{looked_in}",
            help="`hptc init DIR` creates a project with example specs",
        )
    return paths


def _listed_files(folder: FilePath, files: Files) -> list[FilePath]:
    """The spec files of a folder whose hptc.yaml has errors: those that it lists, or else all."""
    try:
        document, _ = parse_document(files.read(str(folder / project_file.FILE_NAME)), "")
        data, _ = construct_data(document, at=("specs",))
    except UsageError:
        data = None
    entries = data if isinstance(data, list) else ["specs"]
    paths: dict[FilePath, None] = {}
    for entry in dict.fromkeys(map(str, entries)):
        path = folder / entry
        is_inside = files.real(path).is_relative_to(files.real(folder))
        if is_inside and (files.is_folder(path) or files.is_file(path)):
            paths |= dict.fromkeys(spec_files(path, files))
    return list(paths) or spec_files(folder, files)


def path_in_project(in_project: Project | None, file: FilePath) -> str:
    """The path of a file below its project's folder, as the tag hptc:spec has it."""
    root = (in_project.root if in_project is not None else FilePath()).resolve()
    path = file.resolve()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def display_path(path: FilePath) -> str:
    """A path for messages: relative if it is in the current folder."""
    return display_paths([path])[0]


def display_paths(paths: Iterable[FilePath]) -> list[str]:
    """The same for several paths."""
    inside = f"{FilePath.cwd()}{os.sep}"
    return [str(path).removeprefix(inside) for path in paths]
