"""CloudFormation stacks and change sets, on moto's stacks.

Without this, moto runs a change set without outputs, exports, tags or a description of what changes
(so `cdk diff` shows nothing), answers 500 to DeleteChangeSet and to a previous parameter value,
finds a template by TemplateURL on `localhost` only, skips resource types it does not know while the
stack says CREATE_COMPLETE, and never rolls back. Here a stack converges on its template in
dependency order, resource by resource, with an event for each; a failure rolls back; an export in
use cannot be removed; a type that nothing here stands in for is refused.

Not done: macros, nested stacks by TemplateURL outside S3, stack policies, drift, capabilities.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import unquote, urlparse

from moto.cloudformation import models, parsing, responses
from moto.cloudformation.exceptions import (
    AlreadyExistsException,
    CloudFormationError,
    ValidationError,
)
from moto.cloudformation.utils import (
    generate_changeset_id,
    generate_stack_id,
    get_stack_from_s3_url,
    validate_create_change_set,
)
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.s3.models import s3_backends

from hptc.sandbox import resources
from hptc.sandbox.resources import Handler, Place, Record

_NO_CHANGES = (
    "The submitted information didn't contain changes. "
    "Submit different information to create a change set."
)
_REVIEW = "REVIEW_IN_PROGRESS"
_STACK = "AWS::CloudFormation::Stack"
_EVENT_INTERVAL = timedelta(milliseconds=1)

_handlers: dict[str, Handler] = {}
_moto_clean_json = parsing.clean_json
_moto_parse_ssm_parameter = parsing.ResourceMap.parse_ssm_parameter


def _inert(name: str, _properties: resources.Properties, _place: Place) -> Record:
    return Record(physical_resource_id=name)


def _no_change(
    resource: Record,
    before: resources.Properties,
    after: resources.Properties,
    place: Place,
) -> None:
    """Do nothing: the type stands for nothing in the account."""


HANDLERS: Mapping[str, Handler] = {
    "AWS::CDK::Metadata": Handler(create=_inert, settle=_no_change),
}


def install(handlers: Mapping[str, Handler]) -> None:
    """Put the sandbox's stacks, with these handlers of resource types, in place of moto's."""
    _handlers.update(HANDLERS)
    _handlers.update(handlers)
    backend = models.CloudFormationBackend
    for name, function in {
        "create_stack": _create_stack,
        "update_stack": _update_stack,
        "delete_stack": _delete_stack,
        "create_change_set": _create_change_set,
        "describe_change_set": _describe_change_set,
        "delete_change_set": _delete_change_set,
        "execute_change_set": _execute_change_set,
    }.items():
        setattr(backend, name, function)
    response = responses.CloudFormationResponse
    for name, function in {
        "create_change_set": _respond_to_create_change_set,
        "delete_change_set": _respond_to_delete_change_set,
        "describe_change_set": _respond_to_describe_change_set,
        "execute_change_set": _respond_to_execute_change_set,
        "list_change_sets": _respond_to_list_change_sets,
        "update_stack": _respond_to_update_stack,
        "update_termination_protection": _respond_to_update_termination_protection,
    }.items():
        setattr(response, name, function)
    setattr(models.ChangeSet, "_parse_template", _parse_change_set)  # noqa: B010
    setattr(models.Stack, "stack_resources", property(_stack_resources))  # noqa: B010
    setattr(models.Stack, "outputs", property(_outputs_of))  # noqa: B010
    setattr(parsing.ResourceMap, "__getitem__", _get_resource)  # noqa: B010
    setattr(parsing.ResourceMap, "parse_ssm_parameter", _parse_ssm_parameter)  # noqa: B010
    setattr(parsing.ResourceMap, "delete", _delete_resources)  # noqa: B010
    for module in (models, responses):
        setattr(module, "get_stack_from_s3_url", _stack_from_s3_url)  # noqa: B010
    setattr(parsing, "clean_json", _clean_json)  # noqa: B010
    for cached in (parsing.get_model_list, parsing.get_model_map, parsing.get_name_type_map):
        cached.cache_clear()


# What a template says


def _clean_json(node: Any, resource_map: Any) -> Any:
    """Resolve as moto does, drop AWS::NoValue from lists, and refuse an unknown function."""
    if isinstance(node, list):
        return [item for item in (_clean_json(n, resource_map) for n in node) if item is not None]
    if isinstance(node, dict) and len(node) == 1:
        (key,) = node
        if key == "Fn::GetAZs":
            region = _clean_json(node[key], resource_map) or resource_map["AWS::Region"]
            return [f"{region}{letter}" for letter in "abcd"]
        if key.startswith("Fn::") and key not in _FUNCTIONS:
            raise ValidationError(message=f"Template error: the sandbox does not resolve {key}.")
    return _moto_clean_json(node, resource_map)


_FUNCTIONS = frozenset(
    "Fn::" + name
    for name in (
        *("FindInMap", "GetAtt", "If", "Join", "Split", "Select", "Sub", "ImportValue"),
        *("Base64", "ToJsonString", "Equals", "Not", "And", "Or"),
    )
)


def _parse_ssm_parameter(resource_map: Any, value: str, value_type: str) -> Any:
    try:
        return _moto_parse_ssm_parameter(resource_map, value, value_type)
    except AttributeError:
        raise ValidationError(
            message=f"Unable to fetch parameters [{value}] from parameter store for this account."
        ) from None


def _stack_from_s3_url(template_url: str, account_id: str, partition: str) -> str:
    """Read a template. The bucket is in the path unless the host is one of Amazon's."""
    url = urlparse(template_url)
    if (url.hostname or "").endswith(("amazonaws.com", "amazonaws.com.cn")):
        return get_stack_from_s3_url(template_url, account_id, partition)
    bucket, _, key = unquote(url.path).lstrip("/").partition("/")
    found: Any = s3_backends[account_id][partition].get_object(bucket, key)
    if found is None:
        raise ValidationError(message="S3 error: The specified key does not exist.")
    return str(found.value.decode("utf-8"))


