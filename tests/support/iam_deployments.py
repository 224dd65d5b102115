"""The calls that CloudFormation makes for the resources of a template, as IAM sees them.

The actions are those of the resource types' handlers, from the schemas that AWS publishes and
cfn-lint ships: https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
The resources of each action are those of the Service Authorization Reference. Independent of
hptc/infrastructure: templates in, calls out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.support.iam_evaluator import Call

OWN = "1234"  # the end of generated IDs and names

UNUSED: dict[str, dict[str, str]] = {
    # what handlers may call for properties that hptc doesn't set, by resource type
    "AWS::IAM::ManagedPolicy": {
        "Attach": "the launcher policy is attached by an administrator",
        "Detach": "the launcher policy is attached by an administrator",
        "ListPolicies": "only for the list of all resources",
    },
    "AWS::IAM::Policy": {
        "UserPolicy": "a policy belongs to a role",
        "GroupPolicy": "a policy belongs to a role",
    },
    "AWS::IAM::Role": {
        "AttachRolePolicy": "a role has no managed policies",
        "DetachRolePolicy": "a role has no managed policies",
        "DeleteRolePermissionsBoundary": "an administrator removes a boundary",
        "PutRolePermissionsBoundary": "without a boundary",
    },
    "AWS::S3::Bucket": {
        "s3tables:": "no metadata table",
        "MetadataTable": "no metadata table",
        "MetadataJournal": "no metadata table",
        "MetadataInventory": "no metadata table",
        "MetadataAnnotation": "no metadata table",
        "iam:PassRole": "no replication",
        "PutReplication": "no replication",
        "BucketReplication": "no replication",
        "PutAnalytics": "no analytics",
        "DeleteBucketAnalytics": "no analytics",
        "PutInventory": "no inventory",
        "PutMetrics": "no metrics",
        "DeleteBucketMetrics": "no metrics",
        "PutBucketNotification": "no notifications",
        "PutAccelerate": "no acceleration",
        "PutIntelligentTiering": "no tiering",
        "PutBucketLogging": "no access logs",
        "PutBucketWebsite": "no website",
        "DeleteBucketWebsite": "no website",
        "PutBucketCORS": "no website",
        "DeleteBucketCors": "no website",
        "PutBucketObjectLock": "no object lock",
        "PutObjectLock": "no object lock",
        "PutBucketAbac": "no tag-based access",
        "PutObjectAcl": "no ACL",
        "PutBucketAcl": "no ACL",
        "DeleteObject": "objects are never touched",
        "DeleteBucketEncryption": "encryption is never removed",
        "DeleteBucketLifecycle": "lifecycle rules are never removed",
    },
    "AWS::EC2::VPC": {
        "CreateVpcEncryptionControl": "no encryption control",
        "ModifyVpcTenancy": "the tenancy never changes",
    },
    "AWS::EC2::Subnet": {"SubnetCidrBlock": "no IPv6"},
    "AWS::EC2::VPCEndpoint": {
        "vpc-lattice:": "no service networks",
        "vpce:AllowMultiRegion": "no endpoint in another Region",
    },
    "AWS::StepFunctions::StateMachine": {
        "s3:": "the definition is in the template",
        "kms:": "no key",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a template is deployed, and the tags of every resource."""

    stack: str
    account: str
    region: str
    partition: str
    tags: Mapping[str, str]
    boundary: str | None

    def arn(self, service: str, resource: str, *, is_global: bool = False) -> str:
        region = "" if is_global else self.region
        return f"arn:{self.partition}:{service}:{region}:{self.account}:{resource}"

    @property
    def new(self) -> dict[str, str]:
        return {f"aws:RequestTag/{key}": value for key, value in self.tags.items()}

    @property
    def own(self) -> dict[str, str]:
        return {f"aws:ResourceTag/{key}": value for key, value in self.tags.items()}


