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
    ("environment", "colored"), [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, False)],
    ids=["terminal", "NO_COLOR", "NO_COLOR, empty"],
)  # fmt: skip
def test_color_needs_a_terminal_without_no_color(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], colored: bool
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert use_color(Terminal()) is colored
    assert use_color(io.StringIO()) is False


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


def test_progress_is_cleared_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr(console, "PROGRESS_AFTER_SECONDS", 0)
    monkeypatch.setattr(sys, "stderr", stream)
    with suppress(KeyboardInterrupt), file_progress("compiled") as progress:
        progress(1, 2)
        raise KeyboardInterrupt
    assert stream.getvalue().endswith("\r\x1b[K")
