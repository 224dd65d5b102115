"""A change of a range that widens it, and the part of it that stays within the earlier bounds."""

from __future__ import annotations

import pytest

from hptc.diagnostics import RequestPath
from hptc.request.tuning_job import CategoricalRange, NumericRange
from hptc.results.range_changes import RangeChange, without_widening

WIDENED, NARROWED = "widened: at the maximum", "narrowed: around the best"


def numeric(low: str, high: str) -> NumericRange:
    return NumericRange(kind="Continuous", name="eta", min=low, max=high, path=RequestPath())


def change(*bounds: str) -> RangeChange:
    low, high, new_low, new_high = bounds
    return RangeChange(
        before=numeric(low, high), after=numeric(new_low, new_high), reasons=(NARROWED, WIDENED)
    )


@pytest.mark.parametrize(
    ("bounds", "is_wider", "kept"),
    [
        pytest.param(("1", "9", "2", "8"), False, ("2", "8"), id="narrower"),
        pytest.param(("1", "9", "1", "9.0"), False, ("1", "9.0"), id="the same"),
        pytest.param(("1", "9", "0.5", "8"), True, ("1", "8"), id="lower"),
        pytest.param(("1", "9", "2", "10"), True, ("2", "9"), id="higher"),
        pytest.param(("1e-3", "9", "1e-4", "1e1"), True, ("1e-3", "9"), id="both"),
        pytest.param(("1", "${hptc:x}", "1", "9"), False, ("1", "9"), id="an unknown bound"),
    ],
)
def test_a_wider_range(bounds: tuple[str, ...], is_wider: bool, kept: tuple[str, str]) -> None:
    wider = change(*bounds)
    assert wider.is_wider is is_wider
    within = without_widening(wider, "it must not")
    assert isinstance(within.after, NumericRange)
    assert (within.after.min, within.after.max) == kept
    assert within.reasons == (
        NARROWED,
        "not widened, although the best values are at a bound: it must not",
    )


def test_a_categorical_range_is_never_wider() -> None:
    range_ = CategoricalRange(name="optimizer", values=("adam", "sgd"), path=RequestPath())
    fewer = RangeChange(before=range_, after=range_, reasons=("without adam",))
    assert not fewer.is_wider
    assert without_widening(fewer, "it must not") == fewer
