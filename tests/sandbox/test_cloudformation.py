from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.sandbox import Account, Stack


def parameter(name: str, value: Any = "v", **properties: Any) -> dict[str, Any]:
    """An SSM parameter, the simplest resource type."""
    return {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Name": name, "Type": "String", "Value": value, **properties},
    }


def export(name: str, value: Any) -> dict[str, Any]:
    return {name: {"Value": value, "Export": {"Name": name}}}


def other(stack: Stack, name: str) -> Stack:
    return Stack(client=stack.client, name=name)


def value_of(account: Account, name: str) -> str:
    return str(account.client("ssm").get_parameter(Name=name)["Parameter"]["Value"])


BAD = parameter("/bad", Type="NoSuchType")


def test_a_change_set_has_outputs_and_exports(stack: Stack) -> None:
    outputs = stack.deploy({"P": parameter("/p")}, Outputs=export("name", {"Ref": "P"}))
    assert outputs == {"name": "/p"}
    exports = stack.client.list_exports()["Exports"]
    assert [(item["Name"], item["Value"]) for item in exports] == [("name", "/p")]
    imported = {"Fn::ImportValue": "name"}
    importer = other(stack, "importer")
    assert importer.deploy(
        {"Q": parameter("/q", imported)}, Outputs={"o": {"Value": imported}}
    ) == {"o": "/p"}


def test_an_imported_export_cannot_change_or_be_deleted(account: Account, stack: Stack) -> None:
    stack.deploy({"P": parameter("/p")}, Outputs=export("name", "one"))
    importer = other(stack, "importer")
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
        other(stack, "second").deploy({"Q": parameter("/q")}, Outputs=export("name", "two"))


def test_a_template_url_can_have_an_ip_address(account: Account, stack: Stack) -> None:
    bucket = f"assets-{account.id}"
    s3 = account.client("s3")
    s3.create_bucket(Bucket=bucket)
    template = json.dumps({"Resources": {"P": parameter("/p")}})
    s3.put_object(Bucket=bucket, Key="a b/t.json", Body=template.encode())
    url = f"{account.endpoint_url}/{bucket}/a%20b/t.json"
    stack.client.create_stack(StackName=stack.name, TemplateURL=url)
    assert value_of(account, "/p") == "v"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        pytest.param({}, "At least one Resources member", id="no-resources"),
        pytest.param(
            {"Resources": {"X": {"Type": "AWS::No::Such"}, "Y": {"Type": "Custom::Thing"}}},
            r"Unrecognized resource types: \[AWS::No::Such, Custom::Thing\]",
            id="unsupported-types",
        ),
        pytest.param(
            {"Resources": {"P": parameter("/p")}, "Parameters": {"A": {"Type": "String"}}},
            r"Parameters: \[A\] must have values",
            id="missing-parameter",
        ),
        pytest.param(
            {"Resources": {"P": parameter("/p", {"Ref": "Q"})}},
            r"Unresolved resource dependencies \[Q\] in the Resources block",
            id="unresolved-reference",
        ),
        pytest.param(
            {
                "Resources": {"P": parameter("/p")},
                "Outputs": {"o": {"Value": {"Fn::GetAtt": ["Q", "Arn"]}}},
            },
            r"Unresolved resource dependencies \[Q\] in the Outputs block",
            id="unresolved-output",
        ),
        pytest.param(
            {
                "Resources": {
                    "P": parameter("/p", {"Ref": "Q"}),
                    "Q": parameter("/q", {"Ref": "P"}),
                }
            },
            r"Circular dependency between resources: \[P, Q\]",
            id="cycle",
        ),
    ],
)
def test_an_invalid_template_is_rejected(
    stack: Stack, template: dict[str, Any], message: str
) -> None:
    for kind in ("create_stack", "create_change_set"):
        extra = {"ChangeSetName": "c", "ChangeSetType": "CREATE"} if kind != "create_stack" else {}
        with pytest.raises(ClientError, match=message):
            getattr(stack.client, kind)(
                StackName=stack.name, TemplateBody=json.dumps(template), **extra
            )
    assert stack.client.describe_stacks()["Stacks"] == []


