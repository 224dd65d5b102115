"""Globs of hptc.yaml after a literal start: what the rest of a text must match.

The only wildcard is `*`, which matches any text, as in hptc/project/patterns.py and in IAM.
"""

from __future__ import annotations

import re


def rests(glob: str, start: str) -> list[str]:
    """The globs that a text must match so that `start` plus the text matches `glob`."""
    found = [re.sub(r"\*+", "*", glob)]
    for char in start:
        following: dict[str, None] = {}
        for rest in found:
            if rest.startswith("*"):
                following[rest] = None
            after = rest.removeprefix("*")
            if after.startswith(char):
                following[after[1:]] = None
        found = list(following)
    return found
