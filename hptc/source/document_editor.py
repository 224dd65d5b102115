"""Edits of a YAML or JSON document that change one key, value or entry, and nothing around it.

An edit replaces a range of the text between the marks of nodes, so that comments, quotes and line
breaks stay as the author wrote them. If that is impossible, there is no edit: NoEditError.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode

from hptc.diagnostics import Path, SetValue, new_text
from hptc.source.document import Document
from hptc.source.hidden_text import split_lines
from hptc.source.new_values import (
    WriteString,
    in_braces,
    json_string,
    pairs,
    single_quoted,
    value_text,
    yaml_string,
)
from hptc.source.scalars import resolve_plain
from hptc.source.text_fixes import Edit
from hptc.source.yaml_nodes import PLAIN


class NoEditError(Exception):
    """Raised if a change can't be made without losing something."""


class _Position(NamedTuple):
    """A position in the text. Lines and columns count from 0."""

    line: int
    column: int


class _Entry(NamedTuple):
    """An entry of a collection: a key and its value; in a list, the same node twice."""

    first: Node
    last: Node


class DocumentEditor:
    """Makes edits of one document. Every method raises NoEditError if the edit is impossible."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._lines = split_lines(document.text)
        self._line_break = "\r\n" if "\r\n" in document.text else "\n"

    def rename(self, path: Path, name: str) -> Edit:
        """Give a key another name."""
        return self._overwrite(self._entry_at(path).first, name, yaml_string(name))

    def replace(self, change: SetValue) -> Edit:
        """Replace a value."""
        node = self._node(change.path)
        if isinstance(node, ScalarNode):
            text = new_text(change)
            if not isinstance(change.value, str):
                return self._replace(node, text)
            return self._overwrite(node, text, text if change.is_number else yaml_string(text))
        if isinstance(node, CollectionNode) and node.flow_style:
            write_string = self._string_style(self._node(change.path[:-1]))
            return self._replace(node, value_text(change, write_string))
        return self._replace_block(self._entry_at(change.path), value_text(change, yaml_string))

    def remove(self, path: Path, keys: Sequence[str | int]) -> list[Edit]:
        """Remove keys of a mapping with their values, or entries of a list."""
        owner = self._node(path)
        if not isinstance(owner, CollectionNode):
            raise NoEditError
        entries = _entries(owner)
        names: list[str | int] = [*range(len(entries))]
        if isinstance(owner, MappingNode):
            names = [entry.first.value for entry in entries]
        indices = sorted({names.index(key) for key in keys})
        if len(indices) == len(entries):
            return [self._empty(owner, path)]
        if owner.flow_style:
            return _removed_from_flow(entries, indices)
        return [self._removed_from_block(entries, index) for index in indices]

    def add(self, path: Path, changes: Sequence[SetValue]) -> Edit:
        """Add the keys below `path` that changes set, and the mappings in between.

        A plain value in place of the mapping becomes the value of its `short_for` key.
        """
        owner = self._node(path)
        if isinstance(owner, ScalarNode):
            return self._expand(owner, path, changes)
        if not isinstance(owner, MappingNode):
            raise NoEditError
        added = pairs(changes, len(path), self._string_style(owner))
        if not owner.flow_style:
            return self._added_to_block(owner, added)
        if owner.value:
            return self._added_to_flow(owner, added)
        start = _start(owner)
        if self._lines[start.line][start.column : start.column + 1] != "{":
            raise NoEditError
        return _inserted(_Position(start.line, start.column + 1), ", ".join(added))

    def _node(self, path: Path) -> Node:
        node = self._document.node_at(path)
        if node is None:
            raise NoEditError
        return node

    def _entry_at(self, path: Path) -> _Entry:
        """The key and the value at a path."""
        owner = self._node(path[:-1]) if path else None
        if not isinstance(owner, MappingNode):
            raise NoEditError
        entry = self._document.entries_of(owner).get(str(path[-1]))
        if entry is None:
            raise NoEditError
        return _Entry(*entry)

    def _string_style(self, owner: Node) -> WriteString:
        """How strings are written in a mapping: as JSON if all of its keys are in double quotes."""
        if not isinstance(owner, MappingNode) or not owner.flow_style:
            return yaml_string
        if owner.value:
            is_json = all(self._quote(key) == '"' for key, _ in owner.value)
        else:
            is_json = self._document.text.lstrip().startswith("{")
        return json_string if is_json else yaml_string

    def _overwrite(self, node: Node, text: str, unquoted: str) -> Edit:
        """Replace a scalar, in the same quotes. `unquoted` takes the place of a plain one."""
        match self._quote(node):
            case '"':
                return self._replace(node, json_string(text))
            case "'" if text.isprintable():
                return self._replace(node, single_quoted(text))
            case "":
                return self._replace(node, unquoted)
        raise NoEditError

    def _quote(self, node: Node) -> str:
        """The quote that a scalar starts with; empty for a plain one."""
        first = self._source(_start(node), _end(node))[:1]
        if node.tag is PLAIN and first not in ("&", "!"):
            return ""
        return first or "?"

    def _replace(self, node: Node, text: str) -> Edit:
        """Replace a scalar or a collection in braces."""
        source = self._source(_start(node), _end(node))
        is_collection = isinstance(node, CollectionNode)
        if source[:1] in ("&", "!", "*", "|", ">") or (is_collection and _has_more(source)):
            raise NoEditError
        return _edit(_start(node), _end(node), text)

    def _replace_block(self, entry: _Entry, text: str) -> Edit:
        """Replace the block after a key."""
        key, value = entry
        if isinstance(value, CollectionNode) and _has_more(self._source(_start(key), _end(value))):
            raise NoEditError
        return _edit(_end(key), self._end_of_line(self._last_line(value)), f": {text}")

    def _expand(self, node: ScalarNode, path: Path, changes: Sequence[SetValue]) -> Edit:
        """Turn a plain or missing value into a mapping in braces."""
        source = self._source(_start(node), _end(node))
        added = pairs(changes, len(path), yaml_string)
        if node.tag is PLAIN and resolve_plain(node.value) is None:
            space = "" if source else " "
            return self._replace(node, space + in_braces(added))
        is_quoted = source[:1] in ("'", '"')
        direct = (change for change in changes if len(change.path) == len(path) + 1)
        short_for = next((change.short_for for change in direct), "")
        if not short_for or not (is_quoted or self._quote(node) == ""):
            raise NoEditError
        short_value = source if is_quoted else json_string(node.value)
        return self._replace(node, in_braces((f"{short_for}: {short_value}", *added)))

    def _empty(self, owner: CollectionNode, path: Path) -> Edit:
        """Remove the only entries of a mapping. A list is not left empty."""
        if not isinstance(owner, MappingNode) or not path:
            raise NoEditError
        if owner.flow_style:
            return self._replace(owner, "{}")
        return self._replace_block(self._entry_at(path), "{}")

    def _added_to_flow(self, owner: MappingNode, added: list[str]) -> Edit:
        """Add pairs to a mapping in braces: on lines of their own if its last pair has one."""
        key, value = owner.value[-1]
        before = self._lines[key.start_mark.line][: key.start_mark.column]
        separator = " " if before.strip() else self._line_break + before
        return _inserted(_end(value), "".join(f",{separator}{pair}" for pair in added))

    def _added_to_block(self, owner: MappingNode, added: list[str]) -> Edit:
        (first_key, _), (_, last_value) = owner.value[0], owner.value[-1]
        new_line = self._line_break + " " * _start(first_key).column
        position = self._end_of_line(self._last_line(last_value))
        return _inserted(position, "".join(f"{new_line}{pair}" for pair in added))

    def _removed_from_block(self, entries: list[_Entry], index: int) -> Edit:
        """Remove an entry's lines. After a dash, the next key moves to its place."""
        entry, is_pair = entries[index], entries[index].first is not entries[index].last
        start, last_line = _start(entry.first), self._last_line(entry.last)
        before = self._lines[start.line][: start.column]
        if re.fullmatch(r"\s*" if is_pair else r"\s*-\s+", before) is None:
            following = _start(entries[index + 1].first) if index + 1 < len(entries) else None
            is_after_dash = before.strip().endswith("-")
            if following is None or following.line != last_line + 1 or not is_after_dash:
                raise NoEditError
            return _edit(start, following, "")
        if last_line + 1 == len(self._lines):  # the last line has no line break
            return _edit(self._end_of_line(start.line - 1), self._end_of_line(last_line), "")
        return _edit(_Position(start.line, 0), _Position(last_line + 1, 0), "")

    def _last_line(self, node: Node) -> int:
        """The last line of a node in a block, without blank lines and comments after it."""
        start, (end, column) = _start(node).line, _end(node)
        if end >= len(self._lines) or not self._lines[end][:column].strip():
            end -= 1  # a block ends where the next token starts
        is_text = isinstance(node, ScalarNode)
        while end > start and (
            not self._lines[end].strip()
            or (not is_text and self._lines[end].lstrip().startswith("#"))
        ):
            end -= 1
        return max(start, end)

    def _end_of_line(self, line: int) -> _Position:
        return _Position(line, len(self._lines[line]))

    def _source(self, start: _Position, end: _Position) -> str:
        """The text between two positions."""
        first = self._lines[start.line]
        if start.line == end.line:
            return first[start.column : end.column]
        inner = self._lines[start.line + 1 : end.line]
        return "\n".join((first[start.column :], *inner, self._lines[end.line][: end.column]))


