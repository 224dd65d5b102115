"""One CloudFormation resource: created, updated, deleted.

moto creates most resource types but applies only some of their properties, updates few types, and
leaves others behind on deletion. A `Handler` fills these gaps for one type. Types without a handler
are left to moto.
"""

import copy
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import ValidationError
from moto.ec2.models.core import TaggedEC2Resource

from hptc.sandbox.resource_handler import Handler, Location, Properties, SandboxResource

_handlers: dict[str, Handler] = {}


_MAX_ROLE_NAME_LENGTH = 64


def register_handlers(handlers: Mapping[str, Handler]) -> None:
    """Use these handlers for their resource types."""
    _handlers.update(handlers)


def is_supported(resource_type: str) -> bool:
    """Whether the sandbox can deploy resources of this type."""
    return resource_type in _handlers or resource_type in parsing.get_model_map()


def references(node: Any) -> Iterator[str]:
    """Yield the logical IDs that a part of a template refers to."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "Ref" and isinstance(value, str):
                yield value
            elif key == "Fn::GetAtt":
                yield value.split(".")[0] if isinstance(value, str) else value[0]
            elif key == "Fn::Sub":
                text, variables = (value, {}) if isinstance(value, str) else value
                for part in text.split("${")[1:]:
                    name = part.split("}")[0].split(".")[0]
                    if name not in variables and not name.startswith("!"):
                        yield name
                yield from references(variables)
            else:
                yield from references(value)
    elif isinstance(node, list):
        for item in node:
            yield from references(item)


def in_dependency_order(resources: Mapping[str, Any]) -> list[str]:
    """Sort logical IDs so that each follows its dependencies. Raises ValidationError on a cycle."""
    ordered: dict[str, None] = {}
    visiting: dict[str, None] = {}

    def visit(name: str) -> None:
        if name in ordered:
            return
        if name in visiting:
            cycle = list(visiting)[list(visiting).index(name) :]
            raise ValidationError(
                message=f"Circular dependency between resources: [{', '.join(cycle)}]"
            )
        visiting[name] = None
        depends_on = resources[name].get("DependsOn", [])
        for other in [depends_on] if isinstance(depends_on, str) else depends_on:
            if other in resources:
                visit(other)
        for other in references(resources[name].get("Properties", {})):
            if other in resources:
                visit(other)
        del visiting[name]
        ordered[name] = None

    for name in resources:
        visit(name)
    return list(ordered)


def changed_properties(before: Properties, after: Properties) -> list[str]:
    """The names of the properties that differ, sorted."""
    return sorted(
        name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
    )


def resolve_properties(resource_json: Mapping[str, Any], resource_map: Any) -> Properties:
    """A copy of a resource's properties with all references resolved."""
    cleaned = parsing.clean_json(resource_json.get("Properties") or {}, resource_map)
    return copy.deepcopy(dict(cleaned))


def create(
    logical_id: str,
    resource_json: Mapping[str, Any],
    resource_map: Any,
    location: Location,
) -> Any:
    """Create one resource. Raises moto's exception if the request is rejected."""
    resource_type = resource_json["Type"]
    handler = _handlers.get(resource_type, Handler())
    properties = resolve_properties(resource_json, resource_map)
    name = _physical_name(logical_id, resource_type, properties, resource_map)
    if handler.create is not None:
        resource = handler.create(name, copy.deepcopy(properties), location)
    else:
        resource = parsing.get_model_map()[resource_type].create_from_cloudformation_json(
            name,
            {**resource_json, "Properties": copy.deepcopy(properties)},
            location.account,
            location.region,
            LogicalId=logical_id,
            StackId=resource_map.stack_id,
            ResourceType=resource_type,
        )
    resource.cf_resource_type = resource_type
    resource.logical_resource_id = logical_id
    resource.sandbox_properties = properties
    if handler.apply is not None:
        handler.apply(resource, {}, copy.deepcopy(properties), location)
    if isinstance(resource, TaggedEC2Resource):
        resource.add_tags({**resource_map.tags, "aws:cloudformation:logical-id": logical_id})
    return resource


def update(
    resource: Any,
    resource_json: Mapping[str, Any],
    resource_map: Any,
    location: Location,
) -> Any:
    """Update a resource to new properties. Returns a new resource if it is replaced."""
    logical_id = resource.logical_resource_id
    resource_type = resource_json["Type"]
    handler = _handlers.get(resource_type, Handler())
    before: Properties = resource.sandbox_properties
    after = resolve_properties(resource_json, resource_map)
    changed = changed_properties(before, after)
    if not changed and resource.cf_resource_type == resource_type:
        return resource
    if requires_replacement(resource_type, resource.cf_resource_type, changed):
        new = create(logical_id, resource_json, resource_map, location)
        delete(resource, {"Type": resource.cf_resource_type}, location)
        return new
    # Set first: after a partial failure, the rollback must see that there is something to undo.
    resource.sandbox_properties = after
    if handler.apply is not None:
        handler.apply(resource, copy.deepcopy(before), copy.deepcopy(after), location)
        return resource
    new = parsing.get_model_map()[resource_type].update_from_cloudformation_json(
        original_resource=resource,
        new_resource_name=_physical_name(logical_id, resource_type, after, resource_map),
        cloudformation_json={**resource_json, "Properties": copy.deepcopy(after)},
        account_id=location.account,
        region_name=location.region,
    )
    new.cf_resource_type = resource_type
    new.logical_resource_id = logical_id
    new.sandbox_properties = after
    return new


def requires_replacement(resource_type: str, old_type: str, changed: Iterable[str]) -> bool:
    """Whether changing these properties replaces the resource."""
    if resource_type != old_type:
        return True
    handler = _handlers.get(resource_type)
    if handler is not None and (handler.apply is not None or handler.create_only):
        return any(name in handler.create_only for name in changed)
    if handler is not None and handler.create is not None:
        return True
    model = parsing.get_model_map().get(resource_type)
    return model is None or hasattr(model.update_from_cloudformation_json, "__isabstractmethod__")


def delete(resource: Any, resource_json: Mapping[str, Any], location: Location) -> None:
    """Delete one resource. Raises moto's exception if something still depends on it."""
    properties: Properties = resource.sandbox_properties
    handler = _handlers.get(resource.cf_resource_type, Handler())
    if handler.delete is not None:
        handler.delete(resource, copy.deepcopy(properties), location)
        return
    if isinstance(resource, SandboxResource):
        return
    model = parsing.get_model_map()[resource.cf_resource_type]
    if not hasattr(model.delete_from_cloudformation_json, "__isabstractmethod__"):
        model.delete_from_cloudformation_json(
            resource.physical_resource_id,
            {**resource_json, "Properties": copy.deepcopy(properties)},
            location.account,
            location.region,
        )
    elif hasattr(resource, "delete"):
        resource.delete(location.account, location.region)
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
    return str(properties.get(name_property) or _shortened(generated, resource_type))


def _shortened(name: str, resource_type: str) -> str:
    """A generated name of a length that AWS accepts, with its random ending, as CloudFormation's.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    """
    if resource_type != "AWS::IAM::Role" or len(name) <= _MAX_ROLE_NAME_LENGTH:
        return name
    stem, _, ending = name.rpartition("-")
    return f"{stem[: _MAX_ROLE_NAME_LENGTH - len(ending) - 1]}-{ending}"
