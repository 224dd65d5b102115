"""The progress of a tuning job, as a function of what AWS reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from hptc.jobs.job_progress import JobOutcome, JobProgress, Remaining, job_progress
from hptc.request.reading import read_job
from hptc.service.responses import read_status
from hptc.service.tuning_jobs import TrainingJob
from tests.support.fake_service import CREATED
from tests.support.running_jobs import at, bound_of, request, training_job

DONE = [training_job(2, 1, 11, value=0.7), training_job(1, 0, 10, value=0.6)]
TWO_LEFT = [training_job(4, 15), training_job(3, 14), *DONE]


def progress(
    training_jobs: Sequence[TrainingJob] | None,
    *,
    status: str = "InProgress",
    minutes: float = 20,
    config: dict[str, Any] | None = None,
    **description: Any,
) -> JobProgress:
    request_members = request(**(config or {}))
    jobs = training_jobs or ()
    request_members = {
        **request_members,
        "HyperParameterTuningJobArn": "arn",
        "HyperParameterTuningJobStatus": status,
        "CreationTime": CREATED,
        "LastModifiedTime": at(minutes),
        "TrainingJobStatusCounters": {
            "Completed": sum(job.status == "Completed" for job in jobs),
            "InProgress": sum(job.status == "InProgress" for job in jobs),
        },
        **description,
    }
    job = read_job(request_members)
    return job_progress(
        read_status(request_members, {}, now=at(minutes)),
        job,
        training_jobs,
        bound_of(job, "us-east-1"),
        now=at(minutes),
    )


def limits(runtime: int | None = None, number: int | None = 4) -> dict[str, Any]:
    members = {"MaxParallelTrainingJobs": 2}
    members |= {"MaxNumberOfTrainingJobs": number} if number is not None else {}
    return {"ResourceLimits": members | ({"MaxRuntimeInSeconds": runtime} if runtime else {})}


def test_running_training_jobs_have_their_elapsed_time() -> None:
    state = progress(TWO_LEFT)
    assert state.running is not None
    assert [(job.name[-8:-5], job.seconds) for job in state.running] == [("003", 360), ("004", 300)]
    assert (state.training_jobs, state.has_ended) == (4, False)


def test_the_cost_is_that_of_training_so_far() -> None:
    state = progress(TWO_LEFT)
    assert state.cost is not None
    # 31 minutes at $0.60 per hour, and 10 GB at $0.672 per month
    assert state.cost.instance_hours == Decimal("0.52")
    assert state.cost.usd == Decimal("0.32")
    assert state.cost.max_usd == Decimal("2.44")


@pytest.mark.parametrize(
    ("jobs", "config", "expected"),
    [
        # each takes 10 minutes; the running ones have 4 and 5 left
        pytest.param(TWO_LEFT, {}, Remaining(seconds=300, is_limit=False), id="running"),
        pytest.param(
            TWO_LEFT, limits(number=7), Remaining(seconds=1440, is_limit=False), id="and waiting"
        ),
        pytest.param(
            TWO_LEFT, limits(runtime=1260), Remaining(seconds=60, is_limit=True), id="the limit"
        ),
        pytest.param([training_job(1, 0)], {}, None, id="none has completed"),
        pytest.param(
            [training_job(1, 0)],
            limits(runtime=3600),
            Remaining(seconds=2400, is_limit=True),
            id="only the limit",
        ),
        pytest.param(
            TWO_LEFT,
            limits(runtime=1500),
            Remaining(seconds=300, is_limit=False),
            id="the limit when they end",
        ),
        pytest.param(
            TWO_LEFT, limits(runtime=600), Remaining(seconds=0, is_limit=True), id="past the limit"
        ),
        pytest.param(TWO_LEFT, limits(number=None), None, id="unknown number"),
        pytest.param(None, {}, None, id="training jobs unknown"),
        pytest.param(
            TWO_LEFT,
            limits(number=5000),
            Remaining(seconds=1_497_900 - 300, is_limit=False),
            id="many",
        ),
    ],
)
def test_remaining_time(
    jobs: list[TrainingJob] | None, config: dict[str, Any], expected: Remaining | None
) -> None:
    remaining = progress(jobs, config=config).remaining
    if expected is not None and expected.seconds > 1_000_000:
        assert remaining is not None
        assert abs(remaining.seconds - expected.seconds) < 2000
    else:
        assert remaining == expected


BEST = {
    "TrainingJobName": "b",
    "FinalHyperParameterTuningJobObjectiveMetric": {
        "MetricName": "auc", "Value": 0.9, "Type": "Maximize"
    },
}  # fmt: skip

LEAST = {
    "TrainingJobName": "b",
    "FinalHyperParameterTuningJobObjectiveMetric": {
        "MetricName": "auc", "Value": 0.9, "Type": "Minimize"
    },
}  # fmt: skip


def criteria(**members: Any) -> dict[str, Any]:
    return {"TuningJobCompletionCriteria": members}


@pytest.mark.parametrize(
    ("status", "config", "description", "outcome", "reason"),
    [
        pytest.param("InProgress", {}, {}, None, "", id="running"),
        pytest.param("Stopping", {}, {}, None, "", id="stopping"),
        pytest.param("Completed", {}, {}, JobOutcome.COMPLETED, "", id="completed"),
        pytest.param("Failed", {}, {}, JobOutcome.FAILED, "", id="failed"),
        pytest.param("Stopped", {}, {}, JobOutcome.STOPPED, "", id="by hand"),
        pytest.param(
            "Stopped", limits(runtime=1200), {}, JobOutcome.CRITERION_MET, "its maximum runtime",
            id="runtime",
        ),
        pytest.param(
            "Stopped", limits(runtime=1300), {}, JobOutcome.STOPPED, "", id="before its runtime"
        ),
        pytest.param(
            "Stopped", criteria(TargetObjectiveMetricValue=0.9), {"BestTrainingJob": BEST},
            JobOutcome.CRITERION_MET, "its target value", id="target",
        ),
        pytest.param(
            "Stopped", criteria(TargetObjectiveMetricValue=0.95), {"BestTrainingJob": BEST},
            JobOutcome.STOPPED, "", id="target not reached",
        ),
        pytest.param(
            "Stopped", criteria(TargetObjectiveMetricValue=0.9), {"BestTrainingJob": LEAST},
            JobOutcome.CRITERION_MET, "its target value", id="target of a minimum",
        ),
        pytest.param(
            "Stopped", criteria(TargetObjectiveMetricValue=0.85), {"BestTrainingJob": LEAST},
            JobOutcome.STOPPED, "", id="target of a minimum not reached",
        ),
        pytest.param(
            "Stopped", criteria(TargetObjectiveMetricValue=0.9), {},
            JobOutcome.STOPPED, "", id="target without a best training job",
        ),
        pytest.param(
            "Stopped", criteria(ConvergenceDetected={"CompleteOnConvergence": "Enabled"}),
            {"TuningJobCompletionDetails": {"ConvergenceDetectedTime": CREATED}},
            JobOutcome.CRITERION_MET, "convergence", id="convergence",
        ),
        pytest.param(
            "Stopped", {}, {"TuningJobCompletionDetails": {"ConvergenceDetectedTime": CREATED}},
            JobOutcome.STOPPED, "", id="convergence is not a criterion",
        ),
        pytest.param(
            "Stopped",
            criteria(BestObjectiveNotImproving={"MaxNumberOfTrainingJobsNotImproving": 3}),
            {"TuningJobCompletionDetails": {"NumberOfTrainingJobsObjectiveNotImproving": 3}},
            JobOutcome.CRITERION_MET, "its maximum number of training jobs without improvement",
            id="no improvement",
        ),
        pytest.param(
            "Stopped",
            criteria(BestObjectiveNotImproving={"MaxNumberOfTrainingJobsNotImproving": 1}), {},
            JobOutcome.STOPPED, "", id="no details of the improvement",
        ),
    ],
)  # fmt: skip
def test_outcomes(
    status: str,
    config: dict[str, Any],
    description: dict[str, Any],
    outcome: JobOutcome | None,
    reason: str,
) -> None:
    state = progress(DONE, status=status, config=config, **description)
    assert (state.outcome, state.stop_reason) == (outcome, reason)
    assert (state.remaining is None) == (outcome is not None or status == "Stopping")


@pytest.mark.parametrize(("waiting", "seconds"), [(1_000, 300_300), (1_001, 300_300)])
def test_the_order_of_a_thousand_training_jobs_is_simulated(waiting: int, seconds: int) -> None:
    """Beyond a thousand, only the sum of their times is used: here 600 s each, two at a time."""
    remaining = progress(TWO_LEFT, config=limits(number=len(TWO_LEFT) + waiting)).remaining
    assert remaining == Remaining(seconds=seconds, is_limit=False)


def test_unknown_prices_are_unknown() -> None:
    described = request()
    described["TrainingJobDefinition"]["ResourceConfig"]["InstanceType"] = "ml.unheard.large"
    job = read_job(described)
    status = read_status(
        {
            **described,
            "HyperParameterTuningJobArn": "arn",
            "HyperParameterTuningJobStatus": "InProgress",
            "CreationTime": CREATED,
        },
        {},
        now=at(20),
    )
    cost = job_progress(status, job, DONE, bound_of(job, "us-east-1"), now=at(20)).cost
    assert cost is not None
    assert cost.usd is cost.usd_low is cost.max_usd is None
    assert cost.instance_hours == Decimal("0.34")


def test_spot_is_a_range() -> None:
    described = request()
    described["TrainingJobDefinition"]["EnableManagedSpotTraining"] = True
    job = read_job(described)
    state = progress(DONE)
    assert state.cost is not None
    assert state.cost.usd_low == state.cost.usd
    bound = bound_of(job, "us-east-1")
    assert all(configuration.is_spot for configuration in bound.configurations)


def test_time_alone_is_not_a_change() -> None:
    first, later = progress(TWO_LEFT, minutes=20), progress(TWO_LEFT, minutes=21)
    assert first != later
    assert first.essentials == later.essentials
    assert replace(first, status="Stopping").essentials != first.essentials
