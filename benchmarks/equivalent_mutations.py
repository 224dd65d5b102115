"""Mutations that change no result, with the reasons: benchmarks/mutations.py leaves them out."""

from __future__ import annotations

EQUIVALENT: dict[tuple[str, str, str], str] = {}
"""The reason, by file, line without its indentation, and the text that the mutation puts there."""
