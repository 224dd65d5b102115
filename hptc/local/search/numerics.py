"""The functions of scipy that the search uses, with types. Import it in `numerical_libraries`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, lapack, solve_triangular
from scipy.optimize import minimize
from scipy.special import ndtr

Array = NDArray[np.float64]

_TOLERANCE = 1e-7


class NotPositiveDefiniteError(Exception):
    """A matrix has no Cholesky factor."""


def cholesky(matrix: Array) -> Array:
    """The lower triangular factor. Raises NotPositiveDefiniteError."""
    try:
        return np.asarray(np.linalg.cholesky(matrix), dtype=np.float64)
    except np.linalg.LinAlgError:
        raise NotPositiveDefiniteError from None


def inverse_of_factored(factor: Array) -> Array:
    """The inverse of the symmetric matrix with a lower triangular Cholesky factor."""
    inverse, status = lapack.dpotri(factor, lower=1)
    if status != 0:
        raise NotPositiveDefiniteError
    whole: Array = inverse + inverse.T  # the other triangle is zero
    whole[np.diag_indices(len(whole))] /= 2
    return whole


def solve_lower(factor: Array, right: Array) -> Array:
    """The solution x of `factor` x = `right`, for a lower triangular factor."""
    try:
        solution: Array = solve_triangular(factor, right, lower=True, check_finite=False)
    except LinAlgError:
        raise NotPositiveDefiniteError from None
    return solution


def normal_distribution(z: Array) -> Array:
    """The distribution function of the standard normal distribution."""
    probability: Array = ndtr(z)
    return probability


def minimize_in_box(
    function: Callable[[Array], tuple[float, Array]],
    start: Array,
    low: Array,
    high: Array,
    *,
    steps: int,
) -> tuple[Array, float]:
    """A local minimum within bounds by L-BFGS-B, and its value. `function` has its gradient."""
    minimum = minimize(
        function,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=list(zip(low, high, strict=True)),
        options={"maxiter": steps, "maxfun": 2 * steps, "ftol": _TOLERANCE},
    )
    place: Array = np.clip(minimum.x, low, high)
    return place, float(minimum.fun)
