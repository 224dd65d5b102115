"""What a training job on this machine costs on top of its own process, and the memory of many."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Note, Ratio, Row, cpu_seconds
from hptc.local.run_options import RunOptions
from hptc.local.service import LocalTuning
from hptc.request.emission import Request

AIM_MILLISECONDS, AIM_MEGABYTES = 10, 200
_IMAGE = "111122223333.dkr.ecr.us-east-1.amazonaws.com/own-image:1"
_COMMAND = ["/bin/sh", "-c", "echo loss=0.5"]


def run(folder: Path, *, is_short: bool) -> Iterator[Row]:
    """Compare many short training jobs with the same commands as bare processes."""
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
    milliseconds = 1000 * (ours - bare) / count
    yield Note(text=f"  {milliseconds:.1f} ms beside each process (aim: {AIM_MILLISECONDS})")
    jobs = 20 if is_short else 500
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.local_runs", str(folder / "many"), str(jobs)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    yield Note(text=f"  {done.stdout.strip()} MB for {jobs} training jobs (aim: {AIM_MEGABYTES})")


def _run(folder: Path, count: int) -> None:
    script = folder / "train.sh"
    folder.mkdir(parents=True)
    script.write_text(_COMMAND[-1])
    options = RunOptions(images=(("*", f"/bin/sh '{script}'"),))
    tuning = LocalTuning(folder / "jobs", options)
    tuning.prepare(_request(count))
    tuning.run("bench")
    description = tuning.describe("bench") or {}
    completed = description["TrainingJobStatusCounters"]["Completed"]
    if completed != count:
        raise AssertionError(f"{completed} of {count} training jobs completed")


def _request(count: int) -> Request:
    return {
        "HyperParameterTuningJobName": "bench",
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": count, "MaxParallelTrainingJobs": 1},
            "ParameterRanges": {
                "ContinuousParameterRanges": [{"Name": "rate", "MinValue": "0", "MaxValue": "1"}]
            },
        },
        "TrainingJobDefinition": {
            "AlgorithmSpecification": {
                "TrainingImage": _IMAGE,
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": "loss", "Regex": "loss=([0-9.]+)"}],
            },
            "RoleArn": "arn:aws:iam::111122223333:role/Example",
            "OutputDataConfig": {"S3OutputPath": "s3://bucket/output"},
            "ResourceConfig": {
                "InstanceType": "ml.m5.large",
                "InstanceCount": 1,
                "VolumeSizeInGB": 10,
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        },
    }


def main(folder: str, count: str) -> None:
    """Run `count` training jobs in this process, and print the memory that it needed, in MB."""
    _run(Path(folder), int(count))
    unit = 1 if sys.platform == "darwin" else 1024
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit // 1_000_000)


if __name__ == "__main__":
    main(*sys.argv[1:])
