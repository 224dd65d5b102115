"""What compiling a file gives: `Failed`, or `Compiled`, a spec or a request in the API's form.

Everything after the compiler takes a `Compiled`, so it never meets a file with errors.
"""

from __future__ import annotations

from dataclasses import dataclass

from hptc.compiler.layers import Layers
from hptc.diagnostics import Diagnostic
from hptc.project.policy import Policy
from hptc.project.project_file import Environment, Project
from hptc.request.emission import Request
from hptc.request.tuning_job import TuningJob
from hptc.source.document import Document
from hptc.spec.schedule import Schedule
from hptc.spec.tuning_spec import Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a file belongs. A file outside of every project has no project and no environment."""

    document: Document
    layers: Layers  # the file with hptc.yaml's defaults under it and overrides over it
    project: Project | None = None
    environment: Environment | None = None

    @property
    def file(self) -> str:
        """The file's name as the user gave it."""
        return self.document.file

    @property
    def policy(self) -> Policy:
        """The policy that hptc.yaml states for it; an empty one outside of a project."""
        return self.project.policy_in(self.environment) if self.project else Policy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(Origin):
    """A file with errors. `name` is the spec's as far as it can be read, else empty."""

    diagnostics: tuple[Diagnostic, ...]
    suppressed: tuple[Diagnostic, ...] = ()
    name: str = ""

    @property
    def has_errors(self) -> bool:
        """Always: that is what makes it Failed."""
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled(Origin):
    """A file whose request is complete: a CompiledSpec or a CompiledRequest."""

    request: Request
    job: TuningJob
    digest: str
    diagnostics: tuple[Diagnostic, ...] = ()
    suppressed: tuple[Diagnostic, ...] = ()

    @property
    def name(self) -> str:
        """The tuning job's name."""
        return self.job.name

    @property
    def pinned_name(self) -> str | None:
        """The job's name where the author chose it; None for one made from the content."""
        return self.job.name

    @property
    def schedule(self) -> Schedule | None:
        """When runs start, if they are scheduled."""
        return None

    @property
    def has_errors(self) -> bool:
        """Whether a check that ran after the compile found an error (`check --online`)."""
        return any(diagnostic.is_error for diagnostic in self.diagnostics)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledSpec(Compiled):
    """A spec and the request that it compiles to."""

    spec: Spec

    @property
    def name(self) -> str:
        """The spec's name."""
        return self.spec.name

    @property
    def pinned_name(self) -> str | None:
        """`job_name`, where the spec has one."""
        return self.spec.job_name

    @property
    def schedule(self) -> Schedule | None:
        """`schedule`, where the spec has one."""
        return self.spec.schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledRequest(Compiled):
    """A file in the API's own form, which is the request already."""


Outcome = Failed | Compiled


def failed(one: Outcome, diagnostics: tuple[Diagnostic, ...]) -> Failed:
    """The same file with errors that were found after its compile."""
    return Failed(
        document=one.document,
        layers=one.layers,
        project=one.project,
        environment=one.environment,
        diagnostics=diagnostics,
        suppressed=one.suppressed,
        name=one.name,
    )
