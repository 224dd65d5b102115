"""Bayesian search: the configuration with the highest expected improvement.

A Gaussian process models the objective; AWS's own model is not published. Pending training jobs
count as observations of the values that the model predicts for them. Import it within
`numerical_libraries`.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np

from hptc.frozen import frozen
from hptc.local.search.columns import Columns
from hptc.local.search.configurations import (
    Values,
    random_configuration,
    stratified_configuration,
    untried_combinations,
)
from hptc.local.search.gaussian_process import GaussianProcess, fit
from hptc.local.search.numerics import Array, normal_distribution
from hptc.local.search.observation import Observation, Proposal
from hptc.local.search.observed_values import gather, usable_parents
from hptc.request.job_facts import definition_name
from hptc.request.tuning_job import Definition, TuningJob

_DEFAULT_JOBS = 50
_MIN_INITIAL = 3
_MAX_INITIAL = 20
_INITIAL_SHARE = 6
_MIN_EVIDENCE = 2
_MAX_ENUMERATED = 2000
_CANDIDATES = 800
_NEAR_BEST = ((0.1, 100), (0.01, 100))  # (spread, number of candidates)
_CHAINS = 5
_NEIGHBORS = 30
_SPREADS = (0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)
_FINALISTS = 20


@frozen
class _Candidate:
    definition: Definition
    values: Values
    improvement: float  # the logarithm of the expected one, in the units of the objective


def propose_bayesian(
    job: TuningJob,
    history: Sequence[Observation],
    *,
    number: int,
    seed: int,
    parents: Sequence[Observation],
) -> Proposal | None:
    """The next configuration; None when every combination of countable ranges was tried."""
    turn, place = divmod(number - 1, len(job.definitions))
    searches = [_Search(job, definition, history, parents) for definition in job.definitions]
    search = searches[place]
    if turn < search.initial:
        values = stratified_configuration(
            search.definition, index=turn, count=search.initial, seed=seed
        )
        if values not in search.tried:
            return Proposal(definition=search.name, values=values)
    order = searches[place:] + searches[:place]
    unknown = [search for search in order if not search.has_evidence and not search.has_ended]
    if (drawn := _random_proposal(unknown, number=number, seed=seed)) is not None:
        return drawn
    overall = _overall_best(searches)
    candidates = [
        search.candidate(seed, number, overall) for search in order if search.has_evidence
    ]
    available = [candidate for candidate in candidates if candidate is not None]
    if not available:
        return _random_proposal(order, number=number, seed=seed)
    best = max(available, key=lambda candidate: candidate.improvement)
    return Proposal(definition=definition_name(job, best.definition), values=best.values)


def _random_proposal(searches: Sequence[_Search], *, number: int, seed: int) -> Proposal | None:
    """A random configuration of the first definition that has one left."""
    for search in searches:
        random = Random(f"{seed} {number} {search.name}")  # noqa: S311
        values = random_configuration(search.definition, random, search.tried)
        if values is not None:
            return Proposal(definition=search.name, values=values)
    return None


def _overall_best(searches: Sequence[_Search]) -> float | None:
    """The best value of all definitions, to be minimized; None if they can't be compared."""
    if len({search.maximizes for search in searches}) > 1:
        return None
    return min((search.best for search in searches if search.best is not None), default=None)


