"""Converts a request that conforms to the API's shape to a `TuningJob`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hptc.diagnostics import RequestPath
from hptc.request.names import RANGE_LISTS
from hptc.request.tuning_job import (
    AutoRange,
    CategoricalRange,
    Channel,
    DatasetSource,
    Definition,
    FileSystemSource,
    Instances,
    Metric,
    NumericRange,
    Objective,
    Range,
    Resources,
    S3Source,
    TuningJob,
    Vpc,
    WarmStart,
)


def read_job(request: Mapping[str, Any]) -> TuningJob:
    """Read a request. Raises KeyError if it does not conform (see conformance.py)."""
    config = request["HyperParameterTuningJobConfig"]
    limits = config["ResourceLimits"]
    hyperband = config.get("StrategyConfig", {}).get("HyperbandStrategyConfig", {})
    completion = config.get("TuningJobCompletionCriteria", {})
    return TuningJob(
        name=request["HyperParameterTuningJobName"],
        strategy=config["Strategy"],
        hyperband_min_resource=hyperband.get("MinResource"),
        hyperband_max_resource=hyperband.get("MaxResource"),
        max_number_of_training_jobs=limits.get("MaxNumberOfTrainingJobs"),
        max_parallel_training_jobs=limits["MaxParallelTrainingJobs"],
        max_runtime_seconds=limits.get("MaxRuntimeInSeconds"),
        early_stopping=config.get("TrainingJobEarlyStoppingType", "Off"),
        target_value=completion.get("TargetObjectiveMetricValue"),
        max_jobs_not_improving=completion.get("BestObjectiveNotImproving", {}).get(
            "MaxNumberOfTrainingJobsNotImproving"
        ),
        completes_on_convergence=completion.get("ConvergenceDetected", {}).get(
            "CompleteOnConvergence"
        )
        == "Enabled",
        random_seed=config.get("RandomSeed"),
        is_autotuned=request.get("Autotune", {}).get("Mode") == "Enabled",
        definitions=tuple(_definitions(request)),
        is_multiple=request.get("TrainingJobDefinition") is None,
        warm_start=_warm_start(request.get("WarmStartConfig")),
        tags={tag["Key"]: tag["Value"] for tag in request.get("Tags", ())},
    )


def _definitions(request: Mapping[str, Any]) -> Iterator[Definition]:
    """The only definition, whose objective and ranges are in the configuration, or all of several.

    A request that has both, which HPT111 reports, has all of them.
    """
    single = request.get("TrainingJobDefinition")
    if single is not None:
        config = request["HyperParameterTuningJobConfig"]
        at = RequestPath(("HyperParameterTuningJobConfig",))
        member = "HyperParameterTuningJobObjective"
        yield _definition(
            single,
            path=RequestPath(("TrainingJobDefinition",)),
            objective=_objective(config.get(member), at / member),
            ranges=config.get("ParameterRanges") or {},
            ranges_path=at / "ParameterRanges",
        )
    for index, raw in enumerate(request.get("TrainingJobDefinitions") or ()):
        path = RequestPath(("TrainingJobDefinitions", index))
        yield _definition(
            raw,
            path=path,
            objective=_objective(raw.get("TuningObjective"), path / "TuningObjective"),
            ranges=raw.get("HyperParameterRanges") or {},
            ranges_path=path / "HyperParameterRanges",
        )


def _warm_start(raw: Mapping[str, Any] | None) -> WarmStart | None:
    if raw is None:
        return None
    return WarmStart(
        type=raw["WarmStartType"],
        parents=tuple(
            parent.get("HyperParameterTuningJobName", "")
            for parent in raw["ParentHyperParameterTuningJobs"]
        ),
        path=RequestPath(("WarmStartConfig",)),
    )


def _objective(raw: Mapping[str, Any] | None, path: RequestPath) -> Objective | None:
    if raw is None:
        return None
    return Objective(metric_name=raw["MetricName"], type=raw["Type"], path=path)


def _definition(
    raw: Mapping[str, Any],
    *,
    path: RequestPath,
    objective: Objective | None,
    ranges: Mapping[str, Any],
    ranges_path: RequestPath,
) -> Definition:
    algorithm = raw["AlgorithmSpecification"]
    output = raw["OutputDataConfig"]
    stopping = raw["StoppingCondition"]
    checkpoint = raw.get("CheckpointConfig", {})
    mode = algorithm["TrainingInputMode"]
    return Definition(
        path=path,
        ranges_path=ranges_path,
        name=raw.get("DefinitionName"),
        objective=objective,
        ranges=tuple(_ranges(ranges, ranges_path)),
        static=raw.get("StaticHyperParameters", {}),
        training_image=algorithm.get("TrainingImage"),
        algorithm_name=algorithm.get("AlgorithmName"),
        input_mode=mode,
        metrics=_metrics(algorithm, path / "AlgorithmSpecification"),
        role_arn=raw["RoleArn"],
        channels=tuple(
            _channel(channel, mode, path / "InputDataConfig" / index)
            for index, channel in enumerate(raw.get("InputDataConfig", ()))
        ),
        vpc=_vpc(raw.get("VpcConfig"), path / "VpcConfig"),
        output_path=output["S3OutputPath"],
        output_kms_key_id=output.get("KmsKeyId") or None,
        output_compression=output.get("CompressionType"),
        resources=tuple(
            _resources(raw[member], path / member)
            for member in ("ResourceConfig", "HyperParameterTuningResourceConfig")
            if member in raw
        ),
        max_runtime_seconds=stopping.get("MaxRuntimeInSeconds"),
        max_wait_seconds=stopping.get("MaxWaitTimeInSeconds"),
        max_pending_seconds=stopping.get("MaxPendingTimeInSeconds"),
        is_spot=raw.get("EnableManagedSpotTraining", False),
        is_isolated=raw.get("EnableNetworkIsolation", False),
        encrypts_traffic=raw.get("EnableInterContainerTrafficEncryption", False),
        checkpoint_uri=checkpoint.get("S3Uri"),
        checkpoint_local_path=checkpoint.get("LocalPath"),
        retry_attempts=raw.get("RetryStrategy", {}).get("MaximumRetryAttempts"),
        environment=raw.get("Environment", {}),
    )


def _metrics(algorithm: Mapping[str, Any], path: RequestPath) -> tuple[Metric, ...]:
    return tuple(
        Metric(name=raw["Name"], regex=raw["Regex"], path=path / "MetricDefinitions" / index)
        for index, raw in enumerate(algorithm.get("MetricDefinitions", ()))
    )


def _vpc(raw: Mapping[str, Any] | None, path: RequestPath) -> Vpc | None:
    if raw is None:
        return None
    groups = tuple(raw["SecurityGroupIds"])
    return Vpc(subnets=tuple(raw["Subnets"]), security_group_ids=groups, path=path)


def _ranges(raw: Mapping[str, Any], path: RequestPath) -> list[Range]:
    ranges: list[Range] = []
    for kind, member in RANGE_LISTS.items():
        for index, entry in enumerate(raw.get(member, ())):
            here = path / member / index
            name = entry["Name"]
            match kind:
                case "Categorical":
                    ranges.append(
                        CategoricalRange(name=name, values=tuple(entry["Values"]), path=here)
                    )
                case "Auto":
                    ranges.append(AutoRange(name=name, value_hint=entry["ValueHint"], path=here))
                case _:
                    ranges.append(
                        NumericRange(
                            kind=kind,
                            name=name,
                            min=entry["MinValue"],
                            max=entry["MaxValue"],
                            scaling=entry.get("ScalingType", "Auto"),
                            path=here,
                        )
                    )
    return ranges


def _channel(raw: Mapping[str, Any], algorithm_mode: str, path: RequestPath) -> Channel:
    data = raw["DataSource"]
    sources: list[S3Source | FileSystemSource | DatasetSource] = []
    if (s3 := data.get("S3DataSource")) is not None:
        sources.append(
            S3Source(
                uri=s3["S3Uri"],
                data_type=s3["S3DataType"],
                distribution=s3.get("S3DataDistributionType", "FullyReplicated"),
                attribute_names=tuple(s3.get("AttributeNames", ())),
                instance_group_names=tuple(s3.get("InstanceGroupNames", ())),
                accepts_eula=s3.get("ModelAccessConfig", {}).get("AcceptEula"),
                hub_content_arn=s3.get("HubAccessConfig", {}).get("HubContentArn"),
                path=path / "DataSource" / "S3DataSource",
            )
        )
    if (system := data.get("FileSystemDataSource")) is not None:
        sources.append(
            FileSystemSource(
                id=system["FileSystemId"],
                type=system["FileSystemType"],
                access_mode=system["FileSystemAccessMode"],
                directory=system["DirectoryPath"],
                path=path / "DataSource" / "FileSystemDataSource",
            )
        )
    if (dataset := data.get("DatasetSource")) is not None:
        here = path / "DataSource" / "DatasetSource"
        sources.append(DatasetSource(arn=dataset["DatasetArn"], path=here))
    return Channel(
        name=raw["ChannelName"],
        sources=tuple(sources),
        input_mode=raw.get("InputMode") or algorithm_mode,
        content_type=raw.get("ContentType"),
        compression=raw.get("CompressionType", "None"),
        record_wrapper=raw.get("RecordWrapperType", "None"),
        shuffle_seed=raw.get("ShuffleConfig", {}).get("Seed"),
        path=path,
    )


def _resources(raw: Mapping[str, Any], path: RequestPath) -> Resources:
    instances = [
        _instances(group, raw, path / member / index, path)
        for member in ("InstanceGroups", "InstanceConfigs", "InstancePreferences")
        for index, group in enumerate(raw.get(member, ()))
    ]
    if "InstanceType" in raw:
        instances.insert(0, _instances(raw, raw, path, path))
    return Resources(
        instances=tuple(instances),
        is_flexible=bool(raw.get("InstanceConfigs") or raw.get("InstancePreferences")),
        is_tuning_form=path[-1] == "HyperParameterTuningResourceConfig",
        volume_kms_key_id=raw.get("VolumeKmsKeyId") or None,
        keep_alive_seconds=raw.get("KeepAlivePeriodInSeconds"),
        training_plan_arn=raw.get("TrainingPlanArn"),
        allocation_strategy=raw.get("AllocationStrategy"),
        path=path,
    )


def _instances(
    raw: Mapping[str, Any], resources: Mapping[str, Any], path: RequestPath, shared: RequestPath
) -> Instances:
    """One configuration. `resources`, at the path `shared`, has what it doesn't set itself."""
    has_own_volume = "VolumeSizeInGB" in raw or path[-2:-1] == ("InstanceConfigs",)
    has_own_count = "InstanceCount" in raw or "InstanceCount" not in resources
    return Instances(
        type=raw["InstanceType"],
        count=raw.get("InstanceCount", resources.get("InstanceCount", 1)),
        volume_size_gb=raw.get("VolumeSizeInGB", resources.get("VolumeSizeInGB")),
        group=raw.get("InstanceGroupName"),
        training_plan_arn=next(iter(raw.get("TrainingPlanArns", ())), None),
        path=path,
        count_path=(path if has_own_count else shared) / "InstanceCount",
        volume_path=(path if has_own_volume else shared) / "VolumeSizeInGB",
    )
