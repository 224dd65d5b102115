"""A project's policy: where its line stands, whose word counts, and what can't be a policy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hptc.compiler import compile_file
from hptc.diagnostics import Diagnostic
from hptc.errors import UsageError
from hptc.render.diagnostics import Format, render
from hptc.workspace import Workspace
from tests.conftest import Golden

SPEC = """\
name: churn
strategy: Random
limits: {max_number_of_training_jobs: 20, max_parallel_training_jobs: 2}
training_job:
  role_arn: arn:aws:iam::111122223333:role/tuning
  objective: {metric_name: loss, type: Minimize}
  hyperparameters:
    rate: {type: Continuous, min: 0.1, max: 0.5}
  algorithm:
    training_image: 111122223333.dkr.ecr.us-east-1.amazonaws.com/example:1
    metric_definitions: {loss: "loss=([0-9.]+)"}
  output: {s3_output_path: "s3://models/churn/"}
  resources: {instance_type: ml.m5.xlarge, instance_count: 1, volume_size_in_gb: 30}
  stopping: {max_runtime: 1h}
"""
PROJECT = """\
project: churn
policy:
  max_number_of_training_jobs: 10
  required_tags: {team: "[a-z]+"}
environments:
  dev:
    account: "111122223333"
    region: us-east-1
    infrastructure: {kms_key: absent}
    policy: {max_number_of_training_jobs: 15}
  prod:
    account: "111122223333"
    region: us-east-1
    infrastructure: {kms_key: absent}
"""


def check(
    folder: Path, environment: str = "dev", *, project: str = PROJECT
) -> tuple[Diagnostic, ...]:
    (folder / "hptc.yaml").write_text(project, encoding="utf-8")
    (folder / "churn.yaml").write_text(SPEC, encoding="utf-8")
    return compile_file("churn.yaml", Workspace(environment=environment)).diagnostics


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("environment", "allowed", "line"), [("dev", 15, 10), ("prod", 10, 3)])
def test_the_policys_own_line_is_shown(
    folder: Path, environment: str, allowed: int, line: int
) -> None:
    found = {d.code: d for d in check(folder, environment)}
    number, tag = found["HPT803"], found["HPT808"]
    assert f"the policy allows {allowed}" in number.message
    assert [(r.span.file, r.span.line) for r in number.related] == [("hptc.yaml", line)]
    assert [(r.span.line, r.span.column) for r in tag.related] == [(4, 25)]


def test_rendered(folder: Path, golden: Golden) -> None:
    golden("policy/breaches.txt", render(check(folder), Format.TEXT))


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("{budget_usd: 0}", "`policy.budget_usd`"),
        ("{max_number_of_training_jobs: 0}", "`policy.max_number_of_training_jobs`"),
        ("{required_tags: {team: '('}}", "`policy.required_tags.team`: has a `(` that is never"),
        ("{required_tags: {team: '(a)\\1'}}", "which is not taken here"),
        ("{instance_types: ['ml.m5.?']}", "`policy.instance_types[0]`"),
    ],
)
def test_no_policy(folder: Path, policy: str, message: str) -> None:
    project = f"project: churn\npolicy: {policy}\n"
    (diagnostic,) = [d for d in check(folder, project=project) if d.span.file == "hptc.yaml"]
    assert message in diagnostic.message


BUDGET = PROJECT.replace("policy: {max_number_of_training_jobs: 15}", "policy: {budget_usd: 100}")


def test_a_budget_is_checked_with_the_projects_prices(folder: Path) -> None:
    prices = {
        "volume": {"usd_per_gb_month": "0.1", "date": "2026-10-01"},
        "instances": {"ml.m5.xlarge": {"usd_per_hour": "9", "date": "2026-10-01"}},
    }
    text = json.dumps({"version": 1, "regions": {"us-east-1": prices}})
    (folder / "prices.json").write_text(text, encoding="utf-8")
    found = {d.code: d for d in check(folder, project=BUDGET)}
    # 20 x 1 h x $9 + 20 h x 30 GB x $0.1 / 672 h = $180 + $0.0893
    assert found["HPT801"].message == "the search may cost $180.09, but the budget is $100.00"


def test_prices_that_cannot_be_read_stop_the_check(folder: Path) -> None:
    (folder / "prices.json").write_text("{", encoding="utf-8")
    with pytest.raises(UsageError, match=r"prices\.json: is not JSON"):
        check(folder, project=BUDGET)


def test_prices_are_not_read_without_a_budget(folder: Path) -> None:
    (folder / "prices.json").write_text("{", encoding="utf-8")
    assert check(folder)