def test_a_yaml_template_with_short_form_functions(account: Account, stack: Stack) -> None:
    template = """
Resources:
  P: {Type: AWS::SSM::Parameter, Properties: {Name: /p, Type: String, Value: !Sub "${AWS::Region}"}}
"""
    stack.client.create_stack(StackName=stack.name, TemplateBody=template)
    assert value_of(account, "/p") == "us-east-1"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(
            {"Fn::Join": [",", ["a", {"Ref": "AWS::NoValue"}, "b"]]}, "a,b", id="no-value-in-list"
        ),
        pytest.param(
            {"Fn::Select": [0, {"Fn::GetAZs": {"Ref": "AWS::Region"}}]}, "us-east-1a", id="zones"
        ),
        pytest.param({"Ref": "AWS::Partition"}, "aws", id="partition"),
        pytest.param({"Fn::If": ["Yes", "yes", "no"]}, "yes", id="condition"),
    ],
)
def test_functions_are_resolved(account: Account, stack: Stack, value: Any, expected: str) -> None:
    conditions = {"Yes": {"Fn::Equals": ["a", "a"]}}
    stack.deploy({"P": parameter("/p", value)}, Conditions=conditions)
    assert value_of(account, "/p") == expected


def test_an_unknown_function_fails_the_resource(stack: Stack) -> None:
    with pytest.raises(AssertionError, match="does not support Fn::GetStackOutput"):
        stack.deploy({"P": parameter("/p", {"Fn::GetStackOutput": ["a", "b"]})})


def test_a_condition_creates_or_deletes_a_resource(account: Account, stack: Stack) -> None:
    for value in ("yes", "no", "yes"):
        conditions = {"Yes": {"Fn::Equals": [value, "yes"]}}
        stack.deploy(
            {"P": {**parameter("/p"), "Condition": "Yes"}, "Q": parameter("/q")},
            Conditions=conditions,
        )
        names = [p["Name"] for p in account.client("ssm").describe_parameters()["Parameters"]]
        assert sorted(names) == (["/p", "/q"] if value == "yes" else ["/q"])


def test_a_failed_creation_is_rolled_back(account: Account, stack: Stack) -> None:
    bad = {**BAD, "DependsOn": "P"}
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
    bad = {**BAD, "DependsOn": "P"}
    with pytest.raises(AssertionError, match="NoSuchType"):
        stack.deploy({"P": parameter("/p", "two"), "New": parameter("/new"), "Bad": bad})
    assert stack.status()[0] == "UPDATE_ROLLBACK_COMPLETE"
    found = account.client("ssm").describe_parameters()["Parameters"]
    assert sorted(p["Name"] for p in found) == ["/gone", "/p"]
    assert value_of(account, "/p") == "one"
    assert json.loads(
        json.dumps(stack.client.get_template(StackName=stack.name)["TemplateBody"])
    ) == {"Resources": resources, "Outputs": {"o": {"Value": "one"}}}


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


def test_previous_parameter_values_are_used(account: Account, stack: Stack) -> None:
    account.client("ssm").put_parameter(Name="/version", Value="21", Type="String")

    def template(suffix: str) -> str:
        declared = {
            "Given": {"Type": "String"},
            "Version": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/version"},
        }
        value = {"Fn::Join": ["-", [{"Ref": "Given"}, {"Ref": "Version"}, suffix]]}
        return json.dumps({"Parameters": declared, "Resources": {"P": parameter("/p", value)}})

    stack.client.create_stack(
        StackName=stack.name,
        TemplateBody=template("a"),
        Parameters=[{"ParameterKey": "Given", "ParameterValue": "x"}],
    )
    assert value_of(account, "/p") == "x-21-a"
    previous = [{"ParameterKey": key, "UsePreviousValue": True} for key in ("Given", "Version")]
    stack.client.update_stack(StackName=stack.name, TemplateBody=template("b"), Parameters=previous)
    assert value_of(account, "/p") == "x-21-b"
    with pytest.raises(ClientError, match="No updates are to be performed"):
        stack.client.update_stack(
            StackName=stack.name, UsePreviousTemplate=True, Parameters=previous
        )
    changed = [{"ParameterKey": "Given", "ParameterValue": "y"}, previous[1]]
    stack.client.update_stack(StackName=stack.name, UsePreviousTemplate=True, Parameters=changed)
    assert value_of(account, "/p") == "y-21-b"


