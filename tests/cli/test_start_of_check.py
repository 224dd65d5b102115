"""What `hptc check` does not spend its start on, as the command itself runs."""

from __future__ import annotations

import subprocess
import sys

from tests.support.paths import ROOT

PROGRAM = """
import gc, sys
from hptc.cli import main
collections = []
gc.callbacks.append(lambda phase, _: collections.append(phase))
try:
    main()
except SystemExit as end:
    assert end.code == 0
print(len(collections), len(gc.get_objects()), *sys.modules)
"""


def started() -> list[str]:
    """The collections of garbage, the objects to collect at the end, and all modules."""
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, "check", "specs/mnist-kmeans.yaml"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    return ran.stdout.split()


def test_check_collects_no_garbage_and_imports_no_more_than_it_uses() -> None:
    collections, objects, *modules = started()
    assert int(collections) == 0
    assert int(objects) < 1000
    assert "pydantic" in modules
    assert not {"jinja2"} & {*modules}
