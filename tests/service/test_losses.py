"""The keys, buckets and VPCs that a deployment would lose."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from hptc.service.interface import DeployedStack
from hptc.service.losses import losses

STACK = DeployedStack(
    name="hptc-churn-dev",
    arn="arn",
    outputs={"DataBucket": "data-of-ours", "KmsKeyArn": "arn:key"},
    tags={},
)


def template(**policies: str) -> dict[str, Any]:
    kinds = {
        "Key961B73FD": ("AWS::KMS::Key", {"EnableKeyRotation": True}),
        "DataBucketE3889A50": ("AWS::S3::Bucket", {}),
        "Vpc8378EB38": ("AWS::EC2::VPC", {"CidrBlock": "10.42.0.0/20"}),
        "Launcher24EF8A5C": ("AWS::IAM::ManagedPolicy", {}),
    }
    return {
        "Resources": {
            name: {"Type": kind, "Properties": properties, **policies}
            for name, (kind, properties) in kinds.items()
        }
    }


def texts(before: dict[str, Any], after: dict[str, Any]) -> dict[str, str]:
    return {loss.name: loss.text for loss in losses(STACK, before, after)}


def test_nothing_is_lost_without_a_change() -> None:
    changed = deepcopy(template())
    changed["Resources"]["Key961B73FD"]["Properties"]["EnableKeyRotation"] = False
    del changed["Resources"]["Launcher24EF8A5C"]
    assert texts(template(), changed) == {}


@pytest.mark.parametrize("policy", ["Delete", "RetainExceptOnCreate"])
def test_removed_resources(policy: str) -> None:
    lost = texts(template(DeletionPolicy=policy), {"Resources": {}})
    assert list(lost) == ["kms_key", "data_bucket", "network"]
    assert lost["data_bucket"].startswith("removes the bucket `data_bucket` (data-of-ours) of")
    assert all(
        ("stays in the account, but" in text) == (policy != "Delete") for text in lost.values()
    )
    assert "becomes unreadable" in lost["kms_key"]


def test_a_replaced_resource() -> None:
    changed = deepcopy(template())
    changed["Resources"]["Vpc8378EB38"]["Properties"]["CidrBlock"] = "10.0.0.0/20"
    (loss,) = losses(STACK, template(UpdateReplacePolicy="Delete"), changed)
    assert (loss.name, loss.is_replaced, loss.is_retained) == ("network", True, False)
    assert loss.text.startswith("replaces the VPC `network` of the stack `hptc-churn-dev`: ")


@pytest.mark.parametrize("name", ["kms_key", "Key961B73FD", "arn:key"])
def test_names_of_a_resource(name: str) -> None:
    (key, *_) = losses(STACK, template(), {})
    assert key.is_named([name])
    assert not key.is_named(["", "data_bucket"])


def test_a_stack_of_another_tool_has_logical_ids() -> None:
    theirs = {"Resources": {"Uploads": {"Type": "AWS::S3::Bucket"}}}
    assert list(texts(theirs, template())) == ["Uploads"]
