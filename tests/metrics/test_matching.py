"""The prefixes that a group matches are those that Python's `re` finds."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hptc.metrics.matching import matched_prefixes
from hptc.metrics.number_forms import unread_number
from hptc.metrics.regex import read

_PIECES = st.sampled_from(
    [
        *"()[]*+?|.-,:=019eE",
        *(
            "(?:",
            "(?>",
            "*+",
            "[^",
            "[0-9]",
            "[0-9.]",
            r"[\d.]",
            r"[+\-]",
            "[eE]",
            "[^-]",
            r"[^\d]",
            r"[\w.]",
        ),
        *(r"\d", r"\w", r"\s", r"\S", r"\D", r"\W", r"\.", "{2,}", "{1,3}", "{0}", "*?", "+?"),
    ]
)
_BEYOND = re.compile(r"\(\?>|[*+?}]\+")
_NUMBERS = ("0.25", "-0.25", "9.5e-05", "1e+16", "007")


@given(st.lists(_PIECES, max_size=12).map(lambda pieces: f"({''.join(pieces)})"))
@settings(max_examples=1000, deadline=None)
def test_agrees_with_python(pattern: str) -> None:
    group = read(pattern).first
    if group is None:
        return
    try:
        compiled = re.compile(group.text)
    except (re.error, FutureWarning):
        return
    for number in _NUMBERS:
        prefixes = matched_prefixes(group.node, number)
        ends = [end for end in range(len(number) + 1) if compiled.fullmatch(number[:end])]
        assert prefixes in (None, {number[:end] for end in ends})
        # Only possessive quantifiers and atomic groups are not simulated.
        assert prefixes is not None or _BEYOND.search(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "(" * 25 + "[0-9.]+" + ")+" * 25,
        "(" + "[0-9]*" * 150 + ")",
        "((?:a?[0-9]?){1000}[0-9]{1000,})",
        "(" + "(?:0|0)*" * 60 + ")",
    ],
)
def test_takes_little_time(pattern: str) -> None:
    group = read(pattern).first
    assert group is not None
    start = time.process_time()
    prefixes = matched_prefixes(group.node, "0" * 12)
    assert prefixes is not None
    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    ("metric", "regex", "number"),
    [
        ("loss", "loss=([0-9.]+)", "9.5e-05"),
        ("train_loss", r"\(loss=([0-9]*\.?[0-9]+)\)", "9.5e-05"),
        ("Mean Squared Error", r"Error: ([0-9\.]+)", "9.5e-05"),
        ("mlogloss", r"mlogloss:(\d+\.\d*)", "9.5e-05"),
        ("episode_reward", "reward=([0-9.]+)", "-0.25"),
        ("log-likelihood", "ll=([0-9.]+);", "-0.25"),
        ("f1", "f1=([0-9]+)", "0.25"),
        ("loss", "loss=(.*)", None),
        ("loss", r"loss=(-?\d+\.\d+(e-\d+)?)", None),
        ("accuracy", "acc=([0-9.]+)", None),
        ("auc", "auc=([0-9.]+)", None),
        ("epochs", "epochs=([0-9]+)", None),
        ("loss", "loss", None),
        ("loss", "loss=(.*?)", None),
    ],
)
def test_unread_number(metric: str, regex: str, number: str | None) -> None:
    unread = unread_number(metric, regex, is_objective=True)
    assert (unread.number if unread else None) == number
