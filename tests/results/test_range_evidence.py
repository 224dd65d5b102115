"""What the best training jobs say about a range."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest

from hptc.diagnostics import RequestPath
from hptc.request.scales import at_share
from hptc.request.tuning_job import CategoricalRange, NumericRange, Range
from hptc.results.range_evidence import (
    BestAtBound,
    Point,
    _chance_of_spread,
    best_points,
    narrower,
    values_at_bounds,
    wider_bound,
)
from hptc.results.value_limits import ValueLimits


def numeric(low: str, high: str, scaling: str = "Linear", kind: str = "Continuous") -> NumericRange:
    return NumericRange(kind=kind, name="x", min=low, max=high, scaling=scaling, path=RequestPath())


ETA = numeric("0.001", "0.5", "Logarithmic")


def at_bounds(ranges: Sequence[Range], best: Sequence[Point]) -> tuple[BestAtBound, ...]:
    return values_at_bounds(ranges, best, lambda _: ValueLimits())


def points(range_: NumericRange, shares: list[float], objectives: list[float]) -> list[Point]:
    return [
        Point(values={"x": at_share(range_, share)}, objective=objective)
        for share, objective in zip(shares, objectives, strict=True)
    ]


def spread(count: int) -> list[float]:
    return [index / (count - 1) for index in range(count)]


class TestBest:
    @pytest.mark.parametrize(("count", "best"), [(5, 0), (6, 3), (30, 3), (50, 5), (300, 10)])
    def test_a_tenth_but_at_least_three_of_six(self, count: int, best: int) -> None:
        best_of_all = best_points(points(ETA, spread(count), spread(count)), maximize=True)
        assert len(best_of_all) == best
        assert [training_job.objective for training_job in best_of_all] == spread(count)[::-1][
            :best
        ]

    def test_minimize(self) -> None:
        best = best_points(points(ETA, spread(30), spread(30)), maximize=False)
        assert [training_job.objective for training_job in best] == spread(30)[:3]

    def test_equal_objectives_are_no_evidence(self) -> None:
        assert best_points(points(ETA, spread(30), [0.5] * 30), maximize=True) == ()

    def test_equal_objectives_of_most_training_jobs_are_no_evidence(self) -> None:
        objectives = [0.1] * 10 + [0.5] * 20
        assert best_points(points(ETA, spread(30), objectives), maximize=True) == ()


class TestAtBounds:
    @pytest.mark.parametrize(
        ("scaling", "low", "high", "at_min", "at_max"),
        [
            ("Logarithmic", "0.001", "0.5", "0.0012", "0.45"),
            ("ReverseLogarithmic", "0.5", "0.999", "0.53", "0.9988"),
            ("Linear", "0", "1", "0.04", "0.96"),
        ],
    )
    def test_near_a_bound_on_its_own_scale(
        self, scaling: str, low: str, high: str, at_min: str, at_max: str
    ) -> None:
        range_ = numeric(low, high, scaling)
        for value, bound in ((at_min, "min"), (at_max, "max")):
            best = [Point(values={"x": value}, objective=1)] * 3
            assert [evidence.bound for evidence in at_bounds([range_], best)] == [bound]

    def test_near_a_bound_on_another_scale_only(self) -> None:
        # 0.02 of 0.001 to 0.5 is near the minimum if the scale is linear, and far if it is not.
        best = [Point(values={"x": "0.02"}, objective=1)] * 3
        assert at_bounds([ETA], best) == ()
        assert at_bounds([numeric("0.001", "0.5")], best)

    def test_most_of_the_best_are_enough(self) -> None:
        best = [Point(values={"x": "0.001"}, objective=1)] * 4
        best.append(Point(values={"x": "0.3"}, objective=1))
        (evidence,) = at_bounds([ETA], best)
        assert (evidence.at_bound, evidence.best) == (4, 5)

    def test_one_of_three_is_chance(self) -> None:
        best = [Point(values={"x": value}, objective=1) for value in ("0.001", "0.02", "0.1")]
        assert at_bounds([ETA], best) == ()

    @pytest.mark.parametrize(("high", "is_evidence"), [("3", False), ("20", True)])
    def test_few_integers_are_at_a_bound_by_chance(self, high: str, is_evidence: bool) -> None:
        range_ = numeric("1", high, "Linear", "Integer")
        best = [Point(values={"x": high}, objective=1)] * 3
        assert bool(at_bounds([range_], best)) == is_evidence

    def test_categories_have_no_bounds(self) -> None:
        range_ = CategoricalRange(name="x", values=("a", "b"), path=RequestPath())
        assert at_bounds([range_], [Point(values={"x": "a"}, objective=1)] * 9) == ()

    def test_random_search_gives_no_advice(self) -> None:
        random, advised = Random(3), 0
        for _ in range(200):
            shares = [random.random() for _ in range(50)]
            best = best_points(
                points(ETA, shares, [random.random() for _ in shares]), maximize=True
            )
            advised += len(at_bounds([ETA], best))
            for training_job in best:
                assert training_job.objective
        assert advised <= 4


@pytest.mark.parametrize(
    ("spread", "count", "chance"),
    [(0.5, 2, 0.75), (0.5, 3, 0.5), (0.1, 3, 0.028), (0.0, 3, 0.0), (1.0, 5, 1.0)],
)
def test_the_chance_that_values_are_so_close(spread: float, count: int, chance: float) -> None:
    """The distance between the outer two of three uniform values has the density 6 d (1 - d)."""
    assert _chance_of_spread(spread, count) == pytest.approx(chance)


class TestNarrower:
    def test_the_part_that_the_best_take_with_a_margin(self) -> None:
        best = points(ETA, [0.5, 0.52, 0.55, 0.56, 0.58], [1.0] * 5)
        narrowed = narrower(ETA, best, 50)
        assert narrowed is not None
        assert float(narrowed.low) == pytest.approx(float(at_share(ETA, 0.4)), rel=1e-3)
        assert float(narrowed.high) == pytest.approx(float(at_share(ETA, 0.68)), rel=1e-3)
        assert narrowed.lowest == best[0].values["x"]
        assert narrowed.highest == best[-1].values["x"]

    def test_a_bound_is_kept_as_it_is_written(self) -> None:
        range_ = numeric("1e-3", "0.5", "Logarithmic")
        narrowed = narrower(range_, points(range_, [0.01, 0.02, 0.05, 0.06], [1.0] * 4), 50)
        assert narrowed is not None
        assert narrowed.low == "1e-3"

    @pytest.mark.parametrize(
        ("shares", "of"),
        [
            ([0.1, 0.5, 0.9], 30),
            ([0.4, 0.5, 0.6, 0.55, 0.45], 8),
            ([0.1, 0.2, 0.35], 30),
            ([0.5, 0.51, 0.5, 0.51, 0.5], 11),
            ([0.5, 0.5], 30),
        ],
        ids=["spread", "too few training jobs", "chance", "one too few", "two values"],
    )
    def test_no_evidence(self, shares: list[float], of: int) -> None:
        assert narrower(ETA, points(ETA, shares, [1.0] * len(shares)), of) is None

    def test_twelve_training_jobs_are_enough(self) -> None:
        assert narrower(ETA, points(ETA, [0.5, 0.51, 0.5], [1.0] * 3), 12) is not None

    def test_random_search_narrows_nothing(self) -> None:
        random, narrowed = Random(5), 0
        for _ in range(300):
            shares = [random.random() for _ in range(60)]
            best = best_points(
                points(ETA, shares, [random.random() for _ in shares]), maximize=True
            )
            narrowed += narrower(ETA, best, 60) is not None
        assert 0 < narrowed <= 6  # one of 100 by chance

    def test_integers(self) -> None:
        range_ = numeric("1", "100", "Linear", "Integer")
        narrowed = narrower(range_, points(range_, [0.5, 0.51, 0.52, 0.53], [1.0] * 4), 40)
        assert narrowed is not None
        assert narrowed.low.isdigit()
        assert narrowed.high.isdigit()

    def test_a_single_integer_is_not_a_range(self) -> None:
        range_ = numeric("1", "3", "Linear", "Integer")
        assert narrower(range_, points(range_, [0.5] * 6, [1.0] * 6), 60) is None


@pytest.mark.parametrize(
    ("range_", "lower", "higher"),
    [
        (ETA, "0.0001", "5"),
        (numeric("0.5", "0.999", "ReverseLogarithmic"), "0", "0.9999"),
        (numeric("0", "0.6"), None, "0.9"),
        (numeric("0.2", "0.6"), "0", "0.8"),
        (numeric("-1", "1"), "-2", "2"),
        (numeric("2", "12", "Linear", "Integer"), "1", "17"),
        (numeric("1", "12", "Linear", "Integer"), None, "18"),
        (numeric("0", "12", "Linear", "Integer"), None, "18"),
        (numeric("1", "100", "Logarithmic", "Integer"), None, "1000"),
        (numeric("5", "5"), None, None),
        (numeric("6", "5"), None, None),
        (numeric("0", "1", "Logarithmic"), None, "1.5"),
        (numeric("0.5", "1", "ReverseLogarithmic"), "0.25", "1.25"),
        (numeric("2", "3", "Linear", "Integer"), None, "4"),
        (numeric("-1", "1", "Linear", "Integer"), "-2", "2"),
    ],
    ids=[
        *("log", "reverse log", "from 0", "positive", "signed"),
        *("count", "count from 1", "integer from 0", "log integer", "point"),
        *("reversed", "log from 0", "reverse log to 1", "two integers", "integers from -1"),
    ],
)
def test_the_next_bound(range_: NumericRange, lower: str | None, higher: str | None) -> None:
    assert wider_bound(range_, "min", ValueLimits()) == (lower, "")
    assert wider_bound(range_, "max", ValueLimits()) == (higher, "")