def test_a_missing_ssm_parameter_is_reported(stack: Stack) -> None:
    declared = {"V": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/absent"}}
    with pytest.raises(AssertionError, match=r"Unable to fetch parameters \[/absent\]"):
        stack.deploy({"P": parameter("/p")}, Parameters=declared)


def change_set(
    stack: Stack, resources: dict[str, Any], change_set_type: str = "UPDATE"
) -> dict[str, Any]:
    created = stack.client.create_change_set(
        StackName=stack.name,
        ChangeSetName="preview",
        ChangeSetType=change_set_type,
        TemplateBody=json.dumps({"Resources": resources}),
    )
    found: dict[str, Any] = stack.client.describe_change_set(ChangeSetName=created["Id"])
    stack.client.delete_change_set(ChangeSetName=created["Id"])
    return found


def test_a_change_set_lists_its_changes(account: Account, stack: Stack) -> None:
    def bucket(**properties: Any) -> dict[str, Any]:
        return {"Type": "AWS::S3::Bucket", "Properties": properties}

    name, tags = f"b-{account.id}", [{"Key": "k", "Value": "v"}]
    first = {
        "Tagged": bucket(),
        "Renamed": bucket(BucketName=name),
        "Gone": parameter("/gone"),
        "Same": parameter("/same"),
    }
    stack.deploy(first)
    found = change_set(
        stack,
        {
            "Tagged": bucket(Tags=tags),
            "Renamed": bucket(BucketName=f"{name}-2"),
            "Same": parameter("/same"),
            "New": parameter("/new"),
        },
    )
    changes = {
        change["ResourceChange"]["LogicalResourceId"]: change["ResourceChange"]
        for change in found["Changes"]
    }
    assert {key: change["Action"] for key, change in changes.items()} == {
        "Tagged": "Modify",
        "Renamed": "Modify",
        "New": "Add",
        "Gone": "Remove",
    }
    assert changes["Tagged"]["Replacement"] == "False"
    assert changes["Renamed"]["Replacement"] == "True"
    assert changes["Renamed"]["PhysicalResourceId"] == name
    assert [detail["Target"] for detail in changes["Renamed"]["Details"]] == [
        {"Attribute": "Properties", "Name": "BucketName", "RequiresRecreation": "Always"}
    ]
    assert change_set(stack, first)["StatusReason"].startswith("The submitted information didn't")


def test_creating_a_change_set_creates_no_resources(account: Account, stack: Stack) -> None:
    for _ in range(2):  # a stack in REVIEW_IN_PROGRESS accepts another change set
        change_set(stack, {"P": parameter("/p")}, "CREATE")
    assert stack.status()[0] == "REVIEW_IN_PROGRESS"
    assert account.client("ssm").describe_parameters()["Parameters"] == []
    stack.delete()


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
    (found,) = stack.client.describe_stacks(StackName=stack_id)["Stacks"]
    assert found["StackStatus"] == "DELETE_COMPLETE"
    stack.client.describe_stack_resources(StackName=stack_id)
    assert account.client("ssm").describe_parameters()["Parameters"] == []


def test_a_failed_stack_has_its_reason(stack: Stack) -> None:
    with pytest.raises(AssertionError):
        stack.deploy({"P": parameter("/p"), "Bad": BAD})
    (found,) = stack.client.describe_stacks(StackName=stack.name)["Stacks"]
    events = stack.client.describe_stack_events(StackName=stack.name)["StackEvents"]
    (failed,) = (event for event in events if event["ResourceStatus"] == "CREATE_FAILED")
    assert failed["LogicalResourceId"] == "Bad"
    assert "NoSuchType" in failed["ResourceStatusReason"]
    assert "NoSuchType" in found["StackStatusReason"]


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
        r["ResourceType"]
        for r in stack.client.list_stack_resources(StackName=stack.name)["StackResourceSummaries"]
    ] == ["AWS::CDK::Metadata"]
    stack.delete()
