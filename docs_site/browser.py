"""An installed Chromium, without a window: for pictures of pages, and for their tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str | None:
    """The path of a Chromium on PATH; None if there is none."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start the Chromium on PATH. Raises FileNotFoundError if there is none."""
    from playwright.sync_api import sync_playwright

    path = chromium()
    if path is None:
        raise FileNotFoundError(f"no Chromium on PATH (looked for {', '.join(_NAMES)})")
    with sync_playwright() as playwright:
        # As root, as in a container, Chromium only starts without its sandbox.
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


def open_page(
    browser: Browser, *, width: int = 1280, height: int = 900, dark: bool = False, scale: float = 1
) -> Page:
    """Open an empty page of this size, with the light or the dark color scheme."""
    return browser.new_page(
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        device_scale_factor=scale,
        reduced_motion="reduce",
    )
