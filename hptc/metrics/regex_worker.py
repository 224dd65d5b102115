"""Runs regular expressions of a spec over a log, in a separate process.

Specs can be untrusted, and Python's `re` can't be interrupted, but a process can be killed. The
file is run in an isolated interpreter and imports the standard library only. It reads one JSON
object from stdin: the lines, the CPU time that it may take, and for each expression its variants
from corrections.py. It writes a JSON line with the result of each expression as soon as it is done,
and then one for each `review` of what an expression misses and how to correct it. If a review is
too slow, only it is missing.

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
MAX_SHOWN = 3  # lines
_MAX_NUMBER = 64  # characters of a number
_SENT = 4096  # characters of a capture: the caller masks secrets before it shortens the text
MAX_MEMORY = 1 << 30  # bytes; a log of the largest size needs a fifth of it
MAX_REVIEWED = 100_000
"""Lines of the log that a review covers, which bounds its memory."""

_NOT_RUN = (re.error, RecursionError, OverflowError, MemoryError)
"""Raised for an expression that is invalid or too large."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ESCAPED_CONTROL = re.compile(r"#[01][0-7]{2}")
_PARTS = "0123456789.+-eE"
_PART_SET = frozenset(_PARTS)
_WINDOW = 400  # characters before a capture that can be part of its number, such as `1e308`
_THREE_DIGITS = re.compile(r"[-+]?[0-9]{1,3}")
_THOUSANDS = re.compile(r"(?:,[0-9]{3})+(?:\.[0-9]+)?(?![0-9A-Za-z_,])")  # of `1,234.5`
_WORD = re.compile(r"\w")
_NAME_END = re.compile(r"[A-Za-z][\w./-]*$")
_NAME_AND_MARKS = re.compile(r"([A-Za-z_][\w./-]*)\W*")
_DIGITS = re.compile(r"[0-9]+")
_MORE_DECIMALS = re.compile(r"\.[0-9]")
_NUMBER_START = re.compile(
    r"""
    (?:(?<![^\s=:(\[{,;'"|<>])[-+])?                   # a sign, but not a hyphen
    (?:(?<![A-Za-z0-9_.])[0-9.]+(?:[eE][-+]?[0-9]*)?)?
    $
    """,
    re.VERBOSE,
)


def escaped(line: str) -> str:
    """A line as CloudWatch Logs shows it, with control characters as `#011`."""
    return _CONTROL.sub(lambda match: f"#{ord(match[0]):03o}", line)


def search_line(regex: re.Pattern[str], line: str) -> re.Match[str] | None:
    """Search a line as it is, and then as CloudWatch Logs shows it."""
    match = regex.search(line)
    if match is None and _CONTROL.search(line):
        match = regex.search(escaped(line))
    return match


def whole_number(line: str, start: int, end: int) -> str | None:
    """The number that contains a part of a line; None if it is part of something else."""
    start_of_number = start
    if line[start - 1 : start] in _PART_SET:
        start_of_number = _start_of_number(line, start)
    elif line[end : end + 1] not in _PART_SET:
        return line[start:end]
    match = NUMBER.match(line, start_of_number)
    if match is None or match.end() < end:
        return None
    number = match[0]
    mantissa, _, exponent = number.lower().partition("e")
    after = line[match.end() : match.end() + 2]
    if exponent.isdigit() and _WORD.match(after):  # as in a hash, `9e5a`
        number = number[: len(mantissa)]
        return number if start_of_number + len(number) >= end else None
    if _MORE_DECIMALS.match(after):  # a version or an address
        return None
    return number


def _start_of_number(line: str, position: int) -> int:
    """Where the number starts whose characters are in front of a position."""
    before = line[max(0, position - _WINDOW) : position]
    start = len(before.rstrip(_PARTS))
    if _ESCAPED_CONTROL.match(before, start - 1):
        before, start = before[start + 3 :], 0
    number = _NUMBER_START.search(before, start)
    return position - (len(before) - number.start() if number else 0)


