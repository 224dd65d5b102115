"""Requests that `hptc import` takes from others: odd JSON texts, and responses of any form."""

from __future__ import annotations

from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hptc.compiler.importing import write_spec
from hptc.compiler.outcome import CompiledSpec
from hptc.compiler.pipeline import compile_file
from hptc.compiler.workspace import Workspace
from hptc.errors import UsageError

REQUEST: dict[str, Any] = {
    "HyperParameterTuningJobName": "a",
    "HyperParameterTuningJobConfig": {
        "Strategy": "Bayesian",
        "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
        "ResourceLimits": {"MaxNumberOfTrainingJobs": 3, "MaxParallelTrainingJobs": 1},
        "ParameterRanges": {
            "ContinuousParameterRanges": [{"Name": "x", "MinValue": "0.1", "MaxValue": "1"}]
        },
    },
    "TrainingJobDefinition": {
        "StaticHyperParameters": {"sagemaker_program": '"t.py"'},
        "AlgorithmSpecification": {
            "TrainingImage": "111122223333.dkr.ecr.us-east-1.amazonaws.com/x:1",
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "loss", "Regex": "loss=([-+0-9.eE]+)"}],
        },
        "RoleArn": "arn:aws:iam::111122223333:role/r",
        "OutputDataConfig": {"S3OutputPath": "s3://b/o/"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    },
}
PROJECT = """\
project: p
specs: [.]
defaults: {training_job: {hyperparameters: {a: {value: {b: 1}}}}}
environments: {dev: {account: '111122223333', region: us-east-1}}
"""
TEXTS = [
    *("null", "[1, null]", '{"a": null}', "NaN", "Infinity", "-Infinity", "[NaN]", '{"a": [null]}'),
    *("1e400", "-0", "1.0", "1E5", "[1.50]", "true", '"null"', '"a\\u202eb"', '"\\ud800"', " 1"),
    *("[" * depth + "]" * depth for depth in (50, 51, 64, 400, 500, 1100)),
    *('{"a": 1, "a": 2}', "{}", "[]", '"{{ x }}"', "a\u202eb"),
]


@pytest.mark.parametrize("text", TEXTS, ids=[f"{len(text)}:{text[:12]!a}" for text in TEXTS])
def test_a_json_text_keeps_its_meaning_also_in_a_project(tmp_path: Path, text: str) -> None:
    request = deepcopy(REQUEST)
    request["TrainingJobDefinition"]["StaticHyperParameters"]["a"] = text
    (tmp_path / "hptc.yaml").write_text(PROJECT.replace("{b: 1}", "'1'"), "utf-8")
    file = tmp_path / "x.yaml"
    file.write_text(write_spec(request), "utf-8")
    compiled = compile_file(str(file), Workspace(rules=()))
    assert isinstance(compiled, CompiledSpec), compiled.diagnostics
    static = compiled.request["TrainingJobDefinition"]["StaticHyperParameters"]
    assert static["a"] == text


ODD = st.one_of(
    st.none(), st.integers(), st.text(max_size=3), st.lists(st.none(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.none(), max_size=2),
)  # fmt: skip


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container of a request with each of its keys."""
    if not isinstance(value, (dict, list)):
        return []
    entries = list(value.items() if isinstance(value, dict) else enumerate(value))
    below = [place for _, value in entries for place in places(value)]
    return [(value, key) for key, _ in entries] + below


@given(st.data())
def test_a_response_with_any_member(data: st.DataObject) -> None:
    response = deepcopy(REQUEST) | {"HyperParameterTuningJobStatus": "Completed"}
    if data.draw(st.booleans()):
        response["TrainingJobDefinitions"] = [response.pop("TrainingJobDefinition")]
    container, key = data.draw(st.sampled_from(places(response)))
    container[key] = data.draw(ODD)
    with suppress(UsageError):
        assert write_spec(response).startswith("name: ")
