"""Edits of a file's text that resolve a finding, for editors, SARIF and `hptc check --fix`.

A finding has what was meant, the nearest value that is accepted, or that it can be removed; this
module finds the place in the text. Quotes, comments and everything else stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

from hptc.diagnostics import Diagnostic, Span
from hptc.frozen import frozen
from hptc.source.document import Document, parse_document
from hptc.source.hidden_text import split_lines

_WORD = re.compile(r"(?P<quote>[\"']?)(?P<word>[\w.:/-]+)(?P=quote)")
_PLAIN = re.compile(r"[\w.:/-]+")


@frozen
class Edit:
    """A text in the place of another one. Lines and columns count from 0; the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str


def replacement(found: Diagnostic) -> Edit | None:
    """What was meant, in the place of the word that the finding names; None if it has none."""
    written = _written(found.span)
    if written is None or written["word"] not in found.message:
        return None  # the span is of something around the word, such as a default
    return _replaced(found.span, written["quote"], found.replacement)


def accepted(found: Diagnostic) -> Edit | None:
    """The nearest accepted value in the place of the value; None if it has none."""
    written = _written(found.span)
    return None if written is None else _replaced(found.span, written["quote"], found.accepted)


def _written(span: Span) -> re.Match[str] | None:
    """The word of a span, perhaps in quotes."""
    if span.end_line != span.line:
        return None
    return _WORD.fullmatch(span.source[span.column - 1 : span.end_column - 1])


def _replaced(span: Span, quote: str, text: str) -> Edit | None:
    if not _PLAIN.fullmatch(text):
        return None
    return Edit(
        line=span.line - 1,
        column=span.column - 1,
        end_line=span.line - 1,
        end_column=span.end_column - 1,
        text=f"{quote}{text}{quote}",
    )


def removal(found: Diagnostic, document: Document) -> Edit | None:
    """The edit that removes the key of a finding with its value, or an entry of a list.

    None if the finding can't be resolved like this, or if nothing would be left around it.
    """
    if not found.is_removable:
        return None
    place = _entry_at(document, found.span)
    if place is None:
        return None
    owner, index = place
    entries = list(_bounds(owner))
    lines = split_lines(document.text)
    if len(entries) < 2:
        return None
    edit = (
        _from_flow(entries, index)
        if isinstance(owner, CollectionNode) and owner.flow_style
        else _from_block(entries, index, lines)
    )
    if edit is None or parse_document(applied(document.text, [edit]), document.file)[1]:
        return None  # such as an anchor that is used elsewhere
    return edit


def _entry_at(document: Document, span: Span) -> tuple[Node, int] | None:
    """The collection with the entry whose key or value is at a span, and the entry's index."""
    waiting = [document.root]
    seen: set[int] = set()
    while waiting:
        node = waiting.pop()
        if not isinstance(node, CollectionNode) or id(node) in seen:
            continue
        seen.add(id(node))
        for index, entry in enumerate(node.value):
            nodes = entry if isinstance(entry, tuple) else (entry,)
            if any(_is_at(document.span_of(each), span) for each in nodes):
                return node, index
            waiting += nodes
    return None


def _is_at(one: Span, other: Span) -> bool:
    return (one.line, one.column, one.end_line, one.end_column) == (
        other.line, other.column, other.end_line, other.end_column,
    )  # fmt: skip


def _bounds(owner: Node) -> Iterator[tuple[Node, Node]]:
    """The first and the last node of each entry."""
    match owner:
        case MappingNode():
            yield from owner.value
        case SequenceNode():
            yield from ((each, each) for each in owner.value)


def _from_flow(entries: list[tuple[Node, Node]], index: int) -> Edit:
    """Without the entry and the comma behind it, or before it if it is the last one."""
    first, last = entries[index]
    if index + 1 < len(entries):
        start, end = first.start_mark, entries[index + 1][0].start_mark
    else:
        start, end = entries[index - 1][1].end_mark, last.end_mark
    return Edit(
        line=start.line, column=start.column, end_line=end.line, end_column=end.column, text=""
    )


def _from_block(entries: list[tuple[Node, Node]], index: int, lines: list[str]) -> Edit | None:
    """Without the lines of the entry; None if one of them has something else, such as a dash."""
    first, last = entries[index]
    start, end = first.start_mark.line, last.end_mark.line
    before = lines[start][: first.start_mark.column]
    if re.fullmatch(r"\s*" if first is not last else r"\s*-\s+", before) is None:
        return None
    if not lines[end][: last.end_mark.column].strip():
        end -= 1  # a block ends where the next token starts
    is_text = isinstance(last, ScalarNode)
    while end > start and (
        not lines[end].strip() or (not is_text and lines[end].lstrip().startswith("#"))
    ):
        end -= 1
    if end + 1 == len(lines):  # the last line has no line break
        return Edit(
            line=start - 1,
            column=len(lines[start - 1]),
            end_line=end,
            end_column=len(lines[end]),
            text="",
        )
    return Edit(line=start, column=0, end_line=end + 1, end_column=0, text="")


def applied(text: str, edits: Iterable[Edit]) -> str:
    """A text after edits, of which the first of two that overlap counts."""
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    parts, done = [], 0
    for edit in sorted(edits, key=lambda edit: (edit.line, edit.column)):
        start, end = starts[edit.line] + edit.column, starts[edit.end_line] + edit.end_column
        if start < done:
            continue
        parts += [text[done:start], edit.text]
        done = end
    return "".join((*parts, text[done:]))
