"""Every hptc command of docs/coming-from.md runs, with files such as it describes."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from hptc.cli.program import run
from tests.support.paths import ROOT
from tests.support.strategies import make_request
from tests.support.tool_formats import in_kubernetes, in_terraform

GUIDE = (ROOT / "docs/coming-from.md").read_text("utf-8")
COMMANDS = sorted(
    {
        line.partition("| ")[2] or line
        for block in re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
        for line in block.splitlines()
        if re.match(r"(kubectl .*\| )?hptc ", line)
    }
)
NEEDS_MORE = ("jupyter", "airflow")
"""Programs that are not installed here."""
REQUEST = next(
    request for seed in range(9) if "TrainingJobDefinition" in (request := make_request(seed, 0.4))
)
CREATES = "arn:aws:states:::sagemaker:createHyperParameterTuningJob.sync"
PROGRAM = f"""
import boto3
boto3.client("sagemaker").create_hyper_parameter_tuning_job(**{REQUEST!r})
"""


def files() -> dict[str, Any]:
    state = {"Resource": CREATES, "Parameters": REQUEST}
    job = {
        "apiVersion": "sagemaker.services.k8s.aws/v1alpha1",
        "kind": "HyperParameterTuningJob",
        "metadata": {"name": "xgboost-hpo"},
        "spec": in_kubernetes(REQUEST),
    }
    step = {"Name": "Tune", "Type": "Tuning", "Arguments": REQUEST}
    pipeline = {"Version": "2020-12-01", "Steps": [step, {**step, "Name": "Again"}]}
    text = json.dumps({"States": {"Tune": state}})
    machine = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {"DefinitionString": {"Fn::Join": ["", [text[:9], text[9:]]]}},
    }
    event = {
        "eventName": "CreateHyperParameterTuningJob",
        "requestParameters": {
            **in_kubernetes(REQUEST), "hyperParameterTuningJobName": "churn",
        },
    }  # fmt: skip
    kind = "aws_sagemaker_hyper_parameter_tuning_job"
    resource = {"type": kind, "address": f"{kind}.churn", "values": in_terraform(REQUEST)}
    versions = {"format_version": "1.2", "terraform_version": "1.9.0"}
    change = {**resource, "change": {"after": in_terraform(REQUEST), "after_unknown": {}}}
    parent = {"HyperParameterTuningJobName": "parent"}
    return {
        "request.json": REQUEST,
        "config.json": REQUEST["HyperParameterTuningJobConfig"],
        "definition.json": REQUEST["TrainingJobDefinition"],
        "warm-start.json": {
            "WarmStartType": "TransferLearning", "ParentHyperParameterTuningJobs": [parent],
        },
        "tags.json": [{"Key": "team", "Value": "growth"}],
        "machine.json": {"States": {"Tune": state, "Again": state}},
        "pipeline.json": {"PipelineDefinition": json.dumps(pipeline)},
        "cdk.out/Tuning.template.json": {"Resources": {"TuneMachine": machine, "Other": machine}},
        "event.json": {"Events": [{"CloudTrailEvent": json.dumps(event)}]},
        "config-of-airflow.json": {**REQUEST, "S3Operations": {}},
        "job.yaml": job,
        "-": {"apiVersion": "v1", "kind": "List", "items": [job, {**job, "metadata": {}}]},
        "plan.json": {**versions, "resource_changes": [change]},
        "state.json": {**versions, "values": {"root_module": {"resources": [resource]}}},
    }  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_guide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    if any(program in command for program in NEEDS_MORE):
        pytest.skip("it needs a program that is not installed here")
    monkeypatch.chdir(tmp_path)
    for name, data in files().items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(json.dumps(data), "utf-8")
    # The tests of a process share the state of its sandboxes, in which a name is taken for good.
    name = f"guide-{COMMANDS.index(command)}"
    program = PROGRAM.replace(REQUEST["HyperParameterTuningJobName"], name)
    Path("tune.py").write_text(program, "utf-8")
    Path("create-job.sh").write_text(f"{shlex.quote(sys.executable)} tune.py\n", "utf-8")
    arguments = [sys.executable if part == "python" else part for part in shlex.split(command)]
    with Path("-").open(encoding="utf-8") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert run(arguments[1:]) == 0
    if "-o" in arguments:
        assert len(list(Path("specs").iterdir())) == 1


def test_the_guide_has_commands_for_every_tool() -> None:
    sections = [re.search(r"\n## ([^\n]+)\n", f"\n## {part}") for part in GUIDE.split("\n## ")[1:]]
    assert [match[1] for match in sections if match] == [
        "boto3", "AWS CLI", "SageMaker SDK", "Step Functions",
        "SageMaker Pipelines", "CloudFormation", "CloudTrail", "Airflow", "Kubernetes", "Terraform",
        "Katib", "Weights & Biases sweeps",
    ]  # fmt: skip
    assert len(COMMANDS) >= 10
