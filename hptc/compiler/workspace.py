"""The files of one run: each project read once, each file compiled once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

from hptc.compiler.draft import Unchecked
from hptc.compiler.layers import Shared, shared_layers
from hptc.compiler.outcome import Outcome
from hptc.diagnostics import Diagnostic
from hptc.project import project_file
from hptc.project.project_file import Environment, Project
from hptc.request.tuning_job import Definition
from hptc.rules import RULES
from hptc.rules.rule import Rule
from hptc.source.document import to_diagnostic
from hptc.source.filesystem import DISK, Files

if TYPE_CHECKING:  # imported only when a spec needs them
    from hptc.catalog.prices import PriceTable, ProjectPrices
    from hptc.metrics.rehearsal import Rehearsal
    from hptc.source.packing import PackedCode, PackingProblem
    from hptc.source.script_reading import ScriptFacts

    Rehearse = Callable[[Definition, str, FilePath], Rehearsal]


@dataclass(slots=True)
class Workspace:
    """Everything that one run has read and compiled so far, in the selected environment."""

    environment: str | None = None
    rules: tuple[Rule, ...] = RULES
    files: Files = DISK
    folder: FilePath = field(default_factory=FilePath.cwd)  # of relative paths and the project
    rehearse: Rehearse | None = None  # tests metric definitions on a spec's sample log
    unchecked: dict[FilePath, Unchecked] = field(default_factory=dict)  # not yet compiled
    compiled: dict[FilePath, Outcome] = field(default_factory=dict)
    compiling: list[FilePath] = field(default_factory=list)  # children before their parents
    spec_files: dict[FilePath, Mapping[str, FilePath]] = field(default_factory=dict)  # by name
    projects: dict[FilePath, Project | None] = field(default_factory=dict)
    packed: dict[FilePath, PackedCode | PackingProblem] = field(default_factory=dict)  # by folder
    scripts: dict[tuple[str, str], ScriptFacts] = field(default_factory=dict)  # by digest and name
    project_diagnostics: dict[FilePath, list[Diagnostic]] = field(default_factory=dict)
    _project_files: dict[FilePath, FilePath | None] = field(default_factory=dict)
    _environments: dict[FilePath, Environment | None] = field(default_factory=dict)
    _shared: dict[FilePath, Shared] = field(default_factory=dict)
    _prices: ProjectPrices | None = None

    def in_environment(self, name: str) -> Workspace:
        """A workspace for another environment of the same files, which reads each project once."""
        return replace(
            self,
            environment=name,
            unchecked={},
            compiled={},
            compiling=[],
            _environments={},
            _shared={},
        )

    def at(self, path: str) -> str:
        """A path that the user gave, which is relative to the workspace's folder."""
        return path if self.folder == FilePath.cwd() else str(self.folder / path)

    def current_project(self) -> tuple[Project | None, list[Diagnostic]]:
        """The project of the workspace's folder, and the diagnostics of its hptc.yaml."""
        return self.project_of(self.folder)

    def project_of(self, folder: FilePath) -> tuple[Project | None, list[Diagnostic]]:
        """The project that a folder belongs to, and the diagnostics of its hptc.yaml."""
        if folder not in self._project_files:
            self._project_files[folder] = project_file.find(folder, self.files)
        path = self._project_files[folder]
        if path is None:
            return None, []
        if path not in self.projects:
            project, faults = project_file.load(path, self.files)
            if project is not None:
                faults = [*faults, *_undeployable(project)]
            self.projects[path], self.project_diagnostics[path] = project, faults
        return self.projects[path], self.project_diagnostics[path]

    def environment_of(self, in_project: Project) -> Environment | None:
        """The environment of a project in this run."""
        if in_project.root not in self._environments:
            self._environments[in_project.root] = in_project.environment(self.environment)
        return self._environments[in_project.root]

    def shared_by(self, in_project: Project | None) -> Shared:
        """The layers of a project's hptc.yaml in this run's environment."""
        if in_project is None:
            return Shared()
        if in_project.root not in self._shared:
            self._shared[in_project.root] = shared_layers(
                in_project, self.environment_of(in_project)
            )
        return self._shared[in_project.root]

    def prices_of(self, in_project: Project) -> PriceTable:
        """A project's price table. Raises UsageError if its file can't be read."""
        return self.prices_at(in_project.root)

    def prices_at(self, root: FilePath) -> PriceTable:
        """The price table of the project in a folder. Raises UsageError as `prices_of` does."""
        from hptc.catalog.prices import ProjectPrices

        if self._prices is None:
            self._prices = ProjectPrices(files=self.files)
        return self._prices.of(root)


def _undeployable(project: Project) -> list[Diagnostic]:
    """The diagnostics of a project's environments, at their lines in hptc.yaml."""
    # Imported here because files outside a project don't need it.
    from hptc.infrastructure.project_findings import project_findings

    return [
        to_diagnostic(project.document, finding, finding.path)
        for finding in project_findings(project)
    ]
