"""The scripts of the repository's own examples: they run here, as they do in AWS's containers."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from hptc.compiler.outcome import CompiledSpec
from hptc.compiler.pipeline import compile_file
from hptc.compiler.workspace import Workspace
from hptc.local.predefined_metrics import with_metrics
from hptc.local.script_mode import arguments
from hptc.request.tuning_job import CategoricalRange, Definition, NumericRange
from tests.support.outcomes import succeeded
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow

SMALLEST: dict[str, dict[str, str]] = {
    "breast-cancer-script": {"folds": "2", "n-estimators": "10", "max-depth": "2"},
    "diabetes-xgboost": {"folds": "2", "num_round": "20", "eta": "0.3", "max_depth": "2"},
    "digits-keras": {"epochs": "2", "units": "16", "learning-rate": "0.01"},
    "digits-pytorch": {"epochs": "2", "batch-size": "64", "learning-rate": "0.01"},
}
"""Hyperparameters that make a script fast; the others have the first value of their range."""
MODULES = {
    "breast-cancer-script": "sklearn",
    "diabetes-xgboost": "xgboost",
    "digits-keras": "tensorflow",
    "digits-pytorch": "torch",
}
ACCURACY = (0.8, 1.0)
VALUES = {
    "breast-cancer-script": (0.9, 1.0),
    "diabetes-xgboost": (40.0, 80.0),  # the standard deviation of the target is 77
    "digits-keras": ACCURACY,
    "digits-pytorch": ACCURACY,
}
MODELS = {
    "breast-cancer-script": "model.joblib",
    "diabetes-xgboost": "model.json",
    "digits-keras": "1/saved_model.pb",
    "digits-pytorch": "model.pt",
}


@cache
def example(name: str) -> tuple[CompiledSpec, Definition]:
    path = ROOT / "specs" / f"{name}.yaml"
    compiled = succeeded(compile_file(str(path), Workspace(environment="dev")))
    assert isinstance(compiled, CompiledSpec)
    (definition,) = with_metrics(compiled.job).definitions
    return compiled, definition


def hyperparameters(name: str) -> dict[str, str]:
    """What a training job with the smallest values gets, as the container reads it."""
    _, definition = example(name)
    values = dict(definition.static)
    for range_ in definition.ranges:
        match range_:
            case CategoricalRange():
                values[range_.name] = range_.values[0]
            case NumericRange():
                values[range_.name] = range_.min
    assert {*SMALLEST[name]} <= {*values}
    return values | SMALLEST[name]


def train(
    name: str, folder: Path, data: Path, changes: dict[str, str] | None = None
) -> Sequence[float]:
    """Run the script of an example, and return the values of its objective metric."""
    module = MODULES[name]
    if find_spec(module) is None:
        pytest.skip(f"{module} is not installed")
    compiled, definition = example(name)
    (code,) = compiled.codes.values()
    (metric,) = definition.metrics
    (folder / "model").mkdir(exist_ok=True)
    channels = {
        f"SM_CHANNEL_{channel.name.upper()}": str(data / name.partition("-")[0])
        for channel in definition.channels
    }
    done = subprocess.run(
        [
            *(sys.executable, "-B", code.entry_point),
            *arguments(hyperparameters(name) | (changes or {})),
        ],
        cwd=ROOT / code.directory,
        env={
            **os.environ,
            **channels,
            "SAGEMAKER_BASE_DIR": str(folder),
            "SM_MODEL_DIR": str(folder / "model"),
            "TRAINING_JOB_NAME": "digits-001",
            "TF_CPP_MIN_LOG_LEVEL": "3",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    values = [float(match[1]) for match in re.finditer(metric.regex, done.stdout, re.MULTILINE)]
    assert done.returncode == 0, done.stderr
    return values


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of the examples, made by the program in docs/script-mode.md."""
    folder = tmp_path_factory.mktemp("examples")
    text = (ROOT / "docs" / "script-mode.md").read_text("utf-8")
    (program,) = re.findall(r"```python\n(import numpy\n.*?)```", text, re.DOTALL)
    subprocess.run([sys.executable, "-c", program], cwd=folder, check=True)
    return folder / "data"


@pytest.mark.parametrize("name", SMALLEST)
def test_it_prints_the_metric_and_saves_the_model(name: str, tmp_path: Path, data: Path) -> None:
    values = train(name, tmp_path, data)
    low, high = VALUES[name]
    assert low < values[-1] <= high
    assert len(values) == int(SMALLEST[name].get("epochs", "1"))
    assert (tmp_path / "model" / MODELS[name]).is_file()


def test_pytorch_continues_after_an_interruption(tmp_path: Path, data: Path) -> None:
    whole = train("digits-pytorch", tmp_path, data)
    (tmp_path / "model" / "model.pt").unlink()
    assert len(whole) == 2
    again = train("digits-pytorch", tmp_path, data, {"epochs": "3"})
    assert len(again) == 1
    assert again[0] > 0.8
    assert (tmp_path / "model" / "model.pt").is_file()


def test_the_page_lists_every_example_with_code_and_how_to_run_it() -> None:
    text = (ROOT / "docs" / "script-mode.md").read_text("utf-8")
    with_code = {
        path.stem
        for path in (ROOT / "specs").glob("*.yaml")
        if "  source: {directory: src/" in path.read_text("utf-8")
    }
    assert with_code == {*SMALLEST} == {*re.findall(r"\(\.\./specs/([a-z-]+)\.yaml\)", text)}
    runs = [shlex.split(line) for line in re.findall(r"^hptc local run .*", text, re.MULTILINE)]
    channels = {(Path(words[3]).stem, word) for words in runs for word in words if "=data/" in word}
    assert channels == {
        (name, f"{channel.name}=data/{name.partition('-')[0]}")
        for name in with_code
        for channel in example(name)[1].channels
    }
