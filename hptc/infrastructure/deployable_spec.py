"""`DeployableSpec`: the parts of a compiled spec that the stacks of an environment depend on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from hptc.frozen import frozen
from hptc.infrastructure.run_search import ParentSpec
from hptc.request.tuning_job import TuningJob
from hptc.spec.schedule import Schedule


@frozen
class DeployableSpec:
    """The parts of a compiled spec that its stacks depend on."""

    name: str
    job: TuningJob
    request: Mapping[str, Any]
    digest: str
    schedule: Schedule | None = None
    path: str = ""  # below the project's folder, for the tag hptc:spec of scheduled tuning jobs
    latest: Mapping[str, ParentSpec] = field(default_factory=dict)  # `latest(SPEC)`, by SPEC
