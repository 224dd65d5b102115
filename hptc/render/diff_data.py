"""A review for programs: JSON, and annotations on the changed lines in GitHub."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hptc.compiler.outcome import Outcome
from hptc.diff.changes import Change, Impact
from hptc.diff.review import Comparison, LastRun, Review, SpecDiff
from hptc.render import diagnostics as lines
from hptc.render.cost import cost_data
from hptc.render.diagnostics import as_data
from hptc.render.diff_phrases import REFUSALS, change_environments, subject, title, verdict
from hptc.render.documents.envelope import document
from hptc.text import workflow_property, workflow_value

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
        "environments": [_comparison_data(each) for each in spec.comparisons],
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


def render_annotations(review: Review) -> str:
    """GitHub workflow commands: warnings for changes that need attention, notices for the rest.

    https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
    """
    commands = [*_project_commands(review)]
    for spec in review.specs:
        commands += _spec_commands(spec)
    return "".join(f"{command}\n" for command in commands)


def _project_commands(review: Review) -> Iterator[str]:
    if review.project_findings:
        yield lines.render(review.project_findings, lines.Format.GITHUB).rstrip("\n")
    for change in review.project:
        if change.kind not in REFUSALS:
            yield _command(change, {"file": change.file or review.project_file})


def _spec_commands(spec: SpecDiff) -> Iterator[str]:
    if spec.findings:
        yield lines.render(spec.findings, lines.Format.GITHUB).rstrip("\n")
    for change in spec.changes:
        if change.kind not in REFUSALS:
            yield _command(change, _place(change, spec.file, spec.comparisons[0].new))


def _place(change: Change, file: str, compiled: Outcome | None) -> dict[str, str]:
    if compiled is None:
        return {"file": file}
    span = compiled.layers.span(change.path, key=True)
    return {"file": span.file, "line": str(span.line), "endLine": str(span.end_line)}


def _command(change: Change, place: dict[str, str]) -> str:
    severity = "warning" if change.impact.rank <= Impact.UNSEEN.rank else "notice"
    values = " → ".join(text for text in (change.old, change.new) if text)
    titled = change_environments(change) + ": ".join(
        part for part in (subject(change), title(change)) if part
    )
    properties = {**place, "title": titled}
    listed = ",".join(f"{key}={workflow_property(value)}" for key, value in properties.items())
    return f"::{severity} {listed}::{workflow_value(values)}"
