"""Decides how the ranges of a follow-up tuning job differ, each change with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from hptc.frozen import frozen
from hptc.request.job_facts import definition_name, number
from hptc.request.tuning_job import CategoricalRange, Definition, NumericRange
from hptc.results.gather import best_of, points_of
from hptc.results.range_evidence import (
    MAX_CHANCE,
    BestAtBound,
    BestWithin,
    Point,
    narrower,
    values_at_bounds,
)
from hptc.results.training_results import Results
from hptc.results.value_limits import ValueLimits, value_limits
from hptc.text import listed, quoted

Tuned = NumericRange | CategoricalRange
_NOT_WIDENED = "not widened, although the best values are at a bound"


@frozen
class RangeChange:
    """A range of the follow-up tuning job, and the evidence."""

    before: Tuned
    after: Tuned
    reasons: tuple[str, ...]

    @property
    def is_wider(self) -> bool:
        """Whether the range has values that it did not have before."""
        if not isinstance(self.after, NumericRange) or not isinstance(self.before, NumericRange):
            return False
        return _is_less(self.after.min, self.before.min) or _is_less(
            self.before.max, self.after.max
        )


def range_changes(results: Results, definition: Definition) -> tuple[RangeChange, ...]:
    """The changes of one definition's ranges. Without enough evidence, there are none."""
    best = best_of(results.training_jobs, results.job, definition)
    points = points_of(results.training_jobs, definition_name(results.job, definition))
    changes = []
    for range_ in definition.ranges:
        change = None
        if isinstance(range_, NumericRange) and best:
            change = _numeric(range_, best, len(points), value_limits(definition, range_.name))
        elif isinstance(range_, CategoricalRange) and best:
            change = _categorical(range_, best, points)
        if change is not None:
            changes.append(change)
    return tuple(changes)


def without_widening(change: RangeChange, reason: str) -> RangeChange:
    """The same change within the earlier bounds, with the reason that forbids others."""
    before, after = change.before, change.after
    if not isinstance(before, NumericRange) or not isinstance(after, NumericRange):
        return change
    low = before.min if _is_less(after.min, before.min) else after.min
    high = before.max if _is_less(before.max, after.max) else after.max
    kept = tuple(text for text in change.reasons if not text.startswith("widened"))
    return RangeChange(
        before=before,
        after=replace(after, min=low, max=high),
        reasons=(*kept, f"{_NOT_WIDENED}: {reason}"),
    )


def _numeric(
    range_: NumericRange, best: Sequence[Point], count: int, limits: ValueLimits
) -> RangeChange | None:
    within = narrower(range_, best, count)
    at_bounds = values_at_bounds([range_], best, lambda _: limits)
    low, high = (within.low, within.high) if within else (range_.min, range_.max)
    for evidence in at_bounds:
        if evidence.wider is not None and evidence.bound == "min":
            low = evidence.wider
        elif evidence.wider is not None:
            high = evidence.wider
    if (low, high) == (range_.min, range_.max):
        return None
    return RangeChange(
        before=range_,
        after=replace(range_, min=low, max=high),
        reasons=tuple(_reasons(range_, within, at_bounds)),
    )


def _reasons(
    range_: NumericRange, within: BestWithin | None, at_bounds: Sequence[BestAtBound]
) -> Iterator[str]:
    was = f"it was {range_.min} to {range_.max}"
    for evidence in at_bounds:
        if evidence.wider is not None:
            end = "minimum" if evidence.bound == "min" else "maximum"
            count = "all" if evidence.at_bound == evidence.best else f"{evidence.at_bound}"
            yield f"widened: {count} of the best {evidence.best} are at the {end}; {was}"
        elif evidence.limit:
            yield f"{_NOT_WIDENED}: {evidence.limit}"
    if within is not None:
        lowest, highest = _short(within.lowest), _short(within.highest)
        yield f"narrowed: the best {within.best} have {lowest} to {highest}; {was}"


def _categorical(
    range_: CategoricalRange, best: Sequence[Point], points: Sequence[Point]
) -> RangeChange | None:
    """Drop the values that none of the best has, unless that may be chance."""
    values = [point.values.get(range_.name) for point in points]
    chosen = {point.values.get(range_.name) for point in best}
    dropped = [
        value
        for value in range_.values
        if value not in chosen and (1 - values.count(value) / len(values)) ** len(best) < MAX_CHANCE
    ]
    if not dropped:
        return None
    kept = tuple(value for value in range_.values if value not in dropped)
    names = listed(quoted(value, 40) for value in dropped)
    tried = listed(f"{values.count(value)} times" for value in dropped)
    reason = f"without {names}: tried {tried}, but not among the best {len(best)}"
    return RangeChange(
        before=range_,
        after=replace(range_, values=kept),
        reasons=(reason,),
    )


def _short(text: str) -> str:
    value = number(text)
    return text if value is None or len(text) <= 8 else f"{value:.4g}"


def _is_less(low: str, high: str) -> bool:
    first, last = number(low), number(high)
    return first is not None and last is not None and first < last
