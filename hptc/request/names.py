"""The one table of names: every key of a spec and the API's member that it becomes.

The API is CreateHyperParameterTuningJob
(https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateHyperParameterTuningJob.html).
Emission (request.py), import (importing.py), the way from a request's path back to the spec's, the
JSON Schema and the docs page all read `TABLE`. It holds names only, no behaviour.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hptc.diagnostics import Path, RequestPath, SpecPath


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value. `default` is what the spec language says when the author says nothing."""

    api: str
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """A mapping and the structure it becomes; "" means the structure that holds it.

    An `api` that begins with "/" starts from the request's root. `turns_on` names a boolean that
    the group's presence sets.
    """

    api: str
    members: Mapping[str, Node]
    turns_on: str | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """A mapping by name and the list of structures it becomes, each holding its name.

    `holder` is a structure that AWS requires in each, even when nothing stands in it.
    """

    api: str
    name: str
    members: Mapping[str, Node]
    holder: str | None = None


@dataclass(frozen=True, slots=True)
class Pairs:
    """A mapping of texts and the list of two-member structures it becomes.

    A list of texts instead of one makes a structure for each, all of the same name.
    """

    api: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Each:
    """A list of mappings and the list of structures it becomes."""

    api: str
    members: Mapping[str, Node]


@dataclass(frozen=True, slots=True)
class Names:
    """A list of texts and the list of one-member structures it becomes."""

    api: str
    name: str


@dataclass(frozen=True, slots=True)
class Hyperparameters:
    """The one map of static and tuned values; the API keeps them apart, the ranges by kind."""

    static: str
    ranges: str


Node = Leaf | Group | Named | Pairs | Each | Names | Hyperparameters

RANGE_LISTS = {
    "Integer": "IntegerParameterRanges",
    "Continuous": "ContinuousParameterRanges",
    "Categorical": "CategoricalParameterRanges",
    "Auto": "AutoParameters",
}
RANGE_MEMBERS = {
    "min": "MinValue",
    "max": "MaxValue",
    "scaling": "ScalingType",
    "values": "Values",
    "value_hint": "ValueHint",
}

_OBJECTIVE = {"metric_name": Leaf("MetricName"), "type": Leaf("Type")}

_INSTANCES = {
    "instance_type": Leaf("InstanceType"),
    "instance_count": Leaf("InstanceCount"),
    "volume_size_in_gb": Leaf("VolumeSizeInGB"),
}

_INPUT: dict[str, Node] = {
    "s3": Group(
        "DataSource.S3DataSource",
        {
            "s3_uri": Leaf("S3Uri"),
            "s3_data_type": Leaf("S3DataType", default="S3Prefix"),
            "s3_data_distribution_type": Leaf("S3DataDistributionType"),
            "attribute_names": Leaf("AttributeNames"),
            "instance_group_names": Leaf("InstanceGroupNames"),
            "model_access": Group("ModelAccessConfig", {"accept_eula": Leaf("AcceptEula")}),
            "hub_access": Group("HubAccessConfig", {"hub_content_arn": Leaf("HubContentArn")}),
        },
    ),
    "file_system": Group(
        "DataSource.FileSystemDataSource",
        {
            "file_system_id": Leaf("FileSystemId"),
            "file_system_type": Leaf("FileSystemType"),
            "file_system_access_mode": Leaf("FileSystemAccessMode"),
            "directory_path": Leaf("DirectoryPath"),
        },
    ),
    "dataset": Group("DataSource.DatasetSource", {"dataset_arn": Leaf("DatasetArn")}),
    "content_type": Leaf("ContentType"),
    "compression_type": Leaf("CompressionType"),
    "record_wrapper_type": Leaf("RecordWrapperType"),
    "input_mode": Leaf("InputMode"),
    "shuffle": Group("ShuffleConfig", {"seed": Leaf("Seed")}),
}

_RESOURCES: dict[str, Node] = {
    **_INSTANCES,
    "volume_kms_key_id": Leaf("VolumeKmsKeyId"),
    "keep_alive_period": Leaf("KeepAlivePeriodInSeconds"),
    "instance_groups": Named(
        "InstanceGroups",
        "InstanceGroupName",
        {"instance_type": Leaf("InstanceType"), "instance_count": Leaf("InstanceCount")},
    ),
    "instance_preferences": Each(
        "InstancePreferences",
        {
            "instance_type": Leaf("InstanceType"),
            "instance_count": Leaf("InstanceCount"),
            "training_plan_arns": Leaf("TrainingPlanArns"),
        },
    ),
    "selected_instance_type": Leaf("SelectedInstanceType"),
    "selected_instance_count": Leaf("SelectedInstanceCount"),
    "training_plan_arn": Leaf("TrainingPlanArn"),
    "instance_placement": Group(
        "InstancePlacementConfig",
        {
            "enable_multiple_jobs": Leaf("EnableMultipleJobs"),
            "placement_specifications": Each(
                "PlacementSpecifications",
                {"ultra_server_id": Leaf("UltraServerId"), "instance_count": Leaf("InstanceCount")},
            ),
        },
    ),
}

