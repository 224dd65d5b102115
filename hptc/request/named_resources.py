"""The existing resources that a training job definition names: S3 locations, KMS keys and ARNs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from hptc.catalog.arn import ARN
from hptc.diagnostics import RequestPath
from hptc.frozen import frozen
from hptc.project.references import has_reference
from hptc.request.tuning_job import Channel, DatasetSource, Definition, S3Source


@frozen
class S3Location:
    """An S3 URI in a definition. `is_prefix` is false for a manifest, which is one object."""

    noun: str
    uri: str
    path: RequestPath
    is_prefix: bool = True


def s3_locations(definition: Definition) -> Iterator[S3Location]:
    """Every S3 location that training jobs read or write."""
    yield from input_locations(definition)
    yield from output_locations(definition)


def input_locations(definition: Definition) -> Iterator[S3Location]:
    """The S3 locations of input channels."""
    for channel in definition.channels:
        for source in channel.sources:
            if isinstance(source, S3Source):
                yield _input_location(channel, source)


def _input_location(channel: Channel, source: S3Source) -> S3Location:
    return S3Location(
        noun=f"the input channel `{channel.name}`",
        uri=source.uri,
        path=source.path / "S3Uri",
        is_prefix=source.data_type == "S3Prefix",
    )


def output_locations(definition: Definition) -> Iterator[S3Location]:
    """The S3 locations of the output and the checkpoints."""
    yield S3Location(
        noun="the output",
        uri=definition.output_path,
        path=definition.path / "OutputDataConfig" / "S3OutputPath",
    )
    if definition.checkpoint_uri is not None:
        yield S3Location(
            noun="the checkpoint location",
            uri=definition.checkpoint_uri,
            path=definition.path / "CheckpointConfig" / "S3Uri",
        )


@frozen
class KMSKey:
    """A KMS key in a definition: its ID, its ARN or an alias."""

    text: str
    path: RequestPath


def kms_keys(definition: Definition) -> Iterator[KMSKey]:
    """The KMS keys of the output and the volumes."""
    if definition.output_kms_key_id is not None:
        path = definition.path / "OutputDataConfig" / "KmsKeyId"
        yield KMSKey(text=definition.output_kms_key_id, path=path)
    for resources in definition.resources:
        if resources.volume_kms_key_id is not None:
            path = resources.path / "VolumeKmsKeyId"
            yield KMSKey(text=resources.volume_kms_key_id, path=path)


@frozen
class RegionalARN:
    """An ARN in a definition, whose resource must be in the Region of the training jobs.

    `resource` is the expected type of a resource of SageMaker or S3; empty for a KMS key.
    """

    noun: str
    arn: ARN
    resource: str
    path: RequestPath


def regional_arns(definition: Definition) -> Iterator[RegionalARN]:
    """The ARNs that contain a Region, without those that only a deployment knows."""
    for identifier in _identifiers(definition):
        arn = ARN.parse(identifier.text)
        if arn is not None and not has_reference(identifier.text):
            yield RegionalARN(
                noun=identifier.noun,
                arn=arn,
                resource=identifier.resource,
                path=identifier.path,
            )


class _Identifier(NamedTuple):
    """A text in a definition that can be an ARN."""

    noun: str
    text: str
    resource: str  # the expected type
    path: RequestPath


def _identifiers(definition: Definition) -> Iterator[_Identifier]:
    if (name := definition.algorithm_name) is not None:
        path = definition.path / "AlgorithmSpecification" / "AlgorithmName"
        yield _Identifier("the algorithm", name, "algorithm", path)
    for key in kms_keys(definition):
        yield _Identifier("the KMS key", key.text, "", key.path)
    for resources in definition.resources:
        if (plan := resources.training_plan_arn) is not None:
            path = resources.path / "TrainingPlanArn"
            yield _Identifier("the training plan", plan, "training-plan", path)
        for instances in resources.instances:
            if (plan := instances.training_plan_arn) is not None:
                path = instances.path / "TrainingPlanArns" / 0
                yield _Identifier("the training plan", plan, "training-plan", path)
    for channel in definition.channels:
        for source in channel.sources:
            match source:
                case DatasetSource():
                    path = source.path / "DatasetArn"
                    yield _Identifier("the dataset", source.arn, "hub-content", path)
                case S3Source():
                    if (content := source.hub_content_arn) is not None:
                        path = source.path / "HubAccessConfig" / "HubContentArn"
                        yield _Identifier("the hub content", content, "hub-content", path)
                    yield from _access_point(_input_location(channel, source))
    for location in output_locations(definition):
        yield from _access_point(location)


def _access_point(location: S3Location) -> Iterator[_Identifier]:
    if location.uri.startswith("s3://arn:") and ":accesspoint" in location.uri:
        arn = location.uri.removeprefix("s3://")
        yield _Identifier("the access point", arn, "accesspoint", location.path)
