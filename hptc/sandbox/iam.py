"""IAM roles and policies that match their template.

Replaces moto's. Its AWS::IAM::Role ignores ManagedPolicyArns, stores inline policies as objects,
doesn't validate the trust policy and updates only the description. Its AWS::IAM::ManagedPolicy is
never updated and can't be deleted while attached. Its AWS::IAM::Policy is lost when an update is
rejected. Adds SimulatePrincipalPolicy, which version 3 of the SageMaker SDK calls for its role: it
allows every action, as the sandbox does.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from typing import Any

from moto.core.responses import ActionResult
from moto.iam import models, responses
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.exceptions import NotFoundException
from moto.iam.policy_validation import (
    IAMPolicyDocumentValidator,
    IAMTrustPolicyDocumentValidator,
)

from hptc.sandbox.extension import extend
from hptc.sandbox.resource_handler import Handler, Location, Properties, SandboxResource

_MAX_POLICY_VERSIONS = 5
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""

_SAGEMAKER_TRUST = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", '
    '"Principal": {"Service": "sagemaker.amazonaws.com"}}]}'
)


def install() -> None:
    """Add what moto's IAM lacks."""
    extend(responses.IamResponse, simulate_principal_policy=_simulate_response)


def execution_role(name: str, account: str, partition: str) -> Any:
    """The role with this name; it is created, for SageMaker to assume, if the account has none."""
    backend = models.iam_backends[account][partition]
    with suppress(NotFoundException):
        return backend.get_role(name)
    return backend.create_role(
        role_name=name,
        assume_role_policy_document=_SAGEMAKER_TRUST,
        path="/",
        permissions_boundary=None,
        description="",
        tags=[],
        max_session_duration="3600",
    )


def _simulate_response(response: Any) -> ActionResult:
    results = [
        {"EvalActionName": action, "EvalResourceName": "*", "EvalDecision": "allowed"}
        for action in response._get_param("ActionNames", [])
    ]
    return ActionResult({"EvaluationResults": results, "IsTruncated": False})


def _backend(location: Location) -> Any:
    return models.iam_backends[location.account][location.partition]


def _policy_json(document: Any) -> str:
    # YAML parses an unquoted policy version as a date.
    return document if isinstance(document, str) else json.dumps(document, default=str)


def _create_role(name: str, properties: Properties, location: Location) -> Any:
    return _backend(location).create_role(
        role_name=name,
        assume_role_policy_document=_policy_json(properties["AssumeRolePolicyDocument"]),
        path=properties.get("Path", "/"),
        permissions_boundary=properties.get("PermissionsBoundary"),
        description=properties.get("Description", ""),
        tags=properties.get("Tags", []),
        max_session_duration=properties.get("MaxSessionDuration", 3600),
    )


def _apply_role(role: Any, before: Properties, after: Properties, location: Location) -> None:
    backend = _backend(location)
    trust = _policy_json(after["AssumeRolePolicyDocument"])
    # IAM accepts a trust policy without a version (cdk bootstrap creates some); moto does not.
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
        backend.put_role_policy(
            role.name, policy["PolicyName"], _policy_json(policy["PolicyDocument"])
        )
    attached = after.get("ManagedPolicyArns", [])
    for arn in before.get("ManagedPolicyArns", []):
        if arn not in attached and arn in role.managed_policies:
            backend.detach_role_policy(arn, role.name)
    for arn in attached:
        if arn not in role.managed_policies:
            _load_aws_policy(backend, arn)
            backend.attach_role_policy(arn, role.name)


def _delete_role(role: Any, properties: Properties, location: Location) -> None:
    backend = _backend(location)
    for arn in properties.get("ManagedPolicyArns", []):
        if arn in role.managed_policies:
            backend.detach_role_policy(arn, role.name)
    for policy in properties.get("Policies", []):
        role.policies.pop(policy["PolicyName"], None)
    # IAM rejects the deletion if any other policy is still attached.
    backend.delete_role(role.name)


@cache
def _aws_policies() -> dict[str, Any]:
    policies: dict[str, Any] = json.loads(aws_managed_policies_data)
    return policies


