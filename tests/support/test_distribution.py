"""Which test files a run skips, because no test of theirs belongs to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.distribution import has_none_of

SLOW = "pytestmark = pytest.mark.slow\n"
GROUP = 'pytestmark = [\n    pytest.mark.slow,\n    pytest.mark.xdist_group("cdk"),\n]\n'
SINGLE = "@pytest.mark.slow\ndef test_x() -> None: ...\n"
FAST = "def test_x() -> None: ...\n"


@pytest.mark.parametrize(
    ("text", "without"),
    [(SLOW, ["not slow"]), (GROUP, ["not slow"]), (SINGLE, []), (FAST, ["slow"])],
)
def test_only_files_without_a_test_of_the_run_are_skipped(
    text: str, without: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "test_x.py"
    file.write_text(text, "utf-8")
    skipped = [
        markers for markers in ("", "slow", "not slow", "slow or x") if has_none_of(file, markers)
    ]
    assert skipped == without
