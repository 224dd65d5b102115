"""`hptc submit --json`: one JSON document, whatever the number of specs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hptc.cli import run as hptc
from hptc.sandbox.server import Sandbox
from tests.support.sandbox import open_sandbox
from tests.support.specs import EXPLICIT, PROJECT

NAMES = ("first", "second")
sandbox = pytest.fixture(scope="module", name="sandbox")(open_sandbox)


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
    text = EXPLICIT.replace("name: explicit", f"name: {name}", 1).replace("warm_start", "#", 1)
    return f"{text}{more}"


def submitted(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert hptc(["submit", "--json", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


def test_several_dry_runs_give_one_json_document(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = submitted(capsys, "--dry-run")
    assert found["version"] == 1
    assert [job["outcome"] for job in found["jobs"]] == ["dry_run", "dry_run"]
    for name, job in zip(NAMES, found["jobs"], strict=True):
        assert job["name"].startswith(f"{name}-")
        assert job["request"]["HyperParameterTuningJobName"] == job["name"]
        assert "version" not in job


def test_one_dry_run_keeps_its_form(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = submitted(capsys, "--dry-run", "specs/first.yaml")
    assert sorted(found) == ["name", "outcome", "request", "unresolved", "version"]
    assert found["version"] == 1


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
