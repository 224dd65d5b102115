"""Configurations that need no model: grids, random ones, and stratified ones to start from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from random import Random

from hptc.request.job_facts import combinations, grid_points
from hptc.request.scales import at_share, combination, draw
from hptc.request.tuning_job import (
    AutoRange,
    CategoricalRange,
    Definition,
    NumericRange,
    TuningJob,
)

Values = Mapping[str, str]

_MAX_DRAWS = 100
_MAX_SCANNED = 100_000


def grid_place(job: TuningJob, number: int) -> tuple[Definition, int] | None:
    """The definition and the index in its grid of a training job; None beyond the last point.

    The definitions take turns until their grids are exhausted.
    """
    remaining = {
        index: grid_points(definition) or 0 for index, definition in enumerate(job.definitions)
    }
    turn = 0
    while remaining := {index: points for index, points in remaining.items() if points > turn}:
        # The smallest remaining grid is exhausted after this number of turns.
        turns = min(remaining.values()) - turn
        if number <= turns * len(remaining):
            turns_before, place = divmod(number - 1, len(remaining))
            return job.definitions[tuple(remaining)[place]], turn + turns_before
        number -= turns * len(remaining)
        turn += turns
    return None


def random_configuration(
    definition: Definition, random: Random, tried: Collection[Values]
) -> Values | None:
    """A configuration that was not tried, drawn uniformly; None if all were.

    AWS rejects a random search with more training jobs than combinations
    (https://github.com/aws/amazon-sagemaker-operator-for-k8s/issues/123), so none runs twice.
    """
    if not definition.ranges:
        return None if tried else {}
    seen = {_key(values) for values in tried}
    values: Values = {}
    for _ in range(_MAX_DRAWS):
        values = {range_.name: draw(range_, random) for range_ in definition.ranges}
        if _key(values) not in seen:
            return values
    count = combinations(definition)
    if count is None or count > _MAX_SCANNED:
        return values
    first = random.randrange(count)
    for index in range(count):
        values = combination(definition, (first + index) % count)
        if _key(values) not in seen:
            return values
    return None


def untried_combinations(
    definition: Definition, tried: Collection[Values], *, limit: int
) -> list[Values] | None:
    """Every configuration that was not tried; None if there are more than `limit` in total."""
    count = combinations(definition)
    if count is None or count > limit:
        return None
    seen = {_key(values) for values in tried}
    configurations = (combination(definition, index) for index in range(count))
    return [values for values in configurations if _key(values) not in seen]


def stratified_configuration(
    definition: Definition, *, index: int, count: int, seed: int
) -> Values:
    """One of `count` configurations that divide the scale of each range: a Latin hypercube.

    https://doi.org/10.1080/00401706.1979.10489755
    """
    values: dict[str, str] = {}
    for range_ in definition.ranges:
        random = Random(f"{seed} {definition.name} {range_.name}")  # noqa: S311
        strata = random.sample(range(count), count)
        share = (strata[index] + Random(f"{seed} {range_.name} {index}").random()) / count  # noqa: S311
        match range_:
            case CategoricalRange():
                choices = tuple(dict.fromkeys(range_.values))
                values[range_.name] = choices[int(share * len(choices))]
            case NumericRange():
                values[range_.name] = at_share(range_, share)
            case AutoRange():
                values[range_.name] = range_.value_hint
    return values


def _key(values: Values) -> frozenset[tuple[str, str]]:
    return frozenset(values.items())
