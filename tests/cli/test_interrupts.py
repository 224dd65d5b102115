"""Ctrl-C shows no traceback, even where Python can't raise it."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
from hptc.cli.interrupts import is_interrupted, remember_interrupts

class Finalized:
    def __del__(self):
        {}

remember_interrupts()
Finalized()
print(is_interrupted())
"""


@pytest.mark.parametrize(
    ("event", "is_remembered", "is_reported"),
    [
        ("import signal; signal.raise_signal(signal.SIGINT)", "True", False),
        ("raise OSError('lost')", "False", True),
    ],
)
def test_what_a_finalizer_raises(event: str, is_remembered: str, is_reported: bool) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(event)], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == is_remembered
    assert ("Traceback" in ran.stderr) is is_reported
