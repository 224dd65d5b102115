"""Tuning jobs as text and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from hptc.jobs.content_changes import ContentChanges
from hptc.jobs.decisions import (
    AlreadySubmitted,
    DryRun,
    NothingToStop,
    Stop,
    StopRequested,
    Submission,
    Submitted,
)
from hptc.render.jobs import (
    render_jobs,
    render_status,
    render_stop,
    render_submission,
)
from hptc.render.jobs_json import (
    jobs_json,
    status_json,
    stop_json,
    submission_json,
)
from hptc.service.responses import read_status, read_summary
from hptc.service.tuning_jobs import JobSummary, ListedJob, TrainingJob

PREFIX = "arn:aws:sagemaker:us-east-1:111122223333"
ARN = f"{PREFIX}:hyper-parameter-tuning-job/churn-1a2b3c4d"
CONSOLE = (
    "https://us-east-1.console.aws.amazon.com/sagemaker/home"
    "?region=us-east-1#/hyper-tuning-jobs/churn-1a2b3c4d"
)
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BEST: dict[str, Any] = {
    "TrainingJobName": "churn-1a2b3c4d-007-0123abcd",
    "TrainingJobArn": f"{PREFIX}:training-job/x",
    "TrainingJobStatus": "Completed",
    "CreationTime": datetime(2026, 3, 1, 10, 5, tzinfo=UTC),
    "TunedHyperParameters": {"max_depth": "6", "eta": "0.03125"},
    "FinalHyperParameterTuningJobObjectiveMetric": {
        "Type": "Maximize",
        "MetricName": "validation:auc",
        "Value": 0.8765,
    },
    "ObjectiveStatus": "Succeeded",
}
DESCRIPTION: dict[str, Any] = {
    "HyperParameterTuningJobName": "churn-1a2b3c4d",
    "HyperParameterTuningJobArn": ARN,
    "HyperParameterTuningJobStatus": "InProgress",
    "HyperParameterTuningJobConfig": {
        "Strategy": "Bayesian",
        "ResourceLimits": {
            "MaxNumberOfTrainingJobs": 20,
            "MaxParallelTrainingJobs": 2,
            "MaxRuntimeInSeconds": 7200,
        },
    },
    "CreationTime": datetime(2026, 3, 1, 10, 0, tzinfo=UTC),
    "LastModifiedTime": datetime(2026, 3, 1, 11, 0, tzinfo=UTC),
    "TrainingJobStatusCounters": {
        "Completed": 7,
        "InProgress": 2,
        "RetryableError": 1,
        "NonRetryableError": 1,
        "Stopped": 0,
    },
    "ObjectiveStatusCounters": {"Succeeded": 7, "Pending": 2, "Failed": 1},
    "BestTrainingJob": BEST,
    "OverallBestTrainingJob": {**BEST, "TrainingJobName": "old-3", "TuningJobName": "churn-old"},
    "ConsumedResources": {"RuntimeInSeconds": 5025},
    "WarmStartConfig": {
        "WarmStartType": "TransferLearning",
        "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "churn-old"}],
    },
}
TAGS = {
    "hptc:project": "churn",
    "hptc:environment": "dev",
    "hptc:spec": "specs/churn.yaml",
    "hptc:digest": "1a2b3c4d" * 8,
    "hptc:commit": "0123abc-dirty",
    "team": "growth",
}
RUNNING = read_status(DESCRIPTION, TAGS, now=NOW)
BARE = read_status(
    {
        "HyperParameterTuningJobName": "x",
        "HyperParameterTuningJobArn": "arn:x",
        "HyperParameterTuningJobStatus": "Failed",
        "HyperParameterTuningJobConfig": {"Strategy": "Random", "ResourceLimits": {}},
        "CreationTime": datetime(2026, 3, 1, 10, 0, tzinfo=UTC),
        "HyperParameterTuningEndTime": datetime(2026, 3, 1, 10, 0, 42, tzinfo=UTC),
        "BestTrainingJob": None,
        "TrainingJobStatusCounters": {},
        "ObjectiveStatusCounters": {},
        "FailureReason": "No training job succeeded after 5 attempts.",
    },
    {},
    now=NOW,
)


def summary(name: str, status: str) -> JobSummary:
    config = DESCRIPTION["HyperParameterTuningJobConfig"]
    return read_summary(
        {
            **DESCRIPTION,
            **config,
            "HyperParameterTuningJobName": name,
            "HyperParameterTuningJobStatus": status,
        }
    )


AUC = RUNNING.best or TrainingJob(name="", status="")
JOBS = [
    ListedJob(
        summary=summary("churn-1a2b3c4d", "InProgress"),
        elapsed_seconds=7200,
        best=replace(AUC, metric_name="auc"),
        origin=RUNNING.origin,
    ),
    ListedJob(summary=summary("ranking-99aabbcc", "Failed"), elapsed_seconds=42),
]


def test_a_running_job() -> None:
    assert (
        render_status(RUNNING)
        == f"""\
