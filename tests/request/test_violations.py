"""Findings about members and values that the API's shape does not allow."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hptc.compiler.pipeline import compile_text
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Diagnostic
from hptc.request.shapes import Shape, input_shape
from tests.support.local_runs import tuning_request


def finding(code: str, request: dict[str, Any]) -> Diagnostic:
    """The one finding of a request that has this code."""
    outcome = compile_text(json.dumps(request), "request.json", Workspace())
    (found,) = [diagnostic for diagnostic in outcome.diagnostics if diagnostic.code == code]
    return found


def shape_at(path: str) -> Shape:
    shape = input_shape()
    for step in path.split("."):
        shape = shape.members[step]
    return shape


def with_member(path: str, value: Any) -> dict[str, Any]:
    """A valid request with one member set, at a path with dots."""
    request = tuning_request()
    *parents, last = path.split(".")
    owner: Any = request
    for step in parents:
        owner = owner.setdefault(step, {})
    owner[last] = value
    return request


def test_a_pattern_is_described_in_words_if_it_is_hard_to_read() -> None:
    found = finding("HPT106", with_member("HyperParameterTuningJobName", "my job"))
    assert (found.label, found.help) == (
        "must be letters, digits and single hyphens between them",
        "",
    )


def test_any_other_pattern_is_shown_as_it_is() -> None:
    path = "HyperParameterTuningJobConfig.HyperParameterTuningJobObjective.MetricName"
    found = finding("HPT106", with_member(path, "\n"))
    assert (found.label, found.help) == ("", f"it must match {shape_at(path).pattern}")


@pytest.mark.parametrize(
    ("path", "label", "help"),
    [
        pytest.param(
            "HyperParameterTuningJobConfig.StoppingCondition", "",
            "move it to `TrainingJobDefinition` or `TrainingJobDefinitions`", id="of two others",
        ),
        pytest.param(
            "HyperParameterTuningJobConfig.MaxRuntimeInSeconds", "", "move it to "
            "`HyperParameterTuningJobConfig.ResourceLimits`", id="of an inner structure",
        ),
        pytest.param(
            "TrainingJobDefinition.S3DataType", "", "move it to "
            "`TrainingJobDefinition.InputDataConfig.DataSource.S3DataSource`",
            id="of a structure in a list",
        ),
        pytest.param(
            "TrainingJobDefinition.metric_definitions", "", "use `MetricDefinitions` in "
            "`TrainingJobDefinition.AlgorithmSpecification`", id="in another style",
        ),
    ],
)  # fmt: skip
def test_the_structure_that_has_an_unknown_member(path: str, label: str, help: str) -> None:
    found = finding("HPT101", with_member(path, 1))
    assert (found.label, found.help) == (label, help)


@pytest.mark.parametrize(
    ("path", "code", "message", "need"),
    [
        (
            "TrainingJobDefinition.ResourceConfig.InstanceCount", "HPT105",
            "is -1, but AWS allows at least 0", "must be at least 0",
        ),
        (
            "HyperParameterTuningJobName", "HPT105",
            "has 33 characters, but AWS allows at most 32 characters", "at most 32 characters",
        ),
        (
            "TrainingJobDefinition.RoleArn", "HPT105",
            "has 1 character, but AWS allows at least 20 characters", "at least 20 characters",
        ),
    ],
)  # fmt: skip
def test_a_bound_of_the_api(path: str, code: str, message: str, need: str) -> None:
    value: Any = {"InstanceCount": -1, "HyperParameterTuningJobName": "x" * 33, "RoleArn": "x"}[
        path.rpartition(".")[2]
    ]
    found = finding(code, with_member(path, value))
    assert (found.message.partition("` ")[2], found.label) == (message, need)


def test_the_values_of_a_short_enum_are_all_listed() -> None:
    found = finding("HPT104", with_member("HyperParameterTuningJobConfig.Strategy", "Best"))
    assert found.help == "valid values: Bayesian, Random, Hyperband, Grid"


@pytest.mark.parametrize(
    ("instance_type", "help"),
    [
        ("ml.g6.tiny", "in this family: {family}"),
        ("ml.zz9.tiny", "see the {count} values of TrainingInstanceType in the API reference"),
        ("tiny", "see the {count} values of TrainingInstanceType in the API reference"),
    ],
)  # fmt: skip
def test_the_values_of_a_long_enum_are_those_of_a_family(instance_type: str, help: str) -> None:
    path = "TrainingJobDefinition.ResourceConfig.InstanceType"
    types = shape_at(path).enum
    family = ", ".join(
        instance_type for instance_type in types if instance_type.startswith("ml.g6.")
    )
    found = finding("HPT104", with_member(path, instance_type))
    assert found.help == help.format(count=len(types), family=family)
