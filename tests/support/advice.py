"""Follows the advice of a diagnostic literally, as an edit of the file's data.

The grammar is that of the rules' help and labels: "remove `key`", "add `key: value`", "must be 5 or
less", "did you mean `name`?", … Advice that needs judgment ("lower it") is not an edit.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hptc.diagnostics import Diagnostic
from hptc.source.document import Document
from hptc.source.scalars import Scalar
from tests.support.documents import constructed, parsed

Path = tuple[str | int, ...]

_PLACEHOLDERS = {
    "max_wait_time": "2h", "MaxWaitTimeInSeconds": "7200", "max_resource": "9", "MaxResource": "9",
    "s3_uri": "s3://example/data/", "S3Uri": '"s3://example/data/"',
    "metric_name": "loss", "MetricName": '"loss"',
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Edit:
    """One piece of advice and the data after each way to follow it, as close as possible first."""

    advice: str
    results: tuple[Any, ...]


def edits(diagnostic: Diagnostic, document: Document, data: Any) -> Iterator[Edit]:
    """Every piece of advice in a diagnostic that is an edit."""
    path, is_key = place(diagnostic, document, data)
    help = re.sub(r"(remove `[^`]+`) or `", r"\1, or remove `", diagnostic.help)
    for text in (diagnostic.label, *re.split(r"; |, or | or (?=remove|use|omit)", help)):
        results = tuple(_results(text, path, data, is_key=is_key))
        if results:
            yield Edit(text, results)


def _results(text: str, path: Path, data: Any, *, is_key: bool) -> Iterator[Any]:
    if match := re.fullmatch(r"must be (\d+)(?: seconds|[smhd])? or (?:less|more)", text):
        number = re.search(r"\d+[smhd]?", text)
        assert number is not None
        yield _put(data, path, _like(_at(data, path), number[0]))
    elif match := re.fullmatch(r"(?:must be|did you mean) `?([A-Z]\w+)`?\??", text):
        if not isinstance(_at(data, path), (dict, list)):
            yield _put(data, path, match[1])
    elif match := re.match(r"lower it to (\d+)", text):
        yield _put(data, path, Scalar(text=match[1], value=int(match[1])))
    elif (match := re.fullmatch(r"did you mean `([^`]+)`\?", text)) or (
        match := re.match(r"rename it(?:, for example)? to `([^`]+)`", text)
    ):
        yield _renamed(data, path, match[1], is_key=is_key)
    elif re.match(r"(?:remove|omit) (?:it|this)\b", text) and _exists(data, path):
        is_entry = len(path) > 1 and isinstance(path[-2], int) and len(_at(data, path[:-1])) == 1
        yield _removed(data, path[:-1] if is_entry else path)
    elif re.match(r"(?:remove|omit) `", text):
        result = data
        for name in re.findall(r"`([^`]+)`", text):
            result = _removed(result, (*_owner(result, path, name), name))
        yield result
    elif text == "swap `min` and `max`" or text == "swap `MinValue` and `MaxValue`":
        low, high = re.findall(r"`(\w+)`", text)
        owner = path[:-1]
        mine = _at(data, owner)
        yield _put(_put(data, (*owner, low), mine[high]), (*owner, high), mine[low])
    elif match := re.search(r"\b(?:add|set|use|write|static:) `([^`]+: [^`]+)`", text):
        snippet = _parsed(match[1])
        if text.endswith(" instead"):
            data, path = _removed(data, path), path[:-1]
        if inside := re.search(r" (?:to|under) `(\w+)`", text):
            yield _merged(data, _owner(data, path, inside[1]), {inside[1]: snippet})
            return
        for length in range(len(path), -1, -1):
            around = path[:length]
            if isinstance(_at(data, around), dict):
                yield _merged(data, around, snippet)


def _parsed(text: str) -> Any:
    """The mapping that a snippet stands for, with a value for each placeholder."""
    for key, value in _PLACEHOLDERS.items():
        text = re.sub(rf'({key}"?: )…', rf"\g<1>{value}", text)
    return load(f"{{{text}}}" if text.startswith('"') else text)[1]


def load(text: str) -> tuple[Document, Any]:
    """A document and its data, whose scalars keep their text."""
    document = parsed(text)
    return document, constructed(document)


def dump(value: Any) -> str:
    """Data as JSON, with each number as its author wrote it."""
    match value:
        case Scalar():
            return value.text
        case dict():
            inner = ",\n".join(
                f"{json.dumps(key)}: {dump(inner_value)}" for key, inner_value in value.items()
            )
            return f"{{\n{inner}\n}}"
        case list():
            return "[\n" + ",\n".join(map(dump, value)) + "\n]"
    return json.dumps(value, ensure_ascii=False)


def place(diagnostic: Diagnostic, document: Document, data: Any) -> tuple[Path, bool]:
    """The longest path that a diagnostic points at, and whether it points at the key."""
    at = (diagnostic.span.line, diagnostic.span.column)
    longest: tuple[Path, bool] = ((), False)
    for path in _paths(data, ()):
        for is_key in (True, False):
            span = document.span(path, key=is_key)
            if at == (span.line, span.column) and len(path) >= len(longest[0]):
                longest = path, is_key
    return longest


def _paths(value: Any, path: Path) -> Iterator[Path]:
    yield path
    items: Any = ()
    match value:
        case dict():
            items = value.items()
        case list():
            items = enumerate(value)
    for key, inner in items:
        yield from _paths(inner, (*path, key))


def _exists(data: Any, path: Path) -> bool:
    return path in set(_paths(data, ()))


def _at(data: Any, path: Path) -> Any:
    """The value at a path; None if an edit has removed it."""
    for part in path:
        data = data.get(part) if isinstance(data, dict) else data[part]
    return data


def _like(old: Any, text: str) -> Any:
    """A number as text if the old value is text: `"28d"` in a spec, and "5" as a range's bound."""
    if text[-1].isalpha() or (isinstance(old, str) and not old[-1:].isalpha()):
        return text
    return Scalar(text=text, value=int(text))


