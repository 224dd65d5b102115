"""What AWS's shape requires, compared with a second reading of it: botocore's own shape objects."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from random import Random
from typing import Any

import botocore.session
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hptc.diagnostics import Path
from hptc.request.conformance import KINDS, violations
from hptc.request.shapes import OPERATION, input_shape, leaves
from tests.support.strategies import make_request, requests

MODEL = botocore.session.get_session().get_service_model("sagemaker")
ROOT: Any = MODEL.operation_model(OPERATION).input_shape
Fault = tuple[str, Path]


# The oracle: a walker that shares nothing with hptc's.


def oracle(value: Any, shape: Any, path: Path = ()) -> Iterator[Fault]:
    kind = shape.type_name
    rules = shape.metadata
    if kind == "structure":
        if type(value) is not dict:
            yield "type", path
            return
        for name in value:
            if name in shape.members:
                yield from oracle(value[name], shape.members[name], (*path, name))
            else:
                yield "unknown", (*path, name)
        for name in set(shape.required_members) - set(value):
            yield "missing", (*path, name)
    elif kind == "list":
        if type(value) is not list:
            yield "type", path
            return
        yield from sized(len(value), rules, path)
        for index in range(len(value)):
            yield from oracle(value[index], shape.member, (*path, index))
    elif kind == "map":
        if type(value) is not dict:
            yield "type", path
            return
        yield from sized(len(value), rules, path)
        for name in value:
            yield from oracle(name, shape.key, (*path, name))
            yield from oracle(value[name], shape.value, (*path, name))
    elif kind == "string":
        if type(value) is not str:
            yield "type", path
            return
        has_length = "${hptc:" not in value
        for name, form in FORMS.items():
            value = value.replace(f"${{hptc:{name}}}", form)
        if "enum" in rules:
            if value not in rules["enum"]:
                yield "enum", path
        else:
            wrong = list(sized(len(value), rules, path)) if has_length else []
            yield from wrong
            if not wrong and "pattern" in rules and not matches(rules["pattern"], value):
                yield "pattern", path
    elif kind == "boolean":
        if type(value) is not bool:
            yield "type", path
    elif kind in ("integer", "long"):
        yield from sized(value, rules, path) if type(value) is int else [("type", path)]
    elif kind in ("float", "double"):
        yield from sized(value, rules, path) if type(value) in (int, float) else [("type", path)]
    else:
        raise AssertionError(f"the walker does not know {kind}")


FORMS = {
    "artifact_bucket": "bucket",
    "execution_role_arn": "arn:aws:iam::111122223333:role/r",
    "kms_key_arn": "arn:aws:kms:us-east-1:111122223333:key/k",
    "security_group_id": "sg-1",
    "subnet_id_1": "subnet-1",
}
"""Values of the form of what the stacks provide; their length is not known."""


def sized(size: float, rules: dict[str, Any], path: Path) -> Iterator[Fault]:
    if size < rules.get("min", float("-inf")):
        yield "minimum", path
    if size > rules.get("max", float("inf")):
        yield "maximum", path


def matches(pattern: str, text: str) -> bool:
    """Java's pattern on the whole text, its Unicode classes spelled as Python's."""
    ours = pattern.replace(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]", r"(?:[\w\s.:/=+\-@](?<![\t\n\r\f\v]))")
    assert r"\p" not in ours, f"the walker can't read {pattern}"
    flags = re.UNICODE if ours != pattern else re.ASCII
    return re.compile(rf"(?:{ours})\Z", flags).match(text) is not None


# Mutations of requests that meet the shape.

VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 1, 10**9, 0.5, "", "x", "x" * 70, "x" * 3000, "a b", "a\nb", "-", "é",
    "arn:aws:x", "Auto", "Bayesian", "s3://bucket/x", "ml.m5.large", "${hptc:artifact_bucket}", [],
    ["a"], [{}], {}, {"x": "y"},
)  # fmt: skip


def containers(value: Any) -> Iterator[Any]:
    if isinstance(value, (dict, list)) and value:
        yield value
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, (dict, list)):
            yield from containers(inner)


def mutated(request: dict[str, Any], seed: int) -> dict[str, Any]:
    random = Random(seed)
    request = copy.deepcopy(request)
    for _ in range(random.randint(1, 5)):
        boxes = list(containers(request))
        if not boxes:
            break
        box = random.choice(boxes)
        key = random.choice(list(box)) if isinstance(box, dict) else random.randrange(len(box))
        action = random.choice(("replace", "replace", "delete", "rename", "many"))
        if action == "replace":
            box[key] = copy.deepcopy(random.choice(VALUES))
        elif action == "delete":
            del box[key]
        elif action == "rename" and isinstance(box, dict):
            box[random.choice(("Unknown", f"{key}s", "", "9 bad"))] = box.pop(key)
        elif action == "many":
            box[key] = [copy.deepcopy(box[key])] * random.choice((2, 7, 110))
    return request


def ours(request: Any) -> list[Fault]:
    return sorted(((violation.kind, violation.path) for violation in violations(request)), key=repr)


def theirs(request: Any) -> list[Fault]:
    return sorted(oracle(request, ROOT), key=repr)


@settings(max_examples=300)
@given(requests(), st.integers(0, 2**32))
def test_violations_are_those_of_botocores_own_shapes(request: dict[str, Any], seed: int) -> None:
    changed = mutated(request, seed)
    assert ours(changed) == theirs(changed)


@settings(max_examples=50)
@given(requests())
def test_a_request_that_meets_the_shape_has_none(request: dict[str, Any]) -> None:
    assert ours(request) == theirs(request) == []


@pytest.mark.parametrize("value", [None, 1, "x", [], {}, True], ids=repr)
def test_values_that_are_not_requests(value: Any) -> None:
    assert ours(value) == theirs(value) != []


# One of each, so that the mutations above can't miss a kind.

BASE = make_request(3, 1.0)
CONFIG = ("HyperParameterTuningJobConfig",)
DEFINITION = next(
    ((key, 0) if key.endswith("s") else (key,)) for key in BASE if key.startswith("TrainingJobDef")
)

ONE_FAULT: dict[str, tuple[Path, Any, str]] = {
    "not the type": ((*CONFIG, "RandomSeed"), "7", "type"),
    "a boolean is not a number": ((*CONFIG, "RandomSeed"), True, "type"),
    "a number is not a boolean": ((*DEFINITION, "EnableNetworkIsolation"), 1, "type"),
    "a number is not a string": ((*DEFINITION, "RoleArn"), 7, "type"),
    "null": ((*CONFIG, "Strategy"), None, "type"),
    "not a choice": ((*CONFIG, "Strategy"), "bayesian", "enum"),
    "too small": ((*CONFIG, "ResourceLimits", "MaxParallelTrainingJobs"), 0, "minimum"),
    "too large": ((*CONFIG, "ResourceLimits", "MaxRuntimeInSeconds"), 15_768_001, "maximum"),
    "too short": ((*DEFINITION, "RoleArn"), "arn:aws:iam", "minimum"),
    "too long": (("HyperParameterTuningJobName",), "a" * 33, "maximum"),
    "hyphens between": (("HyperParameterTuningJobName",), "a" + "-" * 30 + "a", ""),
    "not the pattern": (("HyperParameterTuningJobName",), "a_b", "pattern"),
    "a hyphen last": (("HyperParameterTuningJobName",), "ab-", "pattern"),
    "a line break last": (("HyperParameterTuningJobName",), "ab\n", "pattern"),
    "no characters beyond ASCII": (("HyperParameterTuningJobName",), "é", "pattern"),
    "too few": (("WarmStartConfig", "ParentHyperParameterTuningJobs"), [], "minimum"),
    "too many": (("Tags",), [{"Key": "k", "Value": "v"}] * 51, "maximum"),
    "letters of any script in tags": (("Tags",), [{"Key": "ключ", "Value": "値 1"}], ""),
    "none of these in tags": (("Tags",), [{"Key": "k*", "Value": "v"}], "pattern"),
    "a reference": ((*DEFINITION, "RoleArn"), "${hptc:execution_role_arn}", ""),
    "unknown": (("tags",), [], "unknown"),
}  # fmt: skip


@pytest.mark.parametrize(("path", "value", "kind"), ONE_FAULT.values(), ids=ONE_FAULT)
def test_one_fault(path: Path, value: Any, kind: str) -> None:
    request = copy.deepcopy(BASE)
    box: Any = request
    for part in path[:-1]:
        box = box[part]
    box[path[-1]] = value
    faults = ours(request)
    assert [fault[0] for fault in faults] == ([kind] if kind else [])
    assert faults == theirs(request)
    assert all(fault[1][: len(path)] == path for fault in faults)


def test_every_kind_has_a_case() -> None:
    assert {case[2] for case in ONE_FAULT.values()} | {"missing", ""} == {*KINDS, ""}


@pytest.mark.parametrize("member", ROOT.required_members)
def test_a_required_member_is_missed(member: str) -> None:
    request = {key: value for key, value in BASE.items() if key != member}
    assert ours(request) == [("missing", (member,))]


def test_every_leaf_is_botocores() -> None:
    def walk(shape: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
        if shape.type_name == "structure":
            for name, member in shape.members.items():
                yield from walk(member, (*path, name))
        elif shape.type_name == "list":
            yield from walk(shape.member, (*path, "[]"))
        elif shape.type_name == "map":
            yield from walk(shape.value, (*path, "{}"))
        else:
            yield path, shape.name

    assert [(path, shape.name) for path, shape in leaves(input_shape())] == list(walk(ROOT, ()))
