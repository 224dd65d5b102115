"""A small project with one spec, and a spec that needs no stack."""

from __future__ import annotations

import textwrap
from pathlib import Path

from hptc.compiler.outcome import Compiled
from hptc.compiler.pipeline import compile_file
from hptc.compiler.workspace import Workspace
from tests.support.outcomes import succeeded

ACCOUNT = "123456789012"

PROJECT = """\
project: churn
default_environment: dev
environments:
  dev: {account: "123456789012", region: us-east-1}
  prod: {account: "123456789012", region: us-east-1}
"""

SPEC = """\
name: churn
strategy: Bayesian
limits: {max_number_of_training_jobs: 4, max_parallel_training_jobs: 2, max_runtime: 2h}
early_stopping: Auto
random_seed: 7
training_job:
  objective: {metric_name: "validation:auc", type: Maximize}
  hyperparameters:
    objective: binary:logistic
    eval_metric: auc
    num_round: 200
    eta: {type: Continuous, min: 1e-3, max: 0.5, scaling: Logarithmic}
    max_depth: {type: Integer, min: 3, max: 10}
  algorithm: {built_in: xgboost, version: 1.7-1, input_mode: File}
  inputs:
    train: {s3: "s3://{{ data_bucket }}/churn/train/", content_type: text/csv}
    validation: {s3: "s3://{{ data_bucket }}/churn/validation/", content_type: text/csv}
  output: {}
  resources: {instance_type: ml.m5.xlarge, instance_count: 1, volume_size_in_gb: 30}
  stopping: {max_runtime: 1h}
  spot: {max_wait_time: 2h}
tags: {team: growth}
"""

STACKS = {
    "hptc-churn-dev": {
        "ArtifactBucket": "artifacts-dev",
        "DataBucket": "data-dev",
        "KmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    },
    "hptc-churn-dev-churn": {
        "ExecutionRoleArn": "arn:aws:iam::123456789012:role/hptc-churn-dev-churn"
    },
}

EXPLICIT = """\
name: explicit
strategy: Random
limits: {max_number_of_training_jobs: 4, max_parallel_training_jobs: 2}
training_jobs:
  small:
    objective: {metric_name: loss, type: Minimize}
    hyperparameters:
      lr: {type: Continuous, min: 1e-5, max: 0.1}
      depth: {type: Integer, min: 1, max: 4}
      optimizer: {type: Categorical, values: [sgd, adam]}
    algorithm:
      training_image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/train:1"
      input_mode: File
      metric_definitions: {loss: "loss=([0-9.eE+-]+)"}
    role_arn: arn:aws:iam::123456789012:role/tuning
    output: {s3_output_path: s3://artifacts/explicit/}
    resources: {instance_type: ml.m5.xlarge, instance_count: 2, volume_size_in_gb: 30}
    stopping: {max_runtime: 1h}
autotune: Enabled
warm_start: {type: TransferLearning, parents: [explicit-2025]}
"""
WITHOUT_PARENT = EXPLICIT.replace("warm_start", "#", 1)


def standalone(
    name: str,
    *,
    role: str = "tuner",
    bucket: str = "bucket",
    train: str = "train/",
    validation: str = "validation/",
) -> str:
    """A spec of XGBoost that needs no stack, only a role and objects of the account."""
    return f"""\
name: {name}
strategy: Random
limits: {{max_number_of_training_jobs: 4, max_parallel_training_jobs: 2}}
training_job:
  objective: {{metric_name: "validation:auc", type: Maximize}}
  hyperparameters:
    objective: binary:logistic
    num_round: 200
    eta: {{type: Continuous, min: 1e-3, max: 0.5, scaling: Logarithmic}}
  algorithm: {{built_in: xgboost, version: 1.7-1, input_mode: File}}
  role_arn: arn:aws:iam::123456789012:role/{role}
  inputs:
    train: {{s3: "s3://{bucket}/{train}", content_type: text/csv}}
    validation: {{s3: "s3://{bucket}/{validation}", content_type: text/csv}}
  output: {{s3_output_path: "s3://{bucket}/out/"}}
  resources: {{instance_type: ml.m5.xlarge, instance_count: 1, volume_size_in_gb: 30}}
  stopping: {{max_runtime: 1h}}
"""


def compiled(
    folder: Path, spec: str, *, project: str = "", environment: str | None = None
) -> Compiled:
    """Compile a spec in a folder, beside an hptc.yaml if `project` is given."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".git").mkdir(exist_ok=True)
    if project:
        (folder / "hptc.yaml").write_text(textwrap.dedent(project), encoding="utf-8")
    path = folder / "spec.yaml"
    path.write_text(spec, encoding="utf-8")
    result = compile_file(str(path), Workspace(environment=environment))
    return succeeded(result)
