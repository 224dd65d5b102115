"""The inputs of a command: files, folders, stdin, or the project of the current folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hptc.cli.console import print_detail, print_needed, print_status, read_stdin, use_color
from hptc.cli.options import STDIN
from hptc.compiler.discovery import project_files, spec_files_by_name
from hptc.compiler.environments import compile_in_all_environments, merged_diagnostics
from hptc.compiler.outcome import Compiled, Failed, Outcome, failed
from hptc.compiler.pipeline import compile_paths, compile_text
from hptc.compiler.progress import Progress
from hptc.compiler.spec_names import spec_path
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Diagnostic
from hptc.errors import UsageError
from hptc.project import project_file
from hptc.project.project_file import Environment, Project
from hptc.render.diagnostics import Format, render, tally
from hptc.rules import RULES
from hptc.rules.engine import policy_rules, selected
from hptc.source.text_files import MAX_BYTES, decode_text, read_text
from hptc.text import plural, printable

if TYPE_CHECKING:
    from hptc.compiler.workspace import Rehearse

REQUIRE_PROJECT = "HPTC_REQUIRE_PROJECT"
"""An environment variable: if it is not empty, each file needs a project, whose policy applies."""
NO_PROJECT = "no hptc.yaml found here or in a parent folder"


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
    """Compile the files, folders and names of specs; by default, all of the current project.

    If `env` is None, the specs are compiled in the default environment, or in all of them. With
    `enforces_policy`, `select` and `ignore` can't exclude the rules of the project's policy, and a
    file outside of a project is refused if HPTC_REQUIRE_PROJECT is set. A `workspace` that is given
    has the environment and the rules already.
    """
    rules = selected(select, ignore)
    if enforces_policy and len(rules) < len(RULES):
        rules = tuple(rule for rule in RULES if rule in rules or rule in policy_rules())
    workspace = workspace or Workspace(environment=env, rules=rules, rehearse=rehearse)
    outcomes = _compile_given(paths, workspace, in_all_environments, progress)
    _print_details(outcomes)
    if enforces_policy:
        _require_projects(outcomes)
    return outcomes


def _print_details(outcomes: Sequence[Outcome]) -> None:
    """What was read, and for which environment, for --verbose."""
    projects = {one.project.document.file for one in outcomes if one.project is not None}
    for file in sorted(projects):
        print_detail(f"read {file}")
    for one in outcomes:
        where = f", environment {one.environment.name}" if one.environment is not None else ""
        print_detail(f"read {one.file}{where}")


def _compile_given(
    paths: tuple[str, ...],
    workspace: Workspace,
    in_all_environments: bool,
    progress: Progress | None,
) -> list[Outcome]:
    if STDIN in paths:
        if len(paths) > 1:
            raise UsageError("`-` can't be combined with other paths")
        return [_compile_stdin(workspace)]
    if not paths:
        root = project_file.find(Path.cwd())
        if root is None:
            raise UsageError(NO_PROJECT, help="pass files or folders")
        paths = (str(root.parent),)
    paths = tuple(spec_path(given, workspace) for given in paths)
    compile_given = compile_in_all_environments if in_all_environments else compile_paths
    return compile_given(list(paths), workspace, progress)


def _require_projects(outcomes: list[Outcome]) -> None:
    """Say which files no policy applies to; raise UsageError if the user forbids that."""
    outside = [one.file for one in outcomes if one.project is None and not one.has_errors]
    if outside and os.environ.get(REQUIRE_PROJECT):
        raise UsageError(
            f"{outside[0]} is not in a project, and {REQUIRE_PROJECT} is set",
            help="move it into a project, whose policy applies to it",
        )
    for file in outside:
        print_status(f"note: {printable(file)} is not in a project, so no policy applies")


def compile_project(env: str | None) -> list[Outcome]:
    """Compile every spec of the current project, which may have none."""
    found, _ = Workspace().project_of(Path.cwd())
    return compile_all((), env) if found is not None and project_files(found) else []


def _compile_stdin(workspace: Workspace) -> Outcome:
    text, name = read_input(STDIN)
    found, faults = workspace.project_of(Path.cwd())
    outcome = compile_text(text, name, workspace, found)
    return failed(outcome, (*faults, *outcome.diagnostics)) if faults else outcome


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
    the files `are_context`, for a command that is not about specs. `instead` is what the command
    then did not do.
    """
    diagnostics = all_diagnostics(outcomes)
    if are_context:
        print_findings(diagnostics, ())
    else:
        print_findings(diagnostics, [*named, *(each.file for each in outcomes)] if named else None)
    compiled = [one for one in outcomes if not isinstance(one, Failed)]
    if len(compiled) < len(outcomes) or any(one.has_errors for one in compiled):
        print_needed(f"{tally(diagnostics)}: {instead}")
        return None
    return list(compiled)


def print_findings(diagnostics: Sequence[Diagnostic], named: Collection[str] | None) -> None:
    """Print findings to stderr. Warnings about files that nobody named are only counted.

    `named` are files and folders; None means everything.
    """
    shown: list[Diagnostic] = []
    others: list[Diagnostic] = []
    for each in diagnostics:
        is_shown = named is None or each.is_error or _is_in(each.span.file, named)
        (shown if is_shown else others).append(each)
    if shown:
        show = print_needed if any(each.is_error for each in shown) else print_status
        show(render(shown, Format.TEXT, color=use_color(sys.stderr)))
    if others:
        files = {each.span.file for each in others}
        warnings, where = plural(len(others), "warning"), plural(len(files), "other file")
        print_status(f"{warnings} in {where}: run `hptc check`")


def spec_files_named(names: Sequence[str]) -> list[str]:
    """The files of specs of the current project with these names; others are ignored."""
    workspace = Workspace()
    found, _ = workspace.project_of(Path.cwd())
    files = spec_files_by_name(found, workspace) if found is not None else {}
    return [str(files[name]) for name in names if name in files]


def _is_in(file: str, named: Collection[str]) -> bool:
    """Whether a file is one of the given ones, or in one of the folders."""
    if file in named:
        return True
    path = Path(file).resolve()
    return any(path.is_relative_to(Path(each).resolve()) for each in named)


def current_project() -> Project | None:
    """The project of the current folder; None if there is none.

    Raises UsageError when its hptc.yaml has errors.
    """
    found, faults = Workspace().project_of(Path.cwd())
    if found is None and faults:
        raise UsageError(
            f"hptc.yaml: {faults[0].message}", help="`hptc check` shows where the error is"
        )
    return found


def current_environment(env: str | None) -> Environment | None:
    """The environment of the current project; None if there is none."""
    found = current_project()
    return found.environment(env) if found else None
