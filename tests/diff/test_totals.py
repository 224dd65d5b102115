"""What a merge runs: jobs that are submitted once, and scheduled ones in a month."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from hptc.compiler.outcome import Compiled
from hptc.cost.bound import CostBound, cost_bound
from hptc.diff.maximum_costs import with_costs
from hptc.diff.review import Review, Side, review
from hptc.diff.totals import totals
from hptc.render.diff_verdicts import merged_costs
from tests.support.prices import price_table
from tests.support.specs import compiled
from tests.support.trees import PROJECT, SPEC

SMALL = SPEC.replace("{type: Categorical, values: [gbtree, dart]}", "gbtree")
DAILY = SMALL.replace("name: trees", "name: daily") + "schedule: rate(1 day)\n"
ONE_JOB = Decimal("10.60")  # 20 training jobs of an hour, and their volumes


def reviewed(folder: Path, *specs: str, old: str | None = None) -> Review:
    def side(label: str, texts: tuple[str, ...]) -> Side:
        outcomes = [
            compiled(folder / label / str(index), text, project=PROJECT)
            for index, text in enumerate(texts)
        ]
        environment = outcomes[0].environment if outcomes else None
        environments = {"hptc.yaml": environment} if environment is not None else {}
        return Side(label=label, compiled=tuple(outcomes), environments=environments)

    def bound(compiled: Compiled) -> CostBound:
        prices = price_table() if compiled.name == "dear" else price_table(m5_xlarge="0.50")
        return cost_bound(compiled.job, "us-east-1", prices)

    return with_costs(review(side("old", (old,) if old else ()), side("new", specs)), bound)


def test_jobs_that_are_submitted_once(tmp_path: Path) -> None:
    comparison = reviewed(tmp_path, SMALL, SMALL.replace("name: trees", "name: more"))
    (total,) = totals(comparison)
    assert (total.jobs, total.cost.usd, total.cost.unknown) == (2, 2 * ONE_JOB, 0)
    assert list(merged_costs(comparison)) == ["when merged: 2 new tuning jobs, at most $21.20"]


def test_an_unknown_cost_is_never_left_out(tmp_path: Path) -> None:
    comparison = reviewed(tmp_path, SMALL, SMALL.replace("name: trees", "name: dear"))
    assert list(merged_costs(comparison)) == [
        "when merged: 2 new tuning jobs, at most $10.60 and 1 at an unknown price"
    ]


def test_a_schedule_is_counted_by_the_month(tmp_path: Path) -> None:
    comparison = reviewed(tmp_path, SMALL, DAILY)
    (total,) = totals(comparison)
    assert (total.jobs, total.cost.usd) == (2, 2 * ONE_JOB)  # submit does not skip scheduled specs
    assert total.monthly_cost.usd == ONE_JOB * Decimal("30.4375")
    assert list(merged_costs(comparison)) == [
        (
            "when merged: 2 new tuning jobs, at most $21.20; "
            "about 30 scheduled runs a month, at most $322.64"
        )
    ]


def test_a_job_that_stays_the_same_costs_nothing(tmp_path: Path) -> None:
    schedule = SMALL + "schedule: at(2026-12-31T06:00:00)\n"
    assert list(totals(reviewed(tmp_path, SMALL, old=schedule))) == []


def test_a_disabled_schedule_adds_nothing(tmp_path: Path) -> None:
    spec = DAILY.replace(
        "schedule: rate(1 day)",
        "schedule: {schedule_expression: rate(1 day), state: DISABLED}",
    )
    (total,) = totals(reviewed(tmp_path, spec))
    assert (total.jobs, total.starts, total.monthly_cost.usd) == (1, Fraction(0), Decimal(0))


def test_a_schedule_that_starts_once_is_a_job_all_the_same(tmp_path: Path) -> None:
    spec = DAILY.replace("rate(1 day)", "at(2099-12-31T06:00:00)")
    assert list(merged_costs(reviewed(tmp_path, spec))) == [
        "when merged: 1 new tuning job, at most $10.60"
    ]


def test_the_cost_before_the_change(tmp_path: Path) -> None:
    larger = SMALL.replace("max_number_of_training_jobs: 20", "max_number_of_training_jobs: 40")
    comparison = reviewed(tmp_path, larger, DAILY, old=SMALL)
    (line,) = merged_costs(comparison)
    assert line.startswith(
        "when merged: 2 new tuning jobs, at most $31.80 (before: $10.60); about "
    )


def test_an_unlimited_cost_is_not_an_unknown_one(tmp_path: Path) -> None:
    endless = SMALL.replace("max_number_of_training_jobs: 20, ", "")
    (line,) = merged_costs(reviewed(tmp_path, endless, old=SMALL))
    assert line == "when merged: 1 new tuning job, at an unlimited cost (before: $10.60)"
    (line,) = merged_costs(
        reviewed(tmp_path / "both", endless, SMALL.replace("name: trees", "name: dear"))
    )
    assert line == (
        "when merged: 2 new tuning jobs, 1 at an unknown price and 1 at an unlimited cost"
    )
