"""What a command follows: a tuning job by its name or ARN, or a spec by its name or file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hptc.api.specs import current_environment
from hptc.catalog.arn import ARN
from hptc.compiler.discovery import path_in_project, spec_name
from hptc.compiler.outcome import Compiled, CompiledRequest, Outcome
from hptc.compiler.pipeline import compile_file
from hptc.compiler.spec_names import (
    is_path,
    may_be_name,
    named_spec,
    what_was_meant,
    which_file_was_meant,
)
from hptc.compiler.workspace import Workspace
from hptc.errors import OperationError, UsageError
from hptc.frozen import frozen
from hptc.infrastructure.run_search import ParentSpec, run_search
from hptc.jobs.content_changes import ContentChanges, content_changes
from hptc.jobs.spec_runs import FollowedSpec, spec_runs
from hptc.project.project_file import Environment
from hptc.service.interface import TuningReader
from hptc.service.lookup import described_request
from hptc.source.filesystem import DISK

_JOB_RESOURCE = "hyper-parameter-tuning-job/"


@frozen
class Target:
    """A spec, or the tuning job with the name `job`."""

    text: str  # as the user wrote it
    region: str | None = None  # chosen by an option; it overrides the environment
    job: str = ""
    job_region: str = ""  # of a job that is named by its ARN
    spec: FollowedSpec | None = None
    outcome: Outcome | None = None  # of compiling the spec
    environment: Environment | None = None
    hint: str = "`hptc list` lists the tuning jobs"  # what to do if there is no such job

    @property
    def place(self) -> Environment | None:
        """The environment to connect to, unless a Region was chosen instead."""
        return self.environment if self.region is None else None


def read_target(
    text: str, env: str | None, region: str | None, *, folder: Path | None = None
) -> Target:
    """The target that a text names: a file, a spec of the project, or a tuning job.

    The project is that of `folder`, by default the current one.

    With a Region, a tuning job is found by its name even if hptc.yaml has errors. Raises
    UsageError if it can be none of these, and for a spec without a name.
    """
    arn = ARN.parse(text)
    if arn is not None:
        if not arn.resource.startswith(_JOB_RESOURCE):
            raise UsageError(f"{text} is not the ARN of a tuning job")
        name = arn.resource.removeprefix(_JOB_RESOURCE)
        by_arn = Target(text=text, region=region, job=name, job_region=arn.region)
        return _job_target(by_arn, env, folder)
    workspace = Workspace(environment=env, folder=folder or Path.cwd())
    path = workspace.at(text)
    if is_path(path, DISK):
        return replace(_spec_target(text, path, workspace), region=region)
    if not may_be_name(text):
        raise UsageError(
            f"{text}: no such file",
            help=which_file_was_meant(text, workspace)
            or "pass a spec, its name, or the name of a tuning job",
        )
    in_project, faults = workspace.current_project()
    is_unreadable = in_project is None and bool(faults)
    file = None if is_unreadable and region is not None else named_spec(text, workspace)
    if file is not None:
        return replace(_spec_target(text, file, workspace), region=region)
    read = _job_target(Target(text=text, region=region, job=text), env, folder)
    hint = what_was_meant(text, workspace)
    return replace(read, hint=hint) if hint else read


def _job_target(target: Target, env: str | None, folder: Path | None) -> Target:
    """The tuning job in the environment of the project, unless a Region was chosen."""
    environment = current_environment(env, folder) if target.region is None else None
    return replace(target, environment=environment)


def _spec_target(text: str, file: str, workspace: Workspace) -> Target:
    if DISK.is_folder(Path(file)):
        raise UsageError(f"{file} is a folder", help="pass one spec, or the name of a tuning job")
    in_project, faults = workspace.project_of(DISK.real(Path(file)).parent)
    if in_project is None and faults:
        raise UsageError(
            f"hptc.yaml: {faults[0].message}", help="`hptc check` shows where the error is"
        )
    outcome = compile_file(file, workspace)
    if isinstance(outcome, CompiledRequest):
        followed = FollowedSpec(
            name=outcome.name,
            file=file,
            search=None,
            job_name=outcome.job.name,
            digest=outcome.digest,
        )
        return Target(text=text, spec=followed, outcome=outcome, environment=outcome.environment)
    name = outcome.name or spec_name(Path(file), DISK)
    if not name:
        raise UsageError(
            f"{file} has no name that can be read",
            help=f"`hptc check {file}` shows why; or pass the name of a tuning job",
        )
    # A spec with errors may have no environment.
    environment = workspace.environment_of(in_project) if in_project is not None else None
    parent = ParentSpec(name=name, path=path_in_project(in_project, Path(file)))
    followed = FollowedSpec(
        name=name,
        file=file,
        search=run_search(environment, parent),
        job_name=outcome.job.name if isinstance(outcome, Compiled) else "",
        digest=outcome.digest if isinstance(outcome, Compiled) else "",
    )
    return Target(text=text, spec=followed, outcome=outcome, environment=environment)


def require_same_region(target: Target, region: str) -> None:
    """Raise UsageError if the ARN of a target is in another Region than the connection."""
    if target.job_region and target.job_region != region:
        raise UsageError(
            f"the tuning job `{target.job}` is in {target.job_region}, but the connection is to "
            f"{region}",
            help=f"use --region {target.job_region}",
        )


def find_job(target: Target, tuning: TuningReader) -> str:
    """The name of the tuning job that a target means: of a spec, the newest one.

    Raises OperationError if there is none.
    """
    spec = target.spec
    if spec is None:
        if tuning.describe(target.job) is None:
            raise OperationError(
                f"no tuning job `{target.job}` found in {tuning.region}", help=target.hint
            )
        return target.job
    newest = spec_runs(spec, tuning, limit=1).newest()
    require_distinct(target, tuning)
    return newest.name


def find_running_job(target: Target, tuning: TuningReader) -> str:
    """The name of the tuning job to stop: of a spec, the only one that is running.

    If none is running, it is the newest one. Raises UsageError if several are, and OperationError
    if there is no tuning job.
    """
    if target.spec is None:
        return target.job
    require_distinct(target, tuning)
    history = spec_runs(target.spec, tuning, status="InProgress")
    if history.unreadable or history.is_cut:
        raise OperationError(
            f"cannot tell which running tuning jobs are of `{target.spec.name}`: the tags of some "
            "with a similar name were not read",
            help="pass the name of the tuning job, which `hptc list --status InProgress` shows",
        )
    running = [run.name for run in history.runs]
    if len(running) > 1:
        raise UsageError(
            f"{len(running)} tuning jobs of `{target.spec.name}` are running: {', '.join(running)}",
            help="nothing was stopped; pass the name of the one to stop",
        )
    return running[0] if running else find_job(target, tuning)


def require_distinct(target: Target, tuning: TuningReader) -> None:
    """Raise UsageError if a name means a spec, and is that of another spec's tuning job too."""
    spec = target.spec
    if spec is None or target.text != spec.name or target.text in (spec.job_name, spec.file):
        return
    description = tuning.describe(spec.name)
    if description is not None:
        raise UsageError(
            f"`{spec.name}` is the name of a spec, {spec.file}, and of a tuning job that is not "
            "of this spec",
            help=f"pass {spec.file}, or {description['HyperParameterTuningJobArn']}",
        )


def changes_since(
    target: Target, tuning: TuningReader, name: str, digest: str
) -> ContentChanges | None:
    """How a spec differs from one of its tuning jobs; None if the target is a tuning job."""
    outcome = target.outcome
    if outcome is None:
        return None
    if not isinstance(outcome, Compiled):
        return ContentChanges(file=outcome.file, is_changed=None)
    if digest == outcome.digest:
        return ContentChanges(file=outcome.file, is_changed=False)
    return content_changes(outcome, described_request(tuning, name), digest)