def _parse(template: str) -> dict[str, Any]:
    """Parse a template; JSON by the JSON parser, which is a hundred times as fast as YAML's."""
    try:
        parsed = json.loads(template)
    except ValueError:
        parsed = models.Stack.parse_template(template)
    if not isinstance(parsed, dict) or not parsed.get("Resources"):
        raise ValidationError(
            message="Template format error: At least one Resources member must be defined."
        )
    return parsed


def _parse_change_set(change_set: Any) -> None:
    change_set.template_dict = _parse(change_set.template)


def _check_template(template: str) -> dict[str, Any]:
    """Parse a template, and refuse what would be skipped in silence."""
    parsed = _parse(template)
    unknown = {
        resource["Type"]
        for resource in parsed["Resources"].values()
        if not resources.is_supported(resource["Type"], _handlers)
    }
    if unknown:
        raise ValidationError(
            message="Template format error: Unrecognized resource types: "
            f"[{', '.join(sorted(unknown))}] (the sandbox does not stand in for them)"
        )
    resources.in_dependency_order(parsed["Resources"])
    declared = parsed["Resources"].keys() | parsed.get("Parameters", {}).keys()
    for section in ("Resources", "Outputs"):
        missing = {
            name
            for name in resources.references(parsed.get(section, {}))
            if name not in declared and not name.startswith("AWS::")
        }
        if missing:
            raise ValidationError(
                message=f"Template format error: Unresolved resource dependencies "
                f"[{', '.join(sorted(missing))}] in the {section} block of the template"
            )
    return parsed


def _parameters(
    given: list[dict[str, Any]], template: dict[str, Any], previous: dict[str, str]
) -> dict[str, str]:
    """Take the parameters of a request; a previous value that is a default stays a default."""
    declared = template.get("Parameters", {})
    undeclared = sorted({p["ParameterKey"] for p in given} - declared.keys())
    if undeclared:
        raise ValidationError(
            message=f"Parameters: [{', '.join(undeclared)}] do not exist in the template"
        )
    values: dict[str, str] = {}
    for parameter in given:
        key = parameter["ParameterKey"]
        if not parameter.get("UsePreviousValue"):
            values[key] = parameter.get("ParameterValue", "")
        elif key in previous:
            values[key] = previous[key]
    missing = sorted(
        key for key, slot in declared.items() if key not in values and "Default" not in slot
    )
    if missing:
        raise ValidationError(message=f"Parameters: [{', '.join(missing)}] must have values")
    return values


