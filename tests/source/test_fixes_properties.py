"""Whatever a document looks like, a fix changes the paths that it names and nothing else."""

from __future__ import annotations

import copy
import json
import random
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hptc.diagnostics import Change, Fix, Path, Remove, Rename, SetValue
from hptc.source.construction import construct_data
from hptc.source.document import parse_document
from hptc.source.fixes import applied, text_edits

KEYS = ("a", "b", "c d", "é", "x:y", "1")
WORDS = ("text", "it's", 'say "so"', "0x1", "no", "1.0", "s3://b/{{ x }}", "", "a: b", "- #")


class Writer:
    """Writes data as YAML in forms that a person may choose."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.comments = 0

    def comment(self) -> str:
        if self.random.random() < 0.6:
            return ""
        self.comments += 1
        return f"  # note {self.comments}"

    def scalar(self, value: Any) -> str:
        if not isinstance(value, str):
            return json.dumps(value)
        if re.fullmatch(r"[a-z]+", value) and self.random.random() < 0.5:
            return value
        if self.random.random() < 0.5:
            return "'" + value.replace("'", "''") + "'"
        return json.dumps(value, ensure_ascii=False)

    def key(self, key: str) -> str:
        return key if re.fullmatch(r"[a-z é]+", key) else json.dumps(key, ensure_ascii=False)

    def flow(self, value: Any) -> str:
        match value:
            case dict():
                return (
                    "{"
                    + ", ".join(f"{self.key(k)}: {self.flow(v)}" for k, v in value.items())
                    + "}"
                )
            case list():
                return "[" + ", ".join(map(self.flow, value)) + "]"
        return self.scalar(value)

    def block(self, value: Any, indent: str) -> str:
        """The lines of a mapping or a list."""
        lines = []
        entries = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in entries:
            lead = f"{self.key(str(key))}:" if isinstance(value, dict) else "-"
            if self.random.random() < 0.2:
                lines.append(
                    f"{indent}#{self.comment()[3:]}\n" if self.random.random() < 0.5 else "\n"
                )
            if isinstance(inner, (dict, list)) and inner and self.random.random() < 0.6:
                lines.append(f"{indent}{lead}{self.comment()}\n{self.block(inner, indent + '  ')}")
            elif isinstance(inner, str) and re.fullmatch(r"[a-z]+", inner) and lead != "-":
                lines.append(f"{indent}{lead} |-\n{indent}  {inner}\n")
            else:
                lines.append(f"{indent}{lead} {self.flow(inner)}{self.comment()}\n")
        return "".join(lines)

    def document(self, data: Any) -> str:
        form = self.random.randrange(3)
        if form == 0:
            return json.dumps(data, indent=self.random.choice((None, 2)), ensure_ascii=False)
        if form == 1:
            return self.flow(data) + self.comment() + "\n"
        text = self.block(data, "")
        return text.replace("\n", "\r\n") if self.random.random() < 0.2 else text


scalars = st.sampled_from(WORDS) | st.integers(-5, 500) | st.booleans() | st.none()
values = st.recursive(
    scalars,
    lambda inner: (
        st.dictionaries(st.sampled_from(KEYS), inner, max_size=4) | st.lists(inner, max_size=3)
    ),
    max_leaves=12,
)
documents = st.dictionaries(st.sampled_from(KEYS), values, min_size=1, max_size=5)
new_values = st.sampled_from(WORDS) | st.integers(0, 9000) | st.booleans() | st.none()


def paths(value: Any, path: Path = ()) -> list[Path]:
    entries: Any = ()
    match value:
        case dict():
            entries = value.items()
        case list():
            entries = enumerate(value)
    return [
        path,
        *(inner_path for key, inner in entries for inner_path in paths(inner, (*path, key))),
    ]


def at(data: Any, path: Path) -> Any:
    for part in path:
        data = data[part]
    return data


def changed(data: Any, change: Change) -> Any:
    """The data after a change, or the data itself if it can't be made."""
    result = copy.deepcopy(data)
    owner, last = at(result, change.path[:-1]), change.path[-1]
    match change:
        case Remove():
            del owner[last]
        case Rename(name=name):
            owner[name] = owner.pop(last)
        case SetValue(value=value):
            owner[last] = value
    return result


def comments(text: str) -> set[str]:
    return set(re.findall(r"# note \d+", text))


def read(text: str) -> Any:
    document, faults = parse_document(text, "file.yaml")
    data, more = construct_data(document)
    assert not faults + more, (text, faults, more)
    return data


@st.composite
def cases(draw: st.DrawFn) -> tuple[Any, str, Change]:
    data = draw(documents)
    text = Writer(draw(st.integers(0, 10_000))).document(data)
    mappings = [path for path in paths(data) if isinstance(at(data, path), dict)]
    kind = draw(st.sampled_from(("set", "add", "remove", "rename")))
    if kind == "add":
        owner = draw(st.sampled_from(mappings))
        return data, text, SetValue(path=(*owner, "new"), value=draw(new_values))
    path = draw(st.sampled_from([path for path in paths(data) if path]))
    if kind == "set":
        return data, text, SetValue(path=path, value=draw(new_values))
    if kind == "rename" and isinstance(path[-1], str):
        return data, text, Rename(path=path, name="renamed")
    return data, text, Remove(path=path)


@given(cases())
def test_a_fix_changes_what_it_names(case: tuple[Any, str, Change]) -> None:
    data, text, change = case
    assert read(text) == data
    document, _ = parse_document(text, "file.yaml")
    edits = text_edits(Fix(changes=(change,)), document)
    if edits is None:
        return
    after = applied(text, edits)
    assert read(after) == changed(data, change)
    if not isinstance(change, Remove):
        assert comments(after) == comments(text)
    inside = {line for edit in edits for line in range(edit.line, edit.end_line + 1)}
    kept = [line for number, line in enumerate(text.split("\n")) if number not in inside]
    assert all(line in after.split("\n") for line in kept)


@pytest.mark.parametrize("seed", range(40))
def test_common_fixes_are_offered(seed: int) -> None:
    data = {"a": {"b": 1, "c": "it's"}, "d": [{"e": 2, "f": 3}, {"e": 4, "f": 5}], "g": 6}
    text = Writer(seed).document(data)
    document, _ = parse_document(text, "file.yaml")
    for change in (
        SetValue(path=("a", "b"), value=9),
        SetValue(path=("a", "new"), value="x"),
        SetValue(path=("d", 1, "new"), value=True),
        SetValue(path=("new",), value="x"),
        Remove(path=("a", "c")),
        Remove(path=("g",)),
        Rename(path=("a", "b"), name="z"),
    ):
        assert text_edits(Fix(changes=(change,)), document) is not None, (change, text)
