"""What hptc raises when the world refuses, each with its exit code.

    HptcError
    ├── UsageError      2  a bad argument, an unreadable file, a missing tool
    └── OperationError  3  AWS refused, or something outside failed
        └── AwsError    3  with AWS's own code

cli.py catches HptcError once. Anything else is a bug of hptc: exit 70, with a traceback.
"""

from __future__ import annotations

EXIT_OK = 0
EXIT_FINDINGS = 1
EXIT_USAGE = 2
EXIT_OPERATION = 3
EXIT_BUG = 70
EXIT_INTERRUPTED = 130


class HptcError(Exception):
    """Something outside the user's spec stopped the work. `help` says what to do."""

    exit_code = EXIT_OPERATION

    def __init__(self, message: str, *, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.help = help


class UsageError(HptcError):
    """The command can't be carried out as it was given."""

    exit_code = EXIT_USAGE


class OperationError(HptcError):
    """An operation outside hptc failed."""


class AwsError(OperationError):
    """AWS refused a call. `code` is AWS's own."""

    def __init__(self, message: str, *, code: str = "", help: str = "") -> None:
        super().__init__(message, help=help)
        self.code = code
