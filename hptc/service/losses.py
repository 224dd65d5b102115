"""Finds the keys, buckets and VPCs that a deployment would remove or replace.

CloudFormation removes what a template no longer declares without asking, and the CDK only asks
about permissions. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from hptc.errors import OperationError
from hptc.frozen import frozen
from hptc.service.interface import RETAINING_POLICIES, DeployedStack, StackResource

_NAMES = {
    "ArtifactBucket": ("artifact_bucket", "ArtifactBucket"),
    "DataBucket": ("data_bucket", "DataBucket"),
    "Key": ("kms_key", "KmsKeyArn"),
    "Vpc": ("network", ""),
}
"""By the construct's ID: the key of `infrastructure` in hptc.yaml, and the output with its ID."""
_LOGICAL_ID = re.compile(r"(?P<construct>\w+?)[0-9A-F]{8}")

_REPLACING: Mapping[str, tuple[str, ...]] = {
    "AWS::KMS::Key": ("KeySpec", "KeyUsage", "MultiRegion", "Origin"),
    "AWS::S3::Bucket": ("BucketName",),
    "AWS::EC2::VPC": ("CidrBlock", "InstanceTenancy", "Ipv4IpamPoolId", "Ipv4NetmaskLength"),
}
"""The properties whose change replaces a resource:
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html"""
_NOUNS = {"AWS::KMS::Key": "KMS key", "AWS::S3::Bucket": "bucket", "AWS::EC2::VPC": "VPC"}


AllowText = Callable[[Sequence[str]], str]
"""Returns the options of the current command that allow the losses with these names."""


@frozen
class Loss:
    """A resource that a deployment removes from its stack, or replaces with a new one."""

    stack: str
    name: str  # its key in hptc.yaml, by which it is confirmed; otherwise its logical ID
    logical_id: str
    physical_id: str  # empty if unknown
    type: str
    is_replaced: bool
    is_retained: bool

    def is_named(self, names: Collection[str]) -> bool:
        """Whether one of these names is that of the resource."""
        known = {self.name, self.logical_id, self.physical_id} - {""}
        return not known.isdisjoint(names)

    @property
    def text(self) -> str:
        """What happens to the resource, and what can't be read or run afterwards."""
        which = f" ({self.physical_id})" if self.physical_id else ""
        verb = "replaces" if self.is_replaced else "removes"
        consequences = _RETAINED if self.is_retained else _DELETED
        return (
            f"{verb} the {_NOUNS[self.type]} `{self.name}`{which} of the stack `{self.stack}`: "
            f"{consequences[self.type]}"
        )


_RETAINED = {
    "AWS::KMS::Key": "it stays in the account, but the roles of this environment may no longer "
    "decrypt with it, so what it encrypted becomes unreadable to training jobs",
    "AWS::S3::Bucket": "it stays in the account, but the roles of this environment may no longer "
    "read it, so its objects become unreadable to training jobs",
    "AWS::EC2::VPC": "it stays in the account, but training jobs no longer use it",
}
_DELETED = {
    "AWS::KMS::Key": "it is scheduled for deletion, and everything that it encrypted, in buckets "
    "and on volumes, becomes unreadable and can't be recovered",
    "AWS::S3::Bucket": "it is deleted if it is empty; otherwise it stays in the account without a "
    "stack, and its objects become unreadable to training jobs",
    "AWS::EC2::VPC": "it is deleted with its subnets, and training jobs that run in it lose their "
    "network",
}


def consequence(resource: StackResource) -> str:
    """What happens to a key, a bucket or a VPC when its stack is deleted; empty for others."""
    return (_RETAINED if resource.is_retained else _DELETED).get(resource.type, "")


def unnamed_losses(
    deployed: DeployedStack,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    named: Collection[str],
    allow: AllowText,
) -> list[Loss]:
    """The losses of a deployed stack that the user did not name.

    Raises OperationError if they are unknown because the deployed template can't be read, unless
    the stack itself is named.
    """
    if deployed.is_rolled_back:
        return []
    if not before and deployed.name not in named:
        raise OperationError(
            f"nothing was deployed: the template of `{deployed.name}` is not JSON, so it is "
            "unknown what the stack would lose",
            help=f"to deploy anyway, add {allow([deployed.name])}",
        )
    return [loss for loss in losses(deployed, before, after) if not loss.is_named(named)]


def loss_error(unnamed: Sequence[Loss], allow: AllowText) -> OperationError:
    """The error of a deployment that would lose what the user did not name."""
    return OperationError(
        "nothing was deployed: the deployment " + "; it ".join(loss.text for loss in unnamed),
        help=f"restore it in hptc.yaml, or allow it with {allow([loss.name for loss in unnamed])}",
    )


def losses(
    deployed: DeployedStack, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Loss]:
    """The losses of a stack whose template changes from `before` to `after`."""
    kept = after.get("Resources", {})
    for logical_id, resource in before.get("Resources", {}).items():
        kind = resource.get("Type", "")
        if kind not in _NOUNS:
            continue
        new = kept.get(logical_id)
        is_replaced = new is not None and _is_replaced(kind, resource, new)
        if new is not None and not is_replaced:
            continue
        policy = resource.get("UpdateReplacePolicy" if is_replaced else "DeletionPolicy")
        match = _LOGICAL_ID.fullmatch(logical_id)
        name, output = _NAMES.get(match["construct"] if match else "", (logical_id, ""))
        yield Loss(
            stack=deployed.name,
            name=name,
            logical_id=logical_id,
            physical_id=deployed.outputs.get(output, ""),
            type=kind,
            is_replaced=is_replaced,
            is_retained=policy in RETAINING_POLICIES,
        )


def _is_replaced(kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    old, new = before.get("Properties", {}), after.get("Properties", {})
    return after.get("Type") != kind or any(
        old.get(name) != new.get(name) for name in _REPLACING[kind]
    )
