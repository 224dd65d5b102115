"""The events of a tuning job that runs on this machine, for displays of its progress."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hptc.frozen import frozen


@frozen
class Opened:
    """A run begins, or continues a tuning job with training jobs that have ended."""

    total: int | None  # training jobs; None if only the search knows
    ended: int


@frozen
class Started:
    """A training job has started."""

    number: int
    name: str
    values: Mapping[str, str]
    is_again: bool = False  # its process was gone, so it starts from the beginning


@frozen
class Ended:
    """A training job has ended."""

    number: int
    name: str
    status: str
    metric: str
    value: float | None
    is_best: bool
    seconds: float
    reason: str = ""
    exit_code: int | None = None
    last_lines: tuple[str, ...] = ()


@frozen
class Waiting:
    """Training jobs are running. This is reported about once a second."""

    running: int
    ended: int
    seconds: float  # since the tuning job has started
    metric: str
    latest: float | None  # the last value that one of the running training jobs has reported


@frozen
class Noted:
    """Something that the user should know."""

    text: str


Event = Opened | Started | Ended | Waiting | Noted
Listener = Callable[[Event], None]


def ignore(_: Event) -> None:
    """Ignore all events."""
