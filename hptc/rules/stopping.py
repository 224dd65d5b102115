"""HPT43x: maximum runtime of a training job and maximum wait time for Spot capacity."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.diagnostics import Finding, Remove, SpecPath
from hptc.request.job_facts import built_in
from hptc.request.spec_paths import spec_path, value_at
from hptc.request.tuning_job import DEFAULT_MAX_RUNTIME_SECONDS, Definition
from hptc.rules.isolation import is_from_marketplace
from hptc.rules.rule import Context, Rule, advice, error, set_value, warning
from hptc.text import spec_duration

_MAX_RUNTIME = 28 * 86_400
_HOUR = 3600


def _max_runtime(definition: Definition) -> int:
    if definition.max_runtime_seconds is None:
        return DEFAULT_MAX_RUNTIME_SECONDS
    return definition.max_runtime_seconds


@error("HPT430", "T02")
def training_job_over_28_days(rule: Rule, context: Context) -> Iterator[Finding]:
    """A training job may run for more than 28 days.

    The maximum runtime of a training job is 28 days; the quota of an account may be lower
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StoppingCondition.html).

    Bad:
        limits: {max_runtime: null}
        training_job:
          stopping: {max_runtime: 29d}

    Good:
        limits: {max_runtime: null}
        training_job:
          stopping: {max_runtime: 28d}
    """
    for definition in context.job.definitions:
        if _max_runtime(definition) > _MAX_RUNTIME:
            yield rule.finding(
                f"a training job may run for {context.duration(_max_runtime(definition))}, but the "
                "maximum is 28 days",
                definition.path / "StoppingCondition" / "MaxRuntimeInSeconds",
                label=f"must be {context.duration(_MAX_RUNTIME)} or less",
                accepted=context.duration_value(_MAX_RUNTIME),
            )


@error("HPT431", "T03")
def wait_time_without_spot(rule: Rule, context: Context) -> Iterator[Finding]:
    """`max_wait_time` is set, but managed spot training is off.

    Only managed spot training waits for Spot capacity, so SageMaker rejects the setting without it
    (https://docs.aws.amazon.com/sagemaker/latest/dg/model-managed-spot-training.html).

    Bad:
        training_job:
          stopping: {max_runtime: 1h, max_wait_time: 2h}

    Good:
        training_job:
          stopping: {max_runtime: 1h}
          spot: {max_wait_time: 2h}
    """
    for definition in context.job.definitions:
        if definition.max_wait_seconds is not None and not definition.is_spot:
            path = definition.path / "StoppingCondition" / "MaxWaitTimeInSeconds"
            if context.is_request:
                spot = advice(
                    "add `enable_managed_spot_training: true`",
                    set_value(definition.path / "EnableManagedSpotTraining", True),
                )
            else:
                wait_time = context.duration_value(definition.max_wait_seconds)
                switch = definition.path / "EnableManagedSpotTraining"
                is_off = value_at(context.request, switch) is not None
                spot = advice(
                    "move it to `spot:`",
                    set_value(_spot_wait_time(definition, context), wait_time),
                    Remove(path=path),
                    *([Remove(path=_switch(definition, context))] if is_off else ()),
                )
            yield rule.finding(
                "`max_wait_time` requires managed spot training, which is off",
                path,
                on_key=True,
                is_removable=True,
                help="add `enable_managed_spot_training: true`, or remove it"
                if context.is_request
                else "move it to `spot:`, which turns managed spot training on, or remove it",
                fixes=(spot,),
            )


@error("HPT432", "T04")
def spot_without_wait_time(rule: Rule, context: Context) -> Iterator[Finding]:
    """Managed spot training has no `max_wait_time`.

    Spot capacity may not be available immediately and can be interrupted, so SageMaker requires the
    maximum time that a training job may take, including the wait
    (https://docs.aws.amazon.com/sagemaker/latest/dg/model-managed-spot-training.html).

    Bad:
        training_job:
          enable_managed_spot_training: true

    Good:
        training_job:
          spot: {max_wait_time: 2h}
    """
    for definition in context.job.definitions:
        if definition.is_spot and definition.max_wait_seconds is None:
            runtime = _max_runtime(definition)
            minimum, value = spec_duration(runtime), context.duration_value(runtime)
            path = definition.path / "EnableManagedSpotTraining"
            if context.is_request:
                wait = definition.path / "StoppingCondition" / "MaxWaitTimeInSeconds"
                fix = advice(f"add `max_wait_time: {minimum}`", set_value(wait, value))
            else:
                fix = advice(
                    f"write `spot: {{max_wait_time: {minimum}}}`",
                    set_value(_spot_wait_time(definition, context), value),
                    Remove(path=_switch(definition, context)),
                )
            yield rule.finding(
                "managed spot training requires `max_wait_time`",
                path,
                label="no `max_wait_time`",
                fixes=(fix,),
                help=f"add `max_wait_time: {minimum}` or more to `stopping`"
                if context.is_request
                else f"write `spot: {{max_wait_time: {minimum}}}` or more instead",
            )


@error("HPT433", "T05")
def wait_time_shorter_than_runtime(rule: Rule, context: Context) -> Iterator[Finding]:
    """`max_wait_time` is shorter than `max_runtime`.

    `max_wait_time` includes the time to train, so it must be at least as long as `max_runtime`,
    which defaults to one day
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StoppingCondition.html).

    Bad:
        training_job:
          enable_managed_spot_training: true
          stopping: {max_runtime: 1h, max_wait_time: 30m}

    Good:
        training_job:
          enable_managed_spot_training: true
          stopping: {max_runtime: 1h, max_wait_time: 1h}
    """
    for definition in context.job.definitions:
        wait, runtime = definition.max_wait_seconds, _max_runtime(definition)
        if definition.is_spot and wait is not None and wait < runtime:
            default = " (the default)" if definition.max_runtime_seconds is None else ""
            yield rule.finding(
                f"`max_runtime` is {context.duration(runtime)}{default}, but `max_wait_time`, "
                f"which includes it, is {context.duration(wait)}",
                definition.path / "StoppingCondition" / "MaxWaitTimeInSeconds",
                label=f"must be {context.duration(runtime)} or more",
                accepted=context.duration_value(runtime),
                help="raise `max_wait_time`, or lower `max_runtime` under `stopping`",
            )


@error("HPT434", "T06")
def long_wait_time_without_checkpoints(rule: Rule, context: Context) -> Iterator[Finding]:
    """`max_wait_time` is longer than an hour for an algorithm without checkpoints.

    An algorithm without checkpoints starts over after each interruption, so SageMaker limits
    `max_wait_time` to one hour for built-in algorithms and for those from AWS Marketplace. Whether
    the latter support checkpoints is not published; without `checkpoint`, they can't
    (https://docs.aws.amazon.com/sagemaker/latest/dg/model-managed-spot-training.html).

    Bad (kmeans):
        training_job:
          enable_managed_spot_training: true
          stopping: {max_runtime: 1h, max_wait_time: 2h}

    Good (kmeans):
        training_job:
          enable_managed_spot_training: true
          stopping: {max_runtime: 30m, max_wait_time: 1h}
    """
    for definition in context.job.definitions:
        algorithm = built_in(definition)
        wait, hour = definition.max_wait_seconds, context.duration(_HOUR)
        if not definition.is_spot or wait is None or wait <= _HOUR:
            continue
        reason = ""
        if algorithm is not None and not algorithm.checkpoints:
            reason = f"{algorithm.title} does not support checkpoints"
        elif definition.checkpoint_uri is None and is_from_marketplace(definition, context):
            reason = "the AWS Marketplace algorithm has no `checkpoint`"
        if reason:
            yield rule.finding(
                f"{reason}, so `max_wait_time` is limited to {hour}, but is "
                f"{context.duration(wait)}",
                definition.path / "StoppingCondition" / "MaxWaitTimeInSeconds",
                label=f"must be {hour} or less",
                accepted=context.duration_value(_HOUR),
                help=f"lower it and `max_runtime` to {hour}, or turn off managed spot training",
            )


@warning("HPT435", "T07")
def long_spot_training_without_checkpoints(rule: Rule, context: Context) -> Iterator[Finding]:
    """Long training on Spot capacity has no checkpoints.

    AWS recommends checkpoints for managed spot training that isn't short: without them, training
    starts over after each interruption. The rule reports training jobs that may run for more than
    an hour, with images that support checkpoints
    (https://docs.aws.amazon.com/sagemaker/latest/dg/model-managed-spot-training.html).

    Bad:
        training_job:
          enable_managed_spot_training: true
          stopping: {max_runtime: 4h, max_wait_time: 8h}

    Good:
        training_job:
          enable_managed_spot_training: true
          stopping: {max_runtime: 1h, max_wait_time: 8h}
    """
    for definition in context.job.definitions:
        algorithm = built_in(definition)
        if (
            definition.is_spot
            and definition.checkpoint_uri is None
            and definition.training_image is not None
            and (algorithm is None or algorithm.checkpoints)
            and _max_runtime(definition) > _HOUR
        ):
            yield rule.finding(
                f"training of up to {context.duration(_max_runtime(definition))} starts over "
                "whenever its spot instance is interrupted",
                definition.path / "EnableManagedSpotTraining",
                label="no `checkpoint`",
                help="add `checkpoint: {s3_uri: …}`, and make the training code resume from it",
            )


def _switch(definition: Definition, context: Context) -> SpecPath:
    """The key of a spec that only turns managed spot training on or off."""
    return spec_path(definition.path, context.request) / "enable_managed_spot_training"


def _spot_wait_time(definition: Definition, context: Context) -> SpecPath:
    """The key of a spec that turns managed spot training on."""
    return spec_path(definition.path, context.request) / "spot" / "max_wait_time"


RULES = (
    training_job_over_28_days,
    wait_time_without_spot,
    spot_without_wait_time,
    wait_time_shorter_than_runtime,
    long_wait_time_without_checkpoints,
    long_spot_training_without_checkpoints,
)
