"""What a person sees: results to stdout, talk to stderr. The only module that prints."""

from __future__ import annotations

import os
import shutil
import sys
from typing import Any

import click

from hptc.render.diagnostics import printable


def say(text: str) -> None:
    """Talk: to stderr."""
    click.echo(text, err=True)


def say_on(text: str) -> None:
    """Talk that stays in its line: a question, and what is typed."""
    click.echo(text, nl=False, err=True)


def say_error(message: str, help: str = "") -> None:
    """Say why nothing more happens, in a line each: names of files are a stranger's text too, and
    a line that begins with `::` is a command to GitHub's runners.
    """
    say(click.style("error", fg="red", bold=True) + f": {printable(message)}")
    if help:
        say(f"help: {printable(help)}")


def show(text: str) -> None:
    """Give out a result: to stdout, as it is."""
    if text:
        click.echo(text, nl=not text.endswith("\n"))


def in_color(stream: Any) -> bool:
    """Whether a stream shows colours: a terminal without NO_COLOR (https://no-color.org)."""
    return stream.isatty() and "NO_COLOR" not in os.environ


def can_ask() -> bool:
    """Whether somebody is there to answer: stdin and stderr are a terminal."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def width() -> int:
    """How wide the reader's terminal is; 100 where there is none."""
    return min(shutil.get_terminal_size((100, 24)).columns, 160)


def discard_stdout() -> None:
    """After the reader of our output went away, as `| head` does: Python would complain at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
