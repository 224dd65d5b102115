"""What to do about a value of the wrong type: advice, and the fix if only its form is wrong."""

import json
import re
from typing import Any

from hptc.diagnostics import Fix, Path, SetValue
from hptc.source.scalars import Scalar
from hptc.spec.aliases import ENTRIES, MAPPINGS, ON_AND_OFF, WORDS
from hptc.text import listed_code

_MAX_WHOLE = 10**15
"""A larger number has too many digits to be what anyone means."""


def same_value(kind: str, value: Any, path: Path) -> tuple[Fix, ...]:
    """The fix that writes a quoted integer or boolean, or `1e3`, as it is meant."""
    if kind == "int_type" and _is_quoted(value, r"[-+]?[0-9]{1,15}"):
        change = SetValue(path=path, value=int(value))
    elif kind == "bool_type" and value in ("true", "false"):
        change = SetValue(path=path, value=value == "true")
    elif kind in ("int_type", "int_from_float") and _is_whole(value):
        change = SetValue(path=path, value=int(value))
    else:
        return ()
    return (Fix(changes=(change,), is_safe=isinstance(value, str)),)


def _is_quoted(value: Any, pattern: str) -> bool:
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _is_whole(value: Any) -> bool:
    return isinstance(value, float) and value.is_integer() and abs(value) < _MAX_WHOLE


def type_advice(kind: str, value: Any, path: Path) -> str:
    """The help of pydantic's error of this kind; empty if there is none."""
    key = str(path[-1]) if path else ""
    plain = value.value if isinstance(value, Scalar) else value
    match kind:
        case "int_type" | "float_type" if _is_quoted(value, r"[-+0-9.eE]+"):
            return "remove the quotes"
        case "bool_type" if value in ("true", "false"):
            return "remove the quotes"
        case "int_type" | "int_from_float" if _is_whole(value):
            return f"write {int(value)}"
        case "bool_type" if str(value).lower() in ("yes", "no", "on", "off"):
            return "write true or false"
        case "string_type" if isinstance(plain, bool) and key in ON_AND_OFF:
            on, off = ON_AND_OFF[key]
            word = on if plain else off
            return f"write `{key}: {word}`" if word else "remove it"
        case "string_type" if isinstance(plain, (int, float, bool)) and key in _FREE_TEXT:
            return "put it in quotes"
        case "dict_type" if isinstance(value, list) and key in ENTRIES:
            return f"write `{key}: {{{ENTRIES[key]}}}`"
        case "model_type" if key in WORDS:
            return f"write {listed_code(WORDS[key], 'or')}, or a mapping"
        case "model_type" | "model_attributes_type":
            return _as_mapping(path, plain)
    return ""


_FREE_TEXT = (
    *("name", "job_name", "description", "definition_name", "metric_name", "content_type"),
    *("project", "algorithm_name", "default_environment"),
)
"""Keys whose values can look like a number or a boolean."""


def _as_mapping(path: Path, value: Any) -> str:
    """The advice for a single value in place of a mapping."""
    *_, owner, key = ("", "", *map(str, path))
    members = MAPPINGS.get("inputs" if owner == "inputs" else key)
    if members is None or value is None or isinstance(value, list):
        return ""
    if value is False:
        return "remove it"
    text = "…" if value is True else str(value) if isinstance(value, (int, float)) else value
    if isinstance(value, str) and not re.fullmatch(_PLAIN, value):
        text = json.dumps(value, ensure_ascii=False)
    return f"write `{key}: {{{members.format(text)}}}`"


_PLAIN = r"[\w.-]+"
