"""The comment on a pull request: the real Markdown of docs/review.md, as GitHub shows it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from docs_site.browser import open_page
from docs_site.png import with_palette, with_source

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_PAGE = Path(__file__).parents[1] / "docs" / "review.md"
_WIDTH = 860
_VERDICTS = {"🔴": "#d1242f", "🟡": "#dbab0a", "🟢": "#1a7f37"}
"""The emoji of verdicts, drawn as GitHub shows them: a machine may have no font with them."""
_STYLE = """
body { margin: 0; padding: 16px; background: #f6f8fa; color: #1f2328;
  font: 14px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif; }
.comment { background: #fff; border: 1px solid #d1d9e0; border-radius: 6px; overflow: hidden; }
.head { background: #f6f8fa; border-bottom: 1px solid #d1d9e0; padding: 8px 16px; color: #59636e; }
.head b { color: #1f2328; }
.head span { border: 1px solid #d1d9e0; border-radius: 2em; font-size: 12px; padding: 0 7px; }
.body { padding: 16px; }
.body > :first-child { margin-top: 0; }
.body > :last-child { margin-bottom: 0; }
code { background: #eff1f3; border-radius: 6px; padding: .2em .4em; font-size: 85%;
  font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
table { border-collapse: collapse; margin: 0 0 16px; }
th, td { border: 1px solid #d1d9e0; padding: 6px 13px; text-align: left; }
p { margin: 0 0 12px; }
ul { margin: 0 0 12px; padding-left: 2em; }
li { margin-top: 3px; }
i { border-radius: 50%; display: inline-block; height: .85em; width: .85em;
  vertical-align: -.06em; }
summary { margin-bottom: 10px; }
"""


def comment_page() -> str:
    """The comment as a page of HTML, with its details expanded."""
    from markdown_it import MarkdownIt

    block = re.search(r"^````markdown\n(.*?)^````$", _PAGE.read_text("utf-8"), re.DOTALL | re.M)
    if block is None:
        raise ValueError(f"{_PAGE} has no comment")
    body = MarkdownIt("commonmark", {"html": True}).enable("table").render(block[1])
    body = body.replace("<details>", "<details open>")
    for emoji, color in _VERDICTS.items():
        body = body.replace(emoji, f'<i style="background: {color}"></i>')
    head = "<b>hptc</b> <span>bot</span> commented on this pull request"
    return (
        f'<!doctype html><meta charset="utf-8"><style>{_STYLE}</style>'
        f'<div class="comment"><div class="head">{head}</div><div class="body">{body}</div></div>'
    )


def comment_picture(browser: Browser) -> bytes:
    """The comment as PNG, which says what it was made from."""
    html = comment_page()
    page = open_page(browser, width=_WIDTH, height=600, scale=1.5)
    page.set_content(html)
    return with_source(with_palette(page.screenshot(full_page=True)), html)
