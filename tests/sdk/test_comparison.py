"""The SageMaker SDK under `hptc capture`: its programs send what hptc's specs do."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support.comparison import FOLDER, JOBS, sent
from tests.support.sdk import PROGRAMS, python_of, run_hptc

pytest.importorskip("moto")
pytestmark = pytest.mark.slow

SPECS = {
    "built-in": "churn",
    "script": "digits",
    "spot": "digits-spot",
    "hyperband": "digits-hyperband",
    "two-algorithms": "churn-two",
    "warm-start": "churn-again",
}
FAILS = {3: "two-algorithms"}
"""create() of version 3 (sagemaker-train 1.27.0) makes a tuner whose tune() needs one trainer."""
RUN = """
import runpy, sys, traceback
for path in sys.argv[1:]:
    try:
        runpy.run_path(path)
    except Exception:
        traceback.print_exc()
"""


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(version, marks=pytest.mark.xdist_group(f"sdk{version}")) for version in (2, 3)
    ],
)
def captured(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[int, Path, subprocess.CompletedProcess[str]]:
    """The specs that `hptc capture` writes for all programs of a version, run in one process."""
    version: int = request.param
    python, folder = python_of(version), tmp_path_factory.mktemp(f"sdk{version}")
    (folder / "src").symlink_to(FOLDER / "src")
    programs = [FOLDER / job / f"with_sdk{version}.py" for job in JOBS]
    programs.append(PROGRAMS / f"defaults{version}.py")
    command = ["capture", "-o", "specs", "--", python, "-c", RUN, *map(str, programs)]
    return version, folder / "specs", run_hptc(command, folder, has_network=True)


@pytest.mark.parametrize("job", JOBS)
def test_a_program_and_a_spec_send_the_same_request(
    captured: tuple[int, Path, subprocess.CompletedProcess[str]], job: str
) -> None:
    version, folder, done = captured
    spec = folder / f"{SPECS[job]}.yaml"
    if FAILS.get(version) == job:
        assert "'NoneType' object has no attribute 'training_image'" in done.stderr
        assert not spec.exists()
        return
    assert spec.is_file(), done.stderr
    assert sent(spec) == sent(FOLDER / job / "spec.yaml")


def test_the_defaults_of_the_sdk_are_those_of_the_local_endpoint(
    captured: tuple[int, Path, subprocess.CompletedProcess[str]],
) -> None:
    _, folder, done = captured
    assert done.returncode == 0, done.stderr
    text = (folder / "defaults.yaml").read_text("utf-8")
    assert "s3://my-data/churn/data.csv" in text
    assert "role_arn" not in text
    assert "left out the role" in done.stderr
