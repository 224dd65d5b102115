"""The pipeline on one page: a file in, a checked request out.

    text ─source→ Document ─resolve→ data ─spec→ Spec ─request, resolve→ Request ─job→ TuningJob

A file in the API's own form joins at Request. Whatever is wrong is a Diagnostic at its place; the
result says how far the file came. Nothing here calls AWS, runs code of a spec, or prints.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

from hptc.compiler import layers as resolve
from hptc.compiler.discovery import files_of, shown, spec_files_by_name
from hptc.compiler.layers import Layers
from hptc.compiler.locations import place, without_secrets
from hptc.compiler.workspace import Compiled, Workspace
from hptc.diagnostics import (
    Diagnostic,
    Finding,
    Related,
    RequestPath,
    Severity,
    SpecPath,
    nearest,
    sort_key,
)
from hptc.errors import UsageError
from hptc.project.project_file import Project
from hptc.project.references import NAMES, names_in
from hptc.request import identity, shapes
from hptc.request.api_form import is_api_form
from hptc.request.emission import Request, emit, unwrapped
from hptc.request.tuning_job import TuningJob, read_job
from hptc.request.violations import findings_of_violations
from hptc.rules import RULES
from hptc.rules.codes import ONLINE
from hptc.rules.engine import check
from hptc.rules.rule import Context, Rule
from hptc.source import suppressions
from hptc.source.construction import construct_data
from hptc.source.document import Document, parse_document
from hptc.source.text_files import UnreadableFileError
from hptc.spec.tuning_spec import parse_spec

if TYPE_CHECKING:
    from hptc.catalog.prices import PriceTable
    from hptc.metrics.rehearsal import Rehearsal

_MAX_PARENTS = 5  # more are refused by the shape; a hostile file may list thousands


def compile_file(path: str, workspace: Workspace) -> Compiled:
    """Compile one file. Raises UsageError when it can't be read."""
    key = workspace.files.real(FilePath(path))
    if key not in workspace.compiled:
        workspace.open_files.append(key)
        try:
            found, faults = workspace.project_of(key.parent)
            result = compile_text(workspace.files.read(path), path, workspace, found)
        finally:
            workspace.open_files.pop()
        result.document.forget()
        if faults:
            result = replace(
                result, diagnostics=(*faults, *result.diagnostics), request=None, job=None
            )
        workspace.compiled[key] = result
    return workspace.compiled[key]


def compile_text(
    text: str, file: str, workspace: Workspace, in_project: Project | None = None
) -> Compiled:
    """Compile a file's text."""
    document, diagnostics = parse_document(text, file)
    if diagnostics:
        return Compiled(
            document=document, diagnostics=tuple(diagnostics), layers=Layers(((document, ()),))
        )
    if is_request(document):
        return _compile_request(document, workspace, in_project)
    environment = workspace.environment_of(in_project) if in_project else None
    data, layers, diagnostics = resolve.merge_layers(document, workspace.shared_by(in_project))
    outcome = Compiled(
        document=document,
        diagnostics=tuple(diagnostics),
        layers=layers,
        environment=environment,
        project=in_project,
    )
    if any(diagnostic.is_error for diagnostic in diagnostics):
        return outcome
    spec, findings = parse_spec(data)
    if spec is None:
        return _finished(outcome, workspace, findings)
    request = emit(spec)
    findings += _templated_name(document)
    findings += resolve.fill(request, spec, environment)
    faults, parents = _name_parents(request, workspace, in_project)
    findings += faults
    content = identity.digest(request)
    request["HyperParameterTuningJobName"] = spec.job_name or identity.job_name(spec.name, content)
    outcome = replace(outcome, spec=spec, digest=content)
    return _finished(outcome, workspace, findings, resolve.ordered(request), parents)


def _compile_request(
    document: Document, workspace: Workspace, in_project: Project | None
) -> Compiled:
    """A file in the API's own form: it is the request already, and belongs to an environment.

    It needs none, so several of which none was chosen do not stop it.
    """
    is_unclear = in_project is not None and in_project.is_unclear(workspace.environment)
    environment = workspace.environment_of(in_project) if in_project and not is_unclear else None
    request, diagnostics = construct_data(document)
    outcome = Compiled(
        document=document,
        diagnostics=tuple(diagnostics),
        layers=Layers(((document, ()),)),
        environment=environment,
        project=in_project,
    )
    if diagnostics or not isinstance(request, dict):
        return outcome
    plain = unwrapped(request)
    findings = _policy_not_held(in_project, workspace) if in_project and is_unclear else []
    return _finished(replace(outcome, digest=identity.digest(plain)), workspace, findings, plain)


