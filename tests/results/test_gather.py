"""The results of a tuning job, read from a fake service."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from hptc.catalog.prices import PriceTable, packaged
from hptc.errors import AwsError, OperationError
from hptc.results.gather import ReadOptions, read_results
from hptc.results.training_results import Results, without_secret_values
from hptc.service.tuning_jobs import TrainingJob
from tests.support.fake_service import FakeTuning
from tests.support.tuned_jobs import END, SECRET, SPEC, SPOT, START, tuned

TOP = ReadOptions(top=10)
ALL = ReadOptions(top=10, reads_all_costs=True)
NO_PRICES = PriceTable(regions={})


def read(
    tuning: FakeTuning, name: str, options: ReadOptions = TOP, prices: PriceTable | None = None
) -> Results:
    return read_results(tuning, name, prices or packaged(), options=options, now=END)


def one_less(tuning: FakeTuning, name: str, **changes: Any) -> TrainingJob:
    """Change the first training job in the service's list."""
    changed = replace(tuning.training_jobs[name][0], **changes)
    tuning.training_jobs[name][0] = changed
    return changed


def test_every_training_job_is_there_the_best_first() -> None:
    tuning, name = tuned()
    results = read(tuning, name)
    assert [training_job.number for training_job in results.training_jobs] == list(range(1, 101))
    assert all(
        f"-{training_job.number:03}-" in training_job.name for training_job in results.training_jobs
    )
    objectives = [
        training_job.objective
        for training_job in results.ranked
        if training_job.objective is not None
    ]
    assert objectives == sorted(objectives, reverse=True)
    assert len(objectives) == 96
    assert [training_job.status for training_job in results.ranked[96:]] == ["Failed"] * 4
    assert results.ranked[0].name == results.status.best.name  # type: ignore[union-attr]


def test_the_smallest_is_the_best_when_minimizing() -> None:
    tuning, name = tuned(SPEC.replace("Maximize", "Minimize"))
    objectives = [training_job.objective or 0 for training_job in read(tuning, name).ranked[:96]]
    assert objectives == sorted(objectives)


def test_without_spot_the_list_has_the_cost() -> None:
    tuning, name = tuned()
    results = read(tuning, name, ALL)
    assert Counter(tuning.calls) == Counter(
        describe=1, list_tags=1, list_training_jobs=1, log_events=2
    )
    assert results.cost.usd == results.cost.usd_known == Decimal("7.83")
    assert results.cost.bound.usd == Decimal("23.63")
    assert results.cost.billable_seconds == sum(
        training_job.seconds or 0 for training_job in results.training_jobs
    )
    # 1,200 s at $0.23 per hour, and 30 GB at $0.14 per GB-month: what the table has.
    table = packaged()
    hourly, volume = table.instance("us-east-1", "ml.m5.xlarge"), table.volume("us-east-1")
    assert hourly is not None
    assert volume is not None
    assert results.ranked[0].seconds == 1200
    expected = hourly.usd / 3 + volume.usd * 30 * 1200 / (28 * 86_400)
    assert results.ranked[0].usd == expected.quantize(Decimal("0.000001"))


def test_with_spot_only_the_training_jobs_that_are_shown_are_described() -> None:
    tuning, name = tuned(SPOT)
    results = read(tuning, name)
    assert Counter(tuning.calls)["describe_training_job"] == 10
    best = results.ranked[0]
    assert best.billable_seconds == (best.seconds or 0) * 3 // 10
    assert results.ranked[50].usd is None
    assert results.ranked[50].billable_seconds is None
    assert (results.cost.usd, results.cost.known, results.cost.unread) == (None, 10, 90)
    assert results.cost.usd_at_most == Decimal("7.83")
    assert results.cost.unknown == ("90 training jobs: billed time not read",)


def test_all_costs_are_read_when_asked_for() -> None:
    tuning, name = tuned(SPOT)
    results = read(tuning, name, ALL)
    assert Counter(tuning.calls)["describe_training_job"] == 100
    assert results.cost.unread == 0
    assert results.cost.usd is not None
    assert results.cost.usd < Decimal("7.83")


def test_a_billed_time_that_aws_does_not_report_is_unknown() -> None:
    tuning, name = tuned(SPOT)
    for description in tuning.descriptions.values():
        del description["BillableTimeInSeconds"]
    results = read(tuning, name, ALL)
    assert results.cost.usd is None
    assert results.cost.unknown == ("100 training jobs: billed time not reported",)


def test_an_unknown_price_is_unknown_not_zero() -> None:
    tuning, name = tuned()
    results = read(tuning, name, prices=NO_PRICES)
    assert results.cost.usd is None
    assert results.cost.known == 0
    assert results.cost.usd_at_most is None
    assert {training_job.usd for training_job in results.training_jobs} == {None}
    (reason,) = results.cost.unknown
    assert reason.startswith("100 training jobs: no price of ml.m5.xlarge in us-east-1")


