"""docs/errors.md is up to date, and a search for a text that AWS writes finds it there."""

from __future__ import annotations

import pytest

from hptc.catalog.error_texts import all_known_errors
from hptc.reference.errors_page import errors_page, plain_texts
from tests.support.paths import ROOT

PAGE = ROOT / "docs" / "errors.md"


def test_the_page_is_up_to_date(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-golden"):
        PAGE.write_text(errors_page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == errors_page(), "docs/errors.md: `make golden`"


def test_the_page_has_every_text_that_explain_recognizes() -> None:
    page = PAGE.read_text(encoding="utf-8").lower()
    texts = [text for error in all_known_errors() for text in plain_texts(error)]
    assert len(texts) > 50
    assert [text for text in texts if text.strip() not in page] == []
