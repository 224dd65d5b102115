"""What a training job on this machine costs on top of its own process, and the memory of many."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import cpu_seconds, peak_megabytes, python
from benchmarks.rows import Amount, Ratio, Row
from hptc.local.run_options import RunOptions
from hptc.local.service import LocalTuning
from tests.support.local_runs import tuning_request

AIM_MILLISECONDS, AIM_MEGABYTES = 10, 200
_NAME = "bench"
_COMMAND = ["/bin/sh", "-c", "echo loss=0.5"]


def run(folder: Path, *, is_short: bool) -> Iterator[Row]:
    """Many short training jobs, and the same commands as bare processes."""
    count = 10 if is_short else 200
    bare = cpu_seconds()
    for _ in range(count):
        subprocess.run(_COMMAND, stdout=subprocess.DEVNULL, start_new_session=True, check=True)
    bare = cpu_seconds() - bare
    ours = cpu_seconds()
    _run(folder / "trials", count)
    ours = cpu_seconds() - ours
    claim = f"{count} short training jobs, to their bare processes"
    yield Ratio(claim=claim, ours=ours, floor=bare)
    yield Amount(
        claim="  CPU time beside each process",
        value=1000 * (ours - bare) / count,
        unit="ms",
        aim=AIM_MILLISECONDS,
    )
    jobs = 20 if is_short else 500
    printed = python("-m", "benchmarks.local_runs", str(folder / "many"), str(jobs))
    claim = f"  memory for {jobs} training jobs"
    yield Amount(claim=claim, value=int(printed), unit="MB", aim=AIM_MEGABYTES)


def _run(folder: Path, count: int) -> None:
    script = folder / "train.sh"
    folder.mkdir(parents=True)
    script.write_text(_COMMAND[-1])
    options = RunOptions(images=(("*", f"/bin/sh '{script}'"),))
    tuning = LocalTuning(folder / "jobs", options)
    tuning.prepare(tuning_request(_NAME, jobs=count))
    tuning.run(_NAME)
    description = tuning.describe(_NAME) or {}
    completed = description["TrainingJobStatusCounters"]["Completed"]
    if completed != count:
        raise AssertionError(f"{completed} of {count} training jobs completed")


def main(folder: str, count: str) -> None:
    """Run `count` training jobs in this process, and print the memory that it needed, in MB."""
    _run(Path(folder), int(count))
    print(peak_megabytes())


if __name__ == "__main__":
    main(*sys.argv[1:])