def _imports(node: Any) -> Iterator[Any]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "Fn::ImportValue":
                yield value
            else:
                yield from _imports(value)
    elif isinstance(node, list):
        for item in node:
            yield from _imports(item)


# What a stack does


def _place(stack: models.Stack) -> Place:
    return Place(account=stack.account_id, region=stack.region_name)


def _stack_resources(stack: models.Stack) -> list[Any]:
    """Resources that exist, so without those whose condition is false."""
    made = stack.resource_map._parsed_resources
    return [
        made[name]
        for name in stack.resource_map._resource_json_map
        if getattr(made.get(name), "logical_resource_id", None)
    ]


def _message(error: Exception) -> str:
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


def _converge(stack: models.Stack, template: dict[str, Any], parameters: dict[str, str]) -> None:
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
        for name in resources.in_dependency_order(wanted)
        if "Condition" not in wanted[name]
        or resource_map.lazy_condition_map[wanted[name]["Condition"]]
    ]
    for name in kept:
        resource_json, old = wanted[name], made.get(name)
        verb = "CREATE" if old is None else "UPDATE"
        try:
            if old is None:
                new = resources.create(name, resource_json, resource_map, _handlers, place)
            else:
                new = resources.update(old, resource_json, resource_map, _handlers, place)
        except Exception as error:
            _record(stack, name, old, resource_json["Type"], f"{verb}_FAILED", _message(error))
            raise
        made[name] = new
        if old is None or old.sandbox_properties is not new.sandbox_properties:
            _record(stack, name, new, resource_json["Type"], f"{verb}_COMPLETE")
    for name in reversed(resources.in_dependency_order(before)):
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
            resources.remove(resource, resource_json, _handlers, _place(stack))
        except Exception as error:
            _record(stack, name, resource, resource_json["Type"], "DELETE_FAILED", _message(error))
            raise
        _record(stack, name, resource, resource_json["Type"], "DELETE_COMPLETE")
    del made[name]


def _get_resource(resource_map: Any, name: str) -> Any:
    """Look a resource up. moto creates what is not there, even after its stack was deleted."""
    made = resource_map._parsed_resources
    if name in made:
        return made[name]
    if name in resource_map._resource_json_map:
        return None
    raise KeyError(name)


def _delete_resources(resource_map: Any) -> None:
    raise NotImplementedError("stacks are deleted by _delete_stack")


@dataclass(frozen=True, slots=True)
class _StackItself:
    physical_resource_id: str


def _set_status(stack: models.Stack, status: str, reason: str | None = None) -> None:
    stack.status = status
    setattr(stack, "stack_status_reason", reason)  # noqa: B010
    _record(stack, stack.name, _StackItself(stack.stack_id), _STACK, status, reason or "")


def _deploy(
    backend: models.CloudFormationBackend,
    stack: models.Stack,
    template: str,
    parameters: dict[str, str],
    tags: dict[str, str] | None,
) -> None:
    """Converge, then publish outputs and exports; on a failure go back to where it was."""
    verb = "CREATE" if stack.status in (_REVIEW, "CREATE_PENDING") else "UPDATE"
    old_template, old_parameters, old_tags = stack.template, stack.parameters, stack.tags
    old_dict = stack.template_dict
    stack.resource_map.cross_stack_resources = backend.exports
    _set_status(stack, f"{verb}_IN_PROGRESS", "User Initiated")
    if tags is not None:
        stack.tags = tags
    try:
        parsed = _parse(template)
        _converge(stack, parsed, parameters)
        stack.template, stack.template_dict, stack.parameters = template, parsed, parameters
        stack.description = parsed.get("Description")
        outputs = _outputs(stack, parsed)
        _publish_exports(backend, stack, outputs)
    except Exception as error:
        reason = _message(error)
        stack.template, stack.template_dict = old_template, old_dict
        stack.parameters, stack.tags = old_parameters, old_tags
        _roll_back(stack, verb, old_dict, old_parameters, reason)
        return
    setattr(stack, "sandbox_outputs", outputs)  # noqa: B010
    setattr(stack, "last_updated_time", utcnow())  # noqa: B010
    _set_status(stack, f"{verb}_COMPLETE")


