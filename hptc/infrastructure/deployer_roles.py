"""What CloudFormation needs of IAM for an environment: its roles and its launcher policy.

Roles are identified by the start of their path and name, because CloudFormation generates the rest.
"""

from __future__ import annotations

from collections.abc import Iterator

from hptc.infrastructure.arns import arn
from hptc.infrastructure.foundation import LauncherPolicy
from hptc.infrastructure.stack_names import (
    GENERATED_PREFIX_LENGTH,
    MAX_CUT_ROLE_NAME,
    created_roles,
)
from hptc.infrastructure.statements import Condition, Statement
from hptc.project.project_file import Environment

_BOUNDED_ACTIONS = ("iam:CreateRole", "iam:PutRolePolicy")
"""The actions that IAM limits to roles with a permissions boundary:
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html"""
_OTHER_ACTIONS = (
    "iam:DeleteRole",
    "iam:DeleteRolePolicy",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
    "iam:TagRole",
    "iam:UntagRole",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
    "iam:UpdateRoleDescription",
)


def role_statements(environment: Environment, boundary: str | None) -> Iterator[Statement]:
    """The statements for the roles of specs and schedules; with a boundary if one is required."""
    if boundary is not None:
        yield Statement(
            sid="BoundedRoles",
            actions=(*_BOUNDED_ACTIONS, "iam:PutRolePermissionsBoundary"),
            resources=(_role_arn(environment),),
            conditions=(
                Condition(
                    operator="StringEquals", key="iam:PermissionsBoundary", values=(boundary,)
                ),
            ),
            reason="creates roles and gives them permissions, only within the boundary",
        )
    yield Statement(
        sid="Roles",
        actions=_OTHER_ACTIONS
        if boundary is not None
        else tuple(sorted((*_BOUNDED_ACTIONS, *_OTHER_ACTIONS))),
        resources=(_role_arn(environment),),
        reason="manages the execution roles and the roles of schedules, by the start of their "
        "path and name",
    )


def pass_role_statement(environment: Environment) -> Statement:
    """The statement for passing the roles of schedules."""
    return Statement(
        sid="PassRoles",
        actions=("iam:PassRole",),
        resources=(_role_arn(environment),),
        conditions=(
            Condition(
                operator="StringEquals",
                key="iam:PassedToService",
                values=("scheduler.amazonaws.com", "states.amazonaws.com"),
            ),
        ),
        reason="passes the roles of schedules to the services that run them",
    )


def _role_arn(environment: Environment) -> str:
    """The pattern of the ARNs of all roles that the stacks create."""
    path, _, name = created_roles(environment).rpartition("/")
    has_prefix = environment.infrastructure.role_name_prefix is not None
    start = name[: MAX_CUT_ROLE_NAME if has_prefix else GENERATED_PREFIX_LENGTH]
    return arn(environment, "iam", f"role{path}/{start}*", is_global=True)


def launcher_policy_statement(environment: Environment, launcher: LauncherPolicy) -> Statement:
    """The statement for the launcher policy, which the foundation creates."""
    policy = f"policy{launcher.path}{launcher.name}"
    return Statement(
        sid="LauncherPolicy",
        actions=(
            "iam:CreatePolicy",
            "iam:CreatePolicyVersion",
            "iam:DeletePolicy",
            "iam:DeletePolicyVersion",
            "iam:GetPolicy",
            "iam:GetPolicyVersion",
            "iam:ListEntitiesForPolicy",
            "iam:ListPolicyVersions",
        ),
        resources=(arn(environment, "iam", policy, is_global=True),),
        reason="manages the launcher policy, but attaches it to nobody",
    )
