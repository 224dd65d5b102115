"""What flows between the commands: one file's outcome, and the files of one run.

A `Workspace` reads each project and compiles each file once; compiler.py fills it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

from hptc.compiler.layers import Layers, Shared, shared_layers
from hptc.diagnostics import Diagnostic
from hptc.project import project_file
from hptc.project.policy import Policy
from hptc.project.project_file import Environment, Project
from hptc.request.emission import Request
from hptc.request.tuning_job import Definition, TuningJob
from hptc.rules import RULES
from hptc.rules.rule import Rule
from hptc.source.document import Document
from hptc.source.filesystem import DISK, Files
from hptc.spec.tuning_spec import Spec

if TYPE_CHECKING:
    from hptc.catalog.prices import PriceTable
    from hptc.metrics.rehearsal import Rehearsal

    Rehearse = Callable[[Definition, str, FilePath], Rehearsal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """One file's outcome. `request` and `job` are there when nothing stopped the compile."""

    document: Document
    diagnostics: tuple[Diagnostic, ...]
    layers: Layers
    suppressed: tuple[Diagnostic, ...] = ()
    spec: Spec | None = None  # None for a file in the API's own form
    request: Request | None = None
    job: TuningJob | None = None
    digest: str = ""
    environment: Environment | None = None
    project: Project | None = None

    @property
    def file(self) -> str:
        """The file's name as it was given."""
        return self.document.file

    @property
    def name(self) -> str:
        """The spec's name; the job's for a file in the API's own form."""
        return self.spec.name if self.spec else (self.job.name if self.job else "")

    @property
    def policy(self) -> Policy:
        """What hptc.yaml allows it to be."""
        return self.project.policy_in(self.environment) if self.project else Policy()

    @property
    def has_errors(self) -> bool:
        """Whether AWS would refuse it, or it could not be compiled at all."""
        return any(diagnostic.is_error for diagnostic in self.diagnostics)


@dataclass(slots=True)
class Workspace:
    """The files of one run, each compiled once, in the environment that the user named."""

    environment: str | None = None
    rules: tuple[Rule, ...] = RULES
    files: Files = DISK
    compiled: dict[FilePath, Compiled] = field(default_factory=dict)
    projects: dict[FilePath, Project | None] = field(default_factory=dict)
    project_diagnostics: dict[FilePath, list[Diagnostic]] = field(default_factory=dict)
    open_files: list[FilePath] = field(default_factory=list)
    found: dict[FilePath, FilePath | None] = field(default_factory=dict)
    environments: dict[FilePath, Environment | None] = field(default_factory=dict)
    shared: dict[FilePath, Shared] = field(default_factory=dict)
    prices: dict[FilePath, PriceTable] = field(default_factory=dict)
    rehearse: Rehearse | None = None  # runs metric definitions on the logs that specs name

    def project_of(self, folder: FilePath) -> tuple[Project | None, list[Diagnostic]]:
        """The project that a folder is in, read once."""
        if folder not in self.found:
            self.found[folder] = project_file.find(folder, self.files)
        path = self.found[folder]
        if path is None:
            return None, []
        if path not in self.projects:
            self.projects[path], self.project_diagnostics[path] = project_file.load(
                path, self.files
            )
        return self.projects[path], self.project_diagnostics[path]

    def environment_of(self, in_project: Project) -> Environment | None:
        """The environment of this run in a project."""
        if in_project.root not in self.environments:
            self.environments[in_project.root] = in_project.environment(self.environment)
        return self.environments[in_project.root]

    def shared_by(self, in_project: Project | None) -> Shared:
        """What lies under and over every spec of a project in this run's environment, read once."""
        if in_project is None:
            return Shared()
        if in_project.root not in self.shared:
            self.shared[in_project.root] = shared_layers(
                in_project, self.environment_of(in_project)
            )
        return self.shared[in_project.root]

    def prices_of(self, in_project: Project) -> PriceTable:
        """The prices of a project, read once. Raises UsageError when its file can't be read."""
        from hptc.catalog.prices import load_prices

        if in_project.root not in self.prices:
            self.prices[in_project.root] = load_prices(in_project.root, self.files)
        return self.prices[in_project.root]
