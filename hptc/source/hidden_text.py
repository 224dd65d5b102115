"""Lines as editors and GitHub show them, and the characters that they don't show."""

from __future__ import annotations

import json
import re

from hptc.frozen import frozen

_BREAK = "\r?\n"

_BREAKS = "\x85\u2028\u2029"
"""Line breaks to libyaml, which reads YAML 1.1; ordinary characters in YAML 1.2 and editors."""
_REORDERING = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
"""https://trojansource.codes and https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters"""
_INVISIBLE = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u2060-\u2065\u206a-\u206f\u3164"
    "\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point"""
_JOINED = (
    "\u0600-\u0dff\u1000-\u109f\u1780-\u17ff\u1800-\u180a\u2600-\u27bf\ufe0f\U0001f000-\U0001faff"
)
"""Scripts that need joiners, and emoji, which are joined into one picture."""

_HIDDEN = (  # compiled when it is used: most files are ASCII
    rf"[{_BREAKS}{_REORDERING}{_INVISIBLE}]"
    rf"|(?<![{_JOINED}])[\u200c\u200d]"
    r"|(?<![#*0-9\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u2bff\u3030\u303d\u3297\u3299"
    r"\U0001f000-\U0001faff])[\ufe00-\ufe0f]"
    r"|(?<=[#*0-9])[\ufe00-\ufe0f](?!\u20e3)"  # of a keycap, such as 1\ufe0f\u20e3
    r"|\r(?!\n)"
)


@frozen
class HiddenCharacter:
    """A character that a reviewer can't see, with its position in the text."""

    position: int
    described: str


def hidden_character(text: str) -> HiddenCharacter | None:
    """The first hidden character of a text, or None. Escapes, such as `\\u202e`, are visible."""
    match = re.search(_HIDDEN, text) if not text.isascii() or "\r" in text else None
    if match is None:
        return None
    description = f"U+{ord(match[0]):04X}, {_kind(match[0])}"
    return HiddenCharacter(position=match.start(), described=description)


def has_hidden(text: str) -> bool:
    """Whether a text has a hidden character, so it must be in double quotes."""
    return not text.isascii() and re.search(_HIDDEN, text) is not None


def escape_hidden(text: str) -> str:
    """JSON text, or YAML text with hidden characters in double quotes only, with escapes."""
    if not has_hidden(text):
        return text
    is_json = text.startswith("{")
    return re.sub(_HIDDEN, lambda match: _escape(match[0], is_json=is_json), text)


def split_lines(text: str) -> list[str]:
    """The lines of a text as editors and GitHub count them: only LF and CR LF end a line."""
    return re.split(_BREAK, text) if "\r" in text else text.split("\n")


def _kind(character: str) -> str:
    if character == "\r" or re.match(f"[{_BREAKS}]", character):
        return "a line break that most editors do not show"
    if re.match(f"[{_REORDERING}]", character):
        return "which changes the order in which text is shown"
    return "an invisible character"


def _escape(character: str, *, is_json: bool) -> str:
    if is_json or ord(character) <= 0xFFFF:
        return json.dumps(character)[1:-1]
    return f"\\U{ord(character):08x}"
