"""The S3 endpoint: it allows the calls of specs, and no other bucket."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from hptc.infrastructure.s3_endpoint import endpoint_policy, unreachable_buckets
from hptc.infrastructure.statements import document
from hptc.project.patterns import matches_any_glob
from hptc.project.policy import Policy
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
    assert [statement.sid for statement in endpoint_policy(chosen)] == ["LayersOfImages"]


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
    buckets = unreachable_buckets(
        environment(network="managed"), job(definition(**twice, **BEHIND))
    )
    assert [bucket.name for bucket in buckets] == ["lake", "pond", "out"]


def test_s3_express_has_no_endpoint() -> None:
    express = job(definition(**(OUTPUT | inputs("s3://fast--use1-az4--x-s3/a/") | BEHIND)))
    chosen = environment(network={"s3_buckets": ["fast--use1-az4--x-s3"]})
    (bucket,) = unreachable_buckets(chosen, express)
    assert bucket.is_directory_bucket


def limited(call: Call, buckets: list[str] | None = None, **policy: Any) -> bool:
    """Whether the endpoint allows a call under a policy on locations."""
    chosen = replace(
        environment(network={"s3_buckets": buckets or ["lake", POINT]}),
        policy=Policy.model_validate(policy),
    )
    context = {**call.context, "aws:PrincipalAccount": "123456789012"}
    statements = substitute(document(endpoint_policy(chosen)), {
        "artifact_bucket": "made-artifacts", "data_bucket": "made-data"}.__getitem__)  # fmt: skip
    return is_allowed(replace(call, context=context), statements)


def read(key: str) -> Call:
    return Call(action="s3:GetObject", resource=f"arn:aws:s3:::{key}")


def write(key: str) -> Call:
    return Call(action="s3:PutObject", resource=f"arn:aws:s3:::{key}")


def listing(bucket: str, **context: str) -> Call:
    keys = {f"s3:{key}": value for key, value in context.items()}
    return Call(action="s3:ListBucket", resource=f"arn:aws:s3:::{bucket}", context=keys)


INPUTS, OUTPUTS = ["s3://lake/churn/*"], ["s3://lake/models/churn"]


def test_inputs_outside_of_the_policy_are_denied() -> None:
    policy = {"input_locations": INPUTS, "output_locations": OUTPUTS}
    assert limited(read("lake/churn/train/a.csv"), **policy)
    assert limited(listing("lake", prefix="churn/train/"), **policy)
    for call in (
        read("lake/secret/a.csv"),
        read("lake/churn-2/a.csv"),
        write("lake/churn/train/a.csv"),
        listing("lake", prefix="secret/"),
        listing("lake"),
    ):
        assert not limited(call, **policy)
        assert limited(call)


def test_outputs_are_folders_and_can_be_read_for_checkpoints() -> None:
    policy = {"input_locations": INPUTS, "output_locations": OUTPUTS}
    inside = "lake/models/churn/job-001-abc/model.tar.gz"
    assert limited(write(inside), **policy)
    assert limited(read(inside), **policy)
    for prefix in ("models/churn", "models/churn/", "models/churn/checkpoints/"):
        assert limited(listing("lake", prefix=prefix), **policy)
    assert not limited(write("lake/models/churn-2/model.tar.gz"), **policy)
    assert not limited(write("lake/models/model.tar.gz"), **policy)


def test_a_policy_on_one_direction_leaves_the_other() -> None:
    assert limited(write("lake/anywhere/a"), input_locations=INPUTS)
    assert limited(read("lake/anywhere/a"), output_locations=OUTPUTS)
    assert limited(listing("lake"), output_locations=OUTPUTS)
    assert not limited(write("lake/anywhere/a"), output_locations=OUTPUTS)


def test_the_buckets_of_the_environment_are_always_allowed() -> None:
    nothing: dict[str, list[str]] = {"input_locations": [], "output_locations": []}
    for bucket in ("made-artifacts", "made-data"):
        assert limited(read(f"{bucket}/a"), **nothing)
        assert limited(write(f"{bucket}/a"), **nothing)
        assert limited(listing(bucket), **nothing)
    assert not limited(read("lake/a"), **nothing)
    assert not limited(listing("lake", prefix=""), **nothing)


def test_a_policy_on_locations_adds_no_bucket() -> None:
    assert not limited(read("pond/churn/a"), input_locations=["s3://pond/churn/*", "*"])


PARTS = st.sampled_from(["*", "a", "ab", "a/", "/", "b", "?", "$"])
GLOBS = st.lists(PARTS, max_size=5).map(lambda parts: f"s3://lake{''.join(parts)}")
KEYS = st.text("ab/?$", max_size=6)


@given(st.lists(GLOBS, min_size=1, max_size=3), KEYS)
def test_what_the_policy_of_specs_allows_the_endpoint_allows(globs: list[str], key: str) -> None:
    uri = f"s3://lake/{key}"
    if matches_any_glob(globs, uri):
        event("allowed")
        for below in (key, f"{key}x", f"{key}/part"):
            assert limited(read(f"lake/{below}"), input_locations=globs)
            assert limited(listing("lake", prefix=below), input_locations=globs)
        folder = f"{key.rstrip('/')}/" if key.rstrip("/") else ""
        assert limited(write(f"lake/{folder}job/model.tar.gz"), output_locations=globs)
    elif not any(matches_any_glob(globs, uri[:end]) for end in range(len("s3://lake"), len(uri))):
        event("denied")  # no prefix of the key is an allowed location
        assert not limited(read(f"lake/{key}"), input_locations=globs)


def test_access_points_have_locations_too() -> None:
    policy = {"input_locations": [f"s3://{POINT}/churn/*"]}
    allowed = Call(action="s3:GetObject", resource=f"{POINT}/object/churn/a")
    assert limited(allowed, **policy)
    assert not limited(replace(allowed, resource=f"{POINT}/object/other/a"), **policy)


@pytest.mark.parametrize(
    "members",
    [
        {"StaticHyperParameters": {"sagemaker_submit_directory": '"s3://lake/code/s.tar.gz"'}},
        {"CheckpointConfig": {"S3Uri": "s3://lake/code"}},
        {"CheckpointConfig": {"S3Uri": "s3://lake/code/"}},
    ],
    ids=["script", "checkpoints", "checkpoints in a folder"],
)
def test_what_no_other_rule_checks_is_reported_outside_of_the_locations(
    members: dict[str, Any],
) -> None:
    inside = job(definition(**(OUTPUT | members | BEHIND)))
    listed = environment(network={"s3_buckets": ["lake"]})

    def reported(**policy: list[str]) -> list[str | None]:
        chosen = replace(listed, policy=Policy.model_validate(policy))
        return [bucket.key for bucket in unreachable_buckets(chosen, inside)]

    (key,) = reported(input_locations=INPUTS)
    assert key is not None
    assert key.startswith("code/")
    assert reported(input_locations=[f"s3://lake/{key}"]) == []  # as the message advises
    assert reported(input_locations=INPUTS, output_locations=["s3://lake/code"]) == []
    assert reported(output_locations=OUTPUTS) == []
    assert reported() == []


def test_a_bucket_has_a_statement_of_its_own_for_listing() -> None:
    chosen = replace(
        environment(network={"s3_buckets": ["lake", "pond"]}),
        policy=Policy.model_validate({"input_locations": ["s3://lake/a/*", "s3://pond/*"]}),
    )
    sids = [statement["Sid"] for statement in document(endpoint_policy(chosen))["Statement"]]
    assert [sid for sid in sids if sid.startswith("ListBucket")] == ["ListBucket1", "ListBucket2"]
    assert len(set(sids)) == len(sids)
