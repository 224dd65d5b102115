"""The progress of a tuning job as a block and as a line."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from hptc.cost.spending import SpentCost
from hptc.jobs.job_progress import JobOutcome, JobProgress, Remaining, RunningTraining
from hptc.render.job_progress import cost_text, outcome_line, progress_line, render_job_progress
from hptc.service.tuning_jobs import Limits, ObjectiveCounters, TrainingJobCounters
from tests.support.running_jobs import NAME, at, training_job

COST = SpentCost(
    instance_hours=Decimal("0.52"),
    usd_low=Decimal("0.32"),
    usd=Decimal("0.32"),
    max_instance_hours=Decimal(4),
    max_usd=Decimal("2.44"),
)
RUNNING = JobProgress(
    name=NAME,
    status="InProgress",
    strategy="Bayesian",
    failure_reason="",
    elapsed_seconds=1200,
    limits=Limits(max_training_jobs=4, max_parallel_training_jobs=2, max_runtime_seconds=7200),
    counters=TrainingJobCounters(
        completed=1, in_progress=2, retryable_error=0, non_retryable_error=1, stopped=0
    ),
    objectives=ObjectiveCounters(succeeded=1, pending=0, failed=0),
    training_jobs=4,
    best=training_job(1, 0, 10, value=0.875),
    running=(
        RunningTraining(name=f"{NAME}-003-abcd", status="InProgress", seconds=360),
        RunningTraining(name=f"{NAME}-004-abcd", status="Stopping", seconds=5, definition="small"),
    ),
    cost=COST,
    remaining=Remaining(seconds=300, is_limit=False),
    outcome=None,
)


def test_a_block() -> None:
    assert (
        render_job_progress(RUNNING)
        == f"""\
{NAME}  InProgress
  training jobs  2 of 4 ended (1 completed, 2 in progress, 1 failed)
  time           20 min 0 s of at most 2 h 0 min
  cost           $0.32 of at most $2.44
  remaining      about 5 min
  best so far    validation:auc = 0.875
                 {NAME}-001-abcd
                 eta = 0.1
  running        {NAME}-003-abcd  6 min 0 s
                 {NAME}-004-abcd  5 s  small  Stopping"""
    )


def test_many_running_training_jobs_are_counted() -> None:
    many = tuple(
        RunningTraining(name=f"t{number}", status="InProgress", seconds=1) for number in range(9)
    )
    shown = render_job_progress(replace(RUNNING, running=many), max_running=3).splitlines()
    assert [line.split()[-4:] for line in shown[-1:]] == [["7", "more", "training", "jobs"]]
    assert sum("  1 s" in line for line in shown) == 2


@pytest.mark.parametrize("width", [20, 40, 59])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    text = render_job_progress(replace(RUNNING, failure_reason="x" * 300), width=width)
    assert max(map(len, text.splitlines())) <= width


def test_untrusted_text_is_harmless() -> None:
    reason = "\x1b[2J[red]gone with AKIAIOSFODNN7EXAMPLX"
    evil = replace(RUNNING, failure_reason=reason, status="Failed", outcome=JobOutcome.FAILED)
    for text in (render_job_progress(evil), outcome_line(evil)):
        assert "\x1b" not in text
        assert "[red]gone with ********************" in text


def test_a_line() -> None:
    assert progress_line(RUNNING, at(20)) == (
        f"2026-01-01 00:20:00 UTC  {NAME}: InProgress, 2 of 4 ended (1 completed, 2 in progress, "
        "1 failed); best validation:auc = 0.875; $0.32 of at most $2.44; about 5 min left"
    )


@pytest.mark.parametrize(
    ("cost", "text"),
    [
        pytest.param(None, "unknown", id="unknown"),
        pytest.param(COST, "$0.32 of at most $2.44", id="known"),
        pytest.param(
            replace(COST, usd_low=Decimal("0.03")), "$0.03 to $0.32 of at most $2.44", id="spot"
        ),
        pytest.param(replace(COST, max_usd=None), "$0.32", id="unlimited"),
        pytest.param(
            replace(COST, usd=None, usd_low=None, max_usd=None),
            "0.52 instance-hours of at most 4 instance-hours; the price is unknown",
            id="no price",
        ),
    ],
)
def test_costs(cost: SpentCost | None, text: str) -> None:
    assert cost_text(cost) == text


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        pytest.param(JobOutcome.COMPLETED, "completed after 20 min 0 s", id="completed"),
        pytest.param(
            JobOutcome.CRITERION_MET,
            "stopped after 20 min 0 s, because it reached its target value",
            id="criterion",
        ),
        pytest.param(
            JobOutcome.STOPPED, "was stopped after 20 min 0 s, before it was complete", id="stopped"
        ),
        pytest.param(
            JobOutcome.FAILED,
            f"failed after 20 min 0 s: no luck\n`hptc logs {NAME} --env prod` shows the last lines "
            "of its failed training jobs",
            id="failed",
        ),
        pytest.param(
            None,
            f"is still running: `hptc watch {NAME} --env prod` follows it, and "
            f"`hptc stop {NAME} --env prod` stops it",
            id="running",
        ),
    ],
)
def test_outcomes(outcome: JobOutcome | None, text: str) -> None:
    ended = replace(
        RUNNING, outcome=outcome, failure_reason="no luck", stop_reason="its target value"
    )
    assert outcome_line(ended, " --env prod") == f"{NAME} {text}"
