"""Globs of hptc.yaml behind a literal prefix: what the rest of a text must match.

The only wildcard is `*`, which matches any text, as in hptc/project/patterns.py and in IAM.
"""

from __future__ import annotations

import re


def remaining_globs(glob: str, prefix: str) -> list[str]:
    """The globs that match a text if and only if `glob` matches `prefix` plus the text."""
    globs = [re.sub(r"\*+", "*", glob)]
    for char in prefix:
        following: dict[str, None] = {}
        for rest in globs:
            if rest.startswith("*"):
                following[rest] = None
            after = rest.removeprefix("*")
            if after.startswith(char):
                following[after[1:]] = None
        globs = list(following)
    return globs
