"""The costs of new jobs in a plan, and the calls that they take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hptc.compiler.outcome import Compiled
from hptc.cost.bound import CostBound, cost_bound
from hptc.errors import AwsError
from hptc.jobs.plan import plan
from hptc.service.tuning_jobs import TrainingJob
from tests.support.fake_service import CREATED, FakeTuning
from tests.support.plans import (
    PAGE,
    Paged,
    deployed,
    old_jobs,
    origin,
    planned,
    project,
    run,
    spec,
)
from tests.support.prices import PRICES

MAX_TAGS_READ = 100
MAX_FORECASTS = 10


@pytest.fixture
def churn(tmp_path: Path) -> list[Compiled]:
    return project(tmp_path, {"churn": spec("churn")})


def bound_of(compiled: Compiled) -> CostBound:
    return cost_bound(compiled.job, "us-east-1", PRICES)


def trained(job: str, seconds: int) -> TrainingJob:
    return TrainingJob(
        name=f"{job}-001",
        status="Completed",
        started=CREATED,
        ended=CREATED + timedelta(seconds=seconds),
    )


class TestCosts:
    """The costs of new jobs."""

    def test_new_jobs_have_costs_and_a_total(self, tmp_path: Path) -> None:
        specs = project(tmp_path, {name: spec(name) for name in ("kept", "new", "newer")})
        tuning = FakeTuning()
        run(tuning, [compiled for compiled in specs if compiled.name == "kept"])
        new_plan = planned(specs, tuning, bound_of=bound_of)
        # 4 training jobs x 1 h x ($0.50 + 30 GB x $0.001) = 4 x $0.53
        costs = [job.cost for job in new_plan.to_submit]
        assert [cost.bound.usd for cost in costs if cost] == [Decimal("2.12")] * 2
        assert new_plan.total_cost is not None
        assert new_plan.total_cost.usd == Decimal("4.24")
        assert new_plan.total_cost.expected_usd is None

    def test_without_estimates(self, churn: list[Compiled]) -> None:
        new_plan = planned(churn)
        assert new_plan.to_submit[0].cost is None
        assert new_plan.total_cost is None

    def test_without_permission_to_read_past_runs(self, churn: list[Compiled]) -> None:
        class Shy(Paged):
            def describe(self, name: str) -> Mapping[str, Any] | None:
                raise AwsError(f"not authorized on {name}", code="AccessDeniedException")

        tuning = Shy()
        old_jobs(tuning, 1, churn[0])
        for job in tuning.jobs.values():
            job["TrainingJobStatusCounters"] = {"Completed": 1}
        new_plan = plan(
            churn,
            tuning,
            deployed("churn"),
            provenance=origin,
            is_whole_project=True,
            bound_of=bound_of,
        )
        (new,) = new_plan.to_submit
        assert new.cost is not None
        assert new.cost.bound.usd == Decimal("2.12")
        assert new.cost.expected.unknown == "not known: not authorized on churn-00000000"

    def test_other_errors_are_raised(self, churn: list[Compiled]) -> None:
        class Busy(Paged):
            def describe(self, name: str) -> Mapping[str, Any] | None:
                raise AwsError(f"Rate exceeded for {name}", code="ThrottlingException")

        tuning = Busy()
        old_jobs(tuning, 1, churn[0])
        for job in tuning.jobs.values():
            job["TrainingJobStatusCounters"] = {"Completed": 1}
        with pytest.raises(AwsError, match="Rate exceeded"):
            plan(churn, tuning, deployed("churn"), provenance=origin, bound_of=bound_of)

    @pytest.mark.parametrize("old", [0, 1, 5_000], ids=str)
    def test_costs_take_a_few_more_calls(self, churn: list[Compiled], old: int) -> None:
        tuning = Paged()
        old_jobs(tuning, old, churn[0])
        for name, job in tuning.jobs.items():
            job["TrainingJobStatusCounters"] = {"Completed": 1}
            tuning.training_jobs[name] = [trained(name, 1800)]
        new_plan = plan(
            churn,
            tuning,
            deployed("churn"),
            provenance=origin,
            is_whole_project=True,
            bound_of=bound_of,
        )
        # The newest run of earlier content is described, and its training jobs are read.
        more = Counter(describe=1, list_training_jobs=1, billable_seconds=1) if old else Counter()
        assert Counter(tuning.calls) == more + Counter(
            list_jobs=max(1, old // PAGE), list_tags=min(old, MAX_TAGS_READ)
        )
        (new,) = new_plan.to_submit
        assert new.cost is not None
        assert [ground.name for ground in new.cost.expected.grounds] == (
            [f"churn-{old - 1:08x}"] if old else []
        )

    def test_the_first_few_have_a_forecast(self, tmp_path: Path) -> None:
        count = MAX_FORECASTS + 2
        specs = project(tmp_path, {f"s{n}": spec(f"spec-{n:02}") for n in range(count)})
        new_plan = planned(specs, bound_of=bound_of)
        reasons = [job.cost.expected.unknown for job in new_plan.to_submit if job.cost]
        assert reasons[:MAX_FORECASTS] == ["no past runs"] * MAX_FORECASTS
        assert reasons[MAX_FORECASTS:] == ["not estimated: use `hptc cost --online`"] * 2
