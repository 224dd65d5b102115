"""Parses a metric's regular expression without running it, to find what its first group captures.

SageMaker uses the text of the first group as the metric's value. Parsing takes linear time and is
bounded in depth, unlike `re.compile`. The syntax is Python's, which covers every expression on
AWS's pages; syntax that only Java supports is accepted.
"""

from __future__ import annotations

from dataclasses import field, replace
from enum import Enum, auto
from functools import lru_cache

from hptc.frozen import frozen
from hptc.metrics.matching import (
    NUMBER_CHARACTERS,
    Characters,
    Choice,
    Node,
    Repeat,
    Sequence,
    Unknown,
)

MAX_DEPTH = 30

_DIGITS = "0123456789"
_KNOWN_ESCAPES = "AabBcdDeEfGhHknNpPQrRsStuUvVwWxXzZ"  # in Python or Java
_ZERO_WIDTH = "AbBGzZ"
_NEVER_A_DIGIT = "DWsafnrtve"
_FLAGS = "aiLmsuxdU-"
_UNKNOWN = Unknown()
_WORD = frozenset(character for character in NUMBER_CHARACTERS if character.isalnum())
_ESCAPED_CLASSES = {  # the characters of numbers that a class such as `\d` contains
    "d": frozenset(_DIGITS),
    "D": NUMBER_CHARACTERS - frozenset(_DIGITS),
    "w": _WORD,
    "W": NUMBER_CHARACTERS - _WORD,
    "S": NUMBER_CHARACTERS,
    **dict.fromkeys("sfnrtv", frozenset[str]()),
}


@frozen
class Reading:
    """A parsed regular expression. `first` is None without a capture group."""

    first: Group | None = None
    fault: str = ""  # why it is invalid
    is_read: bool = True  # False for unsupported syntax, and if nested too deeply
    is_too_nested: bool = False


@frozen
class Group:
    """The first capture group. `ends` if nothing after it has to match."""

    text: str
    can_hold_a_digit: bool
    ends: bool
    lazy_minimum: int | None  # the minimum width of the lazy repetition at its end
    start: int = field(default=0, compare=False)  # where it opens in the expression
    node: Node = field(default=_UNKNOWN, compare=False)  # what it matches


@frozen
class _Part:
    """A part of the expression and what it can match."""

    node: Node = _UNKNOWN
    width: int = 0  # the minimum
    has_digit: bool = False
    is_assertion: bool = False
    lazy: int | None = None  # the minimum width, if repeated lazily
    group: Group | None = None  # if the part is a capture group


class _GroupKind(Enum):
    CAPTURE = auto()
    PLAIN = auto()  # neither captures nor asserts
    ASSERTION = auto()
    FLAGS = auto()  # `(?i)`, which has no content


class _Fault(Exception):
    """The expression is invalid."""


class _Unsupported(Exception):
    """The expression uses syntax that is not parsed."""


class _TooNested(Exception):
    """The expression is nested too deeply."""


@lru_cache(maxsize=1024)
def read(pattern: str) -> Reading:
    """Parse an expression, without running it. Never raises."""
    reader = _Reader(pattern)
    try:
        branches = reader.branches(0)
        if reader.position < len(pattern):
            raise _Fault("unmatched `)`")
    except _Fault as fault:
        return Reading(fault=str(fault))
    except _Unsupported:
        return Reading(is_read=False)
    except _TooNested:
        return Reading(is_read=False, is_too_nested=True)
    first = reader.first
    if first is not None and len(branches) == 1:
        parts = branches[0]
        at = next((i for i, part in enumerate(parts) if part.group is first), None)
        if at is not None and all(
            part.width == 0 and not part.is_assertion for part in parts[at + 1 :]
        ):
            first = replace(first, ends=True)
    return Reading(first=first)


