"""HPT42x: whether the instances have the volumes and processors that the training needs."""

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
def volume_without_a_size(rule: Rule, context: Context) -> Iterator[Finding]:
    """Instances without storage of their own, and no volume.

    Such an instance keeps everything on an EBS volume, so its size must be given; instances with
    local storage need none
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
        kind = instances.instance(group.type)
        if kind is None or kind.has_local_storage or group.volume_size_gb:
            continue
        # The groups of a cluster share one size, so it is missing once.
        at = group.path if resources.is_flexible else resources.path
        if at != reported:
            reported = at
            yield rule.finding(
                f"{group.type} has no storage of its own and needs a volume",
                at / "VolumeSizeInGB",
                label="at least 1" if group.volume_size_gb == 0 else "",
                help="add `volume_size_in_gb:`, room for the data, the model and scratch files",
            )


@error("HPT421", "R18")
def volume_larger_than_local_storage(rule: Rule, context: Context) -> Iterator[Finding]:
    """A volume larger than the local storage that stands for it.

    An instance with local storage gets no volume. In `tuning_resources`, AWS refuses a size above
    that of the local storage
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
def less_local_storage_than_asked_for(rule: Rule, context: Context) -> Iterator[Finding]:
    """A volume that is not made, where the instance's own storage is smaller.

    An instance with local storage gets no volume: whatever size is said, it has the room that it
    has, and data that don't fit fail the training job
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
        has = kind.local_storage_gb if kind is not None else None
        size = group.volume_size_gb
        if resources.is_tuning_form != in_tuning_form or has is None or size is None or size <= has:
            continue
        at = group.path if resources.is_flexible else resources.path
        yield rule.finding(
            f"{group.type} has {has} GB of local storage and gets no volume of {size} GB",
            at / "VolumeSizeInGB",
            label=f"at most {has}",
            help=f"if {has} GB are enough, lower it; else take a larger size of the family, or an "
            "instance without local storage",
        )


@warning("HPT423", "R20")
def volume_larger_than_any(rule: Rule, context: Context) -> Iterator[Finding]:
    """A volume larger than EBS makes.

    SageMaker attaches gp2 volumes, of 16,384 GB at most
    (https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html). An account's quota for
    training volumes is far lower.

    Bad:
        training_job:
          resources: {volume_size_in_gb: 16385}

    Good:
        training_job:
          resources: {volume_size_in_gb: 16384}
    """
    for _, resources, group in _instances(context):
        kind = instances.instance(group.type)
        size = group.volume_size_gb or 0
        if size > _MAX_VOLUME_GB and kind is not None and not kind.has_local_storage:
            at = group.path if resources.is_flexible else resources.path
            yield rule.finding(
                f"a volume of {size} GB; {_MAX_VOLUME_GB} is the most that EBS makes of this type",
                at / "VolumeSizeInGB",
                label=f"at most {_MAX_VOLUME_GB}",
                help="lower it; data of that size are better streamed: `input_mode: FastFile`",
            )


@error("HPT424", "R27")
def gpu_algorithm_without_a_gpu(rule: Rule, context: Context) -> Iterator[Finding]:
    """An algorithm that trains on GPUs only, on an instance without one.

    Image Classification, Object Detection, Semantic Segmentation and Sequence-to-Sequence need a
    GPU, and SageMaker refuses any other instance
    (https://docs.aws.amazon.com/sagemaker/latest/dg/common-info-all-im-models.html).

    Bad (image-classification):
        training_job:
          resources: {instance_type: ml.m5.xlarge}

    Good (image-classification):
        training_job:
          resources: {instance_type: ml.g5.xlarge}
    """
    for algorithm, group in _algorithms_and_instances(context):
        kind = instances.instance(group.type)
        if kind is not None and algorithm.processors == ("gpu",) and kind.processor != "gpu":
            yield rule.finding(
                f"{algorithm.title} trains on GPUs only, and {group.type} has none",
                group.path / "InstanceType",
                label="no GPU",
                help="take a GPU instance, such as ml.g5.xlarge",
            )


@warning("HPT425", "R27")
def gpu_that_the_algorithm_leaves_idle(rule: Rule, context: Context) -> Iterator[Finding]:
    """An algorithm that trains on CPUs only, on an instance with a GPU.

    It runs, no faster than without, and the GPU is paid for
    (https://docs.aws.amazon.com/sagemaker/latest/dg/common-info-all-im-models.html).

    Bad (random-cut-forest):
        training_job:
          resources: {instance_type: ml.p3.2xlarge}

    Good (random-cut-forest):
        training_job:
          resources: {instance_type: ml.m5.xlarge}
    """
    for algorithm, group in _algorithms_and_instances(context):
        kind = instances.instance(group.type)
        if kind is not None and algorithm.processors == ("cpu",) and kind.processor != "cpu":
            newest = algorithms.algorithm(algorithm.name) or algorithm
            when = "" if newest.processors == ("cpu",) else " in this version"
            yield rule.finding(
                f"{algorithm.title} trains on CPUs only{when}: {group.type} is paid for its GPU",
                group.path / "InstanceType",
                label="its GPU stays idle",
                help="take a CPU instance, such as ml.m5.xlarge",
            )


@error("HPT426", "R28")
def cluster_for_a_single_instance_algorithm(rule: Rule, context: Context) -> Iterator[Finding]:
    """Several instances for an algorithm that trains on one.

    LDA, Object2Vec, Semantic Segmentation, Sequence-to-Sequence and BlazingText (but for its mode
    `batch_skipgram`) don't train on a cluster
    (https://docs.aws.amazon.com/sagemaker/latest/dg/common-info-all-im-models.html).

    Bad (lda):
        training_job:
          resources: {instance_count: 2}

    Good (lda):
        training_job:
          resources: {instance_count: 1}
    """
    for definition, _, group in _instances(context):
        algorithm = built_in(definition)
        if algorithm is None or group.count < 2 or not algorithm.is_single_instance:
            continue
        unless = algorithm.multi_instance_when
        if unless is not None and _may_be(definition, unless.hyperparameter, unless.values):
            continue
        advice = (
            "set `instance_count: 1`"
            if unless is None
            else f"set `instance_count: 1`, or `{unless.hyperparameter}: {unless.values[0]}`"
        )
        yield rule.finding(
            f"{algorithm.title} trains on one instance, not on {group.count}",
            group.path / "InstanceCount",
            label="must be 1",
            help=advice,
        )


def _algorithms_and_instances(context: Context) -> Iterator[tuple[Algorithm, Instances]]:
    for definition, _, group in _instances(context):
        algorithm = built_in(definition)
        if algorithm is not None:
            yield algorithm, group


def _may_be(definition: Definition, name: str, values: tuple[str, ...]) -> bool:
    """Whether a hyperparameter, static or tuned, can have one of these values."""
    given = {definition.static[name]} if name in definition.static else set()
    for range_ in definition.ranges:
        if range_.name == name:
            given |= set(range_.values) if isinstance(range_, CategoricalRange) else set(values)
    return not given.isdisjoint(values)


RULES = (
    volume_without_a_size,
    volume_larger_than_local_storage,
    less_local_storage_than_asked_for,
    volume_larger_than_any,
    gpu_algorithm_without_a_gpu,
    gpu_that_the_algorithm_leaves_idle,
    cluster_for_a_single_instance_algorithm,
)
