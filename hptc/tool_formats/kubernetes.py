"""A tuning job as a Kubernetes resource, of AWS Controllers for Kubernetes or their predecessor.

https://aws-controllers-k8s.github.io/community/reference/sagemaker/v1alpha1/hyperparametertuningjob
https://docs.aws.amazon.com/sagemaker/latest/dg/kubernetes-sagemaker-jobs.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hptc.errors import UsageError
from hptc.text import code, listed_code
from hptc.tool_formats.imported_job import ImportedJob
from hptc.tool_formats.member_names import Conversion

_GROUPS = ("sagemaker.services.k8s.aws/", "sagemaker.aws.amazon.com/")
_KIND = "hyperparametertuningjob"
_NAME = "HyperParameterTuningJobName"
_REGION_ANNOTATION = "services.k8s.aws/region"


def is_kubernetes_resource(data: Mapping[str, Any]) -> bool:
    """Whether a file is a resource of Kubernetes, or a list of them."""
    return isinstance(data.get("apiVersion"), str) and isinstance(data.get("kind"), str)


def read_kubernetes_resource(data: Mapping[str, Any], selected: str | None) -> ImportedJob:
    """The tuning job of a resource, or of the one named `selected` in a `kind: List`."""
    resource = _selected(_resources(data), selected)
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


def _selected(resources: list[Mapping[str, Any]], selected: str | None) -> Mapping[str, Any]:
    names = [str(_mapping(resource.get("metadata")).get("name")) for resource in resources]
    if not resources:
        raise UsageError(
            "not a tuning job: a resource has the kind HyperParameterTuningJob and an apiVersion "
            f"that starts with {_GROUPS[0]}",
        )
    if selected is None and len(resources) == 1:
        return resources[0]
    if selected not in names:
        problem = "several tuning jobs" if selected is None else f"no tuning job {code(selected)}"
        raise UsageError(
            f"{problem} in this file", help=f"choose one with --resource: {listed_code(names)}"
        )
    return resources[names.index(selected)]


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
