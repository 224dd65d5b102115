"""The JSON documents of `hptc check`, `hptc metrics` and `hptc explain`."""

from __future__ import annotations

from typing import Literal

from hptc.render.documents.members import Members


class Place(Members):
    """A range of characters in a file. Lines and columns start at 1; the end is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


class RelatedData(Place):
    """Another place that a finding is about, such as the first of two duplicates."""

    message: str


class EditData(Members):
    """Text that replaces characters. Lines and columns start at 1; the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str


class FixData(Members):
    """Edits of one file that resolve a finding together. They don't overlap."""

    title: str
    is_safe: bool
    """Whether `hptc check --fix` writes it, because it is what the author meant."""
    file: str
    edits: list[EditData]


class FindingData(Place):
    """A finding of a rule, with the place in the file that it is about."""

    code: str
    severity: Literal["error", "warning"]
    message: str
    label: str
    """The words next to the place in the text output; may be empty."""
    help: str
    """What to do; may be empty."""
    replacement: str
    """What was probably meant instead of the text at the place; may be empty."""
    accepted: str
    """The nearest value that is accepted instead of it; may be empty."""
    is_removable: bool
    """Whether removing the key with its value, or the entry, resolves it."""
    related: list[RelatedData]
    environments: list[str]
    """The environments that it is limited to; empty if it applies to all."""
    fixes: list[FixData]
    """Each resolves the finding. Empty in `hptc diff`."""


class CheckData(Members):
    """The findings of `hptc check`."""

    errors: int
    warnings: int
    diagnostics: list[FindingData]


class CapturedData(Members):
    """What the first group of an expression captured in a line."""

    line: int
    text: str


class MisreadData(CapturedData):
    """A capture that is only a part of the number in the line."""

    number: str


class MetricData(Members):
    """What the expression of one metric matched."""

    name: str
    regex: str
    is_objective: bool
    matches: int
    """Matching lines."""
    numbers: int
    """Matching lines whose first group captured a number."""
    without_group: int
    first: list[CapturedData]
    last: CapturedData | None
    not_numbers: list[CapturedData]
    misread: int
    misread_first: list[MisreadData]
    missed: int
    missed_first: list[CapturedData]
    not_finite: int
    not_finite_first: list[CapturedData]
    names: list[CapturedData]
    """If it reads several metrics, such as `train_loss` and `val_loss`: each in its first line."""
    similar: list[CapturedData]
    """If no line matches: the first lines with words of the metric's name and a number."""
    corrected_regex: str | None
    fault: str


class RehearsalData(Members):
    """What the metric definitions of one training job definition match in a log."""

    definition: str | None
    log: str
    lines: int
    objective: str
    is_objective_found: bool
    is_objective_misread: bool
    is_aws_own: bool
    """Whether the metrics are those that AWS predefines for a built-in algorithm."""
    fault: str
    metrics: list[MetricData]


class MetricsData(Members):
    """The test of a spec's metric definitions on a log."""

    name: str
    training_jobs: list[RehearsalData]


class ExplanationData(Members):
    """An explanation in Markdown."""

    about: Literal["rule", "rules", "algorithm", "error"]
    text: str
