"""A review as JSON, for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hptc.diff.changes import Change
from hptc.diff.review import Comparison, LastRun, Review, SpecDiff
from hptc.render.cost import cost_data
from hptc.render.diagnostics import as_data
from hptc.render.diff_verdicts import verdict
from hptc.render.documents.envelope import document

if TYPE_CHECKING:  # not needed to render
    from hptc.cost.bound import CostBound
    from hptc.render.documents.reviews import (
        ChangeData,
        ComparisonData,
        CostChangeData,
        JobsOfSpec,
        LastRunData,
        ReviewData,
        SideCostData,
        SpecDiffData,
    )


def render_json(review: Review) -> str:
    """The document of `hptc diff`: the verdict, both versions and every change."""
    data: ReviewData = {
        "verdict": verdict(review),
        "impact": review.impact,
        "against": review.old,
        "head": review.new,
        "compared": review.compared,
        "environments": list(review.environments),
        "notes": list(review.notes),
        "project": [_change_data(change) for change in review.project],
        "project_findings": [as_data(diagnostic) for diagnostic in review.project_findings],
        "project_old_errors": [as_data(diagnostic) for diagnostic in review.project_old_errors],
        "specs": [_spec_data(spec) for spec in review.specs],
    }
    return document("diff", data)


def _spec_data(spec: SpecDiff) -> SpecDiffData:
    """One spec. Its jobs and costs are those in the first environment; `environments` has all."""
    return {
        "name": spec.name,
        "file": spec.file,
        "impact": spec.impact,
        **_jobs(spec.comparisons[0]),
        "environments": [_comparison_data(comparison) for comparison in spec.comparisons],
        "changes": [_change_data(change) for change in spec.changes],
        "findings": [as_data(diagnostic) for diagnostic in spec.findings],
        "old_errors": [as_data(diagnostic) for diagnostic in spec.old_errors],
    }


def _comparison_data(comparison: Comparison) -> ComparisonData:
    return {"environment": comparison.environment, **_jobs(comparison)}


def _jobs(comparison: Comparison) -> JobsOfSpec:
    return {
        "is_new_job": comparison.is_new_job,
        "old_job": comparison.old_job,
        "new_job": comparison.new_job,
        "old_training_jobs": comparison.old_count,
        "new_training_jobs": comparison.new_count,
        "parents": [
            {"job": parent.job, "spec": parent.spec, "is_new": parent.is_new}
            for parent in comparison.parents
        ],
        "cost": _cost_data(comparison),
        "last_run": _last_run_data(comparison.last_run),
    }


def _last_run_data(run: LastRun | None) -> LastRunData | None:
    if run is None:
        return None
    return {
        "job": run.job,
        "status": run.status,
        "ended": run.ended.isoformat(),
        "metric": run.metric,
        "value": run.value,
        "hyperparameters": dict(run.hyperparameters),
        "outside": list(run.outside),
    }


def _cost_data(comparison: Comparison) -> CostChangeData | None:
    if comparison.cost is None:
        return None
    return {"old": _side_data(comparison.cost.old), "new": _side_data(comparison.cost.new)}


def _side_data(bound: CostBound | None) -> SideCostData | None:
    if bound is None:
        return None
    data = cost_data(bound)
    return {
        "usd": data["usd"],
        "usd_low": data["usd_low"],
        "instance_hours": data["instance_hours"],
        "missing": data["missing"],
    }


def _change_data(change: Change) -> ChangeData:
    growth = change.growth
    return {
        "kind": change.kind,
        "impact": change.impact,
        "action": change.action,
        "path": list(change.path),
        "training_job": change.training_job,
        "subject": change.subject,
        "old": change.old,
        "new": change.new,
        "ratio": growth.ratio if growth is not None else None,
        "decades": growth.decades if growth is not None else None,
        "note": change.note,
        "environments": list(change.environments),
        "file": change.file or None,
    }
