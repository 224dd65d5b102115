"""What `hptc deploy` uploads for schedules, against fakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from hptc.aws.client import Aws
from hptc.cli import scheduled_code
from hptc.cli.scheduled_code import specs_with_scheduled_code, upload_scheduled_code
from hptc.errors import OperationError
from tests.support.fake_service import FakeStacks, FakeTuning
from tests.support.specs import STACKS
from tests.support.training_code import write_code_project

SCHEDULED = "name: churn\nschedule: cron(0 6 ? * MON *)"
FOUNDATION = "hptc-churn-dev"


@pytest.fixture
def tuning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeTuning:
    write_code_project(tmp_path, name=SCHEDULED)
    monkeypatch.chdir(tmp_path)
    return FakeTuning()


def connect(
    monkeypatch: pytest.MonkeyPatch, tuning: FakeTuning, stacks: dict[str, dict[str, str]]
) -> None:
    aws = Aws(tuning=tuning, stacks=FakeStacks(stacks), region="us-east-1")
    monkeypatch.setattr(scheduled_code, "connect_to_environment", lambda _: aws)


def test_code_goes_into_a_bucket_that_is_there_before_the_deployment(
    monkeypatch: pytest.MonkeyPatch, tuning: FakeTuning
) -> None:
    connect(monkeypatch, tuning, {FOUNDATION: STACKS[FOUNDATION]})
    upload_scheduled_code(specs_with_scheduled_code(None, ()), is_deployed=False)
    upload_scheduled_code(specs_with_scheduled_code(None, ()), is_deployed=True)
    assert [bucket for bucket, _ in tuning.objects] == ["artifacts-dev"]


def test_the_first_deployment_creates_the_bucket_first(
    monkeypatch: pytest.MonkeyPatch, tuning: FakeTuning
) -> None:
    connect(monkeypatch, tuning, {})
    upload_scheduled_code(specs_with_scheduled_code("dev", ()), is_deployed=False)
    assert tuning.calls == []
    with pytest.raises(OperationError, match="not deployed"):
        upload_scheduled_code(specs_with_scheduled_code("dev", ()), is_deployed=True)


def test_only_the_specs_that_are_deployed(
    monkeypatch: pytest.MonkeyPatch, tuning: FakeTuning
) -> None:
    connect(monkeypatch, tuning, {FOUNDATION: STACKS[FOUNDATION]})
    upload_scheduled_code(specs_with_scheduled_code(None, ("other",)), is_deployed=True)
    assert tuning.calls == []


def test_without_a_schedule_nothing_is_uploaded(
    monkeypatch: pytest.MonkeyPatch, tuning: FakeTuning, tmp_path: Path
) -> None:
    write_code_project(tmp_path)
    monkeypatch.setattr(scheduled_code, "connect_to_environment", None)
    upload_scheduled_code(specs_with_scheduled_code(None, ()), is_deployed=True)
    assert tuning.calls == []
