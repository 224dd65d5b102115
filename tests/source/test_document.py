"""The spans of keys and values, and lookups by path."""

from __future__ import annotations

import pytest

from hptc.diagnostics import Path as KeyPath
from hptc.source.construction import construct_data
from hptc.source.document import parse_document
from tests.support.documents import covered, parsed

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
    "a missing value, by its parent": (("flow", "nothing", 3), FLOW, 3),
    "an index out of range": (("flow", "b c", 9), "[10, 20]", 3),
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


def test_windows_line_endings() -> None:
    document = parsed("a: 1\r\nb: {c: 2}\r\n")
    assert (document.span(("b", "c")).line, document.span(("b", "c")).column) == (2, 8)


def test_has_and_depth() -> None:
    document = parsed(TEXT)
    assert document.has(("block", "list", 1, "key"))
    assert not document.has(("block", "list", 2))
    assert document.depth_of(("block", "list", 2)) == 2
    assert document.depth_of(("nothing", "at", "all")) == 0


@pytest.mark.parametrize("text", [TEXT, "", "a: [", "a: 1 # \u2028b: 2", "a: 1\nb:\n  c: 2\n"])
def test_a_document_is_the_same_after_forget(text: str) -> None:
    document, _ = parse_document(text, "spec.yaml")

    def observed() -> tuple[object, ...]:
        paths: list[KeyPath] = [(), ("name",), ("a",), ("b", "c"), ("multi",)]
        return (
            document.top_level_keys(),
            [
                (document.span(path), document.span(path, key=True), document.has(path))
                for path in paths
            ],
            construct_data(document),
        )

    before = observed()
    document.forget()
    assert observed() == before


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        pytest.param("a: [1\nb: 2\n", (2, 2), "',' or ']'", id="flow sequence"),
        pytest.param("a: {b: 1\n\n\n", (4, 1), "',' or '}'", id="flow mapping, at the end"),
        pytest.param("a: 1\nb: *c\n", (2, 4), "undefined alias", id="alias"),
        pytest.param("a: 1\n\tb: 2\n", (2, 1), "a tab character", id="tab"),
        pytest.param("a: 1\n---\nb: 2\n", (2, 1), "another document", id="second document"),
        pytest.param("x:\n  - 1\n - 2\n", (3, 2), "expected key", id="indentation"),
        pytest.param("a: |x\n", (1, 5), "comment or line break", id="block scalar"),
        pytest.param("a: é\nb: \x0c", (2, 4), "U+000C", id="a control character after é"),
    ],
)
def test_a_syntax_error_is_where_the_reader_stopped(
    text: str, place: tuple[int, int], problem: str
) -> None:
    """Not where the collection or the scalar begins that it was in."""
    document, (diagnostic,) = parse_document(text, "spec.yaml")
    assert problem in diagnostic.message
    assert (diagnostic.span.line, diagnostic.span.column) == place
    assert not document.has(("a",))


def test_a_line_is_shown_up_to_its_20000th_character() -> None:
    for length, column, is_shown in ((19_988, 20_000, True), (19_989, 20_001, False)):
        text = f"{{a: '{'x' * length}', b: 1}}\n"
        span = parsed(text).span(("b",))
        assert (span.column, bool(span.source)) == (column, is_shown)


@pytest.mark.parametrize(
    ("text", "help"),
    [
        ("a: 1\n\tb: 2\n", "indent with spaces, not tabs"),
        ("\ta: 1\n", "indent with spaces, not tabs"),
        ("a:\n\t- b\n", "indent with spaces, not tabs"),
        ("a: 1\n b: 2\n", 'put a value that contains ": " in quotes'),
        ("x: 1\nabc\ny: 2\n", "check for a missing `:` after the key or a missing closing quote"),
        ("a: *b\n", "define the anchor with `&name` before its alias `*name`"),
        ("a: 1\n---\nb: 2\n", "split the file at `---`: each spec needs its own file"),
        ("a: [1\n", "check the indentation, quotes and brackets near this line"),
        ("a: 'x\n", "check the indentation, quotes and brackets near this line"),
    ],
)
def test_what_to_do_about_a_syntax_error(text: str, help: str) -> None:
    _, (diagnostic,) = parse_document(text, "spec.yaml")
    assert diagnostic.help == help
