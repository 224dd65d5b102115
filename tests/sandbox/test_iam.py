"""IAM roles and policies that match their template."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.sandbox import Account, Stack

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"


def document(action: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def trust(service: str) -> dict[str, Any]:
    principal = {"Service": f"{service}.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def role(**properties: Any) -> dict[str, Any]:
    defaults = {"RoleName": "role", "AssumeRolePolicyDocument": trust("sagemaker")}
    return {"Type": "AWS::IAM::Role", "Properties": {**defaults, **properties}}


def inline(name: str, action: str) -> dict[str, Any]:
    return {"PolicyName": name, "PolicyDocument": document(action)}


def managed(action: str, **properties: Any) -> dict[str, Any]:
    defaults = {"ManagedPolicyName": "policy", "PolicyDocument": document(action)}
    return {"Type": "AWS::IAM::ManagedPolicy", "Properties": {**defaults, **properties}}


def test_a_role_matches_its_template(account: Account, stack: Stack) -> None:
    iam = account.client("iam")
    stack.deploy(
        {
            "Role": role(
                Policies=[inline("kept", "s3:GetObject"), inline("dropped", "s3:PutObject")],
                ManagedPolicyArns=[READ_ONLY],
            )
        }
    )
    role_id = iam.get_role(RoleName="role")["Role"]["RoleId"]
    stack.deploy(
        {
            "Role": role(
                AssumeRolePolicyDocument=trust("lambda"),
                Description="d",
                MaxSessionDuration=7200,
                PermissionsBoundary=ADMIN,
                Tags=[{"Key": "team", "Value": "growth"}],
                Policies=[inline("kept", "s3:ListBucket"), inline("added", "s3:PutObject")],
                ManagedPolicyArns=[ADMIN],
            )
        }
    )
    description = iam.get_role(RoleName="role")["Role"]
    assert description["RoleId"] == role_id
    assert description["AssumeRolePolicyDocument"] == trust("lambda")
    assert description["Description"] == "d"
    assert description["MaxSessionDuration"] == 7200
    assert description["PermissionsBoundary"]["PermissionsBoundaryArn"] == ADMIN
    assert description["Tags"] == [{"Key": "team", "Value": "growth"}]
    assert iam.list_role_policies(RoleName="role")["PolicyNames"] == ["kept", "added"]
    policy = iam.get_role_policy(RoleName="role", PolicyName="kept")
    assert policy["PolicyDocument"] == document("s3:ListBucket")
    attached = iam.list_attached_role_policies(RoleName="role")["AttachedPolicies"]
    assert [policy["PolicyArn"] for policy in attached] == [ADMIN]


def test_a_role_is_deleted_with_its_stack(account: Account, stack: Stack) -> None:
    stack.deploy(
        {
            "Role": role(Policies=[inline("inline", "s3:*")], ManagedPolicyArns=[READ_ONLY]),
            "Policy": managed("s3:*", Roles=[{"Ref": "Role"}]),
            "Inline": {
                "Type": "AWS::IAM::Policy",
                "Properties": {**inline("separate", "s3:*"), "Roles": [{"Ref": "Role"}]},
            },
        }
    )
    stack.delete()
    iam = account.client("iam")
    assert iam.list_roles()["Roles"] == []
    assert iam.list_policies(Scope="Local")["Policies"] == []


def test_a_role_with_another_policy_attached_is_not_deleted(account: Account, stack: Stack) -> None:
    stack.deploy({"Role": role()})
    iam = account.client("iam")
    policy = iam.create_policy(PolicyName="by-hand", PolicyDocument=json.dumps(document("s3:*")))
    iam.attach_role_policy(RoleName="role", PolicyArn=policy["Policy"]["Arn"])
    stack.client.delete_stack(StackName=stack.name)
    status, reason = stack.status()
    assert status == "DELETE_FAILED"
    assert "must detach all policies first" in reason


@pytest.mark.parametrize(
    "trusted",
    [
        pytest.param({"Version": "2012-10-17", "Statement": [{"Effect": "Alow"}]}, id="effect"),
        pytest.param(trust("sagemaker") | {"Statement": "x"}, id="statement"),
    ],
)
def test_a_malformed_trust_policy_is_rejected(stack: Stack, trusted: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        stack.deploy({"Role": role(AssumeRolePolicyDocument=trusted)})
    assert stack.status()[0] == "ROLLBACK_COMPLETE"


def test_a_managed_policy_matches_its_template(account: Account, stack: Stack) -> None:
    iam = account.client("iam")
    roles = {"One": role(RoleName="one"), "Two": role(RoleName="two")}
    actions = [f"s3:Action{number}" for number in range(7)]
    for action in actions:
        name = "One" if action == actions[0] else "Two"
        stack.deploy({**roles, "Policy": managed(action, Roles=[{"Ref": name}])})
    arn = stack.physical_id("Policy")
    policy = iam.get_policy(PolicyArn=arn)["Policy"]
    version = iam.get_policy_version(PolicyArn=arn, VersionId=policy["DefaultVersionId"])
    assert version["PolicyVersion"]["Document"] == document(actions[-1])
    assert policy["AttachmentCount"] == 1
    assert len(iam.list_policy_versions(PolicyArn=arn)["Versions"]) == 5
    assert iam.list_attached_role_policies(RoleName="one")["AttachedPolicies"] == []
    stack.delete()
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.get_policy(PolicyArn=arn)


def separate(name: str, action: str, *roles: str) -> dict[str, Any]:
    properties = {**inline(name, action), "Roles": [{"Ref": role} for role in roles]}
    return {"Type": "AWS::IAM::Policy", "Properties": properties}


def test_separate_policy_follows_its_template(account: Account, stack: Stack) -> None:
    iam = account.client("iam")
    roles = {"One": role(RoleName="one"), "Two": role(RoleName="two")}

    def policies() -> dict[str, list[str]]:
        return {
            name: iam.list_role_policies(RoleName=name)["PolicyNames"] for name in ("one", "two")
        }

    stack.deploy({**roles, "Policy": separate("p", "s3:*", "One")})
    assert policies() == {"one": ["p"], "two": []}
    stack.deploy({**roles, "Policy": separate("p", "s3:GetObject", "One", "Two")})
    assert policies() == {"one": ["p"], "two": ["p"]}
    policy = iam.get_role_policy(RoleName="one", PolicyName="p")
    assert policy["PolicyDocument"] == document("s3:GetObject")
    stack.deploy({**roles, "Policy": separate("q", "s3:*", "Two")})
    assert policies() == {"one": [], "two": ["q"]}
    stack.deploy(roles)
    assert policies() == {"one": [], "two": []}


@pytest.mark.parametrize(
    "resource",
    [
        pytest.param(lambda action: separate("p", action, "Role"), id="separate"),
        pytest.param(lambda action: role(Policies=[inline("p", action)]), id="inline"),
        pytest.param(lambda action: managed(action, Roles=[{"Ref": "Role"}]), id="managed"),
    ],
)
def test_a_rejected_policy_keeps_the_old_one(
    account: Account, stack: Stack, resource: Callable[[Any], dict[str, Any]]
) -> None:
    base = {"Role": role()}
    name = "Role" if resource("s3:*")["Type"] == "AWS::IAM::Role" else "Policy"
    stack.deploy({**base, name: resource("s3:*")})
    details = account.client("iam").get_account_authorization_details
    before = details(Filter=["Role", "LocalManagedPolicy"])
    with pytest.raises(AssertionError, match=r"vendor|Syntax|Actions/Conditions"):
        stack.deploy({**base, name: resource("no colon")})
    assert stack.status()[0] == "UPDATE_ROLLBACK_COMPLETE"
    after = details(Filter=["Role", "LocalManagedPolicy"])
    for key in ("RoleDetailList", "Policies"):
        for entity in (*before[key], *after[key]):
            entity.pop("RoleLastUsed", None)
    assert after["RoleDetailList"] == before["RoleDetailList"]
    assert after["Policies"] == before["Policies"]
    stack.delete()


def test_a_simulation_allows_what_the_sandbox_allows(account: Account) -> None:
    results = account.client("iam").simulate_principal_policy(
        PolicySourceArn=f"arn:aws:iam::{account.id}:role/x", ActionNames=["s3:GetObject", "a:b"]
    )["EvaluationResults"]
    assert [(result["EvalActionName"], result["EvalDecision"]) for result in results] == [
        ("s3:GetObject", "allowed"),
        ("a:b", "allowed"),
    ]
