"""Recognizes the format of a file, and reads it as a request. Nothing in a file is run.

Each format has a reader in this package. For a file that can't be read, such as a program, the
error says what to run instead.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from hptc.errors import UsageError
from hptc.request.api_form import is_api_form
from hptc.request.emission import unwrapped
from hptc.request.shapes import input_shape
from hptc.source.construction import construct_data
from hptc.source.document import Document, parse_document
from hptc.tool_formats.airflow import is_airflow_config, read_airflow_config
from hptc.tool_formats.cli_pieces import member_of_piece, read_cli_pieces
from hptc.tool_formats.cloudformation_templates import (
    FUNCTION_OF_TAG,
    is_template,
    read_template,
)
from hptc.tool_formats.cloudtrail_events import is_cloudtrail, read_cloudtrail
from hptc.tool_formats.imported_job import ImportedJob
from hptc.tool_formats.kubernetes import is_kubernetes_resource, read_kubernetes_resource
from hptc.tool_formats.member_names import Conversion, member_named
from hptc.tool_formats.pipeline_steps import is_pipeline_definition, read_pipeline_definition
from hptc.tool_formats.placeholders import with_open_placeholders
from hptc.tool_formats.programs import (
    refuse_other_data,
    refuse_program,
    refuse_program_data,
)
from hptc.tool_formats.state_machine import (
    has_state_expressions,
    is_state_machine,
    read_parameters,
    read_state_machine,
)
from hptc.tool_formats.terraform import is_terraform, read_terraform

_NAME = "HyperParameterTuningJobName"
_STATUS = "hyperparametertuningjobstatus"
_FORMS = (
    "a CreateHyperParameterTuningJob request, a Describe response, the files of an AWS CLI "
    "command, a Step Functions state machine, a SageMaker pipeline's definition, a CloudFormation "
    "template, a CloudTrail event, an Airflow configuration, a Kubernetes resource or "
    "the output of `terraform show -json`"
)
_MAX_DOCUMENTS = 100
"""Of a YAML file with several resources of Kubernetes."""


def read_job(files: Sequence[tuple[str, str]], *, selected: str | None = None) -> ImportedJob:
    """The tuning job in files, given as their texts and names.

    `selected` is the state, resource or address to read if there are several. Raises UsageError.
    """
    contents = [(name, read_data(text, name)) for text, name in files]
    if len(contents) > 1:
        job = read_cli_pieces(contents)
    else:
        ((name, data),) = contents
        job = _read(data, name, selected)
    return _without_open_name(with_open_placeholders(job))


def read_data(text: str, file: str) -> object:
    """The plain data of JSON or YAML text. Raises UsageError for anything else."""
    refuse_program(text, file)
    document, diagnostics = parse_document(text, file)
    data = None
    if not diagnostics:
        data, diagnostics = construct_data(document, key_of_tag=_key_of_tag(document))
    if diagnostics and (several := _kubernetes_documents(text, file)):
        return {"apiVersion": "v1", "kind": "List", "items": several}
    if diagnostics:
        first = diagnostics[0]
        raise UsageError(
            f"{file}:{first.span.line}:{first.span.column}: {first.message}", help=first.help
        )
    refuse_program_data(data, file)
    return unwrapped(data)


def _key_of_tag(document: Document) -> Mapping[str, str]:
    """The tags that a file can have: those of CloudFormation in a template, otherwise none."""
    return FUNCTION_OF_TAG if "Resources" in document.top_level_keys() else {}


def _kubernetes_documents(text: str, file: str) -> list[Mapping[str, Any]]:
    """The resources in a file with several; empty if it is not such a file."""
    parts = re.split(r"(?m)^---[ \t]*(?:#.*)?$", text, maxsplit=_MAX_DOCUMENTS)
    if len(parts) == 1 or len(parts) > _MAX_DOCUMENTS:
        return []
    resources: list[Mapping[str, Any]] = []
    for part in parts:
        document, diagnostics = parse_document(part, file)
        data = None
        if not diagnostics:
            data, diagnostics = construct_data(document)
        data = unwrapped(data)
        if data is None and not diagnostics:
            continue  # only comments
        if diagnostics or not isinstance(data, Mapping) or not is_kubernetes_resource(data):
            return []
        resources.append(data)
    return resources


def _read(data: object, file: str, selected: str | None) -> ImportedJob:
    if isinstance(data, Mapping):
        if is_state_machine(data):
            return read_state_machine(data, selected)
        if is_kubernetes_resource(data):
            return read_kubernetes_resource(data, selected)
        if is_terraform(data):
            return read_terraform(data, selected)
        if is_pipeline_definition(data):
            return read_pipeline_definition(data, selected)
        if is_cloudtrail(data):
            return read_cloudtrail(data, selected)
        if is_template(data):
            return read_template(data, selected)
    if selected is not None:
        raise UsageError(
            f"{file}: --state and --resource are for files with several tuning jobs",
            help="leave the option out",
        )
    if isinstance(data, Mapping):
        if _is_request(data):
            if has_state_expressions(data):
                return read_parameters(data, "the Parameters of a state machine's state")
            if is_airflow_config(data):
                return read_airflow_config(data)
            return ImportedJob(request=dict(data), form="")
        if _has_other_names(data):
            return _read_other_names(data)
        refuse_other_data(data, file)
    member = member_of_piece(data)
    if member is not None:
        return read_cli_pieces([(file, data)])
    raise UsageError(
        f"{file}: not a CreateHyperParameterTuningJob request or Describe response",
        help=f"hptc import reads {_FORMS}",
    )


def _is_request(data: Mapping[str, Any]) -> bool:
    return is_api_form([key.removesuffix(".$") for key in data])


def _has_other_names(data: Collection[str]) -> bool:
    """Whether most keys are members in the style of another language, such as `tags`, `Tags`.

    The settings of the tuning job have to be among them: a spec has `tags` and `autotune` too.
    """
    members = [member_named(key, input_shape()) for key in data]
    return "HyperParameterTuningJobConfig" in members and "config" not in data


def _read_other_names(data: Mapping[str, Any]) -> ImportedJob:
    """A request as the SDKs of other languages and sagemaker-core write it."""
    conversion = Conversion()
    request = conversion.request(data)
    if any(key.replace("_", "").lower() == _STATUS for key in data):
        request["HyperParameterTuningJobStatus"] = "Completed"
        return ImportedJob(request=request, form="a described tuning job")
    return ImportedJob(request=request, form="a request", notes=conversion.notes())


def _without_open_name(job: ImportedJob) -> ImportedJob:
    """The job without a name that isn't known: hptc names the job by its content."""
    open_name = next((member for member in job.open_members if member.path == (_NAME,)), None)
    if open_name is None:
        return job
    note = (
        f"left out the tuning job's name, which is {open_name.expression}: hptc names a tuning job "
        "after its spec and content"
    )
    return ImportedJob(
        request={key: value for key, value in job.request.items() if key != _NAME},
        form=job.form,
        notes=(note, *job.notes),
        open_members=tuple(member for member in job.open_members if member is not open_name),
    )
