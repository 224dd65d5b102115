"""HPT460..464: FastFile mode and file systems."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.diagnostics import Finding
from hptc.project.references import has_reference
from hptc.request.tuning_job import DatasetSource, FileSystemSource, S3Source
from hptc.rules.input_channels import channels, file_systems, s3_sources
from hptc.rules.rule import Context, Rule, error, warning


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
    for _, channel, source in file_systems(context):
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
    for definition, channel, source in file_systems(context):
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
    for _, channel, source in file_systems(context):
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
    fast_file_mode_of_another_source,
    fast_file_prefix_without_slash,
    pipe_mode_of_a_file_system,
    file_system_without_vpc,
    file_system_directory_without_root,
)
