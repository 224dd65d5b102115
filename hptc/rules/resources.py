"""HPT41x: resources of a training job: instances, instance groups, alternatives and placement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hptc.catalog import instances
from hptc.diagnostics import Finding, Remove
from hptc.request.job_facts import built_in
from hptc.request.tuning_job import Definition, Resources
from hptc.rules.rule import Context, Rule, advice, error, warning
from hptc.text import listed_code

_ULTRASERVER_FAMILIES = ("p6e-gb200", "trn2")


def resources_of(context: Context) -> Iterator[tuple[Definition, Resources, Mapping[str, Any]]]:
    """Every resource configuration of every definition, with its part of the request."""
    for definition in context.job.definitions:
        raw: Any = context.request
        for part in definition.path:
            raw = raw[part]
        for resources in definition.resources:
            yield definition, resources, raw[resources.path[-1]]


@error("HPT410", "R01")
def missing_or_ambiguous_resources(rule: Rule, context: Context) -> Iterator[Finding]:
    """A training job has no resources, or two kinds of them.

    `resources` and `tuning_resources` (in the API, ResourceConfig and
    HyperParameterTuningResourceConfig) both set the instances, and SageMaker requires exactly one
    of them
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTrainingJobDefinition.html).

    Bad:
        training_job:
          tuning_resources: {instance_type: ml.m5.xlarge, instance_count: 1, volume_size_in_gb: 30}

    Good:
        training_job:
          resources: null
          tuning_resources: {instance_type: ml.m5.xlarge, instance_count: 1, volume_size_in_gb: 30}
    """
    for definition in context.job.definitions:
        if not definition.resources:
            yield rule.finding(
                "the training job has no `resources`",
                definition.path / "ResourceConfig",
                help="add `resources:` with `instance_type`, `instance_count` and "
                "`volume_size_in_gb`",
            )
        elif len(definition.resources) > 1:
            yield rule.finding(
                "the training job has both `resources` and `tuning_resources`",
                definition.resources[1].path,
                on_key=True,
                label="only one is allowed",
                help="keep one; several `instance_configs` require `tuning_resources`",
            )


@error("HPT411", "R02", "R08")
def conflicting_instance_settings(rule: Rule, context: Context) -> Iterator[Finding]:
    """A single instance type is combined with a list of several.

    The `instance_groups` of a heterogeneous cluster and the alternatives in `instance_configs` set
    their own instance types and counts, so SageMaker rejects `instance_type` and `instance_count`
    next to them. `instance_configs` also set their own volume size
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTuningResourceConfig.html).

    Bad (algorithm-resource):
        training_job:
          resources:
            instance_groups:
              workers: {instance_type: ml.c5.xlarge, instance_count: 1}

    Good (algorithm-resource):
        training_job:
          resources:
            instance_type: null
            instance_count: null
            instance_groups:
              workers: {instance_type: ml.c5.xlarge, instance_count: 1}
    """
    flat = {
        "InstanceGroups": {"InstanceType": "instance_type", "InstanceCount": "instance_count"},
        "InstanceConfigs": {
            "InstanceType": "instance_type",
            "InstanceCount": "instance_count",
            "VolumeSizeInGB": "volume_size_in_gb",
        },
    }
    keys = {"InstanceGroups": "instance_groups", "InstanceConfigs": "instance_configs"}
    for _, resources, raw in resources_of(context):
        for several, members in flat.items():
            present = [member for member in members if member in raw]
            if raw.get(several) and present:
                names = listed_code(members[member] for member in present)
                yield rule.finding(
                    f"{names} can't be combined with `{keys[several]}`, which sets it for each",
                    resources.path / present[0],
                    on_key=True,
                    help=f"remove {names}"
                    + (f", or `{keys[several]}`" if "InstanceType" in present else ""),
                    fixes=(
                        advice(
                            f"remove {names}",
                            *(Remove(path=resources.path / member) for member in present),
                        ),
                    ),
                )


@error("HPT412", "R03", "R09")
def missing_instance_type(rule: Rule, context: Context) -> Iterator[Finding]:
    """Resources have no instance type.

    Training jobs need `instance_type`, `instance_groups` or `instance_preferences`, or, in
    `tuning_resources`, `instance_configs`
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceConfig.html).

    Bad:
        training_job:
          resources: {instance_type: null}

    Good:
        training_job:
          resources: {instance_type: ml.m5.xlarge}
    """
    for _, resources, _ in resources_of(context):
        if not resources.instances:
            yield rule.finding(
                "the resources have no instance type",
                resources.path,
                help="add `instance_type:`",
            )


@error("HPT413", "R11")
def zero_instances(rule: Rule, context: Context) -> Iterator[Finding]:
    """The instance count is zero.

    The API model allows 0 for other kinds of training. A training job of a tuning job needs at
    least one instance
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceConfig.html).

    Bad:
        training_job:
          resources: {instance_count: 0}

    Good:
        training_job:
          resources: {instance_count: 1}
    """
    for _, resources, _ in resources_of(context):
        empty = {group.count_path: group for group in resources.instances if group.count == 0}
        for group in empty.values():
            yield rule.finding(
                f"`instance_count` of {group.type} is 0",
                group.count_path,
                label="must be 1 or more",
                accepted=1,
            )


@error("HPT414", "R12")
def duplicate_instance_group(rule: Rule, context: Context) -> Iterator[Finding]:
    """Two instance groups have the same name.

    Input channels refer to instance groups by name, so names must be unique
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_InstanceGroup.html).

    Bad (request):
        TrainingJobDefinition:
          AlgorithmSpecification: {TrainingImage: null, MetricDefinitions: null, AlgorithmName: a}
          ResourceConfig:
            InstanceType: null
            InstanceCount: null
            InstanceGroups:
            - {InstanceGroupName: workers, InstanceType: ml.c5.xlarge, InstanceCount: 1}
            - {InstanceGroupName: workers, InstanceType: ml.m5.xlarge, InstanceCount: 1}

    Good (request):
        TrainingJobDefinition:
          AlgorithmSpecification: {TrainingImage: null, MetricDefinitions: null, AlgorithmName: a}
          ResourceConfig:
            InstanceType: null
            InstanceCount: null
            InstanceGroups:
            - {InstanceGroupName: workers, InstanceType: ml.c5.xlarge, InstanceCount: 1}
            - {InstanceGroupName: servers, InstanceType: ml.m5.xlarge, InstanceCount: 1}
    """
    for _, resources, _ in resources_of(context):
        seen: list[str | None] = []
        for group in resources.instances:
            seen.append(group.group)
            if group.group is not None and seen.count(group.group) == 2:
                yield rule.finding(
                    f"two instance groups are named `{group.group}`",
                    group.path / "InstanceGroupName",
                    label="duplicate",
                    help="rename one, or combine the two groups",
                )


@warning("HPT415", "R04")
def single_instance_config(rule: Rule, context: Context) -> Iterator[Finding]:
    """`instance_configs` lists only one configuration.

    AWS recommends setting `instance_type`, `instance_count` and `volume_size_in_gb` directly if
    there are no alternatives. SageMaker accepts a list with one entry, but Describe returns the
    other form
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTuningResourceConfig.html).

    Bad:
        training_job:
          resources: null
          tuning_resources:
            instance_configs:
            - {instance_type: ml.m5.xlarge, instance_count: 1, volume_size_in_gb: 30}

    Good:
        training_job:
          resources: null
          tuning_resources:
            instance_configs:
            - {instance_type: ml.m5.xlarge, instance_count: 1, volume_size_in_gb: 30}
            - {instance_type: ml.c5.xlarge, instance_count: 1, volume_size_in_gb: 30}
    """
    for _, resources, raw in resources_of(context):
        if len(raw.get("InstanceConfigs", ())) == 1:
            yield rule.finding(
                "`instance_configs` lists only one configuration",
                resources.path / "InstanceConfigs",
                on_key=True,
                label="no alternatives",
                help="add another one, or move its keys to `tuning_resources`",
            )


@warning("HPT416", "R13")
def instance_groups_with_built_in_algorithm(rule: Rule, context: Context) -> Iterator[Finding]:
    """A built-in algorithm runs on a heterogeneous cluster.

    AWS documents heterogeneous clusters for PyTorch and TensorFlow scripts, which handle instance
    groups themselves; built-in algorithms don't
    (https://docs.aws.amazon.com/sagemaker/latest/dg/train-heterogeneous-cluster.html).

    Bad (xgboost):
        training_job:
          resources:
            instance_type: null
            instance_count: null
            instance_groups:
              workers: {instance_type: ml.c5.xlarge, instance_count: 1}
              servers: {instance_type: ml.m5.xlarge, instance_count: 1}

    Good (instance-groups):
        training_job:
          resources:
            instance_groups:
              workers: {instance_type: ml.c5.xlarge, instance_count: 1}
              servers: {instance_type: ml.m5.xlarge, instance_count: 1}
    """
    for definition, resources, raw in resources_of(context):
        algorithm = built_in(definition)
        if algorithm is not None and raw.get("InstanceGroups"):
            yield rule.finding(
                f"{algorithm.title} does not support instance groups",
                resources.path / "InstanceGroups",
                on_key=True,
                label="only for PyTorch and TensorFlow scripts",
                help="replace them with `instance_type` and `instance_count`",
            )


@warning("HPT417", "R22", "R23", "R24")
def ignored_keep_alive_period(rule: Rule, context: Context) -> Iterator[Finding]:
    """`keep_alive_period` is set for a tuning job.

    A tuning job automatically keeps its instances warm between training jobs and ignores
    `keep_alive_period`
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTuningResourceConfig.html).

    Bad:
        training_job:
          resources: {keep_alive_period: 10m}

    Good:
        training_job:
          resources: {instance_count: 1}
    """
    for _, resources, _ in resources_of(context):
        if resources.keep_alive_seconds is not None:
            yield rule.finding(
                "tuning jobs ignore `keep_alive_period`",
                resources.path / "KeepAlivePeriodInSeconds",
                on_key=True,
                label="ignored",
                is_removable=True,
                help="remove it; a tuning job keeps instances warm automatically",
            )


@warning("HPT418", "R25")
def training_plan_in_tuning_job(rule: Rule, context: Context) -> Iterator[Finding]:
    """A tuning job uses a training plan.

    The API model allows a training plan for every kind of training, but AWS documents training
    plans only for training jobs and clusters, not for tuning jobs
    (https://docs.aws.amazon.com/sagemaker/latest/dg/reserve-capacity-with-training-plans.html).

    Bad:
        training_job:
          resources:
            instance_type: ml.p5.48xlarge
            volume_size_in_gb: null
            training_plan_arn: arn:aws:sagemaker:us-east-1:111122223333:training-plan/large

    Good:
        training_job:
          resources:
            instance_type: ml.p5.48xlarge
            volume_size_in_gb: null
    """
    for _, resources, _ in resources_of(context):
        plans = [group.path / "TrainingPlanArns" for group in resources.instances
                 if group.training_plan_arn is not None]  # fmt: skip
        if resources.training_plan_arn is not None:
            plans.insert(0, resources.path / "TrainingPlanArn")
        for path in plans[:1]:
            yield rule.finding(
                "AWS documents training plans for training jobs, but not for tuning jobs",
                path,
                on_key=True,
                is_removable=True,
                help="test it with a tuning job of one training job, or remove it",
            )


@error("HPT419", "R26")
def placement_without_ultraserver(rule: Rule, context: Context) -> Iterator[Finding]:
    """UltraServer placement is set for other instances.

    `instance_placement` controls how training jobs share UltraServers and applies to their instance
    types only
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_InstancePlacementConfig.html).

    Bad:
        training_job:
          resources:
            instance_placement: {enable_multiple_jobs: true}

    Good:
        training_job:
          resources:
            instance_type: ml.p6e-gb200.36xlarge
            volume_size_in_gb: null
            instance_placement: {enable_multiple_jobs: true}
    """
    for _, resources, raw in resources_of(context):
        others = [
            group.type
            for group in resources.instances
            if instances.instance_family(group.type) not in _ULTRASERVER_FAMILIES
        ]
        if raw.get("InstancePlacementConfig") and others:
            yield rule.finding(
                f"{others[0]} is not part of an UltraServer",
                resources.path / "InstancePlacementConfig",
                on_key=True,
                is_removable=True,
                help="remove `instance_placement`",
            )


RULES = (
    missing_or_ambiguous_resources,
    conflicting_instance_settings,
    missing_instance_type,
    zero_instances,
    duplicate_instance_group,
    single_instance_config,
    instance_groups_with_built_in_algorithm,
    ignored_keep_alive_period,
    training_plan_in_tuning_job,
    placement_without_ultraserver,
)
