"""Arguments and variables of a script, compared with those of the SageMaker training toolkit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hptc.local import script_mode
from hptc.local.run_options import RunOptions
from hptc.local.service import LocalTuning
from tests.support.local_runs import run, tuning_request
from tests.support.paths import ROOT

TOOLKIT = json.loads((ROOT / "tests/data/training_toolkit.json").read_text())


def test_arguments_are_those_of_the_toolkit() -> None:
    assert script_mode.arguments(TOOLKIT["hyperparameters"]) == TOOLKIT["arguments"]


TENSORFLOW = "763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-training:2.19.0-cpu-py312"
PYTORCH = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:2.3.0-cpu-py311"


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        (None, "None/job-001/model"),
        ("s3://bucket/models", "s3://bucket/models/job-001/model"),
        ('"s3://bucket/models"', "s3://bucket/models/job-001/model"),
        ("/opt/ml/model", "/opt/ml/model"),
        ("", "/job-001/model"),
    ],
)
def test_the_container_of_tensorflow_adds_an_argument(own: str | None, expected: str) -> None:
    parameters = {"epochs": "3"} | ({} if own is None else {"model_dir": own})
    passed = script_mode.passed_on(parameters, TENSORFLOW, "job-001")
    assert script_mode.arguments(passed) == ["--epochs", "3", "--model_dir", expected]
    for other in (PYTORCH, "111122223333.dkr.ecr.us-east-1.amazonaws.com/own:1", None):
        assert script_mode.passed_on(parameters, other, "job-001") == parameters


def test_a_script_gets_the_argument_of_tensorflow(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    script = 'echo "$@"; echo "$SM_HP_MODEL_DIR"; echo "$SM_MODEL_DIR"; echo loss=0.5'
    (tmp_path / "src/train.sh").write_text(script)
    request = tuning_request(jobs=1, static={"sagemaker_program": "train.sh"})
    request["TrainingJobDefinition"]["AlgorithmSpecification"]["TrainingImage"] = TENSORFLOW
    tuning = LocalTuning(tmp_path / "jobs", RunOptions(source=tmp_path / "src"))
    _, ended = run(tuning, request)
    model_dir = f"None/{ended[0].name}/model"
    arguments, variable, folder, _ = ended[0].last_lines
    assert f" --model_dir {model_dir} --rate " in arguments
    assert variable == model_dir
    assert folder.endswith("/ml/model")
    files = next(tmp_path.glob("jobs/demo/training-jobs/*/attempt-1/ml/input/config/hyper*"))
    assert "model_dir" not in files.read_text()


def test_variables_are_those_of_the_toolkit() -> None:
    variables = script_mode.variables(
        Path("BASE"),
        TOOLKIT["hyperparameters"],
        entry_point=TOOLKIT["entry_point"],
        channels=TOOLKIT["channels"],
        resources=TOOLKIT["resources"],
        job_name=TOOLKIT["job_name"],
    )
    whole = json.loads(variables.pop("SM_TRAINING_ENV"))
    cpus = variables.pop("SM_NUM_CPUS")
    variables["SM_NUM_GPUS"], whole["num_gpus"] = "0", 0  # as on the machine of the sample
    assert variables == TOOLKIT["variables"]
    assert str(whole.pop("num_cpus")) == cpus
    assert whole == TOOLKIT["training_env"]


def test_the_program_is_read_from_a_hyperparameter_or_the_environment() -> None:
    assert script_mode.program({"sagemaker_program": '"train.py"'}, {}) == "train.py"
    assert script_mode.program({"sagemaker_program": "train.py"}, {}) == "train.py"
    assert script_mode.program({}, {"SAGEMAKER_PROGRAM": "train.py"}) == "train.py"
    assert script_mode.program({}, {}) is None


def test_an_entry_point_is_a_script_a_package_or_a_command(tmp_path: Path) -> None:
    command = script_mode.command
    assert command("py", tmp_path, "train.py", ["--x", "1"]) == ["py", "train.py", "--x", "1"]
    words = command("py", tmp_path, "train.sh", ["a b"])
    assert words == ["/bin/sh", "-c", './"$0" "$@"', "train.sh", "a b"]
    (tmp_path / "setup.py").touch()
    assert command("py", tmp_path, "train.py", []) == ["py", "-m", "train"]


def test_a_name_of_one_letter_is_a_short_option() -> None:
    hyperparameters = {"k": "1", "lr": "2", "rate": "3"}
    assert script_mode.arguments(hyperparameters) == ["-k", "1", "--lr", "2", "--rate", "3"]
