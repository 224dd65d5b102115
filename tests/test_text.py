"""Counts, lists, quoted values and durations."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hptc import text


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, "0 files"), (1, "1 file"), (2, "2 files"), (1200, "1,200 files")],
)
def test_plural(count: int, expected: str) -> None:
    assert text.plural(count, "file") == expected


@pytest.mark.parametrize(
    ("size", "expected"),
    [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1_000, "1.0 kB"), (25_000_000, "25.0 MB")],
)
def test_the_size_of_files(size: int, expected: str) -> None:
    assert text.data_size(size) == expected


@pytest.mark.parametrize(
    ("value", "limit", "places", "expected"),
    [
        (30.0, 25.0, 1, ("30.0", "25.0")),
        (25.000001, 25.0, 1, ("25.000001", "25.000000")),
        (Decimal("1234.60"), Decimal("1234.599"), 2, ("1,234.600", "1,234.599")),
        (2.0, 2.0, 2, ("2.000000000000000", "2.000000000000000")),
    ],
)
def test_a_value_and_its_limit_are_told_apart(
    value: Decimal | float, limit: Decimal | float, places: int, expected: tuple[str, str]
) -> None:
    assert text.distinct_texts(value, limit, places) == expected


@pytest.mark.parametrize(("count", "expected"), [(1, "1 entry"), (3, "3 entries")])
def test_an_irregular_plural(count: int, expected: str) -> None:
    assert text.plural(count, "entry", "entries") == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_listed(words: list[str], expected: str) -> None:
    assert text.listed(words) == expected


def test_listed_with_another_conjunction_and_as_code() -> None:
    assert text.listed(["a", "b"], "or") == "a or b"
    assert text.listed_code(["a", 1]) == "`a` and `1`"
    assert text.code("x") == "`x`"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a", '"a"'),
        ('a"b', '"a\\"b"'),
        ("é\n", '"é\\n"'),
        ("x" * 12, '"xxxxx..."'),
        (None, '"None"'),
    ],
)
def test_quoted(value: object, expected: str) -> None:
    assert text.quoted(value, max_length=8) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [("abcdef", "abcdef"), ("abcdefg", "abc..."), ("", "")]
)
def test_shortened(value: str, expected: str) -> None:
    assert text.shortened(value, 6) == expected


@pytest.mark.parametrize(
    ("seconds", "long", "compact", "spec"),
    [
        (0, "0 s", "0s", "0s"),
        (45, "45 s", "45s", "45s"),
        (60, "1 min", "1m", "1m"),
        (90, "1 min 30 s", "1m 30s", "90s"),
        (3600, "1 h", "1h", "1h"),
        (5400, "1 h 30 min", "1h 30m", "90m"),
        (86_400, "24 h", "1d", "1d"),
        (90_061, "25 h 1 min 1 s", "1d 1h 1m 1s", "90061s"),
        (3_600_000, "1,000 h", "41d 16h", "1000h"),
    ],
)
def test_durations(seconds: int, long: str, compact: str, spec: str) -> None:
    assert text.duration(seconds) == long
    assert text.compact_duration(seconds) == compact
    assert text.spec_duration(seconds) == spec


@given(st.text())
def test_printable_text_is_one_line_of_the_same_length(value: str) -> None:
    shown = text.printable(value)
    assert len(shown) == len(value)
    assert shown == "" or shown.isprintable()


@pytest.mark.parametrize(
    ("value", "expected"),
    [("a\tb", "a b"), ("a\nb", "a b"), ("\x1b[31m", "\ufffd[31m"), ("a\u202eb", "a\ufffdb")],
)
def test_printable(value: str, expected: str) -> None:
    assert text.printable(value) == expected
