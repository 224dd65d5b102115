"""Reads a metric's regular expression without running it: text in, what its first group takes out.

SageMaker takes the first group's text as the metric's value. Reading is linear in the text and
bounded in depth, since `re.compile` is neither. The syntax is Python's, in which every expression
of AWS's own pages is valid; what only Java knows is let pass.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

MAX_DEPTH = 30

_DIGITS = "0123456789"
_KNOWN_ESCAPES = "AabBcdDeEfGhHknNpPQrRsStuUvVwWxXzZ"  # of Python or of Java
_TAKES_NO_WIDTH = "AbBGzZ"
_TAKES_NO_DIGIT = "DWsafnrtve"
_FLAGS = "aiLmsuxdU-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a regular expression says. `first` is None without a capture group."""

    first: Group | None = None
    fault: str = ""  # why it is not a regular expression
    is_read: bool = True  # False for rare syntax, and for one that is too nested
    is_too_nested: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The first capture group. `ends` says that nothing after it has to match."""

    text: str
    can_hold_a_digit: bool
    ends: bool
    lazy_minimum: int | None  # the least width of the lazy repeat at its end


@dataclass(slots=True, kw_only=True)
class _Part:
    """A piece of the expression and what it can match."""

    width: int = 0  # the least
    has_digit: bool = False
    is_assertion: bool = False
    lazy: int | None = None  # the least width, when it is repeated lazily
    group: Group | None = None  # when it is a capture group as a whole


class _Fault(Exception):
    """Not a regular expression."""


class _Unread(Exception):
    """Not an expression that is read here."""


class _TooNested(Exception):
    """Deeper than is read here."""


@lru_cache(maxsize=1024)
def read(pattern: str) -> Reading:
    """Read an expression. Never raises, never runs it."""
    reader = _Reader(pattern)
    try:
        branches = reader.branches(0)
        if reader.position < len(pattern):
            raise _Fault("a `)` closes nothing")
    except _Fault as fault:
        return Reading(fault=str(fault))
    except _Unread:
        return Reading(is_read=False)
    except _TooNested:
        return Reading(is_read=False, is_too_nested=True)
    first = reader.first
    if first is not None and len(branches) == 1:
        parts = branches[0]
        at = next((i for i, part in enumerate(parts) if part.group is first), None)
        if at is not None and all(p.width == 0 and not p.is_assertion for p in parts[at + 1 :]):
            first = replace(first, ends=True)
    return Reading(first=first)


class _Reader:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.position = 0
        self.groups = 0
        self.first: Group | None = None

    def branches(self, depth: int) -> list[list[_Part]]:
        """Read alternatives up to a `)` or the end."""
        if depth > MAX_DEPTH:
            raise _TooNested
        found: list[list[_Part]] = [[]]
        while (char := self._peek()) not in ("", ")"):
            if char == "|":
                self.position += 1
                found.append([])
                continue
            part = self._atom(char, depth)
            if part is not None:
                found[-1].append(self._repeated(part))
        return found

    def _peek(self, length: int = 1) -> str:
        return self.pattern[self.position : self.position + length]

    def _skip_name(self, opened: str) -> None:
        at = self.pattern.find(">", self.position)
        if at < 0:
            raise _Fault(f"the name after `{opened}` is never closed")
        self.position = at + 1

    def _atom(self, char: str, depth: int) -> _Part | None:
        if char == "(":
            return self._group(depth)
        if char == "[":
            return self._class()
        if char == "\\":
            return self._escape()
        if char in "*+?":
            raise _Fault(f"the `{char}` has nothing before it to repeat")
        self.position += 1
        if char in "^$":
            return _Part(is_assertion=True)
        return _Part(width=1, has_digit=char == "." or char in _DIGITS)

    def _escape(self) -> _Part:
        char = self.pattern[self.position + 1 : self.position + 2]
        if not char:
            raise _Fault("it ends in a single backslash")
        if char.isascii() and char.isalpha() and char not in _KNOWN_ESCAPES:
            raise _Fault(f"`\\{char}` is not a known escape")
        self.position += 2
        if char in _TAKES_NO_WIDTH:
            return _Part(is_assertion=True)
        if char.isdigit() or char == "k":
            return _Part(has_digit=True)  # a reference to another group, or a character by number
        return _Part(width=1, has_digit=char.isalpha() and char not in _TAKES_NO_DIGIT)

    def _class(self) -> _Part:
        start = self.position
        self.position += 1
        is_negated = self._peek() == "^"
        self.position += is_negated
        members: set[str] = set()
        takes_anything = False
        is_first = True
        while (char := self._peek()) != "]" or is_first:
            if not char:
                raise _Fault(f"the `[` at character {start + 1} is never closed")
            is_first = False
            low, known = self._class_member()
            if self._peek() == "-" and self._peek(2) not in ("-", "-]"):
                self.position += 1
                high, high_known = self._class_member()
                if known and high_known:
                    if high < low:
                        raise _Fault(f"the range `{low}-{high}` runs backwards")
                    members |= {digit for digit in _DIGITS if low <= digit <= high}
                takes_anything |= not (known and high_known)
            elif known:
                members.add(low)
            elif low == "d":
                members |= set(_DIGITS)
            elif low not in _TAKES_NO_DIGIT:
                takes_anything = True
        self.position += 1
        has_digit = bool(members & set(_DIGITS)) or takes_anything
        if is_negated:
            has_digit = takes_anything or not set(_DIGITS) <= members
        return _Part(width=1, has_digit=has_digit)

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
        captures, is_assertion = True, False
        if self._peek() == "?":
            captures, is_assertion, is_whole = self._extension()
            if is_whole:
                return None
        self.groups += captures
        is_the_first = captures and self.groups == 1
        branches = self.branches(depth + 1)
        if self._peek() != ")":
            raise _Fault(f"the `(` at character {start + 1} is never closed")
        self.position += 1
        if is_assertion:
            return _Part(is_assertion=True)
        part = _Part(
            width=min(sum(p.width for p in parts) for parts in branches),
            has_digit=any(p.has_digit for parts in branches for p in parts),
        )
        if is_the_first:
            last = branches[0][-1] if len(branches) == 1 and branches[0] else None
            part.group = self.first = Group(
                text=self.pattern[start : self.position],
                can_hold_a_digit=part.has_digit,
                ends=False,
                lazy_minimum=last.lazy if last is not None else None,
            )
        return part

    def _extension(self) -> tuple[bool, bool, bool]:
        """Read what follows `(?`: whether it captures, asserts, was the whole group."""
        self.position += 1
        for opening in ("=", "!", "<=", "<!"):
            if self._peek(len(opening)) == opening:
                self.position += len(opening)
                return False, True, False
        for opening in ("P<", "<"):
            if self._peek(len(opening)) == opening:
                self._skip_name(f"(?{opening}")
                return True, False, False
        if self._peek() in (":", ">"):
            self.position += 1
            return False, False, False
        if self._peek() in ("#", "(", "P", "R", "&", "'"):
            raise _Unread
        flags = ""
        while (char := self._peek()) and char in _FLAGS:
            flags += char
            self.position += 1
        if "x" in flags:
            raise _Unread
        if flags and char in (":", ")"):
            self.position += 1
            return False, False, char == ")"
        raise _Fault(f"`(?{char}` is not a known kind of group")

    def _repeated(self, part: _Part) -> _Part:
        bounds = self._quantifier()
        if bounds is None:
            return part
        least, most = bounds
        is_lazy = self._peek() == "?"
        if self._peek() in ("?", "+"):
            self.position += 1
        again = self._peek()
        if again and (again in "*+?" or self._quantifier() is not None):
            raise _Fault(f"the `{again}` repeats what is repeated already")
        return _Part(
            width=part.width * least,
            has_digit=part.has_digit and most != 0,
            lazy=part.width * least if is_lazy and most != least else None,
            group=part.group if (least, most) == (1, 1) else None,
        )

    def _quantifier(self) -> tuple[int, int | None] | None:
        """A quantifier's bounds; None, and nothing read, where there is none."""
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
        if end < 0 or not (texts or comma) or not all(t.isascii() and t.isdigit() for t in texts):
            return None  # a brace that is only a brace, as in `metrics={'f1': (\S+)}`
        self.position = end + 1
        least = int(low or 0)
        most = int(high) if high else (None if comma else least)
        if most is not None and most < least:
            raise _Fault(f"`{{{low},{high}}}` runs backwards")
        return least, most
