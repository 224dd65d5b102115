"""What the best training jobs say about the ranges: where they sit on each range's own scale.

Nothing is concluded that chance explains: a conclusion holds if training jobs with values drawn at
random would look the same in fewer than one of a hundred tuning jobs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Literal

from hptc.frozen import frozen
from hptc.request.job_facts import number
from hptc.request.scales import at_share, scale_of, share_of
from hptc.request.tuning_job import NumericRange, Range
from hptc.results.value_limits import ValueLimits

MIN_TRAINING_JOBS = 6
"""With fewer objectives, ranges are not assessed."""

_NEAR = 0.05  # of the scale counts as at the bound
MAX_CHANCE = 0.01
"""A conclusion that chance explains more often than this is not drawn."""
_LARGEST_BEST = 10
_WIDEST_NARROWED = 0.6  # of the scale: a range that would stay wider is not worth narrowing
_MARGIN = 0.1  # of the scale, kept on both sides of the best values

Bound = Literal["min", "max"]


@frozen
class Point:
    """A training job with an objective: its tuned hyperparameters."""

    values: Mapping[str, str]
    objective: float


@frozen
class BestAtBound:
    """A hyperparameter whose best values sit at a bound of its range."""

    definition: str
    name: str
    bound: Bound
    value: str  # of the bound
    at_bound: int  # of the best training jobs
    best: int
    wider: str | None  # a bound to try next; None if there are no further values
    limit: str = ""  # why there are none


@frozen
class BestWithin:
    """A hyperparameter whose best values take a part of its range."""

    name: str
    low: str  # the range that they take, with a margin
    high: str
    best: int
    lowest: str  # of the best values
    highest: str


def best_points(points: Sequence[Point], *, maximize: bool) -> tuple[Point, ...]:
    """The best tenth, at least 3; none if there are too few, or if they are not better than most.

    Training jobs with the same objective are no evidence.
    """
    if len(points) < MIN_TRAINING_JOBS:
        return ()
    ordered = sorted(points, key=lambda point: point.objective, reverse=maximize)
    best = ordered[: max(3, min(_LARGEST_BEST, len(points) // 10))]
    return tuple(best) if best[-1].objective != ordered[len(ordered) // 2].objective else ()


def values_at_bounds(
    ranges: Sequence[Range],
    best: Sequence[Point],
    limits: Callable[[str], ValueLimits],
    definition: str = "",
) -> tuple[BestAtBound, ...]:
    """The ranges whose best values sit at a bound. `limits` are those of a hyperparameter."""
    at_bounds = []
    for range_ in ranges:
        if not isinstance(range_, NumericRange) or not best:
            continue
        values = [point.values[range_.name] for point in best if range_.name in point.values]
        sides: tuple[Bound, Bound] = ("min", "max")
        for bound in sides:
            count = sum(_is_at(range_, value, bound) for value in values)
            if _chance(count, len(values), _share_at_bound(range_)) < MAX_CHANCE:
                wider, limit = wider_bound(range_, bound, limits(range_.name))
                at_bounds.append(
                    BestAtBound(
                        definition=definition,
                        name=range_.name,
                        bound=bound,
                        value=range_.min if bound == "min" else range_.max,
                        at_bound=count,
                        best=len(best),
                        wider=wider,
                        limit="" if wider is not None else limit,
                    )
                )
    return tuple(at_bounds)


def narrower(range_: NumericRange, best: Sequence[Point], total: int) -> BestWithin | None:
    """The part of a range that the best of `of` training jobs take; None if it is most of it."""
    values = [point.values[range_.name] for point in best if range_.name in point.values]
    shares = [share_of(range_, value) for value in values]
    if len(shares) < 3 or total < 2 * MIN_TRAINING_JOBS:
        return None
    spread = max(shares) - min(shares)
    low, high = max(0.0, min(shares) - _MARGIN), min(1.0, max(shares) + _MARGIN)
    if high - low > _WIDEST_NARROWED or _chance_of_spread(spread, len(shares)) >= MAX_CHANCE:
        return None
    bounds = at_share(range_, low) if low else range_.min, at_share(range_, high)
    if high == 1:
        bounds = bounds[0], range_.max
    if bounds == (range_.min, range_.max) or _not_less(*bounds):
        return None
    by_share = sorted(zip(shares, values, strict=True))
    return BestWithin(
        name=range_.name,
        low=bounds[0],
        high=bounds[1],
        best=len(best),
        lowest=by_share[0][1],
        highest=by_share[-1][1],
    )


def wider_bound(range_: NumericRange, bound: Bound, limits: ValueLimits) -> tuple[str | None, str]:
    """The next bound to try: ten times further on a logarithmic scale, else half a width further.

    None if there are no further values, with the reason if it is a limit: 0 on a linear scale that
    has no negative values, and 1 of a count, for which 0 most often means none or no limit.
    """
    low, high = number(range_.min), number(range_.max)
    if low is None or high is None or low >= high:
        return None, ""
    match scale_of(range_):
        case "Logarithmic" if low > 0:
            wider = low / 10 if bound == "min" else high * 10
        case "ReverseLogarithmic" if high < 1:
            wider = 1 - (1 - low) * 10 if bound == "min" else 1 - (1 - high) / 10
            wider = max(wider, Decimal(0))
        case _:
            half = (high - low) / 2
            wider = low - half if bound == "min" else high + half
            if low >= 0:
                wider = max(wider, Decimal(0))
    end, is_integer = low if bound == "min" else high, range_.kind == "Integer"
    if is_integer:
        wider = wider.to_integral_value()
        if low >= 1:
            wider = max(wider, Decimal(1))
    if wider != end:
        wider, limit = limits.last_toward(wider, end, is_integer=is_integer)
    else:
        further = end - 1 if bound == "min" else end + 1
        _, limit = limits.last_toward(further, end, is_integer=is_integer)
    is_wider = wider < end if bound == "min" else wider > end
    if not is_wider or not math.isfinite(float(wider)):
        return None, limit
    return f"{wider:.0f}" if is_integer else f"{float(wider):.12g}", ""


def _is_at(range_: NumericRange, value: str, bound: Bound) -> bool:
    end = number(range_.min if bound == "min" else range_.max)
    if end is not None and number(value) == end:
        return True
    share = share_of(range_, value)
    return share <= _NEAR if bound == "min" else share >= 1 - _NEAR


def _share_at_bound(range_: NumericRange) -> float:
    """The share of values drawn at random that counts as at a bound."""
    low, high = number(range_.min), number(range_.max)
    if range_.kind != "Integer" or low is None or high is None or high < low:
        return _NEAR
    return max(_NEAR, float(1 / (high - low + 1)))


def _chance(count: int, total: int, share: float) -> float:
    """The probability that at least `count` of `of` values are in a share of the scale."""
    return sum(
        math.comb(total, hits) * share**hits * (1 - share) ** (total - hits)
        for hits in range(count, total + 1)
    )


def _chance_of_spread(spread: float, count: int) -> float:
    """The probability that so many values drawn at random are so close, or closer."""
    return count * spread ** (count - 1) - (count - 1) * spread**count


def _not_less(low: str, high: str) -> bool:
    first, last = number(low), number(high)
    return first is None or last is None or first >= last
