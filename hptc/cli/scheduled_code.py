"""The upload of `hptc deploy`: the training code of specs whose schedules start the tuning jobs."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from hptc.cli.connection import connect_to_environment
from hptc.cli.console import print_status
from hptc.compiler.outcome import CompiledSpec
from hptc.compiler.pipeline import compile_paths
from hptc.compiler.workspace import Workspace
from hptc.jobs.code_upload import code_uploads, upload_code
from hptc.jobs.resolution import resolve_code
from hptc.project import project_file


def upload_scheduled_code(env: str | None, specs: Collection[str], *, is_deployed: bool) -> None:
    """Upload the code of the project's scheduled specs, or of those named.

    Without `is_deployed`, only that whose bucket exists already, so that a schedule that is there
    never starts a tuning job without code. Raises AwsError if AWS rejects a call, and
    OperationError if the bucket is still unknown.
    """
    found = [one for one in _scheduled(env) if not specs or one.name in specs]
    if not found:
        return
    aws = connect_to_environment(found[0].environment)
    for one in found:
        resolution = resolve_code(one, aws.stacks)
        if resolution.problem is None:
            upload_code(code_uploads(one, resolution.values), aws.tuning, print_status)
        elif is_deployed:
            raise resolution.problem.error()


def _scheduled(env: str | None) -> list[CompiledSpec]:
    """The specs with a schedule and with code, as far as they compile: synthesis reports errors."""
    path = project_file.find(Path.cwd())
    workspace = Workspace(environment=env, rules=())
    in_project = workspace.project_of(path.parent)[0] if path is not None else None
    if in_project is None or in_project.is_unclear(env):
        return []
    return [
        one
        for one in compile_paths([str(in_project.root)], workspace)
        if isinstance(one, CompiledSpec) and one.schedule is not None and one.codes
    ]
