"""The Regions of SageMaker."""

from __future__ import annotations

from pathlib import Path

import pytest

from hptc.aws.regions import configured_region, sagemaker_regions


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "cn-north-1", "us-gov-west-1"])
def test_every_partition_is_listed(region: str) -> None:
    assert region in sagemaker_regions()


@pytest.mark.parametrize("name", ["", "nowhere", "us-east-1a", "aws", "US-EAST-1"])
def test_other_names_are_not_listed(name: str) -> None:
    assert name not in sagemaker_regions()


def test_names_are_sorted_and_unique() -> None:
    regions = sagemaker_regions()
    assert list(regions) == sorted(set(regions))


@pytest.mark.parametrize(
    ("profile", "region"),
    [("", "eu-west-1"), ("production", "ap-south-1"), ("missing", None)],
    ids=["default profile", "AWS_PROFILE", "a profile that does not exist"],
)
def test_the_region_of_a_profile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile: str, region: str | None
) -> None:
    config = tmp_path / "config"
    config.write_text("[default]\nregion=eu-west-1\n[profile production]\nregion=ap-south-1\n")
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    if profile:
        monkeypatch.setenv("AWS_PROFILE", profile)
    assert configured_region() == region
