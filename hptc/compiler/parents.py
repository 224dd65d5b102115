"""Resolves warm-start parents that are specs of the same project.

A spec's name stands for the tuning job that the spec compiles to now. `latest(SPEC)` stands for the
newest completed tuning job of a spec, so it becomes a reference: its value is only known when a job
is submitted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
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

_NAME = "HyperParameterTuningJobName"
_MAX_PARENTS = 5  # the API's limit; a malicious file may list thousands
_MAX_CHAIN = 100  # compiling a parent takes several calls, and Python's recursion is limited
_SHORTEST = 4  # shorter names differ too little to tell a typo from another name
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
    written = request.get("WarmStartConfig", {}).get("ParentHyperParameterTuningJobs", ())
    if not written:
        return parents
    in_project = origin.project
    child = _Child(
        spec=spec,
        origin=origin,
        spec_files=spec_files_by_name(in_project, workspace) if in_project is not None else {},
        workspace=workspace,
        compile_file=compile_file,
    )
    workspace.compiling.append(workspace.files.real(FilePath(origin.file)))
    try:
        for index, parent in enumerate(written[:_MAX_PARENTS]):
            path = SpecPath(("warm_start", "parents", index))
            if re.match(_LIKE_LATEST, parent[_NAME]):
                _name_latest_parent(parent, path, child, parents)
            else:
                _name_parent(parent, path, child, parents)
    finally:
        workspace.compiling.pop()
    return parents


@frozen
class _Child:
    """A spec with parents, and what is needed to compile those that are specs of its project."""

    spec: Spec
    origin: Origin
    spec_files: Mapping[str, FilePath]  # of the project, by name
    workspace: Workspace
    compile_file: CompileFile

    def is_being_compiled(self, file: FilePath) -> bool:
        """Whether a spec is the child itself or waits for it, so it can't be its parent."""
        return self.workspace.files.real(file) in self.workspace.compiling

    @property
    def is_in_long_chain(self) -> bool:
        """Whether too many specs wait for their parents to compile one more."""
        return len(self.workspace.compiling) > _MAX_CHAIN


def _name_latest_parent(
    parent: dict[str, str], path: SpecPath, child: _Child, parents: Parents
) -> None:
    """Replace `latest(SPEC)` with the reference to its newest completed tuning job."""
    match _latest_parent(parent[_NAME], child):
        case Problem() as problem:
            parents.findings.append(problem.at(path))
            # A valid text, so that its format is not reported as well.
            parent[_NAME] = reference(latest(child.spec.name))
        case _LatestParent(spec=spec, job=job):
            parent[_NAME] = reference(latest(spec.name))
            parents.latest[spec.name] = spec
            if job is not None:
                parents.jobs[parent[_NAME]] = job


def _name_parent(parent: dict[str, str], path: SpecPath, child: _Child, parents: Parents) -> None:
    """Replace the name of a spec with that of its tuning job."""
    name = parent[_NAME]
    if name not in child.spec_files:
        if child.origin.project is not None:
            parents.findings.extend(_probable_typo(name, tuple(child.spec_files), path))
        return
    match _compiled_parent(name, child):
        case TuningJob() as job:
            parent[_NAME] = job.name
            parents.jobs[job.name] = job
        case Problem() as problem:
            parents.findings.append(problem.at(path))


def parent_names(request: Request) -> tuple[str, ...]:
    """The names of a request's warm-start parents, in its order."""
    parents = request.get("WarmStartConfig", {}).get("ParentHyperParameterTuningJobs", ())
    return tuple(parent[_NAME] for parent in parents)


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

    def at(self, path: SpecPath) -> Finding:
        """The problem as a finding."""
        return Finding(
            code=self.code, message=self.message, path=path, label=self.label, help=self.help
        )


@frozen
class _LatestParent:
    """The spec that `latest(SPEC)` names, and its tuning job if it is another spec that compiles.

    A spec that does not compile still has runs, and so has one that leads back to its own child.
    """

    spec: ParentSpec
    job: TuningJob | None = None


def _latest_parent(text: str, child: _Child) -> _LatestParent | Problem:
    name = _name_in_latest(text, child)
    if isinstance(name, Problem):
        return name
    if name == child.spec.name:
        own_path = path_in_project(child.origin.project, FilePath(child.origin.file))
        return _LatestParent(spec=ParentSpec(name=name, path=own_path))
    if child.origin.project is None:  # a submission is refused
        return _LatestParent(spec=ParentSpec(name=name, path=f"{name}.yaml"))
    file = child.spec_files[name]
    spec = ParentSpec(name=name, path=path_in_project(child.origin.project, file))
    if child.is_being_compiled(file) or child.is_in_long_chain:
        return _LatestParent(spec=spec)
    outcome = child.compile_file(display_path(file), child.workspace)
    if not isinstance(outcome, CompiledSpec):
        return _LatestParent(spec=spec)
    if outcome.spec.job_name is not None and outcome.schedule is None:
        return Problem(
            code="HPT713",
            message=f"`{name}` sets `job_name`, so it has a single tuning job",
            help=f"use `{name}` instead of `latest({name})`",
        )
    return _LatestParent(spec=spec, job=outcome.job)


def _name_in_latest(text: str, child: _Child) -> str | Problem:
    """The name of the spec in `latest(SPEC)`, which is one of the child's project, if any."""
    match = re.fullmatch(_LATEST, written_reference(text))
    if match is None:
        return Problem(
            code="HPT713",
            message=f"`{text}` is not `latest(SPEC)`, the newest completed tuning job of a spec",
            label="must be latest(SPEC)",
            help=f"write the name of one spec, such as `latest({child.spec.name})`",
        )
    name = match[1]
    if child.origin.environment is None and not has_reference(text):
        return Problem(
            code="HPT713",
            message=f"`latest({name})` needs an environment, because tuning jobs are looked up by "
            "the tags of their project and environment",
            help="define one in hptc.yaml, or use the name of a tuning job",
        )
    is_known = name == child.spec.name or name in child.spec_files
    if child.origin.project is not None and not is_known:
        meant = nearest(name, tuple(child.spec_files))
        return Problem(
            code="HPT713",
            message=f"`latest({name})` refers to `{name}`, which is not a spec in this project",
            label=f"did you mean `latest({meant})`?" if meant else "",
            help="use the `name` of a spec, or the name of a tuning job without `latest`",
        )
    return name


def _compiled_parent(name: str, child: _Child) -> TuningJob | Problem | None:
    """The tuning job of a spec; None if its errors are those of hptc.yaml, which the child has."""
    file = child.spec_files[name]
    if child.is_being_compiled(file):
        return Problem(
            message=f"`{name}` warm-starts from itself, directly or through its parents",
            help=f"use `latest({name})`, its newest completed tuning job"
            if name == child.spec.name
            else "remove one of the parents from the cycle",
        )
    if child.is_in_long_chain:
        return Problem(
            message=f"the chain of warm starts that leads to `{name}` has more than {_MAX_CHAIN} "
            "specs",
            help="instead of the spec, use the name of its tuning job, which `hptc compile` prints",
        )
    outcome = child.compile_file(display_path(file), child.workspace)
    if isinstance(outcome, Failed):
        _, faults = child.workspace.project_of(file.parent)
        if all(error in faults for error in outcome.diagnostics if error.is_error):
            return None
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
    """Whether a text is a name with one letter added, missing or replaced, or two swapped.

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
