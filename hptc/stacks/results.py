"""The results of deploying, removing and comparing stacks."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from hptc.frozen import frozen
from hptc.project.project_file import Environment
from hptc.service.interface import StackEvent, StackResource
from hptc.stacks.uploads import Upload


class StackState(StrEnum):
    """The state of a stack, compared with what the specs need."""

    DEPLOYED = "deployed"
    CHANGED = "changed"  # deployed from other content
    INCOMPLETE = "incomplete"  # outputs are missing
    MISSING = "missing"
    FOREIGN = "foreign"  # of another project, environment or repository


@frozen
class StackStatus:
    """A stack that specs need, and its state."""

    name: str
    state: StackState
    missing_outputs: tuple[str, ...] = ()
    owner: str = ""  # of a foreign stack: what its tags say


@frozen
class StackStatuses:
    """The stacks that specs need, and those that no spec needs."""

    needed: tuple[StackStatus, ...] = ()
    orphaned: tuple[str, ...] = ()
    listing_error: str = ""  # why the orphaned stacks are unknown

    @property
    def not_deployed(self) -> tuple[StackStatus, ...]:
        """The stacks that `hptc deploy` creates or updates."""
        done = (StackState.DEPLOYED, StackState.FOREIGN)
        return tuple(stack for stack in self.needed if stack.state not in done)

    @property
    def foreign(self) -> tuple[StackStatus, ...]:
        """The stacks of others, which `hptc deploy` refuses to change."""
        return tuple(stack for stack in self.needed if stack.state is StackState.FOREIGN)


@frozen
class DeployedOutputs:
    """A stack after its deployment."""

    name: str
    is_changed: bool
    outputs: Mapping[str, str]


@frozen
class Deployment:
    """The result of a deployment."""

    environment: Environment
    stacks: tuple[DeployedOutputs, ...]
    orphaned: tuple[str, ...] | None = None  # stacks that no spec needs; None if not listed
    listing_error: str = ""  # why the orphaned stacks are unknown
    uploads: tuple[Upload, ...] = ()  # what the specs read from the data bucket


@frozen
class StackActivity:
    """A step of CloudFormation, and the progress of its stack."""

    event: StackEvent
    done: int
    total: int | None  # None if unknown


@frozen
class StackFinished:
    """A stack whose deployment has finished: `number` of `count`."""

    stack: str
    is_changed: bool
    number: int
    count: int


StackProgress = StackActivity | StackFinished


@frozen
class Removal:
    """A stack to remove, and its resources."""

    name: str
    arn: str
    resources: tuple[StackResource, ...]

    @property
    def retained(self) -> tuple[StackResource, ...]:
        """The resources that remain in the account."""
        return tuple(resource for resource in self.resources if resource.is_retained)


@frozen
class Removed:
    """A stack that is deleted, and the resources that remain in the account."""

    name: str
    retained: tuple[StackEvent, ...]
