"""Computes which parts of a number a parsed expression matches, without running the expression.

The positions that each part can reach are computed once per part and start, so the time is bounded
by the size of the expression, whatever its repetitions. Only the characters of numbers are
distinguished.
"""

from __future__ import annotations

from hptc.frozen import frozen

NUMBER_CHARACTERS = frozenset("0123456789.+-eE")


@frozen
class Characters:
    """One character out of a set; characters that no number contains are left out."""

    allowed: frozenset[str]


@frozen
class Sequence:
    """One part after the other."""

    parts: tuple[Node, ...]


@frozen
class Choice:
    """One of several parts."""

    parts: tuple[Node, ...]


@frozen
class Repeat:
    """A part several times; `maximum` is None without a limit."""

    part: Node
    minimum: int
    maximum: int | None


@frozen
class Unknown:
    """A part whose matches are not computed, such as an assertion or a reference to a group."""


Node = Characters | Sequence | Choice | Repeat | Unknown


class _UnknownMatch(Exception):
    """The result depends on a part whose matches are not computed."""


def matched_prefixes(node: Node, text: str) -> frozenset[str] | None:
    """The prefixes of a number that an expression matches; None if that is not computed."""
    try:
        return frozenset(text[:end] for end in _Matcher(text).ends(node, 0))
    except _UnknownMatch:
        return None


class _Matcher:
    def __init__(self, text: str) -> None:
        self.text = text
        self.computed: dict[tuple[int, int], frozenset[int]] = {}

    def ends(self, node: Node, start: int) -> frozenset[int]:
        """Where a match of the part that starts at `start` can end."""
        key = (id(node), start)
        if key not in self.computed:
            self.computed[key] = frozenset(self._ends(node, start))
        return self.computed[key]

    def _ends(self, node: Node, start: int) -> set[int] | frozenset[int]:
        match node:
            case Characters():
                is_match = self.text[start : start + 1] in node.allowed
                return {start + 1} if is_match else set()
            case Sequence():
                reached: set[int] | frozenset[int] = {start}
                for part in node.parts:
                    reached = self._step(part, reached)
                return reached
            case Choice():
                return {end for part in node.parts for end in self.ends(part, start)}
            case Repeat():
                return self._repeated(node, start)
            case Unknown():
                raise _UnknownMatch

    def _repeated(self, node: Repeat, start: int) -> set[int]:
        # More rounds than characters change nothing: each further one matches the empty text.
        max_rounds = len(self.text) + 1
        reached = {start}
        for _ in range(min(node.minimum, max_rounds)):
            reached = self._step(node.part, reached)
        further_rounds = max_rounds
        if node.maximum is not None:
            further_rounds = min(node.maximum - node.minimum, max_rounds)
        new = reached
        for _ in range(further_rounds):
            new = self._step(node.part, new) - reached
            if not new:
                break
            reached = reached | new
        return reached

    def _step(self, part: Node, starts: set[int] | frozenset[int]) -> set[int]:
        return {end for start in starts for end in self.ends(part, start)}
