"""Resolves warm-start parents that are specs of the same project to their tuning jobs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path as FilePath

from hptc.compiler.discovery import display_path, spec_files_by_name
from hptc.compiler.outcome import Failed, Outcome
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Finding, Severity, SpecPath, nearest
from hptc.project.project_file import Project
from hptc.request.emission import Request
from hptc.request.tuning_job import TuningJob

_MAX_PARENTS = 5  # the API's limit; a malicious file may list thousands
_MAX_CHAIN = 150  # compiling a parent recurses, and Python's recursion is limited

CompileFile = Callable[[str, Workspace], Outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parents:
    """The parents that are specs of the project, by job name, and findings about the others."""

    jobs: dict[str, TuningJob]
    findings: list[Finding]


def name_parents(
    request: Request, workspace: Workspace, in_project: Project | None, compile_file: CompileFile
) -> Parents:
    """Replace, in place, each parent that is a spec's name with the name of the spec's tuning job.

    Other names are kept: they are existing tuning jobs in AWS.
    """
    parents = Parents(jobs={}, findings=[])
    named = request.get("WarmStartConfig", {}).get("ParentHyperParameterTuningJobs", ())
    if not named or in_project is None:
        return parents
    files = spec_files_by_name(in_project, workspace)
    for index, parent in enumerate(named[:_MAX_PARENTS]):
        name = parent["HyperParameterTuningJobName"]
        path = SpecPath(("warm_start", "parents", index))
        if name not in files:
            parents.findings.extend(_probable_typo(name, tuple(files), path))
            continue
        match _compiled_parent(name, files[name], workspace, compile_file):
            case TuningJob() as job:
                parent["HyperParameterTuningJobName"] = job.name
                parents.jobs[job.name] = job
            case Problem(code=code, message=message, help=advice):
                parents.findings.append(Finding(code=code, message=message, path=path, help=advice))
    return parents


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a parent has no tuning job."""

    code: str = "HPT701"
    message: str
    help: str


def _compiled_parent(
    name: str, file: FilePath, workspace: Workspace, compile_file: CompileFile
) -> TuningJob | Problem | None:
    if workspace.files.real(file) in workspace.compiling:
        return Problem(
            message=f"`{name}` warm-starts from itself, directly or through its parents",
            help="remove one of the parents from the cycle",
        )
    if len(workspace.compiling) > _MAX_CHAIN:
        return Problem(
            message=f"the chain of warm starts that leads to `{name}` has more than {_MAX_CHAIN} "
            "specs",
            help="instead of the spec, use the name of its tuning job, which `hptc compile` prints",
        )
    outcome = compile_file(display_path(file), workspace)
    if isinstance(outcome, Failed):
        _, faults = workspace.project_of(file.parent)
        if all(each in faults for each in outcome.diagnostics if each.is_error):
            return None  # the child has the same faults in hptc.yaml
        return Problem(
            message=f"the parent `{name}` ({file.name}) does not compile",
            help=f"run `hptc check {display_path(file)}`",
        )
    if outcome.schedule is not None:
        return Problem(
            code="HPT712",
            message=f"the parent `{name}` ({file.name}) has a schedule, so each of its runs has "
            "another name",
            help="use the name of a finished run, which `hptc list` prints",
        )
    return outcome.job


def _probable_typo(name: str, specs: tuple[str, ...], path: SpecPath) -> list[Finding]:
    """A warning if a name is similar to a spec's; None if it can be an existing tuning job."""
    meant = nearest(name, specs, cutoff=0.85)
    if meant is None:
        return []
    return [
        Finding(
            code="HPT700",
            severity=Severity.WARNING,
            message=f"`{name}` is not a spec in this project; assuming it is an existing tuning "
            "job",
            path=path,
            label=f"did you mean `{meant}`?",
        )
    ]