class _Reader:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.position = 0
        self.groups = 0
        self.first: Group | None = None

    def branches(self, depth: int) -> list[list[_Part]]:
        """Parse alternatives up to a `)` or the end."""
        if depth > MAX_DEPTH:
            raise _TooNested
        alternatives: list[list[_Part]] = [[]]
        while (char := self._peek()) not in ("", ")"):
            if char == "|":
                self.position += 1
                alternatives.append([])
                continue
            part = self._atom(char, depth)
            if part is not None:
                alternatives[-1].append(self._repeated(part))
        return alternatives

    def _peek(self, length: int = 1) -> str:
        return self.pattern[self.position : self.position + length]

    def _skip_name(self, opened: str) -> None:
        at = self.pattern.find(">", self.position)
        if at == -1:
            raise _Fault(f"the name after `{opened}` is not closed")
        self.position = at + 1

    def _atom(self, char: str, depth: int) -> _Part | None:
        if char == "(":
            return self._group(depth)
        if char == "[":
            return self._class()
        if char == "\\":
            return self._escape()
        if char in "*+?":
            raise _Fault(f"nothing to repeat before `{char}`")
        self.position += 1
        if char in "^$":
            return _Part(is_assertion=True)
        allowed = NUMBER_CHARACTERS if char == "." else frozenset(char) & NUMBER_CHARACTERS
        has_digit = char == "." or char in _DIGITS
        return _Part(node=Characters(allowed=allowed), width=1, has_digit=has_digit)

    def _escape(self) -> _Part:
        char = self.pattern[self.position + 1 : self.position + 2]
        if not char:
            raise _Fault("trailing backslash")
        if char.isascii() and char.isalpha() and char not in _KNOWN_ESCAPES:
            raise _Fault(f"unknown escape `\\{char}`")
        self.position += 2
        if char in _ZERO_WIDTH:
            return _Part(is_assertion=True)
        if char.isdigit() or char == "k":
            return _Part(has_digit=True)  # a reference to another group, or a character by number
        node: Node = _UNKNOWN
        if not char.isalnum():
            node = Characters(allowed=frozenset(char) & NUMBER_CHARACTERS)
        elif char in _ESCAPED_CLASSES:
            node = Characters(allowed=_ESCAPED_CLASSES[char])
        has_digit = char.isalpha() and char not in _NEVER_A_DIGIT
        return _Part(node=node, width=1, has_digit=has_digit)

    def _class(self) -> _Part:
        start = self.position
        self.position += 1
        is_negated = self._peek() == "^"
        self.position += is_negated
        members: set[str] = set()
        may_be_digit = is_unknown = False
        is_first = True
        while (char := self._peek()) != "]" or is_first:
            if not char:
                raise _Fault(f"the `[` at character {start + 1} is not closed")
            is_first = False
            low, known = self._class_member()
            if self._peek() == "-" and self._peek(2) not in ("-", "-]"):
                self.position += 1
                high, high_known = self._class_member()
                if known and high_known:
                    if high < low:
                        raise _Fault(f"the range `{low}-{high}` is reversed")
                    members |= {member for member in NUMBER_CHARACTERS if low <= member <= high}
                else:
                    may_be_digit = is_unknown = True
            elif known:
                members.add(low)
            elif low in _ESCAPED_CLASSES:
                members |= _ESCAPED_CLASSES[low]
            else:
                is_unknown = True
                may_be_digit |= low not in _NEVER_A_DIGIT
        self.position += 1
        has_digit = bool(members & set(_DIGITS)) or may_be_digit
        if is_negated:
            has_digit = may_be_digit or not set(_DIGITS) <= members
        allowed = NUMBER_CHARACTERS - members if is_negated else NUMBER_CHARACTERS & members
        node: Node = _UNKNOWN if is_unknown else Characters(allowed=allowed)
        return _Part(node=node, width=1, has_digit=has_digit)

    def _class_member(self) -> tuple[str, bool]:
        """One member of a class, and whether it is the character itself."""
        char = self._peek()
        if char != "\\":
            self.position += 1
            return char, True
        escaped = self.pattern[self.position + 1 : self.position + 2]
        self.position += 2
        return escaped, bool(escaped) and not escaped.isalnum()

    def _group(self, depth: int) -> _Part | None:
        start = self.position
        self.position += 1
        is_atomic = self._peek(2) == "?>"
        kind = self._extension() if self._peek() == "?" else _GroupKind.CAPTURE
        if kind is _GroupKind.FLAGS:
            return None
        self.groups += kind is _GroupKind.CAPTURE
        is_the_first = kind is _GroupKind.CAPTURE and self.groups == 1
        branches = self.branches(depth + 1)
        if self._peek() != ")":
            raise _Fault(f"the `(` at character {start + 1} is not closed")
        self.position += 1
        if kind is _GroupKind.ASSERTION:
            return _Part(is_assertion=True)
        choices = tuple(Sequence(parts=tuple(part.node for part in parts)) for parts in branches)
        part = _Part(
            node=_UNKNOWN if is_atomic else Choice(parts=choices),
            width=min(sum(inner.width for inner in parts) for parts in branches),
            has_digit=any(inner.has_digit for parts in branches for inner in parts),
        )
        if not is_the_first:
            return part
        last = branches[0][-1] if len(branches) == 1 and branches[0] else None
        self.first = Group(
            text=self.pattern[start : self.position],
            start=start,
            node=part.node,
            can_hold_a_digit=part.has_digit,
            ends=False,
            lazy_minimum=last.lazy if last is not None else None,
        )
        return replace(part, group=self.first)

    def _extension(self) -> _GroupKind:
        """Parse what follows `(?`."""
        self.position += 1
        for opening in ("=", "!", "<=", "<!"):
            if self._peek(len(opening)) == opening:
                self.position += len(opening)
                return _GroupKind.ASSERTION
        for opening in ("P<", "<"):
            if self._peek(len(opening)) == opening:
                self._skip_name(f"(?{opening}")
                return _GroupKind.CAPTURE
        if self._peek() in (":", ">"):
            self.position += 1
            return _GroupKind.PLAIN
        if self._peek() in ("#", "(", "P", "R", "&", "'"):
            raise _Unsupported
        flags = ""
        while (char := self._peek()) and char in _FLAGS:
            flags += char
            self.position += 1
        if "x" in flags:
            raise _Unsupported
        if flags and char in (":", ")"):
            self.position += 1
            return _GroupKind.FLAGS if char == ")" else _GroupKind.PLAIN
        raise _Fault(f"unknown group `(?{char}`")

    def _repeated(self, part: _Part) -> _Part:
        bounds = self._quantifier()
        if bounds is None:
            return part
        minimum, maximum = bounds
        is_lazy, is_possessive = self._peek() == "?", self._peek() == "+"
        if self._peek() in ("?", "+"):
            self.position += 1
        again = self._peek()
        if again and (again in "*+?" or self._quantifier() is not None):
            raise _Fault(f"multiple repeat at `{again}`")
        return _Part(
            node=_UNKNOWN
            if is_possessive
            else Repeat(part=part.node, minimum=minimum, maximum=maximum),
            width=part.width * minimum,
            has_digit=part.has_digit and maximum != 0,
            lazy=part.width * minimum if is_lazy and maximum != minimum else None,
            group=part.group if (minimum, maximum) == (1, 1) else None,
        )

    def _quantifier(self) -> tuple[int, int | None] | None:
        """The bounds of a quantifier; None, without advancing, if there is none."""
        simple: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        char = self._peek()
        if char in simple:
            self.position += 1
            return simple[char]
        if char != "{":
            return None
        end = self.pattern.find("}", self.position, self.position + 24)
        low, comma, high = self.pattern[self.position + 1 : max(end, 0)].partition(",")
        texts = [text for text in (low, high) if text]
        if end == -1 or not (texts or comma) or not all(t.isascii() and t.isdigit() for t in texts):
            return None  # a literal brace, as in `metrics={'f1': (\S+)}`
        self.position = end + 1
        minimum = int(low or 0)
        maximum = int(high) if high else (None if comma else minimum)
        if maximum is not None and maximum < minimum:
            raise _Fault(f"`{{{low},{high}}}` is reversed")
        return minimum, maximum
