"""HPT427 to HPT429: several instance types in order of preference, and what SageMaker selected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hptc.diagnostics import Finding, Remove
from hptc.request.tuning_job import Resources
from hptc.rules.resources import resources_of
from hptc.rules.rule import Context, Rule, advice, error
from hptc.text import plural

_EXCLUDED = {
    "InstanceType": "instance_type",
    "InstanceGroups": "instance_groups",
    "InstancePlacementConfig": "instance_placement",
}
_SELECTED = {
    "SelectedInstanceType": "selected_instance_type",
    "SelectedInstanceCount": "selected_instance_count",
}


@error("HPT427", "R29")
def conflicting_instance_preferences(rule: Rule, context: Context) -> Iterator[Finding]:
    """`instance_preferences` is combined with a setting that it excludes.

    SageMaker launches a training job on the first of the `instance_preferences` that has capacity.
    The list can't be combined with `instance_type`, `instance_groups`, `instance_placement` or
    managed spot training. Its training plans replace the single `training_plan_arn`
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceConfig.html).

    Bad:
        training_job:
          resources:
            instance_preferences: [{instance_type: ml.m5.xlarge}, {instance_type: ml.c5.xlarge}]

    Good:
        training_job:
          resources:
            instance_type: null
            instance_preferences: [{instance_type: ml.m5.xlarge}, {instance_type: ml.c5.xlarge}]
    """
    for definition, resources, raw in resources_of(context):
        if not raw.get("InstancePreferences"):
            continue
        for member, key in _EXCLUDED.items():
            if raw.get(member):
                yield rule.finding(
                    f"`{key}` can't be combined with `instance_preferences`",
                    resources.path / member,
                    on_key=True,
                    is_removable=True,
                    help=f"remove `{key}`, or `instance_preferences`",
                )
        if definition.is_spot:
            yield rule.finding(
                "`instance_preferences` does not support managed spot training",
                definition.path / "EnableManagedSpotTraining",
                on_key=True,
                is_removable=True,
                help="remove it, or list the types as `instance_configs` of `tuning_resources`",
            )
        if resources.training_plan_arn and any(
            group.training_plan_arn for group in resources.instances
        ):
            yield rule.finding(
                "`training_plan_arn` can't be combined with the `training_plan_arns` of "
                "`instance_preferences`",
                resources.path / "TrainingPlanArn",
                on_key=True,
                help="keep the training plan in one of the two places",
            )


@error("HPT428", "R30")
def inconsistent_instance_preferences(rule: Rule, context: Context) -> Iterator[Finding]:
    """The instance preferences repeat a type, or don't set the instance count in one place.

    A type can appear once. The instance count is either in every preference, or only in the
    resources, where it applies to all of them. SageMaker rejects a count in both places, in only
    some of the preferences, or in neither place
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_InstancePreference.html).

    Bad:
        training_job:
          resources:
            instance_type: null
            instance_preferences:
            - {instance_type: ml.m5.xlarge, instance_count: 1}
            - {instance_type: ml.c5.xlarge, instance_count: 2}

    Good:
        training_job:
          resources:
            instance_type: null
            instance_count: null
            instance_preferences:
            - {instance_type: ml.m5.xlarge, instance_count: 1}
            - {instance_type: ml.c5.xlarge, instance_count: 2}
    """
    for _, resources, raw in resources_of(context):
        preferences: list[Mapping[str, Any]] = raw.get("InstancePreferences") or []
        path = resources.path / "InstancePreferences"
        types = [preference["InstanceType"] for preference in preferences]
        for index, type_ in enumerate(types):
            if type_ in types[:index]:
                yield rule.finding(
                    f"`instance_preferences` lists {type_} twice",
                    path / index / "InstanceType",
                    label="duplicate",
                    help="remove one of them",
                    fixes=(advice("remove one of them", Remove(path=path / index)),),
                )
        if preferences:
            yield from _count_in_one_place(rule, resources, raw, preferences)


def _count_in_one_place(
    rule: Rule,
    resources: Resources,
    raw: Mapping[str, Any],
    preferences: Sequence[Mapping[str, Any]],
) -> Iterator[Finding]:
    path = resources.path / "InstancePreferences"
    have_count = ["InstanceCount" in preference for preference in preferences]
    if any(have_count) and "InstanceCount" in raw:
        yield rule.finding(
            "`instance_count` is set both for all instance preferences and for each",
            resources.path / "InstanceCount",
            on_key=True,
            help="keep it in one of the two places",
        )
    elif any(have_count) and not all(have_count):
        yield rule.finding(
            f"{have_count.count(True)} of {plural(len(preferences), 'instance preference')} set "
            "`instance_count`",
            path / have_count.index(False),
            label="no `instance_count`",
            help="set it for every preference, or once in the resources",
        )
    elif not any(have_count) and "InstanceCount" not in raw:
        yield rule.finding(
            "`instance_preferences` has no `instance_count`",
            path,
            on_key=True,
            help="add `instance_count:` to the resources, or to every preference",
        )


@error("HPT429", "R31")
def selected_instances_in_request(rule: Rule, context: Context) -> Iterator[Finding]:
    """The instance type or count that SageMaker selected is set.

    `selected_instance_type` and `selected_instance_count` are output of DescribeTrainingJob: the
    one of the `instance_preferences` that a training job runs on. A request that sets them is
    rejected
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceConfig.html).

    Bad:
        training_job:
          resources: {selected_instance_type: ml.m5.xlarge}

    Good:
        training_job:
          resources: {instance_type: ml.m5.xlarge}
    """
    for _, resources, raw in resources_of(context):
        for member, key in _SELECTED.items():
            if member in raw:
                yield rule.finding(
                    f"`{key}` is output that SageMaker reports, not input",
                    resources.path / member,
                    on_key=True,
                    label="rejected by SageMaker",
                    is_removable=True,
                    help="remove it",
                )


RULES = (
    conflicting_instance_preferences,
    inconsistent_instance_preferences,
    selected_instances_in_request,
)
