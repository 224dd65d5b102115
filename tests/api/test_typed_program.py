"""A program as users write it, which mypy checks with the rest of the tests, and which runs."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import assert_type

import pytest

import hptc
from tests.support.specs import PROJECT, SPEC


def cheap_enough(project: hptc.Project, limit: Decimal) -> list[str]:
    """The specs whose tuning job can't cost more than a limit."""
    names = []
    for cost in project.cost():
        assert_type(cost, hptc.Cost)
        assert_type(cost.usd, Decimal | None)
        if cost.usd is not None and cost.usd <= limit:
            names.append(cost.name)
    return names


def ship(project: hptc.Project) -> tuple[str, ...]:
    """Submit what has no errors."""
    findings = project.check()
    assert_type(findings, hptc.Findings)
    assert_type(findings.errors, tuple[hptc.Diagnostic, ...])
    if findings.errors:
        return ()
    plan = project.plan()
    assert_type(plan, hptc.SubmissionPlan)
    done = project.submit(*[job.spec for job in plan.to_submit], preflight=False)
    assert_type(done, hptc.Submissions)
    done.raise_if_refused()
    return done.names


def best(project: hptc.Project, name: str) -> float | None:
    """The best objective of a tuning job."""
    results = project.results(name)
    assert_type(results, hptc.JobResults)
    return results.best.objective if results.best else None


def test_the_program_runs(tmp_path: Path) -> None:
    (tmp_path / "hptc.yaml").write_text(PROJECT, "utf-8")
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "churn.yaml").write_text(SPEC.replace("min: 1e-3", "min: 0"), "utf-8")
    project = hptc.load_project(tmp_path)
    assert ship(project) == ()
    (tmp_path / "specs" / "churn.yaml").write_text(SPEC, "utf-8")
    assert cheap_enough(project, Decimal(1000)) == ["churn"]
    with pytest.raises(hptc.HptcError) as raised:
        best(project, "no such job")
    assert_type(raised.value.help, str)
    assert raised.value.help
