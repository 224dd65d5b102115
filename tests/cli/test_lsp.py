"""`hptc lsp` from a terminal. tests/lsp has the protocol."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys

import pytest

from hptc.cli import run
from hptc.errors import EXIT_INTERRUPTED, EXIT_USAGE


def test_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("hptc.api.extras.find_spec", lambda _: None)
    assert run(["lsp"]) == EXIT_USAGE
    assert capsys.readouterr().err == (
        "error: this command needs pygls, which is not installed\n"
        "help: run `pip install 'hptc[lsp]'`\n"
    )


def test_ctrl_c_ends_it_while_it_waits_for_an_editor() -> None:
    _, terminal = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "hptc", "lsp"],
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as server:
        assert server.stderr is not None
        try:
            assert b"waiting for an editor" in server.stderr.readline()
            server.send_signal(signal.SIGINT)
            assert server.wait(10) == EXIT_INTERRUPTED
        finally:
            server.kill()
    os.close(terminal)
