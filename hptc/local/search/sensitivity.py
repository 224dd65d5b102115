"""Total-effect Sobol indices of a Gaussian process. Import it within `numerical_libraries`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hptc.local.search.columns import Columns
from hptc.local.search.gaussian_process import fit
from hptc.local.search.observation import Observation
from hptc.local.search.observed_values import gather, usable_parents
from hptc.request.tuning_job import Definition

_SAMPLES = 1024
_SEED = 7


def usable_results(
    definition: Definition, history: Sequence[Observation]
) -> tuple[Observation, ...]:
    """The finished training jobs that have an objective and a value inside every range."""
    ended = [observation for observation in history if observation.state != "pending"]
    names = {range_.name for range_ in definition.ranges}
    return tuple(
        observation
        for observation in usable_parents(definition, ended)
        if names <= observation.values.keys()
    )


def total_effects(
    definition: Definition, results: Sequence[Observation]
) -> tuple[tuple[float, ...], float]:
    """The total effect of each range by Jansen's estimator, and the leave-one-out R squared."""
    columns = Columns(definition.ranges)
    is_maximized = definition.objective is not None and definition.objective.type == "Maximize"
    evidence = gather(columns, results, (), maximizes=is_maximized)
    model = fit(evidence.rows, evidence.values, columns.groups)
    errors = evidence.values - model.left_out()
    deviations = evidence.values - evidence.values.mean()
    r_squared = 1 - float((errors**2).sum() / (deviations**2).sum())
    generator = np.random.default_rng(_SEED)
    rows, others = columns.random(generator, _SAMPLES), columns.random(generator, _SAMPLES)
    means = model.means(rows)
    variance = float(means.var())
    groups = np.array(columns.groups)
    shares = []
    for index in range(len(definition.ranges)):
        changed = np.where(groups == index, others, rows)
        squares = float(((means - model.means(changed)) ** 2).mean())
        shares.append(min(squares / 2 / variance, 1.0) if variance > 0 else 0.0)
    return tuple(shares), r_squared
