"""Training jobs in containers, with a fake docker. test_real_engines.py has a real one."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from hptc.errors import OperationError
from hptc.local import containers, script_mode
from hptc.local.container_engine import DOCKER, PODMAN, Engine
from hptc.local.containers import Container, Mount, give_back
from hptc.local.launching import NotRunnableError
from hptc.local.run_events import Ended, Event, Started
from hptc.local.run_options import RunOptions
from hptc.local.service import LocalTuning
from hptc.service.lookup import job_status
from tests.support.docker import FakeDocker
from tests.support.local_runs import (
    IMAGE,
    kill_processes,
    processes_with,
    run,
    tuning_request,
    wait_until,
)
from tests.support.paths import ROOT


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDocker]:
    yield from fake(tmp_path, monkeypatch, DOCKER)


@pytest.fixture
def podman(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDocker]:
    yield from fake(tmp_path, monkeypatch, PODMAN)


def fake(folder: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> Iterator[FakeDocker]:
    docker = FakeDocker(folder, monkeypatch, program=program)
    yield docker
    assert docker.containers() == []


def tuning(folder: Path, **options: Any) -> LocalTuning:
    run_options = RunOptions(**{"engine": "docker", "grace_seconds": 5.0, **options})
    return LocalTuning(folder / "jobs", run_options)


def channel(name: str = "train", **members: Any) -> dict[str, Any]:
    s3 = {"S3DataType": "S3Prefix", "S3Uri": "s3://data/train/"}
    return {"ChannelName": name, "DataSource": {"S3DataSource": s3}, **members}


def option(call: list[str], name: str) -> list[str]:
    """The values of an option of a call."""
    return [value for key, value in pairwise(call) if key == name]


def test_an_image_trains_as_on_aws(tmp_path: Path, docker: FakeDocker) -> None:
    script = (
        'cat "$OPT_ML"/input/config/*.json; cat "$OPT_ML"/input/data/train/rows.csv\n'
        'echo m >"$OPT_ML/model/model"; env; echo loss=0.5'
    )
    identifier = docker.add_image(IMAGE, script)
    (tmp_path / "data").mkdir()
    (tmp_path / "data/rows.csv").write_text("1,2\n")
    request = tuning_request(jobs=2, static={"epochs": "3"})
    definition = request["TrainingJobDefinition"]
    definition["InputDataConfig"] = [channel()]
    definition["Environment"] = {"TOKEN": "#value = x "}
    service = tuning(tmp_path, channels={"train": tmp_path / "data"})
    status, ended = run(service, request)
    assert (status.status, [training_job.value for training_job in ended]) == (
        "Completed",
        [0.5, 0.5],
    )
    files = next(tmp_path.glob("jobs/demo/training-jobs/demo-001-*/attempt-1"))
    log = (files / "log").read_text()
    assert '"epochs": "3"' in log
    assert '"current_host": "algo-1"' in log
    assert '{"train": {"TrainingInputMode": "File"' in log
    assert "1,2\n" in log
    assert "TOKEN=#value = x \n" in log
    assert f"TRAINING_JOB_NAME={files.parent.name}\n" in log
    assert "HPTC_PROCESS_GROUP" not in log
    assert (files / "ml/model/model").read_text() == "m\n"
    assert (tmp_path / "data/rows.csv").exists()
    assert not (files / "environment").exists()
    (first, _) = docker.calls("run")
    assert first[-2:] == [identifier, "train"]
    assert "--rm" in first
    assert "#value" not in " ".join(first)
    assert option(first, "--pull") == ["never"]
    assert option(first, "--hostname") == ["algo-1"]
    assert option(first, "--network") == []
    assert int(option(first, "--shm-size")[0]) > 64 << 20
    assert option(first, "--mount") == [
        f"type=bind,source={files}/ml,target=/opt/ml",
        f"type=bind,source={tmp_path}/data,target=/opt/ml/input/data/train,readonly",
    ]


def test_secrets_are_readable_by_their_owner_only(tmp_path: Path, docker: FakeDocker) -> None:
    container = Container(
        engine=Engine(),
        image="sha256:1",
        owner=tmp_path,
        folder=tmp_path / "job/attempt-1",
        mounts=(Mount(source=tmp_path / "job/attempt-1/ml", target="/opt/ml"),),
    )
    (container.folder / "ml/model").mkdir(parents=True)
    (container.folder / "ml/model").chmod(0o700)
    command = container.run_command({"TOKEN": "hunter2"}, is_isolated=False, has_gpus=True)
    path = container.folder / "environment"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == "TOKEN=hunter2\n"
    assert "hunter2" not in " ".join(command)
    assert option(command, "--gpus") == ["all"]
    assert option(command, "--security-opt") == []
    assert not container.has_started()
    (container.folder / "container-id").write_text("1")
    assert container.has_started()
    assert not path.exists()
    # Whatever user the image has can write, but nobody else on this machine gets there.
    assert stat.S_IMODE((container.folder / "ml/model").stat().st_mode) == 0o777
    assert stat.S_IMODE(container.folder.stat().st_mode) == 0o700


def test_podman_has_gpus_as_devices_and_selinux_is_no_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "enforce").write_text("1")
    monkeypatch.setattr(containers, "_SELINUX", tmp_path / "enforce")
    container = Container(
        engine=Engine(program=PODMAN),
        image="1",
        owner=tmp_path,
        folder=tmp_path / "job/attempt-1",
        mounts=(Mount(source=tmp_path / "job/attempt-1/ml", target="/opt/ml"),),
    )
    (container.folder / "ml").mkdir(parents=True)
    command = container.run_command({}, is_isolated=False, has_gpus=True)
    assert command[:2] == ["podman", "run"]
    assert option(command, "--device") == ["nvidia.com/gpu=all"]
    assert option(command, "--security-opt") == ["label=disable"]


@pytest.mark.parametrize(
    ("instance_type", "gpus", "expected"),
    [("ml.g5.xlarge", 1, ["all"]), ("ml.g5.xlarge", 0, []), ("ml.m5.xlarge", 1, [])],
)
def test_a_container_has_gpus_if_the_instances_and_this_machine_have_some(
    tmp_path: Path,
    docker: FakeDocker,
    monkeypatch: pytest.MonkeyPatch,
    instance_type: str,
    gpus: int,
    expected: list[str],
) -> None:
    monkeypatch.setattr(script_mode, "count_gpus", lambda: gpus)
    docker.add_image(IMAGE, "echo loss=0.5")
    request = tuning_request(jobs=1)
    request["TrainingJobDefinition"]["ResourceConfig"]["InstanceType"] = instance_type
    run(tuning(tmp_path), request)
    assert option(docker.calls("run")[0], "--gpus") == expected


def test_network_isolation_is_kept(tmp_path: Path, docker: FakeDocker) -> None:
    docker.add_image(IMAGE, 'cat "$OPT_ML/input/config/resourceconfig.json"; echo loss=0.5')
    request = tuning_request(jobs=1)
    request["TrainingJobDefinition"]["EnableNetworkIsolation"] = True
    _, ended = run(tuning(tmp_path), request)
    assert option(docker.calls("run")[0], "--network") == ["none"]
    assert any('"network_interface_name": "lo"' in line for line in ended[0].last_lines)


def test_the_code_is_where_the_toolkit_unpacks_it(tmp_path: Path, docker: FakeDocker) -> None:
    docker.add_image(IMAGE, '. "$OPT_ML/code/train.sh"')
    (tmp_path / "src").mkdir()
    (tmp_path / "src/train.sh").write_text("echo loss=0.25")
    static = {"sagemaker_program": "train.sh", "sagemaker_submit_directory": "s3://code/a.tar.gz"}
    request = tuning_request(jobs=1, static=static)
    with pytest.raises(NotRunnableError, match="the code is in s3://code/a"):
        tuning(tmp_path).prepare(request)
    with pytest.raises(NotRunnableError, match="omit --entry-point"):
        tuning(tmp_path, source=tmp_path / "src", entry_point="other.sh").prepare(request)
    _, ended = run(tuning(tmp_path, source=tmp_path / "src"), request)
    assert ended[0].value == 0.25


def test_a_failure_is_in_the_words_of_the_training_job(tmp_path: Path, docker: FakeDocker) -> None:
    docker.add_image(IMAGE, 'echo "no such column" >"$OPT_ML/output/failure"; exit 3')
    _, ended = run(tuning(tmp_path), tuning_request(jobs=1))
    assert ended[0].exit_code == 3
    assert ended[0].reason == "AlgorithmError: no such column, exit code: 3"


def test_a_link_to_a_file_of_this_machine_is_not_followed(
    tmp_path: Path, docker: FakeDocker
) -> None:
    (tmp_path / "mine/data/kept").mkdir(parents=True)
    (tmp_path / "mine/secret").write_text("hunter2")
    script = (
        f'ln -s "{tmp_path}/mine/secret" "$OPT_ML/output/failure"; '
        f'mv "$OPT_ML/input" "$OPT_ML/old"; ln -s "{tmp_path}/mine" "$OPT_ML/input"; exit 1'
    )
    docker.add_image(IMAGE, script)
    _, ended = run(tuning(tmp_path), tuning_request(jobs=1))
    assert "hunter2" not in ended[0].reason
    assert (tmp_path / "mine/data/kept").exists()


def test_an_image_without_a_program_says_so(tmp_path: Path, docker: FakeDocker) -> None:
    docker.add_image(IMAGE, None)
    _, ended = run(tuning(tmp_path), tuning_request(jobs=1))
    assert ended[0].exit_code == 127
    assert 'exec: "train": executable file not found' in ended[0].reason


def test_a_program_that_exits_with_127_explains_itself(tmp_path: Path, docker: FakeDocker) -> None:
    """127 is also what docker exits with; its words are in lines of their own."""
    docker.add_image(IMAGE, 'echo "pip: command not found"; exit 127')
    _, ended = run(tuning(tmp_path), tuning_request(jobs=1))
    assert ended[0].reason == "AlgorithmError: pip: command not found, exit code: 127"


@pytest.mark.parametrize(
    ("code", "reason"), [(1, "stopped"), (124, "stopped"), (126, "no disk"), (128, "stopped")]
)
def test_the_words_of_docker_are_a_reason_if_it_may_have_failed(
    tmp_path: Path, docker: FakeDocker, code: int, reason: str
) -> None:
    docker.add_image(IMAGE, f'echo "Error: no disk"; echo stopped; exit {code}')
    _, ended = run(tuning(tmp_path), tuning_request(jobs=1))
    assert ended[0].reason == f"AlgorithmError: {reason}, exit code: {code}"


def test_a_training_job_gets_sigterm_before_it_is_killed(
    tmp_path: Path, docker: FakeDocker
) -> None:
    stops = "trap 'echo loss=0.3; exit 0' TERM; while :; do sleep 0.02; done"
    docker.add_image(IMAGE, stops)
    _, ended = run(tuning(tmp_path), tuning_request(jobs=1, max_runtime=1))
    assert (ended[0].status, ended[0].value) == ("MaxRuntimeExceeded", 0.3)
    assert docker.calls("stop")[0][:3] == ["stop", "-t", "5"]


def test_a_training_job_that_ignores_sigterm_is_killed(tmp_path: Path, docker: FakeDocker) -> None:
    script = "trap '' TERM; echo loss=0.3; sleep 61.7 & while :; do sleep 0.02; done"
    docker.add_image(IMAGE, script)
    service = tuning(tmp_path, grace_seconds=0.0)
    _, ended = run(service, tuning_request(jobs=1, max_runtime=1))
    assert (ended[0].status, ended[0].value) == ("MaxRuntimeExceeded", 0.3)
    assert processes_with("sleep 61.7") == []


_RUN = """
import json, sys
from pathlib import Path
from hptc.local.run_options import RunOptions
from hptc.local.service import LocalTuning
tuning = LocalTuning(Path(sys.argv[1]) / "jobs", RunOptions(engine="docker"))
tuning.prepare(json.loads(sys.argv[2]))
tuning.run("demo")
"""


def interrupt(folder: Path, docker: FakeDocker, script: str) -> None:
    """Kill a run of one training job while its container runs, which continues."""
    docker.add_image(IMAGE, f'touch "{folder}/started"; {script}')
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", _RUN, str(folder), json.dumps(tuning_request(jobs=1))]
    with (folder / "output").open("ab") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    wait_until(lambda: (folder / "started").exists() or process.poll() is not None)
    process.kill()
    process.wait()
    assert (folder / "started").exists(), (folder / "output").read_text()


def resume(folder: Path) -> list[Event]:
    events: list[Event] = []
    LocalTuning(folder / "jobs").run("demo", events.append)
    return events


def values(events: list[Event]) -> list[float | None]:
    return [event.value for event in events if isinstance(event, Ended)]


def starts(events: list[Event]) -> list[bool]:
    return [event.is_again for event in events if isinstance(event, Started)]


def test_a_container_that_outlives_its_run_is_watched_again(
    tmp_path: Path, docker: FakeDocker
) -> None:
    interrupt(tmp_path, docker, "echo loss=0.5; sleep 0.5; echo loss=0.4")
    events = resume(tmp_path)
    assert (values(events), starts(events)) == ([0.4], [])
    assert len(docker.calls("run")) == 1


def test_a_container_whose_client_is_gone_is_attached_again(
    tmp_path: Path, docker: FakeDocker
) -> None:
    script = f'echo loss=0.5; while ! test -e "{tmp_path}/go"; do sleep 0.02; done; exit 7'
    interrupt(tmp_path, docker, script)
    kill_processes(tmp_path)
    assert len(docker.containers()) == 1

    def end_when_followed() -> None:
        wait_until((docker.state / "waiting").exists)
        log = next(tmp_path.glob("jobs/demo/training-jobs/*/*/log"))
        wait_until(lambda: "loss" in log.read_text())  # the earlier log is gone by now
        (tmp_path / "go").touch()

    waiting = threading.Thread(target=end_when_followed)
    waiting.start()
    events = resume(tmp_path)
    waiting.join()
    (ended,) = [event for event in events if isinstance(event, Ended)]
    assert (ended.exit_code, ended.value, starts(events)) == (7, 0.5, [])


def test_a_container_that_is_gone_with_its_client_starts_again(
    tmp_path: Path, docker: FakeDocker
) -> None:
    interrupt(tmp_path, docker, f'test -e "{tmp_path}/go" || sleep 60; echo loss=0.5')
    kill_processes(tmp_path)
    Engine().remove(*docker.containers())
    (tmp_path / "go").touch()
    events = resume(tmp_path)
    assert (values(events), starts(events)) == ([0.5], [True])


def test_what_a_killed_run_has_left_can_be_stopped_and_replaced(
    tmp_path: Path, docker: FakeDocker
) -> None:
    interrupt(tmp_path, docker, "sleep 60")
    service = LocalTuning(tmp_path / "jobs")
    service.stop("demo")
    assert job_status(service, "demo").status == "Stopped"
    assert docker.containers() == []


def test_replacing_a_killed_run_kills_its_container(tmp_path: Path, docker: FakeDocker) -> None:
    interrupt(tmp_path, docker, "sleep 60")
    LocalTuning(tmp_path / "jobs").remove("demo")
    assert docker.containers() == []
    assert not (tmp_path / "jobs/demo").exists()


def test_only_what_containers_can_write_is_given_back(
    tmp_path: Path, docker: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Data that a manifest lists are second names of the user's own files, in another folder.
    docker.add_image(IMAGE, "echo loss=0.5", chown='echo "$@"')
    run(tuning(tmp_path), tuning_request(jobs=1))
    user = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: user + 1)
    tuning(tmp_path).remove("demo")
    mounted = f"type=bind,source={tmp_path}/jobs/demo/training-jobs,target=/opt/ml"
    assert option(docker.calls("run")[-1], "--mount") == [mounted]


def test_a_missing_image_is_not_pulled(tmp_path: Path, docker: FakeDocker) -> None:
    with pytest.raises(NotRunnableError) as raised:
        tuning(tmp_path).prepare(tuning_request())
    (reason,) = raised.value.reasons
    assert reason == (
        f"the image {IMAGE} is not on this machine; run `aws ecr get-login-password --region "
        "us-east-1 | docker login --username AWS --password-stdin "
        f"111122223333.dkr.ecr.us-east-1.amazonaws.com`, then `docker pull {IMAGE}`"
    )
    assert docker.calls("pull") == []


def test_no_daemon_is_an_error_before_anything_starts(tmp_path: Path, docker: FakeDocker) -> None:
    docker.add_image(IMAGE, "echo loss=0.5")
    docker.stop_daemon()
    with pytest.raises(NotRunnableError, match="Docker doesn't answer: Cannot connect to"):
        tuning(tmp_path).prepare(tuning_request())


def test_no_program_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    FakeDocker(tmp_path, monkeypatch, program=PODMAN)
    monkeypatch.setenv("PATH", str(tmp_path / "docker-bin"))
    with pytest.raises(NotRunnableError) as raised:
        tuning(tmp_path).prepare(tuning_request())
    assert raised.value.reasons == ("no program `docker` found; install Docker, or use --podman",)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotRunnableError, match="`podman` found; install Podman"):
        tuning(tmp_path, engine=PODMAN).prepare(tuning_request())


def test_variables_with_line_breaks_are_refused(tmp_path: Path, docker: FakeDocker) -> None:
    docker.add_image(IMAGE, "echo loss=0.5")
    request = tuning_request()
    request["TrainingJobDefinition"]["Environment"] = {"KEY": "a\nb", "OTHER": "a"}
    with pytest.raises(NotRunnableError, match="variable `KEY` has several lines"):
        tuning(tmp_path).prepare(request)


def test_a_daemon_that_goes_away_fails_no_training_job(tmp_path: Path, docker: FakeDocker) -> None:
    # A daemon that is shut down stops its containers with SIGTERM.
    docker.add_image(
        IMAGE, f'test -e "{tmp_path}/go" || {{ {docker.stops_daemon}; }}; echo loss=0.5'
    )
    service = tuning(tmp_path)
    service.prepare(tuning_request(jobs=1))
    with pytest.raises(OperationError) as raised:
        service.run("demo")
    assert "docker failed while it ran demo-001-" in str(raised.value)
    assert ": Docker doesn't answer: Cannot connect to the Docker daemon" in str(raised.value)
    record = tmp_path / "jobs/demo/tuning-job.json"
    before = record.read_text()
    with pytest.raises(OperationError, match="demo can't run: Docker doesn't answer: Cannot"):
        service.run("demo")
    assert record.read_text() == before
    docker.start_daemon()
    (tmp_path / "go").touch()
    assert values(resume(tmp_path)) == [0.5]
    assert job_status(service, "demo").status == "Completed"
    assert len(docker.calls("run")) == 2


@pytest.mark.parametrize("program", [DOCKER, PODMAN])
def test_an_exit_code_of_docker_can_be_that_of_the_program(
    tmp_path: Path, program: str, request: pytest.FixtureRequest
) -> None:
    engine: FakeDocker = request.getfixturevalue(program)
    engine.add_image(IMAGE, "echo loss=0.5; exit 125")
    _, ended = run(tuning(tmp_path, engine=program), tuning_request(jobs=1))
    assert ended[0].reason == "AlgorithmError: loss=0.5, exit code: 125"


def test_an_image_that_is_gone_is_a_failure_of_docker(tmp_path: Path, docker: FakeDocker) -> None:
    docker.add_image(IMAGE, "echo loss=0.5")
    service = tuning(tmp_path)
    service.prepare(tuning_request(jobs=1))
    (docker.state / "images/0.json").unlink()
    with pytest.raises(OperationError) as raised:
        service.run("demo")
    assert ": Error response from daemon: No such image: sha256:" in str(raised.value)


def test_podman_runs_an_image(tmp_path: Path, podman: FakeDocker) -> None:
    podman.add_image(IMAGE, "echo loss=0.5")
    service = tuning(tmp_path, engine=PODMAN)
    status, ended = run(service, tuning_request(jobs=1))
    assert (status.status, ended[0].value) == ("Completed", 0.5)
    (launch,) = service.launches("demo")
    assert launch.engine == PODMAN
    assert option(podman.calls("run")[0], "--env-file") == ["environment"]


def test_files_of_another_user_are_given_back(tmp_path: Path, docker: FakeDocker) -> None:
    identifier = docker.add_image(IMAGE, "", chown='echo "$@" >>"$OPT_ML/calls"')
    other = os.getuid() + 1
    assert (
        give_back(tmp_path / "docker-state", Engine(), identifier, os.getuid(), os.getgid()) == ""
    )
    assert docker.calls("run") == []
    folder = tmp_path / "ml"
    folder.mkdir()
    assert give_back(folder, Engine(), identifier, other, 5) == ""
    assert (folder / "calls").read_text() == f"-R -h {other}:5 /opt/ml\n"
    (call,) = docker.calls("run")
    assert option(call, "--user") == ["0:0"]
    assert option(call, "--network") == ["none"]


@pytest.mark.parametrize("program", [DOCKER, PODMAN])
def test_without_root_the_user_is_root_in_a_container(
    tmp_path: Path, program: str, request: pytest.FixtureRequest
) -> None:
    engine: FakeDocker = request.getfixturevalue(program)
    identifier = engine.add_image(IMAGE, "", chown='echo "$@" >"$OPT_ML/calls"')
    (engine.state / "rootless").touch()
    folder = tmp_path / "ml"
    folder.mkdir()
    assert give_back(folder, Engine(program=program), identifier, os.getuid() + 1, 5) == ""
    assert (folder / "calls").read_text() == "-R -h 0:0 /opt/ml\n"


def test_files_that_cannot_be_given_back_are_named(tmp_path: Path, docker: FakeDocker) -> None:
    identifier = docker.add_image(IMAGE, "")
    fault = give_back(tmp_path, Engine(), identifier, os.getuid() + 1, 5)
    assert f"`sudo chown -R {os.getuid() + 1}:5 {tmp_path}` makes them yours" in fault


def test_checkpoints_are_mounted_and_kept(tmp_path: Path, docker: FakeDocker) -> None:
    script = 'cat "$OPT_ML/ckpt/epoch" || { echo 3 >"$OPT_ML/ckpt/epoch"; }; echo loss=0.5'
    docker.add_image(IMAGE, script)
    request = tuning_request(jobs=1)
    checkpoints = {"S3Uri": "s3://bucket/checkpoints", "LocalPath": "/opt/ml/ckpt"}
    request["TrainingJobDefinition"]["CheckpointConfig"] = checkpoints
    run(tuning(tmp_path), request)
    (kept,) = tmp_path.glob("jobs/demo/training-jobs/*/checkpoints")
    assert (kept / "epoch").read_text() == "3\n"
    assert f"type=bind,source={kept},target=/opt/ml/ckpt" in docker.calls("run")[0]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/data/a", "type=bind,source=/data/a,target=/opt/ml,readonly"),
        ("/data/a,b", 'type=bind,"source=/data/a,b",target=/opt/ml,readonly'),
        ('/data/a"b', 'type=bind,"source=/data/a""b",target=/opt/ml,readonly'),
    ],
)
def test_a_mount_is_a_line_of_csv(path: str, expected: str) -> None:
    assert Mount(source=Path(path), target="/opt/ml", is_read_only=True).option == expected