def handler_actions(kind: str) -> set[str]:
    """What the handlers of a resource type may call, except to list all resources."""
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    return {
        action
        for name, handler in schema["handlers"].items()
        if name != "list"
        for action in handler["permissions"]
        if not any(part in action for part in UNUSED.get(kind, ()))
    }


def generated_name(stack: str, logical_id: str, longest: int) -> str:
    """A name as CloudFormation generates it: the stack's and the logical ID, cut to fit."""
    room = longest - len("-") - len("-ABCDEFGHIJKL")
    if len(stack) + len(logical_id) > room:
        kept = max(24, room - len(logical_id))
        stack, logical_id = stack[:kept], logical_id[: room - min(kept, len(stack))]
    return f"{stack}-{logical_id}-ABCDEFGHIJKL"


def calls(template: Mapping[str, Any], place: Place) -> Iterator[tuple[str, Call]]:
    """Each call for a template's resources, with the type of the resource."""
    for logical_id, resource in template["Resources"].items():
        kind = resource["Type"]
        for action in sorted(handler_actions(kind)):
            calls_of_action = list(_calls(action, kind, logical_id, template["Resources"], place))
            assert calls_of_action, f"{kind}: {action}"
            yield from ((kind, call) for call in calls_of_action)


def _calls(
    action: str, kind: str, logical_id: str, resources: Mapping[str, Any], place: Place
) -> Iterator[Call]:
    properties = resources[logical_id].get("Properties", {})
    service = kind.split("::")[1]
    if action == "iam:PassRole":
        yield from _pass(action, kind, resources, place)
    elif service == "IAM":
        context = {"iam:PermissionsBoundary": place.boundary} if place.boundary else {}
        for arn in _iam(kind, logical_id, resources, place):
            yield Call(action=action, resource=arn, context=context)
    elif service == "S3":
        bucket = properties["Bucket"]["Ref"] if kind == "AWS::S3::BucketPolicy" else logical_id
        name = generated_name(place.stack, bucket, 63).lower()
        yield Call(action=action, resource=f"arn:{place.partition}:s3:::{name}")
    elif service == "KMS":
        yield from _kms(action, kind, properties, place)
    elif service == "EC2":
        yield from _ec2(action, kind, properties, place)
    else:
        yield from _schedule(action, kind, logical_id, place)


def _iam(kind: str, logical_id: str, resources: Mapping[str, Any], place: Place) -> Iterator[str]:
    properties = resources[logical_id]["Properties"]
    match kind:
        case "AWS::IAM::Role":
            name = properties.get("RoleName") or generated_name(place.stack, logical_id, 64)
            yield place.arn("iam", f"role{properties['Path']}{name}", is_global=True)
        case "AWS::IAM::ManagedPolicy":
            name = properties["Path"] + properties["ManagedPolicyName"]
            yield place.arn("iam", f"policy{name}", is_global=True)
        case _:
            for role in properties["Roles"]:
                yield from _iam("AWS::IAM::Role", role["Ref"], resources, place)


def _pass(action: str, kind: str, resources: Mapping[str, Any], place: Place) -> Iterator[Call]:
    to = "scheduler" if kind == "AWS::Scheduler::Schedule" else "states"
    for logical_id, resource in resources.items():
        if resource["Type"] == "AWS::IAM::Role":
            for arn in _iam("AWS::IAM::Role", logical_id, resources, place):
                context = {"iam:PassedToService": f"{to}.amazonaws.com"}
                yield Call(action=action, resource=arn, context=context)


def _kms(action: str, kind: str, properties: Mapping[str, Any], place: Place) -> Iterator[Call]:
    key = Call(action=action, resource=place.arn("kms", f"key/{OWN}"), context=place.own)
    if action in ("kms:CreateKey", "kms:ListAliases"):
        yield Call(action=action, context=place.new if action == "kms:CreateKey" else {})
        return
    if action == "kms:TagResource":
        yield replace(key, context=place.new)
        yield replace(key, context={**place.new, **place.own})
        return
    if kind == "AWS::KMS::Alias":
        yield replace(key, resource=place.arn("kms", properties["AliasName"]), context={})
    if action in ("kms:CreateAlias", "kms:EnableKeyRotation", "kms:DescribeKey"):
        yield replace(key, context={})  # its tags may take minutes to apply
    yield key


