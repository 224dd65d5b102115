"""`hptc submit --json`: one JSON document, whatever the number of specs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from hptc.cli import run as hptc
from hptc.sandbox.server import Sandbox
from tests.support.sandbox import open_sandbox, provide
from tests.support.specs import PROJECT, WITHOUT_PARENT, standalone

NAMES = ("first", "second")
DATA = ("train/1.csv", "validation/1.csv")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox with what the specs need."""
    for account in open_sandbox():
        provide(account, role="tuning", objects={"artifacts": (), "bucket": DATA})
        yield account


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> Path:
    """A project with two specs that need no deployment, in the sandbox's account."""
    infrastructure = "{infrastructure: {kms_key: absent}, account"
    (tmp_path / "hptc.yaml").write_text(PROJECT.replace("{account", infrastructure), "utf-8")
    (tmp_path / "specs").mkdir()
    for name in NAMES:
        (tmp_path / "specs" / f"{name}.yaml").write_text(spec(name), "utf-8")
    monkeypatch.chdir(tmp_path)
    for key, value in sandbox.environment().items():
        if key.startswith("AWS_"):
            monkeypatch.setenv(key, value)
    return tmp_path


def spec(name: str, more: str = "") -> str:
    """A spec without a warm-start parent, since the sandbox has no past jobs."""
    text = WITHOUT_PARENT.replace("name: explicit", f"name: {name}", 1)
    return f"{text}{more}"


def larger(name: str, jobs: int) -> str:
    """A spec of a new tuning job: with another number of training jobs."""
    before = "max_number_of_training_jobs: 4"
    return spec(name).replace(before, f"max_number_of_training_jobs: {jobs}")


