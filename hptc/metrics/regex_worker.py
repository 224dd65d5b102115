"""Runs regular expressions of a spec over a log, in a separate process.

Specs can be untrusted, and Python's `re` can't be interrupted, but a process can be killed. The
file is run in an isolated interpreter and imports the standard library only. It reads one JSON
object from stdin and writes a JSON line for each expression as soon as it is done.
"""

import json
import re
import sys

NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
MAX_SHOWN = 3
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def escaped(line: str) -> str:
    """A line as CloudWatch Logs shows it, with control characters as `#011`."""
    return _CONTROL.sub(lambda match: f"#{ord(match[0]):03o}", line)


def matched(regex: re.Pattern[str], lines: list[str]) -> dict[str, object]:
    """What one expression matches: counts, the first few captured texts, and the last."""
    has_group = regex.groups > 0
    count = numbers = empty = 0
    shown: list[tuple[int, str]] = []
    wrong: list[tuple[int, str]] = []
    last: tuple[int, str] | None = None
    for index, line in enumerate(lines, 1):
        match = regex.search(line)
        if match is None and _CONTROL.search(line):
            match = regex.search(escaped(line))
        if match is None:
            continue
        count += 1
        text = match[1] if has_group else None
        if text is None:
            empty += 1
        elif NUMBER.fullmatch(text.strip()):
            numbers += 1
            last = (index, text.strip()[:64])
            if len(shown) < MAX_SHOWN:
                shown.append(last)
        elif len(wrong) < MAX_SHOWN:
            wrong.append((index, text[:64]))
    return {
        "matches": count,
        "numbers": numbers,
        "without_group": empty,
        "shown": shown,
        "last": last,
        "wrong": wrong,
    }


def main() -> None:
    """Run the expressions given on stdin."""
    request = json.load(sys.stdin)
    for text in request["regexes"]:
        try:
            found = matched(re.compile(text), request["lines"])
        except (re.error, RecursionError, OverflowError, MemoryError) as error:
            found = {"fault": f"{error}" or type(error).__name__}
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
