"""Decides whether a running training job stops early: the median rule, or Hyperband's brackets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

from hptc.local.search.observation import Observation
from hptc.preview.outline import Bracket, Hyperband, hyperband
from hptc.request.job_facts import definition_name
from hptc.request.tuning_job import TuningJob


def stops_early(job: TuningJob, history: Sequence[Observation], running: Observation) -> bool:
    """Whether the training job `running` stops now, after the last of its reports.

    Call it after every report, because each one is an epoch, or another unit of Hyperband's
    resource. `history` has the other training jobs, finished and pending; `running` may be among
    them. Only training jobs of the same definition are compared.
    """
    if not running.reports:
        return False
    others = [
        observation
        for observation in history
        if observation.number != running.number and observation.definition == running.definition
    ]
    definition = next(
        (
            definition
            for definition in job.definitions
            if definition_name(job, definition) == running.definition
        ),
        None,
    )
    objective = definition.objective if definition is not None else None
    maximizes = objective is not None and objective.type == "Maximize"
    if job.strategy == "Hyperband":
        settings = hyperband(job, definition)
        return settings is not None and _stops_at_rung(
            job, settings, others, running, maximizes=maximizes
        )
    return job.early_stopping == "Auto" and _is_below_median(others, running, maximizes=maximizes)


def _is_below_median(
    others: Sequence[Observation], running: Observation, *, maximizes: bool
) -> bool:
    """AWS's rule: worse than the median of the earlier jobs' averages up to the same epoch.

    https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-early-stopping.html
    """
    epoch = len(running.reports)
    averages = [
        math.fsum(other.reports[:epoch]) / epoch
        for other in others
        if other.state in ("succeeded", "stopped") and len(other.reports) >= epoch
    ]
    return bool(averages) and _is_worse(running.reports[-1], median(averages), maximizes=maximizes)


def _stops_at_rung(
    job: TuningJob,
    hyperband: Hyperband,
    others: Sequence[Observation],
    running: Observation,
    *,
    maximizes: bool,
) -> bool:
    """Asynchronous successive halving, in the form that stops instead of pausing.

    At each rung of its bracket, a training job continues only if it is among the best that have
    reached the rung so far (https://arxiv.org/abs/1810.05934). At MaxResource it stops
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperbandStrategyConfig.html).
    """
    used = len(running.reports)
    if used >= hyperband.max_resource:
        return True
    bracket = bracket_of(job, hyperband, running)
    if used not in [rung.resource for rung in bracket.rungs[:-1]]:
        return False
    value = running.reports[-1]
    reached = [
        other.reports[used - 1]
        for other in others
        if len(other.reports) >= used and bracket_of(job, hyperband, other) == bracket
    ]
    better = sum(_is_worse(value, reached_value, maximizes=maximizes) for reached_value in reached)
    return better >= max(1, (len(reached) + 1) // hyperband.reduction)


def bracket_of(job: TuningJob, hyperband: Hyperband, observation: Observation) -> Bracket:
    """The bracket of a training job: a round fills one after the other, the shortest first.

    Each definition has its own rounds.
    """
    place = (observation.number - 1) // len(job.definitions) % hyperband.training_jobs
    for bracket in hyperband.brackets:
        if place < bracket.rungs[0].training_jobs:
            return bracket
        place -= bracket.rungs[0].training_jobs
    raise AssertionError("a round has as many training jobs as its brackets")


def _is_worse(value: float, than: float, *, maximizes: bool) -> bool:
    return value < than if maximizes else value > than
