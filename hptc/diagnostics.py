"""Findings and diagnostics about a user's files, which are collected and never raised.

Problems outside the user's files are exceptions: see `HptcError` in errors.py.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import field, replace
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
class SetValue:
    """Write a value at a path, and the keys above it that are missing."""

    path: Path
    value: str | int | None  # None is null
    is_number: bool = False  # the value is the text of a number, such as 1e-3
    old: str = ""  # the text that the change replaces; empty if any
    short_for: str = ""  # the key of a value that is written in place of its mapping


@frozen
class Remove:
    """Remove a key with its value, or an entry of a list."""

    path: Path


@frozen
class Rename:
    """Give a key another name."""

    path: Path
    name: str


Change = SetValue | Remove | Rename


@frozen
class Fix:
    """Changes that together resolve a finding. If a finding has several fixes, any one will do.

    A fix is safe if it writes what the author certainly meant: a corrected spelling, or the same
    value in an accepted form. Any other fix, such as a lower number, is the author's decision.
    """

    changes: tuple[Change, ...]
    title: str = ""  # as in the help: use `scaling: Linear`
    is_safe: bool = False  # `hptc check --fix` writes it; an editor offers all
    file: str = ""  # the file that the paths are in; empty in a Finding
    is_of_span: bool = False  # its only change is to the key or value at the span


@frozen
class Diagnostic:
    """A finding with its line, ready to be shown."""

    code: str  # the code of the rule, such as `HPT203`
    severity: Severity  # `error` or `warning`
    message: str  # what is wrong
    span: Span  # where: `file`, `line`, `column`, `end_line` and `end_column`
    label: str = ""  # shown next to the caret
    help: str = ""  # what to do
    fixes: tuple[Fix, ...] = field(default=(), compare=False)  # each resolves it
    related: tuple[Related, ...] = ()  # other locations, such as the first of two duplicates
    environments: tuple[str, ...] = ()  # those that it is limited to; empty if it applies to all

    @property
    def replacement(self) -> str:
        """What was probably meant instead of the text of `span`; may be empty."""
        return self._new_text(is_safe=True)

    @property
    def accepted(self) -> str:
        """The nearest value that is accepted instead of it; may be empty."""
        return self._new_text(is_safe=False)

    @property
    def is_removable(self) -> bool:
        """Whether removing the key with its value, or the entry, resolves it."""
        return any(isinstance(change, Remove) for change in self._changes_of_span())

    def _new_text(self, *, is_safe: bool) -> str:
        for change in self._changes_of_span(is_safe):
            if not isinstance(change, Remove):
                return new_text(change)
        return ""

    def _changes_of_span(self, is_safe: bool | None = None) -> Iterator[Change]:
        for fix in self.fixes:
            if fix.is_of_span and is_safe in (None, fix.is_safe):
                yield from fix.changes

    @property
    def is_error(self) -> bool:
        """Whether AWS would reject the spec or its tuning job is certain to fail."""
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
    fixes: tuple[Fix, ...] = ()
    on_key: bool = False  # point at the key rather than at its value
    is_secret: bool = False  # the value must not be shown in any format
    policy_key: Path | None = None  # the key in `policy` of hptc.yaml whose line is shown too
    hyperparameters: tuple[str, ...] = ()  # names in the texts that could be taken for keys


def respelled(
    word: str | None, path: Path, *, on_key: bool = False, guessed_from: str = ""
) -> tuple[Fix, ...]:
    """The fix that corrects the spelling of a key or value; empty if `word` is.

    It is safe unless `word` was guessed from a text that is more than misspelled.
    """
    if not word:
        return ()
    change = Rename(path=path, name=word) if on_key else SetValue(path=path, value=word)
    return (Fix(changes=(change,), is_safe=not guessed_from or is_misspelled(guessed_from, word)),)


_SHORTEST_BEGINNING, _MAX_WRONG_LETTERS = 2, 2


def is_misspelled(word: str, meant: str) -> bool:
    """Whether a word is another with up to two letters too many, too few, wrong or swapped.

    The beginning of a word counts too. Words such as `recall` and `rmse` are only similar.
    """
    from difflib import SequenceMatcher

    first, second = fold(word), fold(meant)
    if len(first) > _SHORTEST_BEGINNING and second.startswith(first):
        return True
    changes = SequenceMatcher(None, first, second, autojunk=False).get_opcodes()
    removed = sum(end - start for tag, start, end, _, _ in changes if tag != "equal")
    added = sum(end - start for tag, _, _, start, end in changes if tag != "equal")
    return max(removed, added) <= _MAX_WRONG_LETTERS


def new_text(change: SetValue | Rename) -> str:
    """The key or the value that a change writes."""
    if isinstance(change, Rename):
        return change.name
    match change.value:
        case None:
            return "null"
        case bool() as value:
            return str(value).lower()
        case value:
            return str(value)


_FindingT = TypeVar("_FindingT", Finding, Diagnostic)


_MORE_FINDINGS = r"and ([\d,]+) more findings? of HPT\d{3} in this file$"


def capped(findings: Iterable[_FindingT]) -> list[_FindingT]:
    """The findings of one file with at most MAX_OF_CODE of each code, and how many more there are.

    The text of each is limited as well, so no file makes the output long. A finding that
    already stands for others counts as that many.
    """
    counts: Counter[str] = Counter()
    kept: list[_FindingT] = []
    first_omitted: dict[str, _FindingT] = {}
    for finding in findings:
        stands_for = re.match(_MORE_FINDINGS, finding.message)
        counts[finding.code] += int(stands_for[1].replace(",", "")) if stands_for else 1
        if counts[finding.code] <= MAX_OF_CODE:
            kept.append(_with_short_texts(finding))
        else:
            first_omitted.setdefault(finding.code, finding)
    kept += [
        replace(
            omitted,
            message=more_findings(code, counts[code] - MAX_OF_CODE),
            label="",
            help="",
            fixes=(),
        )
        for code, omitted in first_omitted.items()
    ]
    return kept


def more_findings(code: str, count: int) -> str:
    """The message of the finding that stands for those that are not shown."""
    return f"and {plural(count, 'more finding')} of {code} in this file"


def _with_short_texts(finding: _FindingT) -> _FindingT:
    if max(len(finding.message), len(finding.label), len(finding.help)) <= MAX_TEXT:
        return finding
    return replace(
        finding,
        message=shortened(finding.message, MAX_TEXT),
        label=shortened(finding.label, MAX_TEXT),
        help=shortened(finding.help, MAX_TEXT),
    )


_MAX_NAMED = 10


def environment_list(names: tuple[str, ...]) -> str:
    """The names of environments in a sentence, or how many there are."""
    return listed(names) if len(names) <= _MAX_NAMED else plural(len(names), "environment")


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


_MAX_NAME_LENGTH, _MAX_NAMES = 100, 1_000  # comparing takes time in proportion to both


def nearest(
    word: str, candidates: list[str] | tuple[str, ...], *, cutoff: float = 0.6
) -> str | None:
    """The candidate that is most similar to `word`, if any reaches `cutoff` (1 means equal).

    None if two are equally similar: either may be meant.
    """
    if len(word) > _MAX_NAME_LENGTH or len(candidates) > _MAX_NAMES:
        return None
    from difflib import SequenceMatcher, get_close_matches

    folded = {fold(candidate): candidate for candidate in candidates}
    key = fold(word)
    if key in folded:
        return folded[key]
    close = get_close_matches(key, folded, n=2, cutoff=cutoff)
    if (
        len(close) > 1
        and len({SequenceMatcher(None, candidate, key).ratio() for candidate in close}) == 1
    ):
        return None
    return folded[close[0]] if close else None


def sort_key(diagnostic: Diagnostic) -> tuple[str, int, int, str, str]:
    """The order of output: by location, then by code."""
    span = diagnostic.span
    return (span.file, span.line, span.column, diagnostic.code, diagnostic.message)
