"""The S3 endpoint: it allows the calls of specs, and no other bucket."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hptc.infrastructure.s3_endpoint import endpoint_policy, unreachable_buckets
from hptc.infrastructure.statements import document
from hptc.project.references import substitute
from tests.support.iam_calls import by_text
from tests.support.iam_evaluator import Call, is_allowed
from tests.support.jobs import definition, environment, inputs, job
from tests.support.repository_specs import PLACES, compiled, deployed, requests, world

POINT = "arn:aws:s3:us-east-1:111122223333:accesspoint/team"
BEHIND = {"VpcConfig": {"Subnets": ["${hptc:subnet_id_1}"], "SecurityGroupIds": ["sg-1"]}}
OUTPUT = {"OutputDataConfig": {"S3OutputPath": "s3://${hptc:artifact_bucket}/x/"}}


def policy(name: str) -> dict[str, Any]:
    chosen, _ = compiled(name)
    result: dict[str, Any] = substitute(
        document(endpoint_policy(chosen)), deployed(name).__getitem__
    )
    return result


def through(call: Call, name: str = "dev", account: str | None = None) -> bool:
    context = {**call.context, "aws:PrincipalAccount": account or PLACES[name][0]}
    return is_allowed(replace(call, context=context), policy(name))


@pytest.mark.parametrize("name", PLACES)
def test_every_call_of_every_spec_is_allowed(name: str) -> None:
    calls = [
        call
        for request in requests(name).values()
        for call in by_text(request, world(name)).values()
        if call.action.startswith("s3:")
    ]
    assert len(calls) > 100
    assert [str(call) for call in calls if not through(call, name)] == []


@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:s3:::mine/a",
        "arn:aws:s3:::demo-data-2/a",
        "arn:aws:s3:::demo-dat/a",
        "arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/a",
    ],
)
def test_other_buckets_are_denied(resource: str) -> None:
    assert not through(Call(action="s3:GetObject", resource=resource))
    assert not through(Call(action="s3:PutObject", resource=resource))


def test_credentials_of_another_account_are_denied() -> None:
    read = Call(action="s3:GetObject", resource="arn:aws:s3:::demo-data/a")
    assert through(read)
    assert not through(read, account="999988887777")


def test_image_layers_can_be_read_by_any_principal() -> None:
    layer = "arn:aws:s3:::prod-us-east-1-starport-layer-bucket/a"
    assert through(Call(action="s3:GetObject", resource=layer), account="999988887777")
    assert not through(Call(action="s3:PutObject", resource=layer))


def test_buckets_and_access_points_can_be_listed() -> None:
    chosen = environment(
        artifact_bucket="absent",
        data_bucket="lake",
        network={"s3_buckets": ["other", "lake", POINT]},
    )
    project, _ = document(endpoint_policy(chosen))["Statement"]
    assert project["Resource"] == [
        "arn:aws:s3:::lake",
        "arn:aws:s3:::lake/*",
        "arn:aws:s3:::other",
        "arn:aws:s3:::other/*",
        POINT,
        f"{POINT}/object/*",
    ]


def test_without_buckets_only_image_layers_are_allowed() -> None:
    chosen = environment(artifact_bucket="absent", data_bucket="absent", network="managed")
    assert [each.sid for each in endpoint_policy(chosen)] == ["LayersOfImages"]


@pytest.mark.parametrize(
    ("members", "named"),
    [
        (inputs("s3://lake/a/"), "lake"),
        (inputs(f"s3://{POINT}/a/"), POINT),
        ({"OutputDataConfig": {"S3OutputPath": "s3://models/"}}, "models"),
        ({"CheckpointConfig": {"S3Uri": "s3://steps/a"}}, "steps"),
        (
            {"StaticHyperParameters": {"sagemaker_submit_directory": '"s3://code/s.tar.gz"'}},
            "code",
        ),
    ],
    ids=["input", "access point", "output", "checkpoint", "script"],
)
def test_another_bucket_is_unreachable_from_the_managed_vpc(
    members: dict[str, Any], named: str
) -> None:
    inside = job(definition(**(OUTPUT | members | BEHIND)))
    (bucket,) = unreachable_buckets(environment(network="managed"), inside)
    assert (bucket.name, bucket.path[0]) == (named, "TrainingJobDefinition")
    assert list(unreachable_buckets(environment(network={"s3_buckets": [named]}), inside)) == []
    # Only the VPC that hptc creates has that endpoint, and only jobs in the VPC use it.
    assert list(unreachable_buckets(environment(), inside)) == []
    outside = job(definition(**(OUTPUT | members)))
    assert list(unreachable_buckets(environment(network="managed"), outside)) == []


def test_a_bucket_is_reported_once() -> None:
    twice = inputs("s3://lake/a/", "s3://lake/b/", "s3://pond/")
    found = unreachable_buckets(environment(network="managed"), job(definition(**twice, **BEHIND)))
    assert [each.name for each in found] == ["lake", "pond", "out"]


def test_s3_express_has_no_endpoint() -> None:
    express = job(definition(**(OUTPUT | inputs("s3://fast--use1-az4--x-s3/a/") | BEHIND)))
    chosen = environment(network={"s3_buckets": ["fast--use1-az4--x-s3"]})
    (bucket,) = unreachable_buckets(chosen, express)
    assert bucket.is_directory_bucket
