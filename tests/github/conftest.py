"""The fake of GitHub that the tests of this folder use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.fake_github import GitHub, serve_github


@pytest.fixture
def github() -> Iterator[GitHub]:
    """A fake of GitHub with an empty pull request."""
    with serve_github() as fake:
        yield fake
