"""References, order and changed properties of resources."""

from __future__ import annotations

from typing import Any

import pytest
from moto.cloudformation.exceptions import ValidationError

from hptc.sandbox import stack_resources


@pytest.mark.parametrize(
    ("node", "names"),
    [
        pytest.param({"Ref": "A"}, ["A"], id="ref"),
        pytest.param({"Fn::GetAtt": ["A", "Arn"]}, ["A"], id="attribute-as-list"),
        pytest.param({"Fn::GetAtt": "A.Arn"}, ["A"], id="attribute-as-string"),
        pytest.param({"Fn::Sub": "x${A}/${B.Arn}"}, ["A", "B"], id="substitution"),
        pytest.param({"Fn::Sub": ["${C}", {"C": {"Ref": "A"}}]}, ["A"], id="sub-with-map"),
        pytest.param({"Fn::Sub": "${!A}"}, [], id="sub-literal"),
        pytest.param([{"x": {"Ref": "A"}}, {"Ref": "B"}], ["A", "B"], id="nested"),
        pytest.param({"Ref": 3, "x": "Ref"}, [], id="nothing"),
    ],
)
def test_references(node: Any, names: list[str]) -> None:
    assert list(stack_resources.references(node)) == names


@pytest.mark.parametrize(
    ("template", "order"),
    [
        pytest.param({}, [], id="empty"),
        pytest.param({"A": {}, "B": {}}, ["A", "B"], id="as-written"),
        pytest.param({"A": {"Properties": {"p": {"Ref": "B"}}}, "B": {}}, ["B", "A"], id="by-ref"),
        pytest.param({"A": {"DependsOn": "B"}, "B": {}}, ["B", "A"], id="depends-on-one"),
        pytest.param({"A": {"DependsOn": ["B"]}, "B": {}}, ["B", "A"], id="depends-on-list"),
        pytest.param({"A": {"DependsOn": "Elsewhere"}}, ["A"], id="not-in-the-template"),
    ],
)
def test_in_dependency_order(template: dict[str, Any], order: list[str]) -> None:
    assert stack_resources.in_dependency_order(template) == order


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        pytest.param({}, {}, [], id="both-empty"),
        pytest.param({"a": 1}, {"a": 1}, [], id="equal"),
        pytest.param({"a": 1}, {"a": 2}, ["a"], id="changed"),
        pytest.param({"b": 1}, {"a": 1}, ["a", "b"], id="renamed"),
    ],
)
def test_changed_properties(
    before: dict[str, Any], after: dict[str, Any], changed: list[str]
) -> None:
    assert stack_resources.changed_properties(before, after) == changed


def test_a_cycle_is_rejected() -> None:
    cycle = {"A": {"DependsOn": "B"}, "B": {"Properties": {"p": {"Ref": "C"}}}}
    with pytest.raises(ValidationError, match=r"Circular .*: \[B, C\]"):
        stack_resources.in_dependency_order({**cycle, "C": {"DependsOn": ["B"]}})