def metric_name(line: str, start: int, value: int) -> str:
    """The whole name of the metric that a match reads: `val_loss`, if it starts at `loss: 0.5`.

    Empty if the match, which starts at `start`, has more than a name before the value.
    """
    end = _NAME_AND_MARKS.fullmatch(line, start, min(value, start + _WINDOW))
    if end is None:
        return ""
    beginning = _NAME_END.search(line, max(0, start - _WINDOW), start)
    return (beginning[0] if beginning else "") + end[1].rstrip("./-")


def is_same(captured: str, whole: str) -> bool:
    """Whether a capture is the whole number; a plus sign and a point at the end don't matter."""
    return _plain(captured) == _plain(whole)


def _plain(text: str) -> str:
    return text.removeprefix("+").removesuffix(".")


class Examples:
    """Lines that have something in common: how many there are, and the first few."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[tuple[int | str, ...]] = []

    def add(self, line: int, *texts: str) -> None:
        """Add a line, with what was captured in it."""
        self.count += 1
        if len(self.first) < MAX_SHOWN:
            self.first.append((line, *texts))

    def data(self) -> dict[str, object]:
        """The lines as JSON."""
        return {"count": self.count, "first": self.first}


class Search:
    """What one expression matches and captures in a log.

    It remembers the lines that it doesn't match, and the numbers that it should capture, for a
    review.
    """

    def __init__(self, regex: re.Pattern[str], lines: list[str], *, drops_sign: bool) -> None:
        self.lines = lines
        self.matches = self.without_group = 0
        self.numbers, self.misread, self.wrong = Examples(), Examples(), Examples()
        self.last: tuple[int, str] | None = None
        self.names: dict[str, tuple[int, str]] = {}  # the first line of each, without digits
        self.unmatched: list[int] = []  # of the lines that a review covers
        self.expected: dict[int, str] = {}  # the numbers of these lines
        for number, line in enumerate(lines, 1):
            match = search_line(regex, line)
            if match is None:
                self._add_unmatched(number)
                continue
            self.matches += 1
            text = match[1] if regex.groups else None
            if text is None:
                self.without_group += 1
            elif NUMBER.fullmatch(text.strip()):
                self._add_number(number, match, drops_sign=drops_sign)
            else:
                self._add_wrong(number, text)

    def _add_number(self, line: int, match: re.Match[str], *, drops_sign: bool) -> None:
        captured = match[1].strip()
        start = match.start(1) + len(match[1]) - len(match[1].lstrip())
        end = start + len(captured)
        whole = whole_number(match.string, start, end) or captured
        if match.end() == match.end(1) and whole == captured and _THREE_DIGITS.fullmatch(captured):
            thousands = _THOUSANDS.match(match.string, end)
            whole += thousands[0] if thousands else ""
        if drops_sign:
            whole = whole.removeprefix("-")
        name = metric_name(match.string, match.start(), start)
        if len(self.names) < MAX_SHOWN:
            self.names.setdefault(_DIGITS.sub("0", name), (line, name[:_MAX_NUMBER]))
        self.last = (line, captured[:_MAX_NUMBER])
        self.numbers.add(*self.last)
        if captured != whole and not is_same(captured, whole):
            self.misread.add(*self.last, whole[:_MAX_NUMBER])
        self._expect(line, whole)

    def _add_wrong(self, line: int, text: str) -> None:
        self.wrong.add(line, text[:_SENT])
        numbers = [match[0] for match in NUMBER.finditer(text)]
        if len(numbers) == 1:
            self._expect(line, numbers[0])
        elif not text:
            self._add_unmatched(line)

    def _add_unmatched(self, line: int) -> None:
        if line <= MAX_REVIEWED:
            self.unmatched.append(line)

    def _expect(self, line: int, number: str) -> None:
        if line <= MAX_REVIEWED:
            self.expected[line] = number

    def result(self) -> dict[str, object]:
        """The result, as JSON."""
        return {
            "matches": self.matches,
            "without_group": self.without_group,
            "numbers": self.numbers.data(),
            "misread": self.misread.data(),
            "wrong": self.wrong.data(),
            "last": self.last,
            "names": list(self.names.values()) if len(self.names) > 1 else [],
        }

    def review(self, relaxed: re.Pattern[str], candidates: list[str]) -> dict[str, object]:
        """What the expression misses, and the first candidate that reads every number wholly."""
        missed, not_finite = Examples(), Examples()
        for line, value in _values(relaxed, self.unmatched, self.lines):
            if NUMBER.fullmatch(value):
                missed.add(line, value[:_SENT])
                self._expect(line, value)
            else:
                not_finite.add(line, value[:_SENT])
        is_faulty = missed.count or self.misread.count or self.numbers.count < self.matches
        corrected = None
        if is_faulty and self.expected:
            corrected = next(filter(self._reads_every_number, candidates), None)
        return {
            "missed": missed.data(),
            "not_finite": not_finite.data(),
            "corrected": corrected,
        }

    def _reads_every_number(self, candidate: str) -> bool:
        """Whether a candidate captures exactly the expected numbers."""
        regex = re.compile(candidate)
        for number, line in enumerate(self.lines[:MAX_REVIEWED], 1):
            match = search_line(regex, line)
            expected = self.expected.get(number)
            if (match is None) != (expected is None):
                return False
            if match is not None and not is_same(match[1] or "", expected or ""):
                return False
        return True


def _values(
    relaxed: re.Pattern[str], numbers: list[int], lines: list[str]
) -> Iterator[tuple[int, str]]:
    """The values that the relaxed expression finds in lines, with their line numbers."""
    for number in numbers:
        match = search_line(relaxed, lines[number - 1])
        if match is None:
            continue
        value = match[1]
        if NUMBER.fullmatch(value):
            whole = whole_number(match.string, match.start(1), match.end(1))
            if whole is not None:
                yield number, whole
        elif not _WORD.match(match.string, match.end(1)):
            yield number, value  # and not the start of a word such as `info`


def limit_memory() -> None:
    """Limit the memory of this process, where the operating system can."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    except (ImportError, OSError, ValueError):
        pass


