"""Import inverts compile."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from hptc.compiler.importing import requested, write_spec
from hptc.compiler.pipeline import compile_text
from hptc.compiler.workspace import Workspace
from hptc.errors import UsageError
from hptc.request.conformance import violations
from tests.support.golden import Golden
from tests.support.outcomes import succeeded
from tests.support.paths import GOLDEN
from tests.support.strategies import requests

MINIMAL: dict[str, Any] = {
    "HyperParameterTuningJobName": "example",
    "HyperParameterTuningJobConfig": {
        "Strategy": "Bayesian",
        "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "auc"},
        "ResourceLimits": {"MaxNumberOfTrainingJobs": 3, "MaxParallelTrainingJobs": 1},
        "ParameterRanges": {
            "ContinuousParameterRanges": [{"Name": "eta", "MinValue": "0.10", "MaxValue": "1e-0"}]
        },
    },
    "TrainingJobDefinition": {
        "StaticHyperParameters": {"rounds": "010", "flag": "True", "word": "no"},
        "AlgorithmSpecification": {
            "TrainingImage": "111122223333.dkr.ecr.us-east-1.amazonaws.com/example:1",
            "TrainingInputMode": "File",
        },
        "RoleArn": "arn:aws:iam::111122223333:role/example",
        "OutputDataConfig": {"S3OutputPath": "s3://bucket/out"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    },
}


def compiled(text: str) -> dict[str, Any]:
    result = compile_text(text, "imported.yaml", Workspace(rules=()))
    return succeeded(result).request


def without_empty(value: Any) -> Any:
    """What the API calls equal: an empty list, mapping or optional structure, and its absence."""
    if isinstance(value, dict):
        inner = {key: without_empty(element) for key, element in value.items()}
        return {key: element for key, element in inner.items() if element not in ({}, [])}
    return [without_empty(element) for element in value] if isinstance(value, list) else value


@given(requests())
@settings(max_examples=150)
def test_import_inverts_compile(request: dict[str, Any]) -> None:
    assert violations(request) == []
    assert without_empty(compiled(write_spec(request))) == without_empty(request)


@given(requests())
@settings(max_examples=50)
def test_compile_twice_is_byte_equal(request: dict[str, Any]) -> None:
    text = write_spec(request)
    assert json.dumps(compiled(text)) == json.dumps(compiled(text))


def test_texts_of_values_stay_as_they_are() -> None:
    request = compiled(write_spec(MINIMAL))
    assert request["TrainingJobDefinition"]["StaticHyperParameters"] == {
        "rounds": "010", "flag": "True", "word": "no",
    }  # fmt: skip
    (eta,) = request["HyperParameterTuningJobConfig"]["ParameterRanges"][
        "ContinuousParameterRanges"
    ]
    assert (eta["MinValue"], eta["MaxValue"]) == ("0.10", "1e-0")


@pytest.mark.parametrize(
    "name",
    ["breast-cancer-script", "churn-two-algorithms", "cifar10-heterogeneous", "imagenet-fsx"],
)
def test_the_text_of_an_imported_spec(golden: Golden, name: str) -> None:
    request = json.loads((GOLDEN / f"requests/dev/{name}.json").read_text("utf-8"))
    golden(f"imports/{name}.yaml", write_spec(request, origin=f"{name}.json"))


def test_text_in_other_languages_stays_readable() -> None:
    text = write_spec({**MINIMAL, "Tags": [{"Key": "größe", "Value": "日本"}]})
    assert "  größe: 日本\n" in text


def test_a_long_text_is_folded() -> None:
    definition = {**SINGLE, "StaticHyperParameters": {"labels": "label " * 40 + "end"}}
    request = {**MINIMAL, "TrainingJobDefinition": definition}
    text = write_spec(request)
    assert compiled(text) == request
    assert 95 <= max(map(len, text.splitlines())) <= 105


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (172_800, "2d"), (86_400, "1d"), (86_401, "86401"), (90_000, "25h"), (3_600, "1h"),
        (3_601, "3601"), (5_400, "90m"), (60, "1m"), (61, "61"), (1, "1"),
    ],
)  # fmt: skip
def test_a_duration_is_written_in_its_largest_unit(seconds: int, text: str) -> None:
    definition = {**SINGLE, "StoppingCondition": {"MaxRuntimeInSeconds": seconds}}
    written = write_spec({**MINIMAL, "TrainingJobDefinition": definition})
    assert f"max_runtime: {text}\n" in written


@pytest.mark.parametrize(("target", "text"), [(float("inf"), ".inf"), (float("-inf"), "-.inf")])
def test_a_number_that_is_not_finite_is_written_as_in_yaml(target: float, text: str) -> None:
    criteria = {"TuningJobCompletionCriteria": {"TargetObjectiveMetricValue": target}}
    config = {**MINIMAL["HyperParameterTuningJobConfig"], **criteria}
    written = write_spec({**MINIMAL, "HyperParameterTuningJobConfig": config})
    assert f"target_objective_metric_value: {text}\n" in written


def test_a_script_mode_job_is_written_with_json_values() -> None:
    request = with_static(
        {"sagemaker_program": '"train.py"', "lr": "0.1", "layers": "[1, 2]", "opts": '{"a": 1}'}
    )
    text = write_spec(request)
    assert "sagemaker_program: train.py" in text
    assert "hyperparameter_encoding" not in text
    assert (
        compiled(text)["TrainingJobDefinition"]["StaticHyperParameters"]
        == (request["TrainingJobDefinition"]["StaticHyperParameters"])
    )


@pytest.mark.parametrize(("depth", "is_json"), [(50, True), (51, False)])
def test_a_json_value_of_up_to_50_levels_is_written_as_a_list(depth: int, is_json: bool) -> None:
    text = write_spec(
        with_static({"sagemaker_program": '"train.py"', "nested": "[" * depth + "]" * depth})
    )
    assert ("hyperparameter_encoding" not in text) is is_json


def test_script_mode_with_values_that_are_not_json_sets_plain_encoding() -> None:
    request = with_static({"sagemaker_program": "train.py"})
    text = write_spec(request)
    assert "hyperparameter_encoding: plain" in text
    assert compiled(text) == request


def with_static(static: dict[str, str]) -> dict[str, Any]:
    definition = {**MINIMAL["TrainingJobDefinition"], "StaticHyperParameters": static}
    return {**MINIMAL, "TrainingJobDefinition": definition}


XGBOOST = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
SINGLE = MINIMAL["TrainingJobDefinition"]
OBJECTIVE = {"Type": "Maximize", "MetricName": "auc"}
UNSAYABLE = {
    "a hyperparameter static and tuned": (
        {"TrainingJobDefinition": {**SINGLE, "StaticHyperParameters": {"eta": "1"}}},
        "StaticHyperParameters",
    ),
    "both forms of definitions": (
        {"TrainingJobDefinitions": [{**SINGLE, "DefinitionName": "a"}]},
        "`training_job",
    ),
    "a single definition with an objective of its own": (
        {"TrainingJobDefinition": {**SINGLE, "TuningObjective": OBJECTIVE}},
        "TrainingJobDefinition.TuningObjective",
    ),
    "a tag whose value is a number": (
        {
            "Tags": [
                {"Key": "a", "Value": "1"},
                {"Key": "b", "Value": "2"},
                {"Key": "c", "Value": 3},
            ]
        },
        "Tags[2].Value",
    ),
}


@pytest.mark.parametrize(("patch", "named"), UNSAYABLE.values(), ids=UNSAYABLE.keys())
def test_an_inexpressible_member_is_rejected_by_name(patch: dict[str, Any], named: str) -> None:
    with pytest.raises(UsageError, match=r".") as refusal:
        write_spec({**MINIMAL, **patch})
    assert named in refusal.value.message


def test_a_describe_response_loses_what_aws_added() -> None:
    described = {
        **MINIMAL,
        "HyperParameterTuningJobArn": "arn:aws:sagemaker:us-east-1:111122223333:job/example",
        "HyperParameterTuningJobStatus": "Completed",
        "TrainingJobDefinition": {
            **MINIMAL["TrainingJobDefinition"],
            "StaticHyperParameters": {"rounds": "010", "_tuning_objective_metric": "auc"},
            "AlgorithmSpecification": {
                "TrainingImage": XGBOOST,
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": "validation:auc", "Regex": "x(.*)"}],
            },
            "ResourceConfig": {
                "InstanceCount": 1,
                "InstancePreferences": [{"InstanceType": "ml.m5.xlarge"}],
                "SelectedInstanceType": "ml.m5.xlarge",
                "SelectedInstanceCount": 1,
            },
        },
    }
    request = requested(described)
    assert set(request) == {
        "HyperParameterTuningJobName", "HyperParameterTuningJobConfig", "TrainingJobDefinition",
    }  # fmt: skip
    definition = compiled(write_spec(described))["TrainingJobDefinition"]
    assert definition["StaticHyperParameters"] == {"rounds": "010"}
    assert "MetricDefinitions" not in definition["AlgorithmSpecification"]
    assert set(definition["ResourceConfig"]) == {"InstanceCount", "InstancePreferences"}
