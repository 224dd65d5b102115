"""Edits of YAML or JSON text that change one key, value or entry, and nothing around it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

from hptc.diagnostics import Path, SetValue, new_text
from hptc.source.document import Document
from hptc.source.hidden_text import split_lines
from hptc.source.scalars import resolve_plain
from hptc.source.text_fixes import Edit
from hptc.source.yaml_nodes import PLAIN

_PLAIN = re.compile(r"[\w./][\w./+-]*(:[\w.+-]+)*")
"""Text that needs no quotes anywhere in YAML, unless it is a number or another constant."""


class NoEditError(Exception):
    """Raised if a change can't be made without losing something."""


def renamed(document: Document, path: Path, name: str) -> Edit:
    """The edit that gives a key another name."""
    owner = _node(document, path[:-1])
    if not isinstance(owner, MappingNode):
        raise NoEditError
    key, _ = document.entries_of(owner)[str(path[-1])]
    return _written_over(document, key, name, is_number=False)


def replaced(document: Document, change: SetValue) -> Edit:
    """The edit that replaces a value."""
    node = _node(document, change.path)
    if isinstance(node, ScalarNode):
        if isinstance(change.value, str):
            return _written_over(document, node, change.value, is_number=change.is_number)
        return _between(document, node, node, new_text(change))
    owner = _node(document, change.path[:-1])
    if isinstance(node, CollectionNode) and node.flow_style:
        return _between(document, node, node, _text_of(change, is_json=_is_json(document, owner)))
    if not isinstance(owner, MappingNode):
        raise NoEditError
    key, _ = document.entries_of(owner)[str(change.path[-1])]
    return _after_key(document, key, node, _text_of(change, is_json=False))


def removed(document: Document, path: Path, keys: Sequence[str | int]) -> list[Edit]:
    """The edits that remove keys of a mapping with their values, or entries of a list."""
    owner = _node(document, path)
    if not isinstance(owner, CollectionNode):
        raise NoEditError
    entries = list(_bounds(owner))
    names = (
        [key.value for key, _ in entries]
        if isinstance(owner, MappingNode)
        else [*range(len(entries))]
    )
    indices = sorted({names.index(key) for key in keys})
    if len(indices) == len(entries):
        return [_emptied(document, owner, path)]
    if owner.flow_style:
        return _from_flow(entries, indices)
    lines = split_lines(document.text)
    return [_from_block(entries, index, lines) for index in indices]


def added(document: Document, path: Path, keys: Mapping[str | int, Any]) -> Edit:
    """The edit that adds keys to a mapping. A value is a SetValue, or a mapping of further keys.

    A plain value in place of the mapping becomes the value of its `short_for` key.
    """
    owner = _node(document, path)
    if isinstance(owner, ScalarNode):
        return _nested(document, owner, keys)
    if not isinstance(owner, MappingNode):
        raise NoEditError
    is_json = _is_json(document, owner)
    pairs = [_pair(str(key), value, is_json=is_json) for key, value in keys.items()]
    lines = split_lines(document.text)
    if owner.flow_style and not owner.value:
        start = owner.start_mark
        if lines[start.line][start.column : start.column + 1] != "{":
            raise NoEditError
        return _inserted(start.line, start.column + 1, ", ".join(pairs))
    key, last = owner.value[-1]
    before = lines[key.start_mark.line][: key.start_mark.column]
    if owner.flow_style:
        end = last.end_mark
        separator = _line_break(document) + before if not before.strip() else " "
        return _inserted(end.line, end.column, "".join(f",{separator}{pair}" for pair in pairs))
    line = _last_line(last, lines)
    indent = " " * owner.value[0][0].start_mark.column
    text = "".join(f"{_line_break(document)}{indent}{pair}" for pair in pairs)
    return _inserted(line, len(lines[line]), text)


def _node(document: Document, path: Path) -> Node:
    """The node at a path that only this path has, so that an edit of it changes nothing else."""
    shared = _shared(document)
    for length in range(len(path) + 1):
        node = document.node_at(path[:length])
        if node is None or id(node) in shared:
            raise NoEditError
    return node  # type: ignore[return-value]


