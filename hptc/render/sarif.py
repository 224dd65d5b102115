"""Diagnostics as SARIF 2.1.0 for GitHub code scanning and editors.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any, NamedTuple
from urllib.parse import quote

from hptc import __version__
from hptc.diagnostics import Diagnostic, Related, Span
from hptc.source.text_fixes import FixesOf, TextFix, no_fixes
from hptc.text import json_text, printable

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


class RuleHelp(NamedTuple):
    """What a SARIF viewer shows about a rule."""

    code: str
    summary: str
    page: str  # in Markdown


def render_sarif(
    diagnostics: Sequence[Diagnostic], rules: Sequence[RuleHelp], fixes_of: FixesOf = no_fixes
) -> str:
    """One run. `rules` must include the rule of every diagnostic."""
    codes = [rule.code for rule in rules]
    log = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "hptc",
                        "semanticVersion": __version__,
                        "rules": [_rule(rule) for rule in rules],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(diagnostic, codes, fixes_of) for diagnostic in diagnostics],
            }
        ],
    }
    return json_text(log)


def _rule(rule: RuleHelp) -> dict[str, Any]:
    return {
        "id": rule.code,
        "shortDescription": {"text": rule.summary},
        "help": {"text": rule.page, "markdown": rule.page},
    }


def _result(diagnostic: Diagnostic, codes: list[str], fixes_of: FixesOf) -> dict[str, Any]:
    message = "\n".join(filter(None, map(_plain, (diagnostic.full_message, diagnostic.help))))
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": codes.index(diagnostic.code),
        "level": diagnostic.severity.value,
        "message": {"text": message},
        "locations": [_location(diagnostic.span)],
    }
    if fixes := fixes_of(diagnostic):
        result["fixes"] = [_fix(fix) for fix in fixes]
    if diagnostic.related:
        result["relatedLocations"] = [_related(related) for related in diagnostic.related]
    return result


def _fix(fix: TextFix) -> dict[str, Any]:
    """A fix, with whether `hptc check --fix` writes it: the standard has no member for that."""
    return {
        "description": {"text": _plain(fix.title)},
        "artifactChanges": [
            {
                "artifactLocation": _artifact(fix.file),
                "replacements": [
                    {
                        "deletedRegion": {
                            "startLine": edit.line + 1,
                            "startColumn": edit.column + 1,
                            "endLine": edit.end_line + 1,
                            "endColumn": edit.end_column + 1,
                        },
                        "insertedContent": {"text": edit.text},
                    }
                    for edit in fix.edits
                ],
            }
        ],
        "properties": {"isSafe": fix.is_safe},
    }


def _related(related: Related) -> dict[str, Any]:
    return {**_location(related.span), "message": {"text": _plain(related.message)}}


def _plain(text: str) -> str:
    """Untrusted text without embedded links (section 3.11.6) and control characters."""
    return printable(text).replace("](", "] (")


def _location(span: Span) -> dict[str, Any]:
    return {
        "physicalLocation": {
            "artifactLocation": _artifact(span.file),
            "region": {
                "startLine": span.line,
                "startColumn": span.column,
                "endLine": span.end_line,
                "endColumn": span.end_column,
            },
        }
    }


def _artifact(file: str) -> dict[str, str]:
    return {"uri": quote(os.fsencode(PurePath(file).as_posix()))}