def test_one_of_several_instance_types_costs_what_its_description_says() -> None:
    alternatives = SPEC.replace(
        "resources: {instance_type: ml.m5.xlarge, instance_count: 1, volume_size_in_gb: 30}",
        "tuning_resources: {instance_configs: ["
        "{instance_type: ml.m5.xlarge, instance_count: 1, volume_size_in_gb: 30}, "
        "{instance_type: ml.m5.2xlarge, instance_count: 1, volume_size_in_gb: 30}]}",
    )
    tuning, name = tuned(alternatives)
    best = read(tuning, name).ranked[0]
    assert best.usd is None  # the description does not have it
    for description in tuning.descriptions.values():
        description["ResourceConfig"] = {"InstanceType": "ml.m5.2xlarge", "InstanceCount": 1}
        del description["BillableTimeInSeconds"]
    described = read(tuning, name).ranked[0]
    plain, same = tuned()
    single = read(plain, same).ranked[0]
    assert described.usd is not None
    assert single.usd is not None
    assert described.usd > single.usd


@pytest.mark.parametrize("ended", [END, None])
def test_a_training_job_that_never_started_costs_nothing(ended: datetime | None) -> None:
    tuning, name = tuned()
    changed = one_less(tuning, name, started=None, ended=ended, status="Stopped", failure_reason="")
    results = read(tuning, name)
    unstarted = next(
        training_job for training_job in results.training_jobs if training_job.name == changed.name
    )
    assert (unstarted.billable_seconds, unstarted.seconds) == (0, None)
    assert unstarted.usd == Decimal(0)
    assert results.cost.usd is not None


def test_a_training_job_whose_end_is_not_reported() -> None:
    tuning, name = tuned()
    one_less(tuning, name, ended=None)
    results = read(tuning, name)
    assert results.cost.usd is None
    assert results.cost.unknown == ("1 training job: end not reported",)


def test_a_training_job_that_waits_for_instances_is_not_free() -> None:
    tuning, name = tuned()
    one_less(tuning, name, started=None, ended=None, status="InProgress", failure_reason="")
    results = read(tuning, name)
    assert results.cost.usd is None
    assert results.cost.running == 1


def test_a_running_tuning_job() -> None:
    tuning, name = tuned(status="InProgress")
    results = read(tuning, name)
    running = results.training_jobs[-1]
    assert running.status == "InProgress"
    assert running.usd is None
    assert running.seconds is not None
    assert results.cost.usd is None
    assert (results.cost.running, results.cost.known) == (1, 99)
    assert results.cost.unknown == ("1 training job: still running",)


def test_nothing_has_started_yet() -> None:
    tuning, name = tuned(status="InProgress")
    tuning.training_jobs[name] = []
    results = read(tuning, name)
    assert [*results.training_jobs, *results.ranked, *results.failures, *results.at_bounds] == []
    assert results.stopped_early is None
    assert results.cost.usd == 0


