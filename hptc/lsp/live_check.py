"""Checks the open files of an editor as `hptc check` would: texts in, findings by file out."""

from __future__ import annotations

import re
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from hptc.compiler.discovery import SUFFIXES, display_path
from hptc.compiler.environments import compile_in_all_environments, merged_diagnostics
from hptc.compiler.outcome import Compiled, Outcome
from hptc.compiler.workspace import Workspace
from hptc.cost.bound import cost_bound, job_count, job_region, summary
from hptc.diagnostics import Diagnostic, Severity, Span
from hptc.errors import HptcError
from hptc.frozen import frozen
from hptc.lsp.hovers import prices
from hptc.lsp.name_index import NameIndex
from hptc.project import project_file
from hptc.project.project_file import Project
from hptc.render.cost import headline
from hptc.request.shapes import input_shape
from hptc.source.document import parse_document
from hptc.source.filesystem import Files
from hptc.source.text_files import UnreadableFileError
from hptc.source.unsaved_files import UnsavedFiles
from hptc.spec.tuning_spec import Spec
from hptc.text import plural

if TYPE_CHECKING:
    from hptc.compiler.workspace import Rehearse

MAX_OTHER_FILES = 200
"""How many files are checked that are not open: those that share the name of an open spec, or all
specs of the project if hptc.yaml is open."""
_MAX_NAMES = 2_000
"""How many files of a project are read, once each, to find those that share the name of an open
spec."""
_GENERIC_KEYS = ("name", "description", "tags", "schedule", "strategy", "limits")
"""Keys of a spec that files of other tools have as well."""


@frozen
class LiveResults:
    """What a check has found. `costs` is the first line's code lens, by file."""

    diagnostics: Mapping[Path, tuple[Diagnostic, ...]] = field(default_factory=dict)
    costs: Mapping[Path, str] = field(default_factory=dict)
    crashes: tuple[str, ...] = ()  # tracebacks: bugs in hptc


def check_open(
    texts: Mapping[Path, str],
    rehearse: Callable[[], Rehearse] | None = None,
    names: NameIndex | None = None,
) -> LiveResults:
    """Check the open files, by their canonical path, in every environment. Raises nothing.

    `names` has what earlier checks have read of files that are not open. There are findings for
    open files and for the hptc.yaml of their projects. An empty text has none: it has just been
    created.
    """
    files = UnsavedFiles(texts)
    projects: dict[Path, list[Path]] = defaultdict(list)
    for path in texts:
        # A file outside of a project is checked on its own.
        projects[project_file.find(path.parent, files) or path].append(path)
    diagnostics: dict[Path, tuple[Diagnostic, ...]] = dict.fromkeys(texts, ())
    costs: dict[Path, str] = {}
    crashes: list[str] = []
    for root, paths in projects.items():
        try:
            workspace = Workspace(files=files, rehearse=rehearse() if rehearse else None)
            results = _check(paths, texts, workspace, names or NameIndex())
        except Exception:
            crashes.append(traceback.format_exc())
            results = _check_each(paths, texts, files)
        diagnostics.setdefault(root, ())
        for path, of_file in results.diagnostics.items():
            if path in diagnostics and texts.get(path, "-").strip():
                diagnostics[path] = of_file
        costs.update(results.costs)
    return LiveResults(diagnostics=diagnostics, costs=costs, crashes=tuple(crashes))


def _check_each(paths: list[Path], texts: Mapping[Path, str], files: Files) -> LiveResults:
    """Check files one by one, so that a bug in one check does not hide the other findings."""
    diagnostics: dict[Path, tuple[Diagnostic, ...]] = {}
    costs: dict[Path, str] = {}
    for path in paths:
        try:
            results = _check([path], texts, Workspace(files=files), NameIndex())
        except Exception:  # noqa: S112 - the caller has the traceback
            continue
        for file, of_file in results.diagnostics.items():
            diagnostics[file] = tuple(dict.fromkeys((*diagnostics.get(file, ()), *of_file)))
        costs.update(results.costs)
    return LiveResults(diagnostics=diagnostics, costs=costs)


