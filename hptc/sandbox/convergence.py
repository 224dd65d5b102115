"""Brings a stack's resources to the state that a template declares, with an event for each step.

Replaces moto's update, which deletes before it creates, forgets a resource that it can't update,
ignores DeletionPolicy, misses a change that comes through a reference, and creates a missing
resource whenever it is read.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from moto.cloudformation import models

from hptc.sandbox import stack_resources
from hptc.sandbox.extension import extend
from hptc.sandbox.resource_handler import Location

_STACK = "AWS::CloudFormation::Stack"
_EVENT_INTERVAL = timedelta(milliseconds=1)


def _location(stack: models.Stack) -> Location:
    return Location(account=stack.account_id, region=stack.region_name)


def existing_resources(stack: models.Stack) -> list[Any]:
    """The resources that exist, which leaves out those whose condition is false."""
    current = stack.resource_map._parsed_resources
    return [
        current[name]
        for name in stack.resource_map._resource_json_map
        if getattr(current.get(name), "logical_resource_id", None)
    ]


def error_message(error: Exception) -> str:
    """The message of an exception; moto's classes keep it in different attributes."""
    return str(getattr(error, "message", None) or getattr(error, "description", None) or error)


def _add_event(
    stack: models.Stack,
    logical_id: str,
    resource: Any,
    resource_type: str,
    status: str,
    reason: str = "",
) -> None:
    event = models.Event(
        stack_id=stack.stack_id,
        stack_name=stack.name,
        logical_resource_id=logical_id,
        physical_resource_id=str(getattr(resource, "physical_resource_id", "")),
        resource_type=resource_type,
        resource_status=status,
        resource_status_reason=reason or None,
        resource_properties=None,
    )
    if stack.events:
        # Clients sort events by timestamp, in milliseconds.
        event.timestamp = max(event.timestamp, stack.events[-1].timestamp + _EVENT_INTERVAL)
    stack.events.append(event)


def converge(
    stack: models.Stack,
    template: dict[str, Any],
    parameters: dict[str, str],
    *,
    is_rollback: bool = False,
) -> None:
    """Create, update and delete resources until the stack matches the template."""
    resource_map: Any = stack.resource_map
    before: dict[str, Any] = resource_map._resource_json_map
    declared: dict[str, Any] = template["Resources"]
    _load(stack, template, parameters)
    active = [
        name
        for name in stack_resources.in_dependency_order(declared)
        if "Condition" not in declared[name]
        or resource_map.lazy_condition_map[declared[name]["Condition"]]
    ]
    for name in active:
        _create_or_update(stack, name, declared[name])
    for name in reversed(stack_resources.in_dependency_order(before)):
        if name in resource_map._parsed_resources and name not in active:
            _delete(stack, name, before[name], is_rollback=is_rollback)
    resource_map._resource_json_map = declared


def _load(stack: models.Stack, template: dict[str, Any], parameters: dict[str, str]) -> None:
    """Give moto's map of a stack the template and the values that it refers to."""
    resource_map: Any = stack.resource_map
    current: dict[str, Any] = resource_map._parsed_resources
    for name in resource_map.resolved_parameters:
        current.pop(name, None)
    current["AWS::Partition"] = _location(stack).partition
    current["AWS::NotificationARNs"] = stack.notification_arns
    resource_map.resolved_parameters = {}
    resource_map._template = template
    # moto creates a missing resource that a reference names; it must use the new template.
    resource_map._resource_json_map = {**resource_map._resource_json_map, **template["Resources"]}
    resource_map.input_parameters = parameters
    resource_map.tags = {
        **stack.tags,
        "aws:cloudformation:stack-name": stack.name,
        "aws:cloudformation:stack-id": stack.stack_id,
    }
    resource_map.load_mapping()
    resource_map.load_parameters()
    resource_map.load_conditions()


def _create_or_update(stack: models.Stack, name: str, resource_json: dict[str, Any]) -> None:
    resource_map: Any = stack.resource_map
    current: dict[str, Any] = resource_map._parsed_resources
    old, location = current.get(name), _location(stack)
    verb = "CREATE" if old is None else "UPDATE"
    properties = getattr(old, "sandbox_properties", None)
    try:
        if old is None:
            new = stack_resources.create(name, resource_json, resource_map, location)
        else:
            new = stack_resources.update(old, resource_json, resource_map, location)
    except Exception as error:
        _add_event(stack, name, old, resource_json["Type"], f"{verb}_FAILED", error_message(error))
        raise
    current[name] = new
    if properties is not new.sandbox_properties:
        _add_event(stack, name, new, resource_json["Type"], f"{verb}_COMPLETE")


def _delete(
    stack: models.Stack, name: str, resource_json: dict[str, Any], *, is_rollback: bool
) -> None:
    current: dict[str, Any] = stack.resource_map._parsed_resources
    resource = current[name]
    retaining = ("Retain",) if is_rollback else ("Retain", "RetainExceptOnCreate")
    if resource_json.get("DeletionPolicy") in retaining:
        _add_event(stack, name, resource, resource_json["Type"], "DELETE_SKIPPED")
    else:
        try:
            stack_resources.delete(resource, resource_json, _location(stack))
        except Exception as error:
            _add_event(
                stack, name, resource, resource_json["Type"], "DELETE_FAILED", error_message(error)
            )
            raise
        _add_event(stack, name, resource, resource_json["Type"], "DELETE_COMPLETE")
    del current[name]


def get_resource(resource_map: Any, name: str) -> Any:
    """Look up a resource. moto's version creates a missing one, even in a deleted stack."""
    current = resource_map._parsed_resources
    if name in current:
        return current[name]
    if name in resource_map._resource_json_map:
        return None
    raise KeyError(name)


@dataclass(frozen=True, slots=True)
class _StackResource:
    physical_resource_id: str


def set_status(stack: models.Stack, status: str, reason: str | None = None) -> None:
    """Set a stack's status and add an event for it."""
    stack.status = status
    extend(stack, stack_status_reason=reason)
    _add_event(stack, stack.name, _StackResource(stack.stack_id), _STACK, status, reason or "")


def delete_all(stack: models.Stack, *, is_rollback: bool = False) -> None:
    """Delete every resource of a stack except the retained ones."""
    declared = stack.resource_map._resource_json_map
    for name in reversed(stack_resources.in_dependency_order(declared)):
        if name in stack.resource_map._parsed_resources:
            _delete(stack, name, declared[name], is_rollback=is_rollback)