def _entries(owner: CollectionNode) -> list[_Entry]:
    if isinstance(owner, MappingNode):
        return [_Entry(key, value) for key, value in owner.value]
    return [_Entry(element, element) for element in owner.value]


def _has_more(source: str) -> bool:
    """Whether the text of a collection may have a comment, an anchor or a tag."""
    return re.search(r"(^|\s)[#&!]", source) is not None


def _removed_from_flow(entries: list[_Entry], indices: list[int]) -> list[Edit]:
    """Remove entries, each with the comma after it; the last ones, with the comma before it."""
    kept = len(entries)
    while kept - 1 in indices:
        kept -= 1
    edits = [
        _edit(_start(entries[index].first), _start(entries[index + 1].first), "")
        for index in indices
        if index < kept
    ]
    if kept < len(entries):
        edits.append(_edit(_end(entries[kept - 1].last), _end(entries[-1].last), ""))
    return edits


def _start(node: Node) -> _Position:
    return _Position(node.start_mark.line, node.start_mark.column)


def _end(node: Node) -> _Position:
    return _Position(node.end_mark.line, node.end_mark.column)


def _inserted(position: _Position, text: str) -> Edit:
    return _edit(position, position, text)


def _edit(start: _Position, end: _Position, text: str) -> Edit:
    return Edit(
        line=start.line,
        column=start.column,
        end_line=end.line,
        end_column=end.column,
        text=text,
    )
