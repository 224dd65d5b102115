"""What the worker takes for the number of a line, and how it corrects an expression."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hptc.metrics.corrections import candidates, has_sign_before_group, relaxed
from hptc.metrics.regex_worker import Search, whole_number

_PRINTED = st.sampled_from((repr, "{:g}".format, "{:.3e}".format, "{:.6f}".format))
_FLOATS = st.floats(allow_nan=False, allow_infinity=False)
_BEFORE = st.sampled_from(("loss=", "loss: ", "[3]#011loss:", "'loss': ", "epoch 2, loss = "))
_AFTER = st.sampled_from(("", ".", ", 'epoch': 1.0}", " acc=0.5", "s", "%", "\t0.7", ";", ")"))


def search(regex: str, *lines: str) -> Search:
    return Search(re.compile(regex), list(lines), drops_sign=has_sign_before_group(regex))


def reviewed(regex: str, *lines: str) -> dict[str, Any]:
    pattern = relaxed(regex)
    assert pattern is not None
    return search(regex, *lines).review(re.compile(pattern), list(candidates(regex)))


@given(_FLOATS, _PRINTED, _BEFORE, _AFTER, st.data())
def test_every_part_of_a_number_belongs_to_it(
    value: float, form: Any, before: str, after: str, data: st.DataObject
) -> None:
    number = form(value)
    start = data.draw(st.integers(0, len(number) - 1))
    end = data.draw(st.integers(start + 1, len(number)))
    line = before + number + after
    whole = whole_number(line, len(before) + start, len(before) + end)
    assert whole is not None
    assert whole.removesuffix(".") == number


@pytest.mark.parametrize("line", ["x=..5", "1..5", "step 1...5"])
def test_a_digit_after_points_is_part_of_something_else(line: str) -> None:
    assert whole_number(line, len(line) - 1, len(line)) is None


@given(_FLOATS, _PRINTED, _AFTER, st.data())
def test_a_strict_prefix_is_always_reported_and_corrected(
    value: float, form: Any, after: str, data: st.DataObject
) -> None:
    number = form(value)
    prefixes = [
        number[:end]
        for end in range(1, len(number))
        if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", number[:end])
    ]
    if not prefixes:
        return
    prefix = data.draw(st.sampled_from(prefixes))
    line = f"loss: {number}{after}"
    regex = f"loss: ({re.escape(prefix)})"
    whole = whole_number(line, 6, 7)
    assert whole is not None
    assert search(regex, line).misread.first == [(1, prefix[:64], whole[:64])]
    corrected = reviewed(regex, line)["corrected"]
    match = re.search(corrected, line)
    assert match is not None
    assert float(match[1]) == float(number)
    assert search(corrected, line).misread.count == 0


@pytest.mark.parametrize(
    ("regex", "line", "misread"),
    [
        pytest.param(r"loss=([0-9.]+)", "loss=9.5e-05", "9.5e-05", id="an exponent"),
        pytest.param(r"loss=([0-9.]+)", "loss=1.5E+3", "1.5E+3", id="an upper-case exponent"),
        pytest.param(r"loss=([0-9.]+)", "loss=1e5", "1e5", id="an exponent without a sign"),
        pytest.param(r"loss=([0-9.]+)", "took loss=9.5e-05s", "9.5e-05", id="a unit"),
        pytest.param(r"loss.*([0-9.]+)", "loss=12.5", "12.5", id="greedy"),
        pytest.param(r"loss.*([0-9.]+)", "loss=9.5e-05", "9.5e-05", id="greedy, an exponent"),
        pytest.param(r"loss=([0-9.])+", "loss=12.5", "12.5", id="a repeated group"),
        pytest.param(r"loss.*?([0-9.]+)", "loss: -0.5", "-0.5", id="a sign"),
        pytest.param(r"acc=([0-9]+)", "acc=98.53%", "98.53", id="decimals"),
        pytest.param(r"loss=( *[0-9.]+)", "loss=  2e-3", "2e-3", id="spaces in the group"),
        pytest.param(r"loss#011([0-9.]+)", "loss\t2e-3", "2e-3", id="a tab"),
        pytest.param(r"rate: ([0-9.]+)", "rate: 1,234.5 per s", "1,234.5", id="thousands"),
        pytest.param(r"loss#011.([0-9.]+)", "loss\t-0.5", "-0.5", id="a sign after a tab"),
    ],
)
def test_misread(regex: str, line: str, misread: str) -> None:
    ((_, _, whole),) = search(regex, line).misread.first
    assert whole == misread


@pytest.mark.parametrize(
    ("regex", "line"),
    [
        pytest.param(r"loss=([0-9.]+)", "loss=0.5", id="the whole number"),
        pytest.param(r"loss=([0-9.]+)", "loss=0.5, 0.6", id="a comma"),
        pytest.param(r"^([0-9]+),", "12,345", id="a comma that the expression matches"),
        pytest.param(r"n=([0-9]+)", "n=12,3456", id="a comma before four digits"),
        pytest.param(r"loss=([0-9]+\.[0-9]+)", "loss=0.25.", id="the end of a sentence"),
        pytest.param(r"loss=([0-9]+)", "loss=5.", id="a point without decimals"),
        pytest.param(r"loss=.([0-9]+)", "loss=+5", id="a plus sign"),
        pytest.param(r"loss-([0-9.]+)", "loss-0.5", id="a hyphen"),
        pytest.param(r"loss: -([0-9.]+)", "loss: -0.5", id="a sign that the expression matches"),
        pytest.param(r"Accuracy: ([0-9]+)", "Accuracy: 9853/10000 (99%)", id="a fraction"),
        pytest.param(r"epochs?([0-9]+)", "epochs3epochs", id="an e that is not an exponent"),
        pytest.param(r"id=([0-9]+)", "id=9e5a3f", id="a hash"),
        pytest.param(r"v([0-9]+)", "v1.2.3", id="a version"),
        pytest.param(r"-([0-9]+)-", "2021-05-02", id="a date"),
        pytest.param(r":([0-9]+):", "09:11:02", id="a time"),
        pytest.param(r"loss\s([0-9.]+)", "loss\t0.5", id="a tab"),
        pytest.param(r"loss#011([0-9.]+)", "loss#0110.5", id="an escaped tab"),
        pytest.param(r"([0-9.]+)m", "\x1b[32m0.5", id="a terminal's color"),
    ],
)
def test_not_misread(regex: str, line: str) -> None:
    assert search(regex, line).misread.first == []
    assert search(regex, line).numbers.count == 1


@pytest.mark.parametrize(
    ("regex", "line", "missed"),
    [
        pytest.param(r"R2: ([0-9.]+)", "R2: -0.43", "-0.43", id="a sign"),
        pytest.param(r"loss=([0-9.]+);", "loss=9.5e-05;", "9.5e-05", id="an exponent"),
        pytest.param(r"acc=(\d\.\d+)", "acc=1", "1", id="no decimals"),
        pytest.param(r"acc=([0-9.]*)", "acc=-1", "-1", id="an empty capture"),
    ],
)
def test_missed(regex: str, line: str, missed: str) -> None:
    review = reviewed(regex, "other", line)
    assert review["missed"] == {"count": 1, "first": [(2, missed)]}
    assert reviewed(review["corrected"], "other", line)["missed"]["count"] == 0


@pytest.mark.parametrize("value", ["nan", "NaN", "inf", "-inf", "Infinity"])
def test_a_value_that_is_not_finite_is_not_missed(value: str) -> None:
    review = reviewed("loss=([0-9.]+)", "loss=0.5", f"loss={value}", "loss=info")
    assert (review["missed"]["count"], review["not_finite"]["first"]) == (0, [(2, value)])
    assert review["corrected"] is None


@pytest.mark.parametrize(
    ("regex", "corrected"),
    [
        pytest.param(r"^loss=([0-9]+)\.([0-9]+)", "^loss=NUMBER", id="a group for the decimals"),
        pytest.param(r"loss.*([0-9.]+) at", "loss.*?NUMBER at", id="greedy"),
        pytest.param(r"loss=([0-9.]){1,9}", "loss=NUMBER", id="a repeated group"),
        pytest.param(r"loss=(?P<x>([0-9]+(.|e\-)[0-9]+)),?", "loss=NUMBER,?", id="nested"),
        pytest.param(r"(?i)LOSS=([0-9.]+) ", "(?i)LOSS=NUMBER ", id="flags and text after it"),
        pytest.param(r"loss=(\S{3}) ", "loss=NUMBER ", id="cut"),
    ],
)
def test_corrected(regex: str, corrected: str) -> None:
    number = "([-+]?[0-9]*[.]?[0-9]+(?:[eE][-+]?[0-9]+)?)"
    lines = ("start", "loss=9.5e-05 at 12", "loss=0.5 at 13", "loss=0.7 at 14")
    assert reviewed(regex, *lines)["corrected"] == corrected.replace("NUMBER", number)


def test_numbers_as_numpy_prints_them_are_corrected() -> None:
    corrected = reviewed("loss=([0-9]+)", "loss=1.e-05", "loss=5.")["corrected"]
    match = re.search(corrected, "loss=1.e-05")
    assert match is not None
    assert match[1] == "1.e-05"


def test_no_correction_that_reads_another_number() -> None:
    assert reviewed(r"loss.*([0-9.]+)", "loss=0.12 acc=0.34")["corrected"] is None
    review = search("loss=([0-9]+)", "loss=1.5 acc=2.5").review(
        re.compile("loss=([0-9.]+)"), ["acc=([0-9.]+)", "loss=([0-9.]+)"]
    )
    assert review["corrected"] == "loss=([0-9.]+)"


@pytest.mark.parametrize(
    "regex",
    [
        pytest.param("loss=[0-9.]+", id="no group"),
        pytest.param(r"(['\"]?)loss\1=([0-9.]+)", id="a reference to a group"),
        pytest.param("loss=([0-9.]+", id="invalid"),
        pytest.param("(?x) loss = ([0-9.]+)", id="not parsed"),
    ],
)
def test_expressions_that_are_not_corrected(regex: str) -> None:
    assert candidates(regex) == ()
    assert relaxed(regex) is None


def test_no_correction_is_longer_than_sagemaker_allows() -> None:
    assert candidates("x" * 450 + "([0-9.]+)")
    assert candidates("x" * 490 + "([0-9.]+)") == ()
    shortest = min(map(len, candidates("([0-9.]+)")))
    (candidate,) = candidates("x" * (500 - shortest) + "([0-9.]+)")
    assert len(candidate) == 500


def test_the_first_100_000_lines_are_reviewed() -> None:
    before = ["step"] * 99_999
    review = reviewed("loss=([0-9]+)$", *before, "loss=1.5", "loss=2.5")
    assert review["missed"] == {"count": 1, "first": [(100_000, "1.5")]}
    review = reviewed("loss=([0-9]+)", *before, "loss=1.5", "loss=2.5")
    assert review["corrected"] is not None