def main() -> None:
    """Run the expressions given on stdin, within a limit of CPU time.

    A busy machine makes no expression too slow. `SIGPROF` ends the process even within a match,
    which no handler in Python could interrupt.
    """
    limit_memory()
    request = json.load(sys.stdin)
    signal.setitimer(signal.ITIMER_PROF, request["seconds"])
    expressions = request["expressions"]
    searches: dict[int, Search] = {}
    for index, expression in enumerate(expressions):
        try:
            regex = re.compile(expression["regex"])
            search = Search(regex, request["lines"], drops_sign=expression["drops_sign"])
        except _NOT_RUN as error:
            _write({"fault": f"{error}" or type(error).__name__})
            continue
        searches[index] = search
        _write(search.result())
    for index, search in searches.items():
        relaxed, candidates = expressions[index]["relaxed"], expressions[index]["candidates"]
        if relaxed is None:
            continue
        try:
            review = search.review(re.compile(relaxed), candidates)
        except _NOT_RUN:
            continue
        _write({"review": index, **review})


def follow(seconds: float) -> None:
    """Answer each part of a log with the values that its expressions capture.

    A part names its expressions by their position in the first line, and has an answer for each of
    them, in this order: `values` are the number of a line and what the first group captured in it.
    Each expression has `seconds` of CPU time for a part, limited as in `main`.
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
    except _NOT_RUN:
        return None


def _captures(regex: re.Pattern[str] | None, lines: list[str]) -> Iterator[tuple[int, str]]:
    if regex is None or not regex.groups:
        return
    for index, line in enumerate(lines):
        match = search_line(regex, line)
        if match is not None and match[1] is not None and NUMBER.fullmatch(match[1].strip()):
            yield index, match[1].strip()


def _write(answer: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    follow(float(sys.argv[2])) if sys.argv[1:2] == ["--follow"] else main()
