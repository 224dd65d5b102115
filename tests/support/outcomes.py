"""Outcomes of a compile, narrowed to what a test expects."""

from __future__ import annotations

from collections.abc import Iterable

from hptc.compiler.outcome import Compiled, Outcome


def succeeded(outcome: Outcome) -> Compiled:
    """Return the outcome, which must not be Failed."""
    assert isinstance(outcome, Compiled), outcome.diagnostics
    return outcome


def all_succeeded(outcomes: Iterable[Outcome]) -> list[Compiled]:
    """Return the outcomes, none of which may be Failed."""
    return [succeeded(outcome) for outcome in outcomes]
