"""The compiler on one page: a file in, a checked request out.

    text ─source→ Document ─layers→ data ─spec→ Spec ─emit→ request ─read→ TuningJob ─rules→ verdict

A file in the API's own form starts at the request. Every problem becomes a Diagnostic with its
line. Nothing here calls AWS, runs code from a spec, or prints.
"""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any

from yaml.nodes import ScalarNode

from hptc.catalog.region_names import is_region
from hptc.compiler.checking import Draft, check_request, fail, located
from hptc.compiler.discovery import display_path, files_of
from hptc.compiler.filling import fill
from hptc.compiler.layers import Layers, merge_layers
from hptc.compiler.outcome import (
    AddedCode,
    CompiledRequest,
    CompiledSpec,
    Failed,
    Origin,
    Outcome,
    failed,
)
from hptc.compiler.parents import Parents, name_parents
from hptc.compiler.progress import Progress, tracked
from hptc.compiler.undefined_names import STAND_IN, UNDEFINED_NAME, with_errors, with_stand_ins
from hptc.compiler.unique_names import with_unique_names
from hptc.compiler.unique_stacks import with_unique_stacks
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Diagnostic, Finding, RequestPath, Severity, SpecPath
from hptc.errors import UsageError
from hptc.project.project_file import Environment, Project
from hptc.request import identity
from hptc.request.api_form import is_api_form
from hptc.request.conformance import conformance
from hptc.request.emission import emit, unwrapped
from hptc.source.construction import construct_data
from hptc.source.document import Document, parse_document
from hptc.source.text_files import UnreadableFileError
from hptc.spec.tuning_spec import Spec, parse_spec


def compile_paths(
    paths: list[str], workspace: Workspace, progress: Progress | None = None
) -> list[Outcome]:
    """Compile files and folders. An hptc.yaml, or its folder, means the specs of its project.

    Raises UsageError for a path that does not exist, a folder without specs, and a single file that
    can't be read. If there are several files, one that can't be read is Failed.
    """
    return compile_files(files_at(paths, workspace), workspace, progress)


def files_at(paths: list[str], workspace: Workspace) -> list[str]:
    """The files that paths name, each once. Raises UsageError as `compile_paths` does."""
    files: list[str] = []
    for given in paths:
        path = FilePath(given)
        if workspace.files.is_pipe(path):
            files.append(given)
            continue
        if not workspace.files.is_folder(path) and not workspace.files.is_file(path):
            raise UsageError(f"{given}: no such file or folder")
        files += [display_path(file) for file in files_of(path, workspace)]
    return list(dict.fromkeys(files))


def compile_files(
    files: list[str], workspace: Workspace, progress: Progress | None = None
) -> list[Outcome]:
    """Compile files, and check that their names and stacks are unique."""
    compile_one = compile_file if len(files) == 1 else compile_readable
    outcomes = with_unique_names(
        [compile_one(file, workspace) for file in tracked(files, progress)]
    )
    return with_unique_stacks(outcomes)


def compile_readable(path: str, workspace: Workspace) -> Outcome:
    """Compile a file. If it can't be read, it is Failed, so that other files still compile."""
    try:
        return compile_file(path, workspace)
    except UnreadableFileError as error:
        document = Document(path, "")
        layers = Layers.of(document)
        return Failed(document=document, layers=layers, diagnostics=(error.diagnostic,))


def compile_file(path: str, workspace: Workspace) -> Outcome:
    """Compile a file, once per run. Raises UsageError if it can't be read."""
    key = workspace.files.real(FilePath(path))
    if key not in workspace.compiled:
        in_project, faults = workspace.project_of(key.parent)
        workspace.compiling.append(key)
        try:
            outcome = compile_text(workspace.files.read(path), path, workspace, in_project)
        finally:
            workspace.compiling.pop()
        outcome.document.forget()
        if faults:
            outcome = failed(outcome, (*faults, *outcome.diagnostics))
        workspace.compiled[key] = outcome
    return workspace.compiled[key]


def compile_text(
    text: str, file: str, workspace: Workspace, in_project: Project | None = None
) -> Outcome:
    """Compile a file's text."""
    document, faults = parse_document(text, file)
    if faults:
        origin = Origin(document=document, layers=Layers.of(document), project=in_project)
        return fail(origin, tuple(faults))
    if is_request(document):
        return _compile_request(document, workspace, in_project)
    return _compile_spec(document, workspace, in_project)


def is_request(document: Document) -> bool:
    """Whether a file is in the API's own form, by its top-level keys."""
    return is_api_form(document.top_level_keys())


def _compile_spec(
    document: Document, workspace: Workspace, in_project: Project | None
) -> CompiledSpec | Failed:
    environment = workspace.environment_of(in_project) if in_project else None
    data, layers, faults = merge_layers(document, workspace.shared_by(in_project))
    origin = Origin(document=document, layers=layers, project=in_project, environment=environment)
    errors = [fault for fault in faults if fault.is_error]
    if not errors:
        return _compile_data(data, origin, faults, workspace, is_whole=True)
    if any(error.code != UNDEFINED_NAME for error in errors):
        return fail(origin, tuple(faults))
    rest = _compile_data(with_stand_ins(data), origin, [], workspace, is_whole=False)
    return fail(origin, with_errors(errors, rest.diagnostics), rest.suppressed, name=rest.name)


