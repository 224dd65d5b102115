"""`hptc local results`, `report`, `next` and `logs`, and the tuning jobs of a spec that changes."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from hptc.cli import run
from hptc.cli.rehearsal_note import rehearsal_note
from hptc.compiler.outcome import Compiled
from hptc.compiler.pipeline import compile_file
from hptc.compiler.workspace import Workspace
from tests.support.local_runs import shell, tuning_request
from tests.support.paths import ROOT
from tests.support.repositories import Repository

PROJECT = """
project: demo
specs: [specs]
environments:
  dev: {account: "123456789012", region: us-east-1}
"""
SPEC = """
name: churn
strategy: Random
limits: {max_number_of_training_jobs: 4, max_parallel_training_jobs: 1}
training_job:
  objective: {metric_name: loss, type: Minimize}
  source: {directory: src, entry_point: train.py}
  hyperparameters:
    rate: {type: Continuous, min: 1e-3, max: 1, scaling: Logarithmic}
  algorithm:
    framework: sagemaker-scikit-learn
    version: 1.2-1-cpu-py3
    metric_definitions: {loss: "loss=([0-9.]+)"}
  inputs: {train: {s3: "s3://{{ data_bucket }}/churn/"}}
  resources: {instance_type: ml.m5.large, instance_count: 1, volume_size_in_gb: 5}
  stopping: {max_runtime: 15m}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_project(folder: Path) -> None:
    (folder / "hptc.yaml").write_text(PROJECT)
    for name, text in (("specs/churn.yaml", SPEC), ("src/train.py", "print('loss=0.5')\n")):
        (folder / name).parent.mkdir()
        (folder / name).write_text(text)
    (folder / "data").mkdir()


@pytest.fixture
def project(folder: Path) -> Path:
    """A project whose spec `churn` has run once on this machine."""
    write_project(folder)
    assert run(["local", "run", "churn", "--trials", "1", "--channel", "train=data"]) == 0
    return folder


def ran(folder: Path, *options: str) -> None:
    (folder / "request.json").write_text(json.dumps(tuning_request()))
    ((pattern, command),) = shell(folder / "scripts", "echo loss=0.5; echo token=hunter2secret")
    assert run(["local", "run", "request.json", f"--image={pattern}={command}", *options]) == 0


