"""Edits of a file's text that resolve a finding."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hptc.diagnostics import Change, Diagnostic, Fix, Path, Remove, Rename, SetValue, Severity
from hptc.source.document import parse_document
from hptc.source.fixes import applied, overlap, safe_edits, text_edits, text_fixes
from hptc.source.text_fixes import Edit

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


def fixed(text: str, *changes: Change) -> str | None:
    """A text after changes; None if they can't be made."""
    document, faults = parse_document(text, "file.yaml")
    assert not faults
    edits = text_edits(Fix(changes=changes), document)
    return None if edits is None else applied(text, edits)


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
def test_removal(text: str, path: Path, left: str) -> None:
    assert fixed(text, Remove(path=path)) == left


@pytest.mark.parametrize(
    ("text", "path"),
    [
        pytest.param("a: 1\n", ("a",), id="nothing would be left"),
        pytest.param("a: [1]\n", ("a", 0), id="an empty list"),
        pytest.param("- a: 1 # why\n# and\n  b: 2\n", (0, "a"), id="behind a dash, with a comment"),
        pytest.param("a: &x 1\nb: *x\n", ("a",), id="an anchor that is used"),
        pytest.param("a: {b: 1, c: 2}\n", ("a", "d"), id="nothing there"),
        pytest.param("x: &x {a: 1, b: 2}\ny: *x\n", ("y", "a"), id="shared with an anchor"),
    ],
)
def test_what_can_not_be_removed(text: str, path: Path) -> None:
    assert fixed(text, Remove(path=path)) is None


RANGES = """\
hyperparameters:
  # the depth
  depth:   {type: Integer, min: 40, max: 1}   # of a tree
  rate:
    type: Continuous
    min: 0.1  # low
    max: 0.5

  "quoted": 'a'
tags: {}
spot:
s3: s3://bucket/{{ team }}/x  # ours
"""
H = "hyperparameters"


@pytest.mark.parametrize(
    ("changes", "old", "new"),
    [
        pytest.param(
            [
                SetValue(path=(H, "depth", "min"), value="1", is_number=True),
                SetValue(path=(H, "depth", "max"), value="40", is_number=True),
            ],
            "min: 40, max: 1", "min: 1, max: 40", id="swap",
        ),
        pytest.param(
            [SetValue(path=(H, "depth", "scaling"), value="Linear")],
            "max: 1}", "max: 1, scaling: Linear}", id="key in braces",
        ),
        pytest.param(
            [SetValue(path=(H, "rate", "scaling"), value="Linear")],
            "    max: 0.5\n", "    max: 0.5\n    scaling: Linear\n", id="key in a block",
        ),
        pytest.param(
            [SetValue(path=(H, "momentum"), value="0.9", is_number=True)],
            "  \"quoted\": 'a'\n", "  \"quoted\": 'a'\n  momentum: 0.9\n", id="key in the middle",
        ),
        pytest.param(
            [SetValue(path=(H, "rate"), value="1e-3", is_number=True)],
            "rate:\n    type: Continuous\n    min: 0.1  # low\n    max: 0.5\n", None,
            id="a block with a comment is not replaced",
        ),
        pytest.param(
            [SetValue(path=(H, "depth"), value="5", is_number=True)],
            "{type: Integer, min: 40, max: 1}", "5", id="a range becomes a value",
        ),
        pytest.param(
            [SetValue(path=(H, "quoted"), value="it's")], "'a'", "'it''s'", id="quotes stay",
        ),
        pytest.param(
            [SetValue(path=(H, "quoted"), value=5)], "'a'", "5", id="a number has none",
        ),
        pytest.param(
            [SetValue(path=("tags", "version"), value="1.0")],
            "tags: {}", 'tags: {version: "1.0"}', id="text that looks like a number",
        ),
        pytest.param(
            [SetValue(path=("tags", "team"), value="größe: 1")],
            "tags: {}", 'tags: {team: "größe: 1"}', id="letters stay as they are",
        ),
        pytest.param(
            [
                SetValue(path=("spot", "max_wait_time"), value="2h"),
                SetValue(path=("spot", "other"), value=True),
            ],
            "spot:\n", "spot: {max_wait_time: 2h, other: true}\n", id="below null",
        ),
        pytest.param(
            [
                SetValue(path=("autotune",), value="Enabled"),
                SetValue(path=("hyperband", "max_resource"), value=9),
                SetValue(path=("hyperband", "min_resource"), value=None),
            ],
            "x  # ours\n",
            "x  # ours\nautotune: Enabled\nhyperband: {max_resource: 9, min_resource: null}\n",
            id="at the end, after a comment",
        ),
        pytest.param(
            [SetValue(path=("s3", "mode"), value="Sharded", short_for="s3_uri")],
            "s3://bucket/{{ team }}/x  #",
            '{s3_uri: "s3://bucket/{{ team }}/x", mode: Sharded}  #', id="a short form",
        ),
        pytest.param([SetValue(path=("s3", "mode"), value="x")], "", None, id="below a value"),
        pytest.param([Rename(path=(H, "rate"), name="eta")], "rate:", "eta:", id="rename"),
        pytest.param(
            [Rename(path=(H, "quoted"), name="eta")], '"quoted"', '"eta"', id="rename in quotes"
        ),
        pytest.param([Rename(path=(H, "rate"), name="depth")], "", None, id="two of a name"),
        pytest.param(
            [Remove(path=(H, "depth", "min")), Remove(path=(H, "depth", "max"))],
            ", min: 40, max: 1}", "}", id="two of the keys",
        ),
        pytest.param(
            [Remove(path=(H, "depth")), Rename(path=(H, "depth"), name="d")], "", None,
            id="edits that overlap",
        ),
        pytest.param(
            [Remove(path=(H, "depth", "max")), SetValue(path=(H, "depth", "value"), value=1)],
            ", max: 1}", ", value: 1}", id="one for another",
        ),
    ],
)  # fmt: skip
def test_changes(changes: list[Change], old: str, new: str | None) -> None:
    assert old in RANGES
    assert fixed(RANGES, *changes) == (None if new is None else RANGES.replace(old, new, 1))


