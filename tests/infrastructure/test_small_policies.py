"""The shortcut for small policies: the size limit applies to every job that takes it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from hptc.infrastructure.permissions import has_small_policy, permissions
from hptc.infrastructure.policy_size import MAX_ROLE_POLICY, policy_size
from hptc.project.project_file import Environment
from hptc.request.tuning_job import TuningJob
from tests.support.jobs import by_parameter, definition, environment, inputs, job, volume

ALIAS = "arn:aws:kms:us-east-1:999988887777:alias/"
OWN_IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/"
KEYS = (None, "${hptc:kms_key_arn}", "alias/a", f"{ALIAS}b", f"{ALIAS}{'c' * 60}", "mrk-1")


@st.composite
def uris(draw: st.DrawFn) -> str:
    letter = draw(st.sampled_from("abcdefgh"))
    bucket = draw(st.sampled_from(["${hptc:data_bucket}", letter * 3, letter * 63]))
    return f"s3://{bucket}/{draw(st.sampled_from(['', 'k', 'k' * 30, 'k' * 90, 'k' * 400]))}"


@st.composite
def jobs(draw: st.DrawFn) -> dict[str, Any]:
    members: dict[str, Any] = inputs(*draw(st.lists(uris(), max_size=5)))
    members["OutputDataConfig"] = {"S3OutputPath": draw(uris())}
    if (key := draw(st.sampled_from(KEYS))) is not None:
        members["OutputDataConfig"]["KmsKeyId"] = key
    if (key := draw(st.sampled_from(KEYS))) is not None:
        members |= volume(key)
    if draw(st.booleans()):
        members["CheckpointConfig"] = {"S3Uri": draw(uris())}
    if draw(st.booleans()):
        members["StaticHyperParameters"] = {"sagemaker_submit_directory": draw(uris())}
    if draw(st.booleans()):
        repository = draw(st.sampled_from(["r", "r" * 100]))
        members["AlgorithmSpecification"] = {
            "TrainingImage": f"{OWN_IMAGE}{repository}:1",
            "TrainingInputMode": "File",
        }
    if count := draw(st.integers(0, 4)):
        members["VpcConfig"] = {
            "Subnets": [f"${{hptc:subnet_id_{i + 1}}}" for i in range(count)],
            "SecurityGroupIds": ["${hptc:security_group_id}"],
        }
    return members


def _size(chosen: Environment, result: TuningJob) -> int:
    longest = replace(result, name="j" * 32)
    return policy_size(permissions(chosen, longest, spec="s" * 64), chosen)


@given(jobs(), st.sampled_from(["managed", "absent", f"{ALIAS}k"]), st.sampled_from(KEYS[2:]))
@settings(deadline=None, max_examples=400)
def test_a_small_policy_is_within_the_limit(
    members: dict[str, Any], kms_key: str, input_key: str
) -> None:
    chosen = environment(kms_key=kms_key, input_kms_keys=[input_key])
    result = job(definition(**members))
    is_small = has_small_policy(chosen, result)
    event("small" if is_small else "not small")
    assert not is_small or _size(chosen, result) <= MAX_ROLE_POLICY


def test_the_largest_small_policy() -> None:
    """Everything that adds characters to a policy, at the thresholds."""
    parts = [f"s3://{letter * 20}/{'k' * 20}" for letter in "abcd"]
    members = inputs(*parts) | volume(f"{ALIAS}v")
    members["OutputDataConfig"] = {"S3OutputPath": "s3://e/k", "KmsKeyId": f"{ALIAS}o"}
    members["CheckpointConfig"] = {"S3Uri": "s3://fff/k"}
    members["StaticHyperParameters"] = {"sagemaker_submit_directory": "s3://ggg/k"}
    members["AlgorithmSpecification"] = {
        "TrainingImage": f"{OWN_IMAGE}r:1",
        "TrainingInputMode": "File",
    }
    members["VpcConfig"] = {
        "Subnets": [f"${{hptc:subnet_id_{i + 1}}}" for i in range(3)],
        "SecurityGroupIds": ["${hptc:security_group_id}"],
    }
    chosen = by_parameter(kms_key="managed", input_kms_keys=["ssm:/key"])
    result = job(definition(**members))
    assert has_small_policy(chosen, result)
    assert _size(chosen, result) <= MAX_ROLE_POLICY


@pytest.mark.parametrize(
    "members",
    [
        inputs(*(f"s3://lake/{i}/" for i in range(5))),
        inputs(f"s3://lake/{'k' * 1_200}/"),
        inputs("s3://lake/*/"),
        inputs("s3://lake/ä/"),
        inputs('s3://lake/"/'),
        inputs("s3://lake/$x/"),
        {"VpcConfig": {"Subnets": ["s"] * 4, "SecurityGroupIds": ["g"]}},
    ],
    ids=["many channels", "long", "a wildcard", "not ASCII", "a quote", "a dollar", "many IDs"],
)
def test_what_is_not_certain_is_not_small(members: dict[str, Any]) -> None:
    assert not has_small_policy(environment(), job(definition(**members)))


def test_a_reference_may_be_in_a_small_policy() -> None:
    assert has_small_policy(environment(), job(definition(**inputs("s3://${hptc:data_bucket}/a/"))))


def test_several_definitions_are_not_small() -> None:
    assert not has_small_policy(environment(), job(definition(), definition()))
