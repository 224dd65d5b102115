"""The folder of a tuning job: what keeps hptc from writing it, and what is never written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hptc.errors import OperationError, UsageError
from hptc.local import job_folder
from hptc.local.job_folder import JobFolder
from tests.support.local_runs import local_tuning, run, tuning_request


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_link_does_not_lead_out_of_the_repository(tmp_path: Path) -> None:
    (tmp_path / "repository/.git").mkdir(parents=True)
    tuning = local_tuning(tmp_path / "repository")
    run(tuning, tuning_request("first", jobs=1))
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "repository/jobs/demo").symlink_to(outside, target_is_directory=True)
    with pytest.raises(UsageError, match="a link in this path leads out of"):
        tuning.prepare(tuning_request())
    assert names(outside) == []
    assert names(tmp_path / "repository/jobs") == [".gitignore", "demo", "first"]


@pytest.mark.parametrize(
    ("name", "message"),
    [("demo", "demo/training-jobs: Not a directory"), (".demo.new", "File exists: .*demo.new")],
)
def test_a_file_in_place_of_a_folder_is_an_error(tmp_path: Path, name: str, message: str) -> None:
    tuning = local_tuning(tmp_path)
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / name).write_text("mine")
    with pytest.raises(UsageError, match=message):
        tuning.prepare(tuning_request())
    assert names(tmp_path / "jobs") == sorted([".gitignore", name])
    assert (tmp_path / "jobs" / name).read_text() == "mine"


def test_ctrl_c_leaves_nothing_of_a_new_tuning_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tuning = local_tuning(tmp_path)
    run(tuning, tuning_request(jobs=1))
    before = names(tmp_path / "jobs")

    def interrupted(self: JobFolder, record: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(JobFolder, "create", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tuning.prepare(tuning_request())
    assert names(tmp_path / "jobs") == before
    assert tuning.describe("demo") is not None  # the earlier run


@pytest.mark.parametrize(
    ("number", "advice"), [(28, "free some space"), (13, "let hptc write to it")]
)
def test_a_record_that_can_not_be_written_interrupts_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, advice: str
) -> None:
    tuning = local_tuning(tmp_path)
    tuning.prepare(tuning_request())

    def refused(path: Path, content: str) -> None:
        raise OSError(number, {28: "No space left on device", 13: "Permission denied"}[number])

    monkeypatch.setattr(job_folder, "write_whole", refused)
    with pytest.raises(
        OperationError, match=r"was interrupted: .*/demo can't be written"
    ) as raised:
        tuning.run("demo")
    assert raised.value.help == f"{advice}; --resume continues the run"


def test_files_of_another_user_stop_a_new_run_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tuning = local_tuning(tmp_path)
    run(tuning, tuning_request(jobs=1))
    delete = shutil.rmtree

    def delete_others(path: Path, *, ignore_errors: bool) -> None:
        if path != tmp_path / "jobs/demo":
            delete(path, ignore_errors=ignore_errors)

    monkeypatch.setattr(shutil, "rmtree", delete_others)
    for _ in range(2):  # the first one has deleted the record
        with pytest.raises(OperationError, match="because files in it belong to another user"):
            tuning.prepare(tuning_request(jobs=1), replaces=True)