@pytest.mark.parametrize(
    ("text", "changes", "expected"),
    [
        pytest.param(
            '{\n  "a": {\n    "b": "1"\n  }\n}\n',
            [SetValue(path=("a", "c"), value="5"), SetValue(path=("d",), value=5)],
            '{\n  "a": {\n    "b": "1",\n    "c": "5"\n  },\n  "d": 5\n}\n', id="JSON",
        ),
        pytest.param(
            '{"a": {"b": "1"}}\n', [SetValue(path=("a", "größe"), value="日本")],
            '{"a": {"b": "1", "größe": "日本"}}\n', id="letters in JSON",
        ),
        pytest.param(
            '{"a": {"größe": "1"}}\n', [Rename(path=("a", "größe"), name="länge")],
            '{"a": {"länge": "1"}}\n', id="a key of JSON",
        ),
        pytest.param(
            "a: 1\r\nb:\r\n  c: 2", [SetValue(path=("b", "d"), value=3)],
            "a: 1\r\nb:\r\n  c: 2\r\n  d: 3", id="CR LF, no last line break",
        ),
        pytest.param(
            "a:\n  b: |\n    text\n\nc: 1\n", [SetValue(path=("a", "d"), value="x")],
            "a:\n  b: |\n    text\n  d: x\n\nc: 1\n", id="behind a block scalar",
        ),
        pytest.param("a: |\n  text\n", [SetValue(path=("a",), value="x")], None, id="block scalar"),
        pytest.param("a: &x 1\nb: 2\n", [SetValue(path=("a",), value=5)], None, id="an anchor"),
        pytest.param(
            "a: &x {b: 1}\nc: *x\n", [SetValue(path=("c", "b"), value=2)], None, id="an alias"
        ),
        pytest.param(
            "a: {b: 1}\n", [Remove(path=("a", "b"))], "a: {}\n", id="the only key in braces"
        ),
        pytest.param(
            "a:\n  b: 1\nc: 2\n", [Remove(path=("a", "b"))], "a: {}\nc: 2\n", id="the only key"
        ),
        pytest.param(
            "x:\n  y: 1\n  a:\n    b: 1\nc: 2\n", [Remove(path=("x", "a", "b"))],
            "x:\n  y: 1\n  a: {}\nc: 2\n", id="the only key, further down",
        ),
        pytest.param(
            "a:\n  - b: 1\n", [Remove(path=("a", 0, "b"))], None, id="the only key behind a dash"
        ),
        pytest.param(
            "a:\n  b: 1 # why\nc: 2\n", [Remove(path=("a", "b"))], None,
            id="the only key, before a comment",
        ),
        pytest.param(
            "a:\n  - b: 1\n    c: 2\n", [Remove(path=("a", 0, "b"))], "a:\n  - c: 2\n",
            id="behind a dash",
        ),
        pytest.param(
            "a:\n  b: 1\n  c: 2\nd: 3\n", [SetValue(path=("a",), value=5)], "a: 5\nd: 3\n",
            id="a value for a block",
        ),
        pytest.param(
            "a:\n- 1\n- 2\nd: 3\n", [SetValue(path=("a",), value=5)], "a: 5\nd: 3\n",
            id="a value for a list",
        ),
        pytest.param(
            "a: [1, 2, 3]\n", [Remove(path=("a", 0)), Remove(path=("a", 1))], "a: [3]\n",
            id="two entries of a list",
        ),
        pytest.param("a: 1\n", [SetValue(path=("a",), value=1)], None, id="no change"),
        pytest.param(
            "a: x=(\\d)\n", [SetValue(path=("a",), value="y: (\\d)")], "a: 'y: (\\d)'\n", id="regex"
        ),
    ],
)  # fmt: skip
def test_forms_of_text(text: str, changes: list[Change], expected: str | None) -> None:
    assert fixed(text, *changes) == expected


