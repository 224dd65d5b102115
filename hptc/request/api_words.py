"""Rewrites a message for a file in the API's own form: the keys of a spec become API members.

Messages name keys in backquotes and in a spec's words: `vpc`, `limits.max_runtime`,
`strategy: Random`, `spot: {max_wait_time: 2h}`. The table of names says what each is in a request.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from typing import Any, NamedTuple

from hptc.diagnostics import Path
from hptc.request.names import (
    RANGE_LISTS,
    RANGE_MEMBERS,
    TABLE,
    Each,
    Group,
    Hyperparameters,
    Leaf,
    Named,
    Node,
)
from hptc.spec.spec_model import to_seconds

_CODE = r"`([^`\n]+)`"
_KEY = r"([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*)(:|: (.+))?"
_MEMBER = r"([a-z_0-9]+): ([^,{}]+)"
_HYPERPARAMETER = r"([A-Za-z][\w-]*): (\S+|\{.*\})"


class ApiWords:
    """Rewrites messages about one request. Words that the request contains, such as the name of a
    hyperparameter, are its author's and are never rewritten.
    """

    def __init__(self, request: Any) -> None:
        self._request = request

    def rewrite(self, text: str, path: Path, hyperparameters: tuple[str, ...] = ()) -> str:
        """A message about `path`, with the API's members instead of a spec's keys.

        A suggestion for a misspelled name is a name, not a key. So are the `hyperparameters` that
        the message names, although the request may not contain them.
        """
        if "`" not in text or text.startswith("did you mean"):
            return text
        place = tuple(part for part in path if isinstance(part, str))
        return re.sub(
            _CODE, lambda match: f"`{self._rewritten(match[1], place, hyperparameters)}`", text
        )

    def _rewritten(
        self, word: str, place: tuple[str, ...], hyperparameters: tuple[str, ...]
    ) -> str:
        match = re.fullmatch(_KEY, word)
        if match is not None and match[1] in hyperparameters:
            return _hyperparameter(word) or word
        is_setting = match is not None and match[1] in self._static and _is_setting(match[3])
        if match is not None and word not in self._written and not is_setting:
            keys = tuple(match[1].split("."))
            entry = _nearest_entry(keys, place)
            if entry is not None:
                return _translated(entry, keys, match[3])
        return _hyperparameter(word) or word

    @cached_property
    def _static(self) -> set[str]:
        """The names of static hyperparameters, some of which are keys of a spec too."""
        several = self._request.get("TrainingJobDefinitions")
        single = self._request.get("TrainingJobDefinition")
        return {
            name
            for definition in (single, *(several if isinstance(several, list) else ()))
            if isinstance(definition, dict)
            and isinstance(static := definition.get("StaticHyperParameters"), dict)
            for name in static
        }

    @cached_property
    def _written(self) -> set[str]:
        words: set[str] = set()
        _collect(self._request, words)
        return words


_FIRST_LEVEL = (
    "HyperParameterTuningJobConfig",
    "TrainingJobDefinition",
    "TrainingJobDefinitions",
)


class _Entry(NamedTuple):
    """A key of the spec language: its path, its member's path and what it becomes."""

    keys: tuple[str, ...]
    api: tuple[str, ...]
    above: tuple[str, ...]  # the path of the structure that the key's own member is in
    node: Node | None  # None for the type of a range, which becomes the list that the range is in


def _nearest_entry(keys: tuple[str, ...], place: tuple[str, ...]) -> _Entry | None:
    """The entry that the last of `keys` means at a place in the request."""
    entries = [entry for entry in _entries().get(keys[-1], ()) if entry.keys[-len(keys) :] == keys]
    return max(entries, key=lambda entry: _shared(entry.api, place), default=None)


def _shared(first: tuple[str, ...], second: tuple[str, ...]) -> int:
    """The number of leading members that two paths have in common."""
    count = 0
    for left, right in zip(first, second, strict=False):
        if left != right:
            break
        count += 1
    return count


@cache
def _entries() -> Mapping[str, list[_Entry]]:
    """The entries by their last key; the shorter paths first."""
    by_key: dict[str, list[_Entry]] = {}
    for entry in sorted(_walk(TABLE, (), ()), key=lambda entry: len(entry.keys)):
        by_key.setdefault(entry.keys[-1], []).append(entry)
    return by_key


