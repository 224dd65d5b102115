"""Findings about members and values that the API's shape does not allow."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hptc.compiler.pipeline import compile_text
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Diagnostic, RequestPath
from hptc.request.conformance import Violation
from hptc.request.shapes import Shape, input_shape
from hptc.request.violations import findings_of_violations
from tests.support.local_runs import tuning_request


def finding(code: str, request: dict[str, Any]) -> Diagnostic:
    """The one finding of a request that has this code."""
    outcome = compile_text(json.dumps(request), "request.json", Workspace())
    (problem,) = [diagnostic for diagnostic in outcome.diagnostics if diagnostic.code == code]
    return problem


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
    diagnostic = finding("HPT106", with_member("HyperParameterTuningJobName", "my job"))
    assert (diagnostic.label, diagnostic.help) == (
        "must be letters, digits and single hyphens between them",
        "",
    )


def test_a_line_break_is_named_where_a_line_is_expected() -> None:
    path = "HyperParameterTuningJobConfig.HyperParameterTuningJobObjective.MetricName"
    diagnostic = finding("HPT106", with_member(path, "\n"))
    assert (diagnostic.label, diagnostic.help) == ("must be a single line of text", "")


def test_any_other_pattern_is_shown_as_it_is() -> None:
    shape = Shape(name="New", type="string", members={}, pattern="x+")
    violation = Violation(kind="pattern", path=RequestPath(("New",)), shape=shape, value="y")
    (problem,) = findings_of_violations([violation], {"New": "y"}, None)
    assert (problem.label, problem.help) == ("", "it must match x+")


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
    diagnostic = finding("HPT101", with_member(path, 1))
    assert (diagnostic.label, diagnostic.help) == (label, help)


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
    diagnostic = finding(code, with_member(path, value))
    assert (diagnostic.message.partition("` ")[2], diagnostic.label) == (message, need)


def test_the_values_of_a_short_enum_are_all_listed() -> None:
    diagnostic = finding("HPT104", with_member("HyperParameterTuningJobConfig.Strategy", "Best"))
    assert diagnostic.help == "valid values: Bayesian, Random, Hyperband, Grid"


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
    diagnostic = finding("HPT104", with_member(path, instance_type))
    assert diagnostic.help == help.format(count=len(types), family=family)


_INSTANCE_TYPE = "TrainingJobDefinition.ResourceConfig.InstanceType"


@pytest.mark.parametrize(
    ("written", "label", "safe"),
    [
        pytest.param("m5.xlarge", "did you mean ml.m5.xlarge?", "ml.m5.xlarge", id="no prefix"),
        pytest.param("ml.m5.xlrage", "did you mean ml.m5.xlarge?", "ml.m5.xlarge", id="misspelled"),
        pytest.param("ml.M5.xlarge", "did you mean ml.m5.xlarge?", "ml.m5.xlarge", id="capitals"),
        pytest.param("ml.t2.medium", "did you mean ml.t3.medium?", "", id="another generation"),
        pytest.param("ml.m5a.xlarge", "did you mean ml.m5.xlarge?", "", id="another family"),
        pytest.param("ml.p3.4xlarge", "", "", id="a size between two others"),
    ],
)
def test_only_an_instance_type_that_was_certainly_meant_is_a_safe_fix(
    written: str, label: str, safe: str
) -> None:
    diagnostic = finding("HPT104", with_member(_INSTANCE_TYPE, written))
    assert (diagnostic.label, diagnostic.replacement) == (label, safe)


@pytest.mark.parametrize(
    ("written", "help"),
    [
        pytest.param("ml.p3.4xlarge", "ml.p3.2xlarge, ml.p3.8xlarge, ml.p3.16xlarge", id="size"),
        pytest.param("ml.p3dn", "ml.p3dn.24xlarge", id="no size"),
    ],
)
def test_the_instance_types_of_a_family_are_listed(written: str, help: str) -> None:
    diagnostic = finding("HPT104", with_member(_INSTANCE_TYPE, written))
    assert diagnostic.help == f"in this family: {help}"


def test_nothing_is_the_family_of_every_instance_type() -> None:
    diagnostic = finding("HPT104", with_member(_INSTANCE_TYPE, "ml.m5xlarge"))
    assert diagnostic.help.startswith("see the ")
