"""A project whose spec has training code."""

from __future__ import annotations

from pathlib import Path

from hptc.compiler.outcome import Outcome
from hptc.compiler.pipeline import compile_file
from hptc.compiler.workspace import Workspace
from tests.support.specs import PROJECT

SCRIPT = """\
import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--trees", type=int)
parser.parse_args()
print("auc=0.5")
"""

CODE_SPEC = """\
name: churn
strategy: Bayesian
limits: {max_number_of_training_jobs: 4, max_parallel_training_jobs: 2, max_runtime: 2h}
training_job:
  objective: {metric_name: auc, type: Maximize}
  source: {directory: src/churn, entry_point: train.py}
  hyperparameters:
    trees: {type: Integer, min: 10, max: 300}
  algorithm:
    framework: sagemaker-scikit-learn
    version: 1.2-1-cpu-py3
    metric_definitions: {auc: "auc=([-+0-9.eE]+)"}
  inputs: {train: {s3: "s3://{{ data_bucket }}/churn/"}}
  resources: {instance_type: ml.m5.large, instance_count: 1, volume_size_in_gb: 5}
  stopping: {max_runtime: 15m}
"""

CODE_FILES = {
    "hptc.yaml": PROJECT,
    "specs/churn.yaml": CODE_SPEC,
    "src/churn/train.py": SCRIPT,
    "src/churn/lib/features.py": "COLUMNS = 3\n",
}


def write_code_project(folder: Path, **changed: str) -> Path:
    """Write the project into a folder and return the path of its spec. Keys are of CODE_SPEC."""
    spec = CODE_SPEC
    for old, new in changed.items():
        assert f"{old}: " in spec
        line = next(line for line in spec.splitlines() if line.strip().startswith(f"{old}: "))
        spec = spec.replace(line, new)
    for name, text in {**CODE_FILES, "specs/churn.yaml": spec}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "specs" / "churn.yaml"


def compile_code(folder: Path, *, environment: str = "dev", **changed: str) -> Outcome:
    """The outcome of the spec, with lines replaced by key."""
    path = write_code_project(folder, **changed)
    return compile_file(str(path), Workspace(environment=environment))
