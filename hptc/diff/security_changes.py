"""Whether what a search may do, and who may look at it, became more or less."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from hptc.diagnostics import Path
from hptc.diff.changes import Change, Kind
from hptc.diff.value_text import value_text
from hptc.infrastructure.statements import Condition, Statement

_PATTERN_OPERATORS = ("ArnLike", "StringLike", "ArnEquals")
_TOKEN = re.compile(r"\$\{[*?$]\}|[*?]")
"""`*` and `?`, and how a policy writes `*`, `?` and `$` that stand for themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One action on one resource, under conditions: the smallest part of a statement."""

    action: str
    resource: str
    conditions: tuple[Condition, ...]


def permission_changes(
    old: Iterable[Statement],
    new: Iterable[Statement],
    *,
    old_place: Callable[[Statement], Path],
    new_place: Callable[[Statement], Path],
) -> Iterator[Change]:
    """What the new statements grant that no old one did, and the other way round, by statement.

    A statement that grants something else is broadened: it shows what it lost beside that. Reasons
    and sids don't count, and neither does a grant that another of its side covers. The two places
    say which part of the spec asks for a statement.
    """
    before, after = tuple(old), tuple(new)
    had = [grant for statement in before for grant in grants(statement)]
    has = [grant for statement in after for grant in grants(statement)]
    lost = {s.sid: [g for g in grants(s) if not _is_covered(g, has)] for s in before}
    for statement in after:
        gained = [grant for grant in grants(statement) if not _is_covered(grant, had)]
        if gained:
            yield Change(
                kind=Kind.PERMISSIONS_BROADENED,
                path=new_place(statement),
                subject=statement.sid,
                note=statement.reason,
                old=_grants_text(lost.pop(statement.sid, [])),
                new=_grants_text(gained),
            )
    for statement in before:
        if gone := lost.get(statement.sid):
            yield Change(
                kind=Kind.PERMISSIONS_NARROWED,
                path=old_place(statement),
                subject=statement.sid,
                note=statement.reason,
                old=_grants_text(gone),
            )


def grants(statement: Statement) -> list[Grant]:
    """A statement as its smallest parts."""
    return [
        Grant(action=action, resource=resource, conditions=statement.conditions)
        for action in statement.actions
        for resource in statement.resources or ("",)
    ]


def _is_covered(grant: Grant, others: Iterable[Grant]) -> bool:
    return any(
        other.action == grant.action
        and covers(other.resource, grant.resource)
        and all(_is_as_narrow(grant.conditions, condition) for condition in other.conditions)
        for other in others
    )


def _is_as_narrow(conditions: tuple[Condition, ...], limit: Condition) -> bool:
    """Whether some condition lets nothing through that `limit` would not."""
    like = limit.operator in _PATTERN_OPERATORS
    return any(
        (each.operator, each.key) == (limit.operator, limit.key)
        and all(
            any(covers(wide, value) if like else wide == value for wide in limit.values)
            for value in each.values
        )
        for each in conditions
    )


def covers(pattern: str, text: str) -> bool:
    """Whether an IAM resource names all that another does; `*` and `?` stand for any text."""
    if pattern == text or pattern == "*":
        return True
    parts, end = [], 0
    for match in _TOKEN.finditer(pattern):
        parts.append(re.escape(pattern[end : match.start()]))
        token = match[0]
        wild = {"*": ".*", "?": "[^*]"}.get(token)
        parts.append(wild if wild is not None else re.escape(token))
        end = match.end()
    return re.fullmatch("".join(parts) + re.escape(pattern[end:]), text, re.S) is not None


def _grants_text(found: list[Grant]) -> str:
    if not found:
        return ""
    actions = dict.fromkeys(grant.action for grant in found)
    resources = dict.fromkeys(grant.resource for grant in found if grant.resource)
    limits = dict.fromkeys(
        f"{each.key} {', '.join(each.values)}" for grant in found for each in grant.conditions
    )
    text = ", ".join(actions) + (f" on {', '.join(resources)}" if resources else "")
    return text + (f" where {'; '.join(limits)}" if limits else "")


def key_change(old: Any, new: Any, path: Path, subject: str) -> Change:
    """A KMS key that came, went or was replaced. Without one AWS's own key encrypts."""
    if new is None:
        kind = Kind.ENCRYPTION_LOOSENED
    else:
        kind = Kind.ENCRYPTION_TIGHTENED if old is None else Kind.ENCRYPTION_KEY
    before, after = (value_text(key) or "AWS's own key" for key in (old, new))
    return Change(kind=kind, path=path, subject=subject, old=before, new=after)


def switch_change(
    old: Any, new: Any, path: Path, subject: str, tightened: Kind, loosened: Kind
) -> Change:
    """A safeguard that is on or off."""
    return Change(
        kind=tightened if new else loosened,
        path=path,
        subject=subject,
        old=value_text(bool(old)),
        new=value_text(bool(new)),
    )


def network_changes(old: Any, new: Any, path: Path) -> Iterator[Change]:
    """A VPC that came or went, its subnets and its security groups.

    Rules of security groups add up (https://docs.aws.amazon.com/vpc/latest/userguide/
    vpc-security-groups.html), so one more lets more through.
    """
    if old is None or new is None:
        kind = Kind.NETWORK_TIGHTENED if old is None else Kind.NETWORK_LOOSENED
        before, after = (_vpc_text(vpc) for vpc in (old, new))
        yield Change(kind=kind, path=path, subject="VPC", old=before, new=after)
        return
    for key, subject in (("security_group_ids", "security groups"), ("subnets", "subnets")):
        before, after = old.get(key, []), new.get(key, [])
        if before == after:
            continue
        kind = Kind.NETWORK
        if key == "security_group_ids" and set(before) < set(after):
            kind = Kind.NETWORK_LOOSENED
        elif key == "security_group_ids" and set(after) < set(before):
            kind = Kind.NETWORK_TIGHTENED
        yield Change(
            kind=kind,
            path=(*path, key),
            subject=subject,
            old=value_text(before),
            new=value_text(after),
        )


def _vpc_text(vpc: Any) -> str:
    return value_text(vpc.get("subnets")) if isinstance(vpc, dict) else "SageMaker's own network"