def _roll_back(
    stack: models.Stack,
    verb: str,
    template: dict[str, Any],
    parameters: dict[str, str],
    reason: str,
) -> None:
    prefix = "" if verb == "CREATE" else "UPDATE_"
    _set_status(stack, f"{prefix}ROLLBACK_IN_PROGRESS", reason)
    try:
        if verb == "CREATE":
            _remove_all(stack)
        else:
            _converge(stack, template, parameters)
    except Exception as error:
        _set_status(stack, f"{prefix}ROLLBACK_FAILED", _message(error))
    else:
        _set_status(stack, f"{prefix}ROLLBACK_COMPLETE")
        setattr(stack, "stack_status_reason", reason)  # noqa: B010


def _remove_all(stack: models.Stack) -> None:
    declared = stack.resource_map._resource_json_map
    for name in reversed(resources.in_dependency_order(declared)):
        if name in stack.resource_map._parsed_resources:
            _remove(stack, name, declared[name])


def _outputs(stack: models.Stack, template: dict[str, Any]) -> list[dict[str, Any]]:
    """Work out a stack's outputs, in the shape in which DescribeStacks shows them."""
    resource_map = stack.resource_map
    outputs = []
    for key, output in template.get("Outputs", {}).items():
        condition = output.get("Condition")
        if condition is None or resource_map.lazy_condition_map[condition]:
            shown = {
                "OutputKey": key,
                "OutputValue": parsing.clean_json(output, resource_map)["Value"],
            }
            if "Description" in output:
                shown["Description"] = output["Description"]
            if "Export" in output:
                shown["ExportName"] = parsing.clean_json(output["Export"]["Name"], resource_map)
            outputs.append(shown)
    return outputs


def _outputs_of(stack: models.Stack) -> list[dict[str, Any]] | None:
    """Show what was worked out at the last deployment; moto works it out at each look."""
    return getattr(stack, "sandbox_outputs", None) or None


def _publish_exports(
    backend: models.CloudFormationBackend, stack: models.Stack, outputs: list[dict[str, Any]]
) -> None:
    new = {
        output["ExportName"]: parsing.Export(
            stack.stack_id, output["ExportName"], output["OutputValue"]
        )
        for output in outputs
        if "ExportName" in output
    }
    old = {
        name: export
        for name, export in backend.exports.items()
        if export.exporting_stack_id == stack.stack_id
    }
    for name in new:
        if name in backend.exports and name not in old:
            raise ValidationError(
                message=f"Export with name {name} is already exported by stack "
                f"{backend.exports[name].exporting_stack_id}. Export names must be unique across "
                "a given region"
            )
    for name, export in old.items():
        if name not in new or new[name].value != export.value:
            _check_export_unused(backend, stack, name, "updated")
    for name in old:
        del backend.exports[name]
    backend.exports.update(new)


def _check_export_unused(
    backend: models.CloudFormationBackend, stack: models.Stack, name: str, verb: str
) -> None:
    users = sorted(
        other.name
        for other in backend.stacks.values()
        if other is not stack
        for imported in _imports(other.template_dict)
        if parsing.clean_json(imported, other.resource_map) == name
    )
    if users:
        raise ValidationError(
            message=f"Export {name} cannot be {verb} as it is in use by {', '.join(users)}"
        )


def _live_stack(backend: models.CloudFormationBackend, name_or_id: str) -> models.Stack | None:
    for stack in backend.stacks.values():
        if name_or_id in (stack.name, stack.stack_id):
            return stack
    return None


def _existing_stack(backend: models.CloudFormationBackend, name_or_id: str) -> models.Stack:
    stack = _live_stack(backend, name_or_id)
    if stack is None:
        raise ValidationError(message=f"Stack [{name_or_id}] does not exist")
    return stack


