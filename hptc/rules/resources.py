"""HPT41x: what a training job's resources say: instances, groups, alternatives, placement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from hptc.catalog import instances
from hptc.diagnostics import Finding
from hptc.request.job_facts import built_in
from hptc.request.tuning_job import Definition, Resources
from hptc.rules.rule import Context, Rule, error, warning

_ULTRASERVER_FAMILIES = ("p6e-gb200", "trn2")


def _resources(context: Context) -> Iterator[tuple[Definition, Resources, Mapping[str, Any]]]:
    """Every resource form of every definition, with the request's own structure beside it."""
    for definition in context.job.definitions:
        raw: Any = context.request
        for part in definition.path:
            raw = raw[part]
        for resources in definition.resources:
            yield definition, resources, raw[resources.path[-1]]


@error("HPT410", "R01")
def not_one_kind_of_resources(rule: Rule, context: Context) -> Iterator[Finding]:
    """A training job without resources, or with two kinds of them.

    `resources` and `tuning_resources` (in the API ResourceConfig and
    HyperParameterTuningResourceConfig) both say what to run on, and AWS takes one of them
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
                "nothing says which instances the training jobs run on",
                definition.path / "ResourceConfig",
                help="add `resources:` with `instance_type`, `instance_count` and "
                "`volume_size_in_gb`",
            )
        elif len(definition.resources) > 1:
            yield rule.finding(
                "`resources` and `tuning_resources` both say what to run on",
                definition.resources[1].path,
                on_key=True,
                label="the second of the two",
                help="keep one: `tuning_resources` if it lists several `instance_configs`",
            )


@error("HPT411", "R02", "R08")
def instances_said_twice(rule: Rule, context: Context) -> Iterator[Finding]:
    """One instance type beside a list of several.

    A cluster's `instance_groups` and the alternatives in `instance_configs` each name their own
    instance types and counts, so that AWS takes neither beside them; `instance_configs` name their
    volumes, too
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
    words = {"InstanceGroups": "instance_groups", "InstanceConfigs": "instance_configs"}
    for _, resources, raw in _resources(context):
        for several, members in flat.items():
            given = [member for member in members if member in raw]
            if raw.get(several) and given:
                names = " and ".join(f"`{members[member]}`" for member in given)
                yield rule.finding(
                    f"{names} can't stand beside `{words[several]}`, which says it for each",
                    resources.path / given[0],
                    on_key=True,
                    help=f"remove {names}, or `{words[several]}`",
                )


@error("HPT412", "R03", "R09")
def resources_without_an_instance(rule: Rule, context: Context) -> Iterator[Finding]:
    """Resources that name no instance type.

    Every training job runs on instances, so one of `instance_type`, `instance_groups` and (in
    `tuning_resources`) `instance_configs` must be there
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceConfig.html).

    Bad:
        training_job:
          resources: {instance_type: null}

    Good:
        training_job:
          resources: {instance_type: ml.m5.xlarge}
    """
    for _, resources, _ in _resources(context):
        if not resources.instances:
            yield rule.finding(
                "no instance type is given",
                resources.path,
                help="add `instance_type:`",
            )


@error("HPT413", "R11")
def no_instances(rule: Rule, context: Context) -> Iterator[Finding]:
    """A count of zero instances.

    The API's shape admits 0, which is for other kinds of training; a training job of a search runs
    on at least one instance
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceConfig.html).

    Bad:
        training_job:
          resources: {instance_count: 0}

    Good:
        training_job:
          resources: {instance_count: 1}
    """
    for _, resources, _ in _resources(context):
        for group in (group for group in resources.instances if group.count == 0):
            yield rule.finding(
                f"0 instances of {group.type}: the training jobs have nothing to run on",
                group.path / "InstanceCount",
                label="at least 1",
                help="say 1 or more",
            )


