"""Regular expressions and globs of hptc.yaml: a pattern and a text in, whether the whole text fits.

A stranger's pull request can change hptc.yaml, so no pattern may hang the checker. Python's `re`
tries alternatives one after another, and some patterns need longer than the universe for a short
text; here all alternatives advance together, one character at a time, so that the time is at most
the length of the text by that of the pattern (https://swtch.com/~rsc/regexp/regexp1.html). What
that way can't do, back references and looking around, is not taken.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass

MAX_PATTERN = 512
MAX_TEXT = 1024
_MAX_PROGRAM = 4000
_MAX_DEPTH = 30

Test = Callable[[str], bool]

_CLASSES: dict[str, Test] = {
    "d": str.isdecimal,
    "s": str.isspace,
    "w": lambda char: char.isalnum() or char == "_",
}
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v"}


class PatternError(ValueError):
    """Why a pattern is not taken, in words that follow its name."""


@dataclass(frozen=True, slots=True)
class _Step:
    """One instruction: take a character (`test`), or go on at other steps, relative to here."""

    test: Test | None = None
    to: tuple[int, ...] = ()


_Program = tuple[_Step, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern."""

    program: _Program

    def fits(self, text: str) -> bool:
        """Whether the whole text fits. A text of more than `MAX_TEXT` characters never does."""
        if len(text) > MAX_TEXT:
            return False
        states = self._reachable({0})
        for char in text:
            states = self._reachable(
                {at + 1 for at in states if at < len(self.program) and self._takes(at, char)}
            )
            if not states:
                return False
        return len(self.program) in states

    def _takes(self, at: int, char: str) -> bool:
        test = self.program[at].test
        return test is not None and test(char)

    def _reachable(self, states: set[int]) -> set[int]:
        found, waiting = set(states), list(states)
        while waiting:
            at = waiting.pop()
            if at < len(self.program):
                new = {at + offset for offset in self.program[at].to} - found
                found |= new
                waiting += new
        return found


@functools.cache
def pattern(text: str) -> Pattern:
    """Compile a pattern. Raises PatternError for one that is not taken."""
    if len(text) > MAX_PATTERN:
        raise PatternError(f"has {len(text)} characters; {MAX_PATTERN} is the most")
    parser = _Parser(text)
    program = parser.alternatives(0)
    if parser.position < len(text):
        raise PatternError("has a `)` that closes nothing")
    return Pattern(program=program)


def glob_fits(glob: str, text: str) -> bool:
    """Whether a whole text fits a glob, in which `*` stands for any text, and nothing else does."""
    first, *rest = glob.split("*")
    if not rest:
        return text == glob
    if not text.startswith(first):
        return False
    position = len(first)
    *middle, last = rest
    for part in middle:
        found = text.find(part, position)
        if found < 0:
            return False
        position = found + len(part)
    return len(text) - position >= len(last) and text.endswith(last)


def any_glob_fits(globs: Iterable[str], text: str) -> bool:
    """Whether a whole text fits one of several globs."""
    return any(glob_fits(glob, text) for glob in globs)


