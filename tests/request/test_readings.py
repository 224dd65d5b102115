"""One invalid value hides no other finding, and brings none that is only its consequence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from hptc.compiler.pipeline import compile_text
from hptc.compiler.workspace import Workspace
from hptc.request.shapes import Shape, input_shape
from tests.support.paths import ROOT

Json = dict[str, Any]
REMOVED = object()
FOLDER = ROOT / "tests" / "golden" / "requests" / "prod"


@cache
def request(name: str) -> Json:
    original: Json = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return original


def codes(changed: Any) -> list[str]:
    return [
        diagnostic.code
        for diagnostic in compile_text(json.dumps(changed), "request.json", Workspace()).diagnostics
    ]


def changed(original: Json, *changes: tuple[tuple[str | int, ...], Any]) -> Json:
    result: Json = json.loads(json.dumps(original))  # five times as fast as a deep copy
    for path, value in changes:
        owner: Any = result
        for part in path[:-1]:
            owner = owner[part]
        if value is REMOVED:
            del owner[path[-1]]
        else:
            owner[path[-1]] = value
    return result


CONFIG = "HyperParameterTuningJobConfig"
LIMITS = (CONFIG, "ResourceLimits")
ROLE = ("TrainingJobDefinition", "RoleArn")
SEED = ((CONFIG, "RandomSeed"), 2**32)


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        pytest.param(("HyperParameterTuningJobName",), "n" * 33, "HPT105", id="long name"),
        pytest.param(("HyperParameterTuningJobName",), "a_b", "HPT106", id="malformed name"),
        pytest.param(("HyperParameterTuningJobName",), REMOVED, "HPT103", id="no name"),
        pytest.param(ROLE, "arn:aws:iam::<account>:role/x", "HPT106", id="placeholder"),
        pytest.param(ROLE, "TODO", "HPT105", id="short placeholder"),
        pytest.param(ROLE, REMOVED, "HPT103", id="no role"),
        pytest.param(ROLE, 7, "HPT102", id="number as a role"),
        pytest.param((*LIMITS, "MaxNumberOfTrainingJobs"), "20", "HPT102", id="number in quotes"),
        pytest.param((*LIMITS, "MaxParallelTrainingJobs"), 0, "HPT105", id="zero"),
        pytest.param((*LIMITS, "MaxParallelTrainingJobs"), REMOVED, "HPT103", id="no number"),
        pytest.param((*LIMITS, "Foo"), 1, "HPT101", id="unknown member"),
        pytest.param((CONFIG, "Strategy"), "Bayes", "HPT104", id="almost a choice"),
        pytest.param((CONFIG, "Strategy"), "Foo", "HPT104", id="no choice"),
    ],
)
def test_a_finding_elsewhere_is_not_hidden(
    path: tuple[str | int, ...], value: Any, code: str
) -> None:
    original = request("direct-marketing-xgboost")
    reported = codes(changed(original, (path, value), SEED))
    assert sorted(reported) == [code, "HPT248"]


def values(value: Any, shape: Shape, path: tuple[str | int, ...] = ()) -> Iterator[Any]:
    yield path, shape
    match shape.type, value:
        case "structure", dict():
            for name, inner in value.items():
                yield from values(inner, shape.members[name], (*path, name))
        case "list", list():
            assert shape.item is not None
            for index, inner in enumerate(value):
                yield from values(inner, shape.item, (*path, index))


INVALID: dict[str, tuple[Any, ...]] = {
    "string": (7, "", "x" * 3000, "<placeholder> %", "arn:aws:iam::<account>:role/x"),
    "integer": (0, -1, 10**12, "5", "many", 1.5),
    "boolean": ("true", "maybe"),
    "list": ([], "x", [{}]),
    "map": ({}, "x"),
    "structure": ({}, "x", {"Foo": 1}),
}


@pytest.mark.parametrize("name", ["cifar10-heterogeneous", "churn-two-algorithms", "cifar10-spot"])
def test_no_rule_crashes_on_an_invalid_value(name: str) -> None:
    original = request(name)
    for path, shape in values(original, input_shape()):
        for value in (REMOVED, *INVALID.get(shape.type, ())) if path else ():
            assert "HPT000" not in codes(changed(original, (path, value))), (path, value)


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("direct-marketing-hyperband", (CONFIG, "Strategy"), "Foo"),
        ("direct-marketing-autotune", ("Autotune", "Mode"), "On"),
        ("direct-marketing-xgboost", (*LIMITS, "MaxNumberOfTrainingJobs"), 0),
        ("direct-marketing-xgboost", ("TrainingJobDefinition", "AlgorithmSpecification",
                                      "TrainingImage"), "x" * 3000),
    ],
)  # fmt: skip
def test_a_consequence_is_not_reported(name: str, path: tuple[str, ...], value: Any) -> None:
    assert len(codes(changed(request(name), (path, value)))) == 1


def test_a_secret_is_reported_whatever_else_is_wrong_with_it() -> None:
    path = ("TrainingJobDefinition", "StaticHyperParameters", "note")
    secret = "AKIAQWERTYUIOPASDFGH " + "x" * 3000
    reported = codes(changed(request("direct-marketing-xgboost"), (path, secret)))
    assert "HPT501" in reported
    assert "HPT105" in reported


@pytest.mark.parametrize(("count", "is_read"), [(250, True), (251, False)])
def test_a_list_five_times_as_long_as_allowed_is_read(count: int, is_read: bool) -> None:
    tags = [{"Key": f"key-{number}", "Value": "x"} for number in range(count)]
    reported = codes(changed(request("direct-marketing-xgboost"), (("Tags",), tags), SEED))
    assert "HPT105" in reported
    assert ("HPT248" in reported) is is_read


@pytest.mark.parametrize(("count", "is_read"), [(999, True), (1000, False)])
def test_a_request_with_a_thousand_violations_is_not_read(count: int, is_read: bool) -> None:
    unknown = [((f"Member{number}",), 1) for number in range(count)]
    reported = codes(changed(request("direct-marketing-xgboost"), *unknown, SEED))
    assert ("HPT248" in reported) is is_read
