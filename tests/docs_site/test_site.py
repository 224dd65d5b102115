"""The docs site builds without warnings, loads nothing, and shows what GitHub shows.

With a browser: it fits a phone, and the search finds rules and AWS's errors, from file:// too.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt

from hptc.catalog.error_texts import all_known_errors
from tests.support.browser import needs_chromium, open_browser, open_page, overflow
from tests.support.e2e_project import tool_environment
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("site")]

SPLIT = ("rules.md",)
"""Pages that are several on the site."""
PAGES = sorted(path for path in (ROOT / "docs").glob("*.md") if path.name not in SPLIT)
MAIN_PAGES = (
    "index", "ten-minutes", "coming-from", "review", "rules-7xx", "errors", "hptc-yaml", "kept",
)  # fmt: skip
SHOWN = ("h1", "h2", "h3", "ul", "ol", "li", "table", "tr", "pre", "img")
"""Elements that a page has as often on the site as on GitHub."""
HAS_LETTERS = """() => {
  const context = document.createElement('canvas').getContext('2d')
  context.font = getComputedStyle(document.querySelector('article p')).font
  return context.measureText('W').width > context.measureText('i').width
}"""
"""Whether a font has letters: without one, all are boxes of the same width."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(folder)]
    environment = tool_environment() | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


class Elements(HTMLParser):
    """Counts the elements of a page, and collects what it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.counts[tag] += 1
        values = dict(attributes)
        loads = tag in ("script", "img", "iframe", "source") or (
            tag == "link" and values.get("rel") in ("stylesheet", "icon", "preconnect", "preload")
        )
        if loads:
            self.loaded += [url for url in (values.get("src"), values.get("href")) if url]


def article(site: Path, name: str) -> str:
    """The text of a page, as HTML, without the navigation around it."""
    html = (site / f"{name}.html").read_text(encoding="utf-8")
    match = re.search(r"<article[^>]*>(.*?)</article>", html, re.DOTALL)
    assert match is not None
    return match[1]


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 50
    loaded = {url for page in pages for url in Elements(page.read_text("utf-8")).loaded}
    assert any(url.endswith(".js") for url in loaded)
    assert [url for url in loaded if re.match(r"(https?:)?//", url)] == []
    styles = "".join(path.read_text("utf-8") for path in site.rglob("*.css"))
    assert re.findall(r"@import|url\(\s*[\"']?(?:https?:)?//", styles) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_has_the_elements_that_github_shows(site: Path, page: Path) -> None:
    github = MarkdownIt("commonmark", {"html": True}).enable("table")
    expected = Elements(github.render(page.read_text(encoding="utf-8"))).counts
    actual = Elements(article(site, page.stem)).counts
    assert {tag: actual[tag] for tag in SHOWN} == {tag: expected[tag] for tag in SHOWN}


def test_every_rule_has_its_section(site: Path) -> None:
    rules = re.findall(r"^## (HPT\d{3})", (ROOT / "docs/rules.md").read_text("utf-8"), re.M)
    shown = [
        code
        for page in sorted(site.glob("rules-*.html"))
        for code in re.findall(r'<h2 id="(hpt\d{3})-', page.read_text("utf-8"))
    ]
    assert len(rules) > 200
    assert [code.upper() for code in shown] == rules


@needs_chromium
def test_pages_fit_a_phone_and_have_letters(site: Path) -> None:
    with open_browser() as browser:
        page = open_page(browser, width=390, height=844)
        page.set_default_timeout(120_000)
        blank, wide = [], []
        for name in MAIN_PAGES:
            page.goto((site / f"{name}.html").as_uri(), wait_until="domcontentloaded")
            if overflow(page) > 0:
                wide.append(name)
            has_letters = page.evaluate(HAS_LETTERS)
            if not has_letters or len(page.inner_text("article")) < 200:
                blank.append(name)
        assert (wide, blank) == ([], [])


def found_by(page: Page, query: str) -> list[str]:
    """The targets of the search's first results, and their headings."""
    field = page.locator(".md-search__input")
    field.click()
    field.fill(query)
    field.press("Shift")  # the search listens to keys
    page.wait_for_function(
        "query => [...document.querySelectorAll('.md-search-result__link')]"
        ".some(link => link.href.includes('?h=')) && document.querySelector("
        "'.md-search-result__meta').textContent.includes('match')",
        arg=query,
    )
    links = page.locator(".md-search-result__link").all()[:6]
    return [f"{link.get_attribute('href')} {link.text_content()}" for link in links]


@pytest.fixture
def search_page(site: Path) -> Iterator[Page]:
    with open_browser() as browser:
        page = open_page(browser)
        page.set_default_timeout(120_000)
        page.goto((site / "index.html").as_uri())
        yield page


@needs_chromium
def test_the_search_finds_a_rule_and_an_error_of_aws(search_page: Page) -> None:
    assert any("#hpt203-" in result for result in found_by(search_page, "HPT203"))
    for error in all_known_errors()[12:40:27]:
        search_page.reload()
        results = found_by(search_page, error.title)
        assert any("errors.html" in result and error.title in result for result in results), (
            error.title, results,
        )  # fmt: skip
