"""Existing resources in the infrastructure of an environment."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from hptc.project.identifiers import Location
from hptc.project.infrastructure_choices import Infrastructure, identifiers, normalize

HERE = Location(account="111122223333", region="us-east-1")
EC2 = "arn:aws:ec2:us-east-1:111122223333:"
BY_ARN = {
    "artifact_bucket": "arn:aws:s3:::artifacts",
    "data_bucket": "arn:aws:s3:::lake",
    "execution_role": "tuning",
    "alarm_topic": "on-call",
    "permissions_boundary": "boundary",
    "input_kms_keys": ["alias/lake", "alias/other"],
    "network": {
        "vpc_id": f"{EC2}vpc/vpc-1",
        "s3_prefix_list_id": "arn:aws:ec2:us-east-1:aws:prefix-list/pl-1",
        "subnet_ids": [f"{EC2}subnet/subnet-1", "subnet-2"],
        "security_group_ids": [f"{EC2}security-group/sg-1"],
    },
}
"""Every kind of resource, in a form that a request can't have where there is one."""


def test_each_resource_has_the_form_of_a_request() -> None:
    infrastructure = normalize(Infrastructure.model_validate(BY_ARN), HERE)
    assert {".".join(map(str, path)): value for path, _, value in identifiers(infrastructure)} == {
        "artifact_bucket": "artifacts",
        "data_bucket": "lake",
        "execution_role": "arn:aws:iam::111122223333:role/tuning",
        "alarm_topic": "arn:aws:sns:us-east-1:111122223333:on-call",
        "permissions_boundary": "arn:aws:iam::111122223333:policy/boundary",
        "input_kms_keys.0": "alias/lake",
        "input_kms_keys.1": "alias/other",
        "network.vpc_id": "vpc-1",
        "network.s3_prefix_list_id": "pl-1",
        "network.subnet_ids.0": "subnet-1",
        "network.subnet_ids.1": "subnet-2",
        "network.security_group_ids.0": "sg-1",
    }


def test_buckets_of_a_network_that_hptc_creates() -> None:
    network = {"cidr": "10.42.0.0/20", "s3_buckets": ["arn:aws:s3:::one", "two"]}
    infrastructure = normalize(Infrastructure.model_validate({"network": network}), HERE)
    assert [value for _, _, value in identifiers(infrastructure)] == ["one", "two"]
    assert infrastructure.network is not None
    assert infrastructure.network.cidr == "10.42.0.0/20"


@pytest.mark.parametrize("network", ["managed", "absent"])
def test_a_choice_is_not_a_resource(network: str) -> None:
    choices = Infrastructure.model_validate({"network": network, "data_bucket": "absent"})
    assert normalize(choices, HERE) == choices


def ids(kind: str, count: int) -> list[str]:
    return [f"{kind}-{number}" for number in range(count)]


BOTH = {"subnet_ids": ids("subnet", 16), "security_group_ids": ids("sg", 5)}
ZONES = [f"us-east-1{letter}" for letter in "abcd"]


@pytest.mark.parametrize(
    ("choices", "is_valid"),
    [
        ({"input_kms_keys": ids("alias/lake", 10)}, True),
        ({"input_kms_keys": ids("alias/lake", 11)}, False),
        ({"role_path": f"/{'a' * 510}/"}, True),
        ({"role_path": f"/{'a' * 511}/"}, False),
        ({"network": BOTH}, True),
        ({"network": {**BOTH, "subnet_ids": ids("subnet", 17)}}, False),
        ({"network": {**BOTH, "subnet_ids": []}}, False),
        ({"network": {**BOTH, "security_group_ids": ids("sg", 6)}}, False),
        ({"network": {**BOTH, "security_group_ids": []}}, False),
        ({"network": {"availability_zones": ZONES[:1]}}, False),
        ({"network": {"availability_zones": ZONES[:2]}}, True),
        ({"network": {"availability_zones": ZONES[:3]}}, True),
        ({"network": {"availability_zones": ZONES}}, False),
    ],
)
def test_how_many_there_can_be(choices: dict[str, Any], is_valid: bool) -> None:
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_VpcConfig.html"""
    if is_valid:
        Infrastructure.model_validate(choices)
        return
    with pytest.raises(ValidationError, match=r"item|512 characters"):
        Infrastructure.model_validate(choices)
