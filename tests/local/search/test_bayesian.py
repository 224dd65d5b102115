"""The acquisition function of Bayesian search."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from hptc.local.search.bayesian import log_expected_improvement


class Predicted:
    """A model that predicts the same for every row."""

    def __init__(self, mean: float, deviation: float) -> None:
        self._mean, self._deviation = mean, deviation

    def predict(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.full(len(rows), self._mean), np.full(len(rows), self._deviation)


@pytest.mark.parametrize("distance", [-3.0, 0.0, 0.5, 2.0, 4.9, 5.1, 8.0, 20.0])
@pytest.mark.parametrize("deviation", [0.5, 2.0])
def test_expected_improvement_is_its_integral(distance: float, deviation: float) -> None:
    """The best value is `distance` standard deviations below the prediction."""
    model: Any = Predicted(1 + distance * deviation, deviation)
    # Scaled by the density at the best value, so that nothing underflows far from it.
    integral, _ = quad(lambda t: t * np.exp(-t * t / 2 - distance * t), 0, 40)
    exact = np.log(integral) + norm.logpdf(distance) + np.log(deviation)
    improvements = log_expected_improvement(model, np.zeros((3, 2)), 1.0)
    assert improvements == pytest.approx([exact] * 3, abs=0.15 if distance > 5 else 1e-6)
