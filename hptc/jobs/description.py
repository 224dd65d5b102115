"""Compares a request with the description of a tuning job that hptc didn't tag."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from hptc.request import identity
from hptc.request.emission import Request

_COMPARED = (
    *("HyperParameterTuningJobConfig", "TrainingJobDefinition", "TrainingJobDefinitions"),
    *("WarmStartConfig", "Autotune"),
)
_REPEATED = "ObjectiveMetric"
_RESOURCES = ("InstanceType", "InstanceCount", "VolumeSizeInGB", "VolumeKmsKeyId")


def is_described_by(request: Request, description: Mapping[str, Any]) -> bool:
    """Whether a tuning job was created from a request, ignoring tags."""
    ours, theirs = comparable(request, description)
    return identity.canonical(ours) == identity.canonical(theirs)


def comparable(
    request: Request, description: Mapping[str, Any], *, tags: bool = False
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A request and a description without what the service adds to one. Tags only if wanted."""
    members = (*_COMPARED, "Tags") if tags else _COMPARED
    ours = {member: deepcopy(request.get(member)) for member in members}
    theirs = {member: deepcopy(description.get(member)) for member in members}
    our_definitions, their_definitions = _definitions(ours), _definitions(theirs)
    if len(our_definitions) == len(their_definitions):
        for sent, described in zip(our_definitions, their_definitions, strict=True):
            _remove_additions(sent, described)
    return ours, theirs


def _definitions(members: Mapping[str, Any]) -> list[dict[str, Any]]:
    several = members["TrainingJobDefinitions"] or []
    single = members["TrainingJobDefinition"]
    return [
        *([single] if single else []),
        *sorted(several, key=lambda d: d.get("DefinitionName", "")),
    ]


def _remove_additions(sent: dict[str, Any], described: dict[str, Any]) -> None:
    """Remove what the service adds to a definition, in place.

    For built-in algorithms it adds metric definitions. It adds static hyperparameters whose names
    start with `_`, and repeats the objective's definition under the name ObjectiveMetric:
    https://github.com/aws-controllers-k8s/sagemaker-controller/blob/main/pkg/resource/hyper_parameter_tuning_job/testdata/sdkapi/describe/success_completed_describe.json
    It describes a single instance type as a ResourceConfig, and adds the instances that
    it selected.
    """
    for member in ("SelectedInstanceType", "SelectedInstanceCount"):
        described.get("ResourceConfig", {}).pop(member, None)
    algorithm, own = described.get("AlgorithmSpecification", {}), sent.get("AlgorithmSpecification")
    metrics = (own or {}).get("MetricDefinitions")
    if metrics is None:
        algorithm.pop("MetricDefinitions", None)
    elif _REPEATED not in (metric.get("Name") for metric in metrics):
        kept = [
            metric_definition
            for metric_definition in algorithm.get("MetricDefinitions", [])
            if metric_definition["Name"] != _REPEATED
        ]
        algorithm["MetricDefinitions"] = kept
    static = described.get("StaticHyperParameters") or {}
    for name in [name for name in static if name.startswith("_")]:
        if name not in sent.get("StaticHyperParameters", {}):
            del static[name]
    for definition in (sent, described):
        flexible = definition.get("HyperParameterTuningResourceConfig") or {}
        configs = flexible.get("InstanceConfigs") or []
        if flexible and len(configs) <= 1:
            del definition["HyperParameterTuningResourceConfig"]
            definition["ResourceConfig"] = {
                **{k: v for k, v in flexible.items() if k in _RESOURCES},
                **(configs[0] if configs else {}),
            }