class _Parser:
    """Recursive descent over the syntax that `re` and this module have in common."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def alternatives(self, depth: int) -> _Program:
        if depth > _MAX_DEPTH:
            raise PatternError(f"nests more than {_MAX_DEPTH} groups")
        branches = [self.sequence(depth)]
        while self.peek() == "|":
            self.position += 1
            branches.append(self.sequence(depth))
        program = branches.pop()
        while branches:
            branch = branches.pop()
            program = (
                _Step(to=(1, len(branch) + 2)), *branch, _Step(to=(len(program) + 1,)), *program
            )  # fmt: skip
        return self.bounded(program)

    def sequence(self, depth: int) -> _Program:
        program: _Program = ()
        while (char := self.peek()) not in ("", "|", ")"):
            if char in "^$":
                # The whole text must fit anyway, so these say nothing at the two ends.
                at_end = (char == "^" and program == ()) or (char == "$" and self.is_at_end())
                if not at_end or depth:
                    raise PatternError(f"has a `{char}` in its middle; the whole text must fit")
                self.position += 1
                continue
            program = self.bounded(program + self.repeated(self.atom(char, depth)))
        return program

    def is_at_end(self) -> bool:
        return self.position + 1 == len(self.text) or self.text[self.position + 1] == "|"

    def peek(self) -> str:
        return self.text[self.position : self.position + 1]

    def bounded(self, program: _Program) -> _Program:
        if len(program) > _MAX_PROGRAM:
            raise PatternError("is too large: its repetitions multiply")
        return program

    def atom(self, char: str, depth: int) -> _Program:
        if char == "(":
            return self.group(depth)
        if char in "*+?{":
            raise PatternError(f"has a `{char}` with nothing before it to repeat")
        self.position += 1
        if char == ".":
            return (_Step(test=lambda each: each != "\n"),)
        if char == "[":
            return (_Step(test=self.character_class()),)
        if char == "\\":
            return (_Step(test=self.escape()),)
        return (_Step(test=char.__eq__),)

    def group(self, depth: int) -> _Program:
        self.position += 1
        if self.text.startswith("?:", self.position):
            self.position += 2
        elif self.peek() == "?":
            raise PatternError("has a `(?`, of which only `(?:` is taken here")
        program = self.alternatives(depth + 1)
        if self.peek() != ")":
            raise PatternError("has a `(` that is never closed")
        self.position += 1
        return program

    def escape(self) -> Test:
        char = self.peek()
        if not char:
            raise PatternError("ends in a single backslash")
        self.position += 1
        if char in _CLASSES:
            return _CLASSES[char]
        if char.lower() in _CLASSES:
            return _none_of([_CLASSES[char.lower()]])
        literal = _CONTROLS.get(char, char)
        if literal.isalnum():
            raise PatternError(f"has `\\{char}`, which is not taken here")
        return literal.__eq__

    def character_class(self) -> Test:
        is_negated = self.peek() == "^"
        self.position += is_negated
        tests: list[Test] = []
        is_first = True
        while (char := self.peek()) != "]" or is_first:
            is_first = False
            if not char:
                raise PatternError("has a `[` that is never closed")
            self.position += 1
            low = self.escape() if char == "\\" else char
            following = self.text[self.position : self.position + 2]
            if following[:1] == "-" and following[1:] not in ("", "]"):
                self.position += 1
                tests.append(self.range(char if char != "\\" else ""))
            else:
                tests.append(low.__eq__ if isinstance(low, str) else low)
        self.position += 1
        return _none_of(tests) if is_negated else _any_of(tests)

    def range(self, low: str) -> Test:
        high = self.peek()
        self.position += 1
        if not low or high == "\\":
            raise PatternError("has a range with an escape, which is not taken here")
        if high < low:
            raise PatternError(f"has the range `{low}-{high}`, which runs backwards")
        return lambda char: low <= char <= high

    def repeated(self, program: _Program) -> _Program:
        bounds = self.quantifier()
        if bounds is None:
            return program
        if self.peek() == "?":
            self.position += 1  # the whole text must fit, so lazy and greedy are the same
        if self.peek() in ("*", "+", "?", "{"):
            raise PatternError("repeats what is repeated already")
        least, most = bounds
        size = len(program)
        if (max(least, most or 0) + 1) * (size + 2) > _MAX_PROGRAM:
            raise PatternError("is too large: its repetitions multiply")
        needed = program * least
        if most is None:
            return (*needed, _Step(to=(1, size + 2)), *program, _Step(to=(-size - 1,)))
        optional = most - least
        for index in range(optional):
            needed += (_Step(to=(1, (optional - index) * (size + 1))), *program)
        return needed

    def quantifier(self) -> tuple[int, int | None] | None:
        simple: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        char = self.peek()
        if char in simple:
            self.position += 1
            return simple[char]
        if char != "{":
            return None
        end = self.text.find("}", self.position)
        inner = self.text[self.position + 1 : end] if end > 0 else ""
        low, comma, high = inner.partition(",")
        if not all(part.isascii() and part.isdigit() for part in (low, high or "0")) or end < 0:
            raise PatternError("has a `{` that is no repetition such as `{2}` or `{1,8}`")
        self.position = end + 1
        least = int(low[:9])
        most = (int(high[:9]) if high else None) if comma else least
        if most is not None and most < least:
            raise PatternError(f"has `{{{inner}}}`, which runs backwards")
        return least, most


def _any_of(tests: list[Test]) -> Test:
    return lambda char: any(test(char) for test in tests)


def _none_of(tests: list[Test]) -> Test:
    return lambda char: not any(test(char) for test in tests)
