"""The JSON documents of `hptc deploy` and `hptc destroy`."""

from __future__ import annotations

from hptc.render.documents.members import Members


class DeployedStackData(Members):
    """A stack after its deployment."""

    name: str
    changed: bool
    outputs: dict[str, str]


class UploadData(Members):
    """Data that specs read, and the command that uploads it."""

    uri: str
    specs: list[str]
    command: str
    is_there: bool | None
    """Whether something is at the location; null if the caller may not list the bucket."""


class DeploymentData(Members):
    """The result of a deployment."""

    project: str
    environment: str
    account: str
    region: str
    stacks: list[DeployedStackData]
    uploads: list[UploadData]
    orphaned_stacks: list[str] | None
    """Stacks that no spec needs; null if they were not listed."""


class RetainedData(Members):
    """A resource that remains in the account."""

    logical_id: str
    type: str
    physical_id: str


class RemovedStackData(Members):
    """A stack that was deleted."""

    name: str
    retained: list[RetainedData]


class RemovedStacksData(Members):
    """The stacks that were deleted."""

    stacks: list[RemovedStackData]
