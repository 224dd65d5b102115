"""Decides whether a running training job stops early."""

from __future__ import annotations

from collections.abc import Sequence

from hptc.local.search.observation import Observation
from hptc.request.tuning_job import TuningJob


def stops_early(job: TuningJob, history: Sequence[Observation], running: Observation) -> bool:
    """Whether the training job `running` stops now, after the last of its reports.

    Call it after every report. `history` has the other training jobs, finished and pending;
    `running` may be among them.
    """
    raise NotImplementedError