class _Search:
    """The search of one definition's ranges."""

    def __init__(
        self,
        job: TuningJob,
        definition: Definition,
        history: Sequence[Observation],
        parents: Sequence[Observation],
    ) -> None:
        self.definition = definition
        self.name = definition_name(job, definition)
        # In one order, because the last digits of a sum depend on it.
        jobs = [observation for observation in history if observation.definition in (self.name, "")]
        self._jobs = sorted(jobs, key=lambda observation: observation.number)
        self.tried = [observation.values for observation in self._jobs]
        warm_start = job.warm_start
        usable = usable_parents(definition, parents) if warm_start is not None else ()
        is_transfer = warm_start is not None and warm_start.type == "TransferLearning"
        self._columns = Columns(definition.ranges, has_source=is_transfer and bool(usable))
        objective = definition.objective
        self.maximizes = objective is not None and objective.type == "Maximize"
        self._evidence = gather(self._columns, self._jobs, usable, maximizes=self.maximizes)
        budget = (job.max_number_of_training_jobs or _DEFAULT_JOBS) // len(job.definitions)
        share = min(max(-(-budget // _INITIAL_SHARE), _MIN_INITIAL), _MAX_INITIAL)
        parallel = -(-job.max_parallel_training_jobs // len(job.definitions))
        self.initial = max(max(share, min(parallel, budget)) - len(usable), 0)

    @property
    def has_evidence(self) -> bool:
        """Whether there are enough values for a model."""
        return bool(self.definition.ranges) and len(self._evidence.values) >= _MIN_EVIDENCE

    @property
    def best(self) -> float | None:
        """The best value of its training jobs, to be minimized."""
        return self._evidence.own.best if self._evidence.own is not None else None

    @property
    def has_ended(self) -> bool:
        """Whether there is nothing to try, or the initial training jobs ended without a value."""
        if not self.definition.ranges:
            return bool(self.tried)
        ended = [job for job in self._jobs if job.state != "pending"]
        return not self.has_evidence and len(ended) >= max(self.initial, _MIN_INITIAL)

    def candidate(self, seed: int, number: int, overall: float | None) -> _Candidate | None:
        """The best configuration that was not tried, as far as the model can tell."""
        columns, evidence = self._columns, self._evidence
        generator = np.random.default_rng([abs(seed), number])
        model = fit(evidence.rows, evidence.values, columns.groups)
        model = model.with_believed(evidence.pending)
        if evidence.own is None:
            # The parents' values are on another scale, so take what the model predicts on this one.
            moved = model.rows.copy()
            moved[:, -1] = 0
            best = float(model.means(moved).min())
        else:
            best = evidence.own.of(evidence.own.best if overall is None else overall)
        # Otherwise, a configuration next to a pending one would seem to improve on the best.
        best = min([best, *map(float, model.values[len(evidence.values) :])])
        scored = self._scored(model, best, generator)
        if scored is None:
            return None
        values, improvement = scored
        deviation = evidence.own.deviation if evidence.own is not None else 1.0
        return _Candidate(
            definition=self.definition,
            values=values,
            improvement=improvement + float(np.log(deviation)),
        )

    def _scored(
        self, model: GaussianProcess, best: float, generator: np.random.Generator
    ) -> tuple[Values, float] | None:
        untried = untried_combinations(self.definition, self.tried, limit=_MAX_ENUMERATED)
        if untried is None:
            rows = self._refined(model, best, generator)
            decoded = [self._columns.decode(row) for row in rows]
            untried = [values for values in decoded if values not in self.tried]
        if not untried:
            drawn = random_configuration(
                self.definition,
                Random(int(generator.integers(2**32))),  # noqa: S311
                self.tried,
            )
            untried = [] if drawn is None else [drawn]
        if not untried:
            return None
        scores = log_expected_improvement(model, self._columns.encode(untried), best)
        index = int(scores.argmax())
        return untried[index], float(scores[index])

    def _refined(
        self, model: GaussianProcess, best: float, generator: np.random.Generator
    ) -> Array:
        """Rows with a high expected improvement, the best ones of several local searches."""
        columns = self._columns
        incumbent = model.rows[int(model.values.argmin())]
        near = [columns.near(generator, incumbent, spread, count) for spread, count in _NEAR_BEST]
        rows = np.vstack([columns.random(generator, _CANDIDATES), *near])
        scores = log_expected_improvement(model, rows, best)
        # Each chain is refined on its own: together, they would end in one basin.
        chains = rows[np.argsort(-scores, kind="stable")[:_CHAINS]]
        for spread in _SPREADS:
            groups = [
                np.vstack([row[None], columns.near(generator, row, spread, _NEIGHBORS)])
                for row in chains
            ]
            rows = np.vstack(groups)
            scores = log_expected_improvement(model, rows, best)
            winners = scores.reshape(len(groups), -1).argmax(1)
            chains = np.array([group[i] for group, i in zip(groups, winners, strict=True)])
        finalists: Array = rows[np.argsort(-scores, kind="stable")[:_FINALISTS]]
        return finalists


def log_expected_improvement(model: GaussianProcess, rows: Array, best: float) -> Array:
    """The logarithm of the expected improvement below `best`, exact far from it too.

    https://arxiv.org/abs/2310.20708
    """
    means, deviations = model.predict(rows)
    z = (best - means) / deviations
    density = np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    near = np.log(np.maximum(z * normal_distribution(z) + density, 1e-300))
    far = -z * z / 2 - np.log(2 * np.pi) / 2 - 2 * np.log(np.maximum(-z, 1))
    improvement: Array = np.log(deviations) + np.where(z > -5, near, far)
    return improvement
