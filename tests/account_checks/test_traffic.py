"""Which rules of security groups are enough for a training job."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hptc.diagnostics import Diagnostic
from hptc.service.inventory import SecurityGroup, TrafficRule
from tests.support.online_checks import GROUP, SPEC, compiled, online, traffic_rule, whole

OTHER = "sg-0a000000000000002"
MEMBERS: dict[str, Any] = {"groups": frozenset({GROUP}), "has_addresses": False}
STRANGERS: dict[str, Any] = {"groups": frozenset({OTHER}), "has_addresses": False}
ALL = traffic_rule()
ENCRYPTION = "  enable_inter_container_traffic_encryption: true\n"
NO_HTTPS = (
    f"training jobs can't reach Amazon S3: the security group `{GROUP}` allows no outbound traffic "
    "on TCP port 443"
)
TO_S3 = ("HPT965", "error", NO_HTTPS)


def apart(what: str) -> tuple[str, str, str]:
    message = (
        f"the instances of a training job can't reach each other: the security group `{GROUP}` "
        f"allows no {what} between its members"
    )
    return "HPT966", "warning", message


def findings(
    folder: Path, groups: dict[str, SecurityGroup], spec: str = SPEC
) -> list[tuple[str, str, str]]:
    return [
        (diagnostic.code, diagnostic.severity.value, diagnostic.message)
        for diagnostic in diagnostics(folder, groups, spec)
    ]


def diagnostics(folder: Path, groups: dict[str, SecurityGroup], spec: str) -> list[Diagnostic]:
    fake = whole()
    fake.inventory.groups = groups
    before = compiled(folder, spec)
    (after,), notes = online(before, fake)
    assert notes == []
    known = before[0].diagnostics
    return [diagnostic for diagnostic in after.diagnostics if diagnostic not in known]


def group(inbound: tuple[TrafficRule, ...], outbound: tuple[TrafficRule, ...]) -> SecurityGroup:
    return SecurityGroup(vpc="vpc-1", inbound=inbound, outbound=outbound)


@pytest.mark.parametrize(
    ("outbound", "is_open"),
    [
        pytest.param((ALL,), True, id="all"),
        pytest.param((traffic_rule("tcp", 443),), True, id="https"),
        pytest.param((traffic_rule("tcp", ports=(400, 443)),), True, id="last-port"),
        pytest.param((traffic_rule("tcp", ports=(443, 500)),), True, id="first-port"),
        pytest.param((traffic_rule("tcp"),), True, id="tcp"),
        pytest.param((traffic_rule("tcp", 443, **STRANGERS),), True, id="to-an-endpoint"),
        pytest.param((traffic_rule("tcp", 80), ALL), True, id="second-rule"),
        pytest.param((), False, id="nothing"),
        pytest.param((traffic_rule("udp", 443),), False, id="udp"),
        pytest.param((traffic_rule("tcp", ports=(400, 442)),), False, id="ports-below"),
        pytest.param((traffic_rule("tcp", ports=(444, 500)),), False, id="ports-above"),
    ],
)
def test_traffic_to_s3(outbound: tuple[TrafficRule, ...], is_open: bool, tmp_path: Path) -> None:
    spec = SPEC.replace("instance_count: 2", "instance_count: 1").replace(ENCRYPTION, "")
    assert findings(tmp_path, {GROUP: group((), outbound)}, spec) == ([] if is_open else [TO_S3])


@pytest.mark.parametrize(
    ("inbound", "outbound", "closed"),
    [
        pytest.param((ALL,), (ALL,), "", id="all"),
        pytest.param((traffic_rule(**MEMBERS),), (ALL,), "", id="members"),
        pytest.param((traffic_rule("tcp", 22),), (ALL,), "", id="one-port"),
        pytest.param((), (ALL,), "inbound traffic", id="no-inbound"),
        pytest.param((traffic_rule(**STRANGERS),), (ALL,), "inbound traffic", id="strangers"),
        pytest.param(
            (ALL,), (traffic_rule("tcp", 443, **STRANGERS),), "outbound traffic", id="no-outbound"
        ),
        pytest.param(
            (), (traffic_rule("tcp", 443, **STRANGERS),), "inbound traffic or outbound traffic",
            id="neither",
        ),
    ],
)  # fmt: skip
def test_traffic_between_instances(
    inbound: tuple[TrafficRule, ...],
    outbound: tuple[TrafficRule, ...],
    closed: str,
    tmp_path: Path,
) -> None:
    groups = {GROUP: group(inbound, outbound)}
    spec = SPEC.replace(ENCRYPTION, "")
    assert findings(tmp_path, groups, spec) == ([apart(closed)] if closed else [])
    alone = spec.replace("instance_count: 2", "instance_count: 1")
    assert findings(tmp_path, groups, alone) == []


UDP, ESP = traffic_rule("udp", 500), traffic_rule("50", **MEMBERS)


@pytest.mark.parametrize(
    ("inbound", "outbound", "closed"),
    [
        pytest.param((UDP, ESP), (ALL,), "", id="open"),
        pytest.param((UDP,), (ALL,), "inbound protocol 50 (ESP)", id="no-esp"),
        pytest.param(
            (UDP, traffic_rule("50", **STRANGERS)), (ALL,), "inbound protocol 50 (ESP)",
            id="esp-of-strangers",
        ),
        pytest.param((traffic_rule("udp", 4500), ESP), (ALL,), "inbound UDP 500", id="no-udp"),
        pytest.param(
            (ALL,), (traffic_rule("tcp", 443),),
            "outbound UDP 500 or outbound protocol 50 (ESP)", id="https-only",
        ),
    ],
)  # fmt: skip
def test_encrypted_traffic(
    inbound: tuple[TrafficRule, ...],
    outbound: tuple[TrafficRule, ...],
    closed: str,
    tmp_path: Path,
) -> None:
    groups = {GROUP: group(inbound, outbound)}
    assert findings(tmp_path, groups) == ([apart(closed)] if closed else [])


def test_the_rules_of_several_groups_add_up(tmp_path: Path) -> None:
    spec = SPEC.replace(f"[{GROUP}]", f"[{GROUP}, {OTHER}]")
    groups = {GROUP: group((ALL,), ()), OTHER: group((), (ALL,))}
    assert findings(tmp_path, groups, spec) == []
    first, second = diagnostics(tmp_path, {GROUP: group((), ()), OTHER: group((), ())}, spec)
    named = f"the security groups `{GROUP}` and `{OTHER}` allow no"
    assert named in first.message
    assert first.help == (
        f"allow it: `aws ec2 authorize-security-group-egress --group-id {GROUP} --protocol tcp "
        "--port 443 --cidr 0.0.0.0/0`, or to the prefix list of the S3 endpoint only"
    )
    assert f"{named} inbound UDP 500, " in second.message
    assert second.span.source == first.span.source
    assert second.help == (
        "add rules for these, with the security group itself as their source or destination"
    )