def _check(
    paths: list[Path], texts: Mapping[Path, str], workspace: Workspace, names: NameIndex
) -> LiveResults:
    """Check the open files of one project, or one file outside of any."""
    in_project, faults = names.project_of(paths[0].parent, workspace)
    specs = [path for path in paths if is_spec(path, texts[path], in_project, workspace.files)]
    has_project_file = any(path.name == project_file.FILE_NAME for path in paths)
    outcomes: list[Outcome] = []
    diagnostics = list(faults)
    try:
        if in_project is None:
            outcomes = _compile(specs, workspace)
        elif has_project_file:
            others = _others(specs, None, in_project, workspace, names)
            outcomes = _compile((*specs, *others), workspace)
        else:
            outcomes = _compile(specs, workspace)
            open_names = {outcome.name for outcome in outcomes if outcome.name}
            if others := _others(specs, open_names, in_project, workspace, names):
                outcomes = _compile((*specs, *others), workspace)
        diagnostics = list(dict.fromkeys((*faults, *merged_diagnostics(outcomes))))
    except UnreadableFileError as error:
        diagnostics.append(error.diagnostic)
    except HptcError as error:
        diagnostics.append(_at_start(display_path((specs or paths)[0]), error))
    by_file: dict[Path, list[Diagnostic]] = defaultdict(list)
    for diagnostic in diagnostics:
        by_file[workspace.files.real(Path(diagnostic.span.file))].append(diagnostic)
    return LiveResults(
        diagnostics={path: tuple(of_file) for path, of_file in by_file.items()},
        costs=_costs(outcomes, workspace),
    )


def is_spec(path: Path, text: str, in_project: Project | None, files: Files) -> bool:
    """Whether an open file is a spec or a request, and not YAML or JSON of another tool.

    It is one in a folder that hptc.yaml lists, and elsewhere by its keys. An empty one is not.
    """
    if path.name == project_file.FILE_NAME or path.suffix not in SUFFIXES or not text.strip():
        return False
    if in_project is not None and _is_listed(path, in_project, files):
        return True
    document, _ = parse_document(text, str(path))
    keys = document.top_level_keys() or re.findall(r"^[\"']?(\w+)[\"']?:", text, re.MULTILINE)
    known = {*Spec.model_fields, *input_shape().members}.difference(_GENERIC_KEYS)
    return not known.isdisjoint(keys)


def _is_listed(path: Path, in_project: Project, files: Files) -> bool:
    """Whether a file is in `specs` of hptc.yaml; it need not be saved."""
    for entry in in_project.file.specs:
        folder = files.real(in_project.root / entry)
        if path == folder:
            return True
        if path.is_relative_to(folder):
            parts = path.relative_to(folder).parts
            return not any(part.startswith(".") for part in parts)
    return False


def _compile(paths: Iterable[Path], workspace: Workspace) -> list[Outcome]:
    files = dict.fromkeys(display_path(path) for path in sorted(paths))
    return compile_in_all_environments(list(files), workspace) if files else []


def _others(
    specs: list[Path],
    names: set[str] | None,
    in_project: Project,
    workspace: Workspace,
    index: NameIndex,
) -> list[Path]:
    """The specs that are not open but matter: those with one of the names; with None, all."""
    files = workspace.files
    file_names = {path.name for path in specs}
    listed = index.files_of(in_project, files)[: MAX_OTHER_FILES if names is None else _MAX_NAMES]
    return [
        path
        for path in index.files_named(names, listed, files)
        if path.name not in file_names or files.real(path) not in specs
    ][:MAX_OTHER_FILES]


def _at_start(file: str, error: HptcError) -> Diagnostic:
    """A problem of the whole check, such as a price table that can't be read."""
    span = Span(file=file, line=1, column=1, end_line=1, end_column=1)
    return Diagnostic(
        code="", severity=Severity.ERROR, message=error.message, span=span, help=error.help
    )


def _costs(outcomes: list[Outcome], workspace: Workspace) -> dict[Path, str]:
    """The number of training jobs and the cost bound of each valid spec, where they differ."""
    texts: dict[Path, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for outcome in outcomes:
        if isinstance(outcome, Compiled):
            name = outcome.environment.name if outcome.environment else ""
            texts[workspace.files.real(Path(outcome.file))][_cost(outcome, workspace)].append(name)
    return {
        path: " | ".join(
            f"{', '.join(names)}: {text}" if len(of_file) > 1 else text
            for text, names in of_file.items()
        )
        for path, of_file in texts.items()
    }


def _cost(compiled: Compiled, workspace: Workspace) -> str:
    number = job_count(compiled.job).number
    count = (
        "training jobs: chosen by Autotune" if number is None else plural(number, "training job")
    )
    table = prices(compiled.project, workspace)
    bound = cost_bound(compiled.job, job_region(compiled.job, compiled.environment), table)
    return f"{count}, {headline(summary(bound))}"