churn-1a2b3c4d
  status             InProgress
  strategy           Bayesian
  training jobs      8 of 20
                     7 completed, 2 in progress, 1 failed, 1 failed and retried
  objectives         7 succeeded, 2 pending, 1 failed
  created            2026-03-01 10:00 UTC
  elapsed            2 h 0 min (at most 2 h 0 min)
  runtime            1 h 23 min
  warm start         TransferLearning from churn-old
  best so far        validation:auc = 0.8765
                     churn-1a2b3c4d-007-0123abcd
                     eta = 0.03125
                     max_depth = 6
  best with parents  validation:auc = 0.8765
                     old-3
                     of churn-old
                     eta = 0.03125
                     max_depth = 6
  spec               specs/churn.yaml
  commit             0123abc-dirty
  environment        dev
  digest             {"1a2b3c4d" * 8}
  ARN                {ARN}
  console            {CONSOLE}"""
    )


def test_a_job_with_few_members() -> None:
    assert (
        render_status(BARE)
        == """\
x
  status         Failed
  reason         No training job succeeded after 5 attempts.
  strategy       Random
  training jobs  0
                 none yet
  objectives     0 succeeded, 0 pending, 0 failed
  created        2026-03-01 10:00 UTC
  elapsed        42 s
  ended          2026-03-01 10:00 UTC
  best           none yet
  ARN            arn:x"""
    )


def test_jobs() -> None:
    assert (
        render_jobs(JOBS)
        == """\
