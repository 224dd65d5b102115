"""Templates that are parsed, validated and resolved."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.sandbox import Account, Stack
from tests.support.ssm_parameters import parameter, value_of


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
