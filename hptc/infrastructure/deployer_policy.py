"""The policy of CloudFormation's execution role: what it needs for an environment's stacks.

`cdk bootstrap` gives this role AdministratorAccess by default:
https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-customizing.html

The actions are those that the resource types' handlers declare for the properties that the stacks
use: https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html#schema-properties-handlers
They are limited to the environment by name where CloudFormation or hptc chooses the start of it,
and otherwise by the tags that every resource of the stacks has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hptc.frozen import frozen
from hptc.infrastructure.arns import arn, bucket_arn
from hptc.infrastructure.deployer_network import network_statements
from hptc.infrastructure.environment_stacks import EnvironmentStacks
from hptc.infrastructure.foundation import Foundation
from hptc.infrastructure.policy_size import MAX_MANAGED_POLICY, policy_size
from hptc.infrastructure.stack_names import MAX_CUT_ROLE_NAME, created_roles
from hptc.infrastructure.stack_owner import new_with_tags, not_of_others, with_tags
from hptc.infrastructure.statements import Condition, Statement
from hptc.project.project_file import Environment

_STACK_PART = 24
"""The characters of a stack's name that every generated name starts with. CloudFormation cuts the
stack's name and the logical id to fit: of 64 characters of a role's name, 13 are a suffix."""


def deployer_statements(
    environment: Environment, stacks: EnvironmentStacks, boundary: str | None
) -> tuple[Statement, ...]:
    """The statements of the policy, for the resources that the stacks have.

    `boundary` is the ARN of the permissions boundary that every role must have; None requires none.
    """
    shared = stacks.foundation
    statements: list[Statement] = []
    if stacks.roles or stacks.schedules:
        statements += _roles(environment, boundary, has_schedules=bool(stacks.schedules))
    if shared.launcher is not None:
        statements.append(_launcher(environment, shared.launcher.path + shared.launcher.name))
    if shared.key is not None:
        statements += _key(environment, shared.key.alias)
    if shared.buckets:
        statements.append(_buckets(environment))
    statements += network_statements(environment, shared.network)
    if stacks.schedules:
        statements += _schedules(environment)
    if shared.parameters:
        statements.append(_parameters(environment, shared))
    return tuple(statements)


@frozen
class DeployerPolicy:
    """One of the managed policies, which together allow what the deployment needs."""

    name: str
    statements: tuple[Statement, ...]


def deployer_policies(
    environment: Environment, statements: Iterable[Statement]
) -> tuple[DeployerPolicy, ...]:
    """The statements in as few managed policies as their order and IAM's limit of size allow."""
    parts: list[list[Statement]] = [[]]
    for statement in statements:
        if parts[-1] and policy_size([*parts[-1], statement], environment) > MAX_MANAGED_POLICY:
            parts.append([])
        parts[-1].append(statement)
    return tuple(
        DeployerPolicy(
            name=f"{environment.foundation_stack}-deployer-{number}", statements=tuple(part)
        )
        for number, part in enumerate(parts, 1)
    )


def _roles(
    environment: Environment, boundary: str | None, *, has_schedules: bool
) -> Iterator[Statement]:
    names = created_roles(environment)
    path, _, name = names.rpartition("/")
    has_prefix = environment.infrastructure.role_name_prefix is not None
    start = name[: MAX_CUT_ROLE_NAME if has_prefix else _STACK_PART]
    roles = (arn(environment, "iam", f"role{path}/{start}*", is_global=True),)
    bounded = ("iam:CreateRole", "iam:PutRolePolicy")
    free = (
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
    if boundary is not None:
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
        yield Statement(
            sid="BoundedRoles",
            actions=(*bounded, "iam:PutRolePermissionsBoundary"),
            resources=roles,
            conditions=(
                Condition(
                    operator="StringEquals", key="iam:PermissionsBoundary", values=(boundary,)
                ),
            ),
            reason="creates roles and gives them permissions, only within the boundary",
        )
    yield Statement(
        sid="Roles",
        actions=free if boundary is not None else tuple(sorted((*bounded, *free))),
        resources=roles,
        reason="manages the execution roles and the roles of schedules, by the start of their "
        "path and name",
    )
    if has_schedules:
        yield Statement(
            sid="PassRoles",
            actions=("iam:PassRole",),
            resources=roles,
            conditions=(
                Condition(
                    operator="StringEquals",
                    key="iam:PassedToService",
                    values=("scheduler.amazonaws.com", "states.amazonaws.com"),
                ),
            ),
            reason="passes the roles of schedules to the services that run them",
        )


def _launcher(environment: Environment, name: str) -> Statement:
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
        resources=(arn(environment, "iam", f"policy{name}", is_global=True),),
        reason="manages the launcher policy, but attaches it to nobody",
    )