def _policy_not_held(in_project: Project, workspace: Workspace) -> list[Finding]:
    """A word on the environments' own policy, when none of them was chosen and rules ask for it."""
    known = in_project.file.environments
    is_asked = any(rule.code.startswith("HPT8") for rule in workspace.rules)
    says = in_project.file.policy.regions or any(e.policy.model_fields_set for e in known.values())
    if not (is_asked and says):
        return []
    return [
        Finding(
            code="HPT800",
            severity=Severity.WARNING,
            message=f"{in_project.document.file} has several environments and none was chosen, so "
            "only what its policy says for all of them was held",
            path=RequestPath(),
            help=f"say --env {' or --env '.join(known)}, or set `default_environment`",
        )
    ]


def _finished(
    outcome: Compiled,
    workspace: Workspace,
    findings: list[Finding],
    request: Request | None = None,
    parents: dict[str, TuningJob] | None = None,
) -> Compiled:
    """Check a request, and give every finding its place."""
    job = None
    if request is not None:
        demands = findings_of_violations(shapes.violations(request), request, outcome.spec)
        findings = findings + demands + _unknown_references(request)
        if not any(finding.severity is Severity.ERROR for finding in findings):
            job = read_job(request)
            findings += check(
                Context(
                    job=job,
                    request=request,
                    environment=outcome.environment,
                    policy=outcome.policy,
                    parents=parents or {},
                    spec_name=outcome.spec.name if outcome.spec else None,
                    prices=_prices(outcome, workspace),
                    rehearsals=_rehearsals(outcome, job, workspace),
                ),
                workspace.rules,
            )
    placed = [place(finding, outcome, request or {}) for finding in findings]
    secrets = [one.span for one, f in zip(placed, findings, strict=True) if f.is_secret]
    placed = without_secrets(placed, secrets)
    kept, suppressed = suppressions.apply(
        [*outcome.diagnostics, *placed],
        outcome.document,
        unchecked=lambda: _unchecked(workspace.rules if job is not None else ()),
    )
    diagnostics = tuple(sorted(kept, key=sort_key))
    stopped = any(diagnostic.is_error for diagnostic in diagnostics)
    return replace(
        outcome,
        diagnostics=diagnostics,
        suppressed=tuple(suppressed),
        request=None if stopped else request,
        job=None if stopped else job,
    )


def _unchecked(run: tuple[Rule, ...]) -> set[str]:
    """The codes that a compile did not look for: rules left out, and all that asks AWS."""
    return {*(rule.code for rule in RULES), *ONLINE} - {rule.code for rule in run}


def _rehearsals(
    outcome: Compiled, job: TuningJob, workspace: Workspace
) -> dict[RequestPath, Rehearsal]:
    """What the metric definitions find in the sample logs that a spec names, where it is asked."""
    spec, rehearse = outcome.spec, workspace.rehearse
    if spec is None or rehearse is None:
        return {}
    root = outcome.project.root if outcome.project else FilePath(outcome.file).parent
    found: dict[RequestPath, Rehearsal] = {}
    for definition in job.definitions:
        several = spec.training_jobs or {}
        written = several.get(definition.name or "") if job.is_multiple else spec.training_job
        if written is not None and written.metric_sample_log is not None:
            found[definition.path] = rehearse(definition, written.metric_sample_log, root)
    return found


def _prices(outcome: Compiled, workspace: Workspace) -> PriceTable | None:
    """The project's prices, where a rule needs them: under a budget."""
    if outcome.project is None or outcome.policy.budget_usd is None:
        return None
    return workspace.prices_of(outcome.project)


def _templated_name(document: Document) -> list[Finding]:
    name, _ = construct_data(document, at=("name",))
    if not isinstance(name, str) or "{{" not in name:
        return []
    return [
        Finding(
            code="HPT102",
            message="`name` can't hold a template",
            path=SpecPath(("name",)),
            help="other specs and the stacks know the spec by this name: write it out",
        )
    ]


