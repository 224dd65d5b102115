"""Estimates the importance of the hyperparameters of a tuning job from its training jobs.

The estimate and numpy are imported here only, when it is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hptc.errors import UsageError
from hptc.request.job_facts import definition_name
from hptc.request.tuning_job import TuningJob
from hptc.results.hyperparameter_importance import Importance
from hptc.results.training_results import Results, TrainingResult

if TYPE_CHECKING:
    from hptc.local.search.observation import Observation, State

_STATES: dict[str, State] = {"Completed": "succeeded", "Stopped": "stopped", "Failed": "failed"}


def with_importance(results: Results) -> Results:
    """The results with the importance of each definition's hyperparameters, or why it is unknown.

    It takes seconds for 750 training jobs. Without numpy and scipy, it is unknown, and the reason
    says how to install them.
    """
    history = [_observation(training_job) for training_job in results.training_jobs]
    estimates = tuple(
        _importance_of(results.job, history, definition_name(results.job, definition))
        for definition in results.job.definitions
    )
    return replace(results, importance=estimates)


def _importance_of(job: TuningJob, history: Sequence[Observation], definition: str) -> Importance:
    from hptc.local.search.importance import NotEnoughEvidence, importance

    try:
        estimate = importance(job, history, definition=definition)
    except UsageError as error:
        return Importance(definition=definition, unknown=f"{error.message}: {error.help}")
    if isinstance(estimate, NotEnoughEvidence):
        return Importance(definition=definition, unknown=f"not enough evidence: {estimate.reason}")
    return Importance(
        definition=definition,
        shares=tuple((effect.name, effect.share) for effect in estimate.effects),
        r_squared=estimate.r_squared,
    )


def _observation(result: TrainingResult) -> Observation:
    from hptc.local.search.observation import Observation

    return Observation(
        number=result.number,
        definition=result.definition,
        values=dict(result.hyperparameters),
        state=_STATES.get(result.status, "pending"),
        objective=result.objective,
    )
