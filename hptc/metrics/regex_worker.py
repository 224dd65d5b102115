"""Runs regular expressions of a spec over a log, in a separate process.

Specs can be untrusted, and Python's `re` can't be interrupted, but a process can be killed. The
file is run in an isolated interpreter and imports the standard library only. It reads one JSON
object from stdin: the lines, and for each expression its variants from corrections.py. It writes a
JSON line for each expression as soon as it is done, and then one for each `review` of what an
expression misses and how to correct it. If a review is too slow, only the review is missing.

With `--follow SECONDS`, it reads the lines of growing logs instead: first a JSON line with the
expressions, then one for each part of a log, and it writes the values of each expression as soon as
it is done. An expression that takes more than these seconds of CPU time on a part ends the process.
"""

import json
import re
import signal
import sys
from collections.abc import Iterator

NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
MAX_SHOWN = 3
_SENT = 4096  # characters of a capture: the caller masks secrets before it shortens the text
MAX_MEMORY = 1 << 30  # bytes; a log of the largest size needs a fifth of it
MAX_REVIEWED = 100_000
"""Lines of the log that a review covers, which bounds its memory."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ESCAPED_CONTROL = re.compile(r"#[01][0-7]{2}")
_PARTS = "0123456789.+-eE"
_PART_SET = frozenset(_PARTS)
_WINDOW = 400  # characters before a capture that can be part of its number, such as `1e308`
_WORD = re.compile(r"\w")
_MORE_DECIMALS = re.compile(r"\.[0-9]")
_NUMBER_START = re.compile(
    r"""
    (?:(?<![^\s=:(\[{,;'"|<>])[-+])?                   # a sign, but not a hyphen
    (?:(?<![A-Za-z0-9_.])[0-9.]+(?:[eE][-+]?[0-9]*)?)?
    $
    """,
    re.VERBOSE,
)

Shown = tuple[int, str]


def escaped(line: str) -> str:
    """A line as CloudWatch Logs shows it, with control characters as `#011`."""
    return _CONTROL.sub(lambda match: f"#{ord(match[0]):03o}", line)


def search(regex: re.Pattern[str], line: str) -> re.Match[str] | None:
    """Search a line as it is, and then as CloudWatch Logs shows it."""
    match = regex.search(line)
    if match is None and _CONTROL.search(line):
        match = regex.search(escaped(line))
    return match


def whole_number(line: str, start: int, end: int) -> str | None:
    """The number that contains a part of a line; None if it is part of something else."""
    first = start
    if line[start - 1 : start] in _PART_SET:
        before = line[max(0, start - _WINDOW) : start]
        nearest = len(before.rstrip(_PARTS))
        if _ESCAPED_CONTROL.match(before, nearest - 1):
            before, nearest = before[nearest + 3 :], 0
        opening = _NUMBER_START.search(before, nearest)
        first = start - (len(before) - opening.start() if opening else 0)
    elif line[end : end + 1] not in _PART_SET:
        return line[start:end]
    match = NUMBER.match(line, first)
    if match is None or match.end() < end:
        return None
    whole = match[0]
    mantissa, _, exponent = whole.lower().partition("e")
    after = line[match.end() : match.end() + 2]
    if exponent.isdigit() and _WORD.match(after):  # as in a hash, `9e5a`
        whole = whole[: len(mantissa)]
        return whole if first + len(whole) >= end else None
    if _MORE_DECIMALS.match(after):  # a version or an address
        return None
    return whole


def is_same(captured: str, whole: str) -> bool:
    """Whether a capture is the whole number; a plus sign and a point at the end don't matter."""
    return _plain(captured) == _plain(whole)


def _plain(text: str) -> str:
    return text.removeprefix("+").removesuffix(".")


class Search:
    """One expression on all lines: counts, and the first few captures of each kind."""

    def __init__(self, regex: re.Pattern[str], lines: list[str], *, drops_sign: bool) -> None:
        self.lines = lines
        self.matches = self.numbers = self.without_group = self.misread = 0
        self.shown: list[Shown] = []
        self.wrong: list[Shown] = []
        self.misread_shown: list[tuple[int, str, str]] = []
        self.last: Shown | None = None
        self.unmatched: list[int] = []  # of the lines that a review covers
        self.expected: dict[int, str] = {}  # the numbers of these lines
        for index, line in enumerate(lines, 1):
            match = search(regex, line)
            if match is None:
                self._add_unmatched(index)
                continue
            self.matches += 1
            text = match[1] if regex.groups else None
            if text is None:
                self.without_group += 1
            elif NUMBER.fullmatch(text.strip()):
                self._add_number(index, match, text, drops_sign=drops_sign)
            else:
                self._add_wrong(index, text)

    def _add_number(self, index: int, match: re.Match[str], text: str, *, drops_sign: bool) -> None:
        self.numbers += 1
        number = text.strip()
        start = match.start(1) + len(text) - len(text.lstrip())
        whole = whole_number(match.string, start, start + len(number)) or number
        if drops_sign:
            whole = whole.removeprefix("-")
        self.last = (index, number[:64])
        if len(self.shown) < MAX_SHOWN:
            self.shown.append(self.last)
        if number != whole and not is_same(number, whole):
            self.misread += 1
            if len(self.misread_shown) < MAX_SHOWN:
                self.misread_shown.append((index, number[:64], whole[:64]))
        self._expect(index, whole)

    def _add_wrong(self, index: int, text: str) -> None:
        if len(self.wrong) < MAX_SHOWN:
            self.wrong.append((index, text[:_SENT]))
        numbers = [match[0] for match in NUMBER.finditer(text)]
        if len(numbers) == 1:
            self._expect(index, numbers[0])
        elif not text:
            self._add_unmatched(index)

    def _add_unmatched(self, index: int) -> None:
        if index <= MAX_REVIEWED:
            self.unmatched.append(index)

    def _expect(self, index: int, number: str) -> None:
        if index <= MAX_REVIEWED:
            self.expected[index] = number

    def found(self) -> dict[str, object]:
        """The result, as JSON."""
        return {
            "matches": self.matches,
            "numbers": self.numbers,
            "without_group": self.without_group,
            "shown": self.shown,
            "last": self.last,
            "wrong": self.wrong,
            "misread": self.misread,
            "misread_shown": self.misread_shown,
        }

    def review(self, relaxed: re.Pattern[str], candidates: list[str]) -> dict[str, object]:
        """What the expression misses, and the first candidate that reads every number wholly."""
        missed: list[Shown] = []
        not_finite: list[Shown] = []
        for index, value in _values(relaxed, self.unmatched, self.lines):
            is_number = NUMBER.fullmatch(value) is not None
            (missed if is_number else not_finite).append((index, value[:_SENT]))
            if is_number:
                self._expect(index, value)
        is_faulty = missed or self.misread or self.numbers < self.matches
        return {
            "missed": len(missed),
            "missed_shown": missed[:MAX_SHOWN],
            "not_finite": len(not_finite),
            "not_finite_shown": not_finite[:MAX_SHOWN],
            "corrected": self._corrected(candidates) if is_faulty and self.expected else None,
        }

    def _corrected(self, candidates: list[str]) -> str | None:
        return next((each for each in candidates if self._is_right(each)), None)

    def _is_right(self, candidate: str) -> bool:
        """Whether a candidate captures exactly the expected numbers."""
        regex = re.compile(candidate)
        for index, line in enumerate(self.lines[:MAX_REVIEWED], 1):
            match = search(regex, line)
            expected = self.expected.get(index)
            if (match is None) != (expected is None):
                return False
            if match is not None and not is_same(match[1] or "", expected or ""):
                return False
        return True


def _values(
    relaxed: re.Pattern[str], indices: list[int], lines: list[str]
) -> Iterator[tuple[int, str]]:
    """The values that the relaxed expression finds in lines, with their line numbers."""
    for index in indices:
        match = search(relaxed, lines[index - 1])
        if match is None:
            continue
        value = match[1]
        if NUMBER.fullmatch(value):
            whole = whole_number(match.string, match.start(1), match.end(1))
            if whole is not None:
                yield index, whole
        elif not _WORD.match(match.string, match.end(1)):
            yield index, value  # and not the start of a word such as `info`


def limit_memory() -> None:
    """Limit the memory of this process, where the operating system can."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    except (ImportError, OSError, ValueError):
        pass


def main() -> None:
    """Run the expressions given on stdin."""
    limit_memory()
    request = json.load(sys.stdin)
    searches: dict[int, Search] = {}
    for index, expression in enumerate(request["expressions"]):
        try:
            regex = re.compile(expression["regex"])
            searches[index] = Search(regex, request["lines"], drops_sign=expression["drops_sign"])
            _write(searches[index].found())
        except (re.error, RecursionError, OverflowError, MemoryError) as error:
            _write({"fault": f"{error}" or type(error).__name__})
    for index, done in searches.items():
        expression = request["expressions"][index]
        if expression["relaxed"] is None:
            continue
        try:
            review = done.review(re.compile(expression["relaxed"]), expression["candidates"])
        except (re.error, RecursionError, OverflowError, MemoryError):
            continue
        _write({"review": index, **review})


def follow(seconds: float) -> None:
    """Answer each part of a log with the values that its expressions capture.

    A part names its expressions by their position in the first line, and has an answer for each of
    them, in this order: `values` are the number of a line and what the first group captured in it.
    The time limit is in CPU time, so that a busy machine makes no expression too slow. `SIGPROF`
    ends the process even within a match, which no handler in Python could interrupt.
    """
    limit_memory()
    regexes = [_compiled(text) for text in json.loads(sys.stdin.readline())]
    for question in sys.stdin:
        part = json.loads(question)
        for index in part["expressions"]:
            signal.setitimer(signal.ITIMER_PROF, seconds)
            values = list(_captures(regexes[index], part["lines"]))
            signal.setitimer(signal.ITIMER_PROF, 0)
            _write({"values": values})


def _compiled(text: str) -> re.Pattern[str] | None:
    try:
        return re.compile(text)
    except (re.error, RecursionError, OverflowError, MemoryError):
        return None


def _captures(regex: re.Pattern[str] | None, lines: list[str]) -> Iterator[Shown]:
    if regex is None or not regex.groups:
        return
    for index, line in enumerate(lines):
        match = search(regex, line)
        if match is not None and match[1] is not None and NUMBER.fullmatch(match[1].strip()):
            yield index, match[1].strip()


def _write(answer: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    follow(float(sys.argv[2])) if sys.argv[1:2] == ["--follow"] else main()
