"""The tick labels on the axis of a numeric range."""

from __future__ import annotations

import math
from collections.abc import Callable

from hptc.request.scales import scale_of
from hptc.request.tuning_job import NumericRange


def axis_ticks(
    range_: NumericRange, low: float, high: float, position: Callable[[float], float]
) -> list[tuple[float, str]]:
    """The ends as written in the spec, and values between them, not too close to the ends.

    `position` is where a value is on the axis, from 0 to 1.
    """
    scale = scale_of(range_)
    inner: list[float] = []
    if scale == "Logarithmic" and low > 0:
        decades = range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)
        step = max(1, -(-len(decades) // 6))
        inner = [10.0**decade for decade in decades[::step]]
    elif scale == "ReverseLogarithmic" and high < 1:
        inner = [1 - 10.0**-power for power in range(1, 9)]
    else:
        inner = [low * (1 - part / 4) + high * (part / 4) for part in (1, 2, 3)]
    if range_.kind == "Integer":
        inner = [float(round(value)) for value in inner]
    ends = [(low, range_.min), (high, range_.max)]
    between = [
        (value, f"{value:.6g}")
        for value in dict.fromkeys(inner)
        if low < value < high
        and all(abs(position(value) - position(end)) > _MIN_DISTANCE for end, _ in ends)
    ]
    return [ends[0], *between, ends[1]]


_MIN_DISTANCE = 0.08
