"""The script of the repository's own example: it runs here, as it does in the container."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hptc.compiler.outcome import CompiledSpec
from hptc.compiler.pipeline import compile_file
from hptc.compiler.workspace import Workspace
from tests.support.outcomes import succeeded
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow

SPEC = ROOT / "specs" / "breast-cancer-script.yaml"


def test_it_prints_the_metric_and_saves_the_model(tmp_path: Path) -> None:
    compiled = succeeded(compile_file(str(SPEC), Workspace(environment="dev")))
    assert isinstance(compiled, CompiledSpec)
    (code,) = compiled.codes.values()
    (definition,) = compiled.job.definitions
    (metric,) = definition.metrics
    smallest = {"n-estimators": "10", "max-depth": "2", "min-samples-leaf": "1", "folds": "2"}
    assert {*smallest, "criterion"} == {
        *(each.name for each in definition.ranges),
        *(name for name in definition.static if not name.startswith("sagemaker_")),
    }
    arguments = [text for name, value in smallest.items() for text in (f"--{name}", value)]
    done = subprocess.run(
        [sys.executable, "-B", code.entry_point, *arguments, "--criterion", "gini"],
        cwd=ROOT / code.directory,
        env={**os.environ, "SM_MODEL_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(metric.regex, done.stdout)
    assert found is not None, done.stderr
    assert 0.9 < float(found[1]) <= 1
    assert (tmp_path / "model.joblib").is_file()
