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
    metadata = _mapping(resource.get("metadata"))
    conversion = Conversion()
    spec = dict(_mapping(resource.get("spec")))
    region = spec.pop("region", None) or _mapping(metadata.get("annotations")).get(
        _REGION_ANNOTATION
    )
    request = conversion.request(spec)
    request.setdefault(_NAME, metadata.get("name"))
    notes = []
    if region:
        notes.append(f"left out the Region {region}: an environment in hptc.yaml has it")
    return ImportedJob(
        request={key: value for key, value in request.items() if value is not None},
        form="a Kubernetes resource",
        notes=(*notes, *conversion.notes()),
    )


def _resources(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    items = data.get("items") if data["kind"] == "List" else [data]
    return [
        item
        for item in (items if isinstance(items, list) else ())
        if isinstance(item, Mapping)
        and str(item.get("kind")).lower() == _KIND
        and str(item.get("apiVersion")).startswith(_GROUPS)
    ]


def _name(resource: Mapping[str, Any]) -> str:
    return str(_mapping(resource.get("metadata")).get("name"))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
