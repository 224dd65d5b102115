"""What the arguments of a command name: files, folders, stdin, the project that we stand in."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hptc.cli.console import in_color, say
from hptc.errors import UsageError

if TYPE_CHECKING:
    from hptc.compiler.outcome import Compiled, Outcome
    from hptc.compiler.workspace import Rehearse, Workspace
    from hptc.diagnostics import Diagnostic
    from hptc.project.project_file import Environment

STDIN = "-"

PATHS = click.argument("paths", nargs=-1, type=click.Path())
ENV = click.option(
    "--env", metavar="NAME", envvar="HPTC_ENV", help="The environment of hptc.yaml to work in."
)
REGION = click.option("--region", help="The Region, when it is not an environment's.")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="As JSON.")
_SELECT = click.option(
    "--select", metavar="CODES", help="Run only rules whose codes begin so: HPT2,HPT301."
)
_IGNORE = click.option("--ignore", metavar="CODES", help="Leave out rules whose codes begin so.")


def spec_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every command that compiles specs."""
    return ENV(_SELECT(_IGNORE(function)))


def compile_all(
    paths: tuple[str, ...],
    env: str | None,
    select: str | None = None,
    ignore: str | None = None,
    *,
    rehearse: Rehearse | None = None,
) -> list[Outcome]:
    """Compile what the arguments name; without any, the project that we stand in."""
    from hptc.compiler.pipeline import compile_paths
    from hptc.compiler.workspace import Workspace
    from hptc.project import project_file
    from hptc.rules.engine import selected

    workspace = Workspace(environment=env, rules=selected(select, ignore), rehearse=rehearse)
    if STDIN in paths:
        if len(paths) > 1:
            raise UsageError("`-` stands alone: stdin is one file")
        return [_compile_stdin(workspace)]
    if not paths:
        root = project_file.find(Path.cwd())
        if root is None:
            raise UsageError("say which files or folders: there is no hptc.yaml here or above")
        paths = (str(root.parent),)
    return compile_paths(list(paths), workspace)


def compile_project(env: str | None) -> list[Outcome]:
    """Compile every spec of the project that we stand in, which may have none."""
    from hptc.compiler.discovery import project_files
    from hptc.compiler.workspace import Workspace

    found, _ = Workspace().project_of(Path.cwd())
    return compile_all((), env) if found is not None and project_files(found) else []


def _compile_stdin(workspace: Workspace) -> Outcome:
    from hptc.compiler.pipeline import compile_text

    text, name = read_input(STDIN)
    found, faults = workspace.project_of(Path.cwd())
    if faults:
        raise UsageError(f"hptc.yaml: {faults[0].message}", help="`hptc check` shows the place")
    return compile_text(text, name, workspace, found)


def read_input(file: str) -> tuple[str, str]:
    """The text and the name of a file, or of stdin."""
    from hptc.source.text_files import MAX_BYTES, decode_text, read_text

    if file == STDIN:
        return decode_text(sys.stdin.buffer.read(MAX_BYTES + 1), "stdin"), "stdin"
    return read_text(file), file


def all_diagnostics(compiled: Sequence[Outcome]) -> list[Diagnostic]:
    """Every diagnostic once: one of hptc.yaml belongs to each of its specs."""
    return list(dict.fromkeys(d for one in compiled for d in one.diagnostics))


def without_errors(outcomes: list[Outcome]) -> list[Compiled] | None:
    """The compiled files; None when one has errors. What was found is printed to stderr."""
    from hptc.compiler.outcome import Failed
    from hptc.render.diagnostics import Format, render, tally

    diagnostics = all_diagnostics(outcomes)
    if diagnostics:
        say(render(diagnostics, Format.TEXT, color=in_color(sys.stderr)))
    compiled = [one for one in outcomes if not isinstance(one, Failed)]
    if len(compiled) < len(outcomes) or any(one.has_errors for one in compiled):
        say(f"{tally(diagnostics)}: nothing was written or sent")
        return None
    return list(compiled)


def environment_here(env: str | None) -> Environment | None:
    """The environment of the project that we stand in; None where there is none."""
    from hptc.compiler.workspace import Workspace

    found, faults = Workspace().project_of(Path.cwd())
    if found is None and faults:
        raise UsageError(f"hptc.yaml: {faults[0].message}", help="`hptc check` shows the place")
    return found.environment(env) if found else None


def job_name_of(name: str, env: str | None) -> str:
    """A job's name as it is; a spec's file stands for the job that it compiles to."""
    if not Path(name).is_file():
        return name
    compiled = without_errors(compile_all((name,), env))
    if compiled is None:
        raise UsageError(f"{name} does not compile, so it has no tuning job")
    return compiled[0].job.name


def require(module: str, extra: str) -> None:
    """Raise UsageError when an optional dependency is not installed."""
    from importlib.util import find_spec

    if find_spec(module) is None:
        raise UsageError(
            f"this needs {module}, which is not installed", help=f"pip install 'hptc[{extra}]'"
        )
