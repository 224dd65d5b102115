"""The upload of `hptc deploy`: the training code of specs whose schedules start the tuning jobs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from hptc.cli.connection import connect_to_environment
from hptc.cli.console import print_status
from hptc.compiler.outcome import CompiledSpec
from hptc.compiler.pipeline import compile_paths
from hptc.compiler.workspace import Workspace
from hptc.jobs.code_upload import code_uploads, upload_code
from hptc.jobs.resolution import resolve_code
from hptc.project import project_file


def specs_with_scheduled_code(env: str | None, specs: Collection[str]) -> list[CompiledSpec]:
    """The specs with a schedule and with code, of the whole project or of those named.

    Specs with errors are left out: synthesis reports them.
    """
    path = project_file.find(Path.cwd())
    workspace = Workspace(environment=env, rules=())
    in_project = workspace.project_of(path.parent)[0] if path is not None else None
    if in_project is None or in_project.is_unclear(env):
        return []
    return [
        spec
        for spec in compile_paths([str(in_project.root)], workspace)
        if isinstance(spec, CompiledSpec)
        and spec.schedule is not None
        and spec.codes
        and (not specs or spec.name in specs)
    ]


def upload_scheduled_code(scheduled: Sequence[CompiledSpec], *, is_deployed: bool) -> None:
    """Upload the code of scheduled specs of one environment.

    Without `is_deployed`, only code whose bucket exists already is uploaded, so that no schedule
    that is deployed already starts a tuning job without its code. Raises AwsError if AWS rejects a
    call, and OperationError if the bucket is still unknown.
    """
    if not scheduled:
        return
    aws = connect_to_environment(scheduled[0].environment)
    for spec in scheduled:
        resolution = resolve_code(spec, aws.stacks)
        if resolution.problem is None:
            upload_code(code_uploads(spec, resolution.values), aws.tuning, print_status)
        elif is_deployed:
            raise resolution.problem.error()
