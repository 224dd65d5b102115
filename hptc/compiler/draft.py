"""A draft: what a file means, before the checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from hptc.compiler.outcome import Origin
from hptc.diagnostics import Diagnostic, Finding, RequestPath
from hptc.frozen import frozen
from hptc.infrastructure.run_search import ParentSpec
from hptc.request.conformance import Violation
from hptc.request.emission import Request
from hptc.request.tuning_job import TuningJob
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
class Draft:
    """A request before the checks. `spec` is None for a file in the API's own form."""

    origin: Origin
    spec: Spec | None
    digest: str
    request: Request
    violations: tuple[Violation, ...]
    references: frozenset[str]
    warnings: list[Diagnostic]  # from reading the text
    findings: list[Finding]  # from the earlier stages
    parents: Parents
    codes: Mapping[RequestPath, TrainingCode] = field(default_factory=dict)  # by definition
    is_certain: bool  # whether the Region and the images are known, on which the rules depend

    @property
    def name(self) -> str:
        """The spec's name; empty for a file in the API's own form."""
        return self.spec.name if self.spec else ""
