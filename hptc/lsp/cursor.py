"""Where the cursor is in a text that is being typed, and so is rarely valid YAML."""

from __future__ import annotations

import re
from collections.abc import Iterator

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from hptc.diagnostics import Path
from hptc.frozen import frozen
from hptc.source.document import Document, parse_document
from hptc.source.hidden_text import split_lines

_WORD = re.compile(r"[\w.:/@-]*\Z")
_REST = re.compile(r"[\w./@-]*")
_TEMPLATE = re.compile(r"\{\{\s*(\w*)\Z")
_MARKER = "hptcCursor"


@frozen
class Cursor:
    """A word that is being typed: `path` is the key's, or the value's if not `is_key`.

    `document` is the text with a marker in place of the word.
    """

    path: Path
    is_key: bool
    is_followed_by_colon: bool
    line: int
    start: int  # the first column of the word, from 0
    end: int
    document: Document


def template_start(text: str, line: int, column: int) -> int | None:
    """The column where a name in `{{ name` starts; None outside of a template."""
    lines = split_lines(text)
    opened = _TEMPLATE.search(lines[line][:column]) if line < len(lines) else None
    return None if opened is None else opened.start(1)


def cursor_at(text: str, file: str, line: int, column: int) -> Cursor | None:
    """The word at a place; None if nothing can be typed there, as in a comment.

    A marker takes the word's place in the text, as a key or as a value. If the rest of the text is
    not YAML either, only the part above counts.
    """
    lines = split_lines(text)
    if line >= len(lines):
        return None
    before, after = lines[line][:column], lines[line][column:]
    word = _WORD.search(before)
    start = word.start() if word else column
    rest = _REST.match(after)
    end = column + (rest.end() if rest else 0)
    tail = lines[line][end:]
    has_colon = tail.startswith(":")
    for marked in _marked(lines[line][:start], tail):
        for following in (lines[line + 1 :], []):
            candidate = "\n".join([*lines[:line], marked, *following])
            document, faults = parse_document(candidate, file)
            marker = None if faults else _find(document.root)
            if marker is not None:
                path, is_key = marker
                return Cursor(
                    path=path,
                    is_key=is_key,
                    is_followed_by_colon=has_colon,
                    line=line,
                    start=start,
                    end=end,
                    document=document,
                )
    return None


def _marked(head: str, tail: str) -> Iterator[str]:
    """The line with the marker: as a value after a colon, and otherwise first as a key."""
    as_value = f"{head}{_MARKER}{tail}"
    if tail.startswith(":"):
        yield as_value
        return
    as_key = f"{head}{_MARKER}: 0{tail}"
    is_value = head.rstrip().endswith((":", "[", '"', "'")) or head.rstrip().endswith("-")
    yield from (as_value, as_key) if is_value else (as_key, as_value)


def _find(root: Node | None) -> tuple[Path, bool] | None:
    """The path of the marker, and whether it is a key."""
    waiting: list[tuple[Path, Node | None]] = [((), root)]
    while waiting:
        path, node = waiting.pop()
        if isinstance(node, ScalarNode) and node.value == _MARKER:
            return path, False
        if isinstance(node, SequenceNode):
            waiting += [((*path, index), element) for index, element in enumerate(node.value)]
        elif isinstance(node, MappingNode):
            for key, value in node.value:
                if not isinstance(key, ScalarNode):
                    continue
                if key.value == _MARKER:
                    return (*path, _MARKER), True
                waiting.append(((*path, key.value), value))
    return None
