"""Turns the fixes of findings into edits of a file's text, for editors, SARIF and `check --fix`.

The edited text is read again: a fix that would change anything but the paths that it names has no
edits. Examples are an anchor that is used elsewhere, and a comment inside the text to replace.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Any

from hptc.diagnostics import Change, Diagnostic, Fix, Path, Remove, Rename, SetValue, new_text
from hptc.source.construction import construct_data
from hptc.source.document import Document, parse_document
from hptc.source.document_editor import DocumentEditor, NoEditError
from hptc.source.scalars import Scalar
from hptc.source.text_fixes import Edit, TextFix
from hptc.text import shortened

_MAX_TITLE_LENGTH = 200


def text_fixes(
    diagnostic: Diagnostic, document_of: Callable[[str], Document | None]
) -> Iterator[TextFix]:
    """The fixes of a finding as edits. `document_of` reads a file; None if it can't be read."""
    for fix in diagnostic.fixes:
        document = document_of(fix.file)
        edits = None if document is None else text_edits(fix, document)
        if edits is not None:
            yield TextFix(title=_title(fix), file=fix.file, edits=edits, is_safe=fix.is_safe)


def safe_edits(
    diagnostics: Iterable[Diagnostic], document: Document
) -> tuple[tuple[Edit, ...], int]:
    """The edits of the safe fixes of a document's findings, and the number of findings.

    At most one fix of a finding is applied. If fixes overlap, only the first one is applied.
    """
    edits: list[Edit] = []
    count = 0
    for diagnostic in diagnostics:
        fix = next((fix for fix in diagnostic.fixes if fix.is_safe), None)
        if fix is None or fix.file != document.file:
            continue
        own = text_edits(fix, document)
        if own and not overlap((*edits, *own)):
            edits += own
            count += 1
    return tuple(edits), count


def text_edits(fix: Fix, document: Document) -> tuple[Edit, ...] | None:
    """The edits of a document's text that make a fix's changes and no other; None if none do.

    They don't overlap, and are in the order of the file.
    """
    try:
        edits = _edits(fix.changes, document)
        expected, faults = construct_data(document, verbatim=True)
        for change in sorted(fix.changes, key=_last_index, reverse=True):
            _apply(change, expected)
    except (NoEditError, LookupError, TypeError, ValueError):
        return None
    if overlap(edits):
        return None
    text = applied(document.text, edits)
    edited, errors = parse_document(text, document.file)
    data, new_faults = construct_data(edited, verbatim=True)
    if errors or len(new_faults) > len(faults) or data != expected or text == document.text:
        return None
    return tuple(sorted(edits, key=_start))


def _title(fix: Fix) -> str:
    """What a fix does, as the name of an action: Change to `750`, Use `scaling: Linear`."""
    text = fix.title
    if not text:
        change = fix.changes[0]
        text = "remove it"
        if not isinstance(change, Remove) and new_text(change) != "null":
            text = f"change to `{new_text(change)}`"
    return shortened(text[:1].upper() + text[1:], _MAX_TITLE_LENGTH)


def _edits(changes: Iterable[Change], document: Document) -> list[Edit]:
    """The edits of each change. New keys of one mapping are one edit."""
    editor = DocumentEditor(document)
    edits: list[Edit] = []
    removed: dict[Path, list[str | int]] = {}
    added: dict[Path, list[SetValue]] = {}
    for change in changes:
        match change:
            case Remove(path=path):
                removed.setdefault(path[:-1], []).append(path[-1])
            case Rename(path=path, name=name):
                edits.append(editor.rename(path, name))
            case SetValue(path=path) if document.has(path):
                edits.append(editor.replace(change))
            case SetValue(path=path):
                added.setdefault(path[: document.depth_of(path)], []).append(change)
    edits += [edit for owner, keys in removed.items() for edit in editor.remove(owner, keys)]
    edits += [editor.add(owner, new) for owner, new in added.items()]
    return edits


def _last_index(change: Change) -> int:
    """The index of a removed list entry, else -1. The last entry goes first: indices shift."""
    last = change.path[-1]
    return last if isinstance(change, Remove) and isinstance(last, int) else -1


def _apply(change: Change, data: Any) -> None:
    """Make a change in plain data."""
    *above, last = change.path
    for key in above:
        if isinstance(data, dict):
            inner = data.get(key)
            if inner is None and isinstance(change, SetValue):
                inner = {}
            if isinstance(inner, (str, Scalar)) and isinstance(change, SetValue):
                inner = {change.short_for: inner}
            data[key] = inner
        data = data[key]
    match change:
        case Remove():
            del data[last]
        case Rename(name=name):
            data[name] = data.pop(last)
        case SetValue():
            data[last] = _value(change, data.get(last) if isinstance(data, dict) else data[last])


def _value(change: SetValue, old: Any) -> Any:
    """The value that a file has after a change. A number in quotes stays in quotes."""
    value, text = change.value, new_text(change)
    if change.is_number and not isinstance(old, str):
        return Scalar(text=text, value=float(text))
    if isinstance(value, int):
        return Scalar(text=text, value=value)
    return value


def overlap(edits: Iterable[Edit]) -> bool:
    """Whether two edits change the same text, or start at the same place."""
    in_order = sorted(edits, key=_start)
    return any(
        _end(edit) > _start(following) or _start(edit) == _start(following)
        for edit, following in pairwise(in_order)
    )


def applied(text: str, edits: Iterable[Edit]) -> str:
    """A text after edits that don't overlap."""
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    parts, done = [], 0
    for edit in sorted(edits, key=_start):
        start, end = starts[edit.line] + edit.column, starts[edit.end_line] + edit.end_column
        parts += [text[done:start], edit.text]
        done = end
    return "".join((*parts, text[done:]))


def _start(edit: Edit) -> tuple[int, int]:
    return edit.line, edit.column


def _end(edit: Edit) -> tuple[int, int]:
    return edit.end_line, edit.end_column
