"""Requests that the sandbox refuses, in the words of AWS."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from hptc.sandbox.refusals import refusal
from tests.support.sandbox import CONFIG, DEFINITION

REQUEST: dict[str, Any] = {
    "HyperParameterTuningJobName": "job",
    "HyperParameterTuningJobConfig": CONFIG,
    "TrainingJobDefinition": DEFINITION,
}


def changed(path: str, value: Any) -> dict[str, Any]:
    request: Any = deepcopy(REQUEST)
    *parents, last = path.split("/")
    inner = request
    for part in parents:
        inner = inner[int(part)] if part.isdecimal() else inner[part]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    result: dict[str, Any] = request
    return result


_CONFIG = "HyperParameterTuningJobConfig"
_RANGE = f"{_CONFIG}/ParameterRanges/ContinuousParameterRanges/0"
_ONE = "1 validation error detected: Value"
_FAILED = "failed to satisfy constraint: Member must"


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (
            "HyperParameterTuningJobName",
            "a" * 33,
            (
                f"{_ONE} '{'a' * 33}' at 'hyperParameterTuningJobName' "
                f"{_FAILED} have length less than or equal to 32"
            ),
        ),
        (
            f"{_CONFIG}/Strategy",
            "Best",
            (
                f"{_ONE} 'Best' at 'hyperParameterTuningJobConfig.strategy' "
                f"{_FAILED} satisfy enum value set: [Bayesian, Random, Hyperband, Grid]"
            ),
        ),
        (
            f"{_CONFIG}/ResourceLimits/MaxParallelTrainingJobs",
            0,
            (
                f"{_ONE} '0' at 'hyperParameterTuningJobConfig."
                f"resourceLimits.maxParallelTrainingJobs' {_FAILED} have value greater than or "
                "equal to 1"
            ),
        ),
        (
            f"{_RANGE}/Name",
            "x" * 257,
            (
                f"{_ONE} '{'x' * 257}' at 'hyperParameterTuningJobConfig."
                f"parameterRanges.continuousParameterRanges.1.member.name' {_FAILED} have length "
                "less than or equal to 256"
            ),
        ),
        (
            "TrainingJobDefinition/RoleArn",
            None,
            (f"{_ONE} null at 'trainingJobDefinition.roleArn' {_FAILED} not be null"),
        ),
        (
            "TrainingJobDefinition/AlgorithmSpecification/MetricDefinitions",
            None,
            (
                "A metric is required for this hyperparameter tuning job objective. Provide a "
                "metric in the metric definitions."
            ),
        ),
        ("TrainingJobDefinition/Unknown", "kept", ""),
        (f"{_RANGE}/MaxValue", "0.1", "The range of `eta` has a single value, 0.1"),
    ],
)
def test_one_fault(path: str, value: Any, expected: str) -> None:
    reason = refusal(changed(path, value), {})
    assert reason == expected


def test_a_valid_request() -> None:
    assert refusal(REQUEST, {}) == ""


def test_several_faults_are_one_message() -> None:
    request = changed(f"{_CONFIG}/Strategy", "Best")
    request["HyperParameterTuningJobName"] = "a_b"
    assert refusal(request, {}).startswith("2 validation errors detected: Value 'a_b' at ")


def test_parents_are_compared() -> None:
    request = {
        **REQUEST,
        "WarmStartConfig": {
            "WarmStartType": "TransferLearning",
            "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "parent"}],
        },
    }
    assert refusal(request, {"parent": REQUEST}) == ""
    other = changed(f"{_CONFIG}/HyperParameterTuningJobObjective/Type", "Minimize")
    assert "Minimize" in refusal(request, {"parent": other})
