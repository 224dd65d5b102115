"""One CloudFormation resource: created, brought to its properties, removed.

moto creates most resource types from their properties, but applies only some of the properties,
updates few types and leaves others behind on deletion. A `Handler` fills the gap for one type;
what a type has no handler for is left to moto.
"""

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import ValidationError
from moto.ec2.models.core import TaggedEC2Resource
from moto.utilities.utils import get_partition

Properties = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The account and region that a stack lives in."""

    account: str
    region: str

    @property
    def partition(self) -> str:
        """`aws`, or the partition that the region belongs to."""
        return str(get_partition(self.region))


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """What the sandbox does for one resource type.

    `create(name, properties, place)` makes the resource; None leaves it to moto.
    `settle(resource, before, after, place)` brings it from one set of properties to another, with
    `before` empty right after the creation; None means that any change replaces the resource.
    `remove(resource, properties, place)` deletes it; None leaves it to moto.
    A change of a property in `replaced_by` makes a new resource and removes the old one.
    """

    create: Callable[[str, Properties, Place], Any] | None = None
    settle: Callable[[Any, Properties, Properties, Place], None] | None = None
    remove: Callable[[Any, Properties, Place], None] | None = None
    replaced_by: frozenset[str] = frozenset()


_handlers: dict[str, Handler] = {}


def register(handlers: Mapping[str, Handler]) -> None:
    """Use these handlers for their resource types from now on."""
    _handlers.update(handlers)


@dataclass(slots=True, kw_only=True)
class Record:
    """A resource that moto has no class for; `memory` is the handler's own."""

    physical_resource_id: str
    memory: dict[str, Any] = field(default_factory=dict)
    logical_resource_id: str = ""
    cf_resource_type: str = ""
    sandbox_properties: Properties = field(default_factory=dict)

    def is_created(self) -> bool:
        """Say so: nothing here is asynchronous."""
        return True


def is_supported(resource_type: str) -> bool:
    """Whether a stack with this type of resource can be deployed here."""
    return resource_type in _handlers or resource_type in parsing.get_model_map()


def references(node: Any) -> Iterator[str]:
    """Yield the logical ids that a part of a template names."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "Ref" and isinstance(value, str):
                yield value
            elif key == "Fn::GetAtt":
                yield value.split(".")[0] if isinstance(value, str) else value[0]
            elif key == "Fn::Sub":
                text, own = (value, {}) if isinstance(value, str) else value
                for part in text.split("${")[1:]:
                    name = part.split("}")[0].split(".")[0]
                    if name not in own and not name.startswith("!"):
                        yield name
                yield from references(own)
            else:
                yield from references(value)
    elif isinstance(node, list):
        for item in node:
            yield from references(item)


def in_dependency_order(resources: Mapping[str, Any]) -> list[str]:
    """Order the logical ids so that each comes after those it names; refuses a circle."""
    ordered: dict[str, None] = {}
    entered: dict[str, None] = {}

    def visit(name: str) -> None:
        if name in ordered:
            return
        if name in entered:
            circle = list(entered)[list(entered).index(name) :]
            raise ValidationError(
                message=f"Circular dependency between resources: [{', '.join(circle)}]"
            )
        entered[name] = None
        depends_on = resources[name].get("DependsOn", [])
        for other in [depends_on] if isinstance(depends_on, str) else depends_on:
            if other in resources:
                visit(other)
        for other in references(resources[name].get("Properties", {})):
            if other in resources:
                visit(other)
        del entered[name]
        ordered[name] = None

    for name in resources:
        visit(name)
    return list(ordered)


def changed_properties(before: Properties, after: Properties) -> list[str]:
    """Name the properties that differ."""
    return sorted(
        name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
    )


def properties_of(resource_json: Mapping[str, Any], resource_map: Any) -> Properties:
    """Fill in the references of a resource's properties; the caller may change the result."""
    cleaned = parsing.clean_json(resource_json.get("Properties") or {}, resource_map)
    return copy.deepcopy(dict(cleaned))


