"""Regions, and the names of images that people use."""

import pytest

from hptc.catalog.image_names import _ALIASES, meant_image
from hptc.catalog.images import algorithm_names, framework_names
from hptc.catalog.region_names import is_region, meant_region


@pytest.mark.parametrize("name", ["us-east-1", "cn-north-1", "us-gov-west-1", "mx-central-1"])
def test_regions(name: str) -> None:
    assert is_region(name)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("us-esat-1", "us-east-1"),
        ("eu_west_1", "eu-west-1"),
        ("nowhere", None),
        ("aws-global", None),
    ],
)
def test_no_region(name: str, meant: str | None) -> None:
    assert not is_region(name)
    assert meant_region(name) == meant


@pytest.mark.parametrize("name", sorted(_ALIASES))
def test_every_alias_is_of_an_image(name: str) -> None:
    names = (*algorithm_names(), *framework_names())
    assert meant_image(name, names) == _ALIASES[name]


@pytest.mark.parametrize("name", ["lightgbm", "catboost", "own-algorithm"])
def test_no_image(name: str) -> None:
    assert meant_image(name, algorithm_names()) is None


def test_misspelled_image() -> None:
    assert meant_image("xgbost", algorithm_names()) == "xgboost"
