"""How much each tuned hyperparameter matters to the objective, and how far to trust that."""

from __future__ import annotations

from collections.abc import Sequence

from hptc.frozen import frozen
from hptc.local.search.autotune import autotuned
from hptc.local.search.numerical_libraries import numerical_libraries
from hptc.local.search.observation import Observation
from hptc.request.job_facts import definition_name
from hptc.request.tuning_job import TuningJob
from hptc.text import plural

_MIN_RESULTS = 10
_MIN_RESULTS_PER_HYPERPARAMETER = 3


@frozen
class Effect:
    """The part of the objective's variance over the ranges that a hyperparameter takes part in."""

    name: str
    share: float  # from 0 to 1


@frozen
class Importance:
    """The total effects, the largest first. With interactions, their sum exceeds 1.

    `r_squared` is how well the model predicts each training job from all of the others: 1 is
    perfect, and near 0 the effects say nothing.
    """

    effects: tuple[Effect, ...]
    r_squared: float
    training_jobs: int


@frozen
class NotEnoughEvidence:
    """Why importance can't be estimated."""

    reason: str


def importance(
    job: TuningJob, history: Sequence[Observation], *, definition: str = ""
) -> Importance | NotEnoughEvidence:
    """The total-effect Sobol indices of the hyperparameters of one definition.

    The variance is that over the ranges, each on its own scale, not that over the training jobs,
    which crowd around the best configuration. Training jobs without an objective don't count.
    Raises UsageError without numpy and scipy. https://doi.org/10.1016/j.cpc.2009.09.018
    """
    job = autotuned(job).job
    tuned = next(
        (
            candidate
            for candidate in job.definitions
            if definition_name(job, candidate) == definition
        ),
        None,
    )
    if tuned is None or not tuned.ranges:
        return NotEnoughEvidence(reason="there are no tuned hyperparameters")
    with numerical_libraries("the importance of hyperparameters"):
        from hptc.local.search.sensitivity import total_effects, usable_results
    results = usable_results(
        tuned, [observation for observation in history if observation.definition == definition]
    )
    needed = max(_MIN_RESULTS, _MIN_RESULTS_PER_HYPERPARAMETER * len(tuned.ranges))
    if len(results) < needed:
        return NotEnoughEvidence(
            reason=f"{plural(len(results), 'training job')} with an objective, but "
            f"{plural(len(tuned.ranges), 'hyperparameter')} "
            f"{'needs' if len(tuned.ranges) == 1 else 'need'} at least {needed}"
        )
    if len({result.objective for result in results}) == 1:
        return NotEnoughEvidence(reason="every training job has the same objective")
    shares, r_squared = total_effects(tuned, results)
    if r_squared <= 0:
        return NotEnoughEvidence(
            reason=f"{plural(len(results), 'training job')} can't be predicted from one another, "
            f"so the objective may not depend on these hyperparameters (R2 {r_squared:.2f})"
        )
    effects = [
        Effect(name=range_.name, share=share)
        for range_, share in zip(tuned.ranges, shares, strict=True)
    ]
    effects.sort(key=lambda effect: -effect.share)
    return Importance(effects=tuple(effects), r_squared=r_squared, training_jobs=len(results))
