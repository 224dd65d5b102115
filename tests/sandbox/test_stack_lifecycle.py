"""Stacks that are created, updated, rolled back and deleted, with their exports."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.sandbox import Account, Stack
from tests.support.ssm_parameters import INVALID, export, parameter, second_stack, value_of


def test_an_imported_export_cannot_change_or_be_deleted(account: Account, stack: Stack) -> None:
    stack.deploy({"P": parameter("/p")}, Outputs=export("name", "one"))
    importer = second_stack(stack, "importer")
    importer.deploy({"Q": parameter("/q", {"Fn::ImportValue": "name"})})
    for outputs in ({}, export("name", "two")):
        with pytest.raises(AssertionError, match="cannot be updated as it is in use by importer"):
            stack.deploy({"P": parameter("/p")}, Outputs=outputs)
    assert stack.status()[0] == "UPDATE_ROLLBACK_COMPLETE"
    stack.client.delete_stack(StackName=stack.name)
    assert stack.status()[0] == "DELETE_FAILED"
    assert value_of(account, "/p") == "v"
    importer.delete()
    stack.delete()
    assert stack.client.list_exports()["Exports"] == []


def test_an_export_name_is_unique(stack: Stack) -> None:
    stack.deploy({"P": parameter("/p")}, Outputs=export("name", "one"))
    with pytest.raises(AssertionError, match="already exported by stack"):
        second_stack(stack, "second").deploy({"Q": parameter("/q")}, Outputs=export("name", "two"))


def test_a_failed_creation_keeps_only_what_is_always_retained(
    account: Account, stack: Stack
) -> None:
    always = {**parameter("/always"), "DeletionPolicy": "Retain"}
    later = {**parameter("/later"), "DeletionPolicy": "RetainExceptOnCreate"}
    resources = {"Always": always, "Later": later}
    with pytest.raises(AssertionError):
        stack.deploy({**resources, "Bad": {**INVALID, "DependsOn": [*resources]}})
    names = [
        parameter["Name"] for parameter in account.client("ssm").describe_parameters()["Parameters"]
    ]
    assert names == ["/always"]


def test_a_failed_creation_is_rolled_back(account: Account, stack: Stack) -> None:
    bad = {**INVALID, "DependsOn": "P"}
    with pytest.raises(AssertionError, match="NoSuchType"):
        stack.deploy({"P": parameter("/p"), "Bad": bad})
    assert stack.status()[0] == "ROLLBACK_COMPLETE"
    assert account.client("ssm").describe_parameters()["Parameters"] == []
    with pytest.raises(ClientError, match="ROLLBACK_COMPLETE state and can not be updated"):
        stack.deploy({"P": parameter("/p", "w")})
    stack.delete()
    stack.deploy({"P": parameter("/p")})


def test_a_failed_update_is_rolled_back(account: Account, stack: Stack) -> None:
    resources = {"P": parameter("/p", "one"), "Gone": parameter("/gone")}
    stack.deploy(resources, Outputs={"o": {"Value": "one"}})
    bad = {**INVALID, "DependsOn": "P"}
    with pytest.raises(AssertionError, match="NoSuchType"):
        stack.deploy({"P": parameter("/p", "two"), "New": parameter("/new"), "Bad": bad})
    assert stack.status()[0] == "UPDATE_ROLLBACK_COMPLETE"
    parameters = account.client("ssm").describe_parameters()["Parameters"]
    assert sorted(parameter["Name"] for parameter in parameters) == ["/gone", "/p"]
    assert value_of(account, "/p") == "one"
    assert json.loads(
        json.dumps(stack.client.get_template(StackName=stack.name)["TemplateBody"])
    ) == {"Resources": resources, "Outputs": {"o": {"Value": "one"}}}


@pytest.mark.parametrize(
    ("operation", "arguments", "message"),
    [
        pytest.param(
            "describe_change_set",
            {"ChangeSetName": "absent"},
            "ChangeSetNotFound.*absent",
            id="describe-change-set",
        ),
        pytest.param(
            "execute_change_set",
            {"ChangeSetName": "absent"},
            "ChangeSetNotFound.*absent",
            id="execute-change-set",
        ),
        pytest.param("describe_stacks", {}, "does not exist", id="describe-stacks"),
        pytest.param("get_template", {}, "does not exist", id="get-template"),
        pytest.param(
            "update_stack",
            {"TemplateBody": '{"Resources": {"P": {}}}'},
            "does not exist",
            id="update-stack",
        ),
    ],
)
def test_a_missing_resource_is_not_found(
    stack: Stack, operation: str, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ClientError, match=message) as caught:
        getattr(stack.client, operation)(StackName="absent", **arguments)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 404)


def test_reading_a_deleted_stack_recreates_nothing(account: Account, stack: Stack) -> None:
    stack.deploy({"P": parameter("/p")}, Outputs=export("name", {"Ref": "P"}))
    stack_id = stack.client.describe_stacks(StackName=stack.name)["Stacks"][0]["StackId"]
    stack.delete()
    (description,) = stack.client.describe_stacks(StackName=stack_id)["Stacks"]
    assert description["StackStatus"] == "DELETE_COMPLETE"
    stack.client.describe_stack_resources(StackName=stack_id)
    assert account.client("ssm").describe_parameters()["Parameters"] == []


def test_a_failed_stack_has_its_reason(stack: Stack) -> None:
    with pytest.raises(AssertionError):
        stack.deploy({"P": parameter("/p"), "Bad": INVALID})
    (description,) = stack.client.describe_stacks(StackName=stack.name)["Stacks"]
    events = stack.client.describe_stack_events(StackName=stack.name)["StackEvents"]
    (failed,) = (event for event in events if event["ResourceStatus"] == "CREATE_FAILED")
    assert failed["LogicalResourceId"] == "Bad"
    assert "NoSuchType" in failed["ResourceStatusReason"]
    assert "NoSuchType" in description["StackStatusReason"]


def test_deleting_a_missing_stack_or_change_set_succeeds(stack: Stack) -> None:
    stack.client.delete_stack(StackName="absent")
    stack.client.delete_change_set(StackName="absent", ChangeSetName="absent")
    assert stack.client.describe_stacks()["Stacks"] == []


def test_termination_protection_prevents_deletion(stack: Stack) -> None:
    stack.deploy({"P": parameter("/p")})
    stack.client.update_termination_protection(
        StackName=stack.name, EnableTerminationProtection=True
    )
    with pytest.raises(ClientError, match="TerminationProtection is enabled"):
        stack.client.delete_stack(StackName=stack.name)
    stack.client.update_termination_protection(
        StackName=stack.name, EnableTerminationProtection=False
    )
    stack.delete()
