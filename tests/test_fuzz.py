"""A bounded run of the fuzzer, and that it notices what it is for.

`python -m benchmarks.fuzz --cases 50000` runs longer.
"""

from __future__ import annotations

import random

import pytest

from benchmarks import fuzz
from benchmarks.fuzz_inputs import Input, make_input


def test_no_input_is_mishandled() -> None:
    outcome = fuzz.run_in_process(seed=2026, cases=range(250))
    assert [f"case {each.case}: {each.problem}" for each in outcome.findings] == []
    assert outcome.compiled > 5
    assert outcome.refused > 5


def test_every_kind_of_input_is_made() -> None:
    kinds = {make_input(0, case).kind for case in range(300)}
    assert kinds == {
        *("yaml bytes", "yaml tree", "template", "request tree", "request bytes", "project"),
        *("response", "commit"),
    }


@pytest.mark.parametrize(
    ("shown", "problem"),
    [
        ("\x1b[2J", "check as text contains U+001B"),
        ("a\u2028b", "check as text contains U+2028"),
        ("\ud800", "check as text contains U+D800"),
        ("fine\n", ""),
    ],
)
def test_a_character_that_a_terminal_obeys_is_a_finding(
    monkeypatch: pytest.MonkeyPatch, shown: str, problem: str
) -> None:
    monkeypatch.setattr(fuzz, "render", lambda *arguments, **options: shown)
    assert fuzz.problem_of(Input(kind="yaml bytes", raw=b"name: x\n"))[0] == problem


def test_an_exception_and_a_hang_are_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "MAX_SECONDS", 0.05)
    monkeypatch.setattr(fuzz, "compile_input", lambda given: 1 // 0)
    assert "ZeroDivisionError" in fuzz.run(0, range(1)).findings[0].problem

    def hang(given: Input) -> None:
        while True:
            random.random()

    monkeypatch.setattr(fuzz, "compile_input", hang)
    assert "more than 0.05 s" in fuzz.run(0, range(1)).findings[0].problem
