"""The loop of `hptc watch` on a service and a clock that don't wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from io import StringIO

import pytest

from hptc.cli.watch_display import LineDisplay, LiveDisplay
from hptc.cli.watch_loop import Clock, watch_jobs
from hptc.errors import AwsError, OperationError
from hptc.jobs.job_observer import JobObserver
from hptc.jobs.job_progress import JobProgress
from hptc.service.tuning_jobs import TrainingJob
from tests.support.running_jobs import NAME, Service, Ticks, bound_of, training_job

ONE = [training_job(1, 0)]
FIRST_DONE = [training_job(2, 10), training_job(1, 0, 10)]
ALL_DONE = [training_job(2, 10, 20), training_job(1, 0, 10)]
EXPIRED = AwsError("The security token is expired", code="ExpiredToken", help="run `aws sso login`")


@dataclass
class Record:
    """A display that remembers what it was asked to show."""

    shown: list[JobProgress] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def show(self, progress: Sequence[JobProgress], now: datetime) -> None:
        self.shown += progress

    def note(self, text: str) -> None:
        self.notes.append(text)


@dataclass
class Run:
    code: int
    display: Record
    ticks: Ticks
    service: Service
    connections: int


def run(*states: tuple[list[TrainingJob], str] | AwsError, interval: float = 10) -> Run:
    service, display, ticks = Service(states=list(states)), Record(), Ticks()
    connections = 0

    def connect() -> Service:
        nonlocal connections
        connections += 1
        return service

    code = watch_jobs(
        [JobObserver(name=NAME, bound_of=bound_of)],
        connect,
        display,
        interval=interval,
        clock=Clock(now=ticks.now, sleep=ticks.sleep),
    )
    return Run(code, display, ticks, service, connections)


RUNNING = (ONE, "InProgress")


@pytest.mark.parametrize(
    ("status", "code"), [("Completed", 0), ("Failed", 3), ("Stopped", 3), ("DeleteFailed", 3)]
)
def test_the_exit_code_is_that_of_the_outcome(status: str, code: int) -> None:
    watched = run(RUNNING, (FIRST_DONE, "InProgress"), (ALL_DONE, status))
    assert watched.code == code
    assert [update.status for update in watched.display.shown] == [
        "InProgress",
        "InProgress",
        status,
    ]
    assert watched.connections == 1


def test_calls_become_rarer_while_nothing_changes() -> None:
    watched = run(*[RUNNING] * 7, (FIRST_DONE, "InProgress"), (ALL_DONE, "Completed"))
    assert watched.ticks.sleeps == [10, 15, 22.5, 33.75, 50.625, 60, 60, 10]


def test_an_interval_longer_than_the_default_is_kept() -> None:
    assert set(run(*[RUNNING] * 5, (ALL_DONE, "Completed"), interval=300).ticks.sleeps) == {300}


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(EXPIRED, id="expired credentials"),
        pytest.param(AwsError("cannot reach AWS", help="check the network"), id="network"),
        pytest.param(AwsError("Rate exceeded", code="ThrottlingException"), id="throttling"),
        pytest.param(AwsError("oops", code="InternalFailure"), id="internal error"),
    ],
)
def test_it_survives_errors_that_pass(error: AwsError) -> None:
    watched = run(RUNNING, error, error, error, (ALL_DONE, "Completed"))
    assert watched.code == 0
    assert watched.ticks.sleeps == [10, 10, 20, 40]
    assert watched.connections == 4  # with new credentials, if there are any
    assert len(watched.display.notes) == 3
    note = watched.display.notes[-1]
    assert error.message in note
    assert error.help in note
    assert "the tuning job is not affected; trying again in 40 s" in note


def test_waiting_for_credentials_has_a_limit() -> None:
    watched = run(RUNNING, *[EXPIRED] * 12, (ALL_DONE, "Completed"))
    assert max(watched.ticks.sleeps) == 300


@pytest.mark.parametrize(
    "states",
    [
        pytest.param([EXPIRED], id="on the first reading"),
        pytest.param([RUNNING, AwsError("no", code="AccessDeniedException")], id="denied"),
    ],
)
def test_other_errors_end_it(states: list[tuple[list[TrainingJob], str] | AwsError]) -> None:
    with pytest.raises(AwsError):
        run(*states)


def test_a_job_that_does_not_exist() -> None:
    class Empty(Service):
        def describe(self, name: str) -> None:
            return None

    with pytest.raises(OperationError, match=f"no tuning job `{NAME}`"):
        watch_jobs([JobObserver(name=NAME, bound_of=bound_of)], Empty, Record())


def test_training_jobs_that_have_ended_are_read_once() -> None:
    read: list[str] = []

    class Counting(Service):
        def list_training_jobs(self, name: str, *, limit: int | None = None):  # type: ignore[no-untyped-def]
            for job in super().list_training_jobs(name, limit=limit):
                read.append(job.name[-8:-5])
                yield job

    old = [training_job(number, 0, 1) for number in range(50, 2, -1)]
    now = [training_job(52, 3), training_job(51, 2, 4), *old]
    service = Counting(states=[([training_job(51, 2), *old], "InProgress"), (now, "Completed")])
    ticks = Ticks()
    observer = JobObserver(name=NAME, bound_of=bound_of)
    clock = Clock(now=ticks.now, sleep=ticks.sleep)
    watch_jobs([observer], lambda: service, Record(), clock=clock)
    assert read[49:] == ["052", "051", "050"]


def test_without_permission_to_list_training_jobs() -> None:
    class Denied(Service):
        def list_training_jobs(self, name: str, *, limit: int | None = None):  # type: ignore[no-untyped-def]
            self.calls.append("list_training_jobs")
            raise AwsError("no", code="AccessDeniedException")

    service = Denied(states=[RUNNING, (ALL_DONE, "Completed")])
    display, ticks = Record(), Ticks()
    clock = Clock(now=ticks.now, sleep=ticks.sleep)
    observer = JobObserver(name=NAME, bound_of=bound_of)
    assert watch_jobs([observer], lambda: service, display, clock=clock) == 0
    assert {(update.running, update.cost) for update in display.shown} == {(None, None)}
    assert service.calls.count("list_training_jobs") == 1


def test_an_interruption_is_passed_on() -> None:
    ticks = Ticks()

    def interrupt() -> None:
        raise KeyboardInterrupt

    ticks.on_sleep = interrupt
    observer = JobObserver(name=NAME, bound_of=bound_of)
    service = Service(states=[RUNNING])
    with pytest.raises(KeyboardInterrupt):
        watch_jobs(
            [observer], lambda: service, Record(), clock=Clock(now=ticks.now, sleep=ticks.sleep)
        )
    assert observer.latest is not None


def test_lines_are_printed_when_something_changed() -> None:
    lines: list[str] = []
    service, ticks = Service(states=[RUNNING, RUNNING, RUNNING, (ALL_DONE, "Completed")]), Ticks()
    watch_jobs(
        [JobObserver(name=NAME, bound_of=bound_of)],
        lambda: service,
        LineDisplay(lines.append),
        interval=60,
        clock=Clock(now=ticks.now, sleep=ticks.sleep),
    )
    first, last = lines
    assert first == (
        f"2026-01-01 00:00:00 UTC  {NAME}: InProgress, 0 of 4 ended (1 in progress); "
        "$0.00 of at most $2.44"
    )
    assert last == (
        f"2026-01-01 00:03:00 UTC  {NAME}: Completed, 2 of 4 ended (2 completed); "
        "best validation:auc = 0.5; $0.21 of at most $2.44"
    )


def test_a_live_block_is_redrawn_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    stream = StringIO()
    display = LiveDisplay(stream)
    service, ticks = Service(states=[RUNNING, EXPIRED, (ALL_DONE, "Completed")]), Ticks()
    watch_jobs(
        [JobObserver(name=NAME, bound_of=bound_of)],
        lambda: service,
        display,
        clock=Clock(now=ticks.now, sleep=ticks.sleep),
    )
    frames = stream.getvalue().split("\r\N{ESCAPE}[J")
    assert len(frames) == 4
    first, noted, last = frames[1:]
    assert first.startswith(f"{NAME}  InProgress\n")
    assert "read at 00:00:00 UTC; Ctrl-C ends watching" in first
    height = first.count("\n")
    assert first.endswith(f"\N{ESCAPE}[{height}A")
    assert noted.startswith("cannot read from AWS: The security token is expired")
    assert noted.endswith(f"\N{ESCAPE}[{height}A")
    assert last.startswith(f"{NAME}  Completed\n")
    assert all(len(line) < 60 for line in last.splitlines())
