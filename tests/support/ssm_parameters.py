"""Stacks of SSM parameters, the simplest resource type."""

from __future__ import annotations

from typing import Any

from tests.support.sandbox import Account, Stack


def parameter(name: str, value: Any = "v", **properties: Any) -> dict[str, Any]:
    """An SSM parameter, the simplest resource type."""
    return {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Name": name, "Type": "String", "Value": value, **properties},
    }


def export(name: str, value: Any) -> dict[str, Any]:
    return {name: {"Value": value, "Export": {"Name": name}}}


def second_stack(stack: Stack, name: str) -> Stack:
    return Stack(client=stack.client, name=name)


def value_of(account: Account, name: str) -> str:
    return str(account.client("ssm").get_parameter(Name=name)["Parameter"]["Value"])


INVALID = parameter("/bad", Type="NoSuchType")