def _shared(document: Document) -> set[int]:
    """The nodes that have aliases."""
    seen: set[int] = set()
    shared: set[int] = set()
    waiting = [document.root]
    while waiting:
        node = waiting.pop()
        if node is None:
            continue
        if id(node) in seen:
            shared.add(id(node))
            continue
        seen.add(id(node))
        if isinstance(node, CollectionNode):
            for entry in node.value:
                waiting += entry if isinstance(entry, tuple) else (entry,)
    return shared


def _written_over(document: Document, node: Node, text: str, *, is_number: bool) -> Edit:
    """The edit that replaces a scalar and keeps its style of quotes."""
    match _quote(document, node):
        case '"':
            written = json.dumps(text, ensure_ascii=False)
        case "'" if text.isprintable():
            written = "'" + text.replace("'", "''") + "'"
        case "":
            written = text if is_number else _string(text)
        case _:
            raise NoEditError
    return _between(document, node, node, written)


def _quote(document: Document, node: Node) -> str:
    """The quote that a scalar starts with; empty for a plain one."""
    first = _source(document, node, node)[:1]
    if node.tag is PLAIN and first not in ("&", "!"):
        return ""
    return first or "?"


def _string(text: str) -> str:
    """A string as YAML, without quotes if it is a word."""
    if _PLAIN.fullmatch(text) and resolve_plain(text) == text:
        return text
    if text.isprintable() and ("\\" in text or '"' in text):
        return "'" + text.replace("'", "''") + "'"
    return json.dumps(text, ensure_ascii=False)


def _text_of(value: Any, *, is_json: bool) -> str:
    """A new value as text: that of a change, or a mapping of keys in braces."""
    if isinstance(value, Mapping):
        pairs = (_pair(str(key), inner, is_json=is_json) for key, inner in value.items())
        return f"{{{', '.join(pairs)}}}"
    text = new_text(value)
    if not isinstance(value.value, str) or value.is_number:
        return text
    return json.dumps(text, ensure_ascii=False) if is_json else _string(text)


def _pair(key: str, value: Any, *, is_json: bool) -> str:
    name = json.dumps(key, ensure_ascii=False) if is_json else _string(key)
    return f"{name}: {_text_of(value, is_json=is_json)}"


def _is_json(document: Document, owner: Node) -> bool:
    """Whether a mapping is written as JSON: in braces, with each key in double quotes."""
    if not isinstance(owner, MappingNode) or not owner.flow_style:
        return False
    keys = [key for key, _ in owner.value]
    if not keys:
        return document.text.lstrip().startswith("{")
    return all(_quote(document, key) == '"' for key in keys)


def _nested(document: Document, node: ScalarNode, keys: Mapping[str | int, Any]) -> Edit:
    """The edit that turns a plain or missing value into a mapping."""
    old = _source(document, node, node)
    pairs = [_pair(str(key), value, is_json=False) for key, value in keys.items()]
    if node.tag is PLAIN and resolve_plain(node.value) is None:
        space = "" if old else " "
        return _between(document, node, node, f"{space}{{{', '.join(pairs)}}}")
    short_for = next((v.short_for for v in keys.values() if isinstance(v, SetValue)), "")
    if not short_for or (old[:1] not in ("'", '"') and _quote(document, node) != ""):
        raise NoEditError
    written = old if old[:1] in ("'", '"') else json.dumps(node.value, ensure_ascii=False)
    text = f"{{{', '.join((f'{short_for}: {written}', *pairs))}}}"
    return _between(document, node, node, text)


def _between(document: Document, first: Node, last: Node, text: str) -> Edit:
    """The edit that replaces `first` to `last`. Raises NoEditError if it contains a comment."""
    start, end = first.start_mark, last.end_mark
    source = _source(document, first, last)
    if source[:1] in ("&", "!", "*", "|", ">") or (first is last and _has_comment(last, document)):
        raise NoEditError
    return Edit(
        line=start.line, column=start.column, end_line=end.line, end_column=end.column, text=text
    )


