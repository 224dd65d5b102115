"""Resources that a deployment creates, updates, replaces and deletes."""

from __future__ import annotations

from typing import Any

from tests.support.sandbox import Account, Stack
from tests.support.ssm_parameters import parameter, value_of


def test_a_condition_creates_or_deletes_a_resource(account: Account, stack: Stack) -> None:
    for value in ("yes", "no", "yes"):
        conditions = {"Yes": {"Fn::Equals": [value, "yes"]}}
        stack.deploy(
            {"P": {**parameter("/p"), "Condition": "Yes"}, "Q": parameter("/q")},
            Conditions=conditions,
        )
        names = [
            parameter["Name"]
            for parameter in account.client("ssm").describe_parameters()["Parameters"]
        ]
        assert sorted(names) == (["/p", "/q"] if value == "yes" else ["/q"])


def test_a_replacement_updates_resources_that_refer_to_it(account: Account, stack: Stack) -> None:
    def resources(name: str) -> dict[str, Any]:
        bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": f"{name}-{account.id}"}}
        return {"P": parameter("/p", {"Ref": "B"}), "B": bucket}

    for name in ("one", "two"):
        stack.deploy(resources(name))
        assert value_of(account, "/p") == f"{name}-{account.id}"
    buckets = account.client("s3").list_buckets()["Buckets"]
    assert [bucket["Name"] for bucket in buckets] == [f"two-{account.id}"]


def test_retained_resources_are_kept(account: Account, stack: Stack) -> None:
    kept = {**parameter("/kept"), "DeletionPolicy": "Retain"}
    stack.deploy({"Kept": kept, "P": parameter("/p")})
    stack.deploy({"P": parameter("/p")})
    assert value_of(account, "/kept") == "v"
    stack.delete()
    assert value_of(account, "/kept") == "v"


def test_events_are_sorted_by_time(stack: Stack) -> None:
    stack.deploy({f"P{n}": parameter(f"/p{n}") for n in range(5)})
    events = stack.client.describe_stack_events(StackName=stack.name)["StackEvents"]
    stamps = [event["Timestamp"] for event in events]
    assert stamps == sorted(set(stamps), reverse=True)
    assert [event["LogicalResourceId"] for event in reversed(events)] == [
        *("stack", "stack"),
        *(f"P{n}" for n in range(5)),
        "stack",
    ]


def test_cdk_metadata_is_accepted(stack: Stack) -> None:
    for analytics in ("v2:1", "v2:2"):
        stack.deploy({"M": {"Type": "AWS::CDK::Metadata", "Properties": {"Analytics": analytics}}})
    assert [
        resource["ResourceType"]
        for resource in stack.client.list_stack_resources(StackName=stack.name)[
            "StackResourceSummaries"
        ]
    ] == ["AWS::CDK::Metadata"]
    stack.delete()