def _new_stack(backend: models.CloudFormationBackend, name: str, **settings: Any) -> models.Stack:
    # mypy takes moto's class for abstract, since it leaves methods of its base undefined.
    make: Any = models.Stack
    stack: models.Stack = make(
        stack_id=generate_stack_id(name, backend.region_name, backend.account_id),
        name=name,
        template={},
        parameters={},
        account_id=backend.account_id,
        region_name=backend.region_name,
        **settings,
    )
    backend.stacks[stack.stack_id] = stack
    return stack


def _check_updatable(stack: models.Stack) -> None:
    if stack.status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED", _REVIEW):
        raise ValidationError(
            message=f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated."
        )


def _create_stack(
    backend: models.CloudFormationBackend,
    name: str,
    template: str,
    parameters: dict[str, Any],
    notification_arns: list[str] | None = None,
    tags: dict[str, str] | None = None,
    role_arn: str | None = None,
    enable_termination_protection: bool | None = False,
    timeout_in_mins: int | None = None,
    stack_policy_body: str | None = None,
) -> models.Stack:
    if _live_stack(backend, name) is not None:
        raise AlreadyExistsException(f"Stack [{name}] already exists")
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    values = _parameters(given, _check_template(template), {})
    stack = _new_stack(
        backend,
        name,
        notification_arns=notification_arns,
        tags=tags,
        role_arn=role_arn,
        enable_termination_protection=enable_termination_protection,
        timeout_in_mins=timeout_in_mins,
        stack_policy_body=stack_policy_body,
    )
    _deploy(backend, stack, template, values, tags)
    return stack


def _update_stack(
    backend: models.CloudFormationBackend,
    name: str,
    template: str,
    role_arn: str | None,
    parameters: list[dict[str, Any]],
    tags: dict[str, str] | None,
) -> models.Stack:
    stack = _existing_stack(backend, name)
    _check_updatable(stack)
    values = _parameters(parameters, _check_template(template), stack.parameters)
    if not _differs(stack, template, values, tags):
        raise ValidationError(message="No updates are to be performed.")
    stack.role_arn = role_arn or stack.role_arn
    _deploy(backend, stack, template, values, tags)
    return stack


def _differs(
    stack: models.Stack, template: str, parameters: dict[str, str], tags: dict[str, str] | None
) -> bool:
    return (
        _parse(template) != stack.template_dict
        or parameters != stack.parameters
        or (tags is not None and tags != stack.tags)
    )


def _delete_stack(backend: models.CloudFormationBackend, name_or_stack_id: str) -> None:
    stack = _live_stack(backend, name_or_stack_id)
    if stack is None:
        return
    if stack.enable_termination_protection:
        raise ValidationError(
            message=f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
        )
    _set_status(stack, "DELETE_IN_PROGRESS", "User Initiated")
    names = [
        name
        for name, export in backend.exports.items()
        if export.exporting_stack_id == stack.stack_id
    ]
    try:
        for name in names:
            _check_export_unused(backend, stack, name, "deleted")
        _remove_all(stack)
    except Exception as error:
        _set_status(stack, "DELETE_FAILED", _message(error))
        return
    for name in names:
        del backend.exports[name]
    del backend.stacks[stack.stack_id]
    backend.deleted_stacks[stack.stack_id] = stack
    for change_set in list(backend.change_sets.values()):
        if change_set.stack_id == stack.stack_id:
            del backend.change_sets[change_set.change_set_id]
    _set_status(stack, "DELETE_COMPLETE")


# What a change set does


