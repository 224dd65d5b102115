"""HPT451..455: input channels, their sources and how they are decoded."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.diagnostics import Finding
from hptc.request.tuning_job import Channel, Definition, FileSystemSource, S3Source
from hptc.rules.rule import Context, Rule, error, warning


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


def file_systems(context: Context) -> Iterator[tuple[Definition, Channel, FileSystemSource]]:
    """Every input channel that reads a file system."""
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


RULES = (
    channel_given_twice,
    channel_without_one_source,
    gzip_outside_pipe_mode,
    gzip_in_a_channel_of_another_mode_than_the_job,
    record_wrapper_outside_pipe_mode,
)
