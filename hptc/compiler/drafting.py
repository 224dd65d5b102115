"""Drafts a file's text: the request that it means, before the checks.

    text ─source→ Document ─layers→ data ─spec→ Spec ─emit→ request ─fill→ Draft

A file in the API's own form starts at the request.
"""

from __future__ import annotations

from typing import Any

from yaml.nodes import ScalarNode

from hptc.catalog.region_names import is_region
from hptc.compiler.checking import check_requests, fail, located
from hptc.compiler.draft import AddedCode, Draft, Parents
from hptc.compiler.filling import fill
from hptc.compiler.layers import Layers, merge_layers
from hptc.compiler.outcome import Failed, Origin
from hptc.compiler.parents import CompileFile, name_parents
from hptc.compiler.undefined_names import STAND_IN, UNDEFINED_NAME, with_errors, with_stand_ins
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Diagnostic, Finding, RequestPath, Severity, SpecPath
from hptc.project.project_file import Environment, Project
from hptc.request import identity
from hptc.request.api_form import is_api_form
from hptc.request.conformance import conformance
from hptc.request.emission import emit, unwrapped
from hptc.source.construction import construct_data
from hptc.source.document import Document, parse_document
from hptc.spec.tuning_spec import Spec, parse_spec


def draft_text(
    text: str,
    file: str,
    workspace: Workspace,
    in_project: Project | None,
    compile_file: CompileFile,
) -> Draft | Failed:
    """Draft a file's text. Parents of a warm start are compiled by `compile_file`."""
    document, faults = parse_document(text, file)
    if faults:
        origin = Origin(document=document, layers=Layers.of(document), project=in_project)
        return fail(origin, tuple(faults))
    if is_request(document):
        return _draft_request(document, workspace, in_project)
    return _draft_spec(document, workspace, in_project, compile_file)


def is_request(document: Document) -> bool:
    """Whether a file is in the API's own form, by its top-level keys."""
    return is_api_form(document.top_level_keys())


def _draft_spec(
    document: Document,
    workspace: Workspace,
    in_project: Project | None,
    compile_file: CompileFile,
) -> Draft | Failed:
    environment = workspace.environment_of(in_project) if in_project else None
    data, layers, faults = merge_layers(document, workspace.shared_by(in_project))
    origin = Origin(document=document, layers=layers, project=in_project, environment=environment)
    errors = [fault for fault in faults if fault.is_error]
    if not errors:
        return _draft_data(data, origin, faults, workspace, compile_file, is_whole=True)
    if any(error.code != UNDEFINED_NAME for error in errors):
        return fail(origin, tuple(faults))
    rest = _draft_data(with_stand_ins(data), origin, [], workspace, compile_file, is_whole=False)
    found = rest if isinstance(rest, Failed) else check_requests([rest], workspace)[0]
    return fail(origin, with_errors(errors, found.diagnostics), found.suppressed, name=rest.name)


def _draft_data(
    data: Any,
    origin: Origin,
    faults: list[Diagnostic],
    workspace: Workspace,
    compile_file: CompileFile,
    *,
    is_whole: bool,
) -> Draft | Failed:
    """Draft the data of a spec. `faults` are the warnings of reading it.

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
    return Draft(
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


def _add_code(
    request: dict[str, Any], spec: Spec, origin: Origin, workspace: Workspace
) -> AddedCode:
    """Add the training code of the spec, which most specs don't have."""
    training_jobs = (spec.training_job, *(spec.training_jobs or {}).values())
    if all(each is None or each.source is None for each in training_jobs):
        return AddedCode()
    from hptc.compiler.code_packing import add_code

    return add_code(request, spec, origin, workspace)


def _draft_request(
    document: Document, workspace: Workspace, in_project: Project | None
) -> Draft | Failed:
    """Draft a file in the API's own form. It needs no environment, so an ambiguous one warns."""
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
    return Draft(
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
