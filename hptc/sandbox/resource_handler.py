"""How the sandbox creates, updates and deletes the resources of one CloudFormation type."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from moto.utilities.utils import get_partition

from hptc.frozen import frozen

Properties = dict[str, Any]


@frozen
class Location:
    """The account and Region that a stack is deployed to."""

    account: str
    region: str

    @property
    def partition(self) -> str:
        """The partition that the Region belongs to, such as `aws`."""
        return str(get_partition(self.region))


@frozen
class Handler:
    """How the sandbox creates, updates and deletes resources of one type.

    `create(name, properties, location)` creates the resource; None leaves it to moto.
    `apply(resource, before, after, location)` updates it from one set of properties to another;
    right after the creation, `before` is empty. None replaces the resource on any change.
    `delete(resource, properties, location)` deletes it; None leaves it to moto.
    `create_only` lists the properties that can't be updated: changing one replaces the resource.
    """

    create: Callable[[str, Properties, Location], Any] | None = None
    apply: Callable[[Any, Properties, Properties, Location], None] | None = None
    delete: Callable[[Any, Properties, Location], None] | None = None
    create_only: frozenset[str] = frozenset()


@dataclass(slots=True, kw_only=True)
class SandboxResource:
    """A resource of a type that moto has no class for. `data` belongs to the handler."""

    physical_resource_id: str
    data: dict[str, Any] = field(default_factory=dict)
    logical_resource_id: str = ""
    cf_resource_type: str = ""
    sandbox_properties: Properties = field(default_factory=dict)

    def is_created(self) -> bool:
        """Always true: nothing here is asynchronous."""
        return True
