"""Reads the part of Terraform's language that examples/comparison uses: blocks and literals."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_TOKEN = re.compile(r'\s*(?:#[^\n]*\n\s*)*("(?:[^"\\]|\\.)*"|[\w.-]+|[{}\[\]=,])')


def resources(text: str) -> dict[str, dict[str, Any]]:
    """The arguments of each resource, by its type. A block is a list with a mapping."""
    tokens = list(_TOKEN.findall(text))
    stream = iter(tokens)
    arguments = {}
    for token in stream:
        assert token == "resource", token
        kind, _name, opening = json.loads(next(stream)), next(stream), next(stream)
        assert opening == "{", opening
        arguments[kind] = _body(stream)
    return arguments


def _body(stream: Iterator[str]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    while (name := next(stream)) != "}":
        if name == ",":
            continue
        key = json.loads(name) if name.startswith('"') else name
        sign = next(stream)
        if sign == "{":
            members.setdefault(key, []).append(_body(stream))
        else:
            assert sign == "=", sign
            members[key] = _value(next(stream), stream)
    return members


def _value(token: str, stream: Iterator[str]) -> Any:
    if token == "{":
        return _body(stream)
    if token == "[":
        items = []
        while (token := next(stream)) != "]":
            if token != ",":
                items.append(_value(token, stream))
        return items
    if token.startswith('"') or token in ("true", "false") or token.lstrip("-").isdigit():
        return json.loads(token)
    return token  # a reference
