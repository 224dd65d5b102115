"""`hptc watch`, `submit --wait` and `logs` in the sandbox, whose tuning jobs train nothing."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from hptc.cli import run as hptc
from hptc.sandbox.gateway import access_key_for
from hptc.sandbox.sagemaker import configure
from hptc.sandbox.server import Sandbox
from hptc.sandbox.tuning_store import TuningSettings
from tests.support.json_documents import check_document
from tests.support.sandbox import open_sandbox
from tests.support.specs import WITHOUT_PARENT

Capture = pytest.CaptureFixture[str]
sandbox = pytest.fixture(scope="module", name="sandbox")(open_sandbox)
_accounts = itertools.count(400000000001)
SPEC = WITHOUT_PARENT.replace("name: explicit", "name: tuner", 1)


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> Iterator[str]:
    """An account with no jobs; the current folder has a spec outside of any project."""
    account = str(next(_accounts))
    (tmp_path / "tuner.yaml").write_text(SPEC, "utf-8")
    monkeypatch.chdir(tmp_path)
    for key, value in sandbox.environment().items():
        if key.startswith("AWS_"):
            monkeypatch.setenv(key, value)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", access_key_for(account))
    yield account
    configure(account, TuningSettings())


def test_submit_and_wait_until_it_has_completed(account: str, capsys: Capture) -> None:
    assert hptc(["submit", "tuner.yaml", "--wait", "--no-preflight"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("submitted tuner-")
    assert ": Completed, 1 of 4 ended (1 completed); best loss = 0" in err
    assert "completed after 0 s" in err
    # An unchanged spec is followed too.
    assert hptc(["submit", "tuner.yaml", "--wait", "--no-preflight"]) == 0
    assert "already submitted" in capsys.readouterr().out
    assert hptc(["submit", "tuner.yaml", "--wait", "--dry-run"]) == 2


def running_job(account: str, capsys: Capture) -> str:
    """The name of a tuning job that was submitted and stays InProgress until it is stopped."""
    configure(account, TuningSettings(mode="held"))
    assert hptc(["submit", "tuner.yaml", "--no-preflight"]) == 0
    return capsys.readouterr().out.split()[1]


def test_watch_until_it_is_stopped(
    account: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = running_job(account, capsys)
    client = boto3.session.Session().client("sagemaker")

    def stop(*_: object, **__: object) -> float:
        client.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=job)
        return 0

    monkeypatch.setattr("hptc.cli.watch_loop._Pace.after_reading", stop)
    assert hptc(["watch", "tuner.yaml"]) == 3
    out, err = capsys.readouterr()
    first, last = out.splitlines()
    assert f" UTC  {job}: InProgress, 0 of 4 ended (1 in progress); " in first
    assert f" UTC  {job}: Stopped, 1 of 4 ended (1 stopped); " in last
    assert f"{job} was stopped after" in err


def test_each_change_is_a_line_of_json(
    account: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = running_job(account, capsys)
    client = boto3.session.Session().client("sagemaker")
    waits = iter((None, job))

    def stop(*_: object, **__: object) -> float:
        if name := next(waits):  # after the second reading, which has found nothing new
            client.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
        return 0

    monkeypatch.setattr("hptc.cli.watch_loop._Pace.after_reading", stop)
    assert hptc(["watch", job, "--region", "us-east-1", "--json"]) == 3
    out, err = capsys.readouterr()
    first, last = (json.loads(line) for line in out.splitlines())
    check_document(first)
    check_document(last)
    assert (first["job"]["status"], first["job"]["outcome"]) == ("InProgress", None)
    assert first["job"]["expected_training_jobs"] == 4
    assert [training_job["status"] for training_job in first["job"]["running"]] == ["InProgress"]
    assert (last["job"]["status"], last["job"]["outcome"]) == ("Stopped", "stopped")
    assert f"{job} was stopped after" in err


def test_ctrl_c_leaves_the_job_running(
    account: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = running_job(account, capsys)

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("hptc.cli.watch_loop._Pace.after_reading", interrupt)
    assert hptc(["watch", job, "--region", "us-east-1"]) == 130
    err = capsys.readouterr().err
    assert f"{job} is still running: `hptc watch {job} --region us-east-1` follows it" in err
    assert err.endswith("interrupted\n")


def test_logs_of_the_best_training_job(account: str, capsys: Capture) -> None:
    assert hptc(["submit", "tuner.yaml", "--no-preflight"]) == 0
    job = capsys.readouterr().out.split()[1]
    client = boto3.session.Session().client("sagemaker")
    described = client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=job)
    training_job = described["BestTrainingJob"]["TrainingJobName"]
    assert hptc(["logs", job]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert f"no log lines of {training_job}" in err
    logs = boto3.session.Session().client("logs")
    group, stream = "/aws/sagemaker/TrainingJobs", f"{training_job}/algo-1-1700000000"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    now = int(time.time() * 1000)
    messages = ["epoch 1", "password=hunter2hunter2", "\x1b[31mloss=0.5"]
    logs.put_log_events(
        logGroupName=group,
        logStreamName=stream,
        logEvents=[{"timestamp": now + i, "message": text} for i, text in enumerate(messages)],
    )
    assert hptc(["logs", "tuner.yaml", "--tail", "2"]) == 0
    out, err = capsys.readouterr()
    assert [line[21:] for line in out.splitlines()] == [
        "*" * len(messages[1]),  # the password
        "\N{REPLACEMENT CHARACTER}[31mloss=0.5",
    ]
    assert f"{training_job} (the best training job, Completed, loss = 0)" in err
    assert hptc(["logs", job, "--training-job", "001", "--follow"]) == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 3
    assert f"{training_job} has ended: Completed" in err
