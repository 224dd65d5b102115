"""HPT456 to HPT459: augmented manifests and their attributes."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.diagnostics import Finding
from hptc.request.job_facts import built_in
from hptc.rules.input_channels import s3_sources
from hptc.rules.rule import Context, Rule, advice, error, set_value, warning

_RECORD_IO_ALGORITHMS = ("image-classification", "object-detection", "semantic-segmentation")


@error("HPT456", "I09", "I13")
def augmented_manifest_without_pipe_mode(rule: Rule, context: Context) -> Iterator[Finding]:
    """An augmented manifest is set for a channel that is not in Pipe mode.

    SageMaker supports augmented manifests in Pipe mode only, which streams them line by line
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
                f"the channel `{channel.name}` uses an augmented manifest in "
                f"{channel.input_mode} mode",
                source.path / "S3DataType",
                label="requires Pipe mode",
                help="use `input_mode: Pipe`",
                fixes=(
                    advice("use `input_mode: Pipe`", set_value(channel.path / "InputMode", "Pipe")),
                ),
            )


@error("HPT457", "I10")
def augmented_manifest_without_attributes(rule: Rule, context: Context) -> Iterator[Finding]:
    """An augmented manifest has no attribute names.

    `attribute_names` selects which attributes of each line the algorithm gets, and in which order.
    Without them the batches are empty, and the training job fails
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
                f"the augmented manifest of the channel `{channel.name}` has no `attribute_names`",
                source.path / "S3DataType",
                help="add `attribute_names:`, for example [source-ref, label]",
            )


@error("HPT458", "I11")
def augmented_manifest_without_record_wrapper(rule: Rule, context: Context) -> Iterator[Finding]:
    """An image algorithm reads an augmented manifest without RecordIO.

    Image Classification, Object Detection and Semantic Segmentation need RecordIO to separate the
    records of a stream, and fail without it
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
        if algorithm is None or algorithm.name not in _RECORD_IO_ALGORITHMS:
            continue
        if channel.input_mode != "Pipe":
            continue  # HPT456 reports the mode, which does not support record wrappers either
        if source.data_type == "AugmentedManifestFile" and channel.record_wrapper != "RecordIO":
            yield rule.finding(
                f"{algorithm.title} requires RecordIO for the augmented manifest of the channel "
                f"`{channel.name}`",
                source.path / "S3DataType",
                help="add `record_wrapper_type: RecordIO` to the channel",
                fixes=(
                    advice(
                        "add `record_wrapper_type: RecordIO` to the channel",
                        set_value(channel.path / "RecordWrapperType", "RecordIO"),
                    ),
                ),
            )


@warning("HPT459", "I12")
def ignored_attribute_names(rule: Rule, context: Context) -> Iterator[Finding]:
    """A channel without an augmented manifest has attribute names.

    `attribute_names` selects attributes of an augmented manifest. For a prefix or a plain manifest,
    SageMaker accepts and ignores them
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
                f"the channel `{channel.name}` has `attribute_names`, but is a {source.data_type}",
                source.path / "AttributeNames",
                label="ignored",
                is_removable=True,
                help="use `s3_data_type: AugmentedManifestFile`, or remove this",
            )


RULES = (
    augmented_manifest_without_pipe_mode,
    augmented_manifest_without_attributes,
    augmented_manifest_without_record_wrapper,
    ignored_attribute_names,
)
