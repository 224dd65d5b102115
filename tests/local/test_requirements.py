"""The requirements.txt of scripts: what a Python lacks, and environments with the packages."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from hptc.local import requirements_install
from hptc.local.requirements_file import (
    Requirement,
    environment_folder,
    installing,
    missing_packages,
    read_requirements,
)
from hptc.local.run_options import RunOptions
from hptc.local.service import LocalTuning
from tests.support.local_runs import run, tuning_request

STATIC = {"sagemaker_program": "train.py"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ([], 0)),
        ("# nothing\n\n", ([], 0)),
        ("numpy", ([Requirement(name="numpy")], 0)),
        ("numpy >= 2, < 3  # a note\n", ([Requirement(name="numpy")], 0)),
        ("pandas==2.1.0", ([Requirement(name="pandas", pinned="2.1.0")], 0)),
        ("pandas == 2.1.0 \\\n", ([Requirement(name="pandas", pinned="2.1.0")], 0)),
        ("ray[tune]~=2.0", ([Requirement(name="ray")], 0)),
        ("pkg @ https://example.com/pkg.whl", ([Requirement(name="pkg")], 0)),
        ("-r other.txt\n--index-url https://x\n./own.whl", ([], 3)),
        ("tomli; python_version < '3.11'", ([], 1)),
    ],
)
def test_packages_are_read(text: str, expected: tuple[list[Requirement], int]) -> None:
    assert read_requirements(text) == expected


def test_missing_packages_are_named(tmp_path: Path) -> None:
    assert missing_packages(tmp_path, sys.executable) is None
    path = tmp_path / "requirements.txt"
    path.write_text("pytest\nclick==0.0.1\nno-such-package-here>=1\n-r more.txt\n")
    missing = missing_packages(tmp_path, sys.executable)
    assert missing is not None
    assert missing.startswith("`click 0.0.1` (it has ")
    assert missing.endswith("), `no-such-package-here` and 1 line that hptc does not check")
    path.write_text("pytest\n")
    assert missing_packages(tmp_path, sys.executable) is None
    path.write_text("".join(f"no-such-package-{number}\n" for number in range(20)))
    assert "12 more" in (missing_packages(tmp_path, sys.executable) or "")
    path.write_text("".join(f"no-such-package-{number}\n" for number in range(8)))
    assert "more" not in (missing_packages(tmp_path, sys.executable) or "more")
    path.write_text("".join(f"no-such-package-{number}\n" for number in range(9)))
    assert "1 more" in (missing_packages(tmp_path, sys.executable) or "")
    path.write_text("no-such-package\n" + "#" * ((1 << 20) - 16))
    assert missing_packages(tmp_path, sys.executable) == "`no-such-package`"
    path.write_text("no-such-package\n" + "#" * ((1 << 20) - 15))
    assert missing_packages(tmp_path, sys.executable) is None
    assert missing_packages(tmp_path, "/nowhere/python") is None


def test_the_same_file_and_python_have_the_same_environment(tmp_path: Path) -> None:
    code, jobs = tmp_path / "code", tmp_path / "jobs"
    code.mkdir()
    assert environment_folder(jobs, code, sys.executable) is None
    (code / "requirements.txt").write_text("numpy\n")
    first = environment_folder(jobs, code, sys.executable)
    assert first is not None
    assert first.parent == jobs / ".environments"
    (code / "train.py").write_text("")
    assert environment_folder(jobs, code, sys.executable) == first
    assert environment_folder(jobs, code, "/bin/sh") != first
    (code / "requirements.txt").write_text("numpy\n-r more.txt\n")
    (code / "more.txt").write_text("pandas\n")
    second = environment_folder(jobs, code, sys.executable)
    (code / "more.txt").write_text("polars\n")
    assert len({first, second, environment_folder(jobs, code, sys.executable)}) == 3


FAKE_PYTHON = """#!/bin/sh
case "$*" in
  "-m venv"*) mkdir -p "$5/bin" "$5/site"; cp "$0" "$5/bin/python" ;;
  "-m pip"*) echo pip >>"{calls}"; sleep "{seconds}"; test -e "{calls}.ok" || exit 9 ;;
  *purelib*) echo "$(dirname "$0")/../site" ;;
  *) echo '["/of/the/framework"]' ;;
