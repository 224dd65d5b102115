"""The JSON document of `hptc results`. Amounts are strings; what is unknown is null."""

from __future__ import annotations

from typing import Literal

from hptc.render.documents.members import Members
from hptc.render.documents.tuning_jobs import LocalRunData


class ActualCostData(Members):
    """The cost of the training jobs, at on-demand prices."""

    usd: str | None
    usd_known: str | None
    usd_at_most: str | None
    training_jobs_known: int
    training_jobs_not_read: int
    training_jobs_running: int
    unknown: list[str]
    billable_seconds: int | None
    bound_usd: str | None
    bound_usd_low: str | None
    bound_instance_hours: str | None
    price_dates: list[str]


class StoppedEarlyData(Members):
    """What early stopping saved."""

    training_jobs: int
    seconds_saved: int | None
    usd_saved: str | None


class AtBoundData(Members):
    """A hyperparameter whose best values sit at a bound of its range."""

    definition: str | None
    hyperparameter: str
    bound: Literal["min", "max"]
    value: str
    training_jobs_at_bound: int
    best_training_jobs: int
    wider: str | None
    """A bound to try next; null if there are no further values."""
    limit: str | None
    """Why there are none, such as `0 means no limit`."""


class ImportanceData(Members):
    """The importance of the hyperparameters of one definition, or why it is unknown."""

    definition: str | None
    shares: dict[str, float] | None
    r_squared: float | None
    unknown: str | None


class FailureData(Members):
    """Training jobs that failed for the same reason."""

    reason: str
    training_jobs: list[str]
    log: list[str]
    log_of: str | None
    log_error: str | None


class TrainingResultData(Members):
    """A training job, the best first."""

    number: int
    name: str
    definition: str | None
    status: str
    stopped_early: bool
    metric_name: str | None
    objective: float | None
    started: str | None
    ended: str | None
    seconds: int | None
    billable_seconds: int | None
    usd: str | None
    failure_reason: str | None
    hyperparameters: dict[str, str]


class ResultsData(Members):
    """The results of a tuning job."""

    name: str
    arn: str
    region: str
    status: str
    strategy: str
    spec: str | None
    commit: str | None
    cost: ActualCostData
    stopped_early: StoppedEarlyData | None
    at_bounds: list[AtBoundData]
    importance: list[ImportanceData]
    failures: list[FailureData]
    training_jobs: list[TrainingResultData]


class LocalResultsData(ResultsData):
    """The results of a tuning job on this machine."""

    local: LocalRunData
