"""A project of one spec, `trees`, that the tests of diffs change."""

from __future__ import annotations

PROJECT = """\
project: churn
default_environment: dev
environments:
  dev:
    account: "111122223333"
    region: us-east-1
    infrastructure: {network: managed}
"""

SPEC = """\
name: trees
strategy: Bayesian
limits: {max_number_of_training_jobs: 20, max_parallel_training_jobs: 2}
training_job:
  objective: {metric_name: "validation:auc", type: Maximize}
  hyperparameters:
    objective: binary:logistic
    num_round: 200
    eta: {type: Continuous, min: 1e-3, max: 0.1, scaling: Logarithmic}
    subsample: {type: Continuous, min: 0.5, max: 0.9, scaling: ReverseLogarithmic}
    gamma: {type: Continuous, min: 0, max: 4}
    max_depth: {type: Integer, min: 3, max: 10}
    booster: {type: Categorical, values: [gbtree, dart]}
  algorithm: {built_in: xgboost, version: 1.7-1}
  inputs:
    train: {s3: "s3://{{ data_bucket }}/churn/train/", content_type: text/csv}
    validation: {s3: "s3://{{ data_bucket }}/churn/validation/", content_type: text/csv}
  enable_network_isolation: true
  enable_inter_container_traffic_encryption: true
  resources: {instance_type: ml.m5.xlarge, instance_count: 1, volume_size_in_gb: 30}
  stopping: {max_runtime: 1h}
  environment: {LOG_LEVEL: info}
tags: {team: growth}
"""