_TUNING_RESOURCES: dict[str, Node] = {
    **_INSTANCES,
    "volume_kms_key_id": Leaf("VolumeKmsKeyId"),
    "allocation_strategy": Leaf("AllocationStrategy"),
    "instance_configs": Each("InstanceConfigs", _INSTANCES),
}


def _training_job(objective: str, ranges: str) -> dict[str, Node]:
    """One definition; the objective and the ranges stand elsewhere for a single one."""
    return {
        "definition_name": Leaf("DefinitionName"),
        "objective": Group(objective, _OBJECTIVE),
        "hyperparameters": Hyperparameters("StaticHyperParameters", ranges),
        "algorithm": Group(
            "AlgorithmSpecification",
            {
                "training_image": Leaf("TrainingImage"),
                "algorithm_name": Leaf("AlgorithmName"),
                "input_mode": Leaf("TrainingInputMode", default="File"),
                "metric_definitions": Pairs("MetricDefinitions", "Name", "Regex"),
            },
        ),
        "role_arn": Leaf("RoleArn"),
        "inputs": Named("InputDataConfig", "ChannelName", _INPUT, holder="DataSource"),
        "vpc": Group(
            "VpcConfig",
            {"security_group_ids": Leaf("SecurityGroupIds"), "subnets": Leaf("Subnets")},
        ),
        "output": Group(
            "OutputDataConfig",
            {
                "s3_output_path": Leaf("S3OutputPath"),
                "kms_key_id": Leaf("KmsKeyId"),
                "compression_type": Leaf("CompressionType"),
            },
        ),
        "resources": Group("ResourceConfig", _RESOURCES),
        "tuning_resources": Group("HyperParameterTuningResourceConfig", _TUNING_RESOURCES),
        "stopping": Group(
            "StoppingCondition",
            {
                "max_runtime": Leaf("MaxRuntimeInSeconds"),
                "max_wait_time": Leaf("MaxWaitTimeInSeconds"),
                "max_pending_time": Leaf("MaxPendingTimeInSeconds"),
            },
        ),
        "spot": Group(
            "",
            {"max_wait_time": Leaf("StoppingCondition.MaxWaitTimeInSeconds")},
            turns_on="EnableManagedSpotTraining",
        ),
        "enable_network_isolation": Leaf("EnableNetworkIsolation"),
        "enable_inter_container_traffic_encryption": Leaf("EnableInterContainerTrafficEncryption"),
        "enable_managed_spot_training": Leaf("EnableManagedSpotTraining"),
        "checkpoint": Group(
            "CheckpointConfig", {"s3_uri": Leaf("S3Uri"), "local_path": Leaf("LocalPath")}
        ),
        "retry": Group("RetryStrategy", {"maximum_retry_attempts": Leaf("MaximumRetryAttempts")}),
        "environment": Leaf("Environment"),
    }


_CONFIG = "HyperParameterTuningJobConfig"

TABLE: Mapping[str, Node] = {
    "job_name": Leaf("HyperParameterTuningJobName"),
    "strategy": Leaf(f"{_CONFIG}.Strategy"),
    "hyperband": Group(
        f"{_CONFIG}.StrategyConfig.HyperbandStrategyConfig",
        {"min_resource": Leaf("MinResource"), "max_resource": Leaf("MaxResource")},
    ),
    "limits": Group(
        f"{_CONFIG}.ResourceLimits",
        {
            "max_number_of_training_jobs": Leaf("MaxNumberOfTrainingJobs"),
            "max_parallel_training_jobs": Leaf("MaxParallelTrainingJobs"),
            "max_runtime": Leaf("MaxRuntimeInSeconds"),
        },
    ),
    "early_stopping": Leaf(f"{_CONFIG}.TrainingJobEarlyStoppingType"),
    "completion": Group(
        f"{_CONFIG}.TuningJobCompletionCriteria",
        {
            "target_objective_metric_value": Leaf("TargetObjectiveMetricValue"),
            "best_objective_not_improving": Group(
                "BestObjectiveNotImproving",
                {
                    "max_number_of_training_jobs_not_improving": Leaf(
                        "MaxNumberOfTrainingJobsNotImproving"
                    )
                },
            ),
            "convergence_detected": Group(
                "ConvergenceDetected", {"complete_on_convergence": Leaf("CompleteOnConvergence")}
            ),
        },
    ),
    "random_seed": Leaf(f"{_CONFIG}.RandomSeed"),
    "training_job": Group(
        "TrainingJobDefinition",
        _training_job(
            f"/{_CONFIG}.HyperParameterTuningJobObjective", f"/{_CONFIG}.ParameterRanges"
        ),
    ),
    "training_jobs": Named(
        "TrainingJobDefinitions",
        "DefinitionName",
        _training_job("TuningObjective", "HyperParameterRanges"),
    ),
    "warm_start": Group(
        "WarmStartConfig",
        {
            "type": Leaf("WarmStartType"),
            "parents": Names("ParentHyperParameterTuningJobs", "HyperParameterTuningJobName"),
        },
    ),
    "tags": Pairs("Tags", "Key", "Value"),
    "autotune": Leaf("Autotune.Mode"),
}


