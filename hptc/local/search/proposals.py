"""Proposes the next training job of a tuning job, by the request's strategy."""

from __future__ import annotations

from collections.abc import Sequence

from hptc.local.search.observation import Observation, Proposal
from hptc.request.tuning_job import TuningJob


def propose(
    job: TuningJob,
    history: Sequence[Observation],
    *,
    number: int,
    seed: int,
    parents: Sequence[Observation] = (),
) -> Proposal | None:
    """The configuration of the training job `number` (from 1); None when a grid is exhausted.

    Pure: the same arguments give the same proposal, in any process. `history` has the training
    jobs of this tuning job, finished and pending; `parents` those of its warm-start parents.
    Raises UsageError for Bayesian search without numpy and scipy.
    """
    raise NotImplementedError
