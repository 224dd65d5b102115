"""Measures CPU seconds and memory, of this process and of others."""

from __future__ import annotations

import gc
import io
import resource
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from benchmarks.corpus import ROOT
from benchmarks.rows import Failure, Ratio, Row

MAX_REASON_LINES = 12
_STATUS = Path("/proc/self/status")


def attempt(claim: str, measure: Callable[[], Row]) -> Row:
    """A measurement's row, or its failure: the measurements after it still run."""
    try:
        return measure()
    except Exception as error:
        return Failure(claim=claim, reason=reason_of(error))


def reason_of(error: Exception) -> str:
    """What went wrong and where; of a process, the end of what it wrote to stderr."""
    if isinstance(error, subprocess.CalledProcessError):
        command = " ".join(str(part) for part in error.cmd)
        return f"{command} exited with {error.returncode}\n{_last_lines(error.stderr or '')}"
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {last.filename}:{last.lineno}: {_last_lines(str(error))}"


def _last_lines(text: str) -> str:
    return "\n".join(text.rstrip().splitlines()[-MAX_REASON_LINES:])


def cpu_seconds() -> float:
    """The CPU time of this process and of the child processes that it waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def peak_megabytes() -> int:
    """The most memory that this process has used so far.

    Linux keeps `ru_maxrss` of the process that started this one, so it is read from /proc there:
    https://man7.org/linux/man-pages/man2/getrusage.2.html
    """
    if _STATUS.exists():
        status = _STATUS.read_text("utf-8")
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024 // 1_000_000
    unit = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss, in bytes
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit // 1_000_000


def seconds_of(work: Callable[[], object]) -> float:
    """The CPU time of one run."""
    gc.collect()
    start = cpu_seconds()
    work()
    return cpu_seconds() - start


def compare(
    claim: str,
    ours: Callable[[], object],
    floor: Callable[[], object],
    *,
    rounds: int,
    aim: float | None = None,
) -> Ratio:
    """The minimum CPU time of both, which take turns so that a busy machine affects both."""
    pairs = [(seconds_of(ours), seconds_of(floor)) for _ in range(rounds)]
    least_ours, least_floor = (min(times) for times in zip(*pairs, strict=True))
    return Ratio(claim=claim, ours=least_ours, floor=least_floor, aim=aim)


def python(*arguments: str, environment: Mapping[str, str] | None = None) -> str:
    """Run Python in a process and return its stdout.

    Raises CalledProcessError, with its output, when that fails.
    """
    done = subprocess.run(
        [sys.executable, *arguments],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
    )
    return done.stdout


def hptc(*arguments: str) -> str:
    """Run one command in this process and return its stdout.

    Raises RuntimeError, with the end of what it printed, unless it exits with 0.
    """
    from hptc.cli import run

    stdout, stderr = io.StringIO(), io.StringIO()
    with redirect_stdout(stdout), redirect_stderr(stderr):
        code = run(list(arguments))
    if code != 0:
        printed = _last_lines(stderr.getvalue() + stdout.getvalue())
        raise RuntimeError(f"`hptc {' '.join(arguments)}` exited with {code}\n{printed}")
    return stdout.getvalue()
