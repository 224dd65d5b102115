"""Whether a change loosens or tightens permissions, encryption, isolation or the network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from hptc.diagnostics import Path
from hptc.diff.changes import Change, Kind
from hptc.diff.grants import Grant, grants, is_covered
from hptc.diff.value_text import value_text
from hptc.infrastructure.statements import Statement


def permission_changes(
    old: Iterable[Statement],
    new: Iterable[Statement],
    *,
    old_place: Callable[[Statement], Path],
    new_place: Callable[[Statement], Path],
) -> Iterator[Change]:
    """The permissions that were added and removed, by statement.

    A statement that allows something new is broadened, and also shows what it no longer allows.
    Reasons and sids don't count, nor does a grant that another one in the same version covers.
    `old_place` and `new_place` return the part of the spec that requires a statement.
    """
    before, after = tuple(old), tuple(new)
    had = [grant for statement in before for grant in grants(statement)]
    has = [grant for statement in after for grant in grants(statement)]
    lost = {
        statement.sid: [grant for grant in grants(statement) if not is_covered(grant, has)]
        for statement in before
    }
    for statement in after:
        gained = [grant for grant in grants(statement) if not is_covered(grant, had)]
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


def _grants_text(grants: list[Grant]) -> str:
    if not grants:
        return ""
    actions = dict.fromkeys(grant.action for grant in grants)
    resources = dict.fromkeys(grant.resource for grant in grants if grant.resource)
    limits = dict.fromkeys(
        f"{condition.key} {', '.join(condition.values)}"
        for grant in grants
        for condition in grant.conditions
    )
    text = ", ".join(actions) + (f" on {', '.join(resources)}" if resources else "")
    return text + (f" where {'; '.join(limits)}" if limits else "")


def key_change(old: object, new: object, path: Path, subject: str) -> Change:
    """A KMS key that was added, removed or replaced. Without one, an AWS managed key is used."""
    if new is None:
        kind = Kind.ENCRYPTION_LOOSENED
    else:
        kind = Kind.ENCRYPTION_TIGHTENED if old is None else Kind.ENCRYPTION_KEY
    before, after = (value_text(key) or "AWS managed key" for key in (old, new))
    return Change(kind=kind, path=path, subject=subject, old=before, new=after)


def switch_change(
    old: object, new: object, path: Path, subject: str, tightened: Kind, loosened: Kind
) -> Change:
    """A security setting that was turned on or off."""
    return Change(
        kind=tightened if new else loosened,
        path=path,
        subject=subject,
        old=value_text(bool(old)),
        new=value_text(bool(new)),
    )


def network_changes(old: Any, new: Any, path: Path) -> Iterator[Change]:
    """A VPC that was added or removed, its subnets and its security groups.

    The rules of several security groups are combined (https://docs.aws.amazon.com/vpc/latest/
    userguide/vpc-security-groups.html), so another group allows more traffic.
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


def _vpc_text(vpc: object) -> str:
    return value_text(vpc.get("subnets")) if isinstance(vpc, dict) else "no VPC"