def spec_path(path: RequestPath, request: Mapping[str, Any]) -> SpecPath:
    """Where the value at a request's path stands in the spec, as near as the spec has a place."""
    return spec_paths(path, request)[0]


def spec_paths(path: RequestPath, request: Mapping[str, Any]) -> list[SpecPath]:
    """The same, with every spelling that the spec language has for it, at least one."""
    candidates = list(_candidates(TABLE, path, request, (), ()))
    longest = max((length for length, _ in candidates), default=0)
    nearest = [SpecPath(found) for length, found in candidates if length == longest > 0]
    return nearest or [SpecPath()]


def _candidates(
    members: Mapping[str, Node], path: Path, request: Any, base: Path, spec: Path
) -> Iterator[tuple[int, Path]]:
    for key, node in members.items():
        here = (*spec, key)
        if isinstance(node, Hyperparameters):
            yield from _hyperparameter_candidates(node, path, request, base, here)
            continue
        at = _api_path(base, node.api)
        if at[: len(path)] == path and len(at) > len(path):
            continue  # the path names something above this node
        inside = path[: len(at)] == at
        if inside:
            yield len(at), here
        rest = path[len(at) :] if inside else ()
        match node:
            case Group(_, inner, turns_on):
                if turns_on is not None and path == _api_path(base, turns_on):
                    yield len(path), here
                yield from _candidates(inner, path, request, at, here)
            case Leaf() if rest:
                yield len(path), (*here, *rest)
            case Each(_, inner) if rest:
                index = rest[0]
                yield len(at) + 1, (*here, index)
                yield from _candidates(inner, path, request, (*at, index), (*here, index))
            case Named(_, name, inner, _) if rest:
                entry = _value_at(request, (*at, rest[0]))
                label = entry.get(name) if isinstance(entry, Mapping) else None
                if isinstance(label, str):
                    yield len(at) + 1, (*here, label)
                    yield from _candidates(inner, path, request, (*at, rest[0]), (*here, label))
            case Pairs(_, name, _) | Names(_, name) if rest:
                entry = _value_at(request, (*at, rest[0]))
                label = entry.get(name) if isinstance(entry, Mapping) else None
                if isinstance(node, Names):
                    yield len(path), (*here, rest[0])
                elif isinstance(label, str):
                    yield len(path), (*here, label)


def _hyperparameter_candidates(
    node: Hyperparameters, path: Path, request: Any, base: Path, spec: Path
) -> Iterator[tuple[int, Path]]:
    static = _api_path(base, node.static)
    if path[: len(static)] == static:
        yield len(path), (*spec, *path[len(static) :])
    ranges = _api_path(base, node.ranges)
    if path[: len(ranges)] != ranges:
        return
    yield len(ranges), spec
    rest = path[len(ranges) :]
    if len(rest) < 2:
        return
    entry = _value_at(request, path[: len(ranges) + 2])
    if not isinstance(entry, Mapping) or not isinstance(entry.get("Name"), str):
        return
    keys = {api: key for key, api in RANGE_MEMBERS.items()}
    member = (keys[rest[2]], *rest[3:]) if len(rest) > 2 and rest[2] in keys else ()
    yield len(path), (*spec, entry["Name"], *member)


def _api_path(base: Path, api: str) -> Path:
    if api.startswith("/"):
        base, api = (), api[1:]
    return (*base, *api.split(".")) if api else base


def _value_at(value: Any, path: Path) -> Any:
    for part in path:
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value
