"""The problems of the search benchmark: functions with a known minimum of 0."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping

from hptc.frozen import frozen
from hptc.request.tuning_job import Range
from tests.support.searches import categorical, continuous, integer

Values = Mapping[str, str]


@frozen
class Problem:
    """A function with a known minimum of 0."""

    name: str
    ranges: tuple[Range, ...]
    value: Callable[[Values], float]


def branin(values: Values) -> float:
    """https://www.sfu.ca/~ssurjano/branin.html"""
    x, y = float(values["x"]), float(values["y"])
    wave = 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10
    return (y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6) ** 2 + wave - 0.397887


_SHARPNESS = (
    (10, 3, 17, 3.5, 1.7, 8),
    (0.05, 10, 17, 0.1, 8, 14),
    (3, 3.5, 1.7, 10, 17, 8),
    (17, 8, 0.05, 10, 0.1, 14),
)
_CENTERS = (
    (1312, 1696, 5569, 124, 8283, 5886),
    (2329, 4135, 8307, 3736, 1004, 9991),
    (2348, 1451, 3522, 2883, 3047, 6650),
    (4047, 8828, 8732, 5743, 1091, 381),
)
_DEPTHS = (1.0, 1.2, 3.0, 3.2)


def hartmann6(values: Values) -> float:
    """https://www.sfu.ca/~ssurjano/hart6.html"""
    x = [float(values[f"x{index}"]) for index in range(6)]
    total = 0.0
    for depth, sharpness, centers in zip(_DEPTHS, _SHARPNESS, _CENTERS, strict=True):
        pairs = zip(x, sharpness, centers, strict=True)
        total += depth * math.exp(-sum(a * (value - c / 10_000) ** 2 for value, a, c in pairs))
    return 3.32237 - total


def rosenbrock4(values: Values) -> float:
    """https://www.sfu.ca/~ssurjano/rosen.html"""
    x = [float(values[f"x{index}"]) for index in range(4)]
    return sum(
        100 * (after - value**2) ** 2 + (1 - value) ** 2 for value, after in itertools.pairwise(x)
    )


def mixed(values: Values) -> float:
    """Like XGBoost's validation error: interacting, on every scale, with a category."""
    eta, alpha = math.log10(float(values["eta"])), math.log10(float(values["alpha"]))
    beta = -math.log10(1 - float(values["beta"]))
    depth = int(values["max_depth"])
    away = eta + 1.2 + 0.08 * (depth - 6)
    booster = {"gbtree": 0.0, "dart": 0.08, "gblinear": 0.5}[values["booster"]]
    return (
        0.25 * away**2
        + 0.02 * (depth - 6) ** 2
        + 0.05 * (alpha + 2) ** 2
        + 0.15 * (beta - 2.5) ** 2
        + 0.8 * (float(values["subsample"]) - 0.8) ** 2
        + booster
        + 0.05 * (1 - math.cos(3 * away))
    )


PROBLEMS = (
    Problem(
        name="Branin",
        ranges=(continuous("x", "-5", "10"), continuous("y", "0", "15")),
        value=branin,
    ),
    Problem(
        name="Hartmann 6",
        ranges=tuple(continuous(f"x{index}", "0", "1") for index in range(6)),
        value=hartmann6,
    ),
    Problem(
        name="Rosenbrock 4",
        ranges=tuple(continuous(f"x{index}", "-2", "2") for index in range(4)),
        value=rosenbrock4,
    ),
    Problem(
        name="mixed",
        ranges=(
            continuous("eta", "1e-4", "1", "Logarithmic"),
            continuous("alpha", "1e-6", "10", "Logarithmic"),
            continuous("beta", "0.9", "0.99999", "ReverseLogarithmic"),
            integer("max_depth", "2", "12"),
            continuous("subsample", "0.3", "1"),
            categorical("booster", "gbtree", "dart", "gblinear"),
        ),
        value=mixed,
    ),
)
