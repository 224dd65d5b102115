"""docs/images.md is up to date, and names every repository and version of the tables."""

import pytest

from hptc.catalog import frameworks, images
from hptc.reference.images_page import images_page
from tests.support.paths import ROOT

PAGE = ROOT / "docs" / "images.md"


def test_the_page_is_up_to_date(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-golden"):
        PAGE.write_text(images_page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == images_page(), "docs/images.md: `make golden`"


@pytest.mark.parametrize("repository", images.repositories())
def test_every_version_of_a_repository_is_listed(repository: str) -> None:
    page = images_page()
    assert f"`{repository}`" in page or f"### {repository}" in page
    for version in frameworks.versions(repository):
        assert f"| `{version.spellings[0]}` |" in page
    for name in images.repositories()[repository].tags:
        assert f"`{name}`" in page