def submitted(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert hptc(["submit", "--json", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


def test_several_dry_runs_give_one_json_document(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = submitted(capsys, "--dry-run")
    assert document["version"] == 1
    assert [job["outcome"] for job in document["jobs"]] == ["dry_run", "dry_run"]
    for name, job in zip(NAMES, document["jobs"], strict=True):
        assert job["name"].startswith(f"{name}-")
        assert job["request"]["HyperParameterTuningJobName"] == job["name"]
        assert "version" not in job


def test_one_dry_run_keeps_its_form(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = submitted(capsys, "--dry-run", "specs/first.yaml")
    assert sorted(document) == ["command", "name", "outcome", "request", "unresolved", "version"]
    assert document["version"] == 1


def test_several_submissions_give_one_json_document(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = submitted(capsys)
    again = submitted(capsys)
    assert [job["outcome"] for job in first["jobs"]] == ["submitted", "submitted"]
    assert [job["outcome"] for job in again["jobs"]] == ["unchanged", "unchanged"]


def test_what_was_submitted_before_a_refusal_is_reported(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert hptc(["submit", "--json", "specs/first.yaml"]) == 0
    taken = json.loads(capsys.readouterr().out)["name"]
    pinned = spec("second", f"job_name: {taken}\n").replace(
        "max_number_of_training_jobs: 4", "max_number_of_training_jobs: 5"
    )
    (folder / "specs" / "second.yaml").write_text(pinned, "utf-8")
    assert hptc(["submit", "--json"]) == 3
    out, err = capsys.readouterr()
    assert [job["name"] for job in json.loads(out)["jobs"]] == [taken]
    assert "error: " in err


def test_a_refused_spec_does_not_stop_the_others(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "specs" / "apart.yaml").write_text(spec("apart", "job_name: taken-1\n"), "utf-8")
    assert hptc(["submit", "specs/apart.yaml"]) == 0
    other = spec("apart", "job_name: taken-1\n").replace(
        "max_number_of_training_jobs: 4", "max_number_of_training_jobs: 6"
    )
    (folder / "specs" / "apart.yaml").write_text(other, "utf-8")
    for name in NAMES:
        (folder / "specs" / f"{name}.yaml").write_text(larger(name, 7), "utf-8")
    capsys.readouterr()
    assert hptc(["submit", "--json"]) == 3  # `apart` is the first of the three
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert [job["outcome"] for job in document["jobs"]] == ["submitted", "submitted"]
    assert [job["name"] for job in document["failed"]] == ["taken-1"]
    assert "specs/apart.yaml: AWS already has a tuning job named `taken-1`" in err
    assert "1 of 3 tuning jobs not submitted:\n  taken-1  specs/apart.yaml\n    AWS already" in err


def test_a_child_waits_until_its_parent_has_ended(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in NAMES:
        (folder / "specs" / f"{name}.yaml").unlink()
    (folder / "specs" / "parent.yaml").write_text(standalone("parent", role="tuning"), "utf-8")
    child = standalone("child", role="tuning")
    child += "warm_start: {type: IdenticalDataAndAlgorithm, parents: [parent]}\n"
    (folder / "specs" / "child.yaml").write_text(child, "utf-8")
    assert hptc(["submit", "--json"]) == 3
    out, err = capsys.readouterr()
    document = json.loads(out)
    (parent,), (failed,) = document["jobs"], document["failed"]
    assert parent["name"].startswith("parent-")
    assert failed["file"] == "specs/child.yaml"
    assert failed["error"] == (
        f"its warm-start parent `{parent['name']}` does not exist in us-east-1"
    )
    assert "`hptc watch parent --env dev`" in failed["help"]
    assert "1 of 2 tuning jobs not submitted:\n  child-" in err
    # The advice, taken literally.
    assert hptc(["submit", "specs/parent.yaml"]) == 0
    assert hptc(["watch", "parent", "--env", "dev"]) == 0
    capsys.readouterr()
    assert [job["outcome"] for job in submitted(capsys)["jobs"]] == ["submitted", "unchanged"]


class TestConfirmation:
    """In a terminal, the jobs and their maximum cost are shown before anything is sent."""

    @pytest.fixture
    def new(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setattr("hptc.cli.submit.is_interactive", lambda: True)
        for name in NAMES:
            changed = spec(name).replace(
                "max_number_of_training_jobs: 4", "max_number_of_training_jobs: 9"
            )
            (folder / "specs" / f"{name}.yaml").write_text(changed, "utf-8")
        return folder

    def test_refused_then_confirmed(
        self, new: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr("sys.stdin", StringIO("n\n"))
        assert hptc(["submit"]) == 3
        out, err = capsys.readouterr()
        assert out == ""
        assert "2 tuning jobs to create in us-east-1:\n  first-" in err
        assert "total: at most " in err
        assert err.endswith("nothing was submitted\n")
        monkeypatch.setattr("sys.stdin", StringIO("y\n"))
        assert hptc(["submit"]) == 0
        assert capsys.readouterr().out.count("submitted ") == 2
        # Nothing is left to confirm.
        assert hptc(["submit"]) == 0
        assert "to create" not in capsys.readouterr().err

    def test_yes_and_dry_runs_are_not_asked(
        self, new: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert hptc(["submit", "--dry-run"]) == 0
        assert hptc(["submit", "--rerun", "2", "--yes"]) == 0
        assert "Submit?" not in capsys.readouterr().err

    def test_a_saved_plan(
        self, new: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for name in NAMES:
            text = spec(name).replace(
                "max_number_of_training_jobs: 4", "max_number_of_training_jobs: 8"
            )
            (new / "specs" / f"{name}.yaml").write_text(text, "utf-8")
        assert hptc(["plan", "--out", "plan.json"]) == 0
        monkeypatch.setattr("sys.stdin", StringIO("n\ny\n"))
        assert hptc(["submit", "plan.json"]) == 3
        assert "2 tuning jobs to create" in capsys.readouterr().err
        assert hptc(["submit", "plan.json"]) == 0
        assert hptc(["submit", "plan.json", "--stale-ok"]) == 2
