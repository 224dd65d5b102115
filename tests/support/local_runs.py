"""Tuning jobs on this machine whose training jobs are small shell scripts."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hptc.local.process_group import ProcessGroup
from hptc.local.run_events import Ended, Event
from hptc.local.run_options import RunOptions
from hptc.local.service import LocalTuning
from hptc.service.lookup import job_status
from hptc.service.tuning_jobs import JobStatus

IMAGE = "111122223333.dkr.ecr.us-east-1.amazonaws.com/own-image:1"


def tuning_request(
    name: str = "demo",
    *,
    jobs: int = 3,
    parallel: int = 1,
    strategy: str = "Random",
    static: Mapping[str, str] | None = None,
    regex: str = "loss=([0-9.]+)",
    max_runtime: int = 600,
    early_stopping: str = "Off",
    **members: Any,
) -> dict[str, Any]:
    """A request with one Continuous and one Integer hyperparameter, that minimizes `loss`."""
    return {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": {
            "Strategy": strategy,
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
            "ResourceLimits": {
                "MaxNumberOfTrainingJobs": jobs,
                "MaxParallelTrainingJobs": parallel,
            },
            "TrainingJobEarlyStoppingType": early_stopping,
            "ParameterRanges": {
                "ContinuousParameterRanges": [
                    {"Name": "rate", "MinValue": "0.001", "MaxValue": "1"}
                ],
                "IntegerParameterRanges": [{"Name": "depth", "MinValue": "1", "MaxValue": "9"}],
            },
        },
        "TrainingJobDefinition": {
            "StaticHyperParameters": dict(static or {}),
            "AlgorithmSpecification": {
                "TrainingImage": IMAGE,
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": "loss", "Regex": regex}],
            },
            "RoleArn": "arn:aws:iam::111122223333:role/Example",
            "OutputDataConfig": {"S3OutputPath": "s3://bucket/output"},
            "ResourceConfig": {
                "InstanceType": "ml.m5.large",
                "InstanceCount": 1,
                "VolumeSizeInGB": 10,
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": max_runtime},
        },
        **members,
    }


def shell(folder: Path, script: str) -> tuple[tuple[str, str], ...]:
    """The images that a shell script stands in for."""
    path = folder / "train.sh"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script)
    return (("own-image*", f"/bin/sh '{path}'"),)


def local_tuning(folder: Path, script: str = "echo loss=0.5", **options: Any) -> LocalTuning:
    """Tuning jobs in `folder`, each training job of which runs the script."""
    run_options = RunOptions(
        images=shell(folder / "scripts", script), **{"grace_seconds": 5.0, **options}
    )
    return LocalTuning(folder / "jobs", run_options)


def run(
    tuning: LocalTuning, request: Mapping[str, Any], listener: Callable[[Event], None] | None = None
) -> tuple[JobStatus, list[Ended]]:
    """Run a tuning job to its end: its status, and how its training jobs have ended."""
    events: list[Event] = []

    def listen(event: Event) -> None:
        events.append(event)
        if listener is not None:
            listener(event)

    name = request["HyperParameterTuningJobName"]
    tuning.prepare(dict(request))
    tuning.run(name, listen)
    return job_status(tuning, name), [event for event in events if isinstance(event, Ended)]


def wait_until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until something is true; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited for too long"
        time.sleep(0.01)


def processes_with(text: str) -> list[str]:
    """The command lines of this machine's processes that contain a text."""
    command_lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in line:
            command_lines.append(line)
    return command_lines


def kill_processes(folder: Path) -> None:
    """Kill the processes of the only training job below a folder, and wait for their end."""
    identifier = next(folder.glob("jobs/demo/training-jobs/*/*/pid"))
    os.killpg(int(identifier.read_text()), signal.SIGKILL)
    wait_until(lambda: ProcessGroup.find(identifier.parent) is None)
