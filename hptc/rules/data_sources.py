"""HPT460 to HPT464: FastFile mode and file systems."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.diagnostics import Finding
from hptc.project.references import has_reference
from hptc.request.tuning_job import DatasetSource, FileSystemSource, S3Source
from hptc.rules.input_channels import channels, file_systems, s3_sources
from hptc.rules.rule import Context, Rule, advice, error, set_value, warning

_FILE_MODE = "use `input_mode: File` for this channel"


@error("HPT460", "I13", "I14")
def fast_file_mode_without_prefix(rule: Rule, context: Context) -> Iterator[Finding]:
    """A channel in FastFile mode does not read an S3 prefix.

    FastFile mode exposes the objects of one prefix as files. It does not support manifests, file
    systems or other data sources
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
            path, unsupported = source.path, ""
            match source:
                case S3Source():
                    path = path / "S3DataType"
                    unsupported = "a manifest" if source.data_type == "ManifestFile" else ""
                case FileSystemSource():
                    unsupported = "a file system"
                case DatasetSource():
                    unsupported = "a dataset"
            if unsupported:
                yield rule.finding(
                    f"the channel `{channel.name}` is in FastFile mode, which does not support "
                    f"{unsupported}",
                    path,
                    label="FastFile mode requires an S3 prefix",
                    help=_FILE_MODE,
                    fixes=(advice(_FILE_MODE, set_value(channel.path / "InputMode", "File")),),
                    on_key=not isinstance(source, S3Source),
                )


@warning("HPT461", "I15")
def fast_file_prefix_without_slash(rule: Rule, context: Context) -> Iterator[Finding]:
    """The prefix of a channel in FastFile mode does not end in a slash.

    FastFile mode expects the prefix of a folder. `s3://bucket/train` also matches
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
                f"the prefix of the channel `{channel.name}`, which is in FastFile mode, does not "
                "end in a slash",
                source.path / "S3Uri",
                label="add a trailing slash",
                fixes=(
                    advice(
                        "add a trailing slash", set_value(source.path / "S3Uri", f"{source.uri}/")
                    ),
                ),
            )


@warning("HPT462", "I16")
def pipe_mode_with_file_system(rule: Rule, context: Context) -> Iterator[Finding]:
    """A file system is read in Pipe mode.

    AWS documents Pipe mode for Amazon S3 only. Amazon EFS and FSx for Lustre file systems are
    mounted in File mode
    (https://docs.aws.amazon.com/sagemaker/latest/dg/model-access-training-data.html).

    Bad (file-system):
        training_job:
          algorithm: {input_mode: Pipe}

    Good (file-system):
        training_job:
          algorithm: {input_mode: File}
    """
    for _, channel, source in file_systems(context):
        if channel.input_mode == "Pipe":
            yield rule.finding(
                f"the channel `{channel.name}` reads a file system, which Pipe mode does not "
                "support",
                source.path,
                help=_FILE_MODE,
                fixes=(advice(_FILE_MODE, set_value(channel.path / "InputMode", "File")),),
                on_key=True,
            )


@error("HPT463", "I17")
def file_system_without_vpc(rule: Rule, context: Context) -> Iterator[Finding]:
    """A training job that reads a file system has no VPC.

    Amazon EFS and FSx for Lustre are accessible only from within their VPC, so the training job
    must be connected to it
    (https://docs.aws.amazon.com/sagemaker/latest/dg/model-access-training-data.html).

    Bad (file-system):
        training_job:
          vpc: null

    Good (file-system):
        training_job:
          vpc: {subnets: [subnet-0123456789abcdef0], security_group_ids: [sg-0123456789abcdef0]}
    """
    for definition, channel, source in file_systems(context):
        if definition.vpc is None:
            yield rule.finding(
                f"the channel `{channel.name}` reads a file system, but the training job has no "
                "VPC",
                source.path,
                help="add `vpc:` with the file system's subnets and security groups",
                on_key=True,
            )


@error("HPT464", "I18")
def relative_file_system_directory(rule: Rule, context: Context) -> Iterator[Finding]:
    """The directory of a file system is not an absolute path.

    The directory must start at the root of the file system: /… for Amazon EFS, and /<mount name>/…
    for FSx for Lustre, whose root can't be mounted
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
    for _, channel, source in file_systems(context):
        if has_reference(source.directory):
            continue
        is_lustre_root = source.type == "FSxLustre" and not source.directory.strip("/")
        if not source.directory.startswith("/") or is_lustre_root:
            expected = "/<mount name>/…" if source.type == "FSxLustre" else "/…"
            yield rule.finding(
                f"the directory of the channel `{channel.name}` is not an absolute path in its "
                "file system",
                source.path / "DirectoryPath",
                label=f"must be {expected}",
            )


RULES = (
    fast_file_mode_without_prefix,
    fast_file_prefix_without_slash,
    pipe_mode_with_file_system,
    file_system_without_vpc,
    relative_file_system_directory,
)
