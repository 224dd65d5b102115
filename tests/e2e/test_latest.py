"""`latest(SPEC)` from the command line, against the sandbox: each run starts from the last one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hptc.sandbox.gateway import access_key_for
from hptc.sandbox.run import client_environment
from hptc.sandbox.server import Sandbox
from tests.support.e2e_project import Project, run_here, tool_environment
from tests.support.sandbox import provide

ACCOUNT = "366666666667"
HPTC_YAML = f"""\
project: shop
environments:
  dev:
    account: "{ACCOUNT}"
    region: us-east-1
    infrastructure:
      artifact_bucket: latest-artifacts
      data_bucket: latest-data
      kms_key: absent
      launcher_policy: absent
      execution_role: arn:aws:iam::{ACCOUNT}:role/training
"""
SPEC = """\
name: churn
strategy: Bayesian
limits: {max_number_of_training_jobs: 10, max_parallel_training_jobs: 2}
warm_start: {type: TransferLearning, parents: [latest(churn)]}
training_job:
  objective: {metric_name: "validation:auc", type: Maximize}
  hyperparameters:
    objective: binary:logistic
    num_round: 200
    eta: {type: Continuous, min: 0.1, max: 0.5}
  algorithm: {built_in: xgboost, version: 1.7-1}
  inputs:
    train: {s3: "s3://latest-data/train/", content_type: text/csv}
    validation: {s3: "s3://latest-data/validation/", content_type: text/csv}
  resources: {instance_type: ml.m5.large, instance_count: 1, volume_size_in_gb: 10}
  stopping: {max_runtime: 1h}
"""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    (tmp_path / "specs").mkdir()
    (tmp_path / "hptc.yaml").write_text(HPTC_YAML, "utf-8")
    (tmp_path / "specs" / "churn.yaml").write_text(SPEC, "utf-8")
    with Sandbox(account=ACCOUNT) as sandbox:
        data = {"latest-data": ("train/1.csv", "validation/1.csv"), "latest-artifacts": ()}
        provide(sandbox, role="training", objects=data, account_id=ACCOUNT)
        environment = client_environment(sandbox, tool_environment())
        project = Project(
            directory=tmp_path,
            account=ACCOUNT,
            environment=environment | {"AWS_ACCESS_KEY_ID": access_key_for(ACCOUNT)},
        )
        with project.entered():
            yield project


def parents(request: dict[str, Any]) -> list[str]:
    warm_start = request.get("WarmStartConfig", {"ParentHyperParameterTuningJobs": []})
    return [
        parent["HyperParameterTuningJobName"]
        for parent in warm_start["ParentHyperParameterTuningJobs"]
    ]


def test_each_run_starts_from_the_last_one(project: Project) -> None:
    compiled = json.loads(run_here("compile", "specs/churn.yaml").out)
    name = compiled["HyperParameterTuningJobName"]
    assert parents(compiled) == ["${hptc:latest(churn)}"]

    # The first run has no parent, and every command says so.
    before = "no warm start from churn, which has no completed tuning job yet"
    assert before in run_here("plan", "--out", "plan.json").out
    dry = run_here("submit", "specs/churn.yaml", "--dry-run")
    assert (before in dry.err, parents(json.loads(dry.out))) == (True, [])
    assert parents(json.loads(run_here("compile", "--resolve", "specs").out)) == []
    sent = run_here("submit", "plan.json")
    assert (sent.code, before in sent.err) == (0, True)

    # The same content is the same job, and a repeat starts from it.
    again = run_here("submit", "specs/churn.yaml")
    assert again.out.startswith(f"already submitted: {name} ")
    after = f"warm start from {name}, the newest completed tuning job of churn"
    repeat = run_here("submit", "specs/churn.yaml", "--rerun", "2")
    assert (repeat.code, after in repeat.err) == (0, True)
    job = project.client("sagemaker").describe_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=f"{name}-r2"
    )
    assert parents(job) == [name]

    # A saved plan holds what it resolved to.
    path = Path("specs", "churn.yaml")
    path.write_text(SPEC.replace("max: 0.5", "max: 0.4"), "utf-8")
    planned = run_here("plan", "--out", "plan.json")
    assert f"warm start from {name}-r2, the newest completed tuning job of churn" in planned.out
    path.write_text(SPEC, "utf-8")
    assert run_here("submit", "specs/churn.yaml", "--rerun", "3").code == 0
    path.write_text(SPEC.replace("max: 0.5", "max: 0.4"), "utf-8")
    refused = run_here("submit", "plan.json")
    assert refused.code != 0
    assert (
        f"the newest completed tuning job of `churn` was `{name}-r2` and is now `{name}-r3`"
        in refused.err
    )
