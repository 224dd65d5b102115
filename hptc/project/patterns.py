"""Regular expressions and globs of hptc.yaml, each matched against a whole text.

A pull request from a fork can change hptc.yaml, so no pattern may hang `hptc check`. Python's
`re` backtracks, and some patterns take exponential time on a short text. pydantic-core brings
Rust's regex engine, which takes linear time and has no look-around and no backreferences
(https://docs.rs/regex/latest/regex/#untrusted-input).
"""

from __future__ import annotations

import functools
from collections.abc import Iterable

from pydantic_core import SchemaError, SchemaValidator, core_schema

from hptc.frozen import frozen

MAX_PATTERN = 512
MAX_TEXT = 1024


class PatternError(ValueError):
    """Why a pattern is invalid, as a phrase that follows its name and a colon."""


@frozen
class Pattern:
    """A compiled pattern."""

    validator: SchemaValidator

    def matches(self, text: str) -> bool:
        """Whether the whole text matches. A text longer than `MAX_TEXT` characters never does."""
        return len(text) <= MAX_TEXT and self.validator.isinstance_python(text)


@functools.cache
def pattern(text: str) -> Pattern:
    """Compile a pattern. Raises PatternError for an invalid one."""
    if len(text) > MAX_PATTERN:
        raise PatternError(f"{len(text)} characters are too many; the maximum is {MAX_PATTERN}")
    _compiled(text)  # alone first: `a)|(b` is invalid, but would be valid inside the group below
    return Pattern(validator=_compiled(rf"\A(?:{text})\z"))


def _compiled(regex: str) -> SchemaValidator:
    try:
        return SchemaValidator(core_schema.str_schema(pattern=regex, regex_engine="rust-regex"))
    except SchemaError as error:
        reason = str(error).rpartition("\n")[2].removeprefix("error: ").strip()
        if "size limit" in reason:
            raise PatternError("too large; its repetitions multiply") from None
        raise PatternError(f"not a valid regular expression ({reason})") from None


def glob_matches(glob: str, text: str) -> bool:
    """Whether a whole text matches a glob, whose only wildcard is `*`: any text."""
    first, *rest = glob.split("*")
    if not rest:
        return text == glob
    if not text.startswith(first):
        return False
    position = len(first)
    *middle, last = rest
    for part in middle:
        start = text.find(part, position)
        if start < 0:
            return False
        position = start + len(part)
    return len(text) - position >= len(last) and text.endswith(last)


def matches_any_glob(globs: Iterable[str], text: str) -> bool:
    """Whether a whole text matches at least one glob."""
    return any(glob_matches(glob, text) for glob in globs)
