"""The benchmarks run at their smallest sizes; a failing one hides neither its reason nor others."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.__main__ import BENCHMARKS, main
from benchmarks.measure import attempt, peak_megabytes, python
from benchmarks.rows import Amount, Failure, Growth, Note, Ratio, Row, text
from tests.support.paths import ROOT


@pytest.mark.slow
@pytest.mark.parametrize("name", BENCHMARKS)
def test_runs_in_its_short_form(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    code = main(["--short", name])
    out, err = capsys.readouterr()
    assert code == 0, out + err
    assert f"running {name}" in err
    assert out.strip()


@pytest.mark.slow
def test_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--short", "compilation"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "running compilation" in done.stderr
    assert done.stdout.strip()


def fails(folder: Path, *, is_short: bool) -> Iterator[Row]:
    yield Note(text=f"short: {is_short}")
    raise ValueError("no such stack")


def passes(folder: Path, *, is_short: bool) -> Iterator[Row]:
    assert folder.is_dir()
    yield Ratio(claim="ours / floor", ours=3.0, floor=2.0, aim=1.2)


def test_a_failure_has_its_reason_and_the_rest_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], {"first": fails, "second": passes}) == 1
    printed = capsys.readouterr().out
    assert "short: False\nFAILED first\n    ValueError at " in printed
    assert "no such stack" in printed
    assert "3.00     2.00    1.50 aim 1.2 MISSED" in printed
    assert printed.endswith("\n1 failed\n")


def test_a_missed_aim_is_not_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["second"], {"first": fails, "second": passes}) == 0
    assert "FAILED" not in capsys.readouterr().out


def test_an_unknown_name_is_rejected(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["third"], {"first": fails})
    assert raised.value.code == 2
    assert "unknown benchmark: third; choose from first" in capsys.readouterr().err


def test_a_failed_process_shows_what_it_wrote() -> None:
    def run() -> Row:
        subprocess.run(
            [sys.executable, "-c", "import sys; sys.exit('cannot synthesize')"],
            check=True,
            capture_output=True,
            text=True,
        )
        return Note(text="")

    row = attempt("synth", run)
    assert isinstance(row, Failure)
    assert row.reason.endswith("exited with 1\ncannot synthesize")


def test_growth_is_relative_to_the_smallest_size() -> None:
    row = Growth(command="check", seconds={100: 0.5, 400: 2.2, 1600: 16.0}, aim=1.2)
    assert row.milliseconds_per_spec == 5.0
    assert row.relative == {100: 1.0, 400: pytest.approx(1.1), 1600: pytest.approx(2.0)}
    assert text(row).split()[1:3] == ["5.0", "ms"]
    assert text(row).endswith("100: 1.00  400: 1.10  1,600: 2.00  aim 1.2 MISSED")
    assert text(row, has_aims=False).endswith("1,600: 2.00")


def test_an_amount_has_its_unit_and_its_aim() -> None:
    row = Amount(claim="memory", value=211.6, unit="MB", aim=200)
    assert text(row) == "memory: 212 MB  aim 200 MISSED"
    assert text(row, has_aims=False) == "memory: 212 MB"


def test_peak_memory_is_of_the_process_that_asks() -> None:
    """A small process that a large one has started is small."""
    large = bytearray(300_000_000)
    code = "from benchmarks.measure import peak_megabytes; print(peak_megabytes())"
    assert 1 < int(python("-c", code)) < len(large) // 1_000_000
    assert peak_megabytes() >= 300
