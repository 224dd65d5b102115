"""The temporary folder of a sandbox."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from hptc.sandbox.state_folder import state_folder

HOLD = """
from hptc.sandbox.state_folder import state_folder
with state_folder() as folder:
    print(folder, flush=True)
    input()
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_killed_sandbox_leaves_a_folder_that_the_next_one_deletes(temporary: Path) -> None:
    held = subprocess.Popen(
        [sys.executable, "-c", HOLD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"TMPDIR": str(temporary), "PYTHONPATH": ":".join(sys.path)},
    )
    assert held.stdout is not None
    left = Path(held.stdout.readline().strip())
    with state_folder() as own:
        assert left.is_dir(), "its process runs"
        assert own.is_dir()
    held.send_signal(signal.SIGKILL)
    held.communicate()
    assert left.is_dir()
    with state_folder() as own:
        assert [own] == list(temporary.iterdir())
    assert list(temporary.iterdir()) == []


def test_what_is_not_a_folder_of_a_sandbox_stays(temporary: Path) -> None:
    target = temporary / "target"
    target.mkdir()
    (target / "lock").touch()
    (temporary / "hptc-sandbox-link").symlink_to(target)
    (temporary / "hptc-sandbox-without-lock").mkdir()
    (temporary / "hptc-sandbox-file").touch()
    with state_folder():
        pass
    assert (target / "lock").exists()
    assert len(list(temporary.iterdir())) == 4
