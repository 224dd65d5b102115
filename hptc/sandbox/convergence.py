"""A stack's resources brought to what a template says, each step with its event.

Without this, moto removes before it creates, forgets a resource that it cannot update, ignores
DeletionPolicy on an update, misses a change that comes through a reference, and creates a missing
resource whenever somebody looks.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from moto.cloudformation import models

from hptc.sandbox import stack_resources
from hptc.sandbox.extension import extend
from hptc.sandbox.stack_resources import Place

_STACK = "AWS::CloudFormation::Stack"
_EVENT_INTERVAL = timedelta(milliseconds=1)


def _place(stack: models.Stack) -> Place:
    return Place(account=stack.account_id, region=stack.region_name)


def existing_resources(stack: models.Stack) -> list[Any]:
    """Resources that exist, so without those whose condition is false."""
    made = stack.resource_map._parsed_resources
    return [
        made[name]
        for name in stack.resource_map._resource_json_map
        if getattr(made.get(name), "logical_resource_id", None)
    ]


def message_of(error: Exception) -> str:
    """Say what went wrong, as moto's various exceptions hold it."""
    return str(getattr(error, "message", None) or getattr(error, "description", None) or error)


def _record(
    stack: models.Stack, logical_id: str, resource: Any, kind: str, status: str, reason: str = ""
) -> None:
    event = models.Event(
        stack_id=stack.stack_id,
        stack_name=stack.name,
        logical_resource_id=logical_id,
        physical_resource_id=str(getattr(resource, "physical_resource_id", "")),
        resource_type=kind,
        resource_status=status,
        resource_status_reason=reason or None,
        resource_properties=None,
    )
    if stack.events:
        # A client orders events by time, in milliseconds.
        event.timestamp = max(event.timestamp, stack.events[-1].timestamp + _EVENT_INTERVAL)
    stack.events.append(event)


def converge(stack: models.Stack, template: dict[str, Any], parameters: dict[str, str]) -> None:
    """Create, update and remove until the stack is what the template says."""
    resource_map: Any = stack.resource_map
    before = resource_map._resource_json_map
    made: dict[str, Any] = resource_map._parsed_resources
    wanted: dict[str, Any] = template["Resources"]
    place = _place(stack)

    for name in resource_map.resolved_parameters:
        made.pop(name, None)
    made["AWS::Partition"] = place.partition
    made["AWS::NotificationARNs"] = stack.notification_arns
    resource_map.resolved_parameters = {}
    resource_map._template = template
    # moto creates what a reference names and is missing: it must do so from the new template.
    resource_map._resource_json_map = {**before, **wanted}
    resource_map.input_parameters = parameters
    resource_map.tags = {
        **stack.tags,
        "aws:cloudformation:stack-name": stack.name,
        "aws:cloudformation:stack-id": stack.stack_id,
    }
    resource_map.load_mapping()
    resource_map.load_parameters()
    resource_map.load_conditions()

    kept = [
        name
        for name in stack_resources.in_dependency_order(wanted)
        if "Condition" not in wanted[name]
        or resource_map.lazy_condition_map[wanted[name]["Condition"]]
    ]
    for name in kept:
        resource_json, old = wanted[name], made.get(name)
        verb = "CREATE" if old is None else "UPDATE"
        properties = getattr(old, "sandbox_properties", None)
        try:
            if old is None:
                new = stack_resources.create(name, resource_json, resource_map, place)
            else:
                new = stack_resources.update(old, resource_json, resource_map, place)
        except Exception as error:
            _record(stack, name, old, resource_json["Type"], f"{verb}_FAILED", message_of(error))
            raise
        made[name] = new
        if properties is not new.sandbox_properties:
            _record(stack, name, new, resource_json["Type"], f"{verb}_COMPLETE")
    for name in reversed(stack_resources.in_dependency_order(before)):
        if name in made and name not in kept:
            _remove(stack, name, before[name])
    resource_map._resource_json_map = wanted


def _remove(stack: models.Stack, name: str, resource_json: dict[str, Any]) -> None:
    made: dict[str, Any] = stack.resource_map._parsed_resources
    resource = made[name]
    if resource_json.get("DeletionPolicy") in ("Retain", "RetainExceptOnCreate"):
        _record(stack, name, resource, resource_json["Type"], "DELETE_SKIPPED")
    else:
        try:
            stack_resources.remove(resource, resource_json, _place(stack))
        except Exception as error:
            _record(
                stack, name, resource, resource_json["Type"], "DELETE_FAILED", message_of(error)
            )
            raise
        _record(stack, name, resource, resource_json["Type"], "DELETE_COMPLETE")
    del made[name]


def get_resource(resource_map: Any, name: str) -> Any:
    """Look a resource up. moto creates what is not there, even after its stack was deleted."""
    made = resource_map._parsed_resources
    if name in made:
        return made[name]
    if name in resource_map._resource_json_map:
        return None
    raise KeyError(name)


@dataclass(frozen=True, slots=True)
class _StackItself:
    physical_resource_id: str


def set_status(stack: models.Stack, status: str, reason: str | None = None) -> None:
    """Set the status of a stack, with an event."""
    stack.status = status
    extend(stack, stack_status_reason=reason)
    _record(stack, stack.name, _StackItself(stack.stack_id), _STACK, status, reason or "")


def remove_all(stack: models.Stack) -> None:
    """Remove every resource of a stack but the retained ones."""
    declared = stack.resource_map._resource_json_map
    for name in reversed(stack_resources.in_dependency_order(declared)):
        if name in stack.resource_map._parsed_resources:
            _remove(stack, name, declared[name])
