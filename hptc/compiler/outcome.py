"""The result of compiling a spec, or a request in the API's own form: `Compiled` or `Failed`.

Everything after the compiler takes a `Compiled`, so it never has to handle a file with errors.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from hptc.compiler.layers import Layers
from hptc.diagnostics import Diagnostic, RequestPath
from hptc.frozen import frozen
from hptc.infrastructure.run_search import ParentSpec
from hptc.project.policy import Policy
from hptc.project.project_file import Environment, Project
from hptc.request.emission import Request
from hptc.request.tuning_job import TuningJob
from hptc.source.document import Document
from hptc.spec.schedule import Schedule
from hptc.spec.tuning_spec import Spec

if TYPE_CHECKING:  # most specs have no code
    from hptc.request.training_code import TrainingCode


@frozen
class Origin:
    """A file with its project and environment, which are None for a file outside of a project."""

    document: Document
    layers: Layers  # the file with hptc.yaml's defaults under it and overrides over it
    project: Project | None = None
    environment: Environment | None = None

    @property
    def file(self) -> str:
        """The file's name, as the user passed it."""
        return self.document.file

    @property
    def policy(self) -> Policy:
        """The policy in hptc.yaml that applies to the file; empty outside of a project."""
        return self.project.policy_in(self.environment) if self.project else Policy()


@frozen
class FileRequest:
    """The request that a file means. `spec` is None for a file in the API's own form."""

    origin: Origin
    request: Request
    spec: Spec | None


@frozen
class Failed(Origin):
    """A file with errors. `name` is the spec's name, or empty if it can't be read."""

    diagnostics: tuple[Diagnostic, ...]
    suppressed: tuple[Diagnostic, ...] = ()
    name: str = ""

    @property
    def has_errors(self) -> bool:
        """Always true."""
        return True


@frozen
class Compiled(Origin):
    """A file with a valid request: a CompiledSpec or a CompiledRequest."""

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
        """The job's name if the author chose it; None if it is derived from the content."""
        return self.job.name

    @property
    def schedule(self) -> Schedule | None:
        """The schedule of the runs, if any."""
        return None

    @property
    def has_errors(self) -> bool:
        """Whether a check after compilation found an error (`check --online`)."""
        return any(diagnostic.is_error for diagnostic in self.diagnostics)


@frozen
class CompiledSpec(Compiled):
    """A spec and the request that it compiles to."""

    spec: Spec
    latest: Mapping[str, ParentSpec] = field(default_factory=dict)  # `latest(SPEC)`, by SPEC
    codes: Mapping[RequestPath, TrainingCode] = field(default_factory=dict)  # by definition

    @property
    def name(self) -> str:
        """The spec's name."""
        return self.spec.name

    @property
    def pinned_name(self) -> str | None:
        """The spec's `job_name`, if any."""
        return self.spec.job_name

    @property
    def schedule(self) -> Schedule | None:
        """The spec's `schedule`, if any."""
        return self.spec.schedule


@frozen
class CompiledRequest(Compiled):
    """A file in the API's own form, which already is a request."""


Outcome = Failed | Compiled


_OF_ENVIRONMENT = ("HPT006", "HPT008", "HPT103")
"""An undefined variable, missing code and a missing key: an environment may provide each."""


def failed_with_project(outcome: Outcome, faults: Iterable[Diagnostic]) -> Failed:
    """A file whose hptc.yaml has errors, without the findings that may only follow from these."""
    shared = tuple(faults)
    places = {fault.span for fault in shared}
    own = (
        diagnostic
        for diagnostic in outcome.diagnostics
        if diagnostic.code not in _OF_ENVIRONMENT and diagnostic.span not in places
    )
    return failed(outcome, (*shared, *own))


def failed(outcome: Outcome, diagnostics: tuple[Diagnostic, ...]) -> Failed:
    """The same file as Failed, with errors that were found after compilation."""
    return Failed(
        document=outcome.document,
        layers=outcome.layers,
        project=outcome.project,
        environment=outcome.environment,
        diagnostics=diagnostics,
        suppressed=outcome.suppressed,
        name=outcome.name,
    )