def _owner(data: Any, path: Path, key: str) -> Path:
    """The nearest mapping around `path` that has a key, or else the first in the file."""
    for length in range(len(path), -1, -1):
        here = _at(data, path[:length])
        if isinstance(here, dict) and here.get(key) is not None:
            return path[:length]
    owners = (path[:-1] for path in _paths(data, ()) if path[-1:] == (key,))
    return next(owners, ("TrainingJobDefinition",))


def _edited(data: Any, path: Path) -> tuple[Any, Any]:
    result = copy.deepcopy(data)
    return result, _at(result, path)


def _put(data: Any, path: Path, value: Any) -> Any:
    result, owner = _edited(data, path[:-1])
    owner[path[-1]] = value
    return result


def _removed(data: Any, path: Path) -> Any:
    result, owner = _edited(data, path[:-1])
    if "name" in data and isinstance(owner, dict):
        owner[path[-1]] = None  # a spec's own null removes what hptc.yaml sets
    else:
        del owner[path[-1]]
    return result


def _renamed(data: Any, path: Path, name: str, *, is_key: bool) -> Any:
    old = _at(data, path)
    if isinstance(old, str) and ".dkr.ecr." in old and "/" not in name:
        return _put(data, path, f"{old.rpartition(':')[0]}:{name}")  # only the tag
    if not is_key or isinstance(path[-1], int):
        return _put(data, (*path, "Name") if isinstance(_at(data, path), dict) else path, name)
    result, owner = _edited(data, path[:-1])
    items = [(name if key == path[-1] else key, value) for key, value in owner.items()]
    owner.clear()
    owner.update(items)
    return result


def _merged(data: Any, path: Path, snippet: Any) -> Any:
    result, owner = _edited(data, path)
    for key, value in snippet.items():
        old = owner.get(key)
        owner[key] = (
            {**old, **value} if isinstance(old, dict) and isinstance(value, dict) else value
        )
    return result
