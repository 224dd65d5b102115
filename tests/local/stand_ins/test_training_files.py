"""What a stand-in reads from its container's files, and how its process ends."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hptc.local.stand_ins.__main__ import main
from hptc.local.stand_ins.training_files import Settings, TrainingError
from tests.support.stand_ins import csv, rows, training_files

GIVEN = {"num_round": "1", "objective": "binary:logistic"}


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files of a training job of XGBoost, which this process is."""
    files = training_files(tmp_path, GIVEN, {"train": csv(rows())})
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(files.base))
    monkeypatch.setattr(sys, "argv", ["stand_ins", "xgboost"])
    return files.base


def test_the_process_trains_and_ends_with_0(base: Path) -> None:
    assert main() == 0
    assert (base / "model/xgboost-model").stat().st_size
    assert not (base / "output/failure").exists()


def test_a_reason_is_in_the_file_that_sagemaker_reads(
    base: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (base / "input/data/train/train.txt").unlink()
    assert main() == 1
    assert (base / "output/failure").read_text() == "the input channel train has no files"
    assert "error: the input channel train has no files" in capsys.readouterr().out


def test_a_library_that_is_gone(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "hptc.local.stand_ins.xgboost_training", raising=False)
    monkeypatch.setitem(sys.modules, "xgboost", None)
    assert main() == 1
    assert "pip install 'hptc[stand-ins]'" in (base / "output/failure").read_text()


def test_files_that_other_tools_leave_are_not_data(base: Path) -> None:
    (base / "input/data/train/_SUCCESS").write_text("no numbers")
    (base / "input/data/train/more").mkdir()
    (base / "input/data/train/more/.part.crc").write_text("no numbers")
    assert main() == 0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("nan", "k must be at least 1, but is nan"),
        ("inf", "k must be at least 1, but is inf"),
        ("0", "k must be at least 1, but is 0"),
        ("1.5", "k must be an integer, but is 1.5"),
        ("", "k must be a number, but is "),
    ],
)
def test_values_that_are_not_positive_integers(text: str, reason: str) -> None:
    with pytest.raises(TrainingError) as raised:
        Settings({"k": text}).integer("k")
    assert str(raised.value) == reason


def test_auto_is_the_default() -> None:
    settings = Settings({"wd": "auto", "use_bias": "auto", "no": "maybe"})
    assert settings.number("wd", 0.5) == 0.5
    assert settings.flag("use_bias", default=True)
    with pytest.raises(TrainingError, match="no must be true or false, but is maybe"):
        settings.flag("no", default=True)
