"""Colors and progress are for terminals; a pipe gets neither."""

from __future__ import annotations

import io
import sys
from contextlib import suppress

import pytest

from hptc.cli import console
from hptc.cli.console import file_progress, use_color


class Terminal(io.StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "on_terminal", "elsewhere"),
    [
        pytest.param({}, True, False, id="nothing"),
        pytest.param({"NO_COLOR": "1"}, False, False, id="NO_COLOR"),
        pytest.param({"NO_COLOR": ""}, True, False, id="NO_COLOR, empty"),
        pytest.param({"TERM": "dumb"}, False, False, id="a dumb terminal"),
        pytest.param({"FORCE_COLOR": "1"}, True, True, id="FORCE_COLOR"),
        pytest.param({"FORCE_COLOR": ""}, True, False, id="FORCE_COLOR, empty"),
        pytest.param({"FORCE_COLOR": "1", "TERM": "dumb"}, True, True, id="forced, dumb"),
        pytest.param({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False, id="both"),
    ],
)
def test_the_environment_decides_about_color(
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    on_terminal: bool,
    elsewhere: bool,
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert use_color(Terminal()) is on_terminal
    assert use_color(io.StringIO()) is elsewhere
    for color in (True, False):
        console.set_color(color)
        assert use_color(Terminal()) is color
        assert use_color(io.StringIO()) is color
    console.reset_output()


def progress_of(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, *, after: float = 0, is_shown: bool = True
) -> str:
    monkeypatch.setattr(console, "PROGRESS_AFTER_SECONDS", after)
    monkeypatch.setattr(console, "_PROGRESS_INTERVAL_SECONDS", 0)
    monkeypatch.setattr(sys, "stderr", stream)
    with file_progress("checked", is_shown=is_shown) as progress:
        for done in (0, 1, 2):
            progress(done, 1200)
    return stream.getvalue()


def test_progress_on_a_terminal_is_one_line_that_is_cleared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = progress_of(monkeypatch, Terminal())
    assert "checked 2 of 1,200 files" in written
    assert "\n" not in written
    assert written.endswith("\r\x1b[K")


@pytest.mark.parametrize(
    ("stream", "after", "is_shown"),
    [
        pytest.param(io.StringIO(), 0, True, id="a pipe"),
        pytest.param(Terminal(), 60, True, id="quick work"),
        pytest.param(Terminal(), 0, False, id="a format for programs"),
    ],
)
def test_there_is_no_progress_elsewhere(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, after: float, is_shown: bool
) -> None:
    assert progress_of(monkeypatch, stream, after=after, is_shown=is_shown) == ""


def test_a_message_replaces_the_line_of_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr(console, "PROGRESS_AFTER_SECONDS", 0)
    monkeypatch.setattr(console, "_PROGRESS_INTERVAL_SECONDS", 0)
    monkeypatch.setattr(sys, "stderr", stream)
    with file_progress("checked") as progress:
        progress(1, 2)
        console.print_status("one note")
        console.print_status("another")
        progress(2, 2)
    console.print_status("the end")
    clear = "\r\x1b[K"
    assert stream.getvalue() == (
        f"{clear}checked 1 of 2 files{clear}one note\nanother\n"
        f"{clear}checked 2 of 2 files{clear}the end\n"
    )


def test_progress_is_cleared_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr(console, "PROGRESS_AFTER_SECONDS", 0)
    monkeypatch.setattr(sys, "stderr", stream)
    with suppress(KeyboardInterrupt), file_progress("compiled") as progress:
        progress(1, 2)
        raise KeyboardInterrupt
    assert stream.getvalue().endswith("\r\x1b[K")


def test_the_reasons_of_an_error_are_on_lines_of_their_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    console.print_error("out of date:\n  - `a` has changed\n::error::\n  - b", help="try\nagain")
    assert capsys.readouterr().err.splitlines() == [
        "error: out of date:",
        "  - `a` has changed ::error::",
        "  - b",
        "help: try again",
    ]
