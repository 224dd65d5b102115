"""A review as GitHub workflow commands, which are shown on the changed lines.

https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from collections.abc import Iterator

from hptc.compiler.outcome import Outcome
from hptc.diff.changes import Change, Impact
from hptc.diff.review import Review, SpecDiff
from hptc.render import diagnostics
from hptc.render.diff_sections import without_refusals
from hptc.render.diff_titles import change_environments, subject, title
from hptc.text import workflow_property, workflow_value


def render_annotations(review: Review) -> str:
    """Warnings for changes that need attention, notices for the rest."""
    commands = [*_project_commands(review)]
    for spec in review.specs:
        commands += _spec_commands(spec)
    return "".join(f"{command}\n" for command in commands)


def _project_commands(review: Review) -> Iterator[str]:
    if review.project_findings:
        yield diagnostics.render(review.project_findings, diagnostics.Format.GITHUB).rstrip("\n")
    for change in without_refusals(review.project):
        yield _command(change, {"file": change.file or review.project_file})


def _spec_commands(spec: SpecDiff) -> Iterator[str]:
    if spec.findings:
        yield diagnostics.render(spec.findings, diagnostics.Format.GITHUB).rstrip("\n")
    for change in without_refusals(spec.changes):
        yield _command(change, _location(change, spec.file, spec.comparisons[0].new))


def _location(change: Change, file: str, compiled: Outcome | None) -> dict[str, str]:
    if compiled is None:
        return {"file": file}
    span = compiled.layers.span(change.path, key=True)
    return {"file": span.file, "line": str(span.line), "endLine": str(span.end_line)}


def _command(change: Change, location: dict[str, str]) -> str:
    severity = "warning" if change.impact.rank <= Impact.UNSEEN.rank else "notice"
    values = " → ".join(text for text in (change.old, change.new) if text)
    titled = change_environments(change) + ": ".join(
        part for part in (subject(change), title(change)) if part
    )
    properties = {**location, "title": titled}
    listed = ",".join(f"{key}={workflow_property(value)}" for key, value in properties.items())
    return f"::{severity} {listed}::{workflow_value(values)}"
