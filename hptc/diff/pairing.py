"""Pairs the specs of two versions of a project."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hptc.compiler.outcome import Failed, Outcome
from hptc.diff.canonical_form import Form, canonical_form


def paired(
    old: Iterable[Outcome], new: Iterable[Outcome]
) -> Iterator[tuple[Outcome | None, Outcome | None]]:
    """Pair the specs of both versions by name, else by file, else by content."""
    was, becomes = list(old), list(new)
    for key in (_name_and_file, _name, _file, _content):
        before: dict[object, Outcome] = {}
        for one in was:
            if (value := key(one)) is not None:
                before.setdefault(value, one)
        matches = {id(one): before.pop(key(one), None) for one in becomes}
        yield from ((match, one) for one in becomes if (match := matches[id(one)]) is not None)
        gone = {id(match) for match in matches.values()}
        was = [one for one in was if id(one) not in gone]
        becomes = [one for one in becomes if matches[id(one)] is None]
    yield from ((one, None) for one in was)
    yield from ((None, one) for one in becomes)


def _name_and_file(one: Outcome) -> object | None:
    return (one.name, one.file) if one.name else None


def _name(one: Outcome) -> object | None:
    """The spec's name, even if it does not compile; for a request, the name of its job."""
    return one.name or None


def _file(one: Outcome) -> object | None:
    return one.file


def _content(one: Outcome) -> object | None:
    """The canonical form without the spec's name, which is part of the default output path."""
    if isinstance(one, Failed):
        return None
    return repr(_without_name(canonical_form(one.request), f"/{one.name}/"))


def _without_name(value: Form, ending: str) -> Form:
    result: Form = {}
    for key in sorted(value):
        inner = value[key]
        if isinstance(inner, dict):
            inner = _without_name(inner, ending)
        elif key == "s3_output_path" and str(inner).endswith(ending):
            inner = str(inner).removesuffix(ending)
        result[key] = inner
    return result
