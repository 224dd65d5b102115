"""A Gaussian process over the unit cube: Matern 5/2, one length scale per range, fitted by MAP.

The values are those of `standardized`. Import it within `numerical_libraries`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hptc.local.search.numerics import (
    Array,
    NotPositiveDefiniteError,
    cholesky,
    inverse_of_factored,
    minimize_in_box,
    solve_lower,
)

_ROOT_5 = 5**0.5
_JITTER = 1e-8
_MAX_FITTED = 150
"""The length scales are fitted to at most this many values; the time grows with its cube."""
_STEPS = 40
_LOG_WEIGHT = 7.0  # weights are inverse squared length scales, between exp(-7) and exp(7)
_LOG_SCALE = 5.0
_LOG_NOISE = (float(np.log(1e-6)), 0.0)
_START_NOISE = float(np.log(1e-3))


class GaussianProcess:
    """The posterior of a function of rows in the unit cube, given values at some of them."""

    def __init__(
        self, rows: Array, values: Array, weights: Array, *, scale: float, noise: float
    ) -> None:
        """`weights` has one inverse squared length scale per column."""
        self.rows, self.values = rows, values
        self.weights, self.scale, self.noise = weights, scale, noise
        covariance = scale * _matern(squared_distances(rows, rows, weights))
        covariance[np.diag_indices(len(rows))] += noise + _JITTER
        self._factor = cholesky(covariance)
        self._coefficients = inverse_of_factored(self._factor) @ values

    def predict(self, rows: Array) -> tuple[Array, Array]:
        """The means and the standard deviations, without the noise."""
        cross = self.scale * _matern(squared_distances(rows, self.rows, self.weights))
        means: Array = cross @ self._coefficients
        explained = solve_lower(self._factor, cross.T)
        variances = self.scale - np.einsum("ij,ij->j", explained, explained)
        deviations: Array = np.sqrt(np.maximum(variances, 1e-12))
        return means, deviations

    def means(self, rows: Array) -> Array:
        """The means alone, which take a fraction of the time."""
        cross = self.scale * _matern(squared_distances(rows, self.rows, self.weights))
        means: Array = cross @ self._coefficients
        return means

    def with_believed(self, rows: Array) -> GaussianProcess:
        """The posterior if the values at `rows` were their means: the kriging believer.

        https://hal.science/hal-00732512
        """
        if not len(rows):
            return self
        return GaussianProcess(
            np.vstack([self.rows, rows]),
            np.concatenate([self.values, self.means(rows)]),
            self.weights,
            scale=self.scale,
            noise=self.noise,
        )

    def left_out(self) -> Array:
        """The mean at each row if its own value were unknown (Rasmussen and Williams, 5.4.2)."""
        inverse = inverse_of_factored(self._factor)
        means: Array = self.values - self._coefficients / np.diag(inverse)
        return means


def fit(rows: Array, values: Array, groups: Sequence[int]) -> GaussianProcess:
    """The Gaussian process whose length scales, scale and noise are the most probable.

    `groups` has the index of each column's length scale.
    """
    count = max(groups) + 1
    chosen = _most_informative(values)
    distances = _grouped_distances(rows[chosen], groups, count)
    fitted = values[chosen]
    low = np.array([-_LOG_WEIGHT] * count + [-_LOG_SCALE, _LOG_NOISE[0]])
    high = np.array([_LOG_WEIGHT] * count + [_LOG_SCALE, _LOG_NOISE[1]])
    starts = [np.array([weight] * count + [0.0, _START_NOISE]) for weight in (0.0, 2.0)]
    minima = [
        minimize_in_box(
            lambda parameters: _negative_log_posterior(parameters, distances, fitted),
            start,
            low,
            high,
            steps=_STEPS,
        )
        for start in starts
    ]
    best = np.exp(min(minima, key=lambda minimum: minimum[1])[0])
    return GaussianProcess(
        rows, values, best[list(groups)], scale=float(best[-2]), noise=float(best[-1])
    )


def squared_distances(first: Array, second: Array, weights: Array) -> Array:
    """The weighted squared distance of each row of one to each row of the other."""
    roots = np.sqrt(weights)
    left, right = first * roots, second * roots
    squares = (left**2).sum(1)[:, None] + (right**2).sum(1)[None] - 2 * left @ right.T
    distances: Array = np.maximum(squares, 0)
    return distances


def _matern(squared: Array) -> Array:
    distances = np.sqrt(squared)
    covariance: Array = (1 + _ROOT_5 * distances + 5 / 3 * squared) * np.exp(-_ROOT_5 * distances)
    return covariance


def _grouped_distances(rows: Array, groups: Sequence[int], count: int) -> Array:
    """The squared distance of each pair of rows, for each group of columns: (group, pair)."""
    distances = np.zeros((count, len(rows) ** 2))
    for column, group in enumerate(groups):
        distances[group] += ((rows[:, column, None] - rows[None, :, column]) ** 2).ravel()
    return distances


def _most_informative(values: Array) -> Array | slice:
    """The best third of what can be fitted, and the latest of the others."""
    if len(values) <= _MAX_FITTED:
        return slice(None)
    order = np.argsort(values, kind="stable")
    best = order[: _MAX_FITTED // 3]
    others = np.sort(order[_MAX_FITTED // 3 :])
    chosen: Array = np.sort(np.concatenate([best, others[-(_MAX_FITTED - len(best)) :]]))
    return chosen


def _negative_log_posterior(
    parameters: Array, distances: Array, values: Array
) -> tuple[float, Array]:
    """The objective of the fit, and its gradient by the logarithms of the parameters.

    The priors keep a length scale from vanishing or growing without evidence, the scale near 1,
    which is the variance of standardized values, and the noise small.
    """
    exponentials = np.exp(parameters)
    weights, scale, noise = exponentials[:-2], exponentials[-2], exponentials[-1]
    size = len(values)
    squared = weights @ distances
    roots = np.sqrt(squared)
    decay = np.exp(-_ROOT_5 * roots)
    correlation = ((1 + _ROOT_5 * roots + 5 / 3 * squared) * decay).reshape(size, size)
    covariance = scale * correlation
    covariance[np.diag_indices(size)] += noise + _JITTER
    try:
        factor = cholesky(covariance)
        inverse = inverse_of_factored(factor)
    except NotPositiveDefiniteError:
        return float("inf"), np.zeros_like(parameters)
    coefficients = inverse @ values
    sensitivity = 0.5 * (inverse - np.outer(coefficients, coefficients))
    slope = -(5 / 6) * (1 + _ROOT_5 * roots) * decay
    by_weight = weights * (distances @ (scale * sensitivity.ravel() * slope))
    by_scale = scale * float(np.vdot(sensitivity, correlation))
    by_noise = noise * float(np.trace(sensitivity))
    value = 0.5 * float(values @ coefficients) + float(np.log(np.diag(factor)).sum())
    value += float((0.1 / weights + 0.1 * weights).sum())
    value += float(scale - np.log(scale) + 30 * noise - 0.1 * np.log(noise))
    gradient = np.concatenate(
        [
            by_weight - 0.1 / weights + 0.1 * weights,
            np.array([by_scale + scale - 1, by_noise + 30 * noise - 0.1]),
        ]
    )
    return value, gradient
