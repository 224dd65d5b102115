"""HPT465..470: which channels a training job has, and on which instances."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.diagnostics import Finding, RequestPath
from hptc.request.job_facts import built_in, has_known_version, runs_a_script
from hptc.request.tuning_job import Channel, Definition, S3Source
from hptc.rules.input_channels import channels, s3_sources
from hptc.rules.rule import Context, Rule, error, warning

_ANNOTATIONS = ("train_annotation", "validation_annotation")


@error("HPT465", "I19")
def instance_groups_for_some_channels(rule: Rule, context: Context) -> Iterator[Finding]:
    """Some input channels name instance groups, and others do not.

    AWS takes instance groups for all channels of a training job, or for none
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
                    f"the channel `{channel.name}` names no instance group, "
                    f"but `{min(with_groups)}` does",
                    channel.path,
                    help="add `instance_group_names` to every channel, or to none",
                    on_key=True,
                )


def _groups(channel: Channel) -> list[tuple[str, RequestPath]]:
    """The instance groups that a channel names, each with its place."""
    return [
        (name, source.path / "InstanceGroupNames" / index)
        for source in channel.sources
        if isinstance(source, S3Source)
        for index, name in enumerate(source.instance_group_names)
    ]


def _group_names(definition: Definition) -> list[str]:
    return [
        instances.group
        for resources in definition.resources
        for instances in resources.instances
        if instances.group is not None
    ]


@error("HPT466", "I20")
def unknown_instance_group(rule: Rule, context: Context) -> Iterator[Finding]:
    """An input channel names an instance group that the training job does not have.

    The names are those of the training job's own instance groups
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
                    f"the channel `{channel.name}` names the instance group `{name}`, "
                    "which is not there",
                    path,
                    help=f"the groups are {', '.join(known)}",
                )


@warning("HPT467", "I21")
def instance_group_names_ignored(rule: Rule, context: Context) -> Iterator[Finding]:
    """An input channel names instance groups, but the training job has none.

    AWS accepts the names and drops them: every instance gets the channel
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
                    f"the channel `{channel.name}` names instance groups, "
                    "but the training job has none",
                    source.path / "InstanceGroupNames",
                    label="ignored",
                    help="remove it, or give `resources` its `instance_groups`",
                )


@warning("HPT468", "I27", "I01")
def required_channel_missing(rule: Rule, context: Context) -> Iterator[Finding]:
    """A built-in algorithm lacks an input channel that it can't train without.

    AWS accepts the tuning job; its training jobs fail for lack of data, each of them
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
        given = {channel.name for channel in definition.channels}
        has_augmented = any(
            isinstance(source, S3Source) and source.data_type == "AugmentedManifestFile"
            for channel in definition.channels
            for source in channel.sources
        )
        missing = [
            " or ".join(f"`{name}`" for name in channel.names)
            for channel in algorithm.channels
            if channel.is_required
            and given.isdisjoint(channel.names)
            and not (has_augmented and channel.names[0] in _ANNOTATIONS)
        ]
        if missing:
            yield rule.finding(
                f"{algorithm.title} needs the input channel{'s' * (len(missing) > 1)} "
                f"{', '.join(missing)}",
                definition.path / "InputDataConfig",
                help=f"the inputs are {', '.join(sorted(given))}" if given else "add it to inputs",
                on_key=True,
            )


@warning("HPT469", "I28")
def input_mode_not_documented_for_the_algorithm(rule: Rule, context: Context) -> Iterator[Finding]:
    """A built-in algorithm is to read its data in a mode that AWS does not document for it.

    Each built-in algorithm reads File mode, and some read Pipe mode too. In another mode it may
    not find its data
    (https://docs.aws.amazon.com/sagemaker/latest/dg/common-info-all-im-models.html).

    Bad (deepar):
        training_job:
          algorithm: {input_mode: Pipe}

    Good (deepar):
        training_job:
          algorithm: {input_mode: File}
    """
    for definition in context.job.definitions:
        algorithm = built_in(definition)
        if algorithm is None or runs_a_script(definition) or not has_known_version(definition):
            continue
        places: dict[RequestPath, str] = {}
        for channel in definition.channels:
            if channel.input_mode in algorithm.input_modes:
                continue
            # A channel whose mode is the job's may say so itself; the job's place serves them all.
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
def model_licence_not_accepted(rule: Rule, context: Context) -> Iterator[Finding]:
    """A channel brings a model whose licence agreement is declined.

    A model with an end-user licence agreement reaches the training job only when the request
    accepts the agreement
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
                f"the licence agreement of the model in `{channel.name}` is not accepted",
                source.path / "ModelAccessConfig" / "AcceptEula",
                help="read the agreement; `accept_eula: true` accepts it",
            )


RULES = (
    instance_groups_for_some_channels,
    unknown_instance_group,
    instance_group_names_ignored,
    required_channel_missing,
    input_mode_not_documented_for_the_algorithm,
    model_licence_not_accepted,
)
