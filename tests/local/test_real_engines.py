"""Training jobs in containers of a real docker or podman; skipped where none runs containers.

What the fake docker of test_containers.py promises is true of these.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hptc.errors import OperationError
from hptc.local.container_engine import Engine
from hptc.local.containers import give_back
from hptc.local.launching import NotRunnableError
from hptc.local.run_events import Ended, Event, Started
from hptc.local.run_options import RunOptions
from hptc.local.service import LocalTuning
from hptc.service.lookup import job_status
from tests.support.local_runs import kill_processes, run, tuning_request, wait_until
from tests.support.paths import ROOT
from tests.support.real_engines import IMAGE, USER, USER_IMAGE, remove_images, require_engine

NO_PROGRAM_IMAGE = f"{IMAGE}-no-program"

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("real-engines")]


@pytest.fixture(scope="module", params=["docker", "podman"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    available = require_engine(request.param)
    yield available
    remove_images(available, NO_PROGRAM_IMAGE)


def build(engine: Engine, image: str, folder: Path) -> None:
    answer = engine.call("build", "--network", "none", "-t", image, str(folder), seconds=60)
    assert answer.returncode == 0, answer.stderr


def channel(name: str, mode: str = "File") -> dict[str, Any]:
    s3 = {"S3DataType": "S3Prefix", "S3Uri": f"s3://data/{name}/"}
    return {"ChannelName": name, "InputMode": mode, "DataSource": {"S3DataSource": s3}}


def request_of(image: str = IMAGE, **options: Any) -> dict[str, Any]:
    """A request whose image runs the script of the channel `script`."""
    request = tuning_request(**{"jobs": 1, **options})
    definition = request["TrainingJobDefinition"]
    definition["AlgorithmSpecification"]["TrainingImage"] = image
    definition["InputDataConfig"] = [channel("script")]
    return request


def tuning(folder: Path, engine: Engine, script: str, **options: Any) -> LocalTuning:
    path = folder / "script/train.sh"
    path.parent.mkdir(exist_ok=True)
    path.write_text(script)
    settings = {"engine": engine.program, "grace_seconds": 5.0, **options}
    channels = {"script": path.parent, **settings.pop("channels", {})}
    return LocalTuning(folder / "jobs", RunOptions(channels=channels, **settings))


def containers(engine: Engine, folder: Path) -> list[str]:
    """The names of the containers of a folder, those that have ended too."""
    answer = engine.call("ps", "--all", "--format", "{{.Names}} {{.Labels}}")
    assert answer.returncode == 0, answer.stderr
    return [line.split()[0] for line in answer.stdout.splitlines() if str(folder) in line]


def log_of(folder: Path) -> str:
    (path,) = folder.glob("jobs/demo/training-jobs/*/*/log")
    return path.read_text()


def test_an_image_trains_as_on_aws(tmp_path: Path, engine: Engine) -> None:
    script = (
        "cat /proc/sys/kernel/hostname /etc/hosts /opt/ml/input/config/*.json; echo; env\n"
        "echo m >/opt/ml/model/model; echo loss=0.5"
    )
    request = request_of(jobs=2, parallel=2, static={"epochs": "3"})
    request["TrainingJobDefinition"]["Environment"] = {"TOKEN": "#value = größe "}
    service = tuning(tmp_path, engine, script)
    status, ended = run(service, request)
    assert (status.status, [training_job.value for training_job in ended]) == (
        "Completed",
        [0.5, 0.5],
    )
    files = next(tmp_path.glob("jobs/demo/training-jobs/demo-001-*/attempt-1"))
    log = (files / "log").read_text()
    assert '"epochs": "3"' in log
    assert "\nTOKEN=#value = größe \n" in log
    assert "HPTC_" not in log
    assert log.startswith("algo-1\n")
    assert any(line.split() == ["127.0.0.1", "algo-1"] for line in log.splitlines())
    assert (files / "ml/model/model").read_text() == "m\n"
    assert not (files / "environment").exists()
    assert containers(engine, tmp_path) == []


@pytest.mark.parametrize("code", [3, 125, 126, 127, 137])
def test_an_exit_code_is_that_of_the_training_job(
    tmp_path: Path, engine: Engine, code: int
) -> None:
    script = f"echo 'no such column' >/opt/ml/output/failure; exit {code}"
    _, (ended,) = run(tuning(tmp_path, engine, script), request_of())
    assert ended.reason.startswith(f"AlgorithmError: no such column, exit code: {code}")
    assert ended.exit_code == code


def test_a_missing_program_says_so(tmp_path: Path, engine: Engine) -> None:
    (tmp_path / "Dockerfile").write_text(f'FROM {IMAGE}\nENTRYPOINT ["/no-such-program"]\n')
    build(engine, NO_PROGRAM_IMAGE, tmp_path)
    _, (ended,) = run(tuning(tmp_path, engine, ""), request_of(NO_PROGRAM_IMAGE))
    assert ended.exit_code == 127
    assert "no-such-program" in ended.reason
    assert not ended.reason.startswith("AlgorithmError: docker:")


def test_data_is_read_only_and_streamed(tmp_path: Path, engine: Engine) -> None:
    folder = tmp_path / "we ird, =y"  # Podman reads the paths of some options as CSV
    folder.mkdir()
    script = (
        "cat /opt/ml/input/data/one/* /opt/ml/input/data/fast/*\n"
        "cat /opt/ml/input/data/piped_0 /opt/ml/input/data/piped_1\n"
        "touch /opt/ml/input/data/fast/new 2>/dev/null || echo read-only\n"
        "echo 3 >/tmp/checkpoints/epoch; ls /sys/class/net; echo loss=0.5"
    )
    request = request_of()
    definition = request["TrainingJobDefinition"]
    definition["EnableNetworkIsolation"] = True
    definition["InputDataConfig"] += [
        channel("one"), channel("fast", "FastFile"), channel("piped", "Pipe")
    ]  # fmt: skip
    definition["CheckpointConfig"] = {
        "S3Uri": "s3://bucket/checkpoints",
        "LocalPath": "/tmp/checkpoints",
    }
    (folder / "fast").mkdir()
    (folder / "piped").mkdir()
    (folder / "fast/rows.csv").write_text("of fast\n")
    (folder / "piped/rows.csv").write_text("of piped\n")
    (folder / 'one, "1".csv').write_text("of one\n")
    channels = {
        "one": folder / 'one, "1".csv', "fast": folder / "fast", "piped": folder / "piped"
    }  # fmt: skip
    _, (ended,) = run(tuning(folder, engine, script, channels=channels), request)
    assert (ended.status, ended.value) == ("Completed", 0.5)
    assert log_of(folder) == ("of one\nof fast\nof piped\nof piped\nread-only\nlo\nloss=0.5\n")
    (kept,) = folder.glob("jobs/demo/training-jobs/*/checkpoints/epoch")
    assert kept.read_text() == "3\n"


def test_a_stop_is_sigterm_and_then_sigkill(tmp_path: Path, engine: Engine) -> None:
    stops = "trap 'echo loss=0.3; exit 0' TERM; while :; do sleep 0.05; done"
    _, (ended,) = run(tuning(tmp_path, engine, stops), request_of(max_runtime=1))
    assert (ended.status, ended.value) == ("MaxRuntimeExceeded", 0.3)
    ignores = "trap '' TERM; echo loss=0.4; while :; do sleep 0.05; done"
    service = tuning(tmp_path, engine, ignores, grace_seconds=1.0)
    _, (ended,) = run(service, request_of(name="ignoring", max_runtime=1))
    assert (ended.status, ended.value) == ("MaxRuntimeExceeded", 0.4)
    assert ended.seconds < 8
    assert containers(engine, tmp_path) == []


def test_a_second_stop_kills_at_once(tmp_path: Path, engine: Engine) -> None:
    service = tuning(tmp_path, engine, "trap '' TERM; echo loss=0.4; sleep 60", grace_seconds=60.0)
    request = request_of()
    service.prepare(request)
    thread = threading.Thread(target=service.run, args=("demo",))
    thread.start()
    wait_until(lambda: any("loss" in log_of(tmp_path) for _ in tmp_path.glob("jobs/*/*/*/*/log")))
    service.request_stop("demo")
    time.sleep(0.2)
    service.request_stop("demo")
    started = time.monotonic()
    thread.join()
    assert time.monotonic() - started < 8
    assert containers(engine, tmp_path) == []


_RUN = """
import json, sys
from pathlib import Path
from hptc.local.run_options import RunOptions
from hptc.local.service import LocalTuning
folder = Path(sys.argv[1])
options = RunOptions(engine=sys.argv[2], channels={"script": folder / "script"})
tuning = LocalTuning(folder / "jobs", options)
tuning.prepare(json.loads(sys.argv[3]))
tuning.run("demo")
"""


def interrupt(
    folder: Path, engine: Engine, script: str, *, request: dict[str, Any] | None = None
) -> None:
    """Kill a run of one training job while its container runs, which continues."""
    tuning(folder, engine, f"echo x >/opt/ml/model/started; {script}")
    words = [str(folder), engine.program, json.dumps(request or request_of())]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with (folder / "output").open("ab") as output:
        command = [sys.executable, "-c", _RUN, *words]
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    started = "jobs/demo/training-jobs/*/*/ml/model/started"
    wait_until(lambda: bool(list(folder.glob(started))) or process.poll() is not None)
    process.kill()
    process.wait()
    assert len(containers(engine, folder)) == 1, (folder / "output").read_text()


def resume(folder: Path) -> tuple[list[Ended], list[Started]]:
    events: list[Event] = []
    LocalTuning(folder / "jobs").run("demo", events.append)
    return (
        [event for event in events if isinstance(event, Ended)],
        [event for event in events if isinstance(event, Started)],
    )


_LONG = "echo loss=0.5; while ! test -e /opt/ml/go; do sleep 0.05; done; echo loss=0.4; exit 7"


def go_when(folder: Path, condition: Callable[[], bool]) -> threading.Thread:
    """Let the container of a folder end as soon as a condition is true."""

    def end() -> None:
        wait_until(condition)
        (ml,) = folder.glob("jobs/demo/training-jobs/*/*/ml")
        (ml / "go").touch()

    thread = threading.Thread(target=end)
    thread.start()
    return thread


def test_a_killed_run_is_resumed(tmp_path: Path, engine: Engine) -> None:
    interrupt(tmp_path, engine, _LONG)
    waiting = go_when(tmp_path, lambda: True)
    (ended,), started = resume(tmp_path)
    waiting.join()
    assert (ended.exit_code, ended.value, started) == (7, 0.4, [])


def test_a_container_whose_client_is_gone_is_attached_again(tmp_path: Path, engine: Engine) -> None:
    interrupt(tmp_path, engine, _LONG)
    (log,) = tmp_path.glob("jobs/demo/training-jobs/*/*/log")
    kill_processes(tmp_path)
    log.write_text("")
    waiting = go_when(tmp_path, lambda: "loss" in log.read_text())
    (ended,), started = resume(tmp_path)
    waiting.join()
    assert (ended.exit_code, ended.value, started) == (7, 0.4, [])
    assert containers(engine, tmp_path) == []


def test_what_a_killed_run_has_left_is_stopped_and_replaced(tmp_path: Path, engine: Engine) -> None:
    interrupt(tmp_path, engine, "sleep 60")
    service = LocalTuning(tmp_path / "jobs")
    service.stop("demo")
    assert job_status(service, "demo").status == "Stopped"
    assert containers(engine, tmp_path) == []
    service.remove("demo")
    assert list((tmp_path / "jobs").glob("demo*")) == []


def test_a_container_that_was_removed_failed(tmp_path: Path, engine: Engine) -> None:
    service = tuning(tmp_path, engine, "echo loss=0.4; sleep 60")

    def remove() -> None:
        wait_until(lambda: len(containers(engine, tmp_path)) == 1)
        wait_until(lambda: "loss" in log_of(tmp_path))
        engine.remove(*containers(engine, tmp_path))

    removing = threading.Thread(target=remove)
    removing.start()
    _, (ended,) = run(service, request_of())
    removing.join()
    assert ended.reason == "AlgorithmError: loss=0.4, exit code: 137 (SIGKILL)"


def test_an_image_that_vanishes_fails_no_training_job(tmp_path: Path, engine: Engine) -> None:
    image = f"{IMAGE}-vanishing"
    (tmp_path / "Dockerfile").write_text(f"FROM {IMAGE}\nLABEL vanishing={tmp_path.name}\n")
    build(engine, image, tmp_path)
    service = tuning(tmp_path, engine, "echo loss=0.5")
    service.prepare(request_of(image))
    engine.call("rmi", "--force", image)
    with pytest.raises(OperationError, match=f"{engine.program} failed while it ran demo-001-"):
        service.run("demo")
    with pytest.raises(NotRunnableError, match="is not on this machine; run `aws ecr"):
        tuning(tmp_path, engine, "").prepare(request_of(image, name="other"))


@pytest.mark.parametrize("image", [IMAGE, USER_IMAGE])
def test_files_are_those_of_the_user(tmp_path: Path, engine: Engine, image: str) -> None:
    script = "mkdir -m 700 -p /opt/ml/model/a/b; echo m >/opt/ml/model/a/b/c; id -u; echo loss=1"
    _, (ended,) = run(tuning(tmp_path, engine, script), request_of(image))
    assert ended.last_lines[0] == ("0" if image == IMAGE else str(USER))
    (model,) = tmp_path.glob("jobs/demo/training-jobs/*/*/ml/model")
    assert (model / "a/b/c").read_text() == "m\n"
    assert {path.stat().st_uid for path in (model, *model.rglob("*"))} == {os.getuid()}


def test_files_can_be_given_to_any_user(tmp_path: Path, engine: Engine) -> None:
    if os.getuid() != 0 or engine.is_rootless():
        pytest.skip("only root can have another user's files")
    (tmp_path / "a").mkdir()
    (tmp_path / "a/b").touch()
    assert give_back(tmp_path / "a", engine, IMAGE, 4321, 5432) == ""
    owners = {(path.stat().st_uid, path.stat().st_gid) for path in (tmp_path / "a").rglob("*")}
    assert owners == {(4321, 5432)}
