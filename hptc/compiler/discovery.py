"""Which files are specs: below a folder, and of a project. It lists files and reads names."""

from __future__ import annotations

from pathlib import Path as FilePath

from hptc.compiler.workspace import Workspace
from hptc.errors import UsageError
from hptc.project import project_file
from hptc.project.project_file import Project
from hptc.source.construction import construct_data
from hptc.source.document import parse_document
from hptc.source.filesystem import DISK, Files

SUFFIXES = (".yaml", ".yml", ".json")


def spec_files_by_name(in_project: Project, files: Files = DISK) -> dict[str, FilePath]:
    """Every spec of a project by its name; files that can't be read have none."""
    found: dict[str, FilePath] = {}
    for path in project_files(in_project, files):
        try:
            document, _ = parse_document(files.read(str(path)), str(path))
        except UsageError:
            continue
        data, _ = construct_data(document, at=("name",))
        if isinstance(data, str):
            found.setdefault(data, path)
    return found


def project_files(in_project: Project, files: Files = DISK) -> list[FilePath]:
    """The spec files of a project, in order; an entry of `specs` that is not there has none."""
    entries = [in_project.root / entry for entry in in_project.file.specs]
    there = [path for path in entries if files.is_folder(path) or files.is_file(path)]
    return [path for entry in there for path in spec_files(entry, files)]


def spec_files(path: FilePath, files: Files = DISK) -> list[FilePath]:
    """A file itself; the spec files below a folder, hidden ones and hptc.yaml left out."""
    if not files.is_folder(path):
        return [path]
    return sorted(
        file
        for file in files.below(path)
        if file.suffix in SUFFIXES
        and file.name != project_file.FILE_NAME
        and not any(part.startswith(".") for part in file.relative_to(path).parts)
        and files.is_file(file)
    )


def files_of(path: FilePath, workspace: Workspace) -> list[FilePath]:
    """The specs that a path stands for, at least one. Raises UsageError."""
    files = workspace.files
    in_project = None
    if files.is_folder(path) and files.is_file(path / project_file.FILE_NAME):
        in_project, _ = workspace.project_of(path)
    found = project_files(in_project, files) if in_project else spec_files(path, files)
    if not found:
        looked = f", looking in {', '.join(in_project.file.specs)}" if in_project else ""
        raise UsageError(
            f"{path}: there is no spec in this folder{looked}",
            help="`hptc init DIR` writes one to start from",
        )
    return found


def shown(path: FilePath) -> str:
    """A path as a person calls it: from where we stand, if it is below."""
    try:
        return str(path.relative_to(FilePath.cwd())) if path.is_absolute() else str(path)
    except ValueError:
        return str(path)
