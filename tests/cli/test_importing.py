"""`hptc import` of several files and of other tools' files, as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hptc.cli.program import run
from tests.support.strategies import make_request

REQUEST = make_request(2, 0.4)
MACHINE = {
    "States": {
        "Tune": {
            "Resource": "arn:aws:states:::sagemaker:createHyperParameterTuningJob.sync",
            "Parameters": {
                **{k: v for k, v in REQUEST.items() if k != "HyperParameterTuningJobName"},
                "HyperParameterTuningJobName.$": "$.name",
                "Tags.$": "$.tags",
            },
        }
    }
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: str, data: Any) -> None:
    Path(path).write_text(json.dumps(data), "utf-8")


def test_the_files_of_the_aws_cli(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pieces = [member for member in REQUEST if member != "HyperParameterTuningJobName"]
    for member in pieces:
        write(member, REQUEST[member])
    assert run(["import", *pieces, "-o", "churn.yaml"]) == 0
    assert capsys.readouterr() == ("", "wrote churn.yaml\n")
    first, second = (folder / "churn.yaml").read_text("utf-8").splitlines()[:2]
    assert first.endswith("(the files of an AWS CLI command).")
    assert second == "name: churn"


def test_what_is_left_out_goes_to_stderr(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write("machine.json", MACHINE)
    assert run(["import", "machine.json", "--state", "Tune", "--name", "churn"]) == 0
    out, err = capsys.readouterr()
    assert "name: churn\n" in out
    assert "# Imported from machine.json (the state Tune of a state machine).\n" in out
    assert "note: left out the tuning job's name, which is $.name" in err
    assert "1 value to fill in:\n  left out: $.tags (Tags)\n" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["a.json", "-"], "`-` can't be combined", id="stdin and a file"),
        pytest.param(["a.json", "--state", "x"], "leave the option out", id="state of a request"),
    ],
)
def test_arguments_that_do_not_fit(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    write("a.json", REQUEST)
    assert run(["import", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_required_member_that_is_missing_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    request = {key: REQUEST[key] for key in REQUEST if not key.startswith("TrainingJob")}
    definition = {"RoleArn": "arn:aws:iam::111122223333:role/x", "OutputDataConfig": {}}
    write("a.json", {**request, "TrainingJobDefinition": definition})
    assert run(["import", "a.json"]) == 0
    out, err = capsys.readouterr()
    assert "role_arn: arn:aws:iam::111122223333:role/x\n" in out
    assert "`TrainingJobDefinition.AlgorithmSpecification`" in err
    assert "`TrainingJobDefinition.OutputDataConfig.S3OutputPath`" in err
