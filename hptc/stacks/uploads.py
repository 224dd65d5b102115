"""What a user uploads to the data bucket of an environment before its specs can run.

These are the inputs that specs read from the bucket that hptc creates, and code archives in it. The
local folder is unknown, so each location is given one of the same name below `data/`.
"""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace

from hptc.errors import AwsError
from hptc.frozen import frozen
from hptc.infrastructure.deployable_spec import DeployableSpec
from hptc.infrastructure.stack_outputs import output_key
from hptc.infrastructure.storage_permissions import code_uri
from hptc.project.project_file import Environment
from hptc.project.references import reference
from hptc.request.tuning_job import Definition, S3Source
from hptc.service.inventory import Inventory

LOCAL_FOLDER = "data"
_BUCKET = "data_bucket"
_MAX_CHECKED = 100  # locations: one call each
_MANIFESTS = ("ManifestFile", "AugmentedManifestFile")


@frozen
class Upload:
    """A location in the data bucket that specs read: a prefix, or one object."""

    uri: str
    key: str
    is_object: bool
    region: str
    specs: tuple[str, ...]
    is_there: bool | None = None  # whether something is at the location; None if it was not checked

    @property
    def command(self) -> str:
        """The AWS CLI command that uploads it from the folder of its name."""
        return upload_command(self.uri, self.key, self.region, is_object=self.is_object)


def upload_command(uri: str, key: str, region: str, *, is_object: bool) -> str:
    """The AWS CLI command that uploads an S3 location from the local folder of its name.

    https://docs.aws.amazon.com/cli/latest/reference/s3/sync.html
    """
    verb = "cp" if is_object else "sync"
    return shlex.join(["aws", "s3", verb, f"{LOCAL_FOLDER}/{key}", uri, "--region", region])


def is_one_object(source: S3Source, key: str) -> bool:
    """Whether what a channel reads is probably one object: a prefix may be its whole key."""
    return source.data_type in _MANIFESTS or bool(posixpath.splitext(key)[1])


def uploads(
    environment: Environment, specs: Iterable[DeployableSpec], outputs: Mapping[str, str]
) -> tuple[Upload, ...]:
    """The uploads that specs need, in their order; none without a data bucket among the outputs.

    `outputs` are those of the deployed foundation.
    """
    bucket = outputs.get(output_key(_BUCKET))
    if bucket is None or environment.infrastructure.data_bucket != "managed":
        return ()
    readers: dict[tuple[str, bool], dict[str, None]] = {}
    for spec in specs:
        for definition in spec.job.definitions:
            for location in _locations(definition):
                readers.setdefault(location, {})[spec.name] = None
    return tuple(
        Upload(
            uri=f"s3://{bucket}/{key}",
            key=key,
            is_object=is_object,
            region=environment.region,
            specs=tuple(names),
        )
        for (key, is_object), names in readers.items()
    )


def _locations(definition: Definition) -> Iterator[tuple[str, bool]]:
    """The keys in the data bucket that a definition reads, and whether each is one object."""
    start = f"s3://{reference(_BUCKET)}/"
    for channel in definition.channels:
        for source in channel.sources:
            if isinstance(source, S3Source) and source.uri.startswith(start):
                key = source.uri.removeprefix(start)
                yield key, is_one_object(source, key)
    code = code_uri(definition) or ""
    if code.startswith(start):
        yield code.removeprefix(start), True


def with_presence(needed: Iterable[Upload], inventory: Inventory) -> tuple[Upload, ...]:
    """Uploads that know whether there is an object at their location.

    Locations beyond the first hundred are not checked, nor are any that the caller may not list.
    """
    checked = list(needed)
    with suppress(AwsError):
        for index, upload in enumerate(checked[:_MAX_CHECKED]):
            bucket = upload.uri.removeprefix("s3://").partition("/")[0]
            count = inventory.count_objects(bucket, upload.key, 1)
            checked[index] = replace(upload, is_there=count > 0)
    return tuple(checked)
