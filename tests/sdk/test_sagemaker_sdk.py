"""The SageMaker SDK against the sandbox: a program tunes, waits and reads what was found."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.support.sdk import PROGRAMS, python_of, run_hptc

pytest.importorskip("moto")
pytestmark = pytest.mark.slow


@pytest.mark.parametrize("version", [2, 3])
def test_a_program_tunes_on_this_machine(version: int, tmp_path: Path) -> None:
    python = python_of(version)
    shutil.copytree(PROGRAMS, tmp_path, dirs_exist_ok=True)
    command = ["sandbox", "--train", "--", python, f"tune{version}.py"]
    done = run_hptc(command, tmp_path, has_network=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert (result["status"], result["child"]) == ("Completed", "Completed")
    assert len(result["values"]) == 2
    assert 0 <= result["values"][0] < result["values"][1] < 2
    assert result["best"].startswith(result["name"])
