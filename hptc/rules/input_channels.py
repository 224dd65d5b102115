"""HPT451 to HPT455: input channels, their data sources, compression and record wrapping."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.diagnostics import Finding, Fix, Remove, RequestPath
from hptc.request.tuning_job import Channel, Definition, FileSystemSource, S3Source
from hptc.rules.rule import Context, Rule, advice, error, set_value, warning


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
def duplicate_channel(rule: Rule, context: Context) -> Iterator[Finding]:
    """Two input channels have the same name.

    The name of a channel is its directory in the container, /opt/ml/input/data/<name>, so names
    must be unique
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Channel.html).
    This only affects requests: in a spec, channels are keys of a map.

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
                    f"two input channels are named `{channel.name}`",
                    channel.path / "ChannelName",
                    help="rename one of them",
                )
            seen.add(channel.name)


@error("HPT452", "I04")
def missing_or_ambiguous_data_source(rule: Rule, context: Context) -> Iterator[Finding]:
    """An input channel has no data source, or more than one.

    A channel has exactly one data source: Amazon S3, a file system or a hub dataset
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
            + ("several data sources" if channel.sources else "no data source"),
            channel.path / "DataSource",
            help="set exactly one of `s3`, `file_system` and `dataset`",
            on_key=True,
        )


@error("HPT453", "I06", "I07")
def gzip_without_pipe_mode(rule: Rule, context: Context) -> Iterator[Finding]:
    """Gzip compression is set for a channel that is not in Pipe mode.

    SageMaker decompresses data only while streaming it in Pipe mode. In File and FastFile mode,
    containers get the files unchanged, and SageMaker rejects `compression_type: Gzip`
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Channel.html).

    Bad:
        training_job:
          inputs: {train: {compression_type: Gzip}}

    Good:
        training_job:
          algorithm: {input_mode: Pipe}
          inputs: {train: {compression_type: Gzip}}
    """
    for definition, channel in channels(context):
        if channel.compression == "Gzip" and channel.input_mode != "Pipe":
            own = "`input_mode: Pipe` and " if definition.input_mode != channel.input_mode else ""
            yield rule.finding(
                f"the channel `{channel.name}` uses Gzip compression in {channel.input_mode} mode",
                channel.path / "CompressionType",
                label="requires Pipe mode",
                help=f"use {own}`algorithm: {{input_mode: Pipe}}`, or remove this and decompress "
                "in the container",
                fixes=(
                    _pipe_mode(definition, channel, f"use {own}`algorithm: {{input_mode: Pipe}}`"),
                    advice(
                        "remove this and decompress in the container",
                        Remove(path=channel.path / "CompressionType"),
                    ),
                ),
            )


@warning("HPT454", "I06")
def gzip_with_different_job_input_mode(rule: Rule, context: Context) -> Iterator[Finding]:
    """Gzip compression is set for a channel in Pipe mode, but the training job has a different one.

    SageMaker has been observed to check the training job's input mode instead of the channel's and
    to reject the request
    (https://github.com/aws/sagemaker-python-sdk/issues/716).
    Setting Pipe mode in both places avoids this.

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
                f"the channel `{channel.name}` uses Gzip compression in Pipe mode, but the "
                f"training job's input mode is {definition.input_mode}",
                channel.path / "CompressionType",
                help="set `algorithm: {input_mode: Pipe}` too",
                fixes=(
                    advice(
                        "set `algorithm: {input_mode: Pipe}` too",
                        set_value(input_mode_path(definition), "Pipe"),
                    ),
                ),
            )


@error("HPT455", "I08")
def record_wrapper_without_pipe_mode(rule: Rule, context: Context) -> Iterator[Finding]:
    """A record wrapper is set for a channel that is not in Pipe mode.

    SageMaker wraps records only while streaming them in Pipe mode
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
                f"the channel `{channel.name}` uses a record wrapper in {channel.input_mode} mode",
                channel.path / "RecordWrapperType",
                label="requires Pipe mode",
                help="use `input_mode: Pipe`, or remove this if the data is already RecordIO",
                fixes=(
                    advice("use `input_mode: Pipe`", set_value(channel.path / "InputMode", "Pipe")),
                    advice(
                        "remove this if the data is already RecordIO",
                        Remove(path=channel.path / "RecordWrapperType"),
                    ),
                ),
            )


def input_mode_path(definition: Definition) -> RequestPath:
    """The path of the training job's input mode."""
    return definition.path / "AlgorithmSpecification" / "TrainingInputMode"


def _pipe_mode(definition: Definition, channel: Channel, title: str) -> Fix:
    """The fix that reads a channel in Pipe mode, by the training job's input mode."""
    changes = [set_value(input_mode_path(definition), "Pipe")]
    if definition.input_mode != channel.input_mode:
        changes.append(set_value(channel.path / "InputMode", "Pipe"))
    return advice(title, *changes)


RULES = (
    duplicate_channel,
    missing_or_ambiguous_data_source,
    gzip_without_pipe_mode,
    gzip_with_different_job_input_mode,
    record_wrapper_without_pipe_mode,
)
