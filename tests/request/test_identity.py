"""The digest identifies the content of a tuning job: notation never counts, content always does."""

from __future__ import annotations

import copy
import hashlib
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hptc.diagnostics import Path
from hptc.request.conformance import violations
from hptc.request.identity import canonical, digest, job_name, scheduled_stem
from hptc.request.shapes import input_shape, leaves
from tests.support.strategies import make_request, requests

MAX_NAME = 32


def shuffled(value: Any, random: Random, owner: str = "") -> Any:
    """The same request with its keys, and its lists of named entries, in another order."""
    if isinstance(value, dict):
        members = list(value.items())
        random.shuffle(members)
        return {key: shuffled(inner, random, key) for key, inner in members}
    if isinstance(value, list):
        inner = [shuffled(element, random) for element in value]
        if owner in NAMED:
            random.shuffle(inner)
        return inner
    return value


NAMED = {
    "IntegerParameterRanges", "ContinuousParameterRanges", "CategoricalParameterRanges",
    "AutoParameters", "InputDataConfig", "InstanceGroups", "TrainingJobDefinitions", "Tags",
}  # fmt: skip


@settings(max_examples=60)
@given(requests(), st.integers(0, 2**32))
def test_the_order_of_keys_and_of_names_never_counts(request: dict[str, Any], seed: int) -> None:
    assert digest(shuffled(request, Random(seed))) == digest(request)


@given(requests())
@settings(max_examples=30)
def test_the_name_never_counts(request: dict[str, Any]) -> None:
    assert digest({**request, "HyperParameterTuningJobName": "other"}) == digest(request)


def leaf_paths(value: Any, path: Path = ()) -> list[Path]:
    if isinstance(value, dict):
        return [leaf for key in value for leaf in leaf_paths(value[key], (*path, key))]
    if isinstance(value, list):
        return [leaf for at, inner in enumerate(value) for leaf in leaf_paths(inner, (*path, at))]
    return [path]


def changed(value: Any) -> Any:
    match value:
        case bool():
            return not value
        case int():
            return 2 * abs(value) + 1
        case float():
            return value * 3 + 7  # 1e20 + 1 is 1e20
    return f"{value}-changed"


@settings(max_examples=150)
@given(requests(), st.integers(0, 2**32))
def test_every_change_of_a_value_counts(request: dict[str, Any], seed: int) -> None:
    paths = [path for path in leaf_paths(request) if path != ("HyperParameterTuningJobName",)]
    path = Random(seed).choice(paths)
    other = copy.deepcopy(request)
    owner: Any = other
    for part in path[:-1]:
        owner = owner[part]
    owner[path[-1]] = changed(owner[path[-1]])
    # A value that equals a documented default counts as not set, before and after.
    if canonical(other) != canonical(request):
        assert digest(other) != digest(request)
    else:
        raise AssertionError(f"{path}: {owner[path[-1]]!r} is lost")


CONFIG = "HyperParameterTuningJobConfig"
RANGE = {"Name": "eta", "MinValue": "0.1", "MaxValue": "0.5"}


def with_ranges(*ranges: dict[str, Any]) -> dict[str, Any]:
    return {CONFIG: {"ParameterRanges": {"ContinuousParameterRanges": list(ranges)}}}


def definition(**members: Any) -> dict[str, Any]:
    return {"TrainingJobDefinition": members}


SAME: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "an empty list": ({"Tags": []}, {}),
    "an empty structure": ({CONFIG: {"ParameterRanges": {}}}, {}),
    "early stopping off": ({CONFIG: {"TrainingJobEarlyStoppingType": "Off"}}, {}),
    "scaling auto": (with_ranges({**RANGE, "ScalingType": "Auto"}), with_ranges(RANGE)),
    "spellings of a bound": (with_ranges({**RANGE, "MinValue": "1e-1"}), with_ranges(RANGE)),
    "zeros of a bound": (with_ranges({**RANGE, "MaxValue": "0.50"}), with_ranges(RANGE)),
    "minus zero": (
        with_ranges({**RANGE, "MinValue": "-0"}), with_ranges({**RANGE, "MinValue": "0.0"})
    ),
    "no isolation": (definition(EnableNetworkIsolation=False), {}),
    "no spot": (definition(EnableManagedSpotTraining=False), {}),
    "a day": (definition(StoppingCondition={"MaxRuntimeInSeconds": 86_400}), {}),
    "no key": (definition(OutputDataConfig={"KmsKeyId": "", "S3OutputPath": "s3://b/"}),
               definition(OutputDataConfig={"S3OutputPath": "s3://b/"})),
    "one instance": (definition(ResourceConfig={"InstanceCount": 1, "VolumeSizeInGB": 1}),
                     definition(ResourceConfig={"VolumeSizeInGB": 1})),
    "the checkpoints' own directory": (
        definition(CheckpointConfig={"S3Uri": "s3://b/", "LocalPath": "/opt/ml/checkpoints"}),
        definition(CheckpointConfig={"S3Uri": "s3://b/"}),
    ),
}  # fmt: skip

