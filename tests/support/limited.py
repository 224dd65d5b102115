"""Runs `hptc` in a child process with limited time and memory, as an untrusted file deserves."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CPU_SECONDS = 10
"""hptc promises 2 s for a file of 1 MB. A busy machine needs more for the same work."""
MEMORY = 1_500_000_000  # bytes of address space
MEGABYTES = 300
"""Of memory in use, which hptc promises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a run printed and used."""

    code: int
    out: str
    err: str
    megabytes: float


def hptc(*arguments: str | bytes, cwd: Path, environment: Mapping[str, str] | None = None) -> Ran:
    """Run `hptc` within the limits. A run that exceeds them is killed: its code is negative."""
    out, err = cwd / ".stdout", cwd / ".stderr"
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "hptc", *arguments],
            cwd=cwd, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr,
            env={**os.environ, **(environment or {})}, preexec_fn=_limit,
        )  # fmt: skip
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return Ran(
        code=process.returncode,
        out=out.read_text("utf-8"),
        err=err.read_text("utf-8"),
        megabytes=used.ru_maxrss / (1024 if sys.platform == "linux" else 1024 * 1024),
    )


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
