"""Findings and diagnostics about a user's files, which are collected and never raised.

Problems outside the user's files are exceptions: see `HptcError` in errors.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum
from typing import Self, TypeVar

from hptc.frozen import frozen
from hptc.text import listed, plural, shortened

MAX_OF_CODE = 100
"""Findings of one code in one file that are shown; a hostile file has thousands."""
MAX_TEXT = 2_000
"""Characters of a message, label or help: a hostile file has keys of any length."""

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

    code: str  # the code of the rule, such as `HPT203`
    severity: Severity  # `error` or `warning`
    message: str  # what is wrong
    span: Span  # where: `file`, `line`, `column`, `end_line` and `end_column`
    label: str = ""  # shown next to the caret
    help: str = ""  # what to do
    replacement: str = ""  # what was probably meant instead of the text of `span`
    accepted: str = ""  # the nearest value that is accepted instead of it
    is_removable: bool = False  # removing the key with its value, or the entry, resolves it
    related: tuple[Related, ...] = ()  # other places that it is about, such as a duplicate
    environments: tuple[str, ...] = ()  # those that it is limited to; empty if it holds in all

    @property
    def is_error(self) -> bool:
        """Whether AWS would reject the spec or it is certain to fail; the file is Failed."""
        return self.severity is Severity.ERROR

    @property
    def full_message(self) -> str:
        """The message, with the environments that it is limited to."""
        names = environment_list(self.environments)
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
    replacement: str = ""  # the key or value that was probably meant, if the label names it
    accepted: str = ""  # the nearest value that is accepted, which need not be what was meant
    is_removable: bool = False  # removing the key with its value, or the entry, resolves it
    on_key: bool = False  # point at the key rather than at its value
    is_secret: bool = False  # the value must not be shown in any format
    policy_key: Path | None = None  # the key in `policy` of hptc.yaml whose line is shown too


_Found = TypeVar("_Found", Finding, Diagnostic)


def capped(found: Iterable[_Found]) -> list[_Found]:
    """The findings of one file with at most MAX_OF_CODE of each code, and how many more there are.

    The text of each is limited as well, so that no file makes the output long.
    """
    counts: Counter[str] = Counter()
    kept: list[_Found] = []
    first_omitted: dict[str, _Found] = {}
    for each in found:
        counts[each.code] += 1
        if counts[each.code] <= MAX_OF_CODE:
            kept.append(_with_short_texts(each))
        else:
            first_omitted.setdefault(each.code, each)
    kept += [
        replace(
            each,
            message=more_findings(code, counts[code] - MAX_OF_CODE),
            label="",
            help="",
            replacement="",
            accepted="",
            is_removable=False,
        )
        for code, each in first_omitted.items()
    ]
    return kept


def more_findings(code: str, count: int) -> str:
    """The message of the finding that stands for those that are not shown."""
    return f"and {plural(count, 'more finding')} of {code} in this file"


def _with_short_texts(each: _Found) -> _Found:
    if max(len(each.message), len(each.label), len(each.help)) <= MAX_TEXT:
        return each
    return replace(
        each,
        message=shortened(each.message, MAX_TEXT),
        label=shortened(each.label, MAX_TEXT),
        help=shortened(each.help, MAX_TEXT),
    )


def environment_list(names: tuple[str, ...]) -> str:
    """The names of environments in a sentence, or how many there are."""
    return listed(names) if len(names) <= _MOST_NAMED else plural(len(names), "environment")


_MOST_NAMED = 10


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


_LONGEST_NAME, _MOST_NAMES = 100, 1_000  # comparing takes time in proportion to both


def nearest(
    word: str, candidates: list[str] | tuple[str, ...], *, cutoff: float = 0.6
) -> str | None:
    """The candidate that is most similar to `word`, if any reaches `cutoff` (1 means equal)."""
    if len(word) > _LONGEST_NAME or len(candidates) > _MOST_NAMES:
        return None
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