def _name_parents(
    request: Request, workspace: Workspace, in_project: Project | None
) -> tuple[list[Finding], dict[str, TuningJob]]:
    """Turn warm-start parents that are specs of this project into the names of their jobs.

    Returns these jobs too, by name.
    """
    jobs: dict[str, TuningJob] = {}
    parents = request.get("WarmStartConfig", {}).get("ParentHyperParameterTuningJobs", ())
    if not parents or in_project is None:
        return [], jobs
    findings = []
    files = spec_files_by_name(in_project, workspace.files)
    for index, parent in enumerate(parents[:_MAX_PARENTS]):
        name = parent["HyperParameterTuningJobName"]
        if name not in files:
            findings += _probably_meant(name, tuple(files), index)
            continue
        problem = ""
        if workspace.files.real(files[name]) in workspace.open_files:
            problem = f"`{name}` warm-starts from itself, directly or by its parents"
        else:
            compiled = compile_file(shown(files[name]), workspace)
            if compiled.job is None:
                problem = f"the parent `{name}` ({files[name].name}) does not compile"
            else:
                parent["HyperParameterTuningJobName"] = compiled.job.name
                jobs[compiled.job.name] = compiled.job
        if problem:
            findings.append(
                Finding(
                    code="HPT701",
                    message=problem,
                    path=SpecPath(("warm_start", "parents", index)),
                )
            )
    return findings, jobs


def _probably_meant(name: str, specs: tuple[str, ...], index: int) -> list[Finding]:
    """A parent that is no spec of the project is a job of AWS, unless it looks like a slip."""
    meant = nearest(name, specs, cutoff=0.85)
    if meant is None:
        return []
    return [
        Finding(
            code="HPT700",
            severity=Severity.WARNING,
            message=f"`{name}` is no spec of this project, so it is taken as a job in AWS",
            path=SpecPath(("warm_start", "parents", index)),
            label=f"did you mean `{meant}`?",
        )
    ]


def _unknown_references(request: Request) -> list[Finding]:
    unknown = sorted(names_in(request).difference(NAMES))
    return [
        Finding(
            code="HPT006",
            message=f"`${{hptc:{name}}}` is not something that a deployment provides",
            path=RequestPath(),
            help=f"it provides: {', '.join(NAMES)}",
        )
        for name in unknown
    ]


def is_request(document: Document) -> bool:
    """Whether a file is in the API's own form, by its top-level keys."""
    return is_api_form(document.top_level_keys())


def compile_paths(paths: list[str], workspace: Workspace) -> list[Compiled]:
    """Compile files and folders. A folder that holds hptc.yaml stands for its project's specs.

    Raises UsageError for a path that is not there and for a folder without specs.
    """
    files: list[str] = []
    for given in paths:
        path = FilePath(given)
        if not workspace.files.is_folder(path) and not workspace.files.is_file(path):
            raise UsageError(f"{given}: there is no such file or folder")
        files += [shown(file) for file in files_of(path, workspace)]
    unique = list(dict.fromkeys(files))
    if len(unique) == 1:
        return [compile_file(unique[0], workspace)]
    return with_unique_names([_compile_one_of_several(file, workspace) for file in unique])


def _compile_one_of_several(file: str, workspace: Workspace) -> Compiled:
    """Compile a file. One that can't be read is a finding, so that the others are checked."""
    try:
        return compile_file(file, workspace)
    except UnreadableFileError as error:
        if error.file != file:
            raise
        document = Document(file, "")
        return Compiled(
            document=document, diagnostics=(error.diagnostic,), layers=Layers(((document, ()),))
        )


def with_unique_names(compiled: list[Compiled]) -> list[Compiled]:
    """The same results, with an error in each spec whose name an earlier one has.

    Case does not count: the names of tuning jobs and of stacks are made from it.
    """
    first: dict[str, Compiled] = {}
    results = []
    for one in compiled:
        earlier = first.setdefault(one.name.lower(), one) if one.spec else one
        if earlier is not one:
            clash = Diagnostic(
                code="HPT600",
                severity=Severity.ERROR,
                message=f"another spec has the name `{one.name}` already",
                span=one.layers.span(("name",)),
                help="give each spec of a project a name of its own",
                related=(Related(span=earlier.layers.span(("name",)), message="first here"),),
            )
            diagnostics = tuple(sorted([*one.diagnostics, clash], key=sort_key))
            one = replace(one, diagnostics=diagnostics, request=None, job=None)
        results.append(one)
    return results