def _create_change_set(
    backend: models.CloudFormationBackend,
    stack_name: str,
    change_set_name: str,
    template: str,
    parameters: list[dict[str, Any]],
    description: str,
    change_set_type: str,
    notification_arns: list[str] | None = None,
    tags: dict[str, str] | None = None,
    role_arn: str | None = None,
) -> tuple[str, str]:
    validate_create_change_set(change_set_name)
    stack = _live_stack(backend, stack_name)
    if change_set_type == "CREATE":
        if stack is not None and stack.status != _REVIEW:
            raise ValidationError(
                message=f"Stack [{stack_name}] already exists and cannot be created again with "
                f"the changeSet [{change_set_name}]."
            )
    else:
        if stack is None:
            raise ValidationError(message=f"Stack [{stack_name}] does not exist")
        _check_updatable(stack)
    parsed = _check_template(template)
    values = _parameters(parameters, parsed, stack.parameters if stack is not None else {})
    if stack is None:
        stack = _new_stack(backend, stack_name, notification_arns=notification_arns, tags=tags)
        _set_status(stack, _REVIEW, "User Initiated")
    if any(
        other.stack_id == stack.stack_id and other.change_set_name == change_set_name
        for other in backend.change_sets.values()
    ):
        raise AlreadyExistsException(f"ChangeSet {change_set_name} cannot be created as it exists")
    change_set = models.ChangeSet(
        change_set_type=change_set_type,
        change_set_id=generate_changeset_id(
            change_set_name, backend.region_name, backend.account_id
        ),
        change_set_name=change_set_name,
        stack=stack,
        template=template,
        parameters=values,
        description=description,
        notification_arns=notification_arns,
        tags=tags,
        role_arn=role_arn,
    )
    change_set.changes = [_change(*item) for item in _changes(stack, parsed, values)]
    if change_set_type == "CREATE" or _differs(stack, template, values, tags or {}):
        change_set.status = "CREATE_COMPLETE"
        change_set.execution_status = "AVAILABLE"
    else:
        change_set.status = "FAILED"
        change_set.execution_status = "UNAVAILABLE"
        change_set.status_reason = _NO_CHANGES
    backend.change_sets[change_set.change_set_id] = change_set
    return change_set.change_set_id, stack.stack_id


def _changes(
    stack: models.Stack, template: dict[str, Any], parameters: dict[str, str]
) -> Iterator[tuple[str, str, dict[str, Any], Any, list[str]]]:
    """Yield what a change set would do: action, logical id, resource, what there is, properties."""
    made = stack.resource_map._parsed_resources
    before: dict[str, Any] = stack.resource_map._resource_json_map
    after: dict[str, Any] = template["Resources"]
    changed_parameters = {
        name
        for name in parameters.keys() | stack.parameters.keys()
        if parameters.get(name) != stack.parameters.get(name)
    }
    for name, resource_json in after.items():
        old = made.get(name)
        if old is None:
            yield "Add", name, resource_json, None, []
            continue
        old_properties = before[name].get("Properties", {})
        new_properties = resource_json.get("Properties", {})
        changed = set(resources.changed_properties(old_properties, new_properties))
        changed |= {
            key
            for key, value in new_properties.items()
            if changed_parameters.intersection(resources.references(value))
        }
        if changed or resource_json != before[name]:
            yield "Modify", name, resource_json, old, sorted(changed)
    for name, resource_json in before.items():
        if name not in after and name in made:
            yield "Remove", name, resource_json, made[name], []


def _change(
    action: str, name: str, resource_json: dict[str, Any], old: Any, changed: list[str]
) -> Any:
    kind = resource_json["Type"]
    change: Any = models.Change(action=action, logical_resource_id=name, resource_type=kind)
    change.physical_resource_id = getattr(old, "physical_resource_id", None)
    if action == "Modify":
        replaced = resources.replaces(kind, old.cf_resource_type, changed, _handlers)
        change.replacement = str(bool(changed) and replaced)
        change.scope = ["Properties"] if changed else ["Metadata"]
        change.details = [
            {
                "Target": {
                    "Attribute": "Properties",
                    "Name": key,
                    "RequiresRecreation": "Always"
                    if resources.replaces(kind, old.cf_resource_type, [key], _handlers)
                    else "Never",
                },
                "Evaluation": "Static",
                "ChangeSource": "DirectModification",
            }
            for key in changed
        ]
    return change


def _find_change_set(
    backend: models.CloudFormationBackend, change_set_name: str, stack_name: str | None
) -> models.ChangeSet | None:
    if change_set_name in backend.change_sets:
        return backend.change_sets[change_set_name]
    for change_set in reversed(backend.change_sets.values()):
        if change_set.change_set_name == change_set_name and (
            stack_name is None or stack_name in (change_set.stack_name, change_set.stack_id)
        ):
            return change_set
    return None


