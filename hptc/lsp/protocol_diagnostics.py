"""Findings of hptc as diagnostics of the protocol."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from lsprotocol import types
from pygls.workspace import PositionCodec

from hptc.diagnostics import Diagnostic
from hptc.lsp.positions import range_of
from hptc.text import printable

SOURCE = "hptc"


def to_protocol(
    diagnostic: Diagnostic,
    lines: Sequence[str],
    codec: PositionCodec,
    place_of: Callable[[str], tuple[str, Sequence[str]]],
) -> types.Diagnostic:
    """A finding as the client shows it. `place_of` gives the URI and the lines of a file.

    There is no `codeDescription`, because the rules have no URL; hovering shows a rule's page.
    """
    texts = (diagnostic.full_message, diagnostic.label, diagnostic.help)
    related = []
    for other in diagnostic.related:
        uri, other_lines = place_of(other.span.file)
        place = types.Location(uri=uri, range=range_of(other.span, other_lines, codec))
        related.append(types.DiagnosticRelatedInformation(place, printable(other.message)))
    return types.Diagnostic(
        range=range_of(diagnostic.span, lines, codec),
        message="\n".join(printable(text) for text in texts if text),
        severity=(
            types.DiagnosticSeverity.Error
            if diagnostic.is_error
            else types.DiagnosticSeverity.Warning
        ),
        code=diagnostic.code or None,
        source=SOURCE,
        related_information=related or None,
    )


def uri_of(path: Path) -> str:
    """The URI of a file that is not open."""
    return path.as_uri()
