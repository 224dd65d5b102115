"""The Gaussian process of Bayesian search, against the formulas in Rasmussen and Williams."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.stats import multivariate_normal

from hptc.local.search.gaussian_process import (
    GaussianProcess,
    _grouped_distances,
    _most_informative,
    _negative_log_posterior,
    fit,
)
from hptc.local.search.numerics import (
    NotPositiveDefiniteError,
    cholesky,
    inverse_of_factored,
    minimize_in_box,
    solve_lower,
)

Array = np.ndarray
WEIGHTS, SCALE, NOISE = np.array([4.0, 0.5]), 1.3, 0.02
JITTER = 1e-8


def drawn(count: int) -> tuple[Array, Array]:
    """Rows of two columns, and standardized values that depend on the first one most."""
    rows = np.random.default_rng(7).random((count, 2))
    values = np.sin(5 * rows[:, 0]) + 0.1 * rows[:, 1]
    return rows, (values - values.mean()) / values.std()


def matern(first: Array, second: Array) -> Array:
    """Matern 5/2, equation 4.17, one pair of rows after the other."""
    covariances = np.empty((len(first), len(second)))
    for i, point in enumerate(first):
        for j, other in enumerate(second):
            r = np.sqrt(5 * (WEIGHTS * (point - other) ** 2).sum())
            covariances[i, j] = SCALE * (1 + r + r * r / 3) * np.exp(-r)
    return covariances


def covariance(rows: Array) -> Array:
    return matern(rows, rows) + (NOISE + JITTER) * np.eye(len(rows))


def process(count: int = 12) -> GaussianProcess:
    return GaussianProcess(*drawn(count), WEIGHTS, scale=SCALE, noise=NOISE)


def test_the_prediction_is_that_of_the_formula() -> None:
    rows, values = drawn(12)
    new = np.random.default_rng(8).random((5, 2))
    cross = matern(new, rows)
    inverse = np.linalg.inv(covariance(rows))
    means, deviations = process().predict(new)
    assert means == pytest.approx(cross @ inverse @ values)
    assert process().means(new) == pytest.approx(means)
    variances = SCALE - np.diag(cross @ inverse @ cross.T)
    assert deviations == pytest.approx(np.sqrt(variances))


def test_the_deviation_at_a_known_row_is_positive() -> None:
    rows, values = drawn(3)
    exact = GaussianProcess(rows, values, WEIGHTS, scale=SCALE, noise=0.0)
    means, deviations = exact.predict(rows)
    assert means == pytest.approx(values, abs=1e-5)
    assert (deviations >= 1e-6).all()
    assert (deviations < 1e-3).all()


def test_a_value_that_is_left_out_is_predicted_by_the_others() -> None:
    rows, values = drawn(12)
    for index, predicted in enumerate(process().left_out()):
        others = np.arange(12) != index
        without = GaussianProcess(rows[others], values[others], WEIGHTS, scale=SCALE, noise=NOISE)
        assert predicted == pytest.approx(without.means(rows[[index]])[0])


def test_believing_the_means_changes_no_mean_and_lowers_the_deviation() -> None:
    before = process()
    new = np.array([[0.99, 0.01]])
    after = before.with_believed(new)
    anywhere = np.random.default_rng(9).random((6, 2))
    assert after.means(anywhere) == pytest.approx(before.means(anywhere), abs=1e-6)
    assert after.predict(new)[1] < before.predict(new)[1]
    assert before.with_believed(np.empty((0, 2))) is before


@pytest.mark.parametrize("seed", range(3))
def test_the_objective_of_the_fit(seed: int) -> None:
    """The likelihood of the values, the priors beside it, and the gradient of both."""
    rows, values = drawn(9)
    distances = _grouped_distances(rows, [0, 1], 2)

    def objective(parameters: Array) -> float:
        return _negative_log_posterior(parameters, distances, values)[0]

    parameters = np.random.default_rng(seed).normal(size=4)
    gradient = _negative_log_posterior(parameters, distances, values)[1]
    assert gradient == pytest.approx(approx_fprime(parameters, objective, 1e-7), rel=1e-3, abs=1e-3)

    known = np.log([*WEIGHTS, SCALE, NOISE])
    density = multivariate_normal(np.zeros(9), covariance(rows)).logpdf(values)
    priors = sum(0.1 / weight + 0.1 * weight for weight in WEIGHTS)
    priors += SCALE - np.log(SCALE) + 30 * NOISE - 0.1 * np.log(NOISE)
    constant = 4.5 * np.log(2 * np.pi)
    assert objective(known) == pytest.approx(-density - constant + priors, abs=1e-5)


def test_a_fit_finds_the_column_that_matters() -> None:
    rows, values = drawn(25)
    model = fit(rows, values, [0, 1])
    assert model.weights[0] > 10 * model.weights[1]
    assert model.noise < 0.01
    assert model.values is values
    best = _negative_log_posterior(
        np.log([*model.weights, model.scale, model.noise]),
        _grouped_distances(rows, [0, 1], 2),
        values,
    )
    assert np.abs(best[1][:3]).max() < 0.05  # a minimum, but for the noise: it is at its bound


def test_columns_of_a_group_share_a_length_scale() -> None:
    rows, values = drawn(15)
    model = fit(np.column_stack([rows, rows[:, 1]]), values, [0, 1, 1])
    assert model.weights[1] == model.weights[2] != model.weights[0]


def test_squared_distances_of_a_group_are_added() -> None:
    rows = np.array([[0.0, 0.0, 0.5], [1.0, 2.0, 0.0]])
    assert _grouped_distances(rows, [0, 1, 1], 2) == pytest.approx(
        np.array([[0, 1, 1, 0], [0, 4.25, 4.25, 0]])
    )


def test_the_fit_takes_the_best_third_and_the_latest_of_the_rest() -> None:
    values = np.array([*np.linspace(0, 1, 100), *np.linspace(-1, -0.5, 60)])
    assert _most_informative(values[:150]) == slice(None)
    chosen = np.arange(160)[_most_informative(values)]
    assert len(set(chosen)) == 150
    assert all(value < other for value, other in pairwise(chosen))
    assert set(range(100, 150)) <= set(chosen)  # the fifty lowest
    assert set(range(10)).isdisjoint(chosen)  # the oldest of the others


def test_a_matrix_that_has_no_factor_is_an_error() -> None:
    good = np.array([[4.0, 1.0], [1.0, 3.0]])
    factor = cholesky(good)
    assert factor @ factor.T == pytest.approx(good)
    assert factor[0, 1] == 0
    assert inverse_of_factored(factor) @ good == pytest.approx(np.eye(2))
    assert factor @ solve_lower(factor, good) == pytest.approx(good)
    with pytest.raises(NotPositiveDefiniteError):
        cholesky(np.array([[1.0, 2.0], [2.0, 1.0]]))
    with pytest.raises(NotPositiveDefiniteError):
        inverse_of_factored(np.zeros((2, 2)))
    with pytest.raises(NotPositiveDefiniteError):
        solve_lower(np.zeros((2, 2)), np.ones((2, 1)))


def test_a_minimum_is_within_its_box() -> None:
    def bowl(place: Array) -> tuple[float, Array]:
        return float(((place - 3) ** 2).sum()), 2 * (place - 3)

    place, value = minimize_in_box(bowl, np.zeros(2), np.zeros(2), np.array([1.0, 9.0]), steps=50)
    assert place == pytest.approx([1, 3], abs=1e-4)
    assert value == pytest.approx(4)


def test_a_search_for_a_minimum_ends() -> None:
    calls = 0

    def valley(place: Array) -> tuple[float, Array]:
        nonlocal calls
        calls += 1
        x, y = place
        gradient = np.array([-400 * x * (y - x * x) - 2 * (1 - x), 200 * (y - x * x)])
        return float(100 * (y - x * x) ** 2 + (1 - x) ** 2), gradient

    low, high = np.full(2, -5.0), np.full(2, 5.0)
    _, early = minimize_in_box(valley, np.array([-1.2, 1.0]), low, high, steps=5)
    assert calls < 15
    _, late = minimize_in_box(valley, np.array([-1.2, 1.0]), low, high, steps=100)
    assert late < 1e-6 < early