def _walk(
    members: Mapping[str, Node], keys: tuple[str, ...], api: tuple[str, ...]
) -> Iterator[_Entry]:
    for key, node in members.items():
        here = (*keys, key)
        if isinstance(node, Hyperparameters):
            yield _Entry(here, (*api, node.static), api, Leaf(node.static))
            ranges = _joined(api, node.ranges)
            yield _Entry((*here, "type"), ranges, ranges, None)
            for name, member in RANGE_MEMBERS.items():
                yield _Entry((*here, name), (*ranges, member), ranges, Leaf(member))
            continue
        at = _joined(api, node.api)
        yield _Entry(here, at, () if node.api.startswith("/") else api, node)
        if isinstance(node, (Group, Named, Each)):
            yield from _walk(node.members, here, at)


def _joined(api: tuple[str, ...], member: str) -> tuple[str, ...]:
    if member.startswith("/"):
        return tuple(member[1:].split("."))
    return (*api, *member.split(".")) if member else api


def _translated(entry: _Entry, keys: tuple[str, ...], value: str | None) -> str:
    node = entry.node
    if node is None:
        return RANGE_LISTS.get(value or "", "…ParameterRanges")
    relative = entry.api[len(entry.above) :]
    if isinstance(node, Group) and node.turns_on is not None:
        return node.turns_on if value is None else f'"{node.turns_on}": true'
    if value is None:
        return ".".join(_below_root(entry.api)) if len(keys) > 1 else relative[-1]
    if isinstance(node, Group) and value.startswith("{"):
        inner = ", ".join(_pair(part, text) for part, text in _inner(node, value))
        return _pair(list(relative), f"{{{inner}}}")
    return _pair(list(relative), _json(relative[-1], value))


def _below_root(api: tuple[str, ...]) -> tuple[str, ...]:
    """A path without the structures of the request's first level, which contain nearly all."""
    return api[1:] if api[0] in _FIRST_LEVEL else api


def _inner(group: Group, value: str) -> Iterator[tuple[list[str], str]]:
    """The members and values of a mapping in one line: `{max_wait_time: 2h}`."""
    for key, text in re.findall(_MEMBER, value):
        node = group.members[key]
        if isinstance(node, Leaf):
            yield node.api.split("."), _json(node.api, text)


def _pair(members: list[str], value: str) -> str:
    """A member and its value as JSON: `"Autotune": {"Mode": "Enabled"}`."""
    *owners, last = members
    text = f'"{last}": {value}'
    for owner in reversed(owners):
        text = text if owner in _FIRST_LEVEL else f'"{owner}": {{{text}}}'
    return text


def _json(member: str, text: str) -> str:
    """A value of a spec as JSON. Durations become seconds; a placeholder stays."""
    if text == "…":
        return text
    if member.endswith("InSeconds"):
        return str(to_seconds(text))
    if member in RANGE_MEMBERS.values() or not re.fullmatch(r"true|false|\d+|\[.*\]", text):
        return json.dumps(text, ensure_ascii=False)
    return text


def _is_setting(value: str | None) -> bool:
    """Whether a hyperparameter can have a value: a static one, or a range."""
    return value is not None and (not value.startswith("{") or value.startswith("{type: "))


def _hyperparameter(word: str) -> str | None:
    """A static hyperparameter or a range as a request has it; None for any other text."""
    if word.startswith("{type: "):
        kind, pairs = _range(word)
        return f"{kind}` with `{{{', '.join(pairs)}}}" if kind else None
    match = re.fullmatch(_HYPERPARAMETER, word)
    if match is None:
        return None
    name, value = match.groups()
    if not value.startswith("{"):
        return f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}"
    kind, pairs = _range(value)
    if kind is None:
        return None
    members = ", ".join(['"Name": ' + json.dumps(name), *pairs])
    return f'"{kind}": [{{{members}}}]'


def _range(value: str) -> tuple[str | None, list[str]]:
    """The list that a range in a spec's words belongs to, and its members in the request."""
    members = dict(re.findall(_MEMBER, value))
    kind = RANGE_LISTS.get(members.pop("type", ""))
    known = [(RANGE_MEMBERS[key], text) for key, text in members.items() if key in RANGE_MEMBERS]
    return kind, [f'"{member}": {_json(member, text)}' for member, text in known]


def _collect(value: Any, words: set[str]) -> None:
    """Add every key and text in plain data to `words`."""
    match value:
        case str():
            words.add(value)
        case dict():
            for key, inner in value.items():
                words.add(key)
                _collect(inner, words)
        case list():
            for inner in value:
                _collect(inner, words)
