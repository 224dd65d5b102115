"""Errors of AWS as pages of Markdown, for `hptc explain TEXT`."""

from __future__ import annotations

import re

from hptc.catalog.error_texts import KnownError, known_errors, similar_error
from hptc.reference.rule_pages import is_code, summary

_CODE = re.compile(r"\bHPT[0-9]{3}\b", re.IGNORECASE)


def error_pages(text: str) -> str | None:
    """The pages of the errors, and of hptc's own codes, in a text; None if it has none."""
    codes = [code for code in map(str.upper, _CODE.findall(text)) if is_code(code)]
    pages = [_page(error) for error in known_errors(text)]
    if codes:
        pages.append(_rules("Rules in the text:", tuple(dict.fromkeys(codes))))
    if not pages:
        return None
    return "\n".join([*pages, "`hptc explain CODE` explains a rule, with examples.\n"])


def suggestion(text: str) -> str:
    """What a text that contains no known error may mean; empty if nothing is similar."""
    similar = similar_error(text)
    return f"the most similar known error is: {similar.title}" if similar else ""


def _page(error: KnownError) -> str:
    parts = [f"## {error.title}\n", f"{error.meaning}\n"]
    if error.advice:
        parts.append("What to do:\n\n" + "".join(f"- {_sentence(line)}\n" for line in error.advice))
    if error.rules:
        parts.append(_rules("Rules that find the cause before AWS does:", error.rules))
    return "\n".join(parts)


def _rules(heading: str, codes: tuple[str, ...]) -> str:
    lines = (f"- {code}: {summary(code).removesuffix('.')}\n" for code in codes)
    return f"{heading}\n\n{''.join(lines)}"


def _sentence(advice: str) -> str:
    return f"{advice[0].upper()}{advice[1:]}."
