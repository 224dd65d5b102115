"""HPT451..464: where input data comes from and how it reaches the container."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.diagnostics import Finding
from hptc.project.references import has_reference
from hptc.request.job_facts import built_in
from hptc.request.tuning_job import Channel, DatasetSource, Definition, FileSystemSource, S3Source
from hptc.rules.rule import Context, Rule, error, warning

_WANTS_RECORD_IO = ("image-classification", "object-detection", "semantic-segmentation")


def channels(context: Context) -> Iterator[tuple[Definition, Channel]]:
    """Every input channel of a job."""
    for definition in context.job.definitions:
        for channel in definition.channels:
            yield definition, channel


def s3_sources(context: Context) -> Iterator[tuple[Definition, Channel, S3Source]]:
    """Every input channel that reads Amazon S3."""
    for definition, channel in channels(context):
        for source in channel.sources:
            if isinstance(source, S3Source):
                yield definition, channel, source


def _file_systems(context: Context) -> Iterator[tuple[Definition, Channel, FileSystemSource]]:
    for definition, channel in channels(context):
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

    Bad (request):
        TrainingJobDefinition:
          InputDataConfig:
            - ChannelName: train
              DataSource: {S3DataSource: {S3DataType: S3Prefix, S3Uri: "s3://example/train/"}}
            - ChannelName: train
              DataSource: {S3DataSource: {S3DataType: S3Prefix, S3Uri: "s3://example/more/"}}

    Good (request):
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
                    channel.path / "ChannelName",
                    help="rename one of the two",
                )
            seen.add(channel.name)


@error("HPT452", "I04")
def channel_without_one_source(rule: Rule, context: Context) -> Iterator[Finding]:
    """An input channel has no source of data, or more than one.

    A channel brings data of one source: a place in Amazon S3, a file system or a dataset of a hub
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DataSource.html).

    Bad (file-system):
        training_job:
          inputs:
            train: {s3: "s3://example/train/"}

    Good:
        training_job:
          inputs:
            train: {s3: "s3://example/train/"}
    """
    for _, channel in channels(context):
        if len(channel.sources) == 1:
            continue
        yield rule.finding(
            f"the input channel `{channel.name}` has "
            + ("several sources of data" if channel.sources else "no source of data"),
            channel.path / "DataSource",
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
    for _, channel in channels(context):
        if channel.compression == "Gzip" and channel.input_mode != "Pipe":
            yield rule.finding(
                f"the channel `{channel.name}` is read in {channel.input_mode} mode, "
                "which does not decompress",
                channel.path / "CompressionType",
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
    for definition, channel in channels(context):
        if channel.compression != "Gzip" or channel.input_mode != "Pipe":
            continue
        if definition.input_mode != "Pipe":
            yield rule.finding(
                f"the channel `{channel.name}` is decompressed in Pipe mode, but the training job "
                f"is in {definition.input_mode} mode",
                channel.path / "CompressionType",
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
    for _, channel in channels(context):
        if channel.record_wrapper == "RecordIO" and channel.input_mode != "Pipe":
            yield rule.finding(
                f"the channel `{channel.name}` is read in {channel.input_mode} mode, "
                "which wraps no records",
                channel.path / "RecordWrapperType",
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
    for _, channel, source in s3_sources(context):
        if source.data_type == "AugmentedManifestFile" and channel.input_mode != "Pipe":
            yield rule.finding(
                f"the channel `{channel.name}` is read in {channel.input_mode} mode, "
                "which takes no augmented manifest",
                source.path / "S3DataType",
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
    for _, channel, source in s3_sources(context):
        if source.data_type == "AugmentedManifestFile" and not source.attribute_names:
            yield rule.finding(
                f"the channel `{channel.name}` takes no attribute of its augmented manifest",
                source.path / "S3DataType",
                help="add `attribute_names:`, such as [source-ref, label]",
            )


@error("HPT458", "I11")
def augmented_manifest_without_record_wrapper(rule: Rule, context: Context) -> Iterator[Finding]:
    """An image algorithm reads an augmented manifest without RecordIO.

    Image Classification, Object Detection and Semantic Segmentation tell the records of a stream
    apart by RecordIO, and fail on a stream without it
    (https://docs.aws.amazon.com/sagemaker/latest/dg/image-classification.html).

    Bad (image-classification):
        training_job:
          algorithm: {input_mode: Pipe}
          inputs:
            train:
              s3:
                s3_uri: s3://example/train.manifest
                s3_data_type: AugmentedManifestFile
                attribute_names: [source-ref, label]

    Good (image-classification):
        training_job:
          algorithm: {input_mode: Pipe}
          inputs:
            train:
              record_wrapper_type: RecordIO
              s3:
                s3_uri: s3://example/train.manifest
                s3_data_type: AugmentedManifestFile
                attribute_names: [source-ref, label]
    """
    for definition, channel, source in s3_sources(context):
        algorithm = built_in(definition)
        if algorithm is None or algorithm.name not in _WANTS_RECORD_IO:
            continue
        if channel.input_mode != "Pipe":
            continue  # no mode for a manifest at all: HPT456 says so, and it wraps no records
        if source.data_type == "AugmentedManifestFile" and channel.record_wrapper != "RecordIO":
            yield rule.finding(
                f"{algorithm.title} can't read the augmented manifest of `{channel.name}` "
                "without RecordIO",
                source.path / "S3DataType",
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
    for _, channel, source in s3_sources(context):
        if source.attribute_names and source.data_type != "AugmentedManifestFile":
            yield rule.finding(
                f"the channel `{channel.name}` is a {source.data_type}, which has no attributes",
                source.path / "AttributeNames",
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
    for _, channel in channels(context):
        if channel.input_mode != "FastFile":
            continue
        for source in channel.sources:
            path, what = source.path, ""
            match source:
                case S3Source():
                    path = path / "S3DataType"
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
    for _, channel, source in s3_sources(context):
        if channel.input_mode != "FastFile" or source.data_type != "S3Prefix":
            continue
        _, _, key = source.uri.partition("://")[2].partition("/")
        if key and not key.endswith("/") and not has_reference(key):
            yield rule.finding(
                f"the channel `{channel.name}` is read in FastFile mode, "
                "but its prefix is no folder",
                source.path / "S3Uri",
                label="add a / at the end",
            )


@warning("HPT462", "I16")
def pipe_mode_of_a_file_system(rule: Rule, context: Context) -> Iterator[Finding]:
    """A file system is to be read in Pipe mode.

    AWS describes Pipe mode for Amazon S3 only; EFS and FSx for Lustre are mounted, in File mode
    (https://docs.aws.amazon.com/sagemaker/latest/dg/model-access-training-data.html).

    Bad (file-system):
        training_job:
          algorithm: {input_mode: Pipe}

    Good (file-system):
        training_job:
          algorithm: {input_mode: File}
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

    Bad (file-system):
        training_job:
          vpc: null

    Good (file-system):
        training_job:
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

    Bad (file-system):
        training_job:
          inputs:
            train:
              file_system: {directory_path: train}

    Good (file-system):
        training_job:
          inputs:
            train:
              file_system: {directory_path: /train}
    """
    for _, channel, source in _file_systems(context):
        if has_reference(source.directory):
            continue
        is_lustre_root = source.type == "FSxLustre" and not source.directory.strip("/")
        if not source.directory.startswith("/") or is_lustre_root:
            wanted = "/<mount name>/…" if source.type == "FSxLustre" else "/…"
            yield rule.finding(
                f"the directory of `{channel.name}` is not a full path of its file system",
                source.path / "DirectoryPath",
                label=f"must be {wanted}",
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
)
