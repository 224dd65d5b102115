"""The projects of both versions of a comparison: their folders, environments and policies.

A project is that of an hptc.yaml. Its folder may have one in a single version only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from hptc.compiler.discovery import project_files
from hptc.compiler.environments import environment_names
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Diagnostic
from hptc.errors import UsageError
from hptc.project import project_file
from hptc.project.policy import Policy
from hptc.project.project_file import Environment, Project
from hptc.source import git
from hptc.source.git_tree import Tree
from hptc.source.readable import is_ci


def environments_of(roots: Iterable[Path], side: Workspace) -> dict[Path, Environment]:
    """The environments of a version, by the folder of their project."""
    by_root = {root: environment_of(root, side) for root in roots}
    return {root: environment for root, environment in by_root.items() if environment is not None}


def where_they_are_now(
    gone: Mapping[Path, Environment], added: Mapping[Path, Environment]
) -> dict[Path, Environment]:
    """The environments of projects whose folder is gone, by their new folder if they have one."""
    folders = {environment.project: root for root, environment in added.items()}
    return {
        folders.get(environment.project, root): environment for root, environment in gone.items()
    }


def policies_of(roots: Iterable[Path], old: Workspace) -> dict[str, Policy]:
    """The policy that the old version has in each folder, by the folder's hptc.yaml."""
    projects = {root: project_near(root, old)[0] for root in roots}
    return {
        shown(root / project_file.FILE_NAME): in_project.file.policy
        for root, in_project in projects.items()
        if in_project is not None
    }


def compared_environments(paths: Iterable[Path], old: Workspace, new: Workspace) -> tuple[str, ...]:
    """The environments to compare: the one that was selected, or all of either version.

    Raises UsageError if neither version has the one that was selected.
    """
    names = dict.fromkeys(
        name
        for side in (new, old)
        for path in paths
        for name in environment_names(project_near(path, side)[0])
    )
    chosen = new.environment
    if chosen is None:
        return tuple(names)
    if names and chosen not in names:
        raise UsageError(
            f"neither version has an environment `{chosen}`",
            help=f"defined environments: {', '.join(names)}",
        )
    return (chosen,)


def environment_of(path: Path, side: Workspace) -> Environment | None:
    """The environment of a version's project; None if it doesn't have it."""
    in_project, _ = project_near(path, side)
    if in_project is None or side.environment not in (None, *in_project.file.environments):
        return None
    return side.environment_of(in_project)


def project_roots(paths: Iterable[Path], *sides: Workspace) -> tuple[Path, ...]:
    """The folders of the projects that paths belong to, in either version."""
    roots = dict.fromkeys(root_of(path, side) for side in reversed(sides) for path in paths)
    return tuple(root for root in roots if root is not None)


def root_of(path: Path, side: Workspace) -> Path | None:
    """The folder of the project that a path belongs to in a version."""
    in_project, _ = project_near(path, side)
    return in_project.root if in_project is not None else None


def project_near(path: Path, side: Workspace) -> tuple[Project | None, list[Diagnostic]]:
    """The project of a version that a path belongs to, and the diagnostics of its hptc.yaml."""
    folder = path if side.files.is_folder(path) else path.absolute().parent
    return side.project_of(side.files.real(folder))


def project_at(path: Path, side: Workspace) -> Project | None:
    """The project whose hptc.yaml is in a folder, in a version; None if it has errors."""
    is_project = side.files.is_folder(path) and side.files.is_file(path / project_file.FILE_NAME)
    return side.project_of(path)[0] if is_project else None


def shown(path: Path) -> str:
    """A path for a review: relative if it is in the current folder."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def only_in(side: Workspace, roots: Iterable[Path], other: Workspace) -> list[Path]:
    """The folders whose hptc.yaml only one version has.

    Empty if an hptc.yaml of the other version has errors: it may be the same project's.
    """
    if any(in_project is None for in_project in other.projects.values()):
        return []
    return [
        root
        for root in roots
        if root_of(root, side) == root and not other.files.is_file(root / project_file.FILE_NAME)
    ]


def files_of_moved_project(repository: Path, in_project: Project, side: Workspace) -> list[Path]:
    """The specs of a project of the other version that is in another folder in this one."""
    name = project_file.FILE_NAME
    if isinstance(side.files, Tree):
        paths = [path for path in side.files.below(repository) if path.name == name]
    else:
        listed = git.files_named(repository, name, tracked_only=is_ci())
        paths = [path for path in listed if side.files.is_file(path)]
    projects = (project_at(path.parent, side) for path in paths)
    return [
        file
        for moved in projects
        if moved is not None and moved.file.project == in_project.file.project
        for file in project_files(moved, side.files)
    ]