def create(
    logical_id: str,
    resource_json: Mapping[str, Any],
    resource_map: Any,
    place: Place,
) -> Any:
    """Make one resource. Raises what moto raises when the request is refused."""
    resource_type = resource_json["Type"]
    handler = _handlers.get(resource_type, Handler())
    properties = properties_of(resource_json, resource_map)
    name = _physical_name(logical_id, resource_type, properties, resource_map)
    if handler.create is not None:
        resource = handler.create(name, copy.deepcopy(properties), place)
    else:
        resource = parsing.get_model_map()[resource_type].create_from_cloudformation_json(
            name,
            {**resource_json, "Properties": copy.deepcopy(properties)},
            place.account,
            place.region,
            LogicalId=logical_id,
            StackId=resource_map.stack_id,
            ResourceType=resource_type,
        )
    resource.cf_resource_type = resource_type
    resource.logical_resource_id = logical_id
    resource.sandbox_properties = properties
    if handler.settle is not None:
        handler.settle(resource, {}, copy.deepcopy(properties), place)
    if isinstance(resource, TaggedEC2Resource):
        resource.add_tags({**resource_map.tags, "aws:cloudformation:logical-id": logical_id})
    return resource


def update(
    resource: Any,
    resource_json: Mapping[str, Any],
    resource_map: Any,
    place: Place,
) -> Any:
    """Bring a resource to new properties; the result is another resource if it was replaced."""
    logical_id = resource.logical_resource_id
    resource_type = resource_json["Type"]
    handler = _handlers.get(resource_type, Handler())
    before: Properties = resource.sandbox_properties
    after = properties_of(resource_json, resource_map)
    changed = changed_properties(before, after)
    if not changed and resource.cf_resource_type == resource_type:
        return resource
    if replaces(resource_type, resource.cf_resource_type, changed):
        new = create(logical_id, resource_json, resource_map, place)
        remove(resource, {"Type": resource.cf_resource_type}, place)
        return new
    # Set first: after a failure half-way, a rollback must see that there is something to undo.
    resource.sandbox_properties = after
    if handler.settle is not None:
        handler.settle(resource, copy.deepcopy(before), copy.deepcopy(after), place)
        return resource
    new = parsing.get_model_map()[resource_type].update_from_cloudformation_json(
        original_resource=resource,
        new_resource_name=_physical_name(logical_id, resource_type, after, resource_map),
        cloudformation_json={**resource_json, "Properties": copy.deepcopy(after)},
        account_id=place.account,
        region_name=place.region,
    )
    new.cf_resource_type = resource_type
    new.logical_resource_id = logical_id
    new.sandbox_properties = after
    return new


def replaces(resource_type: str, old_type: str, changed: Iterable[str]) -> bool:
    """Whether a change of these properties makes a new resource."""
    if resource_type != old_type:
        return True
    handler = _handlers.get(resource_type)
    if handler is not None and (handler.settle is not None or handler.replaced_by):
        return any(name in handler.replaced_by for name in changed)
    if handler is not None and handler.create is not None:
        return True
    model = parsing.get_model_map().get(resource_type)
    return model is None or hasattr(model.update_from_cloudformation_json, "__isabstractmethod__")


def remove(resource: Any, resource_json: Mapping[str, Any], place: Place) -> None:
    """Delete one resource. Raises what moto raises when something still needs it."""
    properties: Properties = resource.sandbox_properties
    handler = _handlers.get(resource.cf_resource_type, Handler())
    if handler.remove is not None:
        handler.remove(resource, copy.deepcopy(properties), place)
        return
    if isinstance(resource, Record):
        return
    model = parsing.get_model_map()[resource.cf_resource_type]
    if not hasattr(model.delete_from_cloudformation_json, "__isabstractmethod__"):
        model.delete_from_cloudformation_json(
            resource.physical_resource_id,
            {**resource_json, "Properties": copy.deepcopy(properties)},
            place.account,
            place.region,
        )
    elif hasattr(resource, "delete"):
        resource.delete(place.account, place.region)
    else:
        raise ValidationError(
            message=f"The sandbox cannot delete a resource of type {resource.cf_resource_type}."
        )


def _physical_name(
    logical_id: str, resource_type: str, properties: Properties, resource_map: Any
) -> str:
    generated: str = parsing.generate_resource_name(
        resource_type, resource_map["AWS::StackName"], logical_id
    )
    model = parsing.get_model_map().get(resource_type)
    name_property = model.cloudformation_name_type() if model is not None else ""
    return str(properties.get(name_property) or generated)
