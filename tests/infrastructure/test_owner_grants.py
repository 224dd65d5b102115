"""Grants of other owners: with them the needed calls are allowed, and no others."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from hptc.infrastructure.owner_grants import OwnerGrant, owner_grants
from hptc.infrastructure.statements import document
from hptc.project.infrastructure_choices import Infrastructure, parameters_replaced
from hptc.project.project_file import Environment
from hptc.render.owners import owner_grants_json, render_owner_grants
from tests.support.golden import Golden
from tests.support.iam_calls import World, by_text
from tests.support.iam_evaluator import Call, is_allowed
from tests.support.iam_neighbors import STRANGER, neighbors
from tests.support.jobs import (
    definition,
    environment,
    image,
    inputs,
    job,
    volume,
)

OWNER = "888877776666"
KEY = f"arn:aws:kms:us-east-1:{OWNER}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ROLE = "arn:aws:iam::123456789012:role/hptc/demo/dev/churn"
THEIRS = {"artifact_bucket": "models", "data_bucket": "lake", "kms_key": KEY}
REQUEST: dict[str, Any] = {
    "HyperParameterTuningJobName": "j",
    "TrainingJobDefinition": definition(
        **inputs("s3://lake/churn/train/"),
        **volume(KEY),
        **image(f"{OWNER}.dkr.ecr.us-east-1.amazonaws.com/team/keras:2"),
        OutputDataConfig={"S3OutputPath": "s3://models/churn/", "KmsKeyId": KEY},
        CheckpointConfig={"S3Uri": "s3://models/checkpoints/churn"},
    ),
}
WORLD = World(
    account="123456789012",
    region="us-east-1",
    partition="aws",
    domain="amazonaws.com",
    bucket_keys={"lake": KEY, "models": KEY},
)


def grants(chosen: dict[str, Any] = THEIRS) -> tuple[OwnerGrant, ...]:
    tuning_job = job(REQUEST["TrainingJobDefinition"])
    return owner_grants(environment(**chosen), [("churn", tuning_job)])


def policies() -> dict[str, dict[str, Any]]:
    return {grant.name: document(grant.statements) for grant in grants()}


def requested(call: Call, role: str = ROLE) -> bool:
    """Whether the owner's policy allows a call of a role."""
    owner = next(
        name for name in policies() if call.resource == name or call.resource.startswith(f"{name}/")
    )
    result = replace(call, principal=role, context={**call.context, "aws:PrincipalArn": role})
    return is_allowed(result, policies()[owner])


def owned(calls: list[Call]) -> list[Call]:
    return [
        call
        for call in calls
        if any(call.resource == name or call.resource.startswith(f"{name}/") for name in policies())
    ]


def test_each_resource_of_another_owner_is_listed() -> None:
    assert [(grant.kind, grant.name, grant.account) for grant in grants()] == [
        ("bucket", "arn:aws:s3:::lake", None),
        ("bucket", "arn:aws:s3:::models", None),
        ("key", KEY, OWNER),
        (
            "repository",
            f"arn:aws:ecr:us-east-1:{OWNER}:repository/team/keras",
            OWNER,
        ),
    ]


def test_the_needed_calls_are_allowed() -> None:
    pull = Call(
        action="ecr:BatchGetImage",
        resource=f"arn:aws:ecr:us-east-1:{OWNER}:repository/team/keras",
    )
    calls = [*owned(list(by_text(REQUEST, WORLD).values())), pull]
    assert {call.action.partition(":")[0] for call in calls} == {"s3", "kms", "ecr"}
    assert [str(call) for call in calls if not requested(call)] == []


@pytest.mark.parametrize(
    "role",
    [
        ROLE.replace("/demo/dev/", "/demo/prod/"),
        ROLE.replace("/hptc/demo/dev/", "/"),
        ROLE.replace("123456789012", STRANGER),
    ],
    ids=["another environment", "another path", "another account"],
)
def test_other_roles_are_denied(role: str) -> None:
    for call in owned(list(by_text(REQUEST, WORLD).values())):
        assert not requested(call, role)


