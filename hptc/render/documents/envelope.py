"""Writes JSON documents: every one starts with `version` and `command`.

This is the only place that writes them. A plan, which is also a file, has the same two members:
`hptc.jobs.plan_file.plan_text`.
"""

from __future__ import annotations

from collections.abc import Mapping

from hptc.text import json_line, json_text

VERSION = 1
"""The version of every document. Members are added without changing it."""


def document(command: str, body: Mapping[str, object]) -> str:
    """A command's document. `command` is what follows `hptc`: `check`, `local status`.

    `body` is the command's TypedDict in this package. Decimals become strings, so that no reader
    rounds them.
    """
    return json_text({"version": VERSION, "command": command, **body})


def document_line(command: str, body: Mapping[str, object]) -> str:
    """A command's document on one line, for a command that prints while it runs."""
    return json_line({"version": VERSION, "command": command, **body})
