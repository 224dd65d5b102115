"""The stages that draft a file, from its text to the request that it means, before the checks.

Each takes one file from one type of draft.py to the next. A file with errors is Failed, and skips
the stages after it; a file in the API's own form skips `emit`.
"""

from __future__ import annotations

from typing import Any

from yaml.nodes import ScalarNode

from hptc.catalog.region_names import is_region
from hptc.compiler.checking import fail, located
from hptc.compiler.draft import (
    AddedCode,
    Draft,
    Emitted,
    Identified,
    Merged,
    Parents,
    Parsed,
    Text,
)
from hptc.compiler.filling import fill
from hptc.compiler.layers import Layers, merge_layers
from hptc.compiler.outcome import Failed, FileRequest, Origin
from hptc.compiler.parents import CompileFile, name_parents
from hptc.compiler.undefined_names import STAND_IN, UNDEFINED_NAME, with_errors, with_stand_ins
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Finding, RequestPath, Severity, SpecPath
from hptc.project.project_file import Environment, Project
from hptc.request import emission, identity
from hptc.request.api_form import is_api_form
from hptc.request.conformance import conformance
from hptc.source.construction import construct_data
from hptc.source.document import Document, parse_document
from hptc.spec.tuning_spec import Spec, parse_spec


def parse(text: Text) -> Parsed | Failed:
    """Parse the text as YAML or JSON."""
    document, faults = parse_document(text.text, text.file)
    if faults:
        origin = Origin(document=document, layers=Layers.of(document), project=text.project)
        return fail(origin, tuple(faults))
    return Parsed(document=document, project=text.project)


def merge(parsed: Parsed, workspace: Workspace) -> Merged | Emitted | Failed:
    """Merge a spec with the layers of hptc.yaml. A file in the API's own form has none."""
    document, in_project = parsed.document, parsed.project
    if is_request(document):
        return _written_request(document, workspace, in_project)
    environment = workspace.environment_of(in_project) if in_project else None
    data, layers, faults = merge_layers(document, workspace.shared_by(in_project))
    origin = Origin(document=document, layers=layers, project=in_project, environment=environment)
    errors = [fault for fault in faults if fault.is_error]
    if not errors:
        return Merged(origin=origin, data=data, warnings=faults, undefined=[])
    if any(error.code != UNDEFINED_NAME for error in errors):
        return fail(origin, tuple(faults))
    return Merged(origin=origin, data=with_stand_ins(data), warnings=[], undefined=errors)


def emit(merged: Merged, workspace: Workspace) -> Emitted | Failed:
    """Validate the spec, and convert it to its request with the values of its environment."""
    origin, environment = merged.origin, merged.origin.environment
    spec, findings = parse_spec(merged.data)
    if spec is None:
        file = FileRequest(origin=origin, request={}, spec=None)
        diagnostics, suppressed = located(findings, merged.warnings, file)
        return fail(origin, with_errors(merged.undefined, diagnostics), suppressed)
    request = emission.emit(spec)
    findings += _templated_name(origin.document)
    unresolved = fill(request, spec, environment)
    code = _add_code(request, spec, origin, workspace)
    return Emitted(
        origin=origin,
        spec=spec,
        request=request,
        warnings=merged.warnings,
        undefined=merged.undefined,
        findings=[*findings, *unresolved, *code.findings],
        codes=code.codes,
        is_certain=not merged.undefined and not unresolved and _has_region(environment),
    )


def identify(emitted: Emitted, workspace: Workspace, compile_file: CompileFile) -> Identified:
    """Name the parents, then the tuning job itself. `compile_file` compiles parents."""
    spec, named = emitted.spec, emitted.request
    if spec is None:
        return Identified(emitted=emitted, parents=Parents(), digest=identity.digest(named))
    parents = name_parents(named, spec, emitted.origin, workspace, compile_file)
    digest = identity.digest(named)
    named["HyperParameterTuningJobName"] = spec.job_name or identity.job_name(spec.name, digest)
    return Identified(emitted=emitted, parents=parents, digest=digest)


def conform(identified: Identified) -> Draft:
    """Compare the request with the API's shape."""
    emitted, parents = identified.emitted, identified.parents
    conforming = conformance(emitted.request)
    is_spec = emitted.spec is not None
    return Draft(
        origin=emitted.origin,
        spec=emitted.spec,
        digest=identified.digest,
        request=conforming.request if is_spec else emitted.request,
        violations=conforming.violations,
        references=conforming.references - ({STAND_IN} if emitted.undefined else set()),
        warnings=emitted.warnings,
        undefined=emitted.undefined,
        findings=[*emitted.findings, *parents.findings],
        parents=parents,
        codes=emitted.codes,
        is_certain=emitted.is_certain,
    )


def is_request(document: Document) -> bool:
    """Whether a file is in the API's own form, by its top-level keys."""
    return is_api_form(document.top_level_keys())


def _add_code(
    request: dict[str, Any], spec: Spec, origin: Origin, workspace: Workspace
) -> AddedCode:
    """Add the training code of the spec, which most specs don't have."""
    training_jobs = (spec.training_job, *(spec.training_jobs or {}).values())
    if all(training_job is None or training_job.source is None for training_job in training_jobs):
        return AddedCode()
    from hptc.compiler.code_packing import add_code

    return add_code(request, spec, origin, workspace)


def _written_request(
    document: Document, workspace: Workspace, in_project: Project | None
) -> Emitted | Failed:
    """A file in the API's own form. It needs no environment, so an ambiguous one warns."""
    is_unclear = in_project is not None and in_project.is_unclear(workspace.environment)
    environment = workspace.environment_of(in_project) if in_project and not is_unclear else None
    layers = Layers.of(document)
    origin = Origin(document=document, layers=layers, project=in_project, environment=environment)
    data, faults = construct_data(document)
    if faults or not isinstance(data, dict):
        return fail(origin, tuple(faults))
    return Emitted(
        origin=origin,
        spec=None,
        request=emission.unwrapped(data),
        warnings=[],
        undefined=[],
        findings=_unapplied_policy(in_project, workspace) if in_project and is_unclear else [],
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
