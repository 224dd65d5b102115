"""Arguments and variables of a script, compared with those of the SageMaker training toolkit."""

from __future__ import annotations

import json
from pathlib import Path

from hptc.local import script_mode
from tests.support.paths import ROOT

TOOLKIT = json.loads((ROOT / "tests/data/training_toolkit.json").read_text())


def test_arguments_are_those_of_the_toolkit() -> None:
    assert script_mode.arguments(TOOLKIT["hyperparameters"]) == TOOLKIT["arguments"]


def test_variables_are_those_of_the_toolkit() -> None:
    found = script_mode.variables(
        Path("BASE"),
        TOOLKIT["hyperparameters"],
        entry_point=TOOLKIT["entry_point"],
        channels=TOOLKIT["channels"],
        resources=TOOLKIT["resources"],
        job_name=TOOLKIT["job_name"],
    )
    whole = json.loads(found.pop("SM_TRAINING_ENV"))
    cpus = found.pop("SM_NUM_CPUS")
    found["SM_NUM_GPUS"], whole["num_gpus"] = "0", 0  # as on the machine of the sample
    assert found == TOOLKIT["variables"]
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
