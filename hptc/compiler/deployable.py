"""Converts compiled specs to what their stacks need. Requests in the API's form need no stacks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path as FilePath

from hptc.compiler.discovery import path_in_project
from hptc.compiler.outcome import CompiledSpec, Origin, Outcome
from hptc.infrastructure.deployable_spec import DeployableSpec
from hptc.infrastructure.run_search import ParentSpec
from hptc.request.emission import Request
from hptc.request.tuning_job import TuningJob
from hptc.spec.tuning_spec import Spec


def deployable_specs(outcomes: Iterable[Outcome]) -> list[DeployableSpec]:
    """The specs that compiled, without requests in the API's own form."""
    return [
        deployable_spec(
            outcome, outcome.spec, outcome.request, outcome.job, outcome.digest, outcome.latest
        )
        for outcome in outcomes
        if isinstance(outcome, CompiledSpec)
    ]


def deployable_spec(
    origin: Origin,
    spec: Spec,
    request: Request,
    job: TuningJob,
    digest: str,
    latest: Mapping[str, ParentSpec],
) -> DeployableSpec:
    """Convert one spec. The file's path is only resolved if the spec has a schedule."""
    return DeployableSpec(
        name=spec.name,
        job=job,
        request=request,
        digest=digest,
        schedule=spec.schedule,
        path=path_in_project(origin.project, FilePath(origin.file))
        if spec.schedule is not None
        else "",
        latest=latest,
    )
