"""HPT705 counts changes as AWS documents it, and advises the fewest to undo."""

from __future__ import annotations

import pytest

from hptc.diagnostics import Diagnostic
from tests.support.rule_cases import compile_case

PARENT = "parent-with-six-values"
COLORS = "parent-with-colors"


def diagnostics_of(hyperparameters: str, parent: str) -> tuple[Diagnostic, ...]:
    compiled = compile_case(
        f"training_job: {{hyperparameters: {hyperparameters}}}\n"
        f"warm_start: {{type: TransferLearning, parents: [{parent}]}}\n"
    )
    return compiled.diagnostics


TOO_MANY = {
    "a changed static value counts 2": (
        "{a: 2, b: 2, c: 2, d: 2, e: 2, f: 2}",
        PARENT,
        12,
        "`a` 2, `b` 2, `c` 2, `d` 2, `e` 2, `f` 2",
        "`a: 1`",
    ),
    "an Integer range that becomes static counts 1": (
        "{a: 2, b: 2, c: 2, d: 2, e: 2, depth: {value: 8, type: null, min: null, max: null}}",
        PARENT,
        11,
        "`a` 2, `b` 2, `c` 2, `d` 2, `e` 2, `depth` 1",
        "`depth`",
    ),
    "a Categorical range that becomes static counts its values": (
        "{color: red, hint: 4}",
        COLORS,
        11,
        "`color` 10, `hint` 1",
        "`hint`",
    ),
    "all kinds together": (
        "{color: red, hint: 4, depth: {value: 8, type: null, min: null, max: null}}",
        COLORS,
        12,
        "`color` 10, `hint` 1, `depth` 1",
        "`color`",
    ),
}


@pytest.mark.parametrize(
    ("hyperparameters", "parent", "total", "counts", "undo"), TOO_MANY.values(), ids=TOO_MANY
)
def test_too_many_changes(
    hyperparameters: str, parent: str, total: int, counts: str, undo: str
) -> None:
    (diagnostic,) = [
        diagnostic
        for diagnostic in diagnostics_of(hyperparameters, parent)
        if diagnostic.code == "HPT705"
    ]
    parts, _, names = diagnostic.message.partition(": ")
    assert f"{total} changes" in parts
    assert sorted(names.split(", ")) == sorted(counts.split(", "))
    assert diagnostic.label == f"{total - 10} too many"
    assert diagnostic.help.endswith(undo)


@pytest.mark.parametrize(
    ("hyperparameters", "parent"),
    [
        ("{a: 2, b: 2, c: 2, d: 2, e: 2, f: 1}", PARENT),
        ("{color: red, hint: {type: Integer, min: 1, max: 5}}", COLORS),
        ("{a: 2, b: 2, c: 2, d: 2, e: 1, f: 1, depth: 8}", PARENT),  # and depth is a range there
    ],
)
def test_ten_changes_are_allowed(hyperparameters: str, parent: str) -> None:
    assert diagnostics_of(hyperparameters, parent) == ()
