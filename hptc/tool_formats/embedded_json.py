"""JSON in a text of another file, such as the definition in a response, with the same limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hptc.source.construction import construct_data
from hptc.source.document import parse_document


def embedded_mapping(text: object) -> Mapping[str, Any] | None:
    """The mapping that a text is; None for anything else, and for more than a file may have."""
    if not isinstance(text, str):
        return None
    document, diagnostics = parse_document(text, "")
    if diagnostics:
        return None
    data, diagnostics = construct_data(document)
    return data if not diagnostics and isinstance(data, Mapping) else None
