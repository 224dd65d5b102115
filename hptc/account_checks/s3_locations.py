"""Checks the S3 locations that a tuning job reads and writes: buckets, input data and code."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hptc.account_checks.deployed_spec import Subject
from hptc.compiler.outcome import CompiledSpec
from hptc.diagnostics import Finding, RequestPath, Severity
from hptc.frozen import frozen
from hptc.infrastructure.storage_permissions import code_uri
from hptc.request.job_facts import CODE_CHANNEL, SUBMIT_DIRECTORY
from hptc.request.tuning_job import Channel, Definition, S3Source
from hptc.stacks.uploads import is_one_object, upload_command
from hptc.text import plural

_S3_URI = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?", re.DOTALL)
"""Names of general purpose buckets. Directory buckets, access points and https are not checked:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"""


@frozen
class S3Place:
    """A key, or a prefix of keys, in a general purpose bucket."""

    bucket: str
    key: str
    path: RequestPath  # of the URI


def buckets_and_inputs(subject: Subject) -> Iterator[Finding]:
    """HPT921 for every bucket, and HPT922 and HPT923 for inputs in valid buckets."""
    seen: set[tuple[str, str]] = set()
    for definition in subject.job.definitions:
        for channel in definition.channels:
            for source in channel.sources:
                if isinstance(source, S3Source):
                    yield from _input(subject, definition, channel, source)
        for place in _written(definition):
            if (place.bucket, place.key) not in seen:
                seen.add((place.bucket, place.key))
                yield from _bucket(subject, place)


def code_archives(subject: Subject) -> Iterator[Finding]:
    """HPT921 and HPT924: the archive with the training script of a framework container."""
    for definition in subject.job.definitions:
        path = definition.path / "StaticHyperParameters" / SUBMIT_DIRECTORY
        place = s3_place(code_uri(definition) or "", path)
        if place is None or not place.key or _has_own_code(subject, definition):
            continue
        problems = list(_bucket(subject, place))
        yield from problems
        if problems:
            continue
        answer = subject.queries.get(
            "code", subject.queries.account.inventory.has_object, place.bucket, place.key
        )
        if answer is not None and not answer.value:
            yield Finding(
                code="HPT924",
                message=f"the code archive `s3://{place.bucket}/{place.key}` does not exist",
                path=place.path,
                label="not found",
                help="upload the archive, or fix the key; S3 keys are case-sensitive",
            )


def _written(definition: Definition) -> Iterator[S3Place]:
    output = definition.path / "OutputDataConfig" / "S3OutputPath"
    checkpoints = definition.path / "CheckpointConfig" / "S3Uri"
    for uri, path in (
        (definition.output_path, output),
        (definition.checkpoint_uri or "", checkpoints),
    ):
        if (place := s3_place(uri, path)) is not None:
            yield place


def s3_place(uri: str, path: RequestPath) -> S3Place | None:
    """The place of an S3 URI; None for another kind of bucket, and for any other text."""
    match = _S3_URI.fullmatch(uri)
    if match is None or "--" in match[1]:
        return None
    return S3Place(bucket=match[1], key=match[2] or "", path=path)


def _bucket(subject: Subject, place: S3Place) -> Iterator[Finding]:
    account = subject.queries.account
    answer = subject.queries.get("buckets", account.inventory.bucket_region, place.bucket)
    if answer is None or answer.value == account.region:
        return
    where = answer.value
    yield Finding(
        code="HPT921",
        message=f"the bucket `{place.bucket}` does not exist"
        if where is None
        else f"the bucket `{place.bucket}` is in {where}, but the tuning job runs in "
        f"{account.region}",
        path=place.path,
        label="not found" if where is None else f"in {where}",
        help="create it, or fix the name" if where is None else f"use a bucket in {account.region}",
    )


def _input(
    subject: Subject, definition: Definition, channel: Channel, source: S3Source
) -> Iterator[Finding]:
    place = s3_place(source.uri, source.path / "S3Uri")
    if place is None or _is_uploaded(subject, definition, channel):
        return
    problems = list(_bucket(subject, place))
    yield from problems
    if problems:
        return
    shares = _instances(definition) if source.distribution == "ShardedByS3Key" else 1
    answer = subject.queries.get(
        "inputs", subject.queries.account.inventory.count_objects, place.bucket, place.key, shares
    )
    if answer is None:
        return
    if answer.value == 0:
        is_object = is_one_object(source, place.key)
        region = subject.queries.account.region
        command = upload_command(source.uri, place.key, region, is_object=is_object)
        yield Finding(
            code="HPT922",
            message=f"the input channel `{channel.name}` is empty: no object starts with "
            f"`{source.uri}`",
            path=place.path,
            label="no objects",
            help=f"upload the data, such as with `{command}`; or fix the prefix: S3 keys are "
            "case-sensitive",
        )
    elif answer.value < shares and source.data_type == "S3Prefix":
        yield Finding(
            code="HPT923",
            severity=Severity.WARNING,
            message=f"{shares} instances share {plural(answer.value, 'object')} of the input "
            f"channel `{channel.name}`",
            path=place.path,
            label=f"{shares - answer.value} without data",
            help="split the data into more objects, or use fewer instances",
        )


def _has_own_code(subject: Subject, definition: Definition) -> bool:
    """Whether a submission uploads the training code, from the `source` of the spec."""
    return isinstance(subject.compiled, CompiledSpec) and definition.path in subject.compiled.codes


def _is_uploaded(subject: Subject, definition: Definition, channel: Channel) -> bool:
    """Whether a channel is the training code, which a submission uploads."""
    is_code = channel.name == CODE_CHANNEL and definition.is_isolated
    return is_code and _has_own_code(subject, definition)


def _instances(definition: Definition) -> int:
    """The minimum number of instances that share the data."""
    for resources in definition.resources:
        if resources.instances:
            return resources.min_instance_count
    return 1
