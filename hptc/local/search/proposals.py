"""Proposes the next training job of a tuning job, by the request's strategy."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from hptc.errors import UsageError
from hptc.local.search.autotune import autotuned
from hptc.local.search.configurations import grid_place, random_configuration
from hptc.local.search.numerical_libraries import numerical_libraries
from hptc.local.search.observation import Observation, Proposal
from hptc.preview.outline import hyperband
from hptc.request.job_facts import definition_name, grid_points
from hptc.request.scales import combination
from hptc.request.tuning_job import TuningJob


def propose(
    job: TuningJob,
    history: Sequence[Observation],
    *,
    number: int,
    seed: int,
    parents: Sequence[Observation] = (),
) -> Proposal | None:
    """The configuration of the training job `number`, from 1; None when nothing is left to try.

    Pure: the same arguments give the same proposal, in any process. `history` has the training jobs
    of this tuning job, finished and pending; `parents` those of its warm-start parents. Raises
    UsageError for Bayesian search without numpy and scipy, for a grid with a range that is not
    Categorical, and for Hyperband without a known MaxResource.
    """
    job = autotuned(job).job
    if not job.definitions:
        return None
    match job.strategy:
        case "Grid":
            return _grid(job, number)
        case "Bayesian":
            with numerical_libraries("Bayesian search"):
                from hptc.local.search.bayesian import propose_bayesian

            return propose_bayesian(job, history, number=number, seed=seed, parents=parents)
        case "Hyperband" if any(
            hyperband(job, definition) is None for definition in job.definitions
        ):
            raise UsageError(
                "Hyperband requires MaxResource, which is neither set nor inferred from a static "
                "hyperparameter such as `epochs`",
                help="set `max_resource` in `hyperband`",
            )
        case _:
            return _random(job, history, number=number, seed=seed)


def _grid(job: TuningJob, number: int) -> Proposal | None:
    for definition in job.definitions:
        if definition.ranges and grid_points(definition) is None:
            raise UsageError(
                "grid search supports only Categorical ranges",
                help="list the values of each range, or use another strategy",
            )
    place = grid_place(job, number)
    if place is None:
        return None
    definition, index = place
    return Proposal(
        definition=definition_name(job, definition), values=combination(definition, index)
    )


def _random(
    job: TuningJob, history: Sequence[Observation], *, number: int, seed: int
) -> Proposal | None:
    """A random configuration. The definitions take turns, without those that are exhausted."""
    first = (number - 1) % len(job.definitions)
    for definition in job.definitions[first:] + job.definitions[:first]:
        name = definition_name(job, definition)
        tried = [
            observation.values for observation in history if observation.definition in (name, "")
        ]
        random = Random(f"{seed} {number} {name}")  # noqa: S311
        values = random_configuration(definition, random, tried)
        if values is not None:
            return Proposal(definition=name, values=values)
    return None
