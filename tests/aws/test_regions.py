"""The Regions of SageMaker."""

from __future__ import annotations

import pytest

from hptc.aws.regions import sagemaker_regions


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "cn-north-1", "us-gov-west-1"])
def test_every_partition_is_listed(region: str) -> None:
    assert region in sagemaker_regions()


@pytest.mark.parametrize("name", ["", "nowhere", "us-east-1a", "aws", "US-EAST-1"])
def test_other_names_are_not_listed(name: str) -> None:
    assert name not in sagemaker_regions()


def test_names_are_sorted_and_unique() -> None:
    regions = sagemaker_regions()
    assert list(regions) == sorted(set(regions))
