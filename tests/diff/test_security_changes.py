"""Which direction a change of encryption, isolation or the network takes."""

from __future__ import annotations

from typing import Any

import pytest

from hptc.diff.changes import Kind
from hptc.diff.security_changes import key_change, network_changes, switch_change

PATH = ("training_job", "vpc")
NO_VPC = "no VPC"
AWS_KEY = "AWS managed key"


def vpc(groups: list[str], subnets: list[str]) -> dict[str, Any]:
    return {"security_group_ids": groups, "subnets": subnets}


ONE = vpc(["sg-1"], ["subnet-1"])
BOTH = vpc(["sg-1", "sg-2"], ["subnet-1"])
NETWORKS: dict[str, tuple[Any, Any, list[tuple[Kind, str, str, str]]]] = {
    "a VPC added": (None, ONE, [(Kind.NETWORK_TIGHTENED, "VPC", NO_VPC, "subnet-1")]),
    "a VPC removed": (ONE, None, [(Kind.NETWORK_LOOSENED, "VPC", "subnet-1", NO_VPC)]),
    "the same": (ONE, ONE, []),
    "a group added": (
        ONE, BOTH, [(Kind.NETWORK_LOOSENED, "security groups", "sg-1", "sg-1, sg-2")]
    ),
    "a group removed": (
        BOTH, ONE, [(Kind.NETWORK_TIGHTENED, "security groups", "sg-1, sg-2", "sg-1")]
    ),
    "another group": (
        ONE, vpc(["sg-2"], ["subnet-1"]), [(Kind.NETWORK, "security groups", "sg-1", "sg-2")]
    ),
    "groups in another order": (
        BOTH,
        vpc(["sg-2", "sg-1"], ["subnet-1"]),
        [(Kind.NETWORK, "security groups", "sg-1, sg-2", "sg-2, sg-1")],
    ),
    "a subnet added": (
        ONE,
        vpc(["sg-1"], ["subnet-1", "subnet-2"]),
        [(Kind.NETWORK, "subnets", "subnet-1", "subnet-1, subnet-2")],
    ),
    "a subnet removed": (
        vpc(["sg-1"], ["subnet-1", "subnet-2"]),
        ONE,
        [(Kind.NETWORK, "subnets", "subnet-1, subnet-2", "subnet-1")],
    ),
    "a group and a subnet": (
        ONE,
        vpc(["sg-1", "sg-2"], ["subnet-2"]),
        [
            (Kind.NETWORK_LOOSENED, "security groups", "sg-1", "sg-1, sg-2"),
            (Kind.NETWORK, "subnets", "subnet-1", "subnet-2"),
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "expected"), NETWORKS.values(), ids=NETWORKS)
def test_network_changes(old: Any, new: Any, expected: list[tuple[Kind, str, str, str]]) -> None:
    changes = list(network_changes(old, new, PATH))
    assert [(change.kind, change.subject, change.old, change.new) for change in changes] == expected
    keys = {"VPC": (), "security groups": ("security_group_ids",), "subnets": ("subnets",)}
    assert [finding.path for finding in changes] == [
        (*PATH, *keys[finding.subject]) for finding in changes
    ]


@pytest.mark.parametrize(
    ("old", "new", "kind", "texts"),
    [
        pytest.param(None, "a", Kind.ENCRYPTION_TIGHTENED, (AWS_KEY, "a"), id="added"),
        pytest.param("a", None, Kind.ENCRYPTION_LOOSENED, ("a", AWS_KEY), id="removed"),
        pytest.param("a", "b", Kind.ENCRYPTION_KEY, ("a", "b"), id="replaced"),
    ],
)
def test_key_change(old: str | None, new: str | None, kind: Kind, texts: tuple[str, str]) -> None:
    change = key_change(old, new, PATH, "key")
    assert (change.kind, change.subject, change.old, change.new) == (kind, "key", *texts)


@pytest.mark.parametrize(
    ("old", "new", "kind", "texts"),
    [
        pytest.param(None, True, Kind.ISOLATION_TIGHTENED, ("off", "on"), id="on"),
        pytest.param(True, None, Kind.ISOLATION_LOOSENED, ("on", "off"), id="left out"),
        pytest.param(True, False, Kind.ISOLATION_LOOSENED, ("on", "off"), id="off"),
    ],
)
def test_switch_change(
    old: bool | None, new: bool | None, kind: Kind, texts: tuple[str, str]
) -> None:
    kinds = Kind.ISOLATION_TIGHTENED, Kind.ISOLATION_LOOSENED
    change = switch_change(old, new, PATH, "isolation", *kinds)
    assert (change.kind, change.old, change.new) == (kind, *texts)
