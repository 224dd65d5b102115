"""`hptc capture` with programs as people have them: boto3 and the AWS CLI; tests/sdk has others."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from hptc.cli.program import run
from hptc.compiler.outcome import CompiledSpec
from hptc.compiler.pipeline import compile_file
from hptc.compiler.workspace import Workspace
from hptc.request.identity import canonical
from tests.support.json_documents import check_document
from tests.support.sandbox import CONFIG, DEFINITION

pytest.importorskip("moto")

REQUEST: dict[str, Any] = {
    "HyperParameterTuningJobName": "churn-261129-2049",
    "HyperParameterTuningJobConfig": CONFIG,
    "TrainingJobDefinition": DEFINITION,
}
BOTO3 = """
import boto3, json, sys
client = boto3.client("sagemaker")
for request in json.load(open("requests.json")):
    client.create_hyper_parameter_tuning_job(**request)
sys.exit(int(sys.argv[1]))
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AWS_REGION", raising=False)
    return tmp_path


def requested_by(path: Path) -> dict[str, Any]:
    """The canonical request of a spec, without its name."""
    compiled = compile_file(str(path), Workspace(rules=()))
    assert isinstance(compiled, CompiledSpec), compiled.diagnostics
    request = dict(compiled.request)
    del request["HyperParameterTuningJobName"]
    return canonical(request)


def without_name(request: dict[str, Any]) -> dict[str, Any]:
    return canonical({k: v for k, v in request.items() if k != "HyperParameterTuningJobName"})


def test_each_different_job_of_a_script_becomes_a_spec(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    other = {**REQUEST, "HyperParameterTuningJobName": "churn-261129-2051", "Tags": []}
    third = {
        **REQUEST,
        "HyperParameterTuningJobName": "churn-261129-2053",
        "Tags": [{"Key": "team", "Value": "growth"}],
    }
    Path("requests.json").write_text(json.dumps([REQUEST, other, third]), "utf-8")
    Path("specs").mkdir()
    Path("specs/churn.yaml").write_text("mine", "utf-8")
    assert run(["capture", "-o", "specs", "--", sys.executable, "-c", BOTO3, "3"]) == 0
    assert sorted(path.name for path in Path("specs").iterdir()) == [
        "churn-2.yaml", "churn-3.yaml", "churn.yaml",
    ]  # fmt: skip
    assert requested_by(Path("specs/churn-2.yaml")) == without_name(REQUEST)
    assert requested_by(Path("specs/churn-3.yaml")) == without_name(third)
    assert Path("specs/churn.yaml").read_text("utf-8") == "mine"
    err = capfd.readouterr().err
    assert "Account 000000000000, Region us-east-1, role arn:aws:iam::000000000000:role/" in err
    assert "failed with exit code 3 after it created 3 tuning jobs" in err
    assert err.endswith("next: hptc check specs/churn-2.yaml specs/churn-3.yaml\n")


def test_as_json(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    names = ["churn-261129-2101", "churn-261129-2103"]  # of this test: open sandboxes share them
    requests = [{**REQUEST, "HyperParameterTuningJobName": name} for name in names]
    Path("requests.json").write_text(json.dumps(requests), "utf-8")
    program = f"print('of the program')\n{BOTO3}"
    assert run(["capture", "--json", "--", sys.executable, "-c", program, "3"]) == 0
    out, err = capfd.readouterr()
    assert "of the program\n" in err
    data = json.loads(out)
    check_document(data)
    [file] = data.pop("files")
    assert data == {"version": 1, "command": "capture", "exit_code": 3, "refused_hosts": []}
    assert file["tuning_jobs"] == names
    assert (file["file"], file["is_spec"]) == ("churn.yaml", True)
    assert requested_by(Path("churn.yaml")) == without_name(REQUEST)


@pytest.mark.parametrize(
    ("argument", "code", "message"),
    [
        ("5", 5, "failed with exit code 5 before it created a tuning job"),
        ("0", 2, "created no tuning job"),
    ],
)
def test_without_a_tuning_job_the_exit_code_is_the_commands(
    capfd: pytest.CaptureFixture[str], argument: str, code: int, message: str
) -> None:
    Path("requests.json").write_text("[]", "utf-8")
    assert run(["capture", "--", sys.executable, "-c", BOTO3, argument]) == code
    assert message in capfd.readouterr().err


def test_a_request_that_no_spec_can_express_is_kept(capfd: pytest.CaptureFixture[str]) -> None:
    request = {**REQUEST, "HyperParameterTuningJobName": "no_underscores"}
    Path("requests.json").write_text(json.dumps([request]), "utf-8")
    assert run(["capture", "--", sys.executable, "-c", BOTO3, "0"]) == 2
    assert json.loads(Path("no-underscores.json").read_text("utf-8")) == request
    assert list(Path().glob("*.yaml")) == []
    assert "wrote no-underscores.json, the request as it was sent" in capfd.readouterr().err


def test_an_output_that_is_a_file_is_refused_before_the_run(
    capfd: pytest.CaptureFixture[str],
) -> None:
    Path("specs").write_text("mine", "utf-8")
    assert run(["capture", "-o", "specs", "--", sys.executable, "-c", "print('ran')"]) == 2
    assert capfd.readouterr() == (
        "",
        "error: specs is not a folder\nhelp: pass a folder with -o DIR\n",
    )


def test_a_command_that_does_not_exist(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["capture", "--", "no-such-command"]) == 2
    assert "cannot run no-such-command" in capfd.readouterr().err


@pytest.mark.slow
def test_the_aws_cli(folder: Path) -> None:
    Path("config.json").write_text(json.dumps(CONFIG), "utf-8")
    Path("definition.json").write_text(json.dumps(DEFINITION), "utf-8")
    command = (
        f"{shlex.quote(sys.executable)} -m awscli sagemaker create-hyper-parameter-tuning-job "
        "--hyper-parameter-tuning-job-name tune-1 "
        "--hyper-parameter-tuning-job-config file://config.json "
        "--training-job-definition file://definition.json"
    )
    Path("run.sh").write_text(command, "utf-8")
    assert run(["capture", "--region", "eu-west-1", "--", "sh", "run.sh"]) == 0
    assert "job_name: tune-1\n" in Path("tune-1.yaml").read_text("utf-8")
    assert requested_by(Path("tune-1.yaml")) == without_name(REQUEST)
