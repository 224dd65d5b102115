"""Instance types of SageMaker training, with their storage and processors.

The table is data/instances.json. An unknown type may be newer than the table: the enum in
botocore's model decides which types are valid.
"""

import functools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from hptc.frozen import frozen

Processor = Literal["cpu", "gpu", "trainium"]

_TYPE = re.compile(r"ml\.([a-z0-9-]+)\.([a-z0-9-]+)")


@frozen
class Instance:
    """The hardware of a training instance type.

    With local storage, SageMaker attaches no EBS volume: it ignores VolumeSizeInGB (which must not
    exceed the local storage in a HyperParameterTuningResourceConfig) and rejects VolumeKmsKeyId.
    `local_storage_gb` is None without local storage, and if the size is unknown.
    """

    type: str
    family: str
    size: str
    processor: Processor
    has_local_storage: bool
    local_storage_gb: int | None


@frozen
class _Family:
    """One row of the table; without sizes for a family with EBS volumes only."""

    processor: Processor
    local_storage_gb: Mapping[str, int | None] | None = None


@functools.lru_cache(maxsize=1024)
def instance(instance_type: str) -> Instance | None:
    """Look up a type such as `ml.g5.xlarge`; None if its family is not in the table.

    A new size of a known family has the data of the family, without a local storage size.
    """
    match = _TYPE.fullmatch(instance_type)
    if match is None:
        return None
    name, size = match.groups()
    family = _families().get(name)
    if family is None:
        return None
    sizes = family.local_storage_gb
    return Instance(
        type=instance_type,
        family=name,
        size=size,
        processor=family.processor,
        has_local_storage=sizes is not None,
        local_storage_gb=None if sizes is None else sizes.get(size),
    )


def instance_family(instance_type: str) -> str | None:
    """Return `p6-b200` for `ml.p6-b200.48xlarge`, known or not; None if it is not a type."""
    match = _TYPE.fullmatch(instance_type)
    return None if match is None else match[1]


def families_with_local_storage() -> tuple[str, ...]:
    """The families whose instances have no EBS volume, in the order of the table."""
    known = _families().items()
    return tuple(name for name, family in known if family.local_storage_gb is not None)


@functools.cache
def _families() -> Mapping[str, _Family]:
    data = json.loads((Path(__file__).parent / "data" / "instances.json").read_bytes())
    return {name: _Family(**entry) for name, entry in data["families"].items()}
