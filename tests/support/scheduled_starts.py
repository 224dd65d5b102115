"""A scheduled spec, its stacks, and its state machine run in the sandbox."""

from __future__ import annotations

import json
import re
import time
from itertools import count
from pathlib import Path
from typing import Any

import boto3

from hptc.compiler.deployable import deployable_specs
from hptc.compiler.outcome import Compiled
from hptc.compiler.pipeline import compile_paths
from hptc.compiler.workspace import Workspace
from hptc.infrastructure.scheduled_start import ScheduleStack, schedule_stacks
from hptc.project.project_file import Environment
from hptc.project.references import substitute
from hptc.sandbox.gateway import access_key_for
from hptc.sandbox.server import Sandbox
from tests.support.iam_evaluator import Call
from tests.support.outcomes import all_succeeded
from tests.support.repository_specs import deployed

SPEC = """\
name: Churn
schedule: rate(7 days)
strategy: Random
limits: {max_number_of_training_jobs: 4, max_parallel_training_jobs: 2, max_runtime: 12h}
training_job:
  objective: {metric_name: "validation:auc", type: Maximize}
  hyperparameters:
    objective: binary:logistic
    num_round: 200
    eta: {type: Continuous, min: 0.1, max: 0.5}
  algorithm: {built_in: xgboost, version: 1.7-1}
  inputs:
    train: {s3: "s3://{{ data_bucket }}/train/", content_type: text/csv}
    validation: {s3: "s3://{{ data_bucket }}/validation/", content_type: text/csv}
  environment: {NOTE: "$.name"}
  resources: {instance_type: ml.m5.large, instance_count: 1, volume_size_in_gb: 10}
  stopping: {max_runtime: 1h}
tags: {team: growth}
"""
PROJECT = """\
project: demo
environments:
  dev: {account: "123456789012", region: us-east-1}
  test: {account: "123456789012", region: us-east-1}
  china: {account: "123456789012", region: cn-north-1}
"""


def project(folder: Path, spec: str = SPEC, **more: str) -> Path:
    (folder / "specs").mkdir(exist_ok=True)
    (folder / "hptc.yaml").write_text(PROJECT, encoding="utf-8")
    for name, text in {"churn": spec, **more}.items():
        (folder / "specs" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def compiled(folder: Path, environment: str = "dev") -> tuple[Environment, list[Compiled]]:
    outcomes = compile_paths([str(folder)], Workspace(environment=environment))
    assert not [
        diagnostic.message
        for outcome in outcomes
        for diagnostic in outcome.diagnostics
        if diagnostic.is_error
    ]
    chosen = outcomes[0].environment
    assert chosen is not None
    return chosen, all_succeeded(outcomes)


def stacks(folder: Path, environment: str = "dev") -> tuple[ScheduleStack, ...]:
    chosen, specs = compiled(folder, environment)
    return schedule_stacks(chosen, deployable_specs(specs))


def the_stack(folder: Path, environment: str = "dev") -> ScheduleStack:
    (stack,) = stacks(folder, environment)
    return stack


def state(stack: ScheduleStack, name: str) -> dict[str, Any]:
    described: dict[str, Any] = stack.definition["States"][name]
    return described


def stem(stack: ScheduleStack) -> str:
    match = re.search(r"'(.*)-{}{}{}{}{}'", state(stack, "NameJob")["Parameters"]["name.$"])
    assert match is not None
    return match[1]


def values(stack: ScheduleStack) -> dict[str, str]:
    return deployed("dev") | {
        "state_machine_arn": "arn:aws:states:us-east-1:123456789012:stateMachine:churn",
        "schedule_group_arn": "arn:aws:scheduler:us-east-1:123456789012:schedule-group/churn",
    }


def call(action: str, resource: str, **context: str) -> Call:
    return Call(action=action, resource=resource, context=dict(context))


class Machine:
    """A state machine in the sandbox, with short pauses."""

    def __init__(self, stack: ScheduleStack, sandbox: Sandbox) -> None:
        self.account = sandbox.account
        session = boto3.Session(access_key_for(self.account), "sandbox", region_name="us-east-1")
        self.steps = session.client("stepfunctions", endpoint_url=sandbox.endpoint_url)
        self.sagemaker = session.client("sagemaker", endpoint_url=sandbox.endpoint_url)
        definition = substitute(stack.definition, values(stack).__getitem__)
        definition["States"]["Wait"]["Seconds"] = 0
        self.request = dict(definition["States"]["CreateJob"]["Parameters"])
        del self.request["HyperParameterTuningJobName.$"]
        self.arn = self.steps.create_state_machine(
            name="churn",
            definition=json.dumps(definition),
            roleArn="arn:aws:iam::123456789012:role/x",
        )["stateMachineArn"]

    def start(self, name: str, scheduled_time: str = "2026-11-30T06:00:00Z") -> str:
        started = self.steps.start_execution(
            stateMachineArn=self.arn,
            name=name,
            input=json.dumps({"scheduled_time": scheduled_time}),
        )
        return str(started["executionArn"])

    def result(self, execution: str) -> dict[str, Any]:
        for _ in range(600):
            described: dict[str, Any] = dict(self.steps.describe_execution(executionArn=execution))
            if described["status"] != "RUNNING":
                return described
            time.sleep(0.05)
        raise AssertionError(f"{execution} is running still")

    def wait_for_the_job(self) -> None:
        for _ in range(600):
            if self.names() == [NAME]:
                return
            time.sleep(0.05)
        raise AssertionError(f"there is no {NAME}, only {self.names()}")

    def names(self) -> list[str]:
        jobs = self.sagemaker.list_hyper_parameter_tuning_jobs()
        return [
            job["HyperParameterTuningJobName"] for job in jobs["HyperParameterTuningJobSummaries"]
        ]


NAME = "churn-4d734a-202611300600"


ACCOUNTS = count(500_000_000_001)  # one a test: sandboxes of one process share their state
