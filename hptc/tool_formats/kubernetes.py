"""A tuning job as a Kubernetes resource, of AWS Controllers for Kubernetes or their predecessor.

https://aws-controllers-k8s.github.io/community/reference/sagemaker/v1alpha1/hyperparametertuningjob
https://docs.aws.amazon.com/sagemaker/latest/dg/kubernetes-sagemaker-jobs.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hptc.tool_formats.imported_job import ImportedJob
from hptc.tool_formats.member_names import Conversion
from hptc.tool_formats.selection import Selection
from hptc.tool_formats.untyped_values import as_list, as_mapping, member_at

_GROUPS = ("sagemaker.services.k8s.aws/", "sagemaker.aws.amazon.com/")
_KIND = "hyperparametertuningjob"
_NAME = "HyperParameterTuningJobName"
_REGION_ANNOTATION = "services.k8s.aws/region"
_SELECTION = Selection(
    noun="resource",
    option="--resource",
    none="not a tuning job: a resource has the kind HyperParameterTuningJob and an apiVersion that "
    f"starts with {_GROUPS[0]}",
    help="write the spec of a Katib experiment by hand, as docs/coming-from.md shows",
)


def is_kubernetes_resource(data: Mapping[str, Any]) -> bool:
    """Whether a file is a resource of Kubernetes, or a list of them."""
    return isinstance(data.get("apiVersion"), str) and isinstance(data.get("kind"), str)


def read_kubernetes_resource(data: Mapping[str, Any], selected: str | None) -> ImportedJob:
    """The tuning job of a resource, or of the one named `selected` in a `kind: List`."""
    resources = [(_name(resource), resource) for resource in _resources(data)]
    resource = _SELECTION.select(resources, selected)
    conversion = Conversion()
    spec = dict(as_mapping(resource.get("spec")))
    annotation = member_at(resource, "metadata", "annotations", _REGION_ANNOTATION)
    region = spec.pop("region", None) or annotation
    request = conversion.request(spec)
    request.setdefault(_NAME, member_at(resource, "metadata", "name"))
    notes = []
    if region:
        notes.append(f"left out the Region {region}: an environment in hptc.yaml has it")
    return ImportedJob(
        request={key: value for key, value in request.items() if value is not None},
        form="a Kubernetes resource",
        notes=(*notes, *conversion.notes()),
    )


def _resources(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    resources = data.get("items") if data["kind"] == "List" else [data]
    return [
        resource
        for resource in as_list(resources)
        if isinstance(resource, Mapping)
        and str(resource.get("kind")).lower() == _KIND
        and str(resource.get("apiVersion")).startswith(_GROUPS)
    ]


def _name(resource: Mapping[str, Any]) -> str:
    return str(member_at(resource, "metadata", "name"))
