"""YAML 1.2 as it is written: values, places, and everything that is refused with its place."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hptc.diagnostics import Diagnostic, Span
from hptc.diagnostics import Path as KeyPath
from hptc.errors import UsageError
from hptc.source.document import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_NODES,
    MAX_TEMPLATES,
    Document,
    Scalar,
    construct,
    decode,
    parse,
    read,
    resolve_plain,
)


def parsed(text: str) -> Document:
    document, diagnostics = parse(text, "file.yaml")
    assert diagnostics == []
    return document


def data(text: str) -> Any:
    value, diagnostics = construct(parsed(text))
    assert diagnostics == []
    return value


def faults(text: str) -> list[Diagnostic]:
    document, diagnostics = parse(text, "file.yaml")
    return diagnostics or construct(document)[1]


def covered(text: str, span: Span) -> str:
    """What a span of one line covers."""
    assert span.line == span.end_line
    line = text.splitlines()[span.line - 1]
    assert span.source == line
    return line[span.column - 1 : span.end_column - 1]


# Scalars: https://yaml.org/spec/1.2.2/#1032-tag-resolution

SCALARS: dict[str, Any] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None, "nULL": "nULL",
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
    "yes": "yes", "no": "no", "on": "on", "off": "off", "y": "y", "n": "n", "No": "No",
    "0": 0, "-0": 0, "+12": 12, "010": 10, "-7": -7, "0o17": 15, "0o8": "0o8", "0x1F": 31,
    "0xg": "0xg", "0x": "0x", "0b1": "0b1", "1_000": "1_000", "0x_1": "0x_1", "-0x1": "-0x1",
    "0.5": 0.5, ".5": 0.5, "1.": 1.0, "-.5": -0.5, "1e3": 1000.0, "1e-4": 1e-4, "1E+2": 100.0,
    "12e03": 12000.0, "1e": "1e", "e3": "e3", ".": ".", "-": "-", "1.2.3": "1.2.3", "+": "+",
    ".inf": float("inf"), "-.Inf": float("-inf"), "+.INF": float("inf"), ".iNF": ".iNF",
    "inf": "inf", "nan": "nan", "1:30": "1:30", "190:20:30": "190:20:30", "<<": "<<", "=": "=",
    "2026-11-20": "2026-11-20", "2001-12-14t21:59:43.10-05:00": "2001-12-14t21:59:43.10-05:00",
    "1 2": "1 2", "1e400": float("inf"), "\u0663": "\u0663", "1\u0661": "1\u0661",
}  # fmt: skip


@pytest.mark.parametrize(("text", "value"), SCALARS.items(), ids=[repr(text) for text in SCALARS])
def test_plain_scalar(text: str, value: Any) -> None:
    found = resolve_plain(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(("text", "value"), SCALARS.items(), ids=[repr(text) for text in SCALARS])
def test_plain_scalar_in_a_document(text: str, value: Any) -> None:
    if text == "-":
        text = "[-x]"  # a dash alone is an entry
        value = ["-x"]
    found = data(f"key: {text}\n")["key"]
    assert found == value
    assert type(found) is type(value)


def test_not_a_number_is_a_number() -> None:
    found = resolve_plain(".NaN")
    assert isinstance(found, float)
    assert math.isnan(found)


@pytest.mark.parametrize("text", ["9" * 257, "0." + "1" * 300, "-" + "1" * 400])
def test_a_number_without_bounds_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="characters; 256 is the most"):
        resolve_plain(text)
    (fault,) = faults(f"key: {text}\n")
    assert (fault.code, fault.span.line, fault.span.column) == ("HPT005", 1, 6)


@pytest.mark.parametrize("length", [256, 300])
def test_a_long_word_is_a_word(length: int) -> None:
    assert resolve_plain("-" * length) == "-" * length


QUOTED = {
    "single": ("'1e-4'", "1e-4"),
    "double": ('"no"', "no"),
    "quoted null": ('"null"', "null"),
    "escapes": (r'"\t\x41\u00e9\U0001F600"', "\tAé😀"),
    "single quote doubled": ("'it''s'", "it's"),
    "literal": ("|\n  a\n  b\n", "a\nb\n"),
    "literal, kept": ("|+\n  a\n\n", "a\n\n"),
    "literal number": ("|-\n  12\n", "12"),
    "folded": (">-\n  a\n  b\n", "a b"),
    "plain over lines": ("a\n  b\n", "a b"),
}


@pytest.mark.parametrize(("text", "value"), QUOTED.values(), ids=QUOTED)
def test_quoted_scalars_are_text(text: str, value: str) -> None:
    assert data(f"key: {text}")["key"] == value


VERBATIM = {
    "hyperparameters": "hyperparameters: {a: 1e-4}",
    "below": "training_job:\n  hyperparameters:\n    a: {min: 0.10}",
    "in a list": "hyperparameters: {a: {values: [1.0, 2]}}",
    "tags": "tags: {a: 010}",
    "environment": "environment: {a: true}",
    "version": "version: 1.10",
    "variables": "environments: {dev: {variables: {a: 1_0, b: 0x1F}}}",
    "account": "account: 012345678901",
}


@pytest.mark.parametrize("text", VERBATIM.values(), ids=VERBATIM)
def test_numbers_keep_their_text_where_it_counts(text: str) -> None:
    found: list[Scalar] = []

    def collect(value: Any) -> None:
        match value:
            case Scalar():
                found.append(value)
            case dict() | list():
                for inner in value.values() if isinstance(value, dict) else value:
                    collect(inner)

    collect(data(text))
    assert found
    for scalar in found:
        assert scalar.text in text
        assert scalar.value == resolve_plain(scalar.text)


def test_elsewhere_a_number_is_a_number() -> None:
    assert data("limits: {max: 010}\nname: 1.10\n") == {"limits": {"max": 10}, "name": 1.1}


# Places.

TEXT = """\
# a comment with é
name: x
flow: {a: 1, "b c": [10, 20], é: 😀 , z: end}
block:
  list:
    - first
    - key: value
      other: "quoted # text"
  empty:
"quoted key": 'v'
multi: |
  line
"""

FLOW = '{a: 1, "b c": [10, 20], é: 😀 , z: end}'
PLACES: dict[str, tuple[KeyPath, str, int]] = {
    "a value": (("name",), "x", 2),
    "in flow": (("flow", "a"), "1", 3),
    "under a quoted key": (("flow", "b c"), "[10, 20]", 3),
    "in a flow list": (("flow", "b c", 1), "20", 3),
    "after characters beyond ASCII": (("flow", "z"), "end", 3),
    "beyond the first plane": (("flow", "é"), "😀", 3),
    "a flow mapping": (("flow",), FLOW, 3),
    "a block list's item": (("block", "list", 0), "first", 6),
    "in a block list": (("block", "list", 1, "key"), "value", 7),
    "quotes included": (("block", "list", 1, "other"), '"quoted # text"', 8),
    "a block, by its first line": (("block", "list", 1), "key: value", 7),
    "what is not there, by what holds it": (("flow", "nothing", 3), FLOW, 3),
    "an index too far": (("flow", "b c", 9), "[10, 20]", 3),
    "below a scalar": (("name", "deeper"), "x", 2),
}  # fmt: skip


@pytest.mark.parametrize(("path", "text", "line"), PLACES.values(), ids=PLACES)
def test_span_of_a_value(path: KeyPath, text: str, line: int) -> None:
    span = parsed(TEXT).span(path)
    assert span.file == "file.yaml"
    assert (span.line, covered(TEXT, span)) == (line, text)


KEYS: dict[str, tuple[KeyPath, str]] = {
    "top": (("name",), "name"),
    "flow": (("flow", "a"), "a"),
    "quoted": (("flow", "b c"), '"b c"'),
    "block": (("block", "list"), "list"),
    "of an entry": (("block", "list", 1, "other"), "other"),
    "an item has none": (("block", "list", 0), "first"),
    "quoted top": (("quoted key",), '"quoted key"'),
}


@pytest.mark.parametrize(("path", "text"), KEYS.values(), ids=KEYS)
def test_span_of_a_key(path: KeyPath, text: str) -> None:
    assert covered(TEXT, parsed(TEXT).span(path, key=True)) == text


def test_span_of_a_multiline_scalar_starts_at_its_mark() -> None:
    span = parsed(TEXT).span(("multi",))
    assert (span.line, span.column, span.source) == (11, 8, "multi: |")


def test_span_of_an_empty_file() -> None:
    span = parsed("").span(("name",))
    assert (span.line, span.column, span.source) == (1, 1, "")


def test_lines_end_as_in_windows_or_not() -> None:
    document = parsed("a: 1\r\nb: {c: 2}\r\n")
    assert (document.span(("b", "c")).line, document.span(("b", "c")).column) == (2, 8)


def test_has_and_depth() -> None:
    document = parsed(TEXT)
    assert document.has(("block", "list", 1, "key"))
    assert not document.has(("block", "list", 2))
    assert document.depth_of(("block", "list", 2)) == 2
    assert document.depth_of(("nothing", "at", "all")) == 0


@pytest.mark.parametrize("text", [TEXT, "", "a: [", "a: 1\nb:\n  c: 2\n"])
def test_a_document_that_forgot_says_the_same(text: str) -> None:
    document, _ = parse(text, "spec.yaml")

    def said() -> tuple[object, ...]:
        paths: list[KeyPath] = [(), ("name",), ("a",), ("b", "c"), ("multi",)]
        return (
            document.top_level_keys(),
            [(document.span(p), document.span(p, key=True), document.has(p)) for p in paths],
            construct(document),
        )

    before = said()
    document.forget()
    assert said() == before


def test_construct_a_part() -> None:
    assert construct(parsed(TEXT), at=("flow", "b c")) == ([10, 20], [])
    assert construct(parsed(TEXT), at=("nothing",)) == (None, [])
    assert construct(parsed("tags: {a: 01}"), at=("tags", "a")) == (Scalar("01", 1), [])


# What is refused.

REFUSED = {
    "a tab": ("a:\n\t- 1\n", "HPT002", 2),
    "an open bracket": ("a: [1\nb: 2\n", "HPT002", 2),
    "an open quote": ('a: "x\n', "HPT002", 2),
    "a colon in a value": ("a: b: c\n", "HPT002", 1),
    "an undefined alias": ("a: *b\n", "HPT002", 1),
    "two documents": ("a: 1\n---\nb: 2\n", "HPT002", 2),
    "a control character": ("a: 1\nb: \x01\n", "HPT002", 2),
    "a NUL": ("a: \0\n", "HPT002", 1),
    "a control character after others": ("é: 😀\nb: é \x02\n", "HPT002", 2),
    "a bad escape": ('a: "\\q"\n', "HPT002", 1),
    "half a character": ('a: "\\ud83d"\n', "HPT002", 1),
    "a directive of another YAML": ("%YAML 3.0\n---\na: 1\n", "HPT002", 1),
    "twice": ("a: 1\nb: 2\na: 3\n", "HPT003", 3),
    "twice, one quoted": ("a: 1\n'a': 3\n", "HPT003", 2),
    "twice in flow": ("x: {k: 1, k: 2}\n", "HPT003", 1),
    "a merge key twice": ("a: &a {}\n<<: *a\n<<: *a\n", "HPT003", 3),
    "an alias in itself": ("a: &a [*a]\n", "HPT004", 1),
    "a mapping in itself": ("a: &a\n  b: *a\n", "HPT004", 1),
    "a tag": ("a: !!int 3\n", "HPT005", 1),
    "a tag on a mapping": ("a: !x {b: 1}\n", "HPT005", 1),
    "a tag that runs Python": ("a: !!python/object/apply:os.system [ls]\n", "HPT005", 1),
    "a tag on a key": ("!!binary aaaa: 1\n", "HPT005", 1),
    "a set": ("a: !!set {x, y}\n", "HPT005", 1),
    "a list as a key": ("? [1]\n: 2\n", "HPT005", 1),
    "a mapping as a key": ("{a: 1}: 2\n", "HPT005", 1),
    "too deep": ("a: " + "[" * 70 + "]" * 70 + "\n", "HPT002", 1),
    "too deep in blocks": ("".join(f"{'  ' * n}a:\n" for n in range(80)), "HPT002", 1),
}


@pytest.mark.parametrize(("text", "code", "line"), REFUSED.values(), ids=REFUSED)
def test_refused(text: str, code: str, line: int) -> None:
    found = faults(text)
    assert [fault.code for fault in found] == [code]
    assert found[0].span.line == line
    assert found[0].is_error
    assert "yaml" not in found[0].message


def test_depth_has_a_bound_and_no_less() -> None:
    at_most = "[" * MAX_DEPTH + "]" * MAX_DEPTH
    assert faults(at_most) == []
    assert [fault.code for fault in faults(f"[{at_most}]")] == ["HPT002"]


def test_a_duplicate_shows_both_places() -> None:
    text = "a: 1\nb: {x: 1,\n  y: 2, x: 3}\n"
    (fault,) = faults(text)
    assert covered(text, fault.span) == "x"
    (first,) = fault.related
    assert (fault.span.line, first.span.line, first.span.column) == (3, 2, 5)
    assert "`x`" in fault.message


def test_every_duplicate_is_found_and_the_first_value_kept() -> None:
    document = parsed("a: 1\na: 2\na: 3\nb: 4\n")
    value, found = construct(document)
    assert value == {"a": 1, "b": 4}
    assert [fault.span.line for fault in found] == [2, 3]


def test_an_alias_is_its_value() -> None:
    assert data("a: &x {b: [1]}\nc: *x\nd: [*x, *x]\n")["d"] == [{"b": [1]}] * 2


def test_an_alias_bomb_is_one_finding() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    (fault,) = faults("\n".join(lines))
    assert fault.code == "HPT004"
    assert f"{MAX_NODES:,}" in fault.message


def test_a_large_list_is_no_bomb() -> None:
    assert len(data("a: [" + "1," * (MAX_NODES - 10) + "]")["a"]) == MAX_NODES - 10


# JSON.

JSON = {
    "two escapes, one character": (r'{"a": "\ud83d\ude00"}', {"a": "😀"}),
    "several": (r'{"a": "x\uD83D\uDE00\u00e9\ud83d\ude01"}', {"a": "x😀é😁"}),
    "indented": ('{\n  "a": [1, 2.5, true, null]\n}\n', {"a": [1, 2.5, True, None]}),
    "space before": ('\n  {"a": "\\u0041"}', {"a": "A"}),
    "tabs": ('{\t"a":\t1}', {"a": 1}),
    "escaped slash": (r'{"a": "\/"}', {"a": "/"}),
}


@pytest.mark.parametrize(("text", "value"), JSON.values(), ids=JSON)
def test_json(text: str, value: Any) -> None:
    assert data(text) == value


# YAML does not allow every character that JSON does: https://yaml.org/spec/1.2.2/#51-character-set
TEXTS = st.text(
    st.characters(
        exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\ufffe\uffff\u2028\u2029"
    )
)
JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abc é", max_size=9), inner),
    max_leaves=12,
)


@pytest.mark.parametrize("ensure_ascii", [True, False])
@given(value=JSON_VALUES)
def test_every_json_value_reads_as_json_does(value: Any, ensure_ascii: bool) -> None:
    assert data(json.dumps({"top": value}, ensure_ascii=ensure_ascii)) == {"top": value}


# Bytes and files.

BYTES = {
    "a byte order mark": (b"\xef\xbb\xbfa: 1", "a: 1"),
    "UTF-8": ("é😀".encode(), "é😀"),
    "nothing": (b"", ""),
}


@pytest.mark.parametrize(("raw", "text"), BYTES.values(), ids=BYTES)
def test_decode(raw: bytes, text: str) -> None:
    assert decode(raw, "f") == text


NOT_TEXT = {
    "Latin-1": ("name: é".encode("latin-1"), "0xe9 at offset 6"),
    "UTF-16": ("name: x".encode("utf-16"), "0xff at offset 0"),
    "cut": (b"a\xe2\x82", "0xe2 at offset 1"),
    "surrogates": (b"\xed\xa0\x80", "0xed at offset 0"),
}


@pytest.mark.parametrize(("raw", "said"), NOT_TEXT.values(), ids=NOT_TEXT)
def test_what_is_not_utf8_is_refused(raw: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said) as refusal:
        decode(raw, "f.yaml")
    assert refusal.value.message.startswith("f.yaml: is not UTF-8")
    assert refusal.value.help


def test_size_has_a_bound_and_no_less(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_bytes(b"#" * MAX_BYTES)
    assert len(read(str(file))) == MAX_BYTES
    file.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(UsageError, match="larger than 1,000,000 bytes"):
        read(str(file))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be read: No such file"):
        read(str(tmp_path / "nothing.yaml"))


# The hook for templates.


def test_a_template_is_rendered_alone_and_stays_one_scalar() -> None:
    seen: list[str] = []

    def render(text: str) -> Any:
        seen.append(text)
        return "x}\nb: injected"

    document = parsed("a: '{{ v }}'\nc: plain {\nd: '{% x %}'\ne: '{# x #}'\n")
    value, found = construct(document, render)
    assert found == []
    assert seen == ["{{ v }}", "{% x %}", "{# x #}"]
    assert value["a"] == "x}\nb: injected"
    assert list(value) == ["a", "c", "d", "e"]


def test_what_a_template_raises_stands_at_its_scalar() -> None:
    def render(text: str) -> Any:
        raise ValueError("is bad\ndo better")

    text = "a: 1\nb: [x, '{{ v }}']\n"
    (fault,) = construct(parsed(text), render)[1]
    assert (fault.code, fault.message, fault.help) == ("HPT007", "is bad", "do better")
    assert covered(text, fault.span) == "'{{ v }}'"


def test_templates_have_a_bound_and_no_less() -> None:
    text = "a: [" + "'{{ v }}'," * MAX_TEMPLATES + "]\n"
    assert construct(parsed(text), lambda _: 1) == ({"a": [1] * MAX_TEMPLATES}, [])
    (fault,) = construct(parsed(text + "b: '{{ v }}'\nc: '{{ v }}'\n"), lambda _: 1)[1]
    assert (fault.code, fault.span.line) == ("HPT007", 2)