def test_results_name_the_place(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran(folder)
    capsys.readouterr()
    assert run(["local", "results", "demo"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("demo: Completed, 3 training jobs on this machine\n")
    assert "none: the training jobs ran on this machine" in out
    assert run(["local", "results", "request.json", "--format", "json", "--top", "1"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["version"], data["region"], len(data["training_jobs"])) == (1, "local", 1)
    assert data["local"] == {
        "folder": str(folder / ".hptc/local/demo"),
        "dry_run": False,
        "running": False,
        "stand_ins": [],
    }


@pytest.mark.parametrize("form", ["text", "markdown", "csv"])
def test_the_results_of_a_dry_run_say_so(
    form: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ran(folder, "--dry")
    capsys.readouterr()
    assert run(["local", "results", "demo", "--format", form]) == 0
    out, err = capsys.readouterr()
    assert "dry run: nothing was trained" in (err if form == "csv" else out)


def test_the_report_of_a_dry_run_says_so(folder: Path) -> None:
    ran(folder, "--dry")
    assert run(["local", "report", "demo", "-o", "demo.html"]) == 0
    assert "<strong>dry run: nothing was trained" in (folder / "demo.html").read_text()
    assert run(["local", "report", "demo", "-o", "demo.txt"]) == 2


def test_the_logs_of_a_tuning_job(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran(folder)
    capsys.readouterr()
    assert run(["local", "logs", "request.json"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[0] == "loss=0.5"
    assert "hunter2secret" not in out
    assert "the best training job, Completed, loss = 0.5" in err
    assert run(["local", "logs", "demo", "--training-job", "002", "--follow"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("loss=0.5\n")
    assert "demo-002-" in err


def test_a_spec_finds_its_tuning_job_after_an_edit(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = next((project / ".hptc/local").glob("churn-*")).name
    (project / "specs/churn.yaml").write_text(SPEC.replace("max: 1,", "max: 0.5,"))
    for command in (["status"], ["results"], ["logs"], ["stop"]):
        capsys.readouterr()
        assert run(["local", *command, "churn"]) == 0
        out, err = capsys.readouterr()
        assert name in out + err
    assert run(["local", "status", "churn"]) == 0
    # `--trials` limited the run, which is not a change of the spec.
    assert "has changed since: 1 difference (rate)" in capsys.readouterr().out
    assert run(["local", "status", "churn", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["job"]["name"] == name


def test_a_spec_that_has_not_run(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "specs/other.yaml").write_text(SPEC.replace("churn", "other"))
    for command in ("status", "results", "logs", "stop", "next"):
        assert run(["local", command, "other"]) == 3
        err = capsys.readouterr().err
        assert "`other` (specs/other.yaml) has not run on this machine" in err
        assert "`hptc local run other` runs it" in err


def test_the_next_spec_runs_on_aws_too(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = next((project / ".hptc/local").glob("churn-*")).name
    capsys.readouterr()
    assert run(["local", "next", "churn", "-o", "specs/next.yaml"]) == 0
    text = (project / "specs/next.yaml").read_text()
    assert f"# No warm start: {name} ran on this machine, so AWS does not have it.\n" in text
    assert "  source: {directory: src, entry_point: train.py}\n" in text
    assert 's3: "s3://{{ data_bucket }}/churn/"\n' in text
    assert "max_number_of_training_jobs: 4\n" in text
    assert not any(word in text for word in ("warm_start:", "${", "role_arn", "sagemaker_program"))
    assert run(["check"]) == 0


def test_the_next_spec_can_start_warm_on_this_machine(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = next((project / ".hptc/local").glob("churn-*")).name
    assert run(["local", "next", name, "--new-data"]) == 2
    (project / "src/train.py").write_text("print('loss=0.4')\n")
    capsys.readouterr()
    assert run(["local", "next", name, "--warm-start", "-o", "specs/next.yaml"]) == 0
    assert f"note: the training code has changed since {name} ran" in capsys.readouterr().err
    assert f"  - {name}\n" in (project / "specs/next.yaml").read_text()
    command = ["local", "run", "churn-next", "--trials", "1", "--channel", "train=data"]
    assert run(command) == 0


def test_the_code_of_a_job_is_found_by_its_tags(project: Path) -> None:
    repository = Repository(project)
    repository.git("init", "--quiet")
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "--message=all")
    assert run(["local", "run", "churn", "--replace", "--trials=1", "--channel=train=data"]) == 0
    name = next((project / ".hptc/local").glob("churn-*")).name
    assert run(["local", "next", name, "-o", "next.yaml"]) == 0
    text = (project / "next.yaml").read_text()
    assert "  source: {directory: src, entry_point: train.py}\n" in text
    assert "# Its spec: specs/churn.yaml at " in text


def test_a_submission_suggests_a_rehearsal_once(project: Path) -> None:
    (project / "specs/other.yaml").write_text(SPEC.replace("churn", "other"))
    (project / "specs/churn.yaml").write_text(SPEC.replace("max: 1,", "max: 0.5,"))
    compiled = {
        name: compile_file(f"specs/{name}.yaml", Workspace()) for name in ("churn", "other")
    }
    assert all(isinstance(outcome, Compiled) for outcome in compiled.values())
    note = rehearsal_note(outcome for outcome in compiled.values() if isinstance(outcome, Compiled))
    assert note.endswith("`hptc local run other --trials 1` rehearses it")
    assert (
        rehearsal_note(
            [outcome for outcome in [compiled["churn"]] if isinstance(outcome, Compiled)]
        )
        == ""
    )


def test_a_dry_run_is_not_a_rehearsal(folder: Path) -> None:
    write_project(folder)
    compiled = compile_file("specs/churn.yaml", Workspace())
    assert isinstance(compiled, Compiled)
    assert run(["local", "run", "churn", "--dry"]) == 0
    assert "`hptc local run churn --trials 1` rehearses it" in rehearsal_note([compiled])
    assert run(["local", "run", "churn", "--trials", "1", "--channel", "train=data"]) == 0
    assert rehearsal_note([compiled]) == ""


def test_a_check_on_a_terminal_suggests_a_rehearsal(folder: Path) -> None:
    write_project(folder)
    reader, terminal = pty.openpty()
    command = [sys.executable, "-m", "hptc", "check", "--env", "dev"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=terminal, check=True
    )
    os.close(terminal)
    shown = os.read(reader, 10_000).decode()
    os.close(reader)
    assert "the script of churn has not run on this machine; `hptc local run churn" in shown


def test_a_check_elsewhere_suggests_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_project(folder)
    assert run(["check"]) == 0
    assert "has not run" not in capsys.readouterr().err


def test_a_run_that_was_killed_is_interrupted(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = next((project / ".hptc/local").glob("churn-*/tuning-job.json"))
    data = json.loads(record.read_text())
    record.write_text(json.dumps({**data, "Status": "InProgress", "EndTime": None}))
    capsys.readouterr()
    assert run(["local", "list"]) == 0
    name = record.parent.name
    assert f"interrupted, no process runs them: {name}" in capsys.readouterr().out
    assert run(["local", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["interrupted"] == [name]
    assert run(["local", "run", "churn"]) == 3
    assert f"{name} has already run on this machine and was interrupted" in capsys.readouterr().err
    assert run(["local", "status", "churn"]) == 0
    assert "`hptc local run churn --resume` continues" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "instead"),
    [
        ("local run", "nothing was run"),
        ("cost", "no cost was estimated"),
        ("preview", "nothing was previewed"),
    ],
)
def test_an_error_says_what_the_command_did_not_do(
    command: str, instead: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "bad.yaml").write_text(SPEC.replace("Random", "Randon"))
    assert run([*command.split(), "bad.yaml"]) == 1
    assert capsys.readouterr().err.endswith(f": {instead}\n")


def test_every_command_prints_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The documents are compared with their schemas by the fixture of all tests."""
    ran(folder)
    capsys.readouterr()
    for command in ("list", "status demo", "logs demo", "stop demo", "next demo"):
        assert run(["local", *command.split(), "--json"]) == 0, command
        data = json.loads(capsys.readouterr().out)
        assert data["command"] == f"local {command.split()[0]}"
    assert run(["local", "report", "demo", "-o", "page.html", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["file"] == "page.html"
    assert run(["local", "logs", "demo", "--json"]) == 0
    text = capsys.readouterr().out
    (log,) = json.loads(text)["training_jobs"]
    assert [event["message"].partition("=")[0] for event in log["events"]] == ["loss", "token"]
    assert log["events"][0]["time"] is None
    assert "hunter2secret" not in text
    assert run(["local", "logs", "demo", "--follow", "--json"]) == 2
    assert "--follow can't be combined with --format json" in capsys.readouterr().err
