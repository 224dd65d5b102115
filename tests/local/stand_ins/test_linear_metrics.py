"""The losses that the stand-in for Linear Learner reports, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from hptc.local.stand_ins.linear_metrics import objective_loss

LABELS = np.array([0.0, 0.0, 0.0, 0.0])
DISTANCES = np.array([0.0, -0.1, 0.5, -2.5])


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ("squared_error", (0.01 + 0.25 + 6.25) / 4),
        ("huber", (0.005 + 0.125 + 0.5 * 2.25) / 4),  # epsilon * (distance - epsilon / 2)
        ("epsilon_insensitive", 2.0 / 4),
        ("squared_epsilon_insensitive", 4.0 / 4),
    ],
)
def test_the_loss_of_a_regressor(loss: str, expected: float) -> None:
    assert objective_loss(loss, LABELS, DISTANCES, 0.5) == pytest.approx(expected)


def test_the_hinge_loss_of_a_binary_classifier() -> None:
    # of class 1 with the scores 2 and 0.5, of class 0 with the score 0.5: 0, 0.5 and 1.5
    labels, scores = np.array([1, 1, 0]), np.array([2.0, 0.5, 0.5])
    assert objective_loss("hinge", labels, scores, 0.0) == pytest.approx(2.0 / 3)


def test_the_logistic_loss_of_classes() -> None:
    labels, chances = np.array([0, 1]), np.array([[0.5, 0.5], [0.75, 0.25]])
    expected = (np.log(2) + np.log(4)) / 2
    assert objective_loss("log_loss", labels, chances, 0.0) == pytest.approx(expected)
