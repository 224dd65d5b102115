"""Pairs of specs whose names and files differ."""

from __future__ import annotations

from pathlib import Path

import pytest

from hptc.diff.pairing import paired
from tests.support.specs import WITHOUT_PARENT, compiled

MORE = ("max: 0.1", "max: 0.2")
LARGER = ("ml.m5.xlarge", "ml.m5.2xlarge")


@pytest.mark.parametrize(
    ("changes", "is_same"),
    [((), True), ((MORE,), True), ((LARGER,), True), ((MORE, LARGER), False)],
    ids=["none", "a range", "the instances", "both"],
)
def test_one_part_of_several_training_jobs_may_change(
    changes: tuple[tuple[str, str], ...], is_same: bool, tmp_path: Path
) -> None:
    text = WITHOUT_PARENT.replace("explicit", "renamed")
    for was, becomes in changes:
        text = text.replace(was, becomes)
    old, new = compiled(tmp_path / "old", WITHOUT_PARENT), compiled(tmp_path / "new", text)
    expected = [(old, new)] if is_same else [(old, None), (None, new)]
    assert list(paired([old], [new])) == expected
