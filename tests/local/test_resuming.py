"""A run that is killed at any moment continues where it was, and runs nothing twice."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hptc.local.run_events import Ended, Event, Started
from hptc.local.service import LocalTuning
from hptc.service.lookup import job_status
from tests.support.local_runs import (
    kill_processes,
    local_tuning,
    processes_with,
    run,
    shell,
    tuning_request,
    wait_until,
)
from tests.support.paths import ROOT

KILLS = int(os.environ.get("HPTC_KILLS", "4"))
"""How often the slow test kills a run; 50 before a release."""


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Path]:
    """The file to which every training job adds its name when it starts."""
    yield tmp_path / "started"
    for line in processes_with(str(tmp_path)):
        raise AssertionError(f"left running: {line}")


def script(started: Path, seconds: float = 0.0) -> str:
    return f'echo $TRAINING_JOB_NAME >>"{started}"; sleep {seconds}; echo loss=0.5'


def start_run(folder: Path, *options: str) -> subprocess.Popen[bytes]:
    """`hptc local run` in another process, for the request in the folder."""
    command = [
        sys.executable, "-m", "hptc", "local", "run", str(folder / "request.json"),
        "--folder", str(folder / "jobs"), *options,
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with (folder / "output").open("ab") as output:
        return subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output)


def records(folder: Path) -> dict[str, dict[str, Any]]:
    paths = sorted(folder.glob("jobs/demo/training-jobs/*.json"))
    return {path.stem: json.loads(path.read_text()) for path in paths}


def finished(folder: Path) -> dict[str, dict[str, Any]]:
    return {
        name: record
        for name, record in records(folder).items()
        if record["TrainingJobStatus"] != "InProgress"
    }


def names_in(started: Path) -> Counter[str]:
    return Counter(started.read_text().split()) if started.exists() else Counter()


@pytest.mark.slow
def test_kill_and_resume(tmp_path: Path, started: Path) -> None:
    jobs = 6 + 2 * KILLS
    request = tuning_request(jobs=jobs, parallel=3)
    (tmp_path / "request.json").write_text(json.dumps(request))
    ((pattern, command),) = shell(tmp_path / "scripts", script(started, 0.3))
    chance = random.Random(1)
    options = ["--image", f"{pattern}={command}"]
    for _ in range(KILLS):
        process = start_run(tmp_path, *options)
        before = finished(tmp_path)
        wait_until(lambda: len(finished(tmp_path)) > len(before) or process.poll() is not None)  # noqa: B023
        time.sleep(chance.uniform(0, 0.4))
        process.kill()
        process.wait()
        ended, counts = finished(tmp_path), names_in(started)
        assert before.items() <= ended.items()
        assert all(counts[name] >= 1 for name in ended)
        options = ["--resume"]
    known = {name: count for name, count in names_in(started).items() if name in ended}
    process = start_run(tmp_path, *options)
    assert process.wait(120) == 0, (tmp_path / "output").read_text()
    last = finished(tmp_path)
    assert ended.items() <= last.items(), "a finished training job has changed"
    assert all(names_in(started)[name] == count for name, count in known.items())
    assert sorted(training_job["Local"]["Number"] for training_job in last.values()) == list(
        range(1, jobs + 1)
    )
    assert job_status(LocalTuning(tmp_path / "jobs"), "demo").status == "Completed"


def test_a_training_job_that_outlives_its_run_is_watched_again(
    tmp_path: Path, started: Path
) -> None:
    tuning = interrupt(tmp_path, started, f"{script(started, 0.6)}; echo loss=0.4")
    events: list[Event] = []
    tuning.run("demo", events.append)
    assert [event.value for event in events if isinstance(event, Ended)] == [0.4, 0.4]
    assert set(names_in(started).values()) == {1}


def test_a_training_job_that_ended_without_a_run_keeps_its_result(
    tmp_path: Path, started: Path
) -> None:
    tuning = interrupt(tmp_path, started, script(started, 0.1))
    wait_until(lambda: bool(list(tmp_path.glob("jobs/demo/training-jobs/*/*/exit-code"))))
    events: list[Event] = []
    tuning.run("demo", events.append)
    assert [event.status for event in events if isinstance(event, Ended)] == ["Completed"] * 2
    assert set(names_in(started).values()) == {1}


def test_a_run_that_was_killed_can_be_stopped(tmp_path: Path, started: Path) -> None:
    tuning = interrupt(tmp_path, started, script(started, 60))
    status = job_status(tuning, "demo")
    assert (status.status, status.training_jobs.in_progress) == ("InProgress", 1)
    assert not tuning.is_running("demo")
    tuning.stop("demo")
    status = job_status(tuning, "demo")
    assert (status.status, status.training_jobs.stopped) == ("Stopped", 1)
    wait_until(lambda: not processes_with(str(started)))


def test_a_training_job_whose_process_is_gone_starts_again(tmp_path: Path, started: Path) -> None:
    tuning = interrupt(tmp_path, started, script(started, 30))
    kill_processes(tmp_path)
    (tmp_path / "scripts/train.sh").write_text(script(started))
    events: list[Event] = []
    tuning.run("demo", events.append)
    assert [event.is_again for event in events if isinstance(event, Started)] == [True, False]
    assert sorted(names_in(started).values()) == [1, 2]
    assert job_status(tuning, "demo").training_jobs.completed == 2


def test_a_training_job_that_starts_again_finds_its_checkpoints(
    tmp_path: Path, started: Path
) -> None:
    request = tuning_request(jobs=2)
    request["TrainingJobDefinition"]["CheckpointConfig"] = {"S3Uri": "s3://bucket/checkpoints"}
    text = (
        'cd "$SAGEMAKER_BASE_DIR/checkpoints"; ls; test -e epoch || { touch epoch; '
        f"{script(started, 30)}; }}; echo loss=0.$(ls | wc -l)"
    )
    tuning = interrupt(tmp_path, started, text, request)
    kill_processes(tmp_path)
    (tmp_path / "scripts/train.sh").write_text(text.replace("sleep 30", "sleep 0"))
    events: list[Event] = []
    tuning.run("demo", events.append)
    first, second = [event.last_lines for event in events if isinstance(event, Ended)]
    assert (first[0], second[0]) == ("epoch", "loss=0.5")  # each training job has its own


def interrupt(
    folder: Path, started: Path, text: str, request: dict[str, Any] | None = None
) -> LocalTuning:
    """Kill a run of two training jobs while the first training job runs, which continues."""
    (folder / "request.json").write_text(json.dumps(request or tuning_request(jobs=2)))
    ((pattern, command),) = shell(folder / "scripts", text)
    process = start_run(folder, "--image", f"{pattern}={command}")
    wait_until(lambda: started.exists() or process.poll() is not None)
    process.kill()
    process.wait()
    assert len(names_in(started)) == 1, (folder / "output").read_text()
    return LocalTuning(folder / "jobs")


def test_a_stopped_tuning_job_can_be_resumed(tmp_path: Path) -> None:
    tuning = local_tuning(tmp_path)

    def stop(event: Event) -> None:
        if isinstance(event, Ended) and event.number == 2:
            tuning.request_stop("demo")

    status, _ = run(tuning, tuning_request(jobs=5), stop)
    assert status.status == "Stopped"
    events: list[Event] = []
    tuning.run("demo", events.append)
    assert [event.number for event in events if isinstance(event, Started)] == [3, 4, 5]
    assert job_status(tuning, "demo").status == "Completed"


def test_a_rehearsal_continues_with_the_limits_of_the_request(tmp_path: Path) -> None:
    status, _ = run(local_tuning(tmp_path, max_training_jobs=1), tuning_request(jobs=4))
    assert status.limits.max_training_jobs == 1
    tuning = local_tuning(tmp_path)
    tuning.run("demo")
    status = job_status(tuning, "demo")
    assert (status.limits.max_training_jobs, status.training_jobs.completed) == (4, 4)


def test_the_time_between_two_runs_does_not_count(tmp_path: Path) -> None:
    run(local_tuning(tmp_path, max_training_jobs=1), tuning_request(jobs=2))
    path = tmp_path / "jobs/demo/tuning-job.json"
    record = json.loads(path.read_text())
    for name in ("CreationTime", "Since", "EndTime"):
        record[name] = record[name].replace("20", "19", 1)
    path.write_text(json.dumps(record))
    tuning = local_tuning(tmp_path)
    tuning.run("demo")
    description = tuning.describe("demo")
    assert description is not None
    assert description["ConsumedResources"]["RuntimeInSeconds"] < 60
