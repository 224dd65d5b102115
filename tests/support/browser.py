"""A real browser for tests of pages; without a Chromium on PATH, its tests are skipped.

pytestmark = needs_chromium

def test_a_page_fits_a_phone(tmp_path: Path) -> None:
    with open_browser() as browser:
        page = open_page(browser, width=390)
        page.goto((tmp_path / "report.html").as_uri())
        assert overflow(page) == 0
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from docs_site.browser import chromium, open_browser, open_page

if TYPE_CHECKING:
    from playwright.sync_api import Page

__all__ = ["chromium", "needs_chromium", "open_browser", "open_page", "overflow"]

needs_chromium = pytest.mark.skipif(
    chromium() is None, reason="no Chromium on PATH (chromium, chromium-browser, google-chrome)"
)


def overflow(page: Page) -> int:
    """How many pixels a page is wider than its window; 0 if it fits."""
    script = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    return int(page.evaluate(script))
