"""HPT42x: whether instances have the storage and processors that training needs."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.catalog import algorithms, instances
from hptc.catalog.algorithms import Algorithm
from hptc.diagnostics import Finding
from hptc.request.job_facts import built_in
from hptc.request.tuning_job import CategoricalRange, Definition, Instances, Resources
from hptc.rules.rule import Context, Rule, error, warning

_MAX_VOLUME_GB = 16_384  # of gp2, the volume type that SageMaker attaches


def _instances(context: Context) -> Iterator[tuple[Definition, Resources, Instances]]:
    for definition in context.job.definitions:
        for resources in definition.resources:
            for group in resources.instances:
                yield definition, resources, group


@error("HPT420", "R16")
def missing_volume_size(rule: Rule, context: Context) -> Iterator[Finding]:
    """An instance without local storage has no volume size.

    Instances without local storage keep all data on an EBS volume, so its size is required.
    Instances with local storage don't need it
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceConfig.html).

    Bad:
        training_job:
          resources: {instance_type: ml.m5.xlarge, volume_size_in_gb: null}

    Good:
        training_job:
          resources: {instance_type: ml.g5.xlarge, volume_size_in_gb: null}
    """
    reported = None
    for _, resources, group in _instances(context):
        if resources.is_flexible and group.path == resources.path:
            continue  # HPT411 reports the instance type next to the alternatives
        kind = instances.instance(group.type)
        if kind is None or kind.has_local_storage or group.volume_size_gb:
            continue
        # Groups and preferences share one size, so report it once.
        if group.volume_path != reported:
            reported = group.volume_path
            yield rule.finding(
                f"{group.type} has no local storage, so it needs a volume",
                group.volume_path,
                label="must be 1 or more" if group.volume_size_gb == 0 else "",
                help="add `volume_size_in_gb:`, with room for the data, the model and temporary "
                "files",
            )


@error("HPT421", "R18")
def volume_larger_than_local_storage(rule: Rule, context: Context) -> Iterator[Finding]:
    """`volume_size_in_gb` exceeds the local storage of the instance.

    Instances with local storage don't get a volume. In `tuning_resources`, SageMaker rejects a size
    that exceeds the local storage
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTuningResourceConfig.html).

    Bad:
        training_job:
          resources: null
          tuning_resources: {instance_type: ml.g5.xlarge, instance_count: 1, volume_size_in_gb: 251}

    Good:
        training_job:
          resources: null
          tuning_resources: {instance_type: ml.g5.xlarge, instance_count: 1, volume_size_in_gb: 250}
    """
    yield from _too_large_for_local_storage(rule, context, in_tuning_form=True)


@warning("HPT422", "R19")
def volume_replaced_by_smaller_local_storage(rule: Rule, context: Context) -> Iterator[Finding]:
    """`volume_size_in_gb` exceeds the local storage that replaces the volume.

    Instances with local storage don't get a volume, whatever the size. If the data doesn't fit in
    the local storage, the training job fails
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceConfig.html).

    Bad:
        training_job:
          resources: {instance_type: ml.g4dn.xlarge, volume_size_in_gb: 500}

    Good:
        training_job:
          resources: {instance_type: ml.g4dn.xlarge, volume_size_in_gb: 125}
    """
    yield from _too_large_for_local_storage(rule, context, in_tuning_form=False)


def _too_large_for_local_storage(
    rule: Rule, context: Context, *, in_tuning_form: bool
) -> Iterator[Finding]:
    for _, resources, group in _instances(context):
        kind = instances.instance(group.type)
        local = kind.local_storage_gb if kind is not None else None
        size = group.volume_size_gb
        if resources.is_tuning_form != in_tuning_form or local is None or size is None:
            continue
        if size <= local:
            continue
        yield rule.finding(
            f"{group.type} has {local} GB of local storage instead of a volume, but "
            f"`volume_size_in_gb` is {size}",
            group.volume_path,
            label=f"must be {local} or less",
            accepted=local,
            help="lower it, or use a larger instance or one without local storage",
        )


@warning("HPT423", "R20")
def volume_too_large(rule: Rule, context: Context) -> Iterator[Finding]:
    """`volume_size_in_gb` exceeds the maximum of EBS.

    SageMaker attaches gp2 volumes, which have up to 16,384 GB
    (https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html).
    The quota of an account is usually much lower.

    Bad:
        training_job:
          resources: {volume_size_in_gb: 16385}

    Good:
        training_job:
          resources: {volume_size_in_gb: 16384}
    """
    for _, _, group in _instances(context):
        kind = instances.instance(group.type)
        size = group.volume_size_gb or 0
        if size > _MAX_VOLUME_GB and kind is not None and not kind.has_local_storage:
            yield rule.finding(
                f"`volume_size_in_gb` is {size}, but the maximum for gp2 volumes is "
                f"{_MAX_VOLUME_GB}",
                group.volume_path,
                label=f"must be {_MAX_VOLUME_GB} or less",
                accepted=_MAX_VOLUME_GB,
                help="lower it; FastFile mode streams larger data sets",
            )


@error("HPT424", "R27")
def missing_gpu(rule: Rule, context: Context) -> Iterator[Finding]:
    """An algorithm that requires a GPU runs on an instance without one.

    Image Classification, Object Detection, Semantic Segmentation and Sequence-to-Sequence require a
    GPU, and SageMaker rejects other instances
    (https://docs.aws.amazon.com/sagemaker/latest/dg/common-info-all-im-models.html).

    Bad (image-classification):
        training_job:
          resources: {instance_type: ml.m5.xlarge}

    Good (image-classification):
        training_job:
          resources: {instance_type: ml.g5.xlarge}
    """
    for _, algorithm, group in _algorithms_and_instances(context):
        kind = instances.instance(group.type)
        if kind is not None and algorithm.processors == ("gpu",) and kind.processor != "gpu":
            yield rule.finding(
                f"{algorithm.title} requires a GPU, but {group.type} has none",
                group.path / "InstanceType",
                label="no GPU",
                help="use a GPU instance, such as ml.g5.xlarge",
            )


@warning("HPT425", "R27")
def unused_gpu(rule: Rule, context: Context) -> Iterator[Finding]:
    """An algorithm that trains on CPUs only runs on a GPU instance.

    Training works, but it is not faster, and the GPU costs money. BlazingText trains on CPUs only
    in its mode `batch_skipgram`
    (https://docs.aws.amazon.com/sagemaker/latest/dg/common-info-all-im-models.html).

    Bad (random-cut-forest):
        training_job:
          resources: {instance_type: ml.p3.2xlarge}

    Good (random-cut-forest):
        training_job:
          resources: {instance_type: ml.m5.xlarge}
    """
    for definition, algorithm, group in _algorithms_and_instances(context):
        kind = instances.instance(group.type)
        if kind is None or kind.processor != "gpu":
            continue
        mode = algorithm.cpu_only_when
        if algorithm.processors == ("cpu",):
            newest = algorithms.algorithm(algorithm.name) or algorithm
            case = "" if newest.processors == ("cpu",) else " in this version"
        elif mode is not None and mode.is_met(definition.static):
            case = f" when `{mode.hyperparameter}` is {definition.static[mode.hyperparameter]}"
        else:
            continue
        yield rule.finding(
            f"{algorithm.title} trains on CPUs only{case}, but {group.type} has a GPU",
            group.path / "InstanceType",
            label="the GPU is not used",
            help="use a CPU instance, such as ml.m5.xlarge",
        )


@error("HPT426", "R28")
def distributed_single_instance_algorithm(rule: Rule, context: Context) -> Iterator[Finding]:
    """An algorithm that supports a single instance runs on several.

    LDA, Object2Vec, Semantic Segmentation, Sequence-to-Sequence and BlazingText (except in
    `batch_skipgram` mode) don't support distributed training
    (https://docs.aws.amazon.com/sagemaker/latest/dg/common-info-all-im-models.html).

    Bad (lda):
        training_job:
          resources: {instance_count: 2}

    Good (lda):
        training_job:
          resources: {instance_count: 1}
    """
    reported = None
    for definition, _, group in _instances(context):
        algorithm = built_in(definition)
        if algorithm is None or group.count < 2 or not algorithm.is_single_instance:
            continue
        if group.count_path == reported:
            continue
        unless = algorithm.multi_instance_when
        if unless is not None and _can_have(definition, unless.hyperparameter, unless.values):
            continue
        reported = group.count_path
        advice = (
            "set `instance_count: 1`"
            if unless is None
            else f"set `instance_count: 1`, or `{unless.hyperparameter}: {unless.values[0]}`"
        )
        yield rule.finding(
            f"{algorithm.title} supports a single instance, but `instance_count` is {group.count}",
            group.count_path,
            label="must be 1",
            accepted=1,
            help=advice,
        )


def _algorithms_and_instances(
    context: Context,
) -> Iterator[tuple[Definition, Algorithm, Instances]]:
    for definition, _, group in _instances(context):
        algorithm = built_in(definition)
        if algorithm is not None:
            yield definition, algorithm, group


def _can_have(definition: Definition, name: str, values: tuple[str, ...]) -> bool:
    """Whether a hyperparameter, static or tuned, can have one of these values."""
    possible = {definition.static[name]} if name in definition.static else set()
    for range_ in definition.ranges:
        if range_.name == name:
            possible |= set(range_.values) if isinstance(range_, CategoricalRange) else set(values)
    return not possible.isdisjoint(values)


RULES = (
    missing_volume_size,
    volume_larger_than_local_storage,
    volume_replaced_by_smaller_local_storage,
    volume_too_large,
    missing_gpu,
    unused_gpu,
    distributed_single_instance_algorithm,
)
