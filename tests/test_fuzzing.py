"""A bounded run of the fuzzer, and proof that it notices problems.

`python -m tests.fuzzing --cases 50000` runs longer.
"""

from __future__ import annotations

import random
import re

import pytest

from tests.fuzzing import checks, runs
from tests.fuzzing.checks import MishandledError, Result, examine
from tests.fuzzing.inputs import Input, make_input


def test_no_input_is_mishandled() -> None:
    outcome = runs.run_in_process(seed=2026, cases=range(250))
    assert [f"case {finding.case}: {finding.problem}" for finding in outcome.findings] == []
    assert outcome.compiled > 5
    assert outcome.refused > 5


def test_every_kind_of_input_is_made() -> None:
    kinds = {make_input(0, case).kind for case in range(300)}
    assert kinds == {
        *("yaml bytes", "yaml tree", "template", "request tree", "request bytes", "project"),
        *("response", "commit"),
    }


@pytest.mark.parametrize(
    ("shown", "character"), [("\x1b[2J", "U+001B"), ("a\u2028b", "U+2028"), ("\ud800", "U+D800")]
)
def test_a_character_that_a_terminal_obeys_is_a_finding(
    monkeypatch: pytest.MonkeyPatch, shown: str, character: str
) -> None:
    monkeypatch.setattr(checks, "render", lambda *arguments, **options: shown)
    with pytest.raises(MishandledError, match=f"check as text contains {re.escape(character)}"):
        examine(Input(kind="yaml bytes", raw=b"name: x\n"))


def test_a_line_feed_is_no_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "render", lambda *arguments, **options: "fine\n")
    assert examine(Input(kind="yaml bytes", raw=b"name: x\n")) is Result.ERRORS


def test_an_exception_and_a_hang_are_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "MAX_SECONDS", 0.05)
    monkeypatch.setattr(checks, "compile_input", lambda hostile: 1 // 0)
    assert "ZeroDivisionError" in runs.run(0, range(1)).findings[0].problem

    def hang(hostile: Input) -> None:
        while True:
            random.random()

    monkeypatch.setattr(checks, "compile_input", hang)
    assert "more than 0.05 s" in runs.run(0, range(1)).findings[0].problem