_EC2_KINDS = {
    "AWS::EC2::RouteTable": "route-table",
    "AWS::EC2::SecurityGroup": "security-group",
    "AWS::EC2::Subnet": "subnet",
    "AWS::EC2::VPC": "vpc",
    "AWS::EC2::VPCEndpoint": "vpc-endpoint",
}


def _ec2(action: str, kind: str, properties: Mapping[str, Any], place: Place) -> Iterator[Call]:
    def on(name: str, context: Mapping[str, str]) -> Call:
        return Call(action=action, resource=place.arn("ec2", f"{name}/{OWN}"), context=context)

    verb = action.removeprefix("ec2:")
    own, new = place.own, place.new
    if verb.startswith("Describe"):
        yield Call(action=action)
    elif verb == "CreateTags":
        yield on(_EC2_KINDS[kind], new)
        yield on(_EC2_KINDS[kind], own)
    elif verb == "DeleteTags":
        yield on(_EC2_KINDS[kind], own)
    elif verb == "CreateVpc":
        yield on("vpc", new)
    elif verb == "CreateSecurityGroup" and isinstance(properties["VpcId"], str):
        yield on("security-group", new)
        yield Call(action=action, resource=place.arn("ec2", f"vpc/{properties['VpcId']}"))
    elif verb == "CreateSecurityGroup" and "Parameter" in properties["VpcId"].get("Ref", ""):
        yield on("security-group", new)
        yield on("vpc", {})
    elif verb.startswith("Create"):
        yield on(_EC2_KINDS[kind], new)
        yield on("vpc", own)
        if verb == "CreateVpcEndpoint":
            yield from (
                on(resource, own) for resource in ("route-table", "subnet", "security-group")
            )
    elif "SecurityGroupEgress" in verb or "SecurityGroupIngress" in verb or "RuleDesc" in verb:
        yield from (on("security-group", own), on("security-group", {}))
        yield on("security-group-rule", {})
    elif "RouteTable" in verb and kind == "AWS::EC2::SubnetRouteTableAssociation":
        yield from (on("route-table", own), on("subnet", own))
    elif verb == "ModifyVpcEndpoint":
        parts = ("vpc-endpoint", "route-table", "subnet", "security-group")
        yield from (on(part, own) for part in parts)
    else:
        yield on(_EC2_KINDS[kind], own)
        if verb.startswith("Modify"):
            yield on(_EC2_KINDS[kind], {})  # a handler may tag a new resource last


def _schedule(action: str, kind: str, logical_id: str, place: Place) -> Iterator[Call]:
    generated = generated_name(place.stack, logical_id, 64)
    match kind:
        case "AWS::CloudWatch::Alarm":
            yield Call(action=action, resource=place.arn("cloudwatch", f"alarm:{generated}"))
            if action == "cloudwatch:DescribeAlarms":
                yield Call(action=action, resource=place.arn("cloudwatch", "alarm:*"))
            return
        case "AWS::Scheduler::Schedule":
            name = f"schedule/{generated}/{generated}"
            yield Call(action=action, resource=place.arn("scheduler", name))
            return
        case "AWS::Scheduler::ScheduleGroup":
            if action == "scheduler:DeleteSchedule":
                name = f"schedule/{generated}/any"
                yield Call(action=action, resource=place.arn("scheduler", name))
                return
            resource = place.arn("scheduler", f"schedule-group/{generated}")
        case _:
            resource = place.arn("states", f"stateMachine:{logical_id}-{OWN}")
    verb = action.partition(":")[2]
    is_new = verb.startswith("Create") or verb == "TagResource"
    yield Call(action=action, resource=resource, context=place.new if is_new else place.own)
