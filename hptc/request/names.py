"""The table of names: every key of a spec and the API member that it becomes.

The API is CreateHyperParameterTuningJob
(https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateHyperParameterTuningJob.html).
Emission, import, the way back from a path in the request (spec_paths.py), the JSON Schema and
docs/names.md all read `TABLE`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Leaf(NamedTuple):
    """One value. `default` is the value of a key that the spec omits."""

    api: str
    default: str | None = None


class Group(NamedTuple):
    """A mapping and the structure it becomes; "" means the structure that contains it.

    An `api` that begins with "/" starts at the request's root. `turns_on` is a boolean member that
    is true if the group exists.
    """

    api: str
    members: Mapping[str, Node]
    turns_on: str | None = None


class Named(NamedTuple):
    """A mapping by name and the list of structures it becomes, each with its name as a member.

    `holder` is a structure that AWS requires in each, even an empty one.
    """

    api: str
    name: str
    members: Mapping[str, Node]
    holder: str | None = None


class Pairs(NamedTuple):
    """A mapping of strings and the list of two-member structures it becomes.

    A list of strings becomes several structures with the same name.
    """

    api: str
    name: str
    value: str


class Each(NamedTuple):
    """A list of mappings and the list of structures it becomes."""

    api: str
    members: Mapping[str, Node]


class Names(NamedTuple):
    """A list of strings and the list of one-member structures it becomes."""

    api: str
    name: str


class Hyperparameters(NamedTuple):
    """The map of static and tuned values. The API separates them, and ranges by their kind."""

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
    """One definition. In the API, a single definition's objective and ranges are elsewhere."""
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
