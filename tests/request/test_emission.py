"""Paths from a request to the spec: the path of every value maps to the key that sets it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from hptc.compiler.importing import write_spec
from hptc.diagnostics import Path, RequestPath
from hptc.request.emission import emit, unwrapped, value_text
from hptc.request.spec_paths import spec_path
from hptc.source.construction import construct_data
from hptc.source.document import parse_document
from hptc.source.scalars import Scalar
from hptc.spec.spec_model import DURATION
from hptc.spec.tuning_spec import SPEC_VERBATIM, parse_spec
from tests.support.strategies import requests


def leaf_paths(value: Any, path: Path = ()) -> list[tuple[Path, Any]]:
    if isinstance(value, dict) and value:
        return [leaf for key in value for leaf in leaf_paths(value[key], (*path, key))]
    if isinstance(value, list) and value:
        return [leaf for at, inner in enumerate(value) for leaf in leaf_paths(inner, (*path, at))]
    return [(path, value)]


SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
NAMES_OF_ENTRIES = ("Name", "ChannelName", "InstanceGroupName", "DefinitionName", "Key")


@settings(max_examples=25)
@given(requests())
def test_every_leaf_of_a_request_leads_to_its_place_in_the_spec(request: dict[str, Any]) -> None:
    document, _ = parse_document(write_spec(request), "spec.yaml")
    data, faults = construct_data(document, lambda text: text, verbatim=SPEC_VERBATIM)
    assert faults == []
    spec, findings = parse_spec(data)
    assert findings == []
    assert spec is not None
    emitted = emit(spec)
    for path, value in leaf_paths(emitted):
        place = spec_path(RequestPath(path), emitted)
        assert place != (), path
        in_spec, there = walked(data, place)
        if path[-1] in NAMES_OF_ENTRIES and str(value) in place:
            continue  # it is a key there
        if there < len(place):
            # A shorthand says it on a shorter path, or the language's default says it.
            assert len(place) - there <= 1, (path, place)
            continue
        if not isinstance(in_spec, (dict, list)):
            assert is_emitted(in_spec, value), (path, place, in_spec, value)


def walked(data: Any, place: Path) -> tuple[Any, int]:
    """The value at the deepest part of a path that exists, and the number of its existing parts."""
    there = 0
    for part in place:
        if not isinstance(data, (dict, list)):
            break
        try:
            data = data[part]  # type: ignore[index]
        except (LookupError, TypeError):
            continue
        there += 1
    return data, there


def is_emitted(written: Any, value: Any) -> bool:
    """Whether a spec's value is the request's, as text or as JSON."""
    if isinstance(written, Scalar):
        written = written.text
    if isinstance(value, int) and isinstance(written, str) and (time := DURATION.match(written)):
        return int(time[1]) * SECONDS[time[2]] == value
    plain = unwrapped(written)
    return plain == value or str(value) in (str(plain), json.dumps(plain, ensure_ascii=False))


TEXTS: dict[str, tuple[Any, bool, str]] = {
    "text": ("a", False, "a"),
    "text as JSON": ("a", True, '"a"'),
    "a number as written": (Scalar(text="1e-4", value=1e-4), False, "1e-4"),
    "a number as written, in JSON": (Scalar(text="1e-4", value=1e-4), True, "1e-4"),
    "no JSON number": (Scalar(text="010", value=10), True, "10"),
    "no JSON number, plain": (Scalar(text="010", value=10), False, "010"),
    "a boolean as written": (Scalar(text="True", value=True), False, "True"),
    "a boolean in JSON": (Scalar(text="True", value=True), True, "true"),
    "a list": (["a", Scalar(text="1.0", value=1.0)], False, '["a", 1.0]'),
    "a mapping in JSON": ({"a": [1]}, True, '{"a": [1]}'),
    "beyond ASCII": ("é", True, '"é"'),
    "quotes": ('say "x"', True, '"say \\"x\\""'),
    "nothing": ("", True, '""'),
}


@pytest.mark.parametrize(("value", "as_json", "text"), TEXTS.values(), ids=TEXTS)
def test_value_text(value: Any, as_json: bool, text: str) -> None:
    assert value_text(value, as_json=as_json) == text
    if as_json:
        assert json.loads(text) == unwrapped(value)


CONFIG = "HyperParameterTuningJobConfig"
TUNED = ("TrainingJobDefinition", "HyperParameterTuningResourceConfig")
PATHS: dict[str, tuple[Path, Path]] = {
    "nothing": ((), ()),
    "the name": (("HyperParameterTuningJobName",), ("job_name",)),
    "unknown": (("Nothing",), ()),
    "a group": (
        (CONFIG, "ResourceLimits", "MaxRuntimeInSeconds"),
        ("limits", "max_runtime"),
    ),
    "a range by its index": (
        (CONFIG, "ParameterRanges", "ContinuousParameterRanges", 0, "MinValue"),
        ("training_job", "hyperparameters", "eta", "min"),
    ),
    "a channel by its index": (
        ("TrainingJobDefinition", "InputDataConfig", 1, "DataSource", "S3DataSource", "S3Uri"),
        ("training_job", "inputs", "test", "s3", "s3_uri"),
    ),
    "a tag by its index": (("Tags", 0, "Value"), ("tags", "team")),
    "a static value": (
        ("TrainingJobDefinition", "StaticHyperParameters", "a"),
        ("training_job", "hyperparameters", "a"),
    ),
    "a parent": (
        ("WarmStartConfig", "ParentHyperParameterTuningJobs", 0, "HyperParameterTuningJobName"),
        ("warm_start", "parents", 0),
    ),
    "of several": (
        ("TrainingJobDefinitions", 0, "ResourceConfig", "InstanceType"),
        ("training_jobs", "one", "resources", "instance_type"),
    ),
    # an entry of a list, and what is around it
    "every channel": (("TrainingJobDefinition", "InputDataConfig"), ("training_job", "inputs")),
    "a channel": (
        ("TrainingJobDefinition", "InputDataConfig", 1), ("training_job", "inputs", "test")
    ),
    "a member of a channel": (
        ("TrainingJobDefinition", "InputDataConfig", 1, "ContentType"),
        ("training_job", "inputs", "test", "content_type"),
    ),
    "an unknown member of a channel": (
        ("TrainingJobDefinition", "InputDataConfig", 1, "Nothing"),
        ("training_job", "inputs", "test"),
    ),
    "a channel beyond the last": (
        ("TrainingJobDefinition", "InputDataConfig", 2), ("training_job", "inputs")
    ),
    "one of several definitions": (("TrainingJobDefinitions", 0), ("training_jobs", "one")),
    "an unknown member of one of several": (
        ("TrainingJobDefinitions", 0, "Nothing"), ("training_jobs", "one")
    ),
    "a channel of one of several": (
        ("TrainingJobDefinitions", 0, "InputDataConfig", 0), ("training_jobs", "one", "inputs", "x")
    ),
    "a tag": (("Tags", 0), ("tags", "team")),
    "a tag without a key": (("Tags", 1), ("tags",)),
    "a metric definition": (
        ("TrainingJobDefinition", "AlgorithmSpecification", "MetricDefinitions", 0, "Regex"),
        ("training_job", "algorithm", "metric_definitions", "loss"),
    ),
    "every parent": (
        ("WarmStartConfig", "ParentHyperParameterTuningJobs"), ("warm_start", "parents")
    ),
    "an instance configuration": (
        (*TUNED, "InstanceConfigs", 1), ("training_job", "tuning_resources", "instance_configs", 1)
    ),
    "a member of an instance configuration": (
        (*TUNED, "InstanceConfigs", 1, "InstanceCount"),
        ("training_job", "tuning_resources", "instance_configs", 1, "instance_count"),
    ),
    "every range": ((CONFIG, "ParameterRanges"), ("training_job", "hyperparameters")),
    "the ranges of a kind": (
        (CONFIG, "ParameterRanges", "ContinuousParameterRanges"),
        ("training_job", "hyperparameters"),
    ),
    "a range": (
        (CONFIG, "ParameterRanges", "ContinuousParameterRanges", 0),
        ("training_job", "hyperparameters", "eta"),
    ),
    "an unknown member of a range": (
        (CONFIG, "ParameterRanges", "ContinuousParameterRanges", 0, "Nothing"),
        ("training_job", "hyperparameters", "eta"),
    ),
    "a range beyond the last": (
        (CONFIG, "ParameterRanges", "ContinuousParameterRanges", 1),
        ("training_job", "hyperparameters"),
    ),
    "a value of a range": (
        (CONFIG, "ParameterRanges", "CategoricalParameterRanges", 0, "Values", 1),
        ("training_job", "hyperparameters", "optimizer", "values", 1),
    ),
    "every static value": (
        ("TrainingJobDefinition", "StaticHyperParameters"), ("training_job", "hyperparameters")
    ),
    "a variable": (
        ("TrainingJobDefinition", "Environment", "LEVEL"), ("training_job", "environment", "LEVEL")
    ),
    "an item of a list": (
        ("TrainingJobDefinition", "VpcConfig", "Subnets", 1), ("training_job", "vpc", "subnets", 1)
    ),
    "what a group turns on": (
        ("TrainingJobDefinition", "EnableManagedSpotTraining"), ("training_job", "spot")
    ),
}  # fmt: skip
REQUEST = {
    CONFIG: {
        "ParameterRanges": {
            "ContinuousParameterRanges": [{"Name": "eta", "MinValue": "0"}],
            "CategoricalParameterRanges": [{"Name": "optimizer", "Values": ["sgd", "adam"]}],
        }
    },
    "TrainingJobDefinition": {
        "InputDataConfig": [{"ChannelName": "train"}, {"ChannelName": "test"}],
        "AlgorithmSpecification": {"MetricDefinitions": [{"Name": "loss", "Regex": "(.)"}]},
    },
    "TrainingJobDefinitions": [
        {"DefinitionName": "one", "InputDataConfig": [{"ChannelName": "x"}]}
    ],
    "Tags": [{"Key": "team", "Value": "x"}, {"Value": "y"}],
    "WarmStartConfig": {"ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "p"}]},
}  # fmt: skip


@pytest.mark.parametrize(("api", "spec"), PATHS.values(), ids=PATHS)
def test_spec_path(api: Path, spec: Path) -> None:
    assert spec_path(RequestPath(api), REQUEST) == spec


@pytest.mark.parametrize("as_json", [True, False])
def test_a_list_keeps_its_characters(as_json: bool) -> None:
    assert value_text(["Zürich", 1], as_json=as_json) == '["Zürich", 1]'
