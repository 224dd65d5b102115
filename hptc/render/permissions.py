"""What a spec's training jobs may do, as text for a reviewer and as the policy itself."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator

from hptc.compiler.permissions_report import (
    Permission,
    PermissionsReport,
    Requirement,
    RolePermissions,
)
from hptc.infrastructure.launcher_policy import launcher_statements
from hptc.infrastructure.statements import Condition, document
from hptc.project.project_file import Environment
from hptc.text import printable

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
    """Role by role and statement by statement: what, on what, when, and who asks for it."""
    blocks = [_head(report)]
    for role in (*report.roles, *report.schedule):
        blocks.append(_role(role))
        blocks += [_permission(each) for each in role.permissions]
    return "\n".join(blocks)


def permissions_json(report: PermissionsReport) -> str:
    """The policy document of the training jobs' role; of several, an object with each one's."""
    made = {
        role.arn: document(each.statement for each in role.permissions) for role in report.roles
    }
    data = next(iter(made.values())) if len(made) == 1 else made
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def launcher_json(environment: Environment) -> str:
    """The policy for those who may start searches in an environment, as IAM takes it."""
    return (
        json.dumps(document(launcher_statements(environment)), indent=2, ensure_ascii=False) + "\n"
    )


def _head(report: PermissionsReport) -> str:
    return _wrapped(
        f"{printable(report.spec)} in {printable(report.environment)} "
        f"({report.account}, {report.region})"
    )


def _role(role: RolePermissions) -> str:
    if role.trust is None:
        return _wrapped(
            f"{printable(role.arn)}: yours, and nothing checks that it has what the jobs need"
        )
    service = role.trust.principal[1] if role.trust.principal else ""
    when = " and ".join(_condition(each) for each in role.trust.conditions)
    return _wrapped(f"the role that {role.stack} makes, for {service}, if {when}")


def _permission(permission: Permission) -> str:
    statement = permission.statement
    return "".join(
        (
            _wrapped(f"{statement.sid}: {printable(statement.reason)}"),
            *_names("may", statement.actions),
            *_names("on", statement.resources),
            *_clauses("if", [_condition(each) for each in statement.conditions]),
            *_clauses("asked by", [_asker(each) for each in permission.required_by]),
        )
    )


def _names(label: str, names: Iterable[str]) -> Iterator[str]:
    """Each on a line of its own, however long, so that it can be copied."""
    for index, name in enumerate(names):
        yield f"{_label(label, index)}{printable(name)}\n"


def _clauses(label: str, texts: Iterable[str]) -> Iterator[str]:
    for index, text in enumerate(texts):
        first = _label(label, index)
        yield _wrapped(printable(text), first, " " * (len(first) + 2))


def _label(label: str, index: int) -> str:
    return f"  {'' if index else label:<9} "


def _wrapped(text: str, first: str = "", further: str = "  ") -> str:
    """Lines of a terminal's width; a word that is longer stays whole."""
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


def _asker(asker: Requirement) -> str:
    place = f"{asker.span.file}:{asker.span.line}"
    provided = f", by the environment's {asker.provided_by}" if asker.provided_by else ""
    return f"{place} ({asker.path}{provided})"
