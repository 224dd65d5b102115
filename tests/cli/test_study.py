"""`--format optuna` and `--dashboard` of `hptc results` and `hptc local results`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Timer
from urllib.request import urlopen

import pytest

from hptc.cli import run
from hptc.cli.study import StudyInput, open_dashboard
from tests.support.local_runs import shell, tuning_request
from tests.support.optuna_results import load, opened, results_of
from tests.support.paths import ROOT
from tests.support.tuned_jobs import SECRET, SPEC

SCRIPT = "echo loss=0.7; echo loss=0.6; echo loss=0.5"


@pytest.fixture(name="folder")
def folder_with_a_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the tuning job `demo` has run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "request.json").write_text(json.dumps(tuning_request()))
    ((pattern, command),) = shell(tmp_path / "scripts", SCRIPT)
    assert run(["local", "run", "request.json", f"--image={pattern}={command}"]) == 0
    return tmp_path


def test_a_study_of_a_tuning_job_on_this_machine(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run(["local", "results", "demo", "--format", "optuna", "-o", "."]) == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("wrote demo.log: 1 study of 3 training jobs\n")
    assert f"`optuna-dashboard {folder}/demo.log` shows it" in printed.err
    with opened(folder / "demo.log") as storage:
        (study,) = load(storage).values()
        assert (study.study_name, study.direction.name, study.best_value) == (
            "demo",
            "MINIMIZE",
            0.5,
        )
        reported = {1: 0.7, 2: 0.6, 3: 0.5}
        assert [trial.intermediate_values for trial in study.trials] == [reported] * 3
        assert "usd" not in study.trials[0].user_attrs

    before = (folder / "demo.log").read_bytes()
    assert run(["local", "results", "demo", "--format", "optuna", "-o", "demo.log"]) == 2
    assert "demo.log already exists" in capsys.readouterr().err
    assert (folder / "demo.log").read_bytes() == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--format", "optuna"], "--format optuna writes a file, but --output is missing"),
        (["--dashboard", "--top", "3"], "leave out --top"),
        (["-o", "x.log"], "--output is for --format optuna"),
        (["--dashboard", "--format", "json"], "--dashboard can't be combined"),
        (["--format", "optuna", "-o", "x.txt"], "x.txt: not a study file"),
    ],
)
@pytest.mark.parametrize("command", ["results", "local results"])
def test_options_that_do_not_fit(
    options: list[str],
    message: str,
    command: str,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run([*command.split(), "demo", *options]) == 2
    assert message in capsys.readouterr().err
    assert not list(folder.glob("x.*"))


@pytest.mark.parametrize(
    ("options", "missing"),
    [
        (["--format", "optuna", "-o", "x.log"], "optuna"),
        (["--dashboard"], "optuna"),
        (["--dashboard"], "optuna_dashboard"),
    ],
)
def test_without_optuna(
    options: list[str],
    missing: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)  # as if it were not installed
    assert run(["local", "results", "demo", *options]) == 2
    printed = capsys.readouterr().err
    assert f"needs {missing}, which is not installed" in printed
    assert "pip install 'hptc[optuna]'" in printed


def test_secrets_are_masked(folder: Path) -> None:
    request = tuning_request("secret")
    ranges = request["HyperParameterTuningJobConfig"]["ParameterRanges"]
    ranges["CategoricalParameterRanges"] = [{"Name": "api_key", "Values": [SECRET]}]
    (folder / "request.json").write_text(json.dumps(request))
    assert run(["local", "run", "request.json", "--dry"]) == 0
    assert run(["local", "results", "secret", "--format", "optuna", "-o", "x.log"]) == 0
    assert SECRET not in (folder / "x.log").read_text()
    assert "api_key" in (folder / "x.log").read_text()


def test_the_dashboard_of_a_tuning_job_on_this_machine(folder: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "hptc", "local", "results", "demo", "--dashboard"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    try:
        with urlopen(url.replace("/dashboard", "/api/studies")) as response:
            (study,) = json.load(response)["study_summaries"]
    finally:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert study["study_name"] == "demo"
    assert (process.returncode, errors) == (0, "listening; press Ctrl-C to stop\n")
    assert not list(folder.glob("*.db"))


def test_the_dashboard_of_a_running_tuning_job_follows_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    states = [
        results_of(SPEC, jobs=5, status="InProgress"),
        results_of(SPEC, jobs=6, status="InProgress"),
        results_of(SPEC, jobs=7),
    ]

    def read() -> StudyInput:
        results = states.pop(0)
        if not states:
            Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
        return StudyInput(results=results)

    before = signal.getsignal(signal.SIGINT)
    open_dashboard(read, interval_seconds=0.01)
    assert states == []
    assert signal.getsignal(signal.SIGINT) is before
    printed = capsys.readouterr()
    assert printed.out.startswith("http://127.0.0.1:")
    assert "has ended: this is its last state" in printed.err
