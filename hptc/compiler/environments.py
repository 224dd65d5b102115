"""Compiles a project's specs in every environment of its hptc.yaml, and merges what they find.

A spec is merged with the overrides and variables of an environment, so it can be valid in one and
not in another. A request in the API's own form has no layers and is compiled once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path as FilePath

from hptc.compiler.drafting import is_request
from hptc.compiler.outcome import CompiledRequest, CompiledSpec, Outcome
from hptc.compiler.pipeline import compile_files, files_at
from hptc.compiler.progress import Progress
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Diagnostic
from hptc.project.project_file import Project

_UNUSED_SUPPRESSION = "HPT010"


def compile_in_all_environments(
    paths: list[str], workspace: Workspace, progress: Progress | None = None
) -> list[Outcome]:
    """Compile files and folders as `compile_paths` does, in each environment of their projects.

    The outcomes are ordered by environment. If the workspace has an environment, it is the only
    one. Raises the errors of `compile_paths`.
    """
    files = files_at(paths, workspace)
    projects = {file: _project_of(file, workspace) for file in files}
    names = list(
        dict.fromkeys(name for project in projects.values() for name in environment_names(project))
    )
    if workspace.environment is not None or len(names) < 2:
        return compile_files(files, workspace, progress)
    outcomes: list[Outcome] = []
    for name in names:
        # A file without environments is compiled once, together with those in the first one.
        own = [file for file in files if name in (environment_names(projects[file]) or names[:1])]
        outcomes += compile_files(own, workspace.in_environment(name), progress)
    return _once_for_each_request(outcomes, workspace)


def environment_names(project: Project | None) -> tuple[str, ...]:
    """The environments of a project, the default one first."""
    if project is None:
        return ()
    default = project.file.default_environment
    names = project.file.environments
    return tuple(sorted(names, key=lambda name: name != default))


def _project_of(file: str, workspace: Workspace) -> Project | None:
    return workspace.project_of(workspace.files.real(FilePath(file)).parent)[0]


def _once_for_each_request(outcomes: list[Outcome], workspace: Workspace) -> list[Outcome]:
    """The outcomes, with each request only once: in the default environment, or else in none."""
    results: list[Outcome] = []
    requests: set[str] = set()
    for outcome in outcomes:
        if isinstance(outcome, CompiledSpec) or outcome.project is None:
            results.append(outcome)
        elif outcome.file in requests:
            continue
        elif isinstance(outcome, CompiledRequest) or is_request(outcome.document):
            requests.add(outcome.file)
            is_unclear = outcome.project.is_unclear(None)
            results += compile_files([outcome.file], workspace) if is_unclear else [outcome]
        else:
            results.append(outcome)
    return results


def merged_diagnostics(outcomes: Iterable[Outcome]) -> list[Diagnostic]:
    """Every diagnostic once. If it is limited to some of a file's environments, it names them.

    A diagnostic in hptc.yaml belongs to each of the project's specs. A suppression is unused only
    if it is unused in every environment.
    """
    environments_of: dict[str, list[str | None]] = defaultdict(list)
    occurrences: dict[Diagnostic, tuple[str, list[str | None]]] = {}
    shared: set[Diagnostic] = set()
    for outcome in outcomes:
        environment = outcome.environment.name if outcome.environment is not None else None
        environments_of[outcome.file].append(environment)
        for diagnostic in outcome.diagnostics:
            first, where = occurrences.setdefault(diagnostic, (outcome.file, []))
            if first != outcome.file:
                shared.add(diagnostic)
            if environment not in where:
                where.append(environment)
    merged: list[Diagnostic] = []
    for diagnostic, (file, where) in occurrences.items():
        if diagnostic in shared:
            diagnostic = _without_fixes_in_a_spec(diagnostic)
        names = tuple(name for name in where if name is not None)
        if len(names) != len(where) or len(names) >= len(set(environments_of[file])):
            merged.append(diagnostic)
        elif diagnostic.code != _UNUSED_SUPPRESSION:
            merged.append(replace(diagnostic, environments=names))
    return merged


def _without_fixes_in_a_spec(diagnostic: Diagnostic) -> Diagnostic:
    """A diagnostic in hptc.yaml that several specs have: a fix in one of them is not enough."""
    here = tuple(fix for fix in diagnostic.fixes if fix.file == diagnostic.span.file)
    return replace(diagnostic, fixes=here)
