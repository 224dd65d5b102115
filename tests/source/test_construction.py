"""The data of YAML 1.2 and JSON documents, and the place of every problem."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hptc.source.construction import ANY_KEY, VerbatimKeys, construct_data
from hptc.source.hidden_text import escape_hidden
from hptc.source.scalars import Scalar
from hptc.source.templates import TemplateError
from tests.support.documents import covered, data, faults, parsed

MAX_CHARACTERS = 4_000_000
MAX_TEMPLATE_CHARACTERS = 50_000
MAX_DEPTH = 64

QUOTED = {
    "single": ("'1e-4'", "1e-4"),
    "double": ('"no"', "no"),
    "quoted null": ('"null"', "null"),
    "an escaped line separator": (r'"x\u2028y\Ly\N"', "x\u2028y\u2028y\x85"),
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


VERBATIM: VerbatimKeys = {"text": True, "jobs": {ANY_KEY: {"text": True, "deep": {"v": True}}}}
KEPT = {
    "a value": ("text: 1e-4", {"text": Scalar(text="1e-4", value=1e-4)}),
    "a boolean": ("text: True", {"text": Scalar(text="True", value=True)}),
    "all below": ("text: {a: [010, {b: 1.0}]}", {
        "text": {"a": [Scalar(text="010", value=10), {"b": Scalar(text="1.0", value=1.0)}]}
    }),
    "below a name": (
        "jobs: {x: {text: 1.10}}",
        {"jobs": {"x": {"text": Scalar(text="1.10", value=1.1)}}},
    ),
    "not beside it": ("jobs: {x: {other: 1.10}}", {"jobs": {"x": {"other": 1.1}}}),
    "not a name like the key": (
        "jobs: {text: {other: 1.10}}\nother: {text: 1}",
        {"jobs": {"text": {"other": 1.1}}, "other": {"text": 1}},
    ),
    "in a list": ("jobs: {x: {deep: [{v: 01}]}}", {
        "jobs": {"x": {"deep": [{"v": Scalar(text="01", value=1)}]}}
    }),
    "text and null as they are": ("text: [x, null, '1']", {"text": ["x", None, "1"]}),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), KEPT.values(), ids=KEPT)
def test_numbers_keep_their_text_below_verbatim_keys(text: str, expected: Any) -> None:
    assert construct_data(parsed(text), verbatim=VERBATIM) == (expected, [])


def test_without_verbatim_keys_a_number_is_a_number() -> None:
    assert data("tags: {max: 010}\nversion: 1.10\n") == {"tags": {"max": 10}, "version": 1.1}


def test_verbatim_keys_apply_from_the_root_to_a_part() -> None:
    document = parsed("jobs: {x: {text: {a: 01}, other: 01}}")
    at = ("jobs", "x")
    expected = {"text": {"a": Scalar(text="01", value=1)}, "other": 1}
    assert construct_data(document, at=at, verbatim=VERBATIM) == (expected, [])
    part = construct_data(document, at=(*at, "text", "a"), verbatim=VERBATIM)
    assert part == (Scalar(text="01", value=1), [])


def test_construct_part_of_a_document() -> None:
    text = 'flow: {a: 1, "b c": [10, 20]}\n'
    assert construct_data(parsed(text), at=("flow", "b c")) == ([10, 20], [])
    assert construct_data(parsed(text), at=("nothing",)) == (None, [])


# Invalid documents.

INVALID = {
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
    "a line separator in a comment": ("a: 1\n# x\u2028b: 2\n", "HPT002", 2),
    "a paragraph separator in quotes": ('a: "x\u2029y"\n', "HPT002", 1),
    "a next line": ("a: 1 # x\x85b: 2\n", "HPT002", 1),
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


@pytest.mark.parametrize(("text", "code", "line"), INVALID.values(), ids=INVALID)
def test_an_invalid_document(text: str, code: str, line: int) -> None:
    diagnostics = faults(text)
    assert [fault.code for fault in diagnostics] == [code]
    assert diagnostics[0].span.line == line
    assert diagnostics[0].is_error
    assert "yaml" not in diagnostics[0].message


def test_the_maximum_depth_is_accepted() -> None:
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


def test_every_duplicate_is_reported_and_the_first_value_is_kept() -> None:
    document = parsed("a: 1\na: 2\na: 3\nb: 4\n")
    value, diagnostics = construct_data(document)
    assert value == {"a": 1, "b": 4}
    assert [fault.span.line for fault in diagnostics] == [2, 3]


def test_an_alias_is_its_value() -> None:
    assert data("a: &x {b: [1]}\nc: *x\nd: [*x, *x]\n")["d"] == [{"b": [1]}] * 2


def test_an_alias_bomb_is_one_finding() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    (fault,) = faults("\n".join(lines))
    assert fault.code == "HPT004"
    assert "20,000" in fault.message


def test_a_long_value_with_many_aliases_is_one_finding() -> None:
    long = "x" * 800_000
    for text in (
        f"a: &a {long}\nb: [{'*a, ' * 5_000}]",
        f"a: &a {{? {long} : 1}}\nb: [{'*a, ' * 5_000}]",
    ):
        (fault,) = faults(text)
        assert fault.code == "HPT004"
        assert f"{MAX_CHARACTERS:,} characters" in fault.message


@pytest.mark.parametrize(("last", "is_allowed"), [("xxx", True), ("xxxx", False)])
def test_keys_and_values_have_4_000_000_characters_at_most(last: str, is_allowed: bool) -> None:
    """Two keys, five times a value of 799,999, and the last value."""
    text = f"a: &a {'x' * 799_999}\nb: [*a, *a, *a, *a, {last}]"
    assert [problem.code for problem in faults(text)] == ([] if is_allowed else ["HPT004"])


def test_a_long_template_value_is_bounded_too() -> None:
    text = "a: [" + '"{{ v }}", ' * 900 + "]"
    (fault,) = construct_data(parsed(text), lambda _: "x" * 65_000)[1]
    assert fault.code == "HPT004"


def test_a_template_is_rendered_once() -> None:
    rendered: list[str] = []

    def render(text: str) -> Any:
        rendered.append(text)
        return 1

    document = parsed("a: &a '{{ v }}'\nb: [*a, *a]\nc: '{{ v }}'\nd: '{{ w }}'")
    assert construct_data(document, render) == ({"a": 1, "b": [1, 1], "c": 1, "d": 1}, [])
    assert rendered == ["{{ v }}", "{{ w }}"]


def test_a_template_that_fails_is_rendered_once_and_reported_at_each_place() -> None:
    rendered: list[str] = []

    def render(text: str) -> Any:
        rendered.append(text)
        raise TemplateError("is bad")

    _, diagnostics = construct_data(parsed("a: '{{ v }}'\nb: '{{ v }}'"), render)
    assert [fault.span.line for fault in diagnostics] == [1, 2]
    assert rendered == ["{{ v }}"]


def test_a_file_may_have_20_000_values() -> None:
    beside = 3  # the mapping, its key and the list
    assert len(data("a: [" + "1," * (20_000 - beside) + "]")["a"]) == 20_000 - beside
    (fault,) = faults("a: [" + "1," * (20_001 - beside) + "]")
    assert "more than 20,000 values" in fault.message


def test_a_file_that_is_nested_too_deeply_is_reported_at_its_start() -> None:
    (fault,) = faults(f"a: 1\nb: {'[' * 100}{']' * 100}")
    assert "nested more than 64 levels deep" in fault.message
    assert (fault.span.line, fault.span.column) == (1, 1)


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
    text = json.dumps({"top": value}, ensure_ascii=ensure_ascii)
    assert data(escape_hidden(text)) == {"top": value}  # what a reviewer can't see is an error


# Templates.


def test_a_template_is_rendered_alone_and_stays_one_scalar() -> None:
    seen: list[str] = []

    def render(text: str) -> Any:
        seen.append(text)
        return "x}\nb: injected"

    document = parsed("a: '{{ v }}'\nc: plain {\nd: '{% x %}'\ne: '{# x #}'\n")
    value, diagnostics = construct_data(document, render)
    assert diagnostics == []
    assert seen == ["{{ v }}", "{% x %}", "{# x #}"]
    assert value["a"] == "x}\nb: injected"
    assert list(value) == ["a", "c", "d", "e"]


def test_a_template_error_is_reported_at_its_scalar() -> None:
    def render(text: str) -> Any:
        raise TemplateError("is bad", "do better", code="HPT006")

    text = "a: 1\nb: [x, '{{ v }}']\n"
    (fault,) = construct_data(parsed(text), render)[1]
    assert (fault.code, fault.message, fault.help) == ("HPT006", "is bad", "do better")
    assert covered(text, fault.span) == "'{{ v }}'"


def test_templates_are_limited_by_their_total_length() -> None:
    def template(number: int) -> str:
        return f"{{{{ v }}}}{number:>{MAX_TEMPLATE_CHARACTERS // 10 - 7}}"

    text = "a: [" + "".join(f"'{template(n)}'," for n in range(10)) + "]\n"
    assert construct_data(parsed(text), lambda _: 1) == ({"a": [1] * 10}, [])
    (fault,) = construct_data(parsed(text + "b: '{{ v }}'\nc: '{{ v }}'\n"), lambda _: 1)[1]
    assert (fault.code, fault.span.line) == ("HPT007", 2)
    (fault,) = construct_data(parsed(text.replace("9'", "9 '", 1)), lambda _: 1)[1]
    assert (fault.code, fault.span.line) == ("HPT007", 1)


def test_a_template_with_many_aliases_is_evaluated_once() -> None:
    calls: list[str] = []
    text = "a: [&t '{{ v }}'," + "*t," * 15_000 + "]\n"
    evaluated, faults_ = construct_data(parsed(text), lambda text: calls.append(text))
    assert (len(evaluated["a"]), faults_, calls) == (15_001, [], ["{{ v }}"])