def _key(environment: Environment, alias: str) -> Iterator[Statement]:
    keys = (arn(environment, "kms", "key/*"),)
    yield Statement(
        sid="NewKey",
        actions=("kms:CreateKey",),
        resources=("*",),
        conditions=new_with_tags(environment),
        reason="AWS has no narrower form: a new key has no ARN yet, hence its tags",
    )
    yield Statement(
        sid="TagKey",
        actions=("kms:TagResource",),
        resources=keys,
        conditions=(*new_with_tags(environment), *not_of_others(environment)),
        reason="tags keys as the environment's own, unless they are another's",
    )
    yield Statement(
        sid="ReadKey",
        actions=(
            "kms:CreateAlias",
            "kms:DescribeKey",
            "kms:EnableKeyRotation",
            "kms:GetKeyPolicy",
            "kms:GetKeyRotationStatus",
            "kms:ListResourceTags",
        ),
        resources=keys,
        # https://docs.aws.amazon.com/kms/latest/developerguide/abac.html
        conditions=not_of_others(environment),
        reason="completes a new key; KMS may take minutes to apply its tags",
    )
    yield Statement(
        sid="ChangeKey",
        actions=(
            "kms:DeleteAlias",
            "kms:DisableKey",
            "kms:DisableKeyRotation",
            "kms:EnableKey",
            "kms:PutKeyPolicy",
            "kms:ScheduleKeyDeletion",
            "kms:UntagResource",
            "kms:UpdateAlias",
            "kms:UpdateKeyDescription",
        ),
        resources=keys,
        conditions=with_tags(environment),
        reason="changes and deletes the environment's key, by its tags",
    )
    yield Statement(
        sid="Alias",
        actions=("kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"),
        resources=(arn(environment, "kms", alias),),
        reason="manages the key's alias",
    )
    yield Statement(
        sid="ListAliases",
        actions=("kms:ListAliases",),
        resources=("*",),
        reason="AWS has no narrower form: listing does not apply to a resource",
    )


def _buckets(environment: Environment) -> Statement:
    start = f"{environment.foundation_stack.lower()}-"[:_STACK_PART]
    return Statement(
        sid="Buckets",
        actions=(
            "s3:CreateBucket",
            "s3:DeleteBucket",
            "s3:DeleteBucketPolicy",
            # The handlers read every setting of a bucket.
            "s3:GetAccelerateConfiguration",
            "s3:GetAnalyticsConfiguration",
            "s3:GetBucketAbac",
            "s3:GetBucketAcl",
            "s3:GetBucketCORS",
            "s3:GetBucketLogging",
            "s3:GetBucketNotification",
            "s3:GetBucketObjectLockConfiguration",
            "s3:GetBucketOwnershipControls",
            "s3:GetBucketPolicy",
            "s3:GetBucketPublicAccessBlock",
            "s3:GetBucketTagging",
            "s3:GetBucketVersioning",
            "s3:GetBucketWebsite",
            "s3:GetEncryptionConfiguration",
            "s3:GetIntelligentTieringConfiguration",
            "s3:GetInventoryConfiguration",
            "s3:GetLifecycleConfiguration",
            "s3:GetMetricsConfiguration",
            "s3:GetReplicationConfiguration",
            "s3:ListBucket",
            "s3:ListTagsForResource",
            "s3:PutBucketOwnershipControls",
            "s3:PutBucketPolicy",
            "s3:PutBucketPublicAccessBlock",
            "s3:PutBucketTagging",
            "s3:PutBucketVersioning",
            "s3:PutEncryptionConfiguration",
            "s3:PutLifecycleConfiguration",
            "s3:TagResource",
            "s3:UntagResource",
        ),
        resources=(bucket_arn(environment, f"{start}*"),),
        reason="manages the environment's buckets, but reads and writes no object; CloudFormation "
        "generates the ends of their names",
    )


def _schedules(environment: Environment) -> Iterator[Statement]:
    start = f"{environment.foundation_stack}-"
    machines = arn(environment, "states", "stateMachine:*")
    groups = arn(environment, "scheduler", "schedule-group/*")
    yield Statement(
        sid="NewSchedule",
        actions=(
            "scheduler:CreateScheduleGroup",
            "scheduler:TagResource",
            "states:CreateStateMachine",
            "states:TagResource",
        ),
        resources=(groups, machines),
        conditions=(*new_with_tags(environment), *not_of_others(environment)),
        reason="creates schedule groups and state machines with the environment's tags; "
        "CloudFormation generates their names",
    )
    yield Statement(
        sid="ChangeSchedule",
        actions=(
            "scheduler:DeleteScheduleGroup",
            "scheduler:GetScheduleGroup",
            "scheduler:ListTagsForResource",
            "scheduler:UntagResource",
            "states:DeleteStateMachine",
            "states:DescribeStateMachine",
            "states:ListTagsForResource",
            "states:UntagResource",
            "states:UpdateStateMachine",
        ),
        resources=(groups, machines),
        conditions=with_tags(environment),
        reason="changes and deletes the environment's schedule groups and state machines",
    )
    yield Statement(
        sid="Schedules",
        actions=(
            "scheduler:CreateSchedule",
            "scheduler:DeleteSchedule",
            "scheduler:GetSchedule",
            "scheduler:UpdateSchedule",
        ),
        resources=(arn(environment, "scheduler", "schedule/*/*"),),
        reason="manages schedules, which have no tags; CloudFormation generates the names of their "
        "groups. Each runs with a role that must be passed",
    )
    yield Statement(
        sid="Alarms",
        actions=(
            "cloudwatch:DeleteAlarms",
            "cloudwatch:ListTagsForResource",
            "cloudwatch:PutMetricAlarm",
            "cloudwatch:TagResource",
            "cloudwatch:UntagResource",
        ),
        resources=(arn(environment, "cloudwatch", f"alarm:{start}*"),),
        reason="manages the alarms of schedules; CloudFormation generates the ends of their names",
    )
    yield Statement(
        sid="ReadAlarms",
        actions=("cloudwatch:DescribeAlarms",),
        resources=(arn(environment, "cloudwatch", "alarm:*"),),
        reason="reads alarms, for which AWS applies DescribeAlarms to all of them",
    )


def _parameters(environment: Environment, shared: Foundation) -> Statement:
    return Statement(
        sid="Parameters",
        actions=("ssm:GetParameters",),
        resources=tuple(
            sorted(
                arn(environment, "ssm", f"parameter/{each.name.lstrip('/')}")
                for each in shared.parameters
            )
        ),
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html
        reason="reads the parameters that identify existing resources",
    )
