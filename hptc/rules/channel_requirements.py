"""HPT465 to HPT470: what instance groups and algorithms require of input channels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hptc.catalog.algorithms import Algorithm
from hptc.catalog.channels import Channel as Documented
from hptc.catalog.channels import are_image_files
from hptc.diagnostics import Finding, RequestPath, nearest
from hptc.request.job_facts import (
    built_in,
    has_augmented_manifest,
    runs_a_script,
)
from hptc.request.tuning_job import Channel, Definition, S3Source
from hptc.rules.input_channels import channels, s3_sources
from hptc.rules.rule import Context, Rule, error, warning
from hptc.rules.version_facts import in_every_version
from hptc.text import listed, listed_code

_IMAGE_CHANNELS = ("train", "validation")


@error("HPT465", "I19")
def instance_groups_for_some_channels(rule: Rule, context: Context) -> Iterator[Finding]:
    """Only some input channels have instance groups.

    SageMaker requires instance groups for all channels of a training job, or for none
    (https://docs.aws.amazon.com/sagemaker/latest/dg/train-heterogeneous-cluster.html).

    Bad (instance-groups):
        training_job:
          inputs:
            train: {s3: {s3_uri: "s3://example/train/", instance_group_names: [workers]}}
            test: {s3: "s3://example/test/"}

    Good (instance-groups):
        training_job:
          inputs:
            train: {s3: {s3_uri: "s3://example/train/", instance_group_names: [workers]}}
            test: {s3: {s3_uri: "s3://example/test/", instance_group_names: [workers]}}
    """
    for definition in context.job.definitions:
        with_groups = {channel.name for channel in definition.channels if _groups(channel)}
        if not with_groups:
            continue
        for channel in definition.channels:
            if channel.name not in with_groups:
                yield rule.finding(
                    f"the channel `{channel.name}` has no instance groups, but "
                    f"`{min(with_groups)}` has",
                    channel.path,
                    help="add `instance_group_names` to every channel, or to none",
                    on_key=True,
                )


def _groups(channel: Channel) -> list[tuple[str, RequestPath]]:
    """The instance groups of a channel, each with its path."""
    return [
        (name, source.path / "InstanceGroupNames" / index)
        for source in channel.sources
        if isinstance(source, S3Source)
        for index, name in enumerate(source.instance_group_names)
    ]


def _group_names(definition: Definition) -> list[str]:
    return [instances.group for instances in definition.instances if instances.group is not None]


@error("HPT466", "I20")
def unknown_instance_group(rule: Rule, context: Context) -> Iterator[Finding]:
    """An input channel refers to an instance group that does not exist.

    `instance_group_names` must be names of the training job's instance groups
    (https://docs.aws.amazon.com/sagemaker/latest/dg/train-heterogeneous-cluster.html).

    Bad (instance-groups):
        training_job:
          inputs:
            train: {s3: {s3_uri: "s3://example/train/", instance_group_names: [worker]}}

    Good (instance-groups):
        training_job:
          inputs:
            train: {s3: {s3_uri: "s3://example/train/", instance_group_names: [workers]}}
    """
    for definition, channel in channels(context):
        known = _group_names(definition)
        for name, path in _groups(channel) if known else ():
            if name not in known:
                yield rule.finding(
                    f"the channel `{channel.name}` refers to the instance group `{name}`, which "
                    "does not exist",
                    path,
                    help=f"instance groups: {listed_code(known)}",
                )


@warning("HPT467", "I21")
def ignored_instance_group_names(rule: Rule, context: Context) -> Iterator[Finding]:
    """An input channel has instance groups, but the training job has none.

    SageMaker accepts and ignores the names: every instance gets the channel
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html).

    Bad:
        training_job:
          inputs:
            train: {s3: {s3_uri: "s3://example/train/", instance_group_names: [workers]}}

    Good:
        training_job:
          inputs:
            train: {s3: {s3_uri: "s3://example/train/"}}
    """
    for definition, channel in channels(context):
        for source in channel.sources:
            if not isinstance(source, S3Source) or not source.instance_group_names:
                continue
            if not _group_names(definition):
                yield rule.finding(
                    f"the channel `{channel.name}` refers to instance groups, but the training job "
                    "has none",
                    source.path / "InstanceGroupNames",
                    label="ignored",
                    is_removable=True,
                    help="remove it, or add `instance_groups` to `resources`",
                )


@error("HPT468", "I27", "I01")
def missing_required_channel(rule: Rule, context: Context) -> Iterator[Finding]:
    """An input channel that the built-in algorithm requires is missing.

    SageMaker accepts the tuning job, but every training job fails because of the missing data.
    Image Classification and Object Detection also need lists or annotations if the data is image
    files
    (https://docs.aws.amazon.com/sagemaker/latest/dg/common-info-all-im-models.html).

    Bad (xgboost):
        training_job:
          inputs:
            train: null
            training: {s3: "s3://example/train/"}

    Good (xgboost):
        training_job:
          inputs:
            train: {s3: "s3://example/train/"}
    """
    for definition in context.job.definitions:
        algorithm = built_in(definition)
        if algorithm is None or runs_a_script(definition):
            continue
        present = {channel.name for channel in definition.channels}
        lacking = [
            channel
            for channel in algorithm.channels
            if present.isdisjoint(channel.names) and _is_required(channel, definition)
        ]
        if lacking:
            names = [listed_code(channel.names, "or") for channel in lacking]
            yield rule.finding(
                f"{algorithm.title} requires the input channel{'s' * (len(names) > 1)} "
                f"{listed(names)}",
                definition.path / "InputDataConfig",
                help=_advice(algorithm, lacking, present),
                on_key=True,
            )


def _advice(algorithm: Algorithm, lacking: Sequence[Documented], names: set[str]) -> str:
    """What to do about channels that are missing: one may only have another name."""
    advice = "add it to `inputs`" if len(lacking) == 1 else "add them to `inputs`"
    unknown = tuple(sorted(name for name in names if algorithm.channel(name) is None))
    wanted = lacking[0].names[0]
    if len(lacking) == 1 and (meant := nearest(wanted, unknown)) is not None:
        return f"rename `{meant}` to `{wanted}`, or {advice}"
    return f"{advice}, which has {listed_code(sorted(names))}" if names else advice


def _is_required(channel: Documented, definition: Definition) -> bool:
    """Whether an algorithm needs a channel, given the data of the other channels."""
    has_manifest = any(map(has_augmented_manifest, definition.channels))
    if channel.with_image_files:
        types = [own.content_type for own in definition.channels if own.name in _IMAGE_CHANNELS]
        return not has_manifest and any(
            content_type and are_image_files(content_type) for content_type in types
        )
    return channel.is_required and not (channel.without_manifest and has_manifest)


@warning("HPT469", "I28")
def undocumented_input_mode(rule: Rule, context: Context) -> Iterator[Finding]:
    """The input mode is not documented for the built-in algorithm.

    Every built-in algorithm supports File mode, and some support Pipe mode too. In another mode the
    algorithm may not find its data
    (https://docs.aws.amazon.com/sagemaker/latest/dg/common-info-all-im-models.html).

    Bad (deepar):
        training_job:
          algorithm: {input_mode: Pipe}

    Good (deepar):
        training_job:
          algorithm: {input_mode: File}
    """
    yield from in_every_version(
        context, lambda definition, algorithm: _undocumented_modes(rule, definition, algorithm)
    )


def _undocumented_modes(
    rule: Rule, definition: Definition, algorithm: Algorithm
) -> Iterator[Finding]:
    places: dict[RequestPath, str] = {}
    for channel in definition.channels:
        if channel.input_mode in algorithm.input_modes:
            continue
        # One finding covers all channels with the mode of the training job.
        is_own = channel.input_mode != definition.input_mode
        place = (
            channel.path / "InputMode"
            if is_own
            else definition.path / "AlgorithmSpecification" / "TrainingInputMode"
        )
        places.setdefault(place, channel.input_mode)
    for place, mode in places.items():
        yield rule.finding(
            f"AWS does not document {mode} mode for {algorithm.title}",
            place,
            label=f"documented: {' or '.join(algorithm.input_modes)}",
        )


@warning("HPT470", "I29")
def model_license_not_accepted(rule: Rule, context: Context) -> Iterator[Finding]:
    """The license agreement of a model is not accepted.

    A training job gets a model with an end-user license agreement only if the request accepts it
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ModelAccessConfig.html).

    Bad:
        training_job:
          inputs:
            model: {s3: {s3_uri: "s3://example/model/", model_access: {accept_eula: false}}}

    Good:
        training_job:
          inputs:
            model: {s3: {s3_uri: "s3://example/model/", model_access: {accept_eula: true}}}
    """
    for _, channel, source in s3_sources(context):
        if source.accepts_eula is False:
            yield rule.finding(
                f"the license agreement of the model in the channel `{channel.name}` is not "
                "accepted",
                source.path / "ModelAccessConfig" / "AcceptEula",
                help="read the agreement, then set `model_access: {accept_eula: true}`",
            )


RULES = (
    instance_groups_for_some_channels,
    unknown_instance_group,
    ignored_instance_group_names,
    missing_required_channel,
    undocumented_input_mode,
    model_license_not_accepted,
)
