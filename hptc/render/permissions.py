"""The permissions of a spec's roles as text for reviewers, or as policy documents."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from hptc.compiler.permissions_report import (
    Permission,
    PermissionsReport,
    Requirement,
    RolePermissions,
)
from hptc.infrastructure.deployer_policy import DeployerPolicy
from hptc.infrastructure.launcher_policy import launcher_statements
from hptc.infrastructure.statements import Condition, document
from hptc.project.project_file import Environment
from hptc.text import json_text, printable

_WIDTH = 80
_OPERATORS = {
    "ArnEquals": "is",
    "ArnLike": "is like",
    "ArnLikeIfExists": "is like",
    "Bool": "is",
    "ForAllValues:StringEquals": "are all of",
    "ForAllValues:StringLike": "are all like",
    "ForAnyValue:StringEquals": "has",
    "Null": "is absent:",
    "NumericLessThanEquals": "is at most",
    "StringEquals": "is",
    "StringLike": "is like",
}


def render_permissions(report: PermissionsReport) -> str:
    """Each statement of each role, with the line of the spec that requires it."""
    blocks = [_head(report)]
    for role in (*report.roles, *report.schedule):
        blocks.append(_role(role))
        blocks += [_permission(permission) for permission in role.permissions]
    return "\n".join(blocks)


def permissions_json(report: PermissionsReport) -> str:
    """The policy document of the execution role; for several roles, an object of them by ARN."""
    policies = {
        role.arn: document(permission.statement for permission in role.permissions)
        for role in report.roles
    }
    data = next(iter(policies.values())) if len(policies) == 1 else policies
    return json_text(data)


def launcher_json(environment: Environment) -> str:
    """The IAM policy for people who launch tuning jobs in an environment."""
    return json_text(document(launcher_statements(environment)))


def deployer_json(policies: Iterable[DeployerPolicy]) -> str:
    """The policies of CloudFormation's execution role by name, as an object of documents."""
    return json_text({policy.name: document(policy.statements) for policy in policies})


def _head(report: PermissionsReport) -> str:
    return _wrapped(
        f"{printable(report.spec)} in {printable(report.environment)} "
        f"({report.account}, {report.region})"
    )


def _role(role: RolePermissions) -> str:
    if role.trust is None:
        return _wrapped(
            f"{printable(role.arn)}: an existing role; hptc does not check what it allows"
        )
    service = role.trust.principal[1] if role.trust.principal else ""
    when = " and ".join(_condition(condition) for condition in role.trust.conditions)
    return _wrapped(f"execution role created by {role.stack}, assumed by {service} if {when}")


def _permission(permission: Permission) -> str:
    statement = permission.statement
    return "".join(
        (
            _wrapped(f"{statement.sid}: {printable(statement.reason)}"),
            *_names("allows", statement.actions),
            *_names("on", statement.resources),
            *_clauses("if", [_condition(condition) for condition in statement.conditions]),
            *_clauses(
                "required by", [_requirement(requirement) for requirement in permission.required_by]
            ),
        )
    )


def _names(label: str, names: Iterable[str]) -> Iterator[str]:
    """Each on its own line, however long, so that it can be copied."""
    for index, name in enumerate(names):
        yield f"{_label(label, index)}{printable(name)}\n"


def _clauses(label: str, texts: Iterable[str]) -> Iterator[str]:
    for index, text in enumerate(texts):
        first = _label(label, index)
        yield _wrapped(printable(text), first, " " * (len(first) + 2))


def _label(label: str, index: int) -> str:
    return f"  {'' if index else label:<11} "


def _wrapped(text: str, first: str = "", further: str = "  ") -> str:
    """Wrap at the width of a terminal without breaking words."""
    lines = textwrap.wrap(
        text,
        width=_WIDTH,
        initial_indent=first,
        subsequent_indent=further,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines) + "\n"


def _condition(condition: Condition) -> str:
    operator = _OPERATORS.get(condition.operator, condition.operator)
    return f"{condition.key} {operator} {' or '.join(condition.values)}"


def _requirement(requirement: Requirement) -> str:
    place = f"{requirement.span.file}:{requirement.span.line}"
    provided = (
        f", from the environment's {requirement.provided_by}" if requirement.provided_by else ""
    )
    return f"{place} ({requirement.path}{provided})"
