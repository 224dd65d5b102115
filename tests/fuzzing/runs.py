"""Runs hostile inputs within limits of time, in this process or in one that may die."""

from __future__ import annotations

import multiprocessing
import resource
import signal
import time
import traceback
from dataclasses import dataclass, field
from typing import Any

from hptc.frozen import frozen
from tests.fuzzing.checks import MishandledError, Result, examine
from tests.fuzzing.inputs import Input, make_input

MAX_SECONDS = 2.0  # of CPU time, so that a busy machine changes nothing
MAX_WAIT_SECONDS = 60.0  # for git


@frozen
class Finding:
    """A case that hptc has mishandled."""

    case: int
    problem: str
    input: Input


@dataclass(slots=True, kw_only=True)
class Outcome:
    """The results of a batch of cases."""

    findings: list[Finding] = field(default_factory=list)
    compiled: int = 0  # cases without an error
    refused: int = 0  # UsageErrors
    slowest: tuple[float, int] = (0.0, -1)  # seconds and case
    peak_mb: int = 0

    def add(self, other: Outcome) -> None:
        """Add the results of another batch."""
        self.findings += other.findings
        self.compiled += other.compiled
        self.refused += other.refused
        self.slowest = max(self.slowest, other.slowest)
        self.peak_mb = max(self.peak_mb, other.peak_mb)


class _TooSlow(BaseException):
    """Raised by the alarm; nothing in hptc catches it."""


def _run_case(seed: int, case: int, outcome: Outcome) -> None:
    """Run one case within the time limit."""
    hostile = make_input(seed, case)
    started = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, MAX_SECONDS)
    signal.setitimer(signal.ITIMER_REAL, MAX_WAIT_SECONDS)
    problem = ""
    try:
        result = examine(hostile)
        outcome.compiled += result is Result.COMPILED
        outcome.refused += result is Result.REFUSED
    except MishandledError as error:
        problem = str(error)
    except _TooSlow:
        problem = f"more than {MAX_SECONDS:g} s:\n{traceback.format_exc(limit=-4)}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
    outcome.slowest = max(outcome.slowest, (time.process_time() - started, case))
    if problem:
        outcome.findings.append(Finding(case=case, problem=problem, input=hostile))


def run(seed: int, cases: range) -> Outcome:
    """Run cases in this process, and return their results."""

    def alarm(_number: int, _frame: object) -> None:
        raise _TooSlow

    before = [(kind, signal.signal(kind, alarm)) for kind in (signal.SIGALRM, signal.SIGPROF)]
    outcome = Outcome()
    try:
        for case in cases:
            _run_case(seed, case, outcome)
    finally:
        for number, handler in before:
            signal.signal(number, handler)
    outcome.peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return outcome


def _run_batch(seed: int, cases: range, answer: Any, current: Any) -> None:
    outcome = Outcome()
    for case in cases:
        current.value = case
        outcome.add(run(seed, range(case, case + 1)))
    answer.send(outcome)


def run_in_process(seed: int, cases: range) -> Outcome:
    """Run cases in a separate process. If it dies, that is a finding, and the rest still run."""
    context = multiprocessing.get_context("fork")
    current = context.Value("q", cases.start, lock=False)
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run_batch, args=(seed, cases, theirs, current))
    process.start()
    theirs.close()
    try:
        outcome: Outcome = ours.recv()
    except EOFError:
        process.join()
        case = int(current.value)
        problem = f"the process died ({process.exitcode})"
        dead = Finding(case=case, problem=problem, input=make_input(seed, case))
        outcome = Outcome(findings=[dead])
        if case + 1 < cases.stop:
            outcome.add(run_in_process(seed, range(case + 1, cases.stop)))
    process.join()
    return outcome
