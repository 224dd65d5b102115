"""Change sets that are created, described and executed."""

from __future__ import annotations

import json
from typing import Any

from tests.support.sandbox import Account, Stack
from tests.support.ssm_parameters import export, parameter, second_stack


def change_set(
    stack: Stack, resources: dict[str, Any], change_set_type: str = "UPDATE"
) -> dict[str, Any]:
    created = stack.client.create_change_set(
        StackName=stack.name,
        ChangeSetName="preview",
        ChangeSetType=change_set_type,
        TemplateBody=json.dumps({"Resources": resources}),
    )
    description: dict[str, Any] = stack.client.describe_change_set(ChangeSetName=created["Id"])
    stack.client.delete_change_set(ChangeSetName=created["Id"])
    return description


def test_a_change_set_has_outputs_and_exports(stack: Stack) -> None:
    outputs = stack.deploy({"P": parameter("/p")}, Outputs=export("name", {"Ref": "P"}))
    assert outputs == {"name": "/p"}
    exports = stack.client.list_exports()["Exports"]
    assert [(entry["Name"], entry["Value"]) for entry in exports] == [("name", "/p")]
    imported = {"Fn::ImportValue": "name"}
    importer = second_stack(stack, "importer")
    assert importer.deploy(
        {"Q": parameter("/q", imported)}, Outputs={"o": {"Value": imported}}
    ) == {"o": "/p"}


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
    description = change_set(
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
        for change in description["Changes"]
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
