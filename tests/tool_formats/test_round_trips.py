"""A spec from another tool's file compiles to the request that the tool would send."""

from __future__ import annotations

import json
from contextlib import suppress
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import given, settings

from hptc.errors import UsageError
from hptc.request.identity import canonical
from hptc.tool_formats.detection import read_job
from hptc.tool_formats.imported_job import ImportedJob
from tests.support.strategies import make_request, requests
from tests.support.tool_formats import in_kubernetes, in_terraform, sent_by_spec

NAME = "HyperParameterTuningJobName"
CREATES = "arn:aws:states:::sagemaker:createHyperParameterTuningJob"


def kubernetes(request: dict[str, Any]) -> str:
    return json.dumps(
        {
            "apiVersion": "sagemaker.services.k8s.aws/v1alpha1",
            "kind": "HyperParameterTuningJob",
            "metadata": {"name": "some-name", "annotations": {"services.k8s.aws/region": "x"}},
            "spec": in_kubernetes(request),
        }
    )


def state_machine(request: dict[str, Any]) -> str:
    state = {"Type": "Task", "Resource": f"{CREATES}.sync", "Parameters": request, "End": True}
    return json.dumps({"StartAt": "Tune", "States": {"Tune": state}})


def terraform_plan(request: dict[str, Any]) -> str:
    values = {"region": "us-east-1", "timeouts": None, **in_terraform(request)}
    change = {
        "address": "module.a.aws_sagemaker_hyper_parameter_tuning_job.x[0]",
        "type": "aws_sagemaker_hyper_parameter_tuning_job",
        "change": {"actions": ["create"], "after": values, "after_unknown": {"arn": True}},
    }
    return json.dumps(
        {"format_version": "1.2", "terraform_version": "1.9.0", "resource_changes": [change]}
    )


FORMS = {
    "request": json.dumps,
    "kubernetes": kubernetes,
    "state machine": state_machine,
    "terraform plan": terraform_plan,
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
@given(request=requests())
@settings(max_examples=12, deadline=None)
def test_every_form_becomes_the_same_request(form: Any, request: dict[str, Any]) -> None:
    assert sent_by_spec([(form(request), "file.json")]) == canonical(request)


@given(request=requests())
@settings(max_examples=12, deadline=None)
def test_the_files_of_the_aws_cli_become_the_request(request: dict[str, Any]) -> None:
    pieces = [
        (yaml.safe_dump(value) if member == "Tags" else json.dumps(value), f"{member}.json")
        for member, value in request.items()
        if member != NAME and value
    ]
    assert sent_by_spec(pieces) == canonical({k: v for k, v in request.items() if k != NAME})


def test_a_terraform_state_loses_what_aws_added() -> None:
    request = next(
        r for seed in range(9) if "TrainingJobDefinition" in (r := make_request(seed, 0.5))
    )
    values = {**in_terraform(request), "status": "Stopped", "failure_reason": ""}
    (definition,) = values["training_job_definition"]
    definition["static_hyper_parameters"] = {
        **definition.get("static_hyper_parameters", {}), "_tuning_objective_metric": "loss",
    }  # fmt: skip
    resource = {
        "address": "aws_sagemaker_hyper_parameter_tuning_job.x",
        "type": "aws_sagemaker_hyper_parameter_tuning_job",
        "values": values,
    }
    child = {"resources": [resource, {"type": "aws_s3_bucket", "values": {}}]}
    state = {
        "format_version": "1.0",
        "terraform_version": "1.9.0",
        "values": {"root_module": {"resources": [], "child_modules": [child]}},
    }
    assert sent_by_spec([(json.dumps(state), "state.json")]) == canonical(request)


ODD: tuple[Any, ...] = (None, 0, "", "{{", [], [[]], [None], {}, {"a": [{}]}, "{% a %}", "<a>")


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_odd_values_are_at_most_a_usage_error(form: Any) -> None:
    data = json.loads(form(make_request(1, 0.6)))
    all_places = places(data)
    for number, odd in enumerate(ODD * 4):
        container, key = Random(number).choice(all_places)
        value, container[key] = container[key], odd
        with suppress(UsageError):
            assert isinstance(read_job([(json.dumps(data), "x")]), ImportedJob)
        container[key] = value


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container of a file with each of its keys."""
    if not isinstance(value, (dict, list)):
        return []
    entries = list(value.items() if isinstance(value, dict) else enumerate(value))
    return [(value, key) for key, _ in entries] + [p for _, inner in entries for p in places(inner)]
