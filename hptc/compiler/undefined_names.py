"""Checks the rest of a spec in which templates name variables that don't exist.

Outside of a project, or in the folder of another project, every template fails. That should not
hide errors in the other values, so a reference replaces each template. The rules don't run.
"""

from __future__ import annotations

from collections.abc import Iterable

from hptc.diagnostics import Diagnostic, Span, sort_key
from hptc.project.references import reference

UNDEFINED_NAME = "HPT006"
STAND_IN = "undefined"


def with_stand_ins(data: object) -> object:
    """The data of a spec with a reference in place of each text with a template."""
    match data:
        case dict():
            return {key: with_stand_ins(value) for key, value in data.items()}
        case list():
            return [with_stand_ins(value) for value in data]
        case str() if "{{" in data:
            return reference(STAND_IN)
        case _:
            return data


def with_errors(errors: Iterable[Diagnostic], rest: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """All diagnostics of a file, in order, without those that follow from an error's stand-in."""
    undefined = list(errors)
    places = {_start(error.span) for error in undefined}
    independent = [diagnostic for diagnostic in rest if _start(diagnostic.span) not in places]
    return tuple(sorted([*undefined, *independent], key=sort_key))


def _start(span: Span) -> tuple[str, int, int]:
    return span.file, span.line, span.column
