"""Output for the user: results on stdout; status, errors and prompts on stderr.

No other module prints.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

import click

from hptc.cli.interrupts import stop_if_interrupted
from hptc.errors import UsageError
from hptc.text import clipped, printable

PROGRESS_AFTER_SECONDS = 1.0
"""How long work takes before its progress is shown."""
_PROGRESS_INTERVAL_SECONDS = 0.1
_REASON = "\n  - "  # starts each of several reasons in a message
_MAX_MESSAGE_LENGTH = 5_000
_CLEAR_LINE = "\r\N{ESCAPE}[K"


class _Settings:
    """What the global options say about output."""

    is_quiet = False
    is_verbose = False
    color: bool | None = None  # None: decided for each stream
    progress: _ProgressLine | None = None  # of the work that is running


_settings = _Settings()
_BOTH = "--quiet and --verbose can't be combined"


def reset_output() -> None:
    """Forget the global options of a run, which another run in this process does not have."""
    _settings.is_quiet, _settings.is_verbose, _settings.color = False, False, None


def set_quiet() -> None:
    """Print only errors to stderr, and what a prompt is about. Raises UsageError."""
    if _settings.is_verbose:
        raise UsageError(_BOTH)
    _settings.is_quiet = True


def set_verbose() -> None:
    """Print details to stderr, also those that packages of hptc log. Raises UsageError."""
    if _settings.is_quiet:
        raise UsageError(_BOTH)
    _settings.is_verbose = True
    from hptc.cli.details import show_logged  # logging takes time to import

    show_logged(print_detail)


def set_color(color: bool | None) -> None:
    """Print colors always or never; None decides for each stream."""
    _settings.color = color


def is_quiet() -> bool:
    """Whether only errors are printed to stderr."""
    return _settings.is_quiet


def print_status(text: str) -> None:
    """Print a message to stderr, unless the user wants none. It is not an error."""
    if not _settings.is_quiet:
        print_needed(text)


def print_needed(text: str) -> None:
    """Print a message to stderr that --quiet does not hide: an error, or what a prompt is about.

    It replaces the line of progress, which follows it. If nobody can read it, the work continues.
    """
    if _settings.progress is not None:
        _settings.progress.clear()
    try:
        click.echo(text, err=True, color=True)
    except OSError:
        _discard(sys.stderr)


def print_detail(text: str) -> None:
    """Print a message to stderr if the user wants details. It must not contain secrets."""
    if _settings.is_verbose:
        print_needed(f"debug: {printable(text)}")


def print_prompt(text: str) -> None:
    """Print a question to stderr; the answer is typed on the same line."""
    click.echo(text, nl=False, err=True)


def print_error(message: str, help: str = "") -> None:
    """Print an error, and how to fix it, to stderr.

    Each stays on one line, except a list of reasons: a file name is untrusted, and GitHub's runners
    execute a line that starts with `::`.
    """
    color = use_color(sys.stderr)
    word = click.style("error", fg="red", bold=True) if color else "error"
    first, *reasons = message.split(_REASON)
    print_needed(f"{word}: {clipped(first, _MAX_MESSAGE_LENGTH)}")
    for reason in reasons:
        print_needed(f"{_REASON[1:]}{clipped(reason, _MAX_MESSAGE_LENGTH)}")
    if help:
        print_needed(f"help: {clipped(help, _MAX_MESSAGE_LENGTH)}")


def print_result(text: str) -> None:
    """Print a result to stdout, unchanged.

    Raises UsageError if stdout can't be written. Nothing happens if its reader is gone.
    """
    stop_if_interrupted()
    if not text:
        return
    try:
        click.echo(text, nl=not text.endswith("\n"), color=True)
    except BrokenPipeError:
        discard_stdout()  # as after `| head`
    except OSError as error:
        discard_stdout()
        raise UsageError(f"stdout: can't be written: {error.strerror}") from None


@contextmanager
def file_progress(verb: str, *, is_shown: bool = True) -> Iterator[Callable[[int, int], None]]:
    """Yield a function that takes how many files are done, and of how many.

    It keeps one line on stderr up to date, if that is a terminal and the work takes longer than a
    second. The line is cleared at the end.
    """
    with _progress_line(verb, "files", is_shown=is_shown) as line:
        yield line.update


@contextmanager
def item_progress(verb: str, nouns: str, total: int) -> Iterator[Callable[[int], None]]:
    """Yield a function that takes how many of `total` items are done; see `file_progress`."""
    with _progress_line(verb, nouns, is_shown=True) as line:
        yield lambda done: line.update(done, total)


@contextmanager
def _progress_line(verb: str, nouns: str, *, is_shown: bool) -> Iterator[_ProgressLine]:
    stream = sys.stderr
    line = _ProgressLine(verb, nouns, stream, is_shown=is_shown and _is_live(stream))
    outer, _settings.progress = _settings.progress, line
    try:
        yield line
    finally:
        line.clear()
        _settings.progress = outer


class _ProgressLine:
    def __init__(self, verb: str, nouns: str, stream: TextIO, *, is_shown: bool) -> None:
        self._verb = verb
        self._nouns = nouns
        self._stream = stream
        self._is_shown = is_shown
        self._next_update = time.monotonic() + PROGRESS_AFTER_SECONDS
        self._is_on_screen = False

    def update(self, done: int, total: int) -> None:
        stop_if_interrupted()
        if not self._is_shown or time.monotonic() < self._next_update:
            return
        self._stream.write(f"{_CLEAR_LINE}{self._verb} {done:,} of {total:,} {self._nouns}")
        self._stream.flush()
        self._is_on_screen = True
        self._next_update = time.monotonic() + _PROGRESS_INTERVAL_SECONDS

    def clear(self) -> None:
        if self._is_on_screen:
            self._stream.write(_CLEAR_LINE)
            self._stream.flush()
            self._is_on_screen = False


def use_color(stream: TextIO) -> bool:
    """Whether to print colors: as `--color` says, else if a stream is a terminal.

    Unless `--color` is given, NO_COLOR (https://no-color.org) turns them off, and FORCE_COLOR
    (https://force-color.org) on, also without a terminal. Both count only if they are not empty.
    """
    if _settings.color is not None:
        return _settings.color
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or can_redraw(stream)


def can_redraw(stream: TextIO) -> bool:
    """Whether a stream is a terminal that understands escape sequences."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def _is_live(stream: TextIO) -> bool:
    """Whether a line can be kept up to date on a stream."""
    return not _settings.is_quiet and can_redraw(stream)


def is_interactive() -> bool:
    """Whether a user can answer a prompt: stdin and stderr are terminals."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def terminal_width() -> int:
    """The width of the terminal in columns; 100 without a terminal."""
    return min(shutil.get_terminal_size((100, 24)).columns, 160)


def discard_stdout() -> None:
    """Discard further output once its reader is gone, as after `| head`.

    Python would otherwise report an error at exit.
    """
    _discard(sys.stdout)


def _discard(stream: TextIO) -> None:
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)


def open_closed_streams() -> None:
    """Open the standard streams that the caller closed, before a file gets one of their numbers.

    Reading from stdin and writing to stdout fail; messages on stderr are discarded.
    """
    for name, number, flags in (
        ("stdin", 0, os.O_WRONLY), ("stdout", 1, os.O_RDONLY), ("stderr", 2, os.O_WRONLY)
    ):  # fmt: skip
        if getattr(sys, name) is None:
            null = os.open(os.devnull, flags)
            if null != number:
                os.dup2(null, number)
                os.close(null)
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


def read_stdin(max_bytes: int = -1) -> bytes:
    """At most `max_bytes` bytes of stdin. Raises UsageError if it can't be read."""
    try:
        return sys.stdin.buffer.read(max_bytes)
    except OSError as error:
        raise UsageError(f"stdin: can't be read: {error.strerror}") from None


class StatusLine:
    """A line on stderr that is kept up to date, if that is a terminal.

    Clear it before anything else is printed.
    """

    def __init__(self) -> None:
        self._stream = sys.stderr
        self.is_shown = _is_live(self._stream)
        self._is_on_screen = False

    def show(self, text: str) -> None:
        """Replace the line."""
        if self.is_shown:
            self._stream.write(f"{_CLEAR_LINE}{clipped(text, terminal_width() - 1)}")
            self._stream.flush()
            self._is_on_screen = True

    def clear(self) -> None:
        """Remove the line."""
        if self._is_on_screen:
            self._stream.write(_CLEAR_LINE)
            self._stream.flush()
            self._is_on_screen = False