def _describe_change_set(
    backend: models.CloudFormationBackend, change_set_name: str, stack_name: str | None = None
) -> models.ChangeSet:
    change_set = _find_change_set(backend, change_set_name, stack_name)
    if change_set is None:
        raise CloudFormationError(
            "ChangeSetNotFoundException", f"ChangeSet [{change_set_name}] does not exist"
        )
    return change_set


def _delete_change_set(
    backend: models.CloudFormationBackend, change_set_name: str, stack_name: str | None = None
) -> None:
    change_set = _find_change_set(backend, change_set_name, stack_name)
    if change_set is not None:
        del backend.change_sets[change_set.change_set_id]


def _execute_change_set(
    backend: models.CloudFormationBackend, change_set_name: str, stack_name: str | None = None
) -> None:
    change_set = _describe_change_set(backend, change_set_name, stack_name)
    if change_set.execution_status != "AVAILABLE":
        raise ValidationError(
            message=f"ChangeSet [{change_set.change_set_id}] cannot be executed in its current "
            f"status of [{change_set.status}]"
        )
    change_set.execution_status = "EXECUTE_COMPLETE"
    stack = backend.stacks[change_set.stack_id]
    stack.role_arn = change_set.role_arn or stack.role_arn
    _deploy(backend, stack, change_set.template, change_set.parameters, change_set.tags or {})


# How requests reach them


def _tags(response: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in response._get_param("Tags", [])}


def _template_body(response: Any, stack_name: str) -> str:
    if response._get_bool_param("UsePreviousTemplate", False):
        return str(_existing_stack(response.cloudformation_backend, stack_name).template)
    url = response._get_param("TemplateURL")
    body = response._get_stack_from_s3_url(url) if url else response._get_param("TemplateBody")
    if not body:
        raise ValidationError(message="Either Template URL or Template Body must be specified.")
    return str(body)


def _respond_to_create_change_set(response: Any) -> ActionResult:
    stack_name = response._get_param("StackName")
    change_set_id, stack_id = response.cloudformation_backend.create_change_set(
        stack_name=stack_name,
        change_set_name=response._get_param("ChangeSetName"),
        template=_template_body(response, stack_name),
        parameters=response._get_param("Parameters", []),
        description=response._get_param("Description"),
        change_set_type=response._get_param("ChangeSetType", "UPDATE"),
        notification_arns=response._get_param("NotificationARNs", []),
        tags=_tags(response),
        role_arn=response._get_param("RoleARN"),
    )
    return ActionResult({"Id": change_set_id, "StackId": stack_id})


def _respond_to_update_stack(response: Any) -> ActionResult:
    stack_name = response._get_param("StackName")
    stack = response.cloudformation_backend.update_stack(
        name=stack_name,
        template=_template_body(response, stack_name),
        role_arn=response._get_param("RoleARN"),
        parameters=response._get_param("Parameters", []),
        tags=_tags(response) or None,
    )
    return ActionResult({"StackId": stack.stack_id})


def _respond_to_describe_change_set(response: Any) -> ActionResult:
    return ActionResult(
        response.cloudformation_backend.describe_change_set(
            response._get_param("ChangeSetName"), response._get_param("StackName")
        )
    )


def _respond_to_delete_change_set(response: Any) -> ActionResult:
    response.cloudformation_backend.delete_change_set(
        response._get_param("ChangeSetName"), response._get_param("StackName")
    )
    return EmptyResult()


def _respond_to_execute_change_set(response: Any) -> ActionResult:
    response.cloudformation_backend.execute_change_set(
        response._get_param("ChangeSetName"), response._get_param("StackName")
    )
    return EmptyResult()


def _respond_to_list_change_sets(response: Any) -> ActionResult:
    stack_name = response._get_param("StackName")
    return ActionResult(
        {
            "Summaries": [
                change_set
                for change_set in response.cloudformation_backend.change_sets.values()
                if stack_name in (change_set.stack_name, change_set.stack_id)
            ]
        }
    )


def _respond_to_update_termination_protection(response: Any) -> ActionResult:
    stack = _existing_stack(response.cloudformation_backend, response._get_param("StackName"))
    stack.enable_termination_protection = bool(
        response._get_bool_param("EnableTerminationProtection", False)
    )
    return ActionResult({"StackId": stack.stack_id})
