"""The scales of parameter ranges: from a share between 0 and 1 to a value's text, and back.

A value's text is what a training job gets. It is inside its range, bounds included, and has no more
digits than its scale needs.
"""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Literal, assert_never

from hptc.request.job_facts import WHOLE_NUMBER, number, value_count
from hptc.request.tuning_job import (
    AutoRange,
    CategoricalRange,
    Definition,
    NumericRange,
    Range,
)

Scale = Literal["Linear", "Logarithmic", "ReverseLogarithmic"]

_MIN_LOGARITHMIC_RATIO = 100
_DIGITS = (6, 9, 12, 17)
_MAX_ROUNDING = 1e-4
"""How far rounding may move a value on its scale."""


def scale_of(range_: NumericRange) -> str:
    """The scale of a range; for Auto, which lets AWS choose, the likely one."""
    if range_.scaling != "Auto":
        return range_.scaling
    low, high = number(range_.min), number(range_.max)
    is_wide = low is not None and high is not None and 0 < low * _MIN_LOGARITHMIC_RATIO <= high
    return "Logarithmic" if is_wide else "Linear"


def draw(range_: Range, random: Random) -> str:
    """A value of a range, drawn uniformly on its scale."""
    match range_:
        case CategoricalRange():
            return random.choice(range_.values)
        case AutoRange():
            return f"like {range_.value_hint}"
        case NumericRange():
            return at_share(range_, random.random())
    assert_never(range_)


def at_share(range_: NumericRange, share: float) -> str:
    """The value at a share of a range's scale; the minimum if a bound is not a number."""
    low, high = number(range_.min), number(range_.max)
    if low is None or high is None:
        return range_.min
    if _is_integer(range_):
        return str(_integer(int(low), int(high), scale_of(range_), share))
    bottom, top = float(low), float(high)
    scale = _possible_scale(range_, bottom, top)
    value = min(max(_value(bottom, top, scale, share), bottom), top)
    for digits in _DIGITS:
        text = f"{value:.{digits}g}"
        if low <= Decimal(text) <= high:
            rounded = _share(bottom, top, scale, float(text))
            if abs(rounded - _share(bottom, top, scale, value)) <= _MAX_ROUNDING:
                return text
    return range_.min if share < 0.5 else range_.max


def share_of(range_: NumericRange, text: str) -> float:
    """Where a value is on its range's scale, from 0 to 1; 0.5 if a text is not a number."""
    low, high, value = number(range_.min), number(range_.max), number(text)
    if low is None or high is None or value is None or low >= high:
        return 0.5
    if _is_integer(range_):
        share = _integer_share(int(low), int(high), scale_of(range_), round(value))
    else:
        bottom, top = float(low), float(high)
        share = _share(bottom, top, _possible_scale(range_, bottom, top), float(value))
    return min(max(share, 0.0), 1.0)


def is_inside(range_: Range, text: str) -> bool:
    """Whether a range has a value. The bounds are inside, and any notation of a number counts."""
    match range_:
        case CategoricalRange():
            return text in range_.values
        case AutoRange():
            return False
        case NumericRange():
            low, high, value = number(range_.min), number(range_.max), number(text)
            if low is None or high is None or value is None:
                return text == range_.min
            if range_.kind == "Integer" and value != value.to_integral_value():
                return False
            return low <= value <= high
    assert_never(range_)


def combination(definition: Definition, index: int) -> dict[str, str]:
    """The configuration at an index, if they are countable; the last range varies fastest."""
    values: dict[str, str] = {}
    for range_ in reversed(definition.ranges):
        index, place = divmod(index, value_count(range_) or 1)
        match range_:
            case CategoricalRange():
                values[range_.name] = tuple(dict.fromkeys(range_.values))[place]
            case NumericRange():
                values[range_.name] = str(int(range_.min) + place)
            case AutoRange():
                values[range_.name] = range_.value_hint
    return dict(reversed(values.items()))


def _is_integer(range_: NumericRange) -> bool:
    return range_.kind == "Integer" and WHOLE_NUMBER.fullmatch(range_.min) is not None


def _possible_scale(range_: NumericRange, bottom: float, top: float) -> Scale:
    """The scale, or Linear where its logarithm does not exist."""
    scale = scale_of(range_)
    if scale == "Logarithmic" and bottom > 0:
        return "Logarithmic"
    return "ReverseLogarithmic" if scale == "ReverseLogarithmic" and top < 1 else "Linear"


def _value(bottom: float, top: float, scale: Scale, share: float) -> float:
    match scale:
        case "Logarithmic":
            first, last = math.log(bottom), math.log(top)
            return math.exp(min(first + share * (last - first), last))
        case "ReverseLogarithmic":
            first, last = math.log1p(-bottom), math.log1p(-top)
            return 1 - math.exp(first + share * (last - first))
        case "Linear":
            return bottom * (1 - share) + top * share
    assert_never(scale)


def _share(bottom: float, top: float, scale: Scale, value: float) -> float:
    if not bottom < top:
        return 0.5
    value = min(max(value, bottom), top)
    match scale:
        case "Logarithmic":
            first, last = math.log(bottom), math.log(top)
            return (math.log(value) - first) / (last - first) if first < last else 0.5
        case "ReverseLogarithmic":
            first, last = math.log1p(-bottom), math.log1p(-top)
            return (math.log1p(-value) - first) / (last - first) if first > last else 0.5
        case "Linear":
            # Halves, because the width of a range may exceed a float.
            width = top / 2 - bottom / 2
            return (value / 2 - bottom / 2) / width if width else 0.5
    assert_never(scale)


def _integer(low: int, high: int, scale: str, share: float) -> int:
    if scale == "Logarithmic" and low > 0:
        # Half a step beyond both ends makes them as likely as the numbers between.
        bottom, top = math.log(low - 0.5), math.log(high + 0.5)
        value = math.exp(min(bottom + share * (top - bottom), top))
        return min(max(round(value), low), high)
    # Exact, because the number of integers may exceed a float.
    return min(low + math.floor(Fraction(share) * (high - low + 1)), high)


def _integer_share(low: int, high: int, scale: str, value: int) -> float:
    """The middle of the shares that give an integer."""
    value = min(max(value, low), high)
    if scale == "Logarithmic" and low > 0:
        bottom, top = math.log(low - 0.5), math.log(high + 0.5)
        return (math.log(value) - bottom) / (top - bottom) if bottom < top else 0.5
    return float(Fraction(2 * (value - low) + 1, 2 * (high - low + 1)))
