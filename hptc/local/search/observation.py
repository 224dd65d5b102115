"""What the search knows of a training job, and what it proposes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from hptc.frozen import frozen

State = Literal["pending", "succeeded", "stopped", "failed"]


@frozen
class Observation:
    """A training job as the search sees it."""

    number: int  # from 1, in the order of creation
    definition: str  # the name of its training job definition; empty if there is only one
    values: Mapping[str, str]  # the tuned hyperparameters, as the request would have them
    state: State
    objective: float | None = None  # final; None while it runs, and if it reported none
    reports: tuple[float, ...] = ()  # the objective metric in the order of its reports


@frozen
class Proposal:
    """The next training job."""

    definition: str
    values: Mapping[str, str]
