"""Patterns of hptc.yaml: they say what Python's `re` says, and can't be made to hang."""

from __future__ import annotations

import re
import warnings
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hptc.project.patterns import MAX_PATTERN, MAX_TEXT, PatternError, glob_fits, pattern

TEXTS = ["", "a", "b", "ab", "aa", "aab", "abab", "ml-ops", "team_1", "x.y", "42", "é", "a\nb"]
TAKEN = [
    "", "a", "ab", "a|b", "a|b|ab", "|a", "a*", "a+b?", "(ab)*", "(?:a|b)+", "[a-z-]+", "[^a]",
    "[]a]", "[a-c0-9_]{1,4}", r"\d+", r"\w+\.\w+", r"\s", r"[\w-]+", ".*", "a{2}", "a{1,}b",
    "a{0,1}", "a{0}", "^a$", "^ab|b$", "(a*)*", "(a|a)*b", "(a?){3}", "((a|b)?c?)*", r"\-", "[.]",
    "a*?b+?", r"\D\S\W*",
]  # fmt: skip
REFUSED = {
    "(": "never closed",
    ")": "closes nothing",
    "[a": "never closed",
    "[": "never closed",
    "*": "nothing before it",
    "{2}": "nothing before it",
    "a**": "repeated already",
    "a{2,1}": "runs backwards",
    "[b-a]": "runs backwards",
    "a{x}": "no repetition",
    "a{": "no repetition",
    "\\": "single backslash",
    r"(a)\1": "not taken here",
    r"\bx": "not taken here",
    "(?=a)": "only `(?:`",
    "(?P<n>a)": "only `(?:`",
    "a^b": "in its middle",
    "a$b": "in its middle",
    "((a{99}){99}){99}": "multiply",
    "a{999999999}": "multiply",
    "(" * 40 + ")" * 40: "nests more than",
    "a" * (MAX_PATTERN + 1): f"{MAX_PATTERN} is the most",
}


@pytest.mark.parametrize("regex", TAKEN)
def test_means_what_re_means(regex: str) -> None:
    for text in TEXTS:
        assert pattern(regex).fits(text) == (re.fullmatch(regex, text) is not None), text


@pytest.mark.parametrize(("regex", "why"), REFUSED.items(), ids=range(len(REFUSED)))
def test_refused(regex: str, why: str) -> None:
    with pytest.raises(PatternError, match=re.escape(why)):
        pattern(regex)


@pytest.mark.parametrize(
    "regex", ["(a+)+b", "(a|aa)+b", "(a*)*b", "(.*)*b", r"\w*\w*\w*\w*\w*\w*\w*\w*b", "(a|a|a)*b"]
)
def test_what_hangs_re_ends_here(regex: str) -> None:
    assert not pattern(regex).fits("a" * MAX_TEXT)
    assert pattern(regex).fits("a" * (MAX_TEXT - 1) + "b")


def test_a_long_text_fits_nothing() -> None:
    assert not pattern(".*").fits("a" * (MAX_TEXT + 1))


@given(st.text(alphabet="ab|()*+?[]^-{}1,\\.d", max_size=12), st.text(alphabet="ab1-", max_size=6))
def test_never_differs_from_re(regex: str, text: str) -> None:
    try:
        ours = pattern(regex)
    except PatternError:
        return
    with warnings.catch_warnings(action="ignore", category=FutureWarning):  # nested sets
        assert ours.fits(text) == (re.fullmatch(regex, text) is not None)


@given(st.text(alphabet="ab*", max_size=8), st.text(alphabet="ab", max_size=8))
def test_globs(glob: str, text: str) -> None:
    assert glob_fits(glob, text) == fnmatchcase(text, glob)


def test_a_glob_has_no_other_wildcard() -> None:
    assert not glob_fits("a?", "ab")
    assert not glob_fits("[ab]", "a")
