"""A plan: the decisions about an environment's specs, and its other jobs and stacks in AWS."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from hptc.cost.bound import BoundSummary
from hptc.cost.forecast import ExpectedCost, TotalCost, total_cost
from hptc.frozen import frozen
from hptc.jobs.decisions import (
    AlreadySubmitted,
    Blocked,
    DecidedJob,
    NotSubmitted,
    Submitted,
    Unchanged,
)
from hptc.service.tuning_jobs import FINAL_STATUSES
from hptc.stacks.results import StackStatuses


@frozen
class Place:
    """The account, Region and environment that a plan is for."""

    account: str
    region: str
    project: str
    environment: str


@frozen
class PlannedCost:
    """What one tuning job may cost, as known when it was planned."""

    bound: BoundSummary
    expected: ExpectedCost


@frozen
class PlannedSubmission(DecidedJob):
    """A tuning job to submit. A plan doesn't contain the request, only its digest and values."""

    commit: str | None
    provided: Mapping[str, str]  # the value of each reference, by the reference's name
    cost: PlannedCost | None = None  # None if not estimated


PlannedDecision = PlannedSubmission | Unchanged | Blocked


class StaleReason(StrEnum):
    """The reason why no spec compiles to a tuning job."""

    SUPERSEDED = "superseded"  # its spec has other content now
    ORPHANED = "orphaned"  # its spec was removed


@frozen
class StaleJob:
    """A tuning job of the environment that no spec compiles to."""

    name: str
    status: str
    created: datetime
    reason: StaleReason
    spec: str  # the name of the spec, or the path of a removed one

    @property
    def has_ended(self) -> bool:
        """Whether the job's status is final."""
        return self.status in FINAL_STATUSES


@frozen
class StaleJobs:
    """The stale tuning jobs: the running ones first, then the newest."""

    jobs: tuple[StaleJob, ...] = ()
    unchecked: int = 0  # older jobs, all of them ended, whose tags were not read


@frozen
class Plan:
    """What `hptc submit` would do for the specs of one environment."""

    place: Place
    decisions: tuple[PlannedDecision, ...]  # in the order of the specs
    stale: StaleJobs
    stacks: StackStatuses
    is_whole_project: bool  # otherwise no job and no stack counts as orphaned

    @property
    def to_submit(self) -> tuple[PlannedSubmission, ...]:
        """The new tuning jobs."""
        return tuple(
            decision for decision in self.decisions if isinstance(decision, PlannedSubmission)
        )

    @property
    def unchanged(self) -> tuple[Unchanged, ...]:
        """The tuning jobs that already exist in AWS."""
        return tuple(decision for decision in self.decisions if isinstance(decision, Unchanged))

    @property
    def blocked(self) -> tuple[Blocked, ...]:
        """The tuning jobs that can't be submitted."""
        return tuple(decision for decision in self.decisions if isinstance(decision, Blocked))

    @property
    def total_cost(self) -> TotalCost | None:
        """The total of the new jobs' costs; None if there are none, or not all are estimated."""
        costs = [job.cost for job in self.to_submit if job.cost is not None]
        if not costs or len(costs) < len(self.to_submit):
            return None
        return total_cost([(cost.bound, cost.expected) for cost in costs])

    @property
    def has_changes(self) -> bool:
        """Whether there is something to do. Stale jobs don't count: hptc can't remove them."""
        return bool(
            self.to_submit
            or self.blocked
            or self.stacks.not_deployed
            or self.stacks.foreign
            or self.stacks.orphaned
        )


@frozen
class Applied:
    """The outcome of one planned submission."""

    planned: PlannedSubmission
    outcome: Submitted | AlreadySubmitted | NotSubmitted
