"""Resolves warm-start parents that are specs of the same project.

A spec's name stands for the tuning job that the spec compiles to now. `latest(SPEC)` stands for the
newest completed tuning job of a spec, so it becomes a reference: its value is only known when a job
is submitted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from pathlib import Path as FilePath

from hptc.compiler.discovery import display_path, path_in_project, spec_files_by_name
from hptc.compiler.draft import Parents
from hptc.compiler.outcome import Compiled, CompiledSpec, Failed, Origin, Outcome
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Finding, Severity, SpecPath, nearest
from hptc.frozen import frozen
from hptc.infrastructure.run_search import ParentSpec
from hptc.project.references import has_reference, latest, reference, written_reference
from hptc.request.emission import Request
from hptc.request.tuning_job import TuningJob
from hptc.spec.tuning_spec import Spec

_MAX_PARENTS = 5  # the API's limit; a malicious file may list thousands
_MAX_CHAIN = 100  # compiling a parent recurses, and Python's recursion is limited
_SHORTEST = 4  # of the names in which a typo can be told from another name
_LATEST = r"\s*latest\(\s*([a-zA-Z0-9](?:-*[a-zA-Z0-9])*)\s*\)\s*"
_LIKE_LATEST = r"(?i)\s*(\$\{hptc:)?latest\b.*[(\[{]|\s*latest\s*\("

CompileFile = Callable[[str, Workspace], Outcome]


def name_parents(
    request: Request, spec: Spec, origin: Origin, workspace: Workspace, compile_file: CompileFile
) -> Parents:
    """Replace, in place, each parent that is a spec with its tuning job's name or a reference.

    Other names are kept: they are existing tuning jobs in AWS.
    """
    parents = Parents()
    named = request.get("WarmStartConfig", {}).get("ParentHyperParameterTuningJobs", ())
    if not named:
        return parents
    workspace.compiling.append(workspace.files.real(FilePath(origin.file)))
    try:
        _name_each(named[:_MAX_PARENTS], parents, spec, origin, workspace, compile_file)
    finally:
        workspace.compiling.pop()
    return parents


def _name_each(
    named: Sequence[dict[str, str]],
    parents: Parents,
    spec: Spec,
    origin: Origin,
    workspace: Workspace,
    compile_file: CompileFile,
) -> None:
    in_project = origin.project
    files = spec_files_by_name(in_project, workspace) if in_project is not None else {}
    for index, parent in enumerate(named):
        name = parent["HyperParameterTuningJobName"]
        path = SpecPath(("warm_start", "parents", index))
        if re.match(_LIKE_LATEST, name):
            match _latest_parent(name, spec, files, origin, workspace, compile_file):
                case Problem(message=message, help=advice, label=label):
                    parents.findings.append(
                        Finding(code="HPT713", message=message, path=path, label=label, help=advice)
                    )
                    # A valid text, so that its format is not reported as well.
                    parent["HyperParameterTuningJobName"] = reference(latest(spec.name))
                case ParentSpec() as found, job:
                    named_by = reference(latest(found.name))
                    parent["HyperParameterTuningJobName"] = named_by
                    parents.latest[found.name] = found
                    if job is not None:
                        parents.jobs[named_by] = job
            continue
        if name not in files:
            if in_project is not None:
                parents.findings.extend(_probable_typo(name, tuple(files), path))
            continue
        match _compiled_parent(name, spec.name, files[name], workspace, compile_file):
            case TuningJob() as job:
                parent["HyperParameterTuningJobName"] = job.name
                parents.jobs[job.name] = job
            case Problem(code=code, message=message, help=advice):
                parents.findings.append(Finding(code=code, message=message, path=path, help=advice))


def parent_names(request: Request) -> tuple[str, ...]:
    """The names of a request's warm-start parents, in its order."""
    parents = request.get("WarmStartConfig", {}).get("ParentHyperParameterTuningJobs", ())
    return tuple(parent["HyperParameterTuningJobName"] for parent in parents)


def parent_spec(compiled: Compiled, parent: str) -> str | None:
    """The spec that compiles to a parent's tuning job; None if the file has the job's own name."""
    if not isinstance(compiled, CompiledSpec) or compiled.spec.warm_start is None:
        return None
    written = compiled.spec.warm_start.parents or ()
    pairs = zip(written, parent_names(compiled.request), strict=True)
    return next((spec for spec, name in pairs if name == parent != spec), None)


