"""What the training jobs so far, and those of warm-start parents, say about the objective.

Import it within `numerical_libraries`.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from statistics import median

import numpy as np

from hptc.frozen import frozen
from hptc.local.search.columns import PARENT, Columns
from hptc.local.search.gaussian_process import fit
from hptc.local.search.numerics import Array
from hptc.local.search.observation import Observation
from hptc.request.scales import is_inside
from hptc.request.tuning_job import Definition

_TAIL = 2.0
"""Values are cut off at the median plus this many times the distance of the best one from it."""
_MIN_SPREAD = 0.3
_MIN_COMPLETED = 3


@frozen
class Standardized:
    """Values to be minimized, with a mean of 0 and a variance of 1."""

    values: Array
    best: float  # as it was
    mean: float
    deviation: float

    def of(self, value: float) -> float:
        """A value on this scale."""
        return value / self.deviation - self.mean / self.deviation


@frozen
class Evidence:
    """The rows with a value, and those of pending training jobs."""

    rows: Array
    values: Array  # standardized, to be minimized
    pending: Array
    own: Standardized | None  # the scale of this tuning job's values; None without any


def usable_parents(
    definition: Definition, parents: Sequence[Observation]
) -> tuple[Observation, ...]:
    """The parents' results that say something about a definition's ranges.

    Their values must be inside the ranges. A hyperparameter that the parent did not tune is
    unknown, but at least one must be known.
    """
    ranges = {range_.name: range_ for range_ in definition.ranges}
    usable = []
    for parent in parents:
        shared = ranges.keys() & parent.values.keys()
        if (
            shared
            and is_finite(parent.objective)
            and all(is_inside(ranges[name], parent.values[name]) for name in shared)
        ):
            usable.append(parent)
    usable.sort(
        key=lambda parent: (parent.definition, parent.number, sorted(parent.values.items()))
    )
    return tuple(usable)


def gather(
    columns: Columns,
    history: Sequence[Observation],
    parents: Sequence[Observation],
    *,
    maximizes: bool,
) -> Evidence:
    """The evidence of a definition's training jobs and of usable parents.

    A failed training job, or one without an objective, has the worst value seen. If the columns
    tell the source of a row, the parents' values are on another scale, and only relative.
    """
    sign = -1.0 if maximizes else 1.0
    done = [
        observation
        for observation in history
        if is_finite(observation.objective) and observation.state != "pending"
    ]
    failed = [observation for observation in history if _is_failure(observation)]
    pending = [observation for observation in history if observation.state == "pending"]
    results = [sign * value for value in final_values(done, maximizes=maximizes)]
    inherited = [sign * (parent.objective or 0.0) for parent in parents]
    rows = [columns.encode(_values(done)), columns.encode(_values(parents), source=PARENT)]
    values: list[Array] = []
    own: Standardized | None = None
    if not columns.has_source:
        own = standardize([*results, *inherited]) if results or inherited else None
        values = [] if own is None else [own.values]
    else:
        relative = standardize(inherited).values
        if results:
            expected = fit(rows[1], relative, columns.groups).means(
                columns.encode(_values(done), source=PARENT)
            )
            own = _aligned(standardize(results), expected)
            values = [own.values]
        values.append(relative)
    if own is not None and failed:
        rows.append(columns.encode(_values(failed)))
        values.append(np.full(len(failed), own.values.max()))
    return Evidence(
        rows=np.vstack(rows),
        values=np.concatenate([*values, np.empty(0)]),
        pending=columns.encode(_values(pending)),
        own=own,
    )


def final_values(ended: Sequence[Observation], *, maximizes: bool) -> list[float]:
    """The objectives, and of training jobs that were stopped what they would probably be.

    That is the last value, plus what those that completed gained after as many reports (the
    median), but not better than their median: early stopping ends what is worse. With their last
    values alone, configurations that learn slowly at first would look far worse than they are.
    """
    completed = [
        observation
        for observation in ended
        if observation.state == "succeeded" and observation.reports
    ]
    values = []
    for observation in ended:
        value, count = observation.objective or 0.0, len(observation.reports)
        longer = [other for other in completed if len(other.reports) > count > 0]
        if observation.state == "stopped" and len(longer) >= _MIN_COMPLETED:
            finals = [other.objective or 0.0 for other in longer]
            gains = [(other.objective or 0.0) - other.reports[count - 1] for other in longer]
            bar, gain = median(finals), median(gains)
            if maximizes:
                value = max(value, min(value + gain, bar))
            else:
                value = min(value, max(value + gain, bar))
        values.append(value)
    return values


def standardize(values: Sequence[float]) -> Standardized:
    """Cut off the worst values, and scale to a mean of 0 and a variance of 1.

    Without a cut, a few very bad configurations would flatten all the others.
    """
    raw = np.array(values, dtype=np.float64)
    unit = float(np.abs(raw).max())  # without it, their squares may exceed a float
    if unit < sys.float_info.min:  # numbers so small have few digits: these are all 0
        unit = 1.0
    raw = raw / unit
    middle, best = float(np.median(raw)), float(raw.min())
    if middle > best:
        raw = np.minimum(raw, middle + _TAIL * (middle - best))
    mean, deviation = float(raw.mean()), float(raw.std())
    if deviation < 1e-12:
        deviation = 1.0
    scaled: Array = (raw - mean) / deviation
    return Standardized(
        values=scaled, best=min(values), mean=mean * unit, deviation=deviation * unit
    )


def _aligned(own: Standardized, expected: Array) -> Standardized:
    """Results on the scale of what the parents' model expects of their rows.

    The first results are near the parents' best, so their mean is not that of the ranges.
    """
    shift, spread = float(expected.mean()), max(float(expected.std()), _MIN_SPREAD)
    deviation = own.deviation / spread
    return Standardized(
        values=own.values * spread + shift,
        best=own.best,
        mean=own.mean - shift * deviation,
        deviation=deviation,
    )


def is_finite(value: float | None) -> bool:
    """Whether there is a value that the search can use."""
    return value is not None and math.isfinite(value)


def _is_failure(observation: Observation) -> bool:
    """Whether a training job ended without a result that it should have had."""
    if observation.state == "stopped":
        return observation.objective is not None and not math.isfinite(observation.objective)
    return observation.state != "pending" and (
        observation.state == "failed" or not is_finite(observation.objective)
    )


def _values(observations: Sequence[Observation]) -> list[Mapping[str, str]]:
    return [observation.values for observation in observations]
