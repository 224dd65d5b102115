"""Names of other tools, and the variables for what they compute."""

from __future__ import annotations

from typing import Any

import pytest

from hptc.diagnostics import Path
from hptc.request.shapes import input_shape
from hptc.tool_formats.member_names import Conversion, member_named, snake_case


@pytest.mark.parametrize(
    ("key", "member"),
    [
        ("TrainingJobDefinition", "TrainingJobDefinition"),
        ("trainingJobDefinition", "TrainingJobDefinition"),
        ("training_job_definition", "TrainingJobDefinition"),
        ("training-job-definition", "TrainingJobDefinition"),
        ("config", "HyperParameterTuningJobConfig"),
        ("name", "HyperParameterTuningJobName"),
        ("metadata", None),
    ],
)
def test_the_member_that_a_name_means(key: str, member: str | None) -> None:
    assert member_named(key, input_shape()) == member


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("jobName", "job_name"),
        ("JobName", "job_name"),
        ("job-name", "job_name"),
        ("s3URI", "s3_uri"),
        ("--", "value"),
    ],
)
def test_the_style_of_a_variable(name: str, variable: str) -> None:
    assert snake_case(name) == variable


def converted(*texts: str) -> tuple[list[Any], Conversion]:
    """Environment variables of a training job, each an expression of another tool."""

    def open_text(text: str, path: Path) -> tuple[str, str] | None:
        return ("", text) if text.startswith("$") else None

    conversion = Conversion(open_text=open_text)
    environment = {f"KEY_{number}": text for number, text in enumerate(texts)}
    definition = {"trainingJobDefinition": {"environment": environment}}
    request = conversion.request(definition)
    values = request["TrainingJobDefinition"]["Environment"].values()
    return [getattr(value, "template", value) for value in values], conversion


@pytest.mark.parametrize(
    ("expression", "template"),
    [
        ("$.jobName", "{{ job_name }}"),
        ("${var.learningRate}", "{{ learning_rate }}"),
        ("$.input.jobName", "{{ job_name }}"),
        ("$States.Format($.jobName)", "{{ key_0 }}"),
        ("$name", "{{ key_0 }}"),
        ("plain", "plain"),
    ],
)
def test_a_variable_is_named_by_the_expression_or_the_member(
    expression: str, template: str
) -> None:
    assert converted(expression)[0] == [template]


def test_each_expression_has_its_own_variable() -> None:
    templates, conversion = converted("$.a.name", "$.b.name", "$.c.name", "$.a.name")
    assert templates == ["{{ name }}", "{{ name_2 }}", "{{ name_3 }}", "{{ name }}"]
    assert [member.expression for member in conversion.open_members] == [
        "$.a.name", "$.b.name", "$.c.name", "$.a.name",
    ]  # fmt: skip


def test_a_list_is_left_out_if_the_tool_computes_it() -> None:
    conversion = Conversion(open_text=lambda text, path: ("", text))
    request = conversion.request({"Tags": "$.tags"})
    assert request == {}
    assert [(member.path, member.template) for member in conversion.open_members] == [
        (("Tags",), "")
    ]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (
            [{"name": "KEY", "value": "1"}, {"Name": "OTHER", "Value": "2"}],
            {"KEY": "1", "OTHER": "2"},
        ),
        (
            [{"name": "KEY", "value": "1"}, {"key": "OTHER"}],
            [{"name": "KEY", "value": "1"}, {"key": "OTHER"}],
        ),
        (["KEY=1"], ["KEY=1"]),
    ],
)
def test_a_list_of_names_and_values_is_a_mapping(environment: object, expected: object) -> None:
    request = Conversion().request({"trainingJobDefinition": {"environment": environment}})
    assert request["TrainingJobDefinition"]["Environment"] == expected


def test_members_that_the_request_does_not_have_are_noted() -> None:
    conversion = Conversion()
    conversion.request({"metadata": {"name": "x"}, "status": None, "kinds": []})
    assert conversion.notes() == ("left out `metadata`: not a member of the request",)
    assert Conversion().notes() == ()