name              status      strategy  training jobs  best auc  duration   created (UTC)
churn-1a2b3c4d    InProgress  Bayesian  8 of 20        0.8765    2 h 0 min  2026-03-01 10:00
ranking-99aabbcc  Failed      Bayesian  8 of 20                  42 s       2026-03-01 10:00"""
    )


def test_nothing_to_list() -> None:
    assert render_jobs([]) == "no tuning jobs"
    assert json.loads(jobs_json([])) == {"version": 1, "command": "list", "jobs": []}


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_names_are_never_cut(width: int) -> None:
    text = render_jobs(JOBS, width=width)
    assert all(job.summary.name in text for job in JOBS)


class TestColor:
    """The command line decides about colors, not the environment."""

    def test_with_color(self) -> None:
        assert "\x1b[36mInProgress" in render_status(RUNNING, color=True)
        assert "\x1b" not in render_status(RUNNING)

    @pytest.mark.parametrize("force", ["FORCE_COLOR", "TTY_COMPATIBLE"])
    def test_force_color_is_ignored(self, monkeypatch: pytest.MonkeyPatch, force: str) -> None:
        monkeypatch.setenv(force, "1")
        assert "\x1b" not in render_jobs(JOBS)

    @pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
    def test_no_color_is_ignored(
        self, monkeypatch: pytest.MonkeyPatch, name: str, value: str
    ) -> None:
        expected = render_jobs(JOBS, color=True)
        monkeypatch.setenv(name, value)
        assert render_jobs(JOBS, color=True) == expected

    def test_the_text_is_the_same(self) -> None:
        import re

        colored = re.sub(r"\x1b\[[0-9;]*m", "", render_jobs(JOBS, color=True))
        assert [line.rstrip() for line in colored.splitlines()] == render_jobs(JOBS).splitlines()


def test_markup_and_control_characters_are_harmless() -> None:
    evil = replace(BARE, failure_reason="[red]\x1b[2Jgone[/red]", name="[bold]x")
    text = render_status(evil)
    assert "\x1b" not in text
    assert "[red]\N{REPLACEMENT CHARACTER}[2Jgone[/red]" in text
    assert text.startswith("[bold]x\n")


def test_status_as_json() -> None:
    best = {
        "name": "churn-1a2b3c4d-007-0123abcd",
        "arn": f"{PREFIX}:training-job/x",
        "status": "Completed",
        "definition": None,
        "tuning_job": None,
        "metric_name": "validation:auc",
        "metric_value": 0.8765,
        "objective_type": "Maximize",
        "objective_status": "Succeeded",
        "tuned_hyperparameters": {"eta": "0.03125", "max_depth": "6"},
        "created": "2026-03-01T10:05:00+00:00",
        "started": None,
        "ended": None,
        "failure_reason": None,
    }
    assert json.loads(status_json(RUNNING)) == {
        "version": 1,
        "command": "status",
        "job": {
            "name": "churn-1a2b3c4d",
            "arn": ARN,
            "status": "InProgress",
            "failure_reason": None,
            "strategy": "Bayesian",
            "created": "2026-03-01T10:00:00+00:00",
            "modified": "2026-03-01T11:00:00+00:00",
            "ended": None,
            "elapsed_seconds": 7200,
            "consumed_seconds": 5025,
            "training_jobs": {
                "completed": 7,
                "in_progress": 2,
                "retryable_error": 1,
                "non_retryable_error": 1,
                "stopped": 0,
            },
            "objectives": {"succeeded": 7, "pending": 2, "failed": 1},
            "limits": {
                "max_training_jobs": 20,
                "max_parallel_training_jobs": 2,
                "max_runtime_seconds": 7200,
            },
            "best": best,
            "overall_best": {**best, "name": "old-3", "tuning_job": "churn-old"},
            "warm_start": {"type": "TransferLearning", "parents": ["churn-old"]},
            "project": "churn",
            "environment": "dev",
            "spec": "specs/churn.yaml",
            "digest": "1a2b3c4d" * 8,
            "commit": "0123abc-dirty",
            "console": CONSOLE,
            "spec_changes": None,
        },
    }


def test_json_always_has_the_same_keys() -> None:
    full = json.loads(status_json(RUNNING))["job"]
    bare = json.loads(status_json(BARE))["job"]
    assert list(full) == list(bare)
    assert bare["failure_reason"] == "No training job succeeded after 5 attempts."
    assert bare["limits"]["max_training_jobs"] is None
    assert bare["best"] is bare["warm_start"] is bare["spec"] is None


def test_lists_as_json() -> None:
    (first, second) = json.loads(jobs_json(JOBS))["jobs"]
    assert list(first) == list(second)
    assert first["name"] == "churn-1a2b3c4d"
    assert first["training_jobs"]["completed"] == 7
    assert first["best"]["metric_value"] == 0.8765
    assert (first["spec"], first["elapsed_seconds"]) == ("specs/churn.yaml", 7200)
    assert second["best"] is second["spec"] is None


@pytest.mark.parametrize(
    ("is_changed", "subjects", "text"),
    [
        pytest.param(False, (), "", id="unchanged"),
        pytest.param(True, (), "has changed since: its digest differs", id="unknown differences"),
        pytest.param(True, ("eta",), "has changed since: 1 difference (eta)", id="one"),
        pytest.param(
            True,
            tuple("abcdef"),
            "has changed since: 6 differences (a, b, c, d and 2 more)",
            id="many",
        ),
        pytest.param(
            None,
            (),
            "has errors now, so it can't be compared; `hptc check` shows them",
            id="errors",
        ),
    ],
)
def test_changes_of_the_spec(is_changed: bool | None, subjects: tuple[str, ...], text: str) -> None:
    changes = ContentChanges(file="specs/churn.yaml", is_changed=is_changed, subjects=subjects)
    lines = [line.strip() for line in render_status(RUNNING, changes).splitlines()]
    assert (text in lines) == bool(text)
    data = json.loads(status_json(RUNNING, changes))["job"]["spec_changes"]
    assert (data["is_changed"], data["subjects"]) == (is_changed, list(subjects))


REQUEST = {"HyperParameterTuningJobName": "x", "Tags": [{"Key": "größe", "Value": "1"}]}


@pytest.mark.parametrize(
    ("outcome", "text", "data"),
    [
        pytest.param(
            Submitted(name="x", arn="arn:x", region="us-east-1", request=REQUEST),
            "submitted x in us-east-1\narn:x",
            {"outcome": "submitted", "name": "x", "arn": "arn:x", "region": "us-east-1"},
            id="submitted",
        ),
        pytest.param(
            AlreadySubmitted(name="x", arn="arn:x", region="us-east-1", status="InProgress"),
            "already submitted: x in us-east-1 is InProgress",
            {
                "outcome": "unchanged",
                "name": "x",
                "arn": "arn:x",
                "region": "us-east-1",
                "status": "InProgress",
            },
            id="unchanged",
        ),
        pytest.param(
            AlreadySubmitted(name="x", arn="arn:x", region="us-east-1", status="Failed"),
            "already submitted: x in us-east-1 is Failed; to run it again, use --rerun N",
            {
                "outcome": "unchanged",
                "name": "x",
                "arn": "arn:x",
                "region": "us-east-1",
                "status": "Failed",
            },
            id="unchanged and over",
        ),
        pytest.param(
            AlreadySubmitted(
                name="x", arn="arn:x", region="us-east-1", status="Failed", can_rerun=False
            ),
            "already submitted: x in us-east-1 is Failed",
            {
                "outcome": "unchanged",
                "name": "x",
                "arn": "arn:x",
                "region": "us-east-1",
                "status": "Failed",
            },
            id="unchanged under an exact name",
        ),
        pytest.param(
            DryRun(name="x", request=REQUEST, unresolved=("kms_key_arn",)),
            json.dumps(REQUEST, indent=2, ensure_ascii=False),
            {
                "outcome": "dry_run",
                "name": "x",
                "unresolved": ["kms_key_arn"],
                "request": REQUEST,
            },
            id="dry run",
        ),
    ],
)
def test_submissions(outcome: Submission, text: str, data: dict[str, Any]) -> None:
    assert render_submission(outcome) == text
    assert json.loads(submission_json(outcome)) == {"version": 1, "command": "submit", **data}


@pytest.mark.parametrize(
    ("outcome", "text", "data"),
    [
        pytest.param(
            StopRequested(name="x"),
            "stopping x; its training jobs end within minutes",
            {"outcome": "stop_requested", "name": "x"},
            id="stopping",
        ),
        pytest.param(
            NothingToStop(name="x", status="Completed"),
            "nothing to stop: x is Completed",
            {"outcome": "already_over", "name": "x", "status": "Completed"},
            id="over",
        ),
    ],
)
def test_stops(outcome: Stop, text: str, data: dict[str, Any]) -> None:
    assert render_stop(outcome) == text
    assert json.loads(stop_json(outcome)) == {"version": 1, "command": "stop", **data}