@frozen
class Problem:
    """Why a parent has no tuning job."""

    code: str = "HPT701"
    message: str
    help: str
    label: str = ""


def _latest_parent(
    text: str,
    spec: Spec,
    files: Mapping[str, FilePath],
    origin: Origin,
    workspace: Workspace,
    compile_file: CompileFile,
) -> tuple[ParentSpec, TuningJob | None] | Problem:
    """The spec that `latest(SPEC)` names, and its tuning job if it is another spec that compiles.

    A spec that does not compile still has runs, and so has one that leads back to its own child.
    """
    match = re.fullmatch(_LATEST, written_reference(text))
    if match is None:
        return Problem(
            message=f"`{text}` is not `latest(SPEC)`, the newest completed tuning job of a spec",
            label="must be latest(SPEC)",
            help=f"write the name of one spec, such as `latest({spec.name})`",
        )
    name = match[1]
    if origin.environment is None and not has_reference(text):
        return Problem(
            message=f"`latest({name})` needs an environment, because tuning jobs are looked up by "
            "the tags of their project and environment",
            help="define one in hptc.yaml, or use the name of a tuning job",
        )
    if name == spec.name:
        return ParentSpec(
            name=name, path=path_in_project(origin.project, FilePath(origin.file))
        ), None
    if origin.project is None:
        return ParentSpec(name=name, path=f"{name}.yaml"), None  # a submission is refused
    if name not in files:
        meant = nearest(name, tuple(files))
        return Problem(
            message=f"`latest({name})` refers to `{name}`, which is not a spec in this project",
            label=f"did you mean `latest({meant})`?" if meant else "",
            help="use the `name` of a spec, or the name of a tuning job without `latest`",
        )
    file = files[name]
    parent = ParentSpec(name=name, path=path_in_project(origin.project, file))
    if workspace.files.real(file) in workspace.compiling or len(workspace.compiling) > _MAX_CHAIN:
        return parent, None
    outcome = compile_file(display_path(file), workspace)
    if not isinstance(outcome, CompiledSpec):
        return parent, None
    if outcome.spec.job_name is not None and outcome.schedule is None:
        return Problem(
            message=f"`{name}` sets `job_name`, so it has a single tuning job",
            help=f"use `{name}` instead of `latest({name})`",
        )
    return parent, outcome.job


def _compiled_parent(
    name: str, child: str, file: FilePath, workspace: Workspace, compile_file: CompileFile
) -> TuningJob | Problem | None:
    if workspace.files.real(file) in workspace.compiling:
        return Problem(
            message=f"`{name}` warm-starts from itself, directly or through its parents",
            help=f"use `latest({name})`, its newest completed tuning job"
            if name == child
            else "remove one of the parents from the cycle",
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
            help=f"use `latest({name})`, its newest completed tuning job",
        )
    return outcome.job


def _probable_typo(name: str, specs: tuple[str, ...], path: SpecPath) -> list[Finding]:
    """A warning if a name is so similar to a spec's that it is probably a typo."""
    meant = nearest(name, specs, cutoff=0.85)
    if meant is None:  # one mistake in a short name is a large part of it
        meant = next((spec for spec in specs if _is_one_mistake(name, spec)), None)
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


def _is_one_mistake(text: str, name: str) -> bool:
    """Whether a text is a name with one letter added, missing or other, or two swapped.

    Digits don't count: `trees-1` and `trees-2` are different names.
    """
    if len(name) < _SHORTEST or abs(len(text) - len(name)) > 1:
        return False
    start = _common_length(text, name)
    end = _common_length(text[start:][::-1], name[start:][::-1])
    rests = text[start : len(text) - end], name[start : len(name) - end]
    if any(rest and not rest.isalpha() for rest in rests):
        return False
    return max(map(len, rests)) <= 1 or (len(rests[0]) == 2 and rests[0] == rests[1][::-1])


def _common_length(text: str, name: str) -> int:
    """The number of characters with which both begin."""
    pairs = zip(text, name, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
