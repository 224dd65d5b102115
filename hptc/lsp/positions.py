"""Between hptc's columns, which count characters, and a client's, which count UTF-16 units.

https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/#position
"""

from __future__ import annotations

from collections.abc import Sequence

from lsprotocol.types import Position, Range
from pygls.workspace import PositionCodec

from hptc.diagnostics import Span


def range_of(span: Span, lines: Sequence[str], codec: PositionCodec) -> Range:
    """The range of a span in a file's lines. Never empty on a line that has text."""
    start = position_of(span.line - 1, span.column - 1, lines, codec)
    end = position_of(span.end_line - 1, span.end_column - 1, lines, codec)
    return Range(start=start, end=end)


def position_of(line: int, column: int, lines: Sequence[str], codec: PositionCodec) -> Position:
    """The client's position of a line and column that count from 0, in characters."""
    text = lines[line] if line < len(lines) else ""
    return Position(line=line, character=codec.client_num_units(text[:column]))


def column_of(position: Position, lines: Sequence[str], codec: PositionCodec) -> int:
    """The column, in characters from 0, of a client's position."""
    text = lines[position.line] if position.line < len(lines) else ""
    units = 0
    for column, character in enumerate(text):
        if units >= position.character:
            return column
        units += codec.client_num_units(character)
    return len(text)


def contains(outer: Range, position: Position) -> bool:
    """Whether a position is in a range or at its end."""
    return outer.start <= position <= outer.end
