"""The training code of the spec that a tuning job comes from, for the spec that follows it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hptc.api.targets import Target
from hptc.compiler.outcome import CompiledSpec
from hptc.compiler.pipeline import compile_file
from hptc.compiler.spec_names import named_spec
from hptc.compiler.workspace import Workspace
from hptc.frozen import frozen
from hptc.jobs.job_names import name_stem
from hptc.request.job_facts import definition_name
from hptc.request.training_code import TrainingCode
from hptc.service.tuning_jobs import JobOrigin
from hptc.source import git


@frozen
class FollowUpCode:
    """The code of each definition, by name, and whether it is the code of the tuning job."""

    sources: Mapping[str, TrainingCode]
    is_same: bool


def follow_up_code(
    target: Target, origin: JobOrigin, request: Mapping[str, Any], env: str | None
) -> FollowUpCode:
    """The code of the spec that a tuning job was created from, as it is now.

    That is the spec that the user named; else the file in the tuning job's tags, if it is in the
    current repository, or the spec that the tuning job is named after.
    """
    outcome = target.outcome
    if outcome is None and origin.spec:
        workspace = Workspace(environment=env)
        file = _in_repository(origin.spec) or named_spec(name_stem(target.job), workspace)
        outcome = compile_file(file, workspace) if file is not None else None
    if not isinstance(outcome, CompiledSpec):
        return FollowUpCode(sources={}, is_same=True)
    sources = {
        definition_name(outcome.job, definition): outcome.codes[definition.path]
        for definition in outcome.job.definitions
        if definition.path in outcome.codes
    }
    text = repr(request)  # the location of an archive contains its key
    return FollowUpCode(
        sources=sources, is_same=all(source.key in text for source in sources.values())
    )


def _in_repository(path: str) -> str | None:
    """The file at a path that a tag has; None if it does not exist or is not in the repository."""
    top = git.git_output(Path.cwd(), "rev-parse", "--show-toplevel")
    root = Path(top if top is not None else Path.cwd()).resolve()
    file = (root / path).resolve()
    return str(file) if file.is_relative_to(root) and file.is_file() else None
