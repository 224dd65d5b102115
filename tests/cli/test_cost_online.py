"""`hptc cost --online` and the costs of `hptc plan` in the sandbox, which runs no training."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hptc.cli import run as hptc
from hptc.jobs.plan_file import read_plan
from hptc.sandbox.server import Sandbox
from tests.support.sandbox import open_sandbox, provide
from tests.support.specs import PROJECT, standalone

PRICES = {
    "version": 1,
    "regions": {
        "us-east-1": {
            "volume": {"usd_per_gb_month": "0.672", "date": "2026-10-01", "sources": []},
            "instances": {"ml.m5.xlarge": {"usd_per_hour": "0.5", "date": "2026-10-01"}},
        }
    },
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox with what the specs need."""
    for account in open_sandbox():
        provide(account, role="tuner", objects={"bucket": ("train/1.csv", "validation/1.csv")})
        yield account


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with two specs and its own prices."""
    text = PROJECT.replace("{account", "{infrastructure: {kms_key: absent}, account")
    (tmp_path / "hptc.yaml").write_text(text, "utf-8")
    (tmp_path / "prices.json").write_text(json.dumps(PRICES), "utf-8")
    (tmp_path / "specs").mkdir()
    for name in ("churn", "other"):
        (tmp_path / "specs" / f"{name}.yaml").write_text(standalone(name), "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def aws(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox's account."""
    for name, value in sandbox.environment().items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    capsys.readouterr()
    assert hptc([*arguments]) == 0
    return json.loads(capsys.readouterr().out)


def test_without_the_flag_aws_is_not_called(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    document = answer(capsys, "cost", "--format", "json")
    assert [(spec["usd"], spec["expected"]) for spec in document["specs"]] == [("2.12", None)] * 2


def test_a_job_without_completed_training_jobs_is_not_a_past_run(
    folder: Path, aws: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert hptc(["submit", "specs/churn.yaml"]) == 0
    document = answer(capsys, "cost", "--online", "--format", "json")
    assert [spec["expected"]["unknown"] for spec in document["specs"]] == ["no past runs"] * 2
    assert hptc(["cost", "--online"]) == 0
    assert "  expected        no past runs\n" in capsys.readouterr().out


def test_a_saved_plan_has_the_costs_and_is_applied(
    folder: Path, aws: None, capsys: pytest.CaptureFixture[str]
) -> None:
    text = standalone("other").replace("max: 0.5", "max: 0.4")
    (folder / "specs" / "other.yaml").write_text(text, "utf-8")
    assert hptc(["plan", "specs/other.yaml", "--out", "plan.json"]) == 0
    out = capsys.readouterr().out
    assert (
        "    at most $2.12 (4 instance-hours; us-east-1 prices of 2026-10-01, from prices.json)\n"
        "    expected: no past runs\n"
    ) in out
    saved = read_plan((folder / "plan.json").read_text("utf-8"))
    assert saved.total_cost is not None
    assert str(saved.total_cost.usd) == "2.12"
    # A changed price does not make it refuse: the plan has the price of its creation.
    dearer = json.dumps(PRICES).replace('"0.5"', '"0.6"')
    (folder / "prices.json").write_text(dearer, "utf-8")
    assert hptc(["submit", "plan.json"]) == 0
    assert "submitted other-" in capsys.readouterr().out


def test_only_one_environment_at_a_time(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path_factory.mktemp("another")
    project = PROJECT.replace("project: churn", "project: another")
    (other / "hptc.yaml").write_text(
        project.replace("{account", "{infrastructure: {kms_key: absent}, account"), "utf-8"
    )
    (other / "specs").mkdir()
    (other / "specs" / "third.yaml").write_text(standalone("third"), "utf-8")
    assert hptc(["cost", "--online", str(folder), str(other)]) == 2
    assert "--online requires specs of a single environment" in capsys.readouterr().err
