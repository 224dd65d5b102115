"""The JSON document of `hptc diff`."""

from __future__ import annotations

from hptc.diff.changes import Action, Impact, Kind
from hptc.render.documents.findings import FindingData
from hptc.render.documents.members import Members


class ChangeData(Members):
    """One change in meaning. The texts are for people."""

    kind: Kind
    impact: Impact
    action: Action
    """What happened to the part; `unchanged` is an error that the old version has too."""
    path: list[str | int]
    training_job: str | None
    subject: str
    old: str
    new: str
    ratio: float | None
    """The new width of a linear range divided by the old one."""
    decades: float | None
    """The powers of ten that a logarithmic range has gained; negative if it has lost some."""
    note: str
    environments: list[str]
    """The environments that it is limited to; empty if it applies to all."""
    file: str | None
    """The hptc.yaml that it is in; null for a change to a spec."""


class ParentData(Members):
    """A tuning job that the new version warm-starts from."""

    job: str
    spec: str | None
    is_new: bool


class SideCostData(Members):
    """The maximum cost of one version; `hptc cost` has the details."""

    usd: str | None
    usd_low: str | None
    instance_hours: str | None
    missing: list[str]


class CostChangeData(Members):
    """The maximum cost of both versions; null for a version without the spec."""

    old: SideCostData | None
    new: SideCostData | None


class LastRunData(Members):
    """The best result of a spec's last tuning job."""

    job: str
    status: str
    ended: str
    metric: str
    value: float
    hyperparameters: dict[str, str]
    """The configuration of the best training job."""
    outside: list[str]
    """The hyperparameters whose value is not in the new search space."""


class JobsOfSpec(Members):
    """The tuning jobs of both versions of a spec in one environment."""

    is_new_job: bool
    old_job: str | None
    new_job: str | None
    old_training_jobs: int | None
    new_training_jobs: int | None
    parents: list[ParentData]
    cost: CostChangeData | None
    last_run: LastRunData | None
    """Null without `--online`."""


class ComparisonData(JobsOfSpec):
    """The tuning jobs in one environment, which is null for a file outside of a project."""

    environment: str | None


class SpecDiffData(JobsOfSpec):
    """One spec. Its tuning jobs and costs are those in the first of `environments`."""

    name: str
    file: str
    impact: Impact | None
    environments: list[ComparisonData]
    changes: list[ChangeData]
    findings: list[FindingData]
    """Those that the old version does not have."""
    old_errors: list[FindingData]
    """Errors that the old version has too."""


class ReviewData(Members):
    """Everything that changed between two versions, the worst first."""

    verdict: str
    impact: Impact | None
    against: str
    head: str
    compared: int
    environments: list[str]
    notes: list[str]
    project: list[ChangeData]
    project_findings: list[FindingData]
    project_old_errors: list[FindingData]
    """Errors in hptc.yaml that the old version has too, if they prevent a comparison of specs."""
    specs: list[SpecDiffData]
