"""Formats counts, lists, quoted values and durations, and makes untrusted text safe to show.

One function for each target: `printable` for terminals and logs, `workflow_value` for GitHub's
workflow commands, `code_span` and `table_cell` for Markdown, `json_text` for JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # every command imports this module
    from decimal import Decimal

_MAX_PLACES = 15  # as many as a float has
_MAX_MASKED_LENGTH = 20_000  # characters of a value; no message shows as many


def plural(count: int, noun: str, plural_noun: str = "") -> str:
    """A count with its noun: `1 file`, `2 files`, `1,200 entries`."""
    return f"{count:,} {noun if count == 1 else plural_noun or noun + 's'}"


def data_size(size: int) -> str:
    """The size of files: `1 byte`, `12.5 kB`, `25.0 MB`."""
    if size < 1_000:
        return plural(size, "byte")
    return f"{size / 1e3:,.1f} kB" if size < 1_000_000 else f"{size / 1e6:,.1f} MB"


def distinct_texts(value: Decimal | float, limit: Decimal | float, places: int) -> tuple[str, str]:
    """A value and the limit that it exceeds, with the decimal places that tell them apart.

    `places` are at least shown: `25.0` and `10.0`, or `25.00003` and `25.00000`.
    """
    while True:
        texts = f"{value:,.{places}f}", f"{limit:,.{places}f}"
        if texts[0] != texts[1] or places >= _MAX_PLACES:
            return texts
        places += 1


def printable(text: str) -> str:
    """Untrusted text on one line, without control characters that a terminal would act on."""
    line = text.replace("\t", " ").replace("\n", " ")
    if line.isprintable():  # nearly always, and 50 times as fast as one character at a time
        return line
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in line
    )


def workflow_value(text: str, more: str = "") -> str:
    """Untrusted text in a workflow command, which also ends up in GitHub's log.

    `more` lists further characters to escape.
    https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
    """
    escaped = printable(text).replace("%", "%25")
    for character in more:
        escaped = escaped.replace(character, f"%{ord(character):02X}")
    return escaped


def workflow_property(text: str) -> str:
    """Untrusted text as the value of a property of a workflow command."""
    return workflow_value(text, ":,")


def code_span(text: str, max_length: int) -> str:
    """Untrusted text as a code span in Markdown, without markup; empty for blank text."""
    shown = clipped(text, max_length)
    if not shown.strip():
        return ""
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    space = " " if "`" in (shown[0], shown[-1]) else ""
    return f"{fence}{space}{shown}{space}{fence}"


def table_cell(text: str, max_length: int) -> str:
    """Untrusted text as a code span in a cell of a Markdown table; empty for blank text."""
    # GitHub can't tell a backslash before a pipe from one that escapes it: use a look-alike.
    return code_span(text, max_length).replace("\\|", "\\│").replace("|", "\\|")


def clipped(text: str, max_length: int) -> str:
    """Untrusted text on one line of at most `max_length` characters."""
    shown = printable(text[: max_length + 1])  # printable() keeps the length
    return shown if len(shown) <= max_length else f"{shown[: max_length - 1]}…"


def iso_time(time: datetime | None) -> str | None:
    """A time for JSON and CSV: in UTC, to the second."""
    return time.astimezone(UTC).isoformat(timespec="seconds") if time else None


def json_text(data: Any) -> str:
    """Data as JSON in ASCII. Halves of surrogate pairs, which JSON can't express, are replaced.

    The name of a file that is not UTF-8 has such halves.
    """
    text = json.dumps(data, indent=2, default=str)
    if re.search(_HALF, text):
        text = json.dumps(_without_halves(data), indent=2, default=str)
    return text + "\n"


def json_line(data: Any) -> str:
    """Data as JSON on one line, for JSON Lines."""
    return json.dumps(json.loads(json_text(data))) + "\n"


_HALF = r"\\u[dD][89a-fA-F]"
_SURROGATES = "[\ud800-\udfff]"


def _without_halves(data: Any) -> Any:
    if isinstance(data, dict):
        return {_without_halves(key): _without_halves(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_without_halves(value) for value in data]
    if isinstance(data, str):
        return re.sub(_SURROGATES, "\N{REPLACEMENT CHARACTER}", data)
    return data


def listed(words: Iterable[str], conjunction: str = "and") -> str:
    """A list in a sentence: `a`, `a and b`, `a, b and c`."""
    *head, last = list(words) or [""]
    return f"{', '.join(head)} {conjunction} {last}" if head else last


def code(word: object) -> str:
    """A name or value in backticks."""
    return f"`{word}`"


def listed_code(words: Iterable[object], conjunction: str = "and") -> str:
    """A list in a sentence, each item in backticks."""
    return listed(map(code, words), conjunction)


def quoted(value: object, max_length: int = 80) -> str:
    """A value as a JSON string without secrets, shortened to at most `max_length` characters.

    Secrets are masked first, because a shortened secret no longer has its format.
    """
    from hptc.secrets.detector import hide_secrets  # not needed to print a help text, for example

    shown = hide_secrets(str(value)[:_MAX_MASKED_LENGTH])
    return json.dumps(shortened(shown, max_length), ensure_ascii=False)


def guarded(text: str) -> str:
    """A text in quotes if it can't be a secret; otherwise its length and kinds of characters."""
    if re.fullmatch(_HARMLESS, text):
        return quoted(text)
    kinds = [
        name
        for name, occurs in (
            ("letters", any(map(str.isalpha, text))),
            ("digits", any(map(str.isdigit, text))),
            ("spaces", any(map(str.isspace, text))),
            ("other characters", not text.replace(" ", "").isalnum()),
        )
        if occurs
    ]
    return f"{plural(len(text), 'character')} ({listed(kinds)})"


_HARMLESS = r"[A-Za-z]{0,10}|[-+0-9.,:%eE/ ]{1,24}|\W{1,8}"
"""A word, a number or a few signs: no secret is so short or so plain."""


def shortened(text: str, max_length: int) -> str:
    """A text of at most `max_length` characters; a shortened text ends in `...`."""
    return text if len(text) <= max_length else text[: max_length - 3] + "..."


def duration(seconds: int) -> str:
    """A duration for people: `1 h 30 min`, `45 s`. Units that are 0 are omitted."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (seconds, "s")]
    return " ".join(f"{count:,} {unit}" for count, unit in parts if count) or "0 s"


def compact_duration(seconds: int) -> str:
    """A duration with the units of a spec: `1d`, `1h 30m`, `45s`. Units that are 0 are omitted."""
    parts = []
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "m"), (1, "s")):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts) or "0s"


def spec_duration(seconds: int) -> str:
    """A duration as in a spec, in the largest unit that divides it: `90m`, `12h`, `1d`."""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "m")):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
