"""HPT43x: how long a training job may run, and how long it may wait for spot instances."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.diagnostics import Finding
from hptc.request.job_facts import built_in
from hptc.request.tuning_job import DEFAULT_MAX_RUNTIME_SECONDS, Definition
from hptc.rules.rule import Context, Rule, error, warning
from hptc.text import spec_duration

_MAX_RUNTIME = 28 * 86_400
_AN_HOUR = 3600


def _max_runtime(definition: Definition) -> int:
    if definition.max_runtime_seconds is None:
        return DEFAULT_MAX_RUNTIME_SECONDS
    return definition.max_runtime_seconds


@error("HPT430", "T02")
def training_job_longer_than_28_days(rule: Rule, context: Context) -> Iterator[Finding]:
    """A training job that may run for more than 28 days.

    28 days is the most for a training job; an account's own quota may be lower
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
                f"a training job may run for {spec_duration(_max_runtime(definition))}, but the "
                "maximum is 28 days",
                definition.path / "StoppingCondition" / "MaxRuntimeInSeconds",
                label="at most 28d",
                help="lower it",
            )


@error("HPT431", "T03")
def wait_without_spot(rule: Rule, context: Context) -> Iterator[Finding]:
    """A time to wait for spot instances, without spot training.

    Only training on spot instances waits for them, so AWS refuses the time where it is not turned
    on (https://docs.aws.amazon.com/sagemaker/latest/dg/model-managed-spot-training.html).

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
            yield rule.finding(
                "`max_wait_time` is for spot instances, and spot training is not turned on",
                definition.path / "StoppingCondition" / "MaxWaitTimeInSeconds",
                on_key=True,
                help="move it under `spot:`, which turns spot training on, or remove it",
            )


@error("HPT432", "T04")
def spot_without_a_wait(rule: Rule, context: Context) -> Iterator[Finding]:
    """Spot training that doesn't say how long to wait.

    Spot instances may not be there at once, and may be taken away: AWS asks how long a training job
    may take, the waiting included
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
            yield rule.finding(
                "spot training doesn't say how long a training job may take in all",
                definition.path / "EnableManagedSpotTraining",
                label="no `max_wait_time`",
                help=f"write `spot: {{max_wait_time: …}}`, at least "
                f"{spec_duration(_max_runtime(definition))}",
            )


@error("HPT433", "T05")
def wait_shorter_than_the_training(rule: Rule, context: Context) -> Iterator[Finding]:
    """Less time in all than for the training alone.

    The time to wait for spot instances holds the time to train, so that it must be as long at
    least. A training job that says no `max_runtime` has a day
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
                f"training may take {spec_duration(runtime)}{default}, but waiting and training "
                f"together only {spec_duration(wait)}",
                definition.path / "StoppingCondition" / "MaxWaitTimeInSeconds",
                label=f"at least {spec_duration(runtime)}",
                help="raise `max_wait_time`, or lower `max_runtime` under `stopping`",
            )


@error("HPT434", "T06")
def long_wait_without_checkpoints(rule: Rule, context: Context) -> Iterator[Finding]:
    """An algorithm that keeps no checkpoints, waiting for more than an hour.

    A built-in algorithm without checkpoints starts again after each interruption, so AWS lets it
    take an hour at most on spot instances
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
        wait = definition.max_wait_seconds
        if (
            algorithm is not None
            and not algorithm.checkpoints
            and definition.is_spot
            and wait is not None
            and wait > _AN_HOUR
        ):
            yield rule.finding(
                f"{algorithm.title} writes no checkpoints, so it may not take "
                f"{spec_duration(wait)} on spot instances",
                definition.path / "StoppingCondition" / "MaxWaitTimeInSeconds",
                label="at most 1h",
                help="lower it to 1h and `max_runtime` with it, or train without `spot`",
            )


@warning("HPT435", "T07")
def long_spot_training_without_checkpoints(rule: Rule, context: Context) -> Iterator[Finding]:
    """Long training on spot instances that starts from nothing after each interruption.

    AWS recommends checkpoints for all spot training that isn't quick. Found are training jobs that
    may run for more than an hour, on images that can keep checkpoints
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
            and _max_runtime(definition) > _AN_HOUR
        ):
            yield rule.finding(
                f"training of up to {spec_duration(_max_runtime(definition))} starts over whenever "
                "its spot instance is interrupted",
                definition.path / "EnableManagedSpotTraining",
                label="no `checkpoint`",
                help="add `checkpoint: {s3_uri: …}`, and let the training resume from it",
            )


RULES = (
    training_job_longer_than_28_days,
    wait_without_spot,
    spot_without_a_wait,
    wait_shorter_than_the_training,
    long_wait_without_checkpoints,
    long_spot_training_without_checkpoints,
)