def test_edits_overlap_if_they_are_of_the_same_text() -> None:
    def edit(start: int, end: int) -> Edit:
        return Edit(line=0, column=start, end_line=0, end_column=end, text="x")

    assert overlap([edit(3, 5), edit(0, 4)])
    assert overlap([edit(3, 3), edit(3, 3)])
    assert not overlap([edit(3, 5), edit(0, 3)])


def finding(*fixes: Fix) -> Diagnostic:
    document, _ = parse_document("a: 1\nb: 2\nc: 3\n", "file.yaml")
    return Diagnostic(
        code="HPT000",
        severity=Severity.ERROR,
        message="",
        span=document.span(("a",)),
        fixes=tuple(replace(fix, file=fix.file or "file.yaml") for fix in fixes),
    )


A_IS_5, A_IS_6, B_IS_5 = (
    Fix(changes=(SetValue(path=(key,), value=value),), is_safe=True)
    for key, value in (("a", 5), ("a", 6), ("b", 5))
)
UNSAFE = replace(A_IS_5, is_safe=False)
IMPOSSIBLE = Fix(changes=(Remove(path=("z",)),), is_safe=True)


@pytest.mark.parametrize(
    ("findings", "text", "count"),
    [
        pytest.param([finding(A_IS_5), finding(B_IS_5)], "a: 5\nb: 5\nc: 3\n", 2, id="two"),
        pytest.param([finding(A_IS_5), finding(A_IS_6)], "a: 5\nb: 2\nc: 3\n", 1, id="overlap"),
        pytest.param([finding(A_IS_5, B_IS_5)], "a: 5\nb: 2\nc: 3\n", 1, id="one of a finding"),
        pytest.param([finding(UNSAFE, B_IS_5)], "a: 1\nb: 5\nc: 3\n", 1, id="the first safe one"),
        pytest.param([finding(UNSAFE), finding()], "a: 1\nb: 2\nc: 3\n", 0, id="none is safe"),
        pytest.param(
            [finding(replace(A_IS_5, file="other.yaml"))], "a: 1\nb: 2\nc: 3\n", 0, id="other file"
        ),
        pytest.param([finding(IMPOSSIBLE)], "a: 1\nb: 2\nc: 3\n", 0, id="can't be made"),
    ],
)
def test_safe_fixes_are_made_together(findings: list[Diagnostic], text: str, count: int) -> None:
    document, _ = parse_document("a: 1\nb: 2\nc: 3\n", "file.yaml")
    edits, counted = safe_edits(findings, document)
    assert (applied(document.text, edits), counted) == (text, count)


@pytest.mark.parametrize(
    ("change", "title", "expected"),
    [
        (SetValue(path=("a",), value=750), "", "Change to `750`"),
        (SetValue(path=("a",), value=True), "", "Change to `true`"),
        (SetValue(path=("a",), value=None), "", "Remove it"),
        (Rename(path=("a",), name="d"), "", "Change to `d`"),
        (Remove(path=("a",)), "", "Remove it"),
        (SetValue(path=("a",), value=750), "use `x: 750`", "Use `x: 750`"),
        (SetValue(path=("a",), value=750), "x" * 200, "X" + "x" * 199),
        (SetValue(path=("a",), value=750), "x" * 201, "X" + "x" * 196 + "..."),
    ],
)
def test_a_fix_has_the_title_of_an_action(change: Change, title: str, expected: str) -> None:
    document, _ = parse_document("a: 1\nb: 2\n", "file.yaml")
    fix = Fix(changes=(change,), title=title)
    (text_fix,) = text_fixes(finding(fix), {"file.yaml": document}.get)
    assert text_fix.title == expected


def test_fixes_of_a_file_that_can_not_be_read_are_left_out() -> None:
    assert list(text_fixes(finding(A_IS_5), lambda _: None)) == []


@pytest.mark.parametrize("key", ["a", "b", "d"])
def test_a_key_in_braces_is_removed_by_one_edit(key: str) -> None:
    document, _ = parse_document(FLOW, "file.yaml")
    edits = text_edits(Fix(changes=(Remove(path=(key,)),)), document)
    assert edits is not None
    assert len(edits) == 1