def _after_key(document: Document, key: Node, value: Node, text: str) -> Edit:
    """The edit that replaces the block after a key. Raises NoEditError if it has a comment."""
    lines = split_lines(document.text)
    last = _last_line(value, lines)
    if _has_comment(value, document, key=key):
        raise NoEditError
    start = key.end_mark
    return Edit(
        line=start.line, column=start.column, end_line=last, end_column=len(lines[last]),
        text=f": {text}",
    )  # fmt: skip


def _has_comment(node: Node, document: Document, *, key: Node | None = None) -> bool:
    """Whether the text of a collection may have a comment, or an anchor or a tag."""
    if not isinstance(node, CollectionNode):
        return False
    return re.search(r"(^|\s)[#&!]", _source(document, key or node, node)) is not None


def _emptied(document: Document, owner: CollectionNode, path: Path) -> Edit:
    """The edit that removes the only entry of a mapping. A list is not left empty."""
    if not isinstance(owner, MappingNode) or not path:
        raise NoEditError
    if owner.flow_style:
        return _between(document, owner, owner, "{}")
    parent = _node(document, path[:-1])
    if not isinstance(parent, MappingNode):
        raise NoEditError
    key, _ = document.entries_of(parent)[str(path[-1])]
    return _after_key(document, key, owner, "{}")


def _source(document: Document, first: Node, last: Node) -> str:
    lines = split_lines(document.text)
    start, end = first.start_mark, last.end_mark
    if start.line == end.line:
        return lines[start.line][start.column : end.column]
    inner = lines[start.line + 1 : end.line]
    return "\n".join((lines[start.line][start.column :], *inner, lines[end.line][: end.column]))


def _inserted(line: int, column: int, text: str) -> Edit:
    return Edit(line=line, column=column, end_line=line, end_column=column, text=text)


def _line_break(document: Document) -> str:
    return "\r\n" if "\r\n" in document.text else "\n"


def _bounds(owner: Node) -> Iterator[tuple[Node, Node]]:
    """The first and the last node of each entry."""
    match owner:
        case MappingNode():
            yield from owner.value
        case SequenceNode():
            yield from ((each, each) for each in owner.value)


def _from_flow(entries: list[tuple[Node, Node]], indices: list[int]) -> list[Edit]:
    """The edits that remove entries, each with the comma after it; the last ones, before it."""
    tail = len(entries)
    while tail - 1 in indices:
        tail -= 1
    marks = [
        (entries[index][0].start_mark, entries[index + 1][0].start_mark)
        for index in indices
        if index < tail
    ]
    if tail < len(entries):
        marks.append((entries[tail - 1][1].end_mark, entries[-1][1].end_mark))
    return [
        Edit(
            line=start.line, column=start.column, end_line=end.line, end_column=end.column, text=""
        )
        for start, end in marks
    ]


def _from_block(entries: list[tuple[Node, Node]], index: int, lines: list[str]) -> Edit:
    """The edit that removes an entry's lines. After a dash, the next key moves to its place."""
    first, last = entries[index]
    start, end = first.start_mark.line, _last_line(last, lines)
    before = lines[start][: first.start_mark.column]
    if re.fullmatch(r"\s*" if first is not last else r"\s*-\s+", before) is None:
        following = entries[index + 1][0].start_mark if index + 1 < len(entries) else None
        if following is None or following.line != end + 1 or not before.strip().endswith("-"):
            raise NoEditError
        return Edit(
            line=start, column=first.start_mark.column, end_line=following.line,
            end_column=following.column, text="",
        )  # fmt: skip
    if end + 1 == len(lines):  # the last line has no line break
        return Edit(
            line=start - 1,
            column=len(lines[start - 1]),
            end_line=end,
            end_column=len(lines[end]),
            text="",
        )
    return Edit(line=start, column=0, end_line=end + 1, end_column=0, text="")


def _last_line(last: Node, lines: list[str]) -> int:
    """The last line of an entry in a block, without blank lines and comments after it."""
    start, end = last.start_mark.line, last.end_mark.line
    if end >= len(lines) or not lines[end][: last.end_mark.column].strip():
        end -= 1  # a block ends where the next token starts
    is_text = isinstance(last, ScalarNode)
    while end > start and (
        not lines[end].strip() or (not is_text and lines[end].lstrip().startswith("#"))
    ):
        end -= 1
    return max(start, end)
