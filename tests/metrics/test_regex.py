"""The reader of regular expressions agrees with Python's, and never runs them."""

from __future__ import annotations

import re
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hptc.metrics.regex import MAX_DEPTH, read

_PIECES = st.sampled_from(
    [
        *"()[]{}*+?|\\^$.-,:=<>!#ab019",
        *("(?:", "(?P<n>", "(?=", "(?<!", "(?i)", "(?i:", "[^", "[a-z]"),
        *(r"\d", r"\w", r"\b", r"\.", "{2,}", "{1,3}", "*?", "+?"),
    ]
)


@given(st.lists(_PIECES, max_size=10).map("".join))
@settings(max_examples=500, deadline=None)
def test_agrees_with_python(pattern: str) -> None:
    reading = read(pattern)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compiled = re.compile(pattern)
    except re.error:
        return
    assert not reading.fault
    if not reading.is_read:
        return
    assert (reading.first is not None) == (compiled.groups > 0)
    for text in ("0", "a0", "ab01", "0a"):
        match = compiled.match(text)
        if match is not None and reading.first is not None and re.search(r"\d", match[1] or ""):
            assert reading.first.can_hold_a_digit


@pytest.mark.parametrize(
    ("pattern", "fault", "is_too_nested", "first_group"),
    [
        pytest.param("(" * 500, "", True, None, id="groups without an end"),
        pytest.param("[" * 500, "the `[` at character 1 is not closed", False, None, id="sets"),
        pytest.param("{" * 500, "", False, None, id="braces"),
        pytest.param("(?i)" * 125, "", False, None, id="flags"),
        pytest.param("(a*)*" * 100, "", False, "(a*)", id="repeated repetition"),
        pytest.param(r"\Q" * 250, "", False, None, id="escapes"),
        pytest.param("((a{99}){99}){99}", "", False, "((a{99}){99})", id="nested repetition"),
    ],
)
def test_parses_hostile_text_without_running_it(
    pattern: str, fault: str, is_too_nested: bool, first_group: str | None
) -> None:
    reading = read(pattern)
    assert (reading.fault, reading.is_too_nested) == (fault, is_too_nested)
    assert (reading.first.text if reading.first else None) == first_group


def test_reports_deep_nesting() -> None:
    assert read("(" * (MAX_DEPTH + 1) + ")" * (MAX_DEPTH + 1)).is_too_nested
    assert not read("(" * MAX_DEPTH + ")" * MAX_DEPTH).is_too_nested
