"""The policy of CloudFormation's execution role: what it needs for an environment's stacks.

`cdk bootstrap` gives this role AdministratorAccess by default:
https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-customizing.html

The actions are those that the resource types' handlers declare for the properties that the stacks
use: https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html#schema-properties-handlers
They are limited to the environment by name where CloudFormation or hptc chooses the start of it,
and otherwise by the tags that every resource of the stacks has.
"""

from __future__ import annotations

from collections.abc import Iterable

from hptc.frozen import frozen
from hptc.infrastructure.arns import arn
from hptc.infrastructure.deployer_network import network_statements
from hptc.infrastructure.deployer_roles import (
    launcher_policy_statement,
    pass_role_statement,
    role_statements,
)
from hptc.infrastructure.deployer_schedules import alarm_statements, schedule_statements
from hptc.infrastructure.deployer_storage import bucket_statement, key_statements
from hptc.infrastructure.environment_stacks import EnvironmentStacks
from hptc.infrastructure.foundation import Foundation
from hptc.infrastructure.policy_size import MAX_MANAGED_POLICY, policy_size
from hptc.infrastructure.statements import Statement
from hptc.project.project_file import Environment


def deployer_statements(
    environment: Environment, stacks: EnvironmentStacks, boundary: str | None
) -> tuple[Statement, ...]:
    """The statements of the policy, for the resources that the stacks have.

    `boundary` is the ARN of the permissions boundary that every role must have; None requires none.
    """
    foundation = stacks.foundation
    statements: list[Statement] = []
    if stacks.roles or stacks.schedules:
        statements += role_statements(environment, boundary)
    if stacks.schedules:
        statements.append(pass_role_statement(environment))
    if foundation.launcher is not None:
        statements.append(launcher_policy_statement(environment, foundation.launcher))
    if foundation.key is not None:
        statements += key_statements(environment, foundation.key.alias)
    if foundation.buckets:
        statements.append(bucket_statement(environment))
    statements += network_statements(environment, foundation.network)
    if stacks.schedules:
        statements += schedule_statements(environment)
        statements += alarm_statements(environment)
    if foundation.parameters:
        statements.append(_parameter_statement(environment, foundation))
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


def _parameter_statement(environment: Environment, foundation: Foundation) -> Statement:
    return Statement(
        sid="Parameters",
        actions=("ssm:GetParameters",),
        resources=tuple(
            sorted(
                arn(environment, "ssm", f"parameter/{parameter.name.lstrip('/')}")
                for parameter in foundation.parameters
            )
        ),
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html
        reason="reads the parameters that identify existing resources",
    )
