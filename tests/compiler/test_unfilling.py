"""A request with references to stacks, written as a spec again."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hptc.compiler.importing import write_spec
from hptc.compiler.outcome import CompiledSpec
from hptc.compiler.pipeline import compile_file
from hptc.compiler.unfilling import unfilled
from hptc.compiler.workspace import Workspace
from hptc.request.job_facts import definition_name

PROJECT = """
project: demo
specs: [specs]
environments:
  dev: {account: "123456789012", region: us-east-1, infrastructure: {network: managed}}
"""
HEAD = "name: churn\nstrategy: Random\nlimits: {max_number_of_training_jobs: 4, "
HEAD += "max_parallel_training_jobs: 1}\n"
JOB = """
  objective: {metric_name: loss, type: Minimize}
  source: {directory: src, entry_point: train.py}
  hyperparameters:
    table: "s3://{{ data_bucket }}/table"
    literal: 'a ${b} c'
    rate: {type: Continuous, min: 1e-3, max: 1, scaling: Logarithmic}
  algorithm:
    framework: sagemaker-scikit-learn
    version: 1.2-1-cpu-py3
    metric_definitions: {loss: "loss=([-+0-9.eE]+)"}
  inputs: {train: {s3: "s3://{{ data_bucket }}/churn/"}}
  resources: {instance_type: ml.m5.large, instance_count: 1, volume_size_in_gb: 5}
  stopping: {max_runtime: 15m}
"""
ISOLATED = JOB + "  enable_network_isolation: true\n"
SEVERAL = "training_jobs:\n" + "".join(
    f"  {name}:{JOB}".replace("\n  ", "\n    ").replace(f"    {name}:", f"  {name}:")
    for name in ("one", "two")
)


@pytest.mark.parametrize(
    "text",
    [f"training_job:{JOB}", f"training_job:{ISOLATED}", SEVERAL],
    ids=["single", "isolated", "several"],
)
def test_a_compiled_spec_is_the_same_after_a_round_trip(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hptc.yaml").write_text(PROJECT)
    (tmp_path / "src").mkdir()
    (tmp_path / "src/train.py").write_text("print('loss=1')\n")
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs/churn.yaml").write_text(HEAD + text)
    before = compile_file("specs/churn.yaml", Workspace(rules=()))
    assert isinstance(before, CompiledSpec), before
    sources = {
        definition_name(before.job, definition): before.codes[definition.path]
        for definition in before.job.definitions
    }
    request = {k: v for k, v in before.request.items() if k != "HyperParameterTuningJobName"}
    written = write_spec(unfilled(request), name="churn", sources=sources)
    assert "${hptc:" not in written
    assert not any(word in written for word in ("role_arn", "vpc", "kms_key", "sagemaker_"))
    (job, *_) = re.findall(r"^ +objective:\n(?: .*\n)+", written, re.MULTILINE)
    assert re.findall(r"^ +(objective|source|hyperparameters):", job, re.MULTILINE)[:2] == [
        *("objective", "source")
    ]
    (tmp_path / "specs/churn.yaml").write_text(written)
    after = compile_file("specs/churn.yaml", Workspace(rules=()))
    assert isinstance(after, CompiledSpec), after
    assert after.digest == before.digest


def test_json_that_is_nested_too_deeply_stays_text() -> None:
    text = "[" * 1100 + '"${hptc:data_bucket}"' + "]" * 1100
    static = {"sagemaker_program": '"train.py"', "tables": text}
    request = {"TrainingJobDefinition": {"StaticHyperParameters": static}}
    assert unfilled(request) == request
