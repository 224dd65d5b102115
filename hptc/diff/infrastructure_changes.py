"""Changes to the infrastructure of an environment, and what each means for what is deployed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hptc.diagnostics import Path, path_text
from hptc.diff.changes import Change, Kind
from hptc.diff.value_text import value_text
from hptc.frozen import frozen
from hptc.project.project_file import Environment

_BUCKETS = ("artifact_bucket", "data_bucket")
_REPLACES_VPC = "replaces the VPC's subnets, and the security group if the VPC is replaced"
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-vpc.html"""


def infrastructure_changes(old: Environment, new: Environment, at: Path) -> Iterator[Change]:
    """Changes to `infrastructure` of an environment; `at` is its path in hptc.yaml."""
    before, after = (side.infrastructure.model_dump(mode="json") for side in (old, new))
    for changed in (
        *_changed_values(before, after, ()),
        *_changed_values(dict(old.parameters), dict(new.parameters), ()),
    ):
        kind, note = _meaning(changed, old)
        yield Change(
            kind=kind,
            path=(*at, *changed.path),
            subject=path_text(("infrastructure", *changed.path)),
            old=_part_text(changed.old),
            new=_part_text(changed.new),
            note=note,
        )


@frozen
class _ChangedValue:
    """A value below `infrastructure` in both versions; None if a version does not have it."""

    path: Path
    old: Any
    new: Any


def _changed_values(old: object, new: object, path: Path) -> Iterator[_ChangedValue]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys([*new, *old]):
            yield from _changed_values(old.get(key), new.get(key), (*path, key))
    elif old != new:
        yield _ChangedValue(path=path, old=old, new=new)


def _meaning(changed: _ChangedValue, old: Environment) -> tuple[Kind, str]:
    """The kind of a change, and what it means if the values don't show it."""
    was, becomes = changed.old, changed.new
    match changed.path:
        case ("kms_key",) if was == "managed":
            return Kind.KEY_LEAVES, _leaving_note(old, "what it encrypted becomes unreadable")
        case ("kms_key",) if becomes == "absent":
            return Kind.ENCRYPTION_LOOSENED, "AWS managed keys encrypt new data"
        case (str() as key,) if key in _BUCKETS and was == "managed":
            return Kind.BUCKET_LEAVES, _leaving_note(old, "roles lose access to its objects")
        case ("execution_role",) if was == "managed" and becomes != "absent":
            return Kind.ROLE_UNKNOWN, "hptc can't see what an existing role is allowed to do"
        case ("permissions_boundary",) if becomes is None:
            return Kind.BOUNDARY_REMOVED, "new permissions of the roles are no longer limited"
        case ("permissions_boundary",) if was is None:
            return Kind.BOUNDARY_ADDED, ""
        case ("removal",):
            if becomes == "destroy":
                return Kind.REMOVAL_DESTROY, "removing a stack now deletes its buckets and keys"
            return Kind.REMOVAL_RETAIN, ""
        case ("role_path",):
            return Kind.ROLE_PATH, (
                "people who launch tuning jobs may pass every role under this path; roles are "
                "replaced"
            )
        case ("network",) if becomes is None:
            return Kind.NETWORK_LOOSENED, "training jobs run in SageMaker's network"
        case ("network", "subnet_ids") if was is None:
            return Kind.NETWORK_REPLACED, "the VPC that hptc created is deleted"
        case ("network",) if was is None:
            return Kind.NETWORK_TIGHTENED, ""
        case ("network", "s3_buckets"):
            is_wider = not set(becomes or ()) <= set(was or ())
            kind = Kind.ENDPOINT_WIDENED if is_wider else Kind.ENDPOINT_NARROWED
            return kind, "which buckets training jobs can reach"
        case ("network", "cidr" | "availability_zones"):
            return Kind.NETWORK_REPLACED, _REPLACES_VPC
    return Kind.INFRASTRUCTURE, ""


def _leaving_note(old: Environment, consequence: str) -> str:
    """What happens to a managed key or bucket that leaves its stack."""
    if old.infrastructure.removal == "destroy":
        return f"is deleted with its contents; {consequence}"
    return f"stays in the account, but outside of the stack; {consequence}"


def _part_text(value: object) -> str:
    """A part of the infrastructure; of a mapping, the keys that are set."""
    if isinstance(value, dict):
        chosen = {key: inner for key, inner in value.items() if inner not in (None, [], {})}
        return ", ".join(f"{key} {value_text(inner)}" for key, inner in chosen.items()) or "managed"
    return value_text(value) or "absent"
