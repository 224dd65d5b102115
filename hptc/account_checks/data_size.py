"""Checks that the training data fits on the storage of an instance."""

from __future__ import annotations

import math
from collections.abc import Iterator

from hptc.account_checks.deployed_spec import Subject
from hptc.account_checks.s3_locations import s3_place
from hptc.catalog.instances import instance
from hptc.diagnostics import Finding
from hptc.request.tuning_job import Definition, Instances, Resources, S3Source
from hptc.service.inventory import DataSize

_GB = 1024**3
"""Amazon EBS counts in powers of 1,024: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html"""


def data_size(subject: Subject) -> Iterator[Finding]:
    """HPT925: more data in File mode than an instance can store.

    Other modes stream the data. What a manifest lists, compressed data after it is unpacked, and
    clusters with several groups of instances are not checked.
    """
    for definition in subject.job.definitions:
        for resources in definition.resources:
            if resources.is_flexible or len(resources.instances) == 1:
                yield from _too_large(subject, definition, resources)


def _too_large(subject: Subject, definition: Definition, resources: Resources) -> Iterator[Finding]:
    capacities = [(_capacity(instances), instances) for instances in resources.instances]
    known = [(capacity, instances) for capacity, instances in capacities if capacity is not None]
    if not known or len(known) < len(capacities):
        return
    capacity, largest = max(known, key=lambda pair: pair[0])
    size = _size_per_instance(subject, definition, resources)
    if size is None or size.bytes <= capacity * _GB:
        return
    has_volume = not _has_local_storage(largest)
    at_least = "" if size.is_whole else "at least "
    yield Finding(
        code="HPT925",
        message=f"the training data has {at_least}{size.bytes / _GB:,.1f} GB for each instance, "
        f"but {'the volume' if has_volume else largest.type} has {capacity} GB",
        path=largest.volume_path if has_volume else largest.path / "InstanceType",
        label="too small",
        help=(
            f"raise `volume_size_in_gb` above {math.ceil(size.bytes / _GB)}, with room for the "
            "output"
            if has_volume
            else "use a larger instance type"
        )
        + ", or stream the data with the input mode `FastFile`",
    )


def _size_per_instance(
    subject: Subject, definition: Definition, resources: Resources
) -> DataSize | None:
    """The size of what each instance downloads; None if AWS does not say."""
    queries = subject.queries
    size, is_whole = 0.0, True
    for channel in definition.channels:
        for source in channel.sources:
            if channel.input_mode != "File" or not isinstance(source, S3Source):
                continue
            place = s3_place(source.uri, source.path / "S3Uri")
            if place is None or source.data_type != "S3Prefix":
                continue
            answer = queries.get(
                "size of the data", queries.account.inventory.data_size, place.bucket, place.key
            )
            if answer is None:
                return None
            is_sharded = source.distribution == "ShardedByS3Key"
            size += answer.value.bytes / (resources.max_instance_count if is_sharded else 1)
            is_whole = is_whole and answer.value.is_whole
    return DataSize(bytes=math.ceil(size), is_whole=is_whole)


def _capacity(instances: Instances) -> int | None:
    """The storage of an instance in GB; None if it is unknown."""
    kind = instance(instances.type)
    if kind is None:
        return None
    return kind.local_storage_gb if kind.has_local_storage else instances.volume_size_gb


def _has_local_storage(instances: Instances) -> bool:
    kind = instance(instances.type)
    return kind is not None and kind.has_local_storage
