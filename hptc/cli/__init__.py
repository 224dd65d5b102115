"""The command line: one module for each command, imported when the command runs."""

from __future__ import annotations

import gc
import os
from collections.abc import Sequence


def main() -> None:
    """Run `hptc` and exit. Nothing is imported before, so that Ctrl-C never shows a traceback."""
    gc.disable()  # while modules are imported, which all stay in memory; `program` enables it
    try:
        from hptc.cli import program
    except KeyboardInterrupt:
        os._exit(130)  # before there is a command that could be interrupted
    program.main()


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    from hptc.cli import program

    return program.run(arguments)
