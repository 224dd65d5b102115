"""HPT456..459: augmented manifests and their attributes."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.diagnostics import Finding
from hptc.request.job_facts import built_in
from hptc.rules.input_channels import s3_sources
from hptc.rules.rule import Context, Rule, error, warning

_WANTS_RECORD_IO = ("image-classification", "object-detection", "semantic-segmentation")


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


RULES = (
    augmented_manifest_outside_pipe_mode,
    augmented_manifest_without_attributes,
    augmented_manifest_without_record_wrapper,
    attribute_names_ignored,
)
