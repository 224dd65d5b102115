"""How the tests are divided: which files a run reads, and which worker runs what."""

from __future__ import annotations

import re
from pathlib import Path

from xdist.scheduler import LoadGroupScheduling

_ALL_SLOW = re.compile(r"^pytestmark = \[?\s*pytest\.mark\.slow\b", re.MULTILINE)


def has_none_of(file: Path, selection: str) -> bool:
    """Whether a file has no test of the selection of `-m`, so that a run need not import it.

    Importing all test modules takes seconds in each worker. The marks are read in the file's text:
    a test is marked `slow` in its own module only, which tests/test_layout.py checks.
    """
    if selection not in ("slow", "not slow") or not file.name.startswith("test_"):
        return False
    text = file.read_text(encoding="utf-8")
    return "mark.slow" not in text if selection == "slow" else bool(_ALL_SLOW.search(text))


class FileScheduling(LoadGroupScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives a worker a whole file, or a whole group of `xdist_group`.

    What a file's tests share is then made once, not once in each worker. And xdist counts the units
    that it has given away after each test, which took it 25 s with each of 16,000 tests as one.
    """

    def _split_scope(self, nodeid: str) -> str:
        unit = str(super()._split_scope(nodeid))
        return nodeid.partition("::")[0] if unit == nodeid else unit