DIFFERENT: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "early stopping": ({CONFIG: {"TrainingJobEarlyStoppingType": "Auto"}}, {}),
    "another bound": (with_ranges({**RANGE, "MinValue": "0.10000001"}), with_ranges(RANGE)),
    "an exponent beyond any number": (
        with_ranges({**RANGE, "MaxValue": "1e999999999"}), with_ranges(RANGE)
    ),
    "a category's spelling": (
        {CONFIG: {"ParameterRanges": {"CategoricalParameterRanges": [{"Values": ["1.0"]}]}}},
        {CONFIG: {"ParameterRanges": {"CategoricalParameterRanges": [{"Values": ["1"]}]}}},
    ),
    "a static value's spelling": (
        definition(StaticHyperParameters={"a": "1"}), definition(StaticHyperParameters={"a": "1.0"})
    ),
    "the order of preference": (
        definition(R={"InstanceConfigs": [{"InstanceType": "a"}, {"InstanceType": "b"}]}),
        definition(R={"InstanceConfigs": [{"InstanceType": "b"}, {"InstanceType": "a"}]}),
    ),
    "a static value named as a default": (
        definition(StaticHyperParameters={"EnableNetworkIsolation": "x"}), {}
    ),
    "isolation": (definition(EnableNetworkIsolation=True), {}),
}  # fmt: skip


@pytest.mark.parametrize(("first", "second"), SAME.values(), ids=SAME)
def test_notations_of_the_same_tuning_job(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert digest(first) == digest(second)


@pytest.mark.parametrize(("first", "second"), DIFFERENT.values(), ids=DIFFERENT)
def test_changes_that_create_another_tuning_job(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    assert digest(first) != digest(second)


def test_the_digest_of_non_ascii_text_stays_the_same() -> None:
    """Another encoding would give unchanged specs new jobs."""
    canonical_text = '{"Tags":[{"Key":"теам","Value":"ü"}]}'
    request = {"Tags": [{"Value": "ü", "Key": "теам"}]}
    assert digest(request) == hashlib.sha256(canonical_text.encode()).hexdigest()


NAMES = {
    "short": ("churn", None, "churn-01234567"),
    "exactly": ("a" * 23, None, "a" * 23 + "-01234567"),
    "cut": ("a" * 40, None, "a" * 23 + "-01234567"),
    "no hyphen before the digest's": ("a" * 22 + "-bc", None, "a" * 22 + "-01234567"),
    "a rerun": ("churn", 2, "churn-01234567-r2"),
    "a rerun, cut": ("a" * 40, 12, "a" * 19 + "-01234567-r12"),
}


@pytest.mark.parametrize(("spec", "rerun", "name"), NAMES.values(), ids=NAMES)
def test_job_name(spec: str, rerun: int | None, name: str) -> None:
    assert job_name(spec, "0123456789abcdef", rerun=rerun) == name


STEMS = {
    "short": ("churn", "churn-4d734a"),
    "in capitals": ("Churn", "churn-4d734a"),
    "exactly": ("a" * 12, "a" * 12 + "-581566"),
    "cut": ("a" * 13, "a" * 12 + "-154adf"),
    "no hyphen before the digest's": ("a" * 11 + "-bc", "a" * 11 + "-5c5280"),
}


@pytest.mark.parametrize(("spec", "stem"), STEMS.values(), ids=STEMS)
def test_scheduled_stem(spec: str, stem: str) -> None:
    assert scheduled_stem(spec, "demo", "dev") == stem
    assert len(f"{stem}-202611300600") <= MAX_NAME


@given(
    st.from_regex(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,60}", fullmatch=True),
    st.none() | st.integers(1, 999),
)
def test_a_job_name_fits_for_any_spec_name(spec: str, rerun: int | None) -> None:
    name = job_name(spec, digest({}), rerun=rerun)
    assert len(name) <= MAX_NAME
    assert violations({**make_request(1, 0.0), "HyperParameterTuningJobName": name}) == []
    assert input_shape().members["HyperParameterTuningJobName"].maximum == MAX_NAME


def alone(path: Path, value: Any) -> Any:
    """A request that sets one value."""
    for part in reversed(path):
        value = [value] if part == "[]" else {part: value}
    return value


COMMON = (False, True, 0, 1, 2, 60, 3600, 86_400, "", "/opt/ml/checkpoints")


def unset_values() -> set[tuple[str, Any]]:
    """Every value that counts as not set, of those that can be a default."""
    values = set()
    for path, shape in leaves():
        if path == ("HyperParameterTuningJobName",):
            continue
        for value in (*shape.enum, *COMMON):
            if digest(alone(path, value)) == digest(alone(path[:-1], {})):
                values.add((".".join(map(str, path[-2:])), value))
    return values


def test_no_other_value_counts_as_a_default() -> None:
    assert unset_values() == {
        ("HyperParameterTuningJobConfig.TrainingJobEarlyStoppingType", "Off"),
        ("ConvergenceDetected.CompleteOnConvergence", "Disabled"),
        ("[].ScalingType", "Auto"),
        ("S3DataSource.S3DataDistributionType", "FullyReplicated"),
        ("[].CompressionType", "None"),
        ("[].RecordWrapperType", "None"),
        ("OutputDataConfig.CompressionType", "GZIP"),
        ("OutputDataConfig.KmsKeyId", ""),
        ("ResourceConfig.VolumeKmsKeyId", ""),
        ("ResourceConfig.InstanceCount", 1),
        ("HyperParameterTuningResourceConfig.VolumeKmsKeyId", ""),
        ("StoppingCondition.MaxRuntimeInSeconds", 86_400),
        ("CheckpointConfig.LocalPath", "/opt/ml/checkpoints"),
        ("TrainingJobDefinition.EnableNetworkIsolation", False),
        ("TrainingJobDefinition.EnableInterContainerTrafficEncryption", False),
        ("TrainingJobDefinition.EnableManagedSpotTraining", False),
        ("[].EnableNetworkIsolation", False),
        ("[].EnableInterContainerTrafficEncryption", False),
        ("[].EnableManagedSpotTraining", False),
    }
