"""Configurations of grids and of random search."""

from __future__ import annotations

from random import Random

import pytest

from hptc.local.search.configurations import (
    grid_place,
    random_configuration,
    untried_combinations,
)
from tests.support.searches import categorical, integer, tuning_job

TWO_BY_THREE = tuning_job((categorical("a", "x", "y"), integer("b", "1", "3")))
(DEFINITION,) = TWO_BY_THREE.definitions


def test_combinations_that_were_not_tried() -> None:
    tried = [{"a": "x", "b": "1"}, {"a": "y", "b": "3"}]
    left = untried_combinations(DEFINITION, tried, limit=6)
    assert left is not None
    assert len(left) == 4
    assert all(configuration not in left for configuration in tried)
    assert untried_combinations(DEFINITION, tried, limit=5) is None


def test_a_random_search_ends_with_the_last_combination() -> None:
    tried: list[dict[str, str]] = []
    random = Random(5)
    for _ in range(6):
        configuration = random_configuration(DEFINITION, random, tried)
        assert configuration is not None
        assert configuration not in tried
        tried.append(dict(configuration))
    assert random_configuration(DEFINITION, random, tried) is None


def test_without_ranges_there_is_one_configuration() -> None:
    (definition,) = tuning_job(()).definitions
    assert random_configuration(definition, Random(5), []) == {}
    assert random_configuration(definition, Random(5), [{}]) is None


@pytest.mark.parametrize(("number", "index"), [(1, 0), (2, 1), (3, None)])
def test_the_points_of_a_grid_are_numbered(number: int, index: int | None) -> None:
    job = tuning_job((categorical("a", "x", "y"),))
    assert grid_place(job, number) == (None if index is None else (job.definitions[0], index))
