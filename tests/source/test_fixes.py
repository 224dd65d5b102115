"""Edits of a file's text that resolve a finding."""

from __future__ import annotations

import pytest

from hptc.diagnostics import Diagnostic, Path, Severity, Span
from hptc.source.construction import construct_data
from hptc.source.document import parse_document
from hptc.source.fixes import Edit, accepted, applied, removal, replacement

FLOW = '{a: 1, "b": {c: [1, 2]}, d: 3}\n'
BLOCK = """\
a: 1
# about b
b:  # here
  c: |
    text

  e: 2

# about d
d:
  - 1
  - x: 2
    y: 3
  - 4
"""


def found(span: Span, **given: object) -> Diagnostic:
    return Diagnostic(
        code="HPT999", severity=Severity.ERROR, message="`wrong` is wrong", span=span, **given  # type: ignore[arg-type]
    )  # fmt: skip


def span_of(line: str, word: str) -> Span:
    start = line.index(word) + 1
    end = start + len(word)
    return Span(file="x.yaml", line=1, column=start, end_line=1, end_column=end, source=line)


def without(text: str, path: Path, *, on_key: bool) -> str | None:
    document, faults = parse_document(text, "file.yaml")
    assert not faults
    edit = removal(found(document.span(path, key=on_key), is_removable=True), document)
    return None if edit is None else applied(text, [edit])


@pytest.mark.parametrize("on_key", [True, False])
@pytest.mark.parametrize(
    ("text", "path", "left"),
    [
        pytest.param(FLOW, ("a",), '{"b": {c: [1, 2]}, d: 3}\n', id="first of flow"),
        pytest.param(FLOW, ("b",), "{a: 1, d: 3}\n", id="middle of flow"),
        pytest.param(FLOW, ("d",), '{a: 1, "b": {c: [1, 2]}}\n', id="last of flow"),
        pytest.param(FLOW, ("b", "c", 0), '{a: 1, "b": {c: [2]}, d: 3}\n', id="flow list"),
        pytest.param('{\n "a": 1,\n "b": 2\n}', ("b",), '{\n "a": 1\n}', id="JSON"),
        pytest.param(BLOCK, ("a",), BLOCK.replace("a: 1\n", ""), id="first of block"),
        pytest.param(
            BLOCK, ("b",), "a: 1\n# about b\n\n# about d\n" + BLOCK[BLOCK.index("d:") :], id="block"
        ),
        pytest.param(BLOCK, ("b", "c"), BLOCK.replace("  c: |\n    text\n", ""), id="block scalar"),
        pytest.param(BLOCK, ("d",), BLOCK[: BLOCK.index("d:")], id="last of block"),
        pytest.param(BLOCK, ("d", 0), BLOCK.replace("  - 1\n", ""), id="block list"),
        pytest.param(BLOCK, ("d", 1, "y"), BLOCK.replace("    y: 3\n", ""), id="in a list"),
        pytest.param("a: 1\nb: 2", ("b",), "a: 1", id="no last line break"),
        pytest.param("a: 1\r\nb: 2\r\n", ("a",), "b: 2\r\n", id="CR LF"),
        pytest.param("é: 1\nb: {ü: 2, x: 3}\n", ("b", "ü"), "é: 1\nb: {x: 3}\n", id="letters"),
    ],
)
def test_removal(text: str, path: Path, left: str, on_key: bool) -> None:
    if isinstance(path[-1], int) and on_key:
        return
    assert without(text, path, on_key=on_key) == left
    document, faults = parse_document(left, "file.yaml")
    assert not faults + construct_data(document)[1]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        pytest.param("{a: 1}\n", ("a",), id="nothing would be left"),
        pytest.param(BLOCK, ("d", 1, "x"), id="behind a dash"),
        pytest.param("a: &x 1\nb: *x\n", ("a",), id="an anchor that is used"),
    ],
)
def test_what_can_not_be_removed(text: str, path: Path) -> None:
    assert without(text, path, on_key=True) is None


@pytest.mark.parametrize(
    ("line", "word", "expected"),
    [
        pytest.param("key: wrong", "wrong", "key: right", id="plain"),
        pytest.param('key: "wrong" # why', '"wrong"', 'key: "right" # why', id="quoted"),
        pytest.param("key: all wrong", "all wrong", None, id="more than a word"),
        pytest.param("key: other", "other", None, id="not what the message names"),
    ],
)
def test_replacement(line: str, word: str, expected: str | None) -> None:
    span = span_of(line, word)
    edit = replacement(found(span, replacement="right"))
    assert (None if edit is None else applied(line, [edit])) == expected
    assert replacement(found(span)) is None


def test_an_accepted_value() -> None:
    edit = accepted(found(span_of("max: 900", "900"), accepted="750"))
    assert edit is not None
    assert applied("max: 900\n", [edit]) == "max: 750\n"


def test_of_two_edits_that_overlap_the_first_counts() -> None:
    edits = [
        Edit(line=line, column=start, end_line=line, end_column=end, text=text)
        for line, start, end, text in ((0, 3, 5, "X"), (0, 0, 4, "Y"), (1, 0, 1, "Z"))
    ]
    assert applied("abcdef\ngh", edits) == "Yef\nZh"
