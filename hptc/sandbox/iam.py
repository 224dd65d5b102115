"""Roles and managed policies that follow their template.

Without this, moto's AWS::IAM::Role ignores ManagedPolicyArns, stores inline policies as objects,
skips the check of the trust policy and updates only the description; AWS::IAM::ManagedPolicy is
never updated and cannot be deleted while attached; an AWS::IAM::Policy whose update is refused is
gone.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from moto.iam import models
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.exceptions import NotFoundException
from moto.iam.policy_validation import (
    IAMPolicyDocumentValidator,
    IAMTrustPolicyDocumentValidator,
)

from hptc.sandbox.stack_resources import Handler, Place, Properties, Record

_VERSIONS_KEPT = 5  # the most that IAM keeps of a managed policy


def _backend(place: Place) -> Any:
    return models.iam_backends[place.account][place.partition]


def _text(document: Any) -> str:
    # YAML reads an unquoted policy version as a date.
    return document if isinstance(document, str) else json.dumps(document, default=str)


# Roles


def _create_role(name: str, properties: Properties, place: Place) -> Any:
    return _backend(place).create_role(
        role_name=name,
        assume_role_policy_document=_text(properties["AssumeRolePolicyDocument"]),
        path=properties.get("Path", "/"),
        permissions_boundary=properties.get("PermissionsBoundary"),
        description=properties.get("Description", ""),
        tags=properties.get("Tags", []),
        max_session_duration=properties.get("MaxSessionDuration", 3600),
    )


def _settle_role(role: Any, before: Properties, after: Properties, place: Place) -> None:
    backend = _backend(place)
    trust = _text(after["AssumeRolePolicyDocument"])
    # IAM takes a trust policy without a version (cdk bootstrap sends some), moto's check does not.
    versioned = json.dumps({"Version": "2012-10-17"} | json.loads(trust))
    IAMTrustPolicyDocumentValidator(versioned).validate()
    role.assume_role_policy_document = trust
    role.description = after.get("Description", "")
    role.max_session_duration = after.get("MaxSessionDuration", 3600)
    role.permissions_boundary_arn = after.get("PermissionsBoundary")
    role.tags = after.get("Tags", [])
    kept = {policy["PolicyName"] for policy in after.get("Policies", [])}
    for policy in before.get("Policies", []):
        if policy["PolicyName"] not in kept:
            role.policies.pop(policy["PolicyName"], None)
    for policy in after.get("Policies", []):
        backend.put_role_policy(role.name, policy["PolicyName"], _text(policy["PolicyDocument"]))
    wanted = after.get("ManagedPolicyArns", [])
    for arn in before.get("ManagedPolicyArns", []):
        if arn not in wanted and arn in role.managed_policies:
            backend.detach_role_policy(arn, role.name)
    for arn in wanted:
        if arn not in role.managed_policies:
            _provide_aws_policy(backend, arn)
            backend.attach_role_policy(arn, role.name)


def _remove_role(role: Any, properties: Properties, place: Place) -> None:
    backend = _backend(place)
    for arn in properties.get("ManagedPolicyArns", []):
        if arn in role.managed_policies:
            backend.detach_role_policy(arn, role.name)
    for policy in properties.get("Policies", []):
        role.policies.pop(policy["PolicyName"], None)
    # IAM refuses the deletion if anything else is still attached.
    backend.delete_role(role.name)


@cache
def _aws_policies() -> dict[str, Any]:
    policies: dict[str, Any] = json.loads(aws_managed_policies_data)
    return policies


def _provide_aws_policy(backend: Any, arn: str) -> None:
    """Give the account the one policy of AWS's own that is asked for; moto starts without any."""
    name = arn.rsplit("/", 1)[-1]
    if ":iam::aws:policy/" in arn and arn not in backend.managed_policies:
        data = _aws_policies().get(name)
        if data is not None:
            policy = models.AWSManagedPolicy.from_data(
                name, backend.account_id, backend.region_name, data
            )
            backend.managed_policies[policy.arn] = policy


# Managed policies


def _create_managed_policy(name: str, properties: Properties, place: Place) -> Any:
    return _backend(place).create_policy(
        description=properties.get("Description"),
        path=properties.get("Path", "/"),
        policy_document=_text(properties["PolicyDocument"]),
        policy_name=properties.get("ManagedPolicyName", name),
        tags=properties.get("Tags", []),
    )


def _settle_managed_policy(
    policy: Any, before: Properties, after: Properties, place: Place
) -> None:
    backend = _backend(place)
    default = next(version for version in policy.versions if version.is_default)
    if json.loads(default.document) != json.loads(_text(after["PolicyDocument"])):
        if len(policy.versions) >= _VERSIONS_KEPT:
            oldest = next(v for v in policy.versions if not v.is_default)
            backend.delete_policy_version(policy.arn, oldest.version_id)
        backend.create_policy_version(policy.arn, _text(after["PolicyDocument"]), True)
    for kind, find in _PRINCIPALS.items():
        for name in before.get(kind, []):
            if name not in after.get(kind, []):
                _detach(policy, getattr(backend, find), name)
        for name in after.get(kind, []):
            principal = getattr(backend, find)(name)
            if policy.arn not in principal.managed_policies:
                policy.attach_to(principal)


def _remove_managed_policy(policy: Any, properties: Properties, place: Place) -> None:
    backend = _backend(place)
    for kind, find in _PRINCIPALS.items():
        for name in properties.get(kind, []):
            _detach(policy, getattr(backend, find), name)
    backend.delete_policy(policy.arn)


def _detach(policy: Any, find: Any, name: str) -> None:
    try:
        principal = find(name)
    except NotFoundException:
        return  # it went first
    if policy.arn in principal.managed_policies:
        policy.detach_from(principal)


# Policies of their own, put into roles, users and groups


def _create_policy(_name: str, properties: Properties, _place: Place) -> Record:
    return Record(physical_resource_id=properties["PolicyName"])


def _settle_policy(_policy: Record, before: Properties, after: Properties, place: Place) -> None:
    backend, name = _backend(place), after["PolicyName"]
    text = _text(after["PolicyDocument"])
    IAMPolicyDocumentValidator(text).validate()
    for kind, find in _PRINCIPALS.items():
        for principal in before.get(kind, []):
            if before["PolicyName"] != name or principal not in after.get(kind, []):
                _take_policy(getattr(backend, find), principal, before["PolicyName"])
        for principal in after.get(kind, []):
            getattr(backend, find)(principal).policies[name] = text


def _remove_policy(_policy: Record, properties: Properties, place: Place) -> None:
    for kind, find in _PRINCIPALS.items():
        for principal in properties.get(kind, []):
            _take_policy(getattr(_backend(place), find), principal, properties["PolicyName"])


def _take_policy(find: Any, principal: str, policy_name: str) -> None:
    try:
        find(principal).policies.pop(policy_name, None)
    except NotFoundException:
        return  # it went first


_PRINCIPALS = {"Roles": "get_role", "Users": "get_user", "Groups": "get_group"}

HANDLERS: Mapping[str, Handler] = {
    "AWS::IAM::Role": Handler(
        create=_create_role,
        settle=_settle_role,
        remove=_remove_role,
        replaced_by=frozenset({"RoleName", "Path"}),
    ),
    "AWS::IAM::Policy": Handler(
        create=_create_policy, settle=_settle_policy, remove=_remove_policy
    ),
    "AWS::IAM::ManagedPolicy": Handler(
        create=_create_managed_policy,
        settle=_settle_managed_policy,
        remove=_remove_managed_policy,
        replaced_by=frozenset({"ManagedPolicyName", "Path", "Description"}),
    ),
}
