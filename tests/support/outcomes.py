"""What a compile gave, as a test expects it."""

from __future__ import annotations

from collections.abc import Iterable

from hptc.compiler.outcome import Compiled, CompiledSpec, Outcome


def succeeded(outcome: Outcome) -> Compiled:
    """The outcome, which must not be Failed."""
    assert isinstance(outcome, Compiled), outcome.diagnostics
    return outcome


def succeeded_spec(outcome: Outcome) -> CompiledSpec:
    """The outcome, which must be a spec's."""
    assert isinstance(outcome, CompiledSpec), outcome.diagnostics
    return outcome


def all_succeeded(outcomes: Iterable[Outcome]) -> list[Compiled]:
    """The outcomes, none of which may be Failed."""
    return [succeeded(outcome) for outcome in outcomes]