@error("HPT414", "R12")
def duplicate_instance_group(rule: Rule, context: Context) -> Iterator[Finding]:
    """Two instance groups of the same name.

    Channels name the groups that they go to, so a name stands for one group
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
    for _, resources, _ in _resources(context):
        seen: Counter[str] = Counter()
        for group in resources.instances:
            if group.group is None:
                continue
            seen[group.group] += 1
            if seen[group.group] == 2:
                yield rule.finding(
                    f"two instance groups are named `{group.group}`",
                    group.path / "InstanceGroupName",
                    label="the second of that name",
                    help="rename one, or make one group of the two",
                )


@warning("HPT415", "R04")
def single_instance_config(rule: Rule, context: Context) -> Iterator[Finding]:
    """A list of alternatives with one entry.

    AWS asks for `instance_type`, `instance_count` and `volume_size_in_gb` themselves where there is
    no second choice; it takes a list of one, and describes it as the other form afterwards
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
    for _, resources, raw in _resources(context):
        if len(raw.get("InstanceConfigs", ())) == 1:
            yield rule.finding(
                "`instance_configs` lists alternatives, but has one",
                resources.path / "InstanceConfigs",
                on_key=True,
                label="one alternative",
                help="add a second one, or move its keys to `tuning_resources`",
            )


@warning("HPT416", "R13")
def instance_groups_with_a_built_in_algorithm(rule: Rule, context: Context) -> Iterator[Finding]:
    """A cluster of several instance types for a built-in algorithm.

    AWS documents heterogeneous clusters for PyTorch and TensorFlow scripts, which find out in which
    group they run; a built-in algorithm does not
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
    for definition, resources, raw in _resources(context):
        algorithm = built_in(definition)
        if algorithm is not None and raw.get("InstanceGroups"):
            yield rule.finding(
                f"{algorithm.title} knows no instance groups",
                resources.path / "InstanceGroups",
                on_key=True,
                label="for PyTorch and TensorFlow scripts",
                help="use one `instance_type` with an `instance_count`",
            )


@warning("HPT417", "R22", "R23", "R24")
def warm_pool_in_a_search(rule: Rule, context: Context) -> Iterator[Finding]:
    """Instances to be kept alive after a training job.

    A search keeps its instances warm from one training job to the next by itself, and ignores a
    period that is given: the tuning service sets it to nothing
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTuningResourceConfig.html).

    Bad:
        training_job:
          resources: {keep_alive_period: 10m}

    Good:
        training_job:
          resources: {instance_count: 1}
    """
    for _, resources, _ in _resources(context):
        if resources.keep_alive_seconds is not None:
            yield rule.finding(
                "a search ignores `keep_alive_period`",
                resources.path / "KeepAlivePeriodInSeconds",
                on_key=True,
                label="ignored",
                help="remove it: a search keeps its instances warm by itself",
            )


@warning("HPT418", "R25")
def training_plan_in_a_search(rule: Rule, context: Context) -> Iterator[Finding]:
    """Capacity reserved by a training plan.

    The API's shape has the plan for every kind of training, but AWS describes plans for training
    jobs and clusters only, and nowhere for a search
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
    for _, resources, _ in _resources(context):
        if resources.training_plan_arn is not None:
            yield rule.finding(
                "AWS documents training plans for training jobs, not for a search",
                resources.path / "TrainingPlanArn",
                on_key=True,
                help="try it with a search of one training job first, or remove it",
            )


@error("HPT419", "R26")
def placement_without_an_ultraserver(rule: Rule, context: Context) -> Iterator[Finding]:
    """Placement in UltraServers for instances that have none.

    `instance_placement` says how training jobs share UltraServers, and is for their capacity only
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
    for _, resources, raw in _resources(context):
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
                help="remove `instance_placement`",
            )


RULES = (
    not_one_kind_of_resources,
    instances_said_twice,
    resources_without_an_instance,
    no_instances,
    duplicate_instance_group,
    single_instance_config,
    instance_groups_with_a_built_in_algorithm,
    warm_pool_in_a_search,
    training_plan_in_a_search,
    placement_without_an_ultraserver,
)
