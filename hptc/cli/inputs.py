"""The inputs of a command: files, folders, stdin, or the project of the current folder."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hptc.api import specs
from hptc.api.specs import chosen_rules, compile_specs, require_projects
from hptc.cli.console import print_detail, print_needed, print_status, read_stdin, use_color
from hptc.cli.options import STDIN
from hptc.compiler.discovery import project_files, spec_files_by_name
from hptc.compiler.environments import merged_diagnostics
from hptc.compiler.outcome import Compiled, Outcome, failed_with_project
from hptc.compiler.pipeline import compile_text
from hptc.compiler.progress import Progress
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Diagnostic
from hptc.errors import UsageError
from hptc.render.diagnostics import Format, render, tally
from hptc.source.text_files import MAX_BYTES, decode_text, read_text
from hptc.text import plural, printable

if TYPE_CHECKING:
    from hptc.compiler.workspace import Rehearse


def compile_all(
    paths: tuple[str, ...],
    env: str | None,
    select: str | None = None,
    ignore: str | None = None,
    *,
    in_all_environments: bool = False,
    enforces_policy: bool = False,
    rehearse: Rehearse | None = None,
    progress: Progress | None = None,
    workspace: Workspace | None = None,
) -> list[Outcome]:
    """Compile what the user named, or stdin for `-`: see `compile_specs`.

    With `enforces_policy`, a file outside of a project is refused if HPTC_REQUIRE_PROJECT is set.
    """
    if workspace is None:
        rules = chosen_rules(select, ignore, enforces_policy=enforces_policy)
        workspace = Workspace(environment=env, rules=rules, rehearse=rehearse)
    if STDIN in paths:
        if len(paths) > 1:
            raise UsageError("`-` can't be combined with other paths")
        outcomes = [_compile_stdin(workspace)]
    else:
        outcomes = compile_specs(
            paths, workspace, in_all_environments=in_all_environments, progress=progress
        )
    _print_details(outcomes)
    if enforces_policy:
        _require_projects(outcomes)
    return outcomes


def _print_details(outcomes: Sequence[Outcome]) -> None:
    """What was read, and for which environment, for --verbose."""
    projects = {
        outcome.project.document.file for outcome in outcomes if outcome.project is not None
    }
    for file in sorted(projects):
        print_detail(f"read {file}")
    for outcome in outcomes:
        environment = outcome.environment
        where = f", environment {environment.name}" if environment is not None else ""
        print_detail(f"read {outcome.file}{where}")


def _require_projects(outcomes: list[Outcome]) -> None:
    """Say which files no policy applies to; raise UsageError if the user forbids that."""
    for file in require_projects(outcomes):
        print_status(f"note: {printable(file)} is not in a project, so no policy applies")


def compile_project(env: str | None) -> list[Outcome]:
    """Compile every spec of the current project, which may have none."""
    project, _ = Workspace().current_project()
    return compile_all((), env) if project is not None and project_files(project) else []


def _compile_stdin(workspace: Workspace) -> Outcome:
    text, name = read_input(STDIN)
    project, faults = workspace.current_project()
    outcome = compile_text(text, name, workspace, project)
    return failed_with_project(outcome, faults) if faults else outcome


def read_input(file: str) -> tuple[str, str]:
    """The text and the name of a file or of stdin."""
    if file == STDIN:
        return decode_text(read_stdin(MAX_BYTES + 1), "stdin"), "stdin"
    return read_text(file), file


def all_diagnostics(compiled: Sequence[Outcome]) -> list[Diagnostic]:
    """Every diagnostic once; one in hptc.yaml belongs to each spec of the project."""
    return merged_diagnostics(compiled)


def without_errors(
    outcomes: list[Outcome],
    *,
    named: Sequence[str] = (),
    are_context: bool = False,
    instead: str = "nothing was written or sent",
) -> list[Compiled] | None:
    """The compiled files, or None if any has errors. Prints the findings to stderr.

    `named` are the paths and names that the user passed; without any, everything is meant, unless
    the files `are_context`, for a command that is not about specs. `instead` says what the command
    did not do because of the errors.
    """
    diagnostics = all_diagnostics(outcomes)
    if are_context:
        print_findings(diagnostics, ())
    else:
        print_findings(
            diagnostics, [*named, *(outcome.file for outcome in outcomes)] if named else None
        )
    compiled = specs.without_errors(outcomes)
    if compiled is None:
        print_needed(f"{tally(diagnostics)}: {instead}")
    return compiled


def print_findings(diagnostics: Sequence[Diagnostic], named: Collection[str] | None) -> None:
    """Print findings to stderr. Warnings about files that nobody named are only counted.

    `named` are files and folders; None means everything.
    """
    shown: list[Diagnostic] = []
    others: list[Diagnostic] = []
    for diagnostic in diagnostics:
        is_shown = named is None or diagnostic.is_error or _is_in(diagnostic.span.file, named)
        (shown if is_shown else others).append(diagnostic)
    if shown:
        show = print_needed if any(diagnostic.is_error for diagnostic in shown) else print_status
        show(render(shown, Format.TEXT, color=use_color(sys.stderr)))
    if others:
        files = {other.span.file for other in others}
        warnings, where = plural(len(others), "warning"), plural(len(files), "other file")
        print_status(f"{warnings} in {where}: run `hptc check`")


def spec_files_named(names: Sequence[str]) -> list[str]:
    """The files of specs of the current project with these names; others are ignored."""
    workspace = Workspace()
    project, _ = workspace.current_project()
    files = spec_files_by_name(project, workspace) if project is not None else {}
    return [str(files[name]) for name in names if name in files]


def _is_in(file: str, named: Collection[str]) -> bool:
    """Whether a file is one of the given ones, or in one of the folders."""
    if file in named:
        return True
    path = Path(file).resolve()
    return any(path.is_relative_to(Path(name).resolve()) for name in named)
