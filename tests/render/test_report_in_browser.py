"""The report of a tuning job in a real browser: what a person sees on a screen, a phone and paper.

docs/results.md says what the page has.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hptc.catalog.prices import packaged
from hptc.render.report import report_html
from hptc.results.gather import ReadOptions, read_results
from hptc.results.training_results import without_secret_values
from tests.support.browser import needs_chromium, open_browser, open_page, overflow
from tests.support.png_pixels import green_rows
from tests.support.tuned_jobs import END, SPEC, tuned

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.slow, needs_chromium, pytest.mark.xdist_group("browser")]
WIDTHS = (390, 1280)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of 100 training jobs."""
    tuning, name = tuned(SPEC, training_jobs=100, status="Completed")
    results = read_results(tuning, name, packaged(), options=ReadOptions(top=10), now=END)
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(report_html(without_secret_values(results)), "utf-8")
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as browser:
        yield browser


def opened(
    browser: Browser, report: Path, *, width: int, dark: bool = False
) -> tuple[Page, list[str]]:
    """The page, and everything that it asks for or complains about."""
    page = open_page(browser, width=width, dark=dark)
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url))
    page.on("console", lambda message: seen.append(message.text))
    page.on("pageerror", lambda error: seen.append(str(error)))
    page.goto(report.as_uri())
    return page, seen


@pytest.mark.parametrize("width", WIDTHS)
def test_it_fits_the_window_and_loads_nothing_else(
    browser: Browser, report: Path, width: int
) -> None:
    page, seen = opened(browser, report, width=width)
    assert overflow(page) == 0
    assert seen == [report.as_uri()]
    page.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_every_label_of_the_charts_is_drawn_inside_its_chart(
    browser: Browser, report: Path, width: int
) -> None:
    page, _ = opened(browser, report, width=width)
    labels = page.evaluate(
        """() => [...document.querySelectorAll("svg")].flatMap(chart => {
            const frame = chart.getBoundingClientRect();
            return [...chart.querySelectorAll("text")].map(text => {
                const box = text.getBoundingClientRect();
                return {
                    text: text.textContent, width: box.width, height: box.height,
                    out: Math.max(frame.left - box.left, box.right - frame.right,
                                  frame.top - box.top, box.bottom - frame.bottom),
                };
            });
        })"""
    )
    assert len(labels) > 30
    assert [label for label in labels if label["text"].strip() and not label["width"]] == []
    assert [label for label in labels if label["out"] > 2] == []
    page.close()


def test_a_wide_table_scrolls_in_its_own_box(browser: Browser, report: Path) -> None:
    page, _ = opened(browser, report, width=390)
    assert page.evaluate(
        """() => [...document.querySelectorAll("table")].some(table => {
            for (let box = table; box !== document.body; box = box.parentElement)
                if (box.scrollWidth > box.clientWidth + 1 &&
                    ["auto", "scroll"].includes(getComputedStyle(box).overflowX)) return true;
            return false;
        })"""
    )
    page.close()


def test_light_and_dark_are_readable(browser: Browser, report: Path) -> None:
    """The text of the page has a contrast of 4.5 to its ground, as WCAG 2.2 (1.4.3) asks."""
    for dark in (False, True):
        page, _ = opened(browser, report, width=1280, dark=dark)
        colors = page.evaluate(
            """() => {
                const ground = getComputedStyle(document.body).backgroundColor;
                return [...document.querySelectorAll("h1, h2, p, td, th, svg text")].map(each => {
                    const style = getComputedStyle(each);
                    return [each.namespaceURI.endsWith("svg") ? style.fill : style.color, ground];
                });
            }"""
        )
        pairs = {(text, ground) for text, ground in colors}
        assert {pair for pair in pairs if contrast(*pair) < 4.5} == set(), dark
        page.close()


def contrast(first: str, second: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio"""
    low, high = sorted(map(luminance, (first, second)))
    return (high + 0.05) / (low + 0.05)


def luminance(color: str) -> float:
    channels = [float(channel) / 255 for channel in color[color.index("(") + 1 : -1].split(",")[:3]]
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_letters_are_in_the_pixels(browser: Browser, report: Path) -> None:
    page, _ = opened(browser, report, width=1280)
    png = page.locator("h1").screenshot()
    height = int.from_bytes(png[20:24], "big")
    shades = {green for row in green_rows(png, count=height) for green in row}
    assert min(shades) < 80
    assert len(shades) > 20, "letters have smooth edges"
    page.close()


def test_it_prints(browser: Browser, report: Path) -> None:
    page, _ = opened(browser, report, width=1280)
    page.emulate_media(media="print", color_scheme="dark")
    ground = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert luminance(ground) > 0.9 or ground == "rgba(0, 0, 0, 0)"
    assert page.pdf(format="A4")[:5] == b"%PDF-"
    page.close()
