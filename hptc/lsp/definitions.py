"""Finds the definitions of names in a spec: warm-start parents, variables, training scripts."""

from __future__ import annotations

import re
from pathlib import Path as FilePath

from hptc.compiler.discovery import spec_files_by_name
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Path, ProjectPath, Span
from hptc.frozen import frozen
from hptc.lsp.algorithm_facts import path_in_spec
from hptc.lsp.hovers import scalar_at
from hptc.project.project_file import Project
from hptc.source.construction import construct_data
from hptc.source.document import Document, parse_document
from hptc.source.hidden_text import split_lines

_NAME = re.compile(r"\w+")
_LATEST = re.compile(r"latest\((?P<spec>[^()]+)\)\Z")


@frozen
class Definition:
    """A place in a file; the file's start if there is no span."""

    file: FilePath
    span: Span | None = None


def definition(
    document: Document,
    line: int,
    column: int,
    *,
    is_project: bool,
    in_project: Project | None,
    workspace: Workspace,
) -> Definition | None:
    """The definition of the name at a place; None if the project has none.

    Lines and columns count from 0.
    """
    if in_project is None:
        return None
    if (variable := _variable_at(document.text, line, column)) is not None:
        return _variable_definition(variable, in_project, workspace)
    scalar = scalar_at(document.root, line, column)
    if scalar is None or scalar.is_key:
        return None
    path = path_in_spec(scalar.path) if is_project else scalar.path
    if path is None:
        return None
    if path[:2] == ("warm_start", "parents"):
        return _spec_definition(scalar.node.value, in_project, workspace)
    if path[-2:-1] == ("source",):
        return _script_definition(document, scalar.path, path[-1], in_project, workspace)
    return None


def _variable_at(text: str, line: int, column: int) -> str | None:
    """The name at a place within `{{ … }}`."""
    lines = split_lines(text)
    shown = lines[line] if line < len(lines) else ""
    for template in re.finditer(r"\{\{.*?\}\}", shown):
        for name in _NAME.finditer(template[0]):
            if template.start() + name.start() <= column <= template.start() + name.end():
                return name[0]
    return None


def _variable_definition(name: str, in_project: Project, workspace: Workspace) -> Definition | None:
    """The variable's line in the workspace's environment, or else in the first that defines it."""
    names = [*in_project.file.environments]
    if workspace.environment in names:
        names.insert(0, workspace.environment)
    for environment in names:
        path = ProjectPath(("environments", environment, "variables", name))
        if in_project.document.has(path):
            span = in_project.document.span(path, key=True)
            return Definition(file=FilePath(in_project.document.file), span=span)
    return None


def _spec_definition(parent: str, in_project: Project, workspace: Workspace) -> Definition | None:
    """The line with the name of a spec."""
    latest = _LATEST.match(parent)
    file = spec_files_by_name(in_project, workspace).get(latest["spec"] if latest else parent)
    if file is None:
        return None
    document, _ = parse_document(workspace.files.read(str(file)), str(file))
    return Definition(file=FilePath(file), span=document.span(("name",)))


def _script_definition(
    document: Document, written: Path, key: str | int, in_project: Project, workspace: Workspace
) -> Definition | None:
    """The script of `source.entry_point`, or of the `source` whose directory it is."""
    source, _ = construct_data(document, at=written[:-1])
    if not isinstance(source, dict) or key not in ("directory", "entry_point"):
        return None
    names = [str(source.get(part) or "") for part in ("directory", "entry_point")]
    if not all(names):
        return None
    file = in_project.root.joinpath(*names)
    is_inside = workspace.files.real(file).is_relative_to(workspace.files.real(in_project.root))
    return Definition(file=file) if is_inside and workspace.files.is_file(file) else None
