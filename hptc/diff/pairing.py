"""Pairs the specs of two versions of a project."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from hptc.compiler.outcome import Failed, Outcome
from hptc.diff.canonical_form import Form, canonical_form
from hptc.frozen import frozen

Pair = tuple[Outcome | None, Outcome | None]
"""The old and the new version of one spec; None in a version that does not have it."""

_PARTS = (
    "hyperparameters",
    "limits",
    "resources",
    "stopping",
    "spot",
    "algorithm",
    "inputs",
    "environment",
    "early_stopping",
    "warm_start",
    "tags",
)
"""The parts of a spec. One of them may change together with its name and file."""


def paired(old: Iterable[Outcome], new: Iterable[Outcome]) -> Iterator[Pair]:
    """Pair the specs of both versions by name, else by file, else by content.

    A spec with another name and file is the old one if at most one part of its content changed.
    """
    was, becomes = list(old), list(new)
    forms: dict[int, Form | None] = {}  # by outcome

    def form(outcome: Outcome) -> Form | None:
        if id(outcome) not in forms:
            forms[id(outcome)] = _content(outcome)
        return forms[id(outcome)]

    def without(part: str) -> Callable[[Outcome], object | None]:
        def rest(outcome: Outcome) -> object | None:
            content = form(outcome)
            return repr(_without_part(content, part)) if content else None

        return rest

    for key in (_name_and_file, _name, _file, *map(without, ("", *_PARTS))):
        if not was or not becomes:
            break
        before: dict[object, Outcome] = {}
        for outcome in was:
            if (value := key(outcome)) is not None:
                before.setdefault(value, outcome)
        matches = {id(outcome): before.pop(key(outcome), None) for outcome in becomes}
        yield from (
            (match, outcome) for outcome in becomes if (match := matches[id(outcome)]) is not None
        )
        gone = {id(match) for match in matches.values()}
        was = [outcome for outcome in was if id(outcome) not in gone]
        becomes = [outcome for outcome in becomes if matches[id(outcome)] is None]
    yield from ((outcome, None) for outcome in was)
    yield from ((None, outcome) for outcome in becomes)


@frozen
class LostSpec:
    """What happened to a spec whose name no spec of the new version has."""

    name: str = ""  # of the spec that it is now, if any
    unreadable: str = ""  # its file, if the name in it can't be read


def lost_specs(pairs: Iterable[Pair]) -> dict[str, LostSpec]:
    """The specs of the old version, by name, whose names the new version does not have."""
    all_pairs = list(pairs)
    names = {new.name for _, new in all_pairs if new is not None}
    return {
        old.name: LostSpec(
            name=new.name if new is not None else "",
            unreadable=new.file if new is not None and not new.name else "",
        )
        for old, new in all_pairs
        if old is not None and old.name and old.name not in names
    }


def _name_and_file(outcome: Outcome) -> object | None:
    return (outcome.name, outcome.file) if outcome.name else None


def _name(outcome: Outcome) -> object | None:
    """The spec's name, even if it does not compile; for a request, the name of its job."""
    return outcome.name or None


def _file(outcome: Outcome) -> object | None:
    return outcome.file


def _content(outcome: Outcome) -> Form | None:
    """The canonical form without the spec's name, which is part of the default output path."""
    if isinstance(outcome, Failed):
        return None
    return _without_name(canonical_form(outcome.request), f"/{outcome.name}/")


def _without_part(form: Form, part: str) -> Form:
    """A form without one of its parts, or without that of every training job."""
    rest = {key: value for key, value in form.items() if key != part}
    if "training_job" in rest:
        rest["training_job"] = {k: v for k, v in rest["training_job"].items() if k != part}
    if "training_jobs" in rest:
        rest["training_jobs"] = {
            name: {k: v for k, v in job.items() if k != part}
            for name, job in rest["training_jobs"].items()
        }
    return rest


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
