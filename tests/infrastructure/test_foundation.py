"""The foundation of an environment: what it creates, and what its VPC allows."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from botocore.session import Session

from hptc.infrastructure.foundation import Network as MadeNetwork
from hptc.infrastructure.foundation import SecurityGroupInVpc, foundation
from hptc.project.infrastructure_choices import (
    Network,
)
from hptc.project.references import NAMES
from tests.support.jobs import (
    KEY,
    environment,
)
from tests.support.paths import ROOT


def test_a_security_group_is_created_in_an_existing_vpc() -> None:
    network = {"vpc_id": "vpc-1", "subnet_ids": ["subnet-1"], "s3_prefix_list_id": "pl-1"}
    result = foundation(environment(network=network))
    assert isinstance(result.network, SecurityGroupInVpc)
    assert result.network.vpc_id == "vpc-1"
    assert "security_group_id" in result.outputs
    assert "subnet_id_1" not in result.outputs
    outside = {rule.peer for rule in result.network.rules if rule.peer != "members"}
    assert outside == {"pl-1"}


@pytest.mark.parametrize(
    ("key", "arn"),
    [
        ("mrk-1", "arn:aws:kms:us-east-1:123456789012:key/mrk-1"),
        ("alias/ml", "arn:aws:kms:us-east-1:123456789012:alias/ml"),
        (KEY, KEY),
    ],
)
def test_a_bucket_identifies_its_key_by_arn(key: str, arn: str) -> None:
    assert {bucket.kms_key for bucket in foundation(environment(kms_key=key)).buckets} == {arn}


@pytest.mark.parametrize(
    ("chosen", "provides"),
    [
        ({}, ("artifact_bucket", "data_bucket")),
        ({"artifact_bucket": "absent", "data_bucket": "mine"}, ()),
        ({"kms_key": "managed"}, ("artifact_bucket", "data_bucket", "kms_key_arn")),
        (
            {"network": "managed", "data_bucket": "absent"},
            ("artifact_bucket", "security_group_id", "subnet_id_1", "subnet_id_2"),
        ),
        (
            {
                "artifact_bucket": "mine",
                "data_bucket": "mine",
                "network": {"availability_zones": [f"us-east-1{zone}" for zone in "abc"]},
            },
            ("security_group_id", "subnet_id_1", "subnet_id_2", "subnet_id_3"),
        ),
        (
            {"network": {"subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1"]}},
            ("artifact_bucket", "data_bucket"),
        ),
    ],
    ids=["buckets", "nothing", "key", "network", "three zones", "existing network"],
)
def test_a_foundation_creates_what_is_managed(
    chosen: dict[str, Any], provides: tuple[str, ...]
) -> None:
    result = foundation(environment(**chosen))
    assert result.outputs == provides
    assert result.is_empty == (not provides)
    assert set(provides) <= set(NAMES)


def test_buckets_use_the_environments_key() -> None:
    def keys(**chosen: str) -> set[str | None]:
        return {bucket.kms_key for bucket in foundation(environment(**chosen)).buckets}

    assert keys(kms_key="managed") == {"${hptc:kms_key_arn}"}
    assert keys(kms_key=KEY) == {KEY}
    assert keys(kms_key="absent") == {None}


def test_removal_decides_what_is_retained() -> None:
    kept = foundation(environment(kms_key="managed"))
    gone = foundation(environment(kms_key="managed", removal="destroy"))
    assert (kept.is_retained, gone.is_retained) == (True, False)
    assert kept.key is not None
    assert gone.key is not None
    assert (kept.key.pending_window_days, gone.key.pending_window_days) == (30, 7)


def rules(region: str = "us-east-1", **network: Any) -> set[tuple[str, str, str, int | None]]:
    result = foundation(environment(region, network=Network(**network))).network
    assert isinstance(result, MadeNetwork)
    return {(rule.group, rule.direction, rule.peer, rule.port) for rule in result.rules}


MEMBER_RULES = {("members", direction, "members", None) for direction in ("in", "out")}
"""All traffic, which instances with an Elastic Fabric Adapter require."""


@pytest.mark.parametrize(
    ("region", "chosen", "to"),
    [
        ("us-east-1", {}, "pl-63a5400a"),
        ("eu-west-1", {}, "pl-6da54004"),
        ("eu-west-1", {"s3_prefix_list_id": "pl-1"}, "pl-1"),
        ("cn-north-1", {}, "0.0.0.0/0"),
        ("cn-north-1", {"s3_prefix_list_id": "pl-1"}, "pl-1"),
    ],
    ids=["known", "known elsewhere", "configured", "unknown", "configured where unknown"],
)
def test_members_reach_each_other_and_s3(region: str, chosen: dict[str, Any], to: str) -> None:
    assert rules(region, **chosen) == MEMBER_RULES | {("members", "out", to, 443)}


def test_an_existing_vpc_has_no_rule_to_s3_without_a_prefix_list() -> None:
    network = {"vpc_id": "vpc-1", "subnet_ids": ["subnet-1"]}
    result = foundation(environment(network=network)).network
    assert isinstance(result, SecurityGroupInVpc)
    assert {rule.peer for rule in result.rules} == {"members", "pl-63a5400a"}
    result = foundation(environment("cn-north-1", network=network)).network
    assert isinstance(result, SecurityGroupInVpc)
    assert {rule.peer for rule in result.rules} == {"members"}  # and a finding


def test_known_prefix_lists_belong_to_existing_regions() -> None:
    table = json.loads((ROOT / "hptc/catalog/data/prefix_lists.json").read_text(encoding="utf-8"))[
        "s3"
    ]
    assert set(table) <= set(Session().get_available_regions("ec2"))
    assert all(re.fullmatch("pl-[0-9a-f]{8}", prefix_list) for prefix_list in table.values())


def test_interface_endpoints_accept_training_jobs_only() -> None:
    assert rules(interface_endpoints=["sts"]) == rules() | {
        ("members", "out", "endpoints", 443),
        ("endpoints", "in", "members", 443),
    }


def test_a_vpc_has_two_zones_and_room_for_four_subnets() -> None:
    result = foundation(environment("eu-west-1", network="managed")).network
    assert isinstance(result, MadeNetwork)
    assert (result.zone_count, result.availability_zones) == (2, ())
    assert (result.cidr, result.subnet_prefix) == ("10.42.0.0/20", 22)


def test_the_addresses_of_a_vpc_have_one_notation() -> None:
    network = {"cidr": "10.42.0.0/255.255.240.0"}
    result = foundation(environment("eu-west-1", network=network)).network
    assert isinstance(result, MadeNetwork)
    assert result.cidr == "10.42.0.0/20"
