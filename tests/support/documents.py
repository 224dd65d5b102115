"""Documents and their data from text, for tests of what reads them."""

from __future__ import annotations

from typing import Any

from hptc.diagnostics import Diagnostic, Span
from hptc.source.construction import VerbatimKeys, construct_data
from hptc.source.document import Document, parse_document


def parsed(text: str) -> Document:
    """The document of a text without syntax errors."""
    document, diagnostics = parse_document(text, "file.yaml")
    assert diagnostics == []
    return document


def data(text: str, *, verbatim: VerbatimKeys | None = None) -> Any:
    """The data of a text without faults."""
    return constructed(parsed(text), verbatim=verbatim)


def constructed(document: Document, *, verbatim: VerbatimKeys | None = None) -> Any:
    """The data of a document without faults."""
    value, diagnostics = construct_data(document, verbatim=verbatim)
    assert diagnostics == []
    return value


def faults(text: str) -> list[Diagnostic]:
    """What parsing a text and constructing its data report."""
    document, diagnostics = parse_document(text, "file.yaml")
    return diagnostics or construct_data(document)[1]


def covered(text: str, span: Span) -> str:
    """The text that a span of one line covers."""
    assert span.line == span.end_line
    line = text.splitlines()[span.line - 1]
    assert span.source == line
    return line[span.column - 1 : span.end_column - 1]
