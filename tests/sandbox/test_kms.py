"""KMS keys and aliases that match their template."""

from __future__ import annotations

import json
from typing import Any

from tests.support.sandbox import Account, Stack

POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
    ],
}


def key(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": POLICY, **properties}}


def alias(target: str, name: str = "alias/a") -> dict[str, Any]:
    return {
        "Type": "AWS::KMS::Alias",
        "Properties": {"AliasName": name, "TargetKeyId": {"Fn::GetAtt": [target, "Arn"]}},
    }


def test_a_key_matches_its_template(account: Account, stack: Stack) -> None:
    kms = account.client("kms")
    stack.deploy({"Key": key()})
    key_id = stack.physical_id("Key")
    assert json.loads(kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"]) == POLICY
    assert kms.get_key_rotation_status(KeyId=key_id)["KeyRotationEnabled"] is False

    policy = {**POLICY, "Id": "revised"}
    tags = [{"Key": "team", "Value": "growth"}]
    stack.deploy(
        {
            "Key": key(
                KeyPolicy=policy, EnableKeyRotation=True, Description="d", Enabled=False, Tags=tags
            )
        }
    )
    assert stack.physical_id("Key") == key_id
    assert json.loads(kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"]) == policy
    assert kms.get_key_rotation_status(KeyId=key_id)["KeyRotationEnabled"] is True
    metadata = kms.describe_key(KeyId=key_id)["KeyMetadata"]
    assert (metadata["Description"], metadata["KeyState"]) == ("d", "Disabled")
    assert kms.list_resource_tags(KeyId=key_id)["Tags"] == [
        {"TagKey": "team", "TagValue": "growth"}
    ]


def test_a_key_is_created_with_tags(account: Account, stack: Stack) -> None:
    stack.deploy({"Key": key(Tags=[{"Key": "team", "Value": "growth"}])})
    tags = account.client("kms").list_resource_tags(KeyId=stack.physical_id("Key"))["Tags"]
    assert tags == [{"TagKey": "team", "TagValue": "growth"}]


def test_a_deleted_key_is_pending_deletion(account: Account, stack: Stack) -> None:
    kms = account.client("kms")
    stack.deploy({"Key": key(PendingWindowInDays=7), "Alias": alias("Key")})
    key_id = stack.physical_id("Key")
    stack.delete()
    assert kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    assert kms.list_aliases(KeyId=key_id)["Aliases"] == []


def test_an_alias_moves_to_another_key(account: Account, stack: Stack) -> None:
    keys = {"One": key(), "Two": key()}
    stack.deploy({**keys, "Alias": alias("One")})
    stack.deploy({**keys, "Alias": alias("Two")})
    metadata = account.client("kms").describe_key(KeyId="alias/a")["KeyMetadata"]
    assert metadata["KeyId"] == stack.physical_id("Two")
    stack.deploy({**keys, "Alias": alias("Two", "alias/b")})
    (description,) = account.client("kms").list_aliases(KeyId=stack.physical_id("Two"))["Aliases"]
    assert description["AliasName"] == "alias/b"
