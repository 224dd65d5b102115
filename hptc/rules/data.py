"""HPT451..: what training jobs read and write: input channels, outputs, checkpoints."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from hptc.diagnostics import Finding, Path
from hptc.job import Channel, DatasetSource, Definition, FileSystemSource, S3Source
from hptc.references import has_reference
from hptc.rules.reading import built_in, has_known_version, runs_a_script
from hptc.rules.rule import Context, Rule, error, warning

_WANTS_RECORD_IO = ("image-classification", "object-detection", "semantic-segmentation")
_ANNOTATIONS = ("train_annotation", "validation_annotation")
_SAGEMAKERS_OWN = ("/opt/ml/input", "/opt/ml/model", "/opt/ml/output", "/opt/ml/code")


def _channels(context: Context) -> Iterator[tuple[Definition, Channel]]:
    for definition in context.job.definitions:
        for channel in definition.channels:
            yield definition, channel


def _s3_sources(context: Context) -> Iterator[tuple[Definition, Channel, S3Source]]:
    for definition, channel in _channels(context):
        for source in channel.sources:
            if isinstance(source, S3Source):
                yield definition, channel, source


def _file_systems(context: Context) -> Iterator[tuple[Definition, Channel, FileSystemSource]]:
    for definition, channel in _channels(context):
        for source in channel.sources:
            if isinstance(source, FileSystemSource):
                yield definition, channel, source


@error("HPT451", "I02")
def channel_given_twice(rule: Rule, context: Context) -> Iterator[Finding]:
    """Two input channels have the same name.

    A channel's name is its directory in the container, /opt/ml/input/data/<name>, so that two
    channels can't share one. In a spec the names are keys, which YAML keeps apart; this is about
    requests
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Channel.html).

    Bad:
        # request
        TrainingJobDefinition:
          InputDataConfig:
            - ChannelName: train
              DataSource: {S3DataSource: {S3DataType: S3Prefix, S3Uri: "s3://example/train/"}}
            - ChannelName: train
              DataSource: {S3DataSource: {S3DataType: S3Prefix, S3Uri: "s3://example/more/"}}

    Good:
        # request
        TrainingJobDefinition:
          InputDataConfig:
            - ChannelName: train
              DataSource: {S3DataSource: {S3DataType: S3Prefix, S3Uri: "s3://example/train/"}}
            - ChannelName: more
              DataSource: {S3DataSource: {S3DataType: S3Prefix, S3Uri: "s3://example/more/"}}
    """
    for definition in context.job.definitions:
        seen: set[str] = set()
        for channel in definition.channels:
            if channel.name in seen:
                yield rule.finding(
                    f"the input channel `{channel.name}` is given twice",
                    (*channel.path, "ChannelName"),
                    help="rename one of the two",
                )
            seen.add(channel.name)


@error("HPT452", "I04")
def channel_without_one_source(rule: Rule, context: Context) -> Iterator[Finding]:
    """An input channel has no source of data, or more than one.

    A channel brings data of one source: a place in Amazon S3, a file system or a dataset of a hub
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DataSource.html).

    Bad:
        training_job:
          inputs:
            train:
              s3: "s3://example/train/"
              file_system: {file_system_id: fs-0123456789abcdef0, file_system_type: EFS,
                            file_system_access_mode: ro, directory_path: /train}
          vpc: {subnets: [subnet-0123456789abcdef0], security_group_ids: [sg-0123456789abcdef0]}

    Good:
        training_job:
          inputs:
            train: {s3: "s3://example/train/"}
    """
    for _, channel in _channels(context):
        if len(channel.sources) == 1:
            continue
        yield rule.finding(
            f"the input channel `{channel.name}` has "
            + ("several sources of data" if channel.sources else "no source of data"),
            (*channel.path, "DataSource"),
            help="give it one of `s3`, `file_system` and `dataset`",
            on_key=True,
        )


@error("HPT453", "I06", "I07")
def gzip_outside_pipe_mode(rule: Rule, context: Context) -> Iterator[Finding]:
    """A channel is to be decompressed, but is not read in Pipe mode.

    SageMaker decompresses data only while it streams it; in File and FastFile mode the container
    gets the files as they are, and `compression_type: Gzip` is refused
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Channel.html).

    Bad:
        training_job:
          inputs: {train: {compression_type: Gzip}}

    Good:
        training_job:
          algorithm: {input_mode: Pipe}
          inputs: {train: {compression_type: Gzip}}
    """
    for _, channel in _channels(context):
        if channel.compression == "Gzip" and channel.input_mode != "Pipe":
            yield rule.finding(
                f"the channel `{channel.name}` is read in {channel.input_mode} mode, "
                "which does not decompress",
                (*channel.path, "CompressionType"),
                label="needs Pipe mode",
                help="use `input_mode: Pipe`, or remove this and decompress in the container",
            )


@warning("HPT454", "I06")
def gzip_in_a_channel_of_another_mode_than_the_job(
    rule: Rule, context: Context
) -> Iterator[Finding]:
    """A channel asks for Pipe mode to be decompressed, while the training job is in another mode.

    AWS has been seen to judge the compression by the training job's own mode and to refuse the
    request (https://github.com/aws/sagemaker-python-sdk/issues/716). With Pipe mode in both places
    there is no doubt.

    Bad:
        training_job:
          inputs: {train: {compression_type: Gzip, input_mode: Pipe}}

    Good:
        training_job:
          algorithm: {input_mode: Pipe}
          inputs: {train: {compression_type: Gzip, input_mode: Pipe}}
    """
    for definition, channel in _channels(context):
        if channel.compression != "Gzip" or channel.input_mode != "Pipe":
            continue
        if definition.input_mode != "Pipe":
            yield rule.finding(
                f"the channel `{channel.name}` is decompressed in Pipe mode, but the training job "
                f"is in {definition.input_mode} mode",
                (*channel.path, "CompressionType"),
                help="use `input_mode: Pipe` in `algorithm` too",
            )


@error("HPT455", "I08")
def record_wrapper_outside_pipe_mode(rule: Rule, context: Context) -> Iterator[Finding]:
    """A channel is to be wrapped as RecordIO, but is not read in Pipe mode.

    SageMaker wraps records while it streams them; other modes take no wrapper
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Channel.html).

    Bad:
        training_job:
          inputs: {train: {record_wrapper_type: RecordIO}}

    Good:
        training_job:
          algorithm: {input_mode: Pipe}
          inputs: {train: {record_wrapper_type: RecordIO}}
    """
    for _, channel in _channels(context):
        if channel.record_wrapper == "RecordIO" and channel.input_mode != "Pipe":
            yield rule.finding(
                f"the channel `{channel.name}` is read in {channel.input_mode} mode, "
                "which wraps no records",
                (*channel.path, "RecordWrapperType"),
                label="needs Pipe mode",
                help="use `input_mode: Pipe`, or remove this if the data is in RecordIO already",
            )


@error("HPT456", "I09", "I13")
def augmented_manifest_outside_pipe_mode(rule: Rule, context: Context) -> Iterator[Finding]:
    """A channel names an augmented manifest, but is not read in Pipe mode.

    SageMaker reads an augmented manifest line by line into the stream of Pipe mode, and in no
    other mode
    (https://docs.aws.amazon.com/sagemaker/latest/dg/augmented-manifest-stream.html).

    Bad:
        training_job:
          inputs:
            train:
              s3:
                s3_uri: s3://example/train.manifest
                s3_data_type: AugmentedManifestFile
                attribute_names: [source-ref, label]

    Good:
        training_job:
          inputs:
            train:
              input_mode: Pipe
              s3:
                s3_uri: s3://example/train.manifest
                s3_data_type: AugmentedManifestFile
                attribute_names: [source-ref, label]
    """
    for _, channel, source in _s3_sources(context):
        if source.data_type == "AugmentedManifestFile" and channel.input_mode != "Pipe":
            yield rule.finding(
                f"the channel `{channel.name}` is read in {channel.input_mode} mode, "
                "which takes no augmented manifest",
                (*source.path, "S3DataType"),
                label="needs Pipe mode",
                help="use `input_mode: Pipe`",
            )


@error("HPT457", "I10")
def augmented_manifest_without_attributes(rule: Rule, context: Context) -> Iterator[Finding]:
    """A channel names an augmented manifest, but none of its attributes.

    `attribute_names` says which attributes of each line reach the algorithm, and in which order.
    Without them it gets empty batches, and the training job fails
    (https://docs.aws.amazon.com/sagemaker/latest/dg/augmented-manifest.html).

    Bad:
        training_job:
          inputs:
            train:
              input_mode: Pipe
              s3: {s3_uri: s3://example/train.manifest, s3_data_type: AugmentedManifestFile}

    Good:
        training_job:
          inputs:
            train:
              input_mode: Pipe
              s3:
                s3_uri: s3://example/train.manifest
                s3_data_type: AugmentedManifestFile
                attribute_names: [source-ref, label]
    """
    for _, channel, source in _s3_sources(context):
        if source.data_type == "AugmentedManifestFile" and not source.attribute_names:
            yield rule.finding(
                f"the channel `{channel.name}` takes no attribute of its augmented manifest",
                (*source.path, "S3DataType"),
                help="add `attribute_names:`, such as [source-ref, label]",
            )


@error("HPT458", "I11")
def augmented_manifest_without_record_wrapper(rule: Rule, context: Context) -> Iterator[Finding]:
    """An image algorithm reads an augmented manifest without RecordIO.

    Image Classification, Object Detection and Semantic Segmentation tell the records of a stream
    apart by RecordIO, and fail on a stream without it
    (https://docs.aws.amazon.com/sagemaker/latest/dg/image-classification.html).

    Bad:
        training_job:
          objective: {metric_name: "validation:accuracy", type: Maximize}
          hyperparameters:
            depth: null
            rate: null
            num_classes: 2
            num_training_samples: 900
            learning_rate: {type: Continuous, min: 0.001, max: 0.1}
          algorithm:
            training_image: null
            metric_definitions: null
            built_in: image-classification
            version: 1
            input_mode: Pipe
          inputs:
            train:
              s3:
                s3_uri: s3://example/train.manifest
                s3_data_type: AugmentedManifestFile
                attribute_names: [source-ref, label]
            validation: {s3: "s3://example/validation/"}
          resources: {instance_type: ml.p3.2xlarge}

    Good:
        training_job:
          objective: {metric_name: "validation:accuracy", type: Maximize}
          hyperparameters:
            depth: null
            rate: null
            num_classes: 2
            num_training_samples: 900
            learning_rate: {type: Continuous, min: 0.001, max: 0.1}
          algorithm:
            training_image: null
            metric_definitions: null
            built_in: image-classification
            version: 1
            input_mode: Pipe
          inputs:
            train:
              record_wrapper_type: RecordIO
              s3:
                s3_uri: s3://example/train.manifest
                s3_data_type: AugmentedManifestFile
                attribute_names: [source-ref, label]
            validation: {s3: "s3://example/validation/"}
          resources: {instance_type: ml.p3.2xlarge}
    """
    for definition, channel, source in _s3_sources(context):
        algorithm = built_in(definition)
        if algorithm is None or algorithm.name not in _WANTS_RECORD_IO:
            continue
        if source.data_type == "AugmentedManifestFile" and channel.record_wrapper != "RecordIO":
            yield rule.finding(
                f"{algorithm.title} can't read the augmented manifest of `{channel.name}` "
                "without RecordIO",
                (*source.path, "S3DataType"),
                help="add `record_wrapper_type: RecordIO` to the channel",
            )


@warning("HPT459", "I12")
def attribute_names_ignored(rule: Rule, context: Context) -> Iterator[Finding]:
    """A channel names attributes, but no augmented manifest.

    `attribute_names` chooses attributes of an augmented manifest. With a prefix or a plain
    manifest AWS accepts and ignores it
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html).

    Bad:
        training_job:
          inputs:
            train: {s3: {s3_uri: "s3://example/train/", attribute_names: [label]}}

    Good:
        training_job:
          inputs:
            train: {s3: {s3_uri: "s3://example/train/"}}
    """
    for _, channel, source in _s3_sources(context):
        if source.attribute_names and source.data_type != "AugmentedManifestFile":
            yield rule.finding(
                f"the channel `{channel.name}` is a {source.data_type}, which has no attributes",
                (*source.path, "AttributeNames"),
                label="ignored",
                help="use `s3_data_type: AugmentedManifestFile`, or remove this",
            )


@error("HPT460", "I13", "I14")
def fast_file_mode_of_another_source(rule: Rule, context: Context) -> Iterator[Finding]:
    """A channel in FastFile mode reads something else than a prefix of Amazon S3.

    FastFile mode shows the objects below one prefix as files. It takes no manifest, no file system
    and no other source
    (https://docs.aws.amazon.com/sagemaker/latest/dg/model-access-training-data.html).

    Bad:
        training_job:
          algorithm: {input_mode: FastFile}
          inputs:
            train: {s3: {s3_uri: s3://example/train.manifest, s3_data_type: ManifestFile}}

    Good:
        training_job:
          algorithm: {input_mode: FastFile}
          inputs:
            train: {s3: "s3://example/train/"}
    """
    for _, channel in _channels(context):
        if channel.input_mode != "FastFile":
            continue
        for source in channel.sources:
            path, what = source.path, ""
            match source:
                case S3Source():
                    path = (*path, "S3DataType")
                    what = "a manifest" if source.data_type == "ManifestFile" else ""
                case FileSystemSource():
                    what = "a file system"
                case DatasetSource():
                    what = "a dataset"
            if what:
                yield rule.finding(
                    f"the channel `{channel.name}` is read in FastFile mode, "
                    f"which does not take {what}",
                    path,
                    label="FastFile takes a prefix in S3",
                    help="use `input_mode: File` for this channel",
                    on_key=not isinstance(source, S3Source),
                )


@warning("HPT461", "I15")
def fast_file_prefix_without_slash(rule: Rule, context: Context) -> Iterator[Finding]:
    """A channel in FastFile mode has a prefix that does not end in a slash.

    FastFile mode wants the prefix of a whole folder. `s3://bucket/train` is also the beginning of
    `s3://bucket/train-old/…`
    (https://docs.aws.amazon.com/sagemaker/latest/dg/model-access-training-data.html).

    Bad:
        training_job:
          algorithm: {input_mode: FastFile}
          inputs: {train: {s3: "s3://example/train"}}

    Good:
        training_job:
          algorithm: {input_mode: FastFile}
          inputs: {train: {s3: "s3://example/train/"}}
    """
    for _, channel, source in _s3_sources(context):
        if channel.input_mode != "FastFile" or source.data_type != "S3Prefix":
            continue
        _, _, key = source.uri.partition("://")[2].partition("/")
        if key and not key.endswith("/") and not has_reference(key):
            yield rule.finding(
                f"the channel `{channel.name}` is read in FastFile mode, "
                "but its prefix is no folder",
                (*source.path, "S3Uri"),
                label="add a / at the end",
            )


@warning("HPT462", "I16")
def pipe_mode_of_a_file_system(rule: Rule, context: Context) -> Iterator[Finding]:
    """A file system is to be read in Pipe mode.

    AWS describes Pipe mode for Amazon S3 only; EFS and FSx for Lustre are mounted, in File mode
    (https://docs.aws.amazon.com/sagemaker/latest/dg/model-access-training-data.html).

    Bad:
        training_job:
          algorithm: {input_mode: Pipe}
          inputs:
            train:
              s3: null
              file_system: {file_system_id: fs-0123456789abcdef0, file_system_type: EFS,
                            file_system_access_mode: ro, directory_path: /train}
          vpc: {subnets: [subnet-0123456789abcdef0], security_group_ids: [sg-0123456789abcdef0]}

    Good:
        training_job:
          algorithm: {input_mode: File}
          inputs:
            train:
              s3: null
              file_system: {file_system_id: fs-0123456789abcdef0, file_system_type: EFS,
                            file_system_access_mode: ro, directory_path: /train}
          vpc: {subnets: [subnet-0123456789abcdef0], security_group_ids: [sg-0123456789abcdef0]}
    """
    for _, channel, source in _file_systems(context):
        if channel.input_mode == "Pipe":
            yield rule.finding(
                f"the channel `{channel.name}` is a file system, which Pipe mode does not stream",
                source.path,
                help="use `input_mode: File` for this channel",
                on_key=True,
            )


@error("HPT463", "I17")
def file_system_without_vpc(rule: Rule, context: Context) -> Iterator[Finding]:
    """A training job reads a file system, but runs in no VPC.

    EFS and FSx for Lustre are reached through the network of a VPC, so that the training job must
    be connected to it
    (https://docs.aws.amazon.com/sagemaker/latest/dg/model-access-training-data.html).

    Bad:
        training_job:
          inputs:
            train:
              s3: null
              file_system: {file_system_id: fs-0123456789abcdef0, file_system_type: EFS,
                            file_system_access_mode: ro, directory_path: /train}

    Good:
        training_job:
          inputs:
            train:
              s3: null
              file_system: {file_system_id: fs-0123456789abcdef0, file_system_type: EFS,
                            file_system_access_mode: ro, directory_path: /train}
          vpc: {subnets: [subnet-0123456789abcdef0], security_group_ids: [sg-0123456789abcdef0]}
    """
    for definition, channel, source in _file_systems(context):
        if definition.vpc is None:
            yield rule.finding(
                f"the channel `{channel.name}` is a file system, but the training job is in no VPC",
                source.path,
                help="add `vpc:` with the file system's subnets and security groups",
                on_key=True,
            )


@error("HPT464", "I18")
def file_system_directory_without_root(rule: Rule, context: Context) -> Iterator[Finding]:
    """A file system's directory is not a full path.

    The directory begins at the file system's root: /… for EFS, and /<mount name>/… for FSx for
    Lustre, whose root alone can't be mounted
    (https://docs.aws.amazon.com/sagemaker/latest/dg/model-access-training-data.html).

    Bad:
        training_job:
          inputs:
            train:
              s3: null
              file_system: {file_system_id: fs-0123456789abcdef0, file_system_type: EFS,
                            file_system_access_mode: ro, directory_path: train}
          vpc: {subnets: [subnet-0123456789abcdef0], security_group_ids: [sg-0123456789abcdef0]}

    Good:
        training_job:
          inputs:
            train:
              s3: null
              file_system: {file_system_id: fs-0123456789abcdef0, file_system_type: EFS,
                            file_system_access_mode: ro, directory_path: /train}
          vpc: {subnets: [subnet-0123456789abcdef0], security_group_ids: [sg-0123456789abcdef0]}
    """
    for _, channel, source in _file_systems(context):
        if has_reference(source.directory):
            continue
        is_lustre_root = source.type == "FSxLustre" and not source.directory.strip("/")
        if not source.directory.startswith("/") or is_lustre_root:
            wanted = "/<mount name>/…" if source.type == "FSxLustre" else "/…"
            yield rule.finding(
                f"the directory of `{channel.name}` is not a full path of its file system",
                (*source.path, "DirectoryPath"),
                label=f"must be {wanted}",
            )


@error("HPT465", "I19")
def instance_groups_for_some_channels(rule: Rule, context: Context) -> Iterator[Finding]:
    """Some input channels name instance groups, and others do not.

    AWS takes instance groups for all channels of a training job, or for none
    (https://docs.aws.amazon.com/sagemaker/latest/dg/train-heterogeneous-cluster.html).

    Bad:
        training_job:
          resources:
            instance_type: null
            instance_count: null
            instance_groups: {workers: {instance_type: ml.c5.xlarge, instance_count: 1}}
          inputs:
            train: {s3: {s3_uri: "s3://example/train/", instance_group_names: [workers]}}
            test: {s3: "s3://example/test/"}

    Good:
        training_job:
          resources:
            instance_type: null
            instance_count: null
            instance_groups: {workers: {instance_type: ml.c5.xlarge, instance_count: 1}}
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


def _groups(channel: Channel) -> list[tuple[str, Path]]:
    """The instance groups that a channel names, each with its place."""
    return [
        (name, (*source.path, "InstanceGroupNames", index))
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

    Bad:
        training_job:
          resources:
            instance_type: null
            instance_count: null
            instance_groups: {workers: {instance_type: ml.c5.xlarge, instance_count: 1}}
          inputs:
            train: {s3: {s3_uri: "s3://example/train/", instance_group_names: [worker]}}

    Good:
        training_job:
          resources:
            instance_type: null
            instance_count: null
            instance_groups: {workers: {instance_type: ml.c5.xlarge, instance_count: 1}}
          inputs:
            train: {s3: {s3_uri: "s3://example/train/", instance_group_names: [workers]}}
    """
    for definition, channel in _channels(context):
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
    for definition, channel in _channels(context):
        for source in channel.sources:
            if not isinstance(source, S3Source) or not source.instance_group_names:
                continue
            if not _group_names(definition):
                yield rule.finding(
                    f"the channel `{channel.name}` names instance groups, "
                    "but the training job has none",
                    (*source.path, "InstanceGroupNames"),
                    label="ignored",
                    help="remove it, or give `resources` its `instance_groups`",
                )


@warning("HPT468", "I27", "I01")
def required_channel_missing(rule: Rule, context: Context) -> Iterator[Finding]:
    """A built-in algorithm lacks an input channel that it can't train without.

    AWS accepts the tuning job; its training jobs fail for lack of data, each of them
    (https://docs.aws.amazon.com/sagemaker/latest/dg/common-info-all-im-models.html).

    Bad:
        training_job:
          objective: {metric_name: "validation:rmse", type: Minimize}
          hyperparameters:
            depth: null
            rate: null
            num_round: 100
            eta: {type: Continuous, min: 0.1, max: 0.5}
          algorithm:
            {training_image: null, metric_definitions: null, built_in: xgboost, version: 1.7-1}
          inputs:
            train: null
            training: {s3: "s3://example/train/"}
            validation: {s3: "s3://example/validation/"}

    Good:
        training_job:
          objective: {metric_name: "validation:rmse", type: Minimize}
          hyperparameters:
            depth: null
            rate: null
            num_round: 100
            eta: {type: Continuous, min: 0.1, max: 0.5}
          algorithm:
            {training_image: null, metric_definitions: null, built_in: xgboost, version: 1.7-1}
          inputs:
            train: {s3: "s3://example/train/"}
            validation: {s3: "s3://example/validation/"}
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
                (*definition.path, "InputDataConfig"),
                help=f"the inputs are {', '.join(sorted(given))}" if given else "add it to inputs",
                on_key=True,
            )


@warning("HPT469", "I28")
def input_mode_not_documented_for_the_algorithm(rule: Rule, context: Context) -> Iterator[Finding]:
    """A built-in algorithm is to read its data in a mode that AWS does not document for it.

    Each built-in algorithm reads File mode, and some read Pipe mode too. In another mode it may
    not find its data
    (https://docs.aws.amazon.com/sagemaker/latest/dg/common-info-all-im-models.html).

    Bad:
        training_job:
          objective: {metric_name: "test:RMSE", type: Minimize}
          hyperparameters:
            depth: null
            rate: null
            context_length: 30
            epochs: 40
            prediction_length: 30
            time_freq: D
            learning_rate: {type: Continuous, min: 0.001, max: 0.1}
          algorithm:
            training_image: null
            metric_definitions: null
            built_in: forecasting-deepar
            version: 1
            input_mode: Pipe
          inputs: {test: {s3: "s3://example/test/"}}

    Good:
        training_job:
          objective: {metric_name: "test:RMSE", type: Minimize}
          hyperparameters:
            depth: null
            rate: null
            context_length: 30
            epochs: 40
            prediction_length: 30
            time_freq: D
            learning_rate: {type: Continuous, min: 0.001, max: 0.1}
          algorithm:
            training_image: null
            metric_definitions: null
            built_in: forecasting-deepar
            version: 1
            input_mode: File
          inputs: {test: {s3: "s3://example/test/"}}
    """
    for definition in context.job.definitions:
        algorithm = built_in(definition)
        if algorithm is None or runs_a_script(definition) or not has_known_version(definition):
            continue
        places: dict[Path, str] = {}
        for channel in definition.channels:
            if channel.input_mode in algorithm.input_modes:
                continue
            # A channel whose mode is the job's may say so itself; the job's place serves them all.
            is_own = channel.input_mode != definition.input_mode
            place = (
                (*channel.path, "InputMode")
                if is_own
                else (*definition.path, "AlgorithmSpecification", "TrainingInputMode")
            )
            places.setdefault(place, channel.input_mode)
        for place, mode in places.items():
            yield rule.finding(
                f"AWS does not document {mode} mode for {algorithm.title}",
                place,
                label=f"{' or '.join(algorithm.input_modes)}",
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
    for _, channel, source in _s3_sources(context):
        if source.accepts_eula is False:
            yield rule.finding(
                f"the licence agreement of the model in `{channel.name}` is not accepted",
                (*source.path, "ModelAccessConfig", "AcceptEula"),
                help="read the agreement; `accept_eula: true` accepts it",
            )


@warning("HPT471", "O08")
def checkpoints_shared_by_training_jobs(rule: Rule, context: Context) -> Iterator[Finding]:
    """All training jobs of a search write their checkpoints to one place.

    SageMaker copies what lies under the checkpoint prefix into each training job before it starts.
    With one prefix for the whole search, a training job may go on from another one's model, whose
    hyperparameters were different, and its result counts for its own
    (https://docs.aws.amazon.com/sagemaker/latest/dg/model-checkpoints-resume.html).

    Bad:
        training_job:
          checkpoint: {s3_uri: "s3://example/checkpoints/"}

    Good:
        training_job:
          checkpoint: null
    """
    if context.job.max_number_of_training_jobs == 1:
        return
    for definition in context.job.definitions:
        if definition.checkpoint_uri is not None:
            yield rule.finding(
                "every training job of the search restores what the others left under this prefix",
                (*definition.path, "CheckpointConfig", "S3Uri"),
                help="let the script use a folder named by its training job "
                "(TRAINING_JOB_NAME), then ignore this"
                if built_in(definition) is None or runs_a_script(definition)
                else "remove `checkpoint`: the algorithm goes on from whatever it finds there",
            )


@warning("HPT472", "O10")
def checkpoints_in_a_directory_of_sagemaker(rule: Rule, context: Context) -> Iterator[Finding]:
    """Checkpoints are kept in a directory that SageMaker uses for something else.

    Input data, code, the model and the outputs have their own directories below /opt/ml, which
    SageMaker mounts, fills or uploads. Checkpoints belong in /opt/ml/checkpoints, the default, or
    in a directory of your own
    (https://docs.aws.amazon.com/sagemaker/latest/dg/model-checkpoints-enable.html).

    Bad:
        limits: {max_number_of_training_jobs: 1, max_parallel_training_jobs: 1}
        training_job:
          checkpoint: {s3_uri: "s3://example/checkpoints/", local_path: /opt/ml/model}

    Good:
        limits: {max_number_of_training_jobs: 1, max_parallel_training_jobs: 1}
        training_job:
          checkpoint: {s3_uri: "s3://example/checkpoints/", local_path: /opt/ml/checkpoints}
    """
    for definition in context.job.definitions:
        local = definition.checkpoint_local_path
        if local is None or has_reference(local):
            continue
        path = posixpath.normpath(local)
        owned = next((own for own in _SAGEMAKERS_OWN if f"{path}/".startswith(f"{own}/")), None)
        if owned is None and path == "/opt/ml":
            owned = path
        if owned is not None:
            yield rule.finding(
                f"checkpoints are kept in {local}, but {owned} is SageMaker's own",
                (*definition.path, "CheckpointConfig", "LocalPath"),
                help="use /opt/ml/checkpoints, the default",
            )


RULES = (
    channel_given_twice,
    channel_without_one_source,
    gzip_outside_pipe_mode,
    gzip_in_a_channel_of_another_mode_than_the_job,
    record_wrapper_outside_pipe_mode,
    augmented_manifest_outside_pipe_mode,
    augmented_manifest_without_attributes,
    augmented_manifest_without_record_wrapper,
    attribute_names_ignored,
    fast_file_mode_of_another_source,
    fast_file_prefix_without_slash,
    pipe_mode_of_a_file_system,
    file_system_without_vpc,
    file_system_directory_without_root,
    instance_groups_for_some_channels,
    unknown_instance_group,
    instance_group_names_ignored,
    required_channel_missing,
    input_mode_not_documented_for_the_algorithm,
    model_licence_not_accepted,
    checkpoints_shared_by_training_jobs,
    checkpoints_in_a_directory_of_sagemaker,
)
