"""Findings and diagnostics about a user's files, which are collected and never raised.

Problems outside the user's files are exceptions: see `HptcError` in errors.py.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from hptc.frozen import frozen
from hptc.text import listed

Path = tuple[str | int, ...]
"""The path of a value in any document: keys and list indices from the root."""


class KeyPath(tuple[str | int, ...]):
    """Keys and list indices from the root of a document. `path / "key"` is the path of a member."""

    __slots__ = ()

    def __truediv__(self, key: str | int) -> Self:
        return type(self)((*self, key))


class RequestPath(KeyPath):
    """A path in the request, with the API's names: `TrainingJobDefinition.RoleArn`."""

    __slots__ = ()


class SpecPath(KeyPath):
    """A path in the spec, merged with the layers of hptc.yaml: `training_job.role_arn`."""

    __slots__ = ()


class ProjectPath(KeyPath):
    """A path in hptc.yaml: `environments.dev.infrastructure.network`."""

    __slots__ = ()


class Severity(StrEnum):
    """The severity of a finding. An error is rejected by AWS or certain to fail."""

    ERROR = "error"
    WARNING = "warning"


@frozen
class Span:
    """A range of characters in one file. Lines and columns start at 1; the end is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    source: str = ""  # the whole text of `line`, for the caret


@frozen
class Related:
    """Another location of a diagnostic: the first of two duplicates, or the line of a policy."""

    span: Span
    message: str


@frozen
class Diagnostic:
    """A finding with its line, ready to be shown."""

    code: str
    severity: Severity
    message: str
    span: Span
    label: str = ""  # shown next to the caret
    help: str = ""  # what to do
    related: tuple[Related, ...] = ()
    environments: tuple[str, ...] = ()  # those that it is limited to; empty if it holds in all

    @property
    def is_error(self) -> bool:
        """Whether it makes a file Failed."""
        return self.severity is Severity.ERROR

    @property
    def full_message(self) -> str:
        """The message, with the environments that it is limited to."""
        names = listed(self.environments)
        return f"{self.message} (in {names})" if names else self.message


@frozen
class Finding:
    """A problem at a path. `hptc.compiler.locations` converts it to a diagnostic with a line."""

    code: str
    message: str
    path: RequestPath | SpecPath | ProjectPath
    severity: Severity = Severity.ERROR
    label: str = ""
    help: str = ""
    on_key: bool = False  # point at the key rather than at its value
    is_secret: bool = False  # the value must not be shown in any format
    policy_key: Path | None = None  # the key in `policy` of hptc.yaml whose line is shown too


def path_text(path: Path) -> str:
    """A path as text: `limits.max_runtime`, `inputs[0].s3`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text


def fold(word: str) -> str:
    """A name without the differences between `max_jobs`, `max-jobs` and `MaxJobs`."""
    return word.lower().replace("_", "").replace("-", "")


def nearest(
    word: str, candidates: list[str] | tuple[str, ...], *, cutoff: float = 0.6
) -> str | None:
    """The candidate that is most similar to `word`, if any reaches `cutoff` (1 means equal)."""
    from difflib import get_close_matches

    folded = {fold(candidate): candidate for candidate in candidates}
    key = fold(word)
    if key in folded:
        return folded[key]
    close = get_close_matches(key, folded, n=1, cutoff=cutoff)
    return folded[close[0]] if close else None


def sort_key(diagnostic: Diagnostic) -> tuple[str, int, int, str, str]:
    """The order of output: by location, then by code."""
    span = diagnostic.span
    return (span.file, span.line, span.column, diagnostic.code, diagnostic.message)
