"""The options of every command, before or after its name: `hptc -q check`, `hptc check -q`."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import click

from hptc.cli.console import set_color, set_quiet, set_verbose
from hptc.errors import UsageError

COLORS = {"auto": None, "always": True, "never": False}
HINT = "Options of every command: -q, -v, --color and -C; see `hptc --help`."


def global_options(*, hidden: bool = False) -> list[click.Parameter]:
    """The options. Those after a command's name are hidden, so that its own are easy to find."""
    return [
        click.Option(
            ["-q", "--quiet", "is_quiet"],
            is_flag=True,
            expose_value=False,
            is_eager=True,
            hidden=hidden,
            callback=_quiet,
            help="Print only errors to stderr.",
        ),
        click.Option(
            ["-v", "--verbose", "is_verbose"],
            is_flag=True,
            expose_value=False,
            is_eager=True,
            hidden=hidden,
            callback=_verbose,
            help="Print what is read, the environment and each call to AWS to stderr.",
        ),
        click.Option(
            ["--color"],
            type=click.Choice(list(COLORS)),
            expose_value=False,
            is_eager=True,
            hidden=hidden,
            callback=_color,
            help="Use colors. By default on terminals, without NO_COLOR, or with FORCE_COLOR.",
        ),
        click.Option(
            ["-C", "--directory", "directory"],
            metavar="DIR",
            type=click.Path(),
            expose_value=False,
            is_eager=True,
            hidden=hidden,
            callback=_change_directory,
            help="Run as if started in DIR.",
        ),
    ]


def with_global_options(command: click.Command) -> click.Command:
    """A command that also takes the options after its name."""
    if not any(parameter.name == "is_quiet" for parameter in command.params):
        command.params += global_options(hidden=True)
        command.epilog = command.epilog or HINT
    return command


def _quiet(_context: click.Context, _option: click.Parameter, value: bool) -> None:
    if value:
        set_quiet()


def _verbose(_context: click.Context, _option: click.Parameter, value: bool) -> None:
    if value:
        set_verbose()


def _color(context: click.Context, _option: click.Parameter, value: str | None) -> None:
    if value is not None:
        set_color(COLORS[value])
        context.color = COLORS[value]


def _change_directory(context: click.Context, _option: click.Parameter, value: str | None) -> None:
    """Change the working directory until the command has ended, as `git -C` does."""
    if value is None:
        return
    if context.resilient_parsing:  # the shell asks for completions, and the process ends
        with contextlib.suppress(OSError):
            os.chdir(value)
        return
    if not Path(value).is_dir():
        raise UsageError(f"-C {value}: no such folder")
    try:
        context.with_resource(contextlib.chdir(value))
    except OSError as error:
        raise UsageError(f"-C {value}: {error.strerror}") from None
