"""GitHub's Markdown, rewritten for Python-Markdown, which mkdocs renders with.

The pages are written for GitHub, and the site has to show the same. The two differ in three ways
that the pages use: GitHub nests lists by the width of the marker, lets a list follow a paragraph
without a blank line, and takes several words after the fence of a code block.
"""

from __future__ import annotations

import re

_FENCE = re.compile(r"^(\s*)(`{3,}|~{3,})\s*([\w+-]*)(?:.*?( title=\"[^\"]*\"))?")
_ITEM = re.compile(r"^(\s*)([-*+]|\d{1,9}[.)])(\s+)(?=\S)")
_INDENT = 4
"""The spaces of one level in Python-Markdown."""


def to_python_markdown(text: str) -> str:
    """Rewrite a page; the rendered text is the same as on GitHub."""
    lines: list[str] = []
    widths: list[int] = []  # the column in which the text of each open list item starts
    fence = ""
    for line in text.split("\n"):
        if fence:
            if line.strip().startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
            lines.append(_reindented(line, widths))
            continue
        if not line.strip():
            lines.append("")
            continue
        item = _ITEM.match(line)
        indent = len(line) - len(line.lstrip())
        follows_text = bool(lines) and bool(lines[-1].strip())
        was_in_list = bool(widths)
        is_continued = item is None and follows_text and not indent
        while widths and indent < widths[-1] and not is_continued:
            widths.pop()
        if item is not None:
            if follows_text and not was_in_list:
                lines.append("")
            lines.append(f"{' ' * _INDENT * len(widths)}{item[2]} {line[item.end() :]}")
            widths.append(item.end())
            continue
        if opening := _FENCE.match(line):
            fence = opening[2]
            line = f"{opening[1]}{opening[2]}{opening[3]}{opening[4] or ''}"
        lines.append(_reindented(line, widths))
    return "\n".join(lines)


def _reindented(line: str, widths: list[int]) -> str:
    if not widths or not line.strip():
        return line
    indent = len(line) - len(line.lstrip())
    return f"{' ' * _INDENT * len(widths)}{line[min(indent, widths[-1]) :]}"