def test_similar_calls_by_the_role_are_denied() -> None:
    near = owned([call for _, call in neighbors(REQUEST, WORLD)])
    assert len(near) > 30
    assert [str(call) for call in near if requested(call)] == []


def test_an_access_point_has_its_own_policy() -> None:
    point = "arn:aws:s3:us-east-1:888877776666:accesspoint/team"
    result = owner_grants(
        environment(), [("churn", job(definition(**inputs(f"s3://{point}/churn/"))))]
    )
    assert ("access point", point, OWNER) in {(e.kind, e.name, e.account) for e in result}
    text = render_owner_grants(result, environment())
    assert "add these statements to the access point's policy" in text


def test_keys_known_by_aliases_are_grouped_by_owner() -> None:
    theirs = f"arn:aws:kms:us-east-1:{OWNER}:alias/theirs"
    result = owner_grants(
        environment(data_bucket="lake", input_kms_keys=["alias/lake", theirs]),
        [("churn", job(definition(**inputs("s3://lake/a/"))))],
    )
    keys = {grant.name: grant for grant in result if grant.kind == "key"}
    assert {name: grant.account for name, grant in keys.items()} == {
        "alias/lake": "123456789012",
        "alias/theirs": OWNER,
    }
    assert {statement.sid for key in keys.values() for statement in key.statements} == {
        "DemoDevDecryptInput"
    }


def test_an_existing_role_is_named() -> None:
    mine = "arn:aws:iam::123456789012:role/mine"
    tuning_job = job(definition(RoleArn=mine, **inputs("s3://lake/a/")))
    result = owner_grants(environment(data_bucket="lake"), [("churn", tuning_job)])
    principals = {
        (statement.sid, statement.principal) for grant in result for statement in grant.statements
    }
    assert {principal for _, principal in principals} == {("AWS", mine)}
    assert all(sid.startswith("DemoDev") for sid, _ in principals)


def test_a_key_known_by_its_alias_needs_no_condition_in_its_own_policy() -> None:
    result = owner_grants(
        environment(data_bucket="lake", input_kms_keys=["alias/lake"]),
        [("churn", job(definition(**inputs("s3://lake/a/"))))],
    )
    (key,) = [grant for grant in result if grant.kind == "key"]
    (statement,) = document(key.statements)["Statement"]
    assert (key.name, key.account) == ("alias/lake", "123456789012")
    assert statement["Resource"] == "*"
    assert set(statement["Condition"]) == {"StringEquals", "ArnLike"}


def test_managed_resources_and_aws_images_are_not_listed() -> None:
    dlc = image("763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:2.1.0-cpu-py310")
    result = definition(
        **inputs("s3://${hptc:data_bucket}/a/"),
        **dlc,
        OutputDataConfig={
            "S3OutputPath": "s3://${hptc:artifact_bucket}/a/",
            "KmsKeyId": "${hptc:kms_key_arn}",
        },
    )
    chosen = environment(kms_key="managed")
    assert owner_grants(chosen, [("churn", job(result))]) == ()
    assert "only uses resources that hptc creates" in render_owner_grants((), chosen)


def test_a_bucket_from_a_parameter_is_listed_by_its_reference() -> None:
    raw = Infrastructure.model_validate({"data_bucket": "ssm:/lake", "kms_key": "absent"})
    infrastructure, parameters = parameters_replaced(raw)
    chosen: Environment = replace(
        environment(), infrastructure=infrastructure, parameters=parameters
    )
    tuning_job = job(definition(**inputs("s3://${hptc:data_bucket}/a/")))
    names = [grant.name for grant in owner_grants(chosen, [("churn", tuning_job)])]
    assert "arn:aws:s3:::${hptc:data_bucket}" in names


def test_it_is_ready_to_paste(golden: Golden) -> None:
    result = grants()
    golden("permissions/owners.txt", render_owner_grants(result, environment(**THEIRS)))
    data = json.loads(owner_grants_json(result))
    assert [grant["policy"] for grant in data] == [document(grant.statements) for grant in result]