def _compile_data(
    data: Any,
    origin: Origin,
    faults: list[Diagnostic],
    workspace: Workspace,
    *,
    is_whole: bool,
) -> CompiledSpec | Failed:
    """Compile the data of a spec. `faults` are the warnings of reading it.

    Data with stand-ins for undefined names is not whole, so that the rules can't judge it.
    """
    document, environment = origin.document, origin.environment
    spec, findings = parse_spec(data)
    if spec is None:
        return fail(origin, *located(findings, faults, origin, {}, None))
    request = emit(spec)
    findings += _templated_name(document)
    unresolved = fill(request, spec, environment)
    code = _add_code(request, spec, origin, workspace)
    parents = name_parents(request, spec, origin, workspace, compile_file)
    digest = identity.digest(request)
    request["HyperParameterTuningJobName"] = spec.job_name or identity.job_name(spec.name, digest)
    conforming = conformance(request)
    draft = Draft(
        origin=origin,
        spec=spec,
        digest=digest,
        request=conforming.request,
        violations=conforming.violations,
        references=conforming.references if is_whole else conforming.references - {STAND_IN},
        warnings=faults,
        findings=[*findings, *unresolved, *code.findings, *parents.findings],
        parents=parents,
        codes=code.codes,
        is_certain=is_whole and not unresolved and _has_region(environment),
    )
    checked = check_request(draft, workspace)
    if isinstance(checked, Failed):
        return checked
    return CompiledSpec(
        document=document,
        layers=origin.layers,
        project=origin.project,
        environment=environment,
        spec=spec,
        request=draft.request,
        job=checked.job,
        digest=digest,
        diagnostics=checked.diagnostics,
        suppressed=checked.suppressed,
        latest=parents.latest,
        codes=code.codes,
    )


def _add_code(
    request: dict[str, Any], spec: Spec, origin: Origin, workspace: Workspace
) -> AddedCode:
    """Add the training code of the spec, which most specs don't have."""
    training_jobs = (spec.training_job, *(spec.training_jobs or {}).values())
    if all(each is None or each.source is None for each in training_jobs):
        return AddedCode()
    from hptc.compiler.code_packing import add_code

    return add_code(request, spec, origin, workspace)


def _compile_request(
    document: Document, workspace: Workspace, in_project: Project | None
) -> CompiledRequest | Failed:
    """Check a file in the API's own form. It needs no environment, so an ambiguous one warns."""
    is_unclear = in_project is not None and in_project.is_unclear(workspace.environment)
    environment = workspace.environment_of(in_project) if in_project and not is_unclear else None
    layers = Layers.of(document)
    origin = Origin(document=document, layers=layers, project=in_project, environment=environment)
    data, faults = construct_data(document)
    if faults or not isinstance(data, dict):
        return fail(origin, tuple(faults))
    request = unwrapped(data)
    digest = identity.digest(request)
    conforming = conformance(request)
    draft = Draft(
        origin=origin,
        spec=None,
        digest=digest,
        request=request,
        violations=conforming.violations,
        references=conforming.references,
        warnings=[],
        findings=_unapplied_policy(in_project, workspace) if in_project and is_unclear else [],
        parents=Parents(),
        is_certain=_has_region(environment),
    )
    checked = check_request(draft, workspace)
    if isinstance(checked, Failed):
        return checked
    return CompiledRequest(
        document=document,
        layers=layers,
        project=in_project,
        environment=environment,
        request=request,
        job=checked.job,
        digest=digest,
        diagnostics=checked.diagnostics,
        suppressed=checked.suppressed,
    )


def _has_region(environment: Environment | None) -> bool:
    """Whether the environment's Region exists. If not, hptc.yaml has the error."""
    return environment is None or is_region(environment.region)


def _templated_name(document: Document) -> list[Finding]:
    node = document.node_at(("name",))
    if not isinstance(node, ScalarNode) or "{{" not in node.value:
        return []
    return [
        Finding(
            code="HPT102",
            message="`name` can't contain a template",
            path=SpecPath(("name",)),
            help="write a literal name: other specs and stacks refer to it",
        )
    ]


def _unapplied_policy(in_project: Project, workspace: Workspace) -> list[Finding]:
    """A warning that the environments' policies were not applied because none was selected."""
    environments = in_project.file.environments
    is_wanted = any(rule.code.startswith("HPT8") for rule in workspace.rules)
    has_policy = in_project.file.policy.regions or any(
        environment.policy.model_fields_set for environment in environments.values()
    )
    if not (is_wanted and has_policy):
        return []
    return [
        Finding(
            code="HPT800",
            severity=Severity.WARNING,
            message=f"{in_project.document.file} has several environments and none was selected; "
            "only the policy for all of them was applied",
            path=RequestPath(),
            help=f"use --env {' or --env '.join(environments)}, or set `default_environment`",
        )
    ]
