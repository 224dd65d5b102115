"""Decides when a tuning job is complete."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from hptc.frozen import frozen
from hptc.local.search.observation import Observation
from hptc.request.tuning_job import TuningJob

Criterion = Literal[
    "MaxNumberOfTrainingJobs",
    "MaxNumberOfTrainingJobsNotImproving",
    "MaxRuntimeInSeconds",
    "TargetObjectiveMetricValue",
    "CompleteOnConvergence",
]
"""The completion criteria, by their names in the API.

https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-progress.html
"""


@frozen
class Completion:
    """Why a tuning job starts no more training jobs."""

    criterion: Criterion
    reason: str  # a sentence without a full stop, with both values
    stops_running_jobs: bool  # otherwise the running training jobs finish first


def completion(
    job: TuningJob, history: Sequence[Observation], *, elapsed_seconds: float
) -> Completion | None:
    """The first completion criterion that is met; None while the tuning job continues.

    `history` has all of its training jobs, finished and pending.
    """
    raise NotImplementedError