def test_what_early_stopping_saved() -> None:
    tuning, name = tuned()
    results = read(tuning, name)
    assert results.stopped_early is not None
    assert results.stopped_early.training_jobs == 11
    usual = sorted(
        training_job.seconds or 0
        for training_job in results.training_jobs
        if training_job.status == "Completed"
    )
    assert results.stopped_early.seconds == 11 * (usual[len(usual) // 2] - 400)
    assert results.stopped_early.usd is not None
    assert results.stopped_early.usd > 0


def test_without_early_stopping_nothing_is_saved() -> None:
    tuning, name = tuned(SPEC.replace("early_stopping: Auto", "early_stopping: Off"))
    assert read(tuning, name).stopped_early is None


def test_what_stops_with_the_tuning_job_is_not_stopped_early() -> None:
    tuning, name = tuned(status="Stopped")
    early = read(tuning, name).stopped_early
    assert early is not None
    assert early.training_jobs == 11
    created = tuning.training_jobs[name][0].created
    one_less(tuning, name, status="Stopped", started=created, ended=END)
    assert read(tuning, name).stopped_early == early


@pytest.mark.parametrize(("hours", "stopped_early"), [(100, 12), (1, 11)])
def test_the_maximum_runtime_stops_training_jobs_only_if_it_was_reached(
    hours: int, stopped_early: int
) -> None:
    limited = SPEC.replace("jobs: 5}", f"jobs: 5, max_runtime: {hours}h}}")
    assert limited != SPEC
    tuning, name = tuned(limited)
    created = tuning.training_jobs[name][0].created
    one_less(tuning, name, status="Stopped", started=created, ended=END)
    early = read(tuning, name).stopped_early
    assert early is not None
    assert early.training_jobs == stopped_early


@pytest.mark.parametrize(("seconds", "is_early"), [(181, True), (180, False), (0, False)])
def test_a_training_job_may_take_three_minutes_to_stop(seconds: int, is_early: bool) -> None:
    tuning, name = tuned(status="Stopped")
    created = tuning.training_jobs[name][0].created
    ended = END - timedelta(seconds=seconds)
    one_less(tuning, name, status="Stopped", started=created, ended=ended)
    early = read(tuning, name).stopped_early
    assert early is not None
    assert early.training_jobs == 11 + is_early


@pytest.mark.parametrize(
    "criterion",
    [
        "target_objective_metric_value: 0.99",
        "best_objective_not_improving: {max_number_of_training_jobs_not_improving: 5}",
        "convergence_detected: {complete_on_convergence: Enabled}",
    ],
)
def test_a_completion_criterion_stops_training_jobs_too(criterion: str) -> None:
    tuning, name = tuned(f"{SPEC}completion: {{{criterion}}}\n")
    created = tuning.training_jobs[name][0].created
    one_less(tuning, name, status="Stopped", started=created, ended=END)
    early = read(tuning, name).stopped_early
    assert early is not None
    assert early.training_jobs == 11


@pytest.mark.parametrize(("late", "is_early"), [(180, False), (181, True)])
def test_a_tuning_job_may_end_three_minutes_before_its_maximum(late: int, is_early: bool) -> None:
    runtime = int((END - START).total_seconds()) + late
    tuning, name = tuned(SPEC.replace("jobs: 5}", f"jobs: 5, max_runtime: {runtime}}}"))
    created = tuning.training_jobs[name][0].created
    one_less(tuning, name, status="Stopped", started=created, ended=END)
    early = read(tuning, name).stopped_early
    assert early is not None
    assert early.training_jobs == 11 + is_early


def test_failures_are_grouped_with_the_end_of_a_log() -> None:
    tuning, name = tuned()
    first, second = read(tuning, name).failures
    assert (len(first.training_jobs), len(second.training_jobs)) == (3, 1)
    assert first.reason.startswith("AlgorithmError")
    assert second.reason.startswith("ClientError")
    assert first.logged_by == first.training_jobs[-1]
    assert first.log[-1] == "RuntimeError: <script>alert('batch')</script>"
    assert "connecting with ********************" in first.log
    assert SECRET not in str(first.log)


def test_a_log_that_cannot_be_read_is_not_an_error() -> None:
    class NoLogs(FakeTuning):
        def log_events(self, *_: Any, **__: Any) -> Any:
            raise AwsError("User: x is not authorized to perform: logs:DescribeLogStreams")

    tuning, name = tuned()
    refused = NoLogs(jobs=tuning.jobs, tags=tuning.tags, training_jobs=tuning.training_jobs)
    first, _ = read(refused, name).failures
    assert first.log == ()
    assert "not authorized" in first.log_error


def test_a_best_value_at_a_bound() -> None:
    tuning, name = tuned()
    (evidence,) = read(tuning, name).at_bounds
    assert (evidence.name, evidence.bound, evidence.value, evidence.wider) == (
        "eta",
        "min",
        "1e-3",
        "0.0001",
    )


def test_secrets_among_the_values_are_masked() -> None:
    tuning, name = tuned(SPEC.replace("[adam, sgd, lamb]", f"[{SECRET}, adam, sgd]"))
    changed = one_less(tuning, name, failure_reason=f"key {SECRET} expired")
    tuning.jobs[name]["FailureReason"] = f"key {SECRET} expired"
    results = read(tuning, name)
    shown = without_secret_values(results)
    assert SECRET in str(results.training_jobs)
    assert SECRET not in str(shown)
    (failed,) = (
        training_job for training_job in shown.training_jobs if training_job.name == changed.name
    )
    assert failed.failure_reason == f"key {'*' * 20} expired"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_an_objective_that_is_not_a_number_is_none(value: float) -> None:
    tuning, name = tuned()
    changed = one_less(tuning, name, metric_value=value, status="Completed", failure_reason="")
    results = read(tuning, name)
    assert results.ranked[-1].objective is None
    assert changed.name in [training_job.name for training_job in results.ranked[96:]]


def test_progress_counts_the_training_jobs() -> None:
    tuning, name = tuned(SPOT)
    seen: list[tuple[str, str, int, int]] = []
    read_results(
        tuning, name, packaged(), options=TOP, progress=lambda *step: seen.append(step), now=END
    )
    assert ("reading", "training jobs", 100, 100) in seen
    assert seen[-1] == ("describing", "training jobs", 10, 10)


def test_a_tuning_job_that_does_not_exist() -> None:
    with pytest.raises(OperationError, match="no tuning job `nope` found in us-east-1"):
        read(FakeTuning(), "nope")
