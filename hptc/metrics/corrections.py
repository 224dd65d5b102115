"""Corrects the capture group of a metric's regular expression, so that it reads any number.

Only the text of the expression is changed; regex_worker.py tests the results on a log.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from hptc.metrics.regex import read
from hptc.request.shapes import input_shape

NUMBER_GROUP = "([-+]?[0-9]*[.]?[0-9]+(?:[eE][-+]?[0-9]+)?)"
"""As in the metric definitions that SageMaker adds for XGBoost, but without a backslash."""

_ANY_NUMBER_GROUP = "([-+]?(?:[0-9]+[.]?[0-9]*|[.][0-9]+)(?:[eE][-+]?[0-9]+)?)"  # 1.e-05 too
_ANY_VALUE_GROUP = f"({_ANY_NUMBER_GROUP[1:-1]}|[-+]?(?i:nan|inf(?:inity)?))"
_QUANTIFIER = r"(?:[*+]|\{[0-9]*,?[0-9]*\})[?+]?"
_REFERENCE = r"\\[1-9]|\\k|\(\?P="


@lru_cache(maxsize=1024)
def candidates(regex: str) -> tuple[str, ...]:
    """Expressions with a group that reads any number; the one that changes the least is first.

    None is longer than SageMaker allows.
    """
    groups = (NUMBER_GROUP, _ANY_NUMBER_GROUP)
    corrections = (candidate for group in groups for candidate in _with_group(regex, group))
    return tuple(
        dict.fromkeys(
            correction for correction in corrections if len(correction) <= _max_regex_length()
        )
    )


@lru_cache(maxsize=1024)
def relaxed(regex: str) -> str | None:
    """The expression with a group that also reads `nan` and `inf`; None if it can't be changed."""
    return next(iter(_with_group(regex, _ANY_VALUE_GROUP)), None)


def has_sign_before_group(regex: str) -> bool:
    """Whether the expression itself matches a minus sign in front of the group."""
    group = read(regex).first
    return group is not None and regex[: group.start].endswith("-")


def _with_group(regex: str, group: str) -> list[str]:
    """The expression with another first group, also with less text before and after it."""
    replaced = read(regex).first
    if replaced is None or re.search(_REFERENCE, regex):
        return []
    before = regex[: replaced.start]
    after = regex[replaced.start + len(replaced.text) :]
    quantifier = re.match(_QUANTIFIER, after)
    if quantifier is not None:  # of a repeated group, only the last repetition is captured
        after = after[quantifier.end() :]
    befores, afters = [before], [after]
    if before.endswith((".*", ".+")):  # takes all digits of the number but the last one
        befores.append(f"{before}?")
    if after:
        afters.append("")
    texts = (f"{start}{group}{end}" for end in afters for start in befores)
    return [text for text in texts if (reading := read(text)).is_read and not reading.fault]


@cache
def _max_regex_length() -> int:
    definition = input_shape().members["TrainingJobDefinition"]
    metrics = definition.members["AlgorithmSpecification"].members["MetricDefinitions"]
    maximum = metrics.item.members["Regex"].maximum if metrics.item is not None else None
    return maximum or 0
