"""Scales: every value is inside its range, and comes back to where it was."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hptc.request.job_facts import combinations
from hptc.request.scales import (
    at_share,
    combination,
    draw,
    is_inside,
    scale_of,
    share_of,
)
from hptc.request.tuning_job import NumericRange, Range
from tests.support.searches import automatic, categorical, continuous, integer, tuning_job

SCALINGS = ("Auto", "Linear", "Logarithmic", "ReverseLogarithmic")
BOUNDS = st.one_of(
    st.floats(-1.7e308, 1.7e308, allow_nan=False).map(repr),
    st.floats(0, 1, exclude_max=True).map(repr),
    st.decimals(-10, 10, places=12).map(str),
    st.sampled_from(["1e300", "-1e300", "1e-300", "0.1234567", "0.1234569", "1e-400", "0.9999999"]),
)


@st.composite
def numeric_ranges(draw_from: st.DrawFn) -> NumericRange:
    scaling = draw_from(st.sampled_from(SCALINGS))
    if draw_from(st.booleans()):
        low = draw_from(st.one_of(st.integers(-100, 100), st.integers(-(10**300), 10**300)))
        width = draw_from(st.one_of(st.integers(1, 1000), st.integers(1, 10**300)))
        return integer("x", str(low), str(low + width), scaling)
    low_text, high_text = sorted((draw_from(BOUNDS), draw_from(BOUNDS)), key=Decimal)
    return continuous("x", low_text, high_text, scaling)


@given(range_=numeric_ranges(), share=st.floats(0, 1))
@example(range_=continuous("x", "0.1234567", "0.1234569"), share=0.5)
@example(range_=continuous("x", "-1e300", "1e300"), share=1.0)
@example(range_=continuous("x", "0.0", "5e-324"), share=0.0)
@example(range_=continuous("x", "1e-300", "1e300", "Logarithmic"), share=1.0)
@example(range_=continuous("x", "0.9", "0.9999999", "ReverseLogarithmic"), share=1.0)
@example(range_=integer("x", "1", str(10**308), "Logarithmic"), share=1.0)
@example(range_=integer("x", "528186488127487", "528186488127488", "Logarithmic"), share=0.0)
def test_a_value_is_inside_its_range(range_: NumericRange, share: float) -> None:
    text = at_share(range_, share)
    assert is_inside(range_, text)
    assert 0 <= share_of(range_, text) <= 1


@pytest.mark.parametrize(
    "range_",
    [
        continuous("x", "-5", "10"),
        continuous("x", "1000", "1000.001"),
        continuous("x", "1e-6", "10", "Logarithmic"),
        continuous("x", "0.9", "0.99999", "ReverseLogarithmic"),
        continuous("x", "-1e300", "1e300"),
        integer("x", "1", "4096", "Logarithmic"),
        integer("x", "-3", "100"),
    ],
    ids=lambda range_: f"{range_.kind} {range_.scaling} {range_.min} to {range_.max}",
)
def test_a_share_comes_back(range_: NumericRange) -> None:
    for share in (0.0, 0.1, 0.25, 0.5, 0.77, 1.0):
        text = at_share(range_, share)
        back = share_of(range_, text)
        assert at_share(range_, back) == text
        if range_.kind == "Continuous":
            assert back == pytest.approx(share, abs=1e-3)


@pytest.mark.parametrize(("low", "high"), [("1", "7"), ("-3", "3"), ("2", "12")])
@pytest.mark.parametrize("scaling", SCALINGS)
def test_every_integer_comes_back(low: str, high: str, scaling: str) -> None:
    range_ = integer("x", low, high, scaling)
    values = [str(value) for value in range(int(low), int(high) + 1)]
    assert [at_share(range_, share_of(range_, value)) for value in values] == values
    shares = [share_of(range_, value) for value in values]
    assert shares == sorted(set(shares))


@pytest.mark.parametrize(
    ("range_", "share", "text"),
    [
        (continuous("x", "0", "1"), 1 / 3, "0.333333"),
        (continuous("x", "1000", "1000.001"), 1 / 3, "1000.00033333"),
        (continuous("x", "1e-4", "1", "Logarithmic"), 0.5, "0.01"),
        (continuous("x", "0.9", "0.99999", "ReverseLogarithmic"), 0.5, "0.999"),
        (continuous("x", "0.9", "0.99999", "ReverseLogarithmic"), 0.9, "0.999974881"),
        (continuous("x", "1e20", "1e21"), 0.0, "1e+20"),
        (integer("x", "1", "4"), 0.0, "1"),
        (integer("x", "1", "4"), 0.99, "4"),
        (integer("x", "1", "4"), 1.0, "4"),
    ],
)
def test_a_text_has_as_many_digits_as_its_scale_needs(
    range_: NumericRange, share: float, text: str
) -> None:
    assert at_share(range_, share) == text


@pytest.mark.parametrize(
    ("range_", "text", "expected"),
    [
        (continuous("x"), "0", True),
        (continuous("x"), "1.0", True),
        (continuous("x"), "1e-3", True),
        (continuous("x"), "1.01", False),
        (continuous("x"), "nan", False),
        (continuous("x", "low", "high"), "low", True),
        (integer("x"), "10", True),
        (integer("x"), "2.5", False),
        (integer("x"), "11", False),
        (categorical("x", '"a"', "b"), '"a"', True),
        (categorical("x", '"a"', "b"), "a", False),
        (automatic("x", "3"), "3", False),
    ],
)
def test_is_inside(range_: Range, text: str, expected: bool) -> None:
    assert is_inside(range_, text) is expected


def test_combinations() -> None:
    countable = (categorical("a", "x", "y", "x"), integer("b", "-1", "1"))
    definition = tuning_job(countable).definitions[0]
    assert combinations(definition) == 6
    assert [tuple(combination(definition, index).values()) for index in range(6)] == [
        ("x", "-1"), ("x", "0"), ("x", "1"), ("y", "-1"), ("y", "0"), ("y", "1"),
    ]  # fmt: skip
    assert combinations(tuning_job((*countable, continuous("c"))).definitions[0]) is None
    assert combinations(tuning_job((integer("b", "3", "1"),)).definitions[0]) is None
    assert combinations(tuning_job(()).definitions[0]) is None


def test_auto_is_logarithmic_over_two_magnitudes() -> None:
    assert scale_of(continuous("x", "0.01", "1", "Auto")) == "Logarithmic"
    assert scale_of(continuous("x", "0.011", "1", "Auto")) == "Linear"


def test_a_category_is_drawn_as_it_is_written() -> None:
    drawn = {draw(categorical("x", '"sgd"', '"adam"'), Random(seed)) for seed in range(20)}
    assert drawn == {'"sgd"', '"adam"'}


@pytest.mark.parametrize(
    ("low", "high", "scaling"),
    [("1e300", "1.0000000000000002e300", "Logarithmic"),
     ("1e-17", "2e-17", "ReverseLogarithmic")],
)  # fmt: skip
def test_bounds_that_a_scale_can_not_tell_apart(low: str, high: str, scaling: str) -> None:
    range_ = continuous("x", low, high, scaling)
    assert 0 <= share_of(range_, low) <= 1
    assert 0 <= share_of(range_, high) <= 1
