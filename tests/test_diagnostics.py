"""Suggestions for misspelled words, and which of them are certain."""

from __future__ import annotations

import pytest

from hptc.diagnostics import is_misspelled, nearest


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("validation:acu", "validation:auc"),
        ("gbtrees", "gbtree"),
        ("max_leafs", "max_leaves"),
        ("validation:mlog", "validation:mlogloss"),
        ("Max-Depth", "max_depth"),
    ],
)
def test_a_misspelling(word: str, meant: str) -> None:
    assert is_misspelled(word, meant)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("validation:recall", "validation:rmse"),
        ("reg:absoluteerror", "reg:squarederror"),
        ("train:rmse", "validation:rmse"),
        ("va", "validation"),
    ],
)
def test_words_that_are_only_similar(word: str, meant: str) -> None:
    assert not is_misspelled(word, meant)


def test_no_word_is_the_nearest_of_two_that_are_equally_near() -> None:
    assert nearest("validation:ma", ("validation:map", "validation:mae")) is None
    assert nearest("validation:ma", ("validation:map", "validation:auc")) == "validation:map"
