"""The command line: one module for each command, imported when the command runs."""

from hptc.cli.program import cli, main, run

__all__ = ["cli", "main", "run"]
