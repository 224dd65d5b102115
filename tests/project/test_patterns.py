"""Patterns of hptc.yaml match as Python's `re` does, and never hang."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hptc.project.patterns import PatternError, glob_matches, pattern

MAX_PATTERN = 512
MAX_TEXT = 1_024

TEXTS = [
    "",
    "a",
    "b",
    "ab",
    "aa",
    "aab",
    "abab",
    "ml-ops",
    "team_1",
    "x.y",
    "42",
    "é",
    "a\nb",
    "a\n",
]
VALID = [
    "", "a", "ab", "a|b", "a|b|ab", "|a", "a*", "a+b?", "(ab)*", "(?:a|b)+", "[a-z-]+", "[^a]",
    "[]a]", "[a-c0-9_]{1,4}", r"\d+", r"\w+\.\w+", r"\s", r"[\w-]+", ".*", "a{2}", "a{1,}b",
    "a{0,1}", "a{0}", "^a$", "^ab|b$", "(a*)*", "(a|a)*b", "(a?){3}", "((a|b)?c?)*", r"\-", "[.]",
    "a*?b+?", r"\D\S\W*", "(?i)A", "a$b", r"\bab",
]  # fmt: skip
INVALID = {
    "(": "unclosed group",
    ")": "unopened group",
    "a)|(b": "unopened group",
    "[a": "unclosed character class",
    "*": "missing expression",
    "{2}": "missing expression",
    "a{2,1}": "the start must be <= the end",
    "[b-a]": "the start must be <= the end",
    "a{x}": "valid decimal",
    "\\": "incomplete escape sequence",
    r"(a)\1": "backreferences are not supported",
    "(?=a)": "look-ahead and look-behind, is not supported",
    "((a{99}){99}){99}": "too large",
    "a{999999999}": "too large",
    "(" * 251 + ")" * 251: "nested parentheses/brackets",
    "a" * (MAX_PATTERN + 1): f"the maximum is {MAX_PATTERN}",
}


@pytest.mark.parametrize("regex", VALID)
def test_matches_as_re_does(regex: str) -> None:
    for text in TEXTS:
        assert pattern(regex).matches(text) == (re.fullmatch(regex, text) is not None), text


@pytest.mark.parametrize(("regex", "why"), INVALID.items(), ids=range(len(INVALID)))
def test_invalid(regex: str, why: str) -> None:
    with pytest.raises(PatternError, match=re.escape(why)):
        pattern(regex)


@pytest.mark.parametrize(
    "regex", ["(a+)+b", "(a|aa)+b", "(a*)*b", "(.*)*b", r"\w*\w*\w*\w*\w*\w*\w*\w*b", "(a|a|a)*b"]
)
def test_takes_linear_time_where_re_hangs(regex: str) -> None:
    assert not pattern(regex).matches("a" * MAX_TEXT)
    assert pattern(regex).matches("a" * (MAX_TEXT - 1) + "b")


def test_a_longer_text_never_matches() -> None:
    assert pattern(".*").matches("a" * MAX_TEXT)
    assert not pattern(".*").matches("a" * (MAX_TEXT + 1))


def test_the_longest_pattern() -> None:
    assert pattern("a" * MAX_PATTERN).matches("a" * MAX_PATTERN)


@given(st.text(alphabet="ab*", max_size=8), st.text(alphabet="ab", max_size=8))
def test_globs(glob: str, text: str) -> None:
    assert glob_matches(glob, text) == fnmatchcase(text, glob)


def test_glob_has_no_other_wildcard() -> None:
    assert not glob_matches("a?", "ab")
    assert not glob_matches("[ab]", "a")