esac
"""


class Building:
    """An environment that a fake Python builds, whose pip fails until `succeed`."""

    def __init__(self, folder: Path, seconds: float = 0) -> None:
        self.folder = folder
        self.environment = folder / "jobs/.environments/abc"
        self.python = folder / "python"
        self.python.write_text(FAKE_PYTHON.format(calls=folder / "calls", seconds=seconds))
        self.python.chmod(0o755)

    def succeed(self) -> None:
        (self.folder / "calls.ok").touch()

    def start(self) -> subprocess.Popen[str]:
        command = installing(self.environment, str(self.python), ["/bin/echo", "trained"])
        return subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, text=True)

    def output(self) -> tuple[int, str]:
        process = self.start()
        out, _ = process.communicate(timeout=30)
        return process.returncode, out

    @property
    def calls(self) -> int:
        return len((self.folder / "calls").read_text().split())


def test_an_environment_is_built_whole_or_not_at_all(tmp_path: Path) -> None:
    building = Building(tmp_path)
    code, out = building.output()
    assert (code, building.environment.exists()) == (9, False)
    assert out.endswith("hptc: requirements.txt could not be installed\n")
    building.succeed()
    code, out = building.output()
    assert (code, out.splitlines()[-1]) == (0, "trained")
    site = building.environment / "site/_hptc_python.pth"
    assert site.read_text() == "import site; site.addsitedir('/of/the/framework')\n"
    code, out = building.output()
    assert f"requirements.txt is installed in {building.environment}" in out
    assert building.calls == 2
    (building.environment / requirements_install.COMPLETE).unlink()  # as if it had been killed
    (building.environment / "half").touch()
    assert building.output()[0] == 0
    assert not (building.environment / "half").exists()


def test_two_training_jobs_build_an_environment_once(tmp_path: Path) -> None:
    building = Building(tmp_path, seconds=0.3)
    building.succeed()
    processes = [building.start() for _ in range(3)]
    outs = [process.communicate(timeout=30)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert [out.splitlines()[-1] for out in outs] == ["trained"] * 3
    assert building.calls == 1


def scripts(folder: Path, requirements: str, **options: Any) -> LocalTuning:
    """Tuning jobs whose script prints the version of a package as its objective."""
    (folder / "src").mkdir(exist_ok=True)
    (folder / "src/requirements.txt").write_text(requirements)
    script = "import demo_package, pytest, sys\nprint(f'loss={demo_package.LOSS}')\n"
    (folder / "src/train.py").write_text(script)
    with zipfile.ZipFile(folder / "src/demo_package-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("demo_package.py", "LOSS = 0.25\n")
        about = "demo_package-1.0.dist-info"
        wheel.writestr(
            f"{about}/METADATA", "Metadata-Version: 2.1\nName: demo-package\nVersion: 1.0"
        )
        wheel.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any"
        )
        wheel.writestr(f"{about}/RECORD", "")
    return LocalTuning(folder / "jobs", RunOptions(source=folder / "src", **options))


def test_what_is_missing_is_a_note(tmp_path: Path) -> None:
    tuning = scripts(tmp_path, "demo-package\n")
    tuning.prepare(tuning_request(jobs=1, static=STATIC))
    (note,) = tuning.missing_packages("demo")
    assert note == f"{sys.executable} lacks packages of requirements.txt: `demo-package`"


@pytest.mark.slow
def test_requirements_are_installed_next_to_the_packages_of_the_python(tmp_path: Path) -> None:
    tuning = scripts(tmp_path, "./demo_package-1.0-py3-none-any.whl\n", installs_requirements=True)
    _, ended = run(tuning, tuning_request(jobs=2, parallel=2, static=STATIC))
    assert [training_job.value for training_job in ended] == [0.25, 0.25], ended[0].last_lines
    assert list(tuning.missing_packages("demo")) == []
    logs = [path.read_text() for path in tmp_path.glob("jobs/demo/training-jobs/*/*/log")]
    assert sum("Successfully installed demo-package-1.0" in log for log in logs) == 1
    assert subprocess.run(
        [sys.executable, "-c", "import demo_package"], capture_output=True, check=False
    ).returncode


@pytest.mark.slow
def test_requirements_that_cannot_be_installed_fail_the_training_job(tmp_path: Path) -> None:
    tuning = scripts(tmp_path, "./no-such.whl\n", installs_requirements=True)
    _, ended = run(tuning, tuning_request(jobs=1, static=STATIC))
    assert "requirements.txt could not be installed" in ended[0].reason
    assert any("no-such.whl" in line for line in ended[0].last_lines)
    assert list((tmp_path / "jobs/.environments").glob("*/")) == []
