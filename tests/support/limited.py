"""Runs `hptc` in a child process with limited time and memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CPU_SECONDS = 10  # after which a run is killed
SECONDS = 4
"""CPU time. hptc promises 2 s for a file of 1 MB on a current CPU; the CPUs of CI can be slower."""
MEMORY = 1_500_000_000  # bytes of address space
MEGABYTES = 300
"""The memory in use that hptc promises not to exceed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a run printed and used."""

    code: int
    out: str
    err: str
    megabytes: float
    seconds: float  # of CPU time


def hptc(*arguments: str | bytes, cwd: Path, environment: Mapping[str, str] | None = None) -> Ran:
    """Run `hptc` within the limits. A run that exceeds them is killed: its code is negative."""
    out, err, used = cwd / ".stdout", cwd / ".stderr", cwd / ".used"
    with out.open("wb") as stdout, err.open("wb") as stderr:
        subprocess.run(
            [sys.executable, "-I", "-S", "-c", _SPAWN, used, *arguments],
            cwd=cwd, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr,
            env={**os.environ, **(environment or {})}, check=True,
        )  # fmt: skip
    code, most, seconds = json.loads(used.read_text("utf-8"))
    return Ran(
        code=code,
        out=out.read_text("utf-8"),
        err=err.read_text("utf-8"),
        megabytes=most / (1024 if sys.platform == "linux" else 1024 * 1024),
        seconds=seconds,
    )


_SPAWN = f"""
import json, os, resource, subprocess, sys

def limit():
    resource.setrlimit(resource.RLIMIT_CPU, ({CPU_SECONDS}, {CPU_SECONDS + 1}))
    resource.setrlimit(resource.RLIMIT_AS, ({MEMORY}, {MEMORY}))

process = subprocess.Popen([sys.executable, "-m", "hptc", *sys.argv[2:]], preexec_fn=limit)
_, status, used = os.wait4(process.pid, 0)
with open(sys.argv[1], "w") as file:
    seconds = used.ru_utime + used.ru_stime
    json.dump([os.waitstatus_to_exitcode(status), used.ru_maxrss, seconds], file)
"""
"""Starts hptc from a small process: a child's peak memory includes that of the process that it is
forked from, which may be a test worker that has run for minutes."""
