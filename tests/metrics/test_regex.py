"""The reader of regular expressions agrees with Python's, and never runs them."""

from __future__ import annotations

import re
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hptc.metrics.regex import Group, Reading, read

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


GROUPS: dict[str, tuple[str, str, bool, bool, int | None]] = {
    # the expression; its first group: text, can hold a digit, ends the match, lazy minimum
    "greedy": ("x=([0-9.]+)", "([0-9.]+)", True, True, None),
    "lazy": ("x=([0-9.]+?)", "([0-9.]+?)", True, True, 1),
    "lazy, maybe nothing": ("x=(.*?)", "(.*?)", True, True, 0),
    "lazy, maybe once": ("x=(.??)", "(.??)", True, True, 0),
    "lazy between bounds": ("x=(.{2,5}?)", "(.{2,5}?)", True, True, 2),
    "lazy of a part two wide": ("x=((?:ab){3,}?)", "((?:ab){3,}?)", False, True, 6),
    "lazy without a choice": ("x=(.{3}?)", "(.{3}?)", True, True, None),
    "lazy at the end of the group": ("(ab*?)", "(ab*?)", False, True, 0),
    "lazy before the end of the group": ("(a*?b)", "(a*?b)", False, True, None),
    "possessive": ("(.*+)", "(.*+)", True, True, None),
    "before a literal": ("(.*?),", "(.*?)", True, False, 0),
    "before what may be nothing": (r"(.*?)\s*", "(.*?)", True, True, 0),
    "before the end of the line": ("(.*?)$", "(.*?)", True, False, 0),
    "before a boundary": (r"(.+)\b", "(.+)", True, False, None),
    "before a lookahead": ("(.+)(?=a)", "(.+)", True, False, None),
    "one of two branches": ("a|(b)", "(b)", False, False, None),
    "two branches inside": ("([0-9]|x)", "([0-9]|x)", True, True, None),
    "repeated": ("(a)?", "(a)", False, False, None),
    "repeated once": ("(a){1}", "(a)", False, True, None),
    "inside another group": ("(?:x(a))", "(a)", False, False, None),
    "after another group": ("(?:x)(?i:y)(a)", "(a)", False, True, None),
    "the first of two": ("(a)(b)", "(a)", False, False, None),
    "named": ("(?P<n>0)", "(?P<n>0)", True, True, None),
    "named as Java does": ("(?<n>0)", "(?<n>0)", True, True, None),
    "a digit": (r"(\d)", r"(\d)", True, True, None),
    "no digit": (r"(\D)", r"(\D)", False, True, None),
    "a digit never": (r"(\d{0})", r"(\d{0})", False, True, None),
    "a literal escape": (r"(\.)", r"(\.)", False, True, None),
    "a literal digit": ("(a7)", "(a7)", True, True, None),
    "a set": ("([a-z])", "([a-z])", False, True, None),
    "a set with a digit": ("([a-z0])", "([a-z0])", True, True, None),
    "a set with a range over digits": ("([+-~])", "([+-~])", True, True, None),
    "a set with a range up to a class": (r"([a-\d])", r"([a-\d])", True, True, None),
    "a set with a range from a class": (r"([\d-z])", r"([\d-z])", True, True, None),
    "a set with a class": (r"([\d.])", r"([\d.])", True, True, None),
    "a set with a class of no digit": (r"([\s\D])", r"([\s\D])", False, True, None),
    "a set with a hyphen last": ("([a-])", "([a-])", False, True, None),
    "a set with a bracket first": ("([]0])", "([]0])", True, True, None),
    "a negated set": ("([^a])", "([^a])", True, True, None),
    "a negated set of digits": ("([^0-9])", "([^0-9])", False, True, None),
    "a negated set of most digits": ("([^0-8])", "([^0-8])", True, True, None),
    "a negated class of digits": (r"([^\d])", r"([^\d])", False, True, None),
    "a brace that is a brace": ("({)(a)", "({)", False, False, None),
}


@pytest.mark.parametrize(
    ("pattern", "text", "can_hold_a_digit", "ends", "lazy_minimum"), GROUPS.values(), ids=GROUPS
)
def test_the_first_group(
    pattern: str, text: str, can_hold_a_digit: bool, ends: bool, lazy_minimum: int | None
) -> None:
    assert read(pattern) == Reading(
        first=Group(
            text=text, can_hold_a_digit=can_hold_a_digit, ends=ends, lazy_minimum=lazy_minimum
        )
    )


FAULTS = {
    "a parenthesis too many": ("a)", "unmatched `)`"),
    "an open group": ("x(a", "the `(` at character 2 is not closed"),
    "an open set": ("x[a", "the `[` at character 2 is not closed"),
    "an open name": ("(?P<n", "the name after `(?P<` is not closed"),
    "an open name as in Java": ("(?<n", "the name after `(?<` is not closed"),
    "nothing to repeat": ("*a", "nothing to repeat before `*`"),
    "a repeated repetition": ("a**", "multiple repeat at `*`"),
    "a repeated bound": ("a{2}{3}", "multiple repeat at `{`"),
    "a backslash at the end": ("a\\", "trailing backslash"),
    "an unknown escape": (r"\i", r"unknown escape `\i`"),
    "a reversed range": ("[b-a]", "the range `b-a` is reversed"),
    "reversed bounds": ("a{3,1}", "`{3,1}` is reversed"),
    "an unknown group": ("(?z)", "unknown group `(?z`"),
}


@pytest.mark.parametrize(("pattern", "fault"), FAULTS.values(), ids=FAULTS)
def test_the_fault_of_an_invalid_expression(pattern: str, fault: str) -> None:
    assert read(pattern) == Reading(fault=fault)


@pytest.mark.parametrize("pattern", ["(?#c)a", "(?(1)a|b)", "(?P=n)", "(?R)", "(?x) a", "(?ix:a)"])
def test_syntax_that_is_not_parsed(pattern: str) -> None:
    assert read(pattern) == Reading(is_read=False)


@pytest.mark.parametrize(
    "pattern", ["", "a", "(?:a)", "(?i)a", "(?=a)b", "(?<!a)b", "[a-a]", "a{2}"]
)
def test_an_expression_without_a_group(pattern: str) -> None:
    assert read(pattern) == Reading()


def test_reports_deep_nesting() -> None:
    assert read("(" * 31 + ")" * 31).is_too_nested
    assert not read("(" * 30 + ")" * 30).is_too_nested
