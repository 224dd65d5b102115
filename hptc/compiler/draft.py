"""What a file is between the stages of drafting: text, then data, then a request, then a draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any

from hptc.compiler.outcome import Failed, Origin
from hptc.diagnostics import Diagnostic, Finding, RequestPath
from hptc.frozen import frozen
from hptc.infrastructure.run_search import ParentSpec
from hptc.project.project_file import Project
from hptc.request.conformance import Violation
from hptc.request.emission import Request
from hptc.request.tuning_job import TuningJob
from hptc.source.document import Document
from hptc.spec.tuning_spec import Spec

if TYPE_CHECKING:  # most specs have no code
    from hptc.request.training_code import TrainingCode


@frozen
class AddedCode:
    """The training code of a spec, by the path of its definition in the request."""

    codes: Mapping[RequestPath, TrainingCode] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


@frozen
class Parents:
    """The parents that are specs of the project, and findings about all parents.

    `jobs` are the tuning jobs that the specs compile to, by the parent's name in the request.
    """

    jobs: dict[str, TuningJob] = field(default_factory=dict)
    latest: dict[str, ParentSpec] = field(default_factory=dict)  # by spec name
    findings: list[Finding] = field(default_factory=list)


@frozen
class Text:
    """A file that has been read. `project` is None for a file outside of a project."""

    text: str
    file: str
    project: Project | None = None


@frozen
class Parsed:
    """A file whose text is valid YAML or JSON."""

    document: Document
    project: Project | None


@frozen
class Merged:
    """The data of a spec, with the layers of hptc.yaml.

    `undefined` are the errors of templates that name undefined variables. Stand-ins replace these
    templates, so that the rest can be checked; the file is Failed in the end.
    """

    origin: Origin
    data: Any
    warnings: list[Diagnostic]  # from reading the text
    undefined: list[Diagnostic]


@frozen
class Emitted:
    """The request that a file means. `spec` is None for a file in the API's own form."""

    origin: Origin
    spec: Spec | None
    request: Request
    warnings: list[Diagnostic]
    undefined: list[Diagnostic]
    findings: list[Finding]  # from the earlier stages
    codes: Mapping[RequestPath, TrainingCode] = field(default_factory=dict)  # by definition
    is_certain: bool  # whether the Region and the images are known, on which the rules depend


@frozen
class Identified:
    """A request with the names of its parents and its own, which its content determines."""

    emitted: Emitted
    parents: Parents
    digest: str


@frozen
class Draft:
    """A request before the checks."""

    origin: Origin
    spec: Spec | None
    digest: str
    request: Request
    violations: tuple[Violation, ...]
    references: frozenset[str]
    warnings: list[Diagnostic]
    undefined: list[Diagnostic]
    findings: list[Finding]
    parents: Parents
    codes: Mapping[RequestPath, TrainingCode]
    is_certain: bool

    @property
    def name(self) -> str:
        """The spec's name; empty for a file in the API's own form."""
        return self.spec.name if self.spec else ""


Unchecked = Text | Parsed | Merged | Emitted | Identified | Draft | Failed
"""A file at any stage of drafting."""
