"""docs/errors.md: the errors of AWS that hptc knows, what they mean and what to do."""

from __future__ import annotations

import re

from hptc.catalog.error_texts import KnownError, all_known_errors
from hptc.reference.rule_pages import heading

_INTRODUCTION = """\
# AWS errors

The errors that AWS reports for tuning jobs and their training jobs, what they mean, and the rules
that find the cause before a job is submitted. Paste an error, or a whole log, to have it explained:

```sh
hptc explain "You don't have enough combinations of hyperparameter ranges"
hptc explain - < training.log
```

This page is generated from the table behind that command; [data.md](data.md) names its sources.

"""
_NOT_PLAIN = re.compile(r"[\\\[\](){}*+?|^$]")


def errors_page() -> str:
    """The whole page."""
    return _INTRODUCTION + "\n".join(_section(error) for error in all_known_errors())


def plain_texts(error: KnownError) -> list[str]:
    """The texts of an error, in lower case, that are no regular expressions."""
    texts = (pattern.pattern for pattern in error.patterns)
    return [text for text in texts if not _NOT_PLAIN.search(text)]


def _section(error: KnownError) -> str:
    parts = [f"## {error.title}\n", f"{error.meaning}\n"]
    others = [text for text in plain_texts(error) if text not in error.title.lower()]
    if others:
        parts.append(f"Also: {', '.join(f'`{text.strip()}`' for text in others)}.\n")
    if error.advice:
        lines = (f"- {line[0].upper()}{line[1:]}.\n" for line in error.advice)
        parts.append(f"What to do:\n\n{''.join(lines)}")
    if error.rules:
        rules = "".join(f"- {_rule_link(code)}\n" for code in error.rules)
        parts.append(f"Found before AWS does by:\n\n{rules}")
    return "\n".join(parts)


def _rule_link(code: str) -> str:
    title = heading(code)
    anchor = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
    return f"[{code}](rules.md#{anchor}): {title.removeprefix(f'{code}: ')}"
