"""What hptc says about a user's file: values that are collected, never raised.

A `Diagnostic` is about the user's text. The world refusing is an `HptcError` (errors.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

Path = tuple[str | int, ...]
"""Where a value is in any document: keys and list indices from the root."""


class KeyPath(tuple[str | int, ...]):
    """Keys and list indices from the root of one kind of document. `path / "key"` goes deeper."""

    __slots__ = ()

    def __truediv__(self, key: str | int) -> Self:
        return type(self)((*self, key))


class RequestPath(KeyPath):
    """A path in the request, in the API's names: `TrainingJobDefinition.RoleArn`."""

    __slots__ = ()


class SpecPath(KeyPath):
    """A path in the spec, with hptc.yaml's layers under and over it: `training_job.role_arn`."""

    __slots__ = ()


class ProjectPath(KeyPath):
    """A path in hptc.yaml: `environments.dev.infrastructure.network`."""

    __slots__ = ()


class Severity(StrEnum):
    """How sure hptc is: an error is refused by AWS or certain to fail."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of one file. Lines and columns count characters from 1; the end is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    source: str = ""  # the whole text of `line`, for the caret


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """A second place that a diagnostic needs: the first of two duplicates, a policy's line."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One finding, ready to be shown."""

    code: str
    severity: Severity
    message: str
    span: Span
    label: str = ""  # said beside the caret
    help: str = ""  # what to do
    related: tuple[Related, ...] = ()

    @property
    def is_error(self) -> bool:
        """Whether this stops a compile."""
        return self.severity is Severity.ERROR


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A diagnostic before its line is known: `hptc.compiler.locations` finds the span of `path`."""

    code: str
    message: str
    path: RequestPath | SpecPath | ProjectPath
    severity: Severity = Severity.ERROR
    label: str = ""
    help: str = ""
    on_key: bool = False  # point at the key rather than at its value
    is_secret: bool = False  # the value must not be shown, in no format
    policy_key: Path | None = None  # in `policy` of hptc.yaml: the key whose line belongs to it


def path_text(path: Path) -> str:
    """A path as people write it: `limits.max_runtime`, `inputs[0].s3`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text


def nearest(
    word: str, candidates: list[str] | tuple[str, ...], *, cutoff: float = 0.6
) -> str | None:
    """The candidate that `word` was probably meant to be, if one is near (1 is the same)."""
    from difflib import get_close_matches

    folded = {candidate.lower().replace("_", ""): candidate for candidate in candidates}
    key = word.lower().replace("_", "").replace("-", "")
    if key in folded:
        return folded[key]
    close = get_close_matches(key, folded, n=1, cutoff=cutoff)
    return folded[close[0]] if close else None


def sort_key(diagnostic: Diagnostic) -> tuple[str, int, int, str, str]:
    """The order in which people read them: by place, then by code."""
    span = diagnostic.span
    return (span.file, span.line, span.column, diagnostic.code, diagnostic.message)