def _load_aws_policy(backend: Any, arn: str) -> None:
    """Add one AWS managed policy to the account; moto starts without them."""
    name = arn.rsplit("/", 1)[-1]
    if ":iam::aws:policy/" in arn and arn not in backend.managed_policies:
        data = _aws_policies().get(name)
        if data is not None:
            policy = models.AWSManagedPolicy.from_data(
                name, backend.account_id, backend.region_name, data
            )
            backend.managed_policies[policy.arn] = policy


def _create_managed_policy(name: str, properties: Properties, location: Location) -> Any:
    return _backend(location).create_policy(
        description=properties.get("Description"),
        path=properties.get("Path", "/"),
        policy_document=_policy_json(properties["PolicyDocument"]),
        policy_name=properties.get("ManagedPolicyName", name),
        tags=properties.get("Tags", []),
    )


def _apply_managed_policy(
    policy: Any, before: Properties, after: Properties, location: Location
) -> None:
    backend = _backend(location)
    default = next(version for version in policy.versions if version.is_default)
    if json.loads(default.document) != json.loads(_policy_json(after["PolicyDocument"])):
        if len(policy.versions) >= _MAX_POLICY_VERSIONS:
            oldest = next(version for version in policy.versions if not version.is_default)
            backend.delete_policy_version(policy.arn, oldest.version_id)
        backend.create_policy_version(policy.arn, _policy_json(after["PolicyDocument"]), True)
    for kind, find in _PRINCIPALS.items():
        for name in before.get(kind, []):
            if name not in after.get(kind, []):
                _detach(policy, getattr(backend, find), name)
        for name in after.get(kind, []):
            principal = getattr(backend, find)(name)
            if policy.arn not in principal.managed_policies:
                policy.attach_to(principal)


def _delete_managed_policy(policy: Any, properties: Properties, location: Location) -> None:
    backend = _backend(location)
    for kind, find in _PRINCIPALS.items():
        for name in properties.get(kind, []):
            _detach(policy, getattr(backend, find), name)
    backend.delete_policy(policy.arn)


def _detach(policy: Any, find: Any, name: str) -> None:
    try:
        principal = find(name)
    except NotFoundException:
        return  # it was deleted first
    if policy.arn in principal.managed_policies:
        policy.detach_from(principal)


def _create_policy(_name: str, properties: Properties, _location: Location) -> SandboxResource:
    return SandboxResource(physical_resource_id=properties["PolicyName"])


def _apply_policy(
    _policy: SandboxResource, before: Properties, after: Properties, location: Location
) -> None:
    backend, name = _backend(location), after["PolicyName"]
    text = _policy_json(after["PolicyDocument"])
    IAMPolicyDocumentValidator(text).validate()
    for kind, find in _PRINCIPALS.items():
        for principal in before.get(kind, []):
            if before["PolicyName"] != name or principal not in after.get(kind, []):
                _remove_inline_policy(getattr(backend, find), principal, before["PolicyName"])
        for principal in after.get(kind, []):
            getattr(backend, find)(principal).policies[name] = text


def _delete_policy(_policy: SandboxResource, properties: Properties, location: Location) -> None:
    for kind, find in _PRINCIPALS.items():
        for principal in properties.get(kind, []):
            _remove_inline_policy(
                getattr(_backend(location), find), principal, properties["PolicyName"]
            )


def _remove_inline_policy(find: Any, principal: str, policy_name: str) -> None:
    try:
        find(principal).policies.pop(policy_name, None)
    except NotFoundException:
        return  # it was deleted first


_PRINCIPALS = {"Roles": "get_role", "Users": "get_user", "Groups": "get_group"}

HANDLERS: Mapping[str, Handler] = {
    "AWS::IAM::Role": Handler(
        create=_create_role,
        apply=_apply_role,
        delete=_delete_role,
        create_only=frozenset({"RoleName", "Path"}),
    ),
    "AWS::IAM::Policy": Handler(create=_create_policy, apply=_apply_policy, delete=_delete_policy),
    "AWS::IAM::ManagedPolicy": Handler(
        create=_create_managed_policy,
        apply=_apply_managed_policy,
        delete=_delete_managed_policy,
        create_only=frozenset({"ManagedPolicyName", "Path", "Description"}),
    ),
}
