"""Exceptions for problems outside the user's specs, each with its exit code.

    HptcError
    ├── FindingsError   1  findings about a spec prevent an operation
    ├── UsageError      2  a bad argument, an unreadable file, a missing tool
    └── OperationError  3  AWS or an external tool reported an error
        └── AwsError    3  with the error code from AWS

hptc/cli/program.py catches HptcError. Any other exception is a bug in hptc: exit code 70, with a
traceback.
"""

from __future__ import annotations

EXIT_OK = 0
EXIT_FINDINGS = 1
EXIT_USAGE = 2
EXIT_OPERATION = 3
EXIT_BUG = 70
EXIT_INTERRUPTED = 130


class HptcError(Exception):
    """A problem outside the user's specs. `help` is how to fix it."""

    exit_code = EXIT_OPERATION

    def __init__(self, message: str, *, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.help = help


class FindingsError(HptcError):
    """Findings about a spec prevent an operation."""

    exit_code = EXIT_FINDINGS


class UsageError(HptcError):
    """The command was used incorrectly or its input can't be read."""

    exit_code = EXIT_USAGE


class OperationError(HptcError):
    """AWS or an external tool reported an error."""


class AwsError(OperationError):
    """AWS rejected a call. `code` is the error code from AWS.

    `is_of_retry` is whether an earlier attempt of the call may have taken effect, so that the error
    may be a consequence of it.
    """

    def __init__(
        self, message: str, *, code: str = "", help: str = "", is_of_retry: bool = False
    ) -> None:
        super().__init__(message, help=help)
        self.code = code
        self.is_of_retry = is_of_retry
