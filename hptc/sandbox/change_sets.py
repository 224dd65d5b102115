"""CloudFormation change sets: created, described, executed and deleted.

Replaces moto's, which execute without outputs, exports and tags, don't report changed properties
and replacements (so that `cdk diff` shows no differences), confuse change sets that have the same
name, and answer 500 when one to delete doesn't exist.
"""

from collections.abc import Iterator
from typing import Any

from moto.cloudformation import models
from moto.cloudformation.exceptions import (
    AlreadyExistsException,
    CloudFormationError,
    ValidationError,
)
from moto.cloudformation.utils import generate_changeset_id, validate_create_change_set

from hptc.sandbox import convergence, stack_lifecycle, stack_resources
from hptc.sandbox.stack_template import check_template, parse_template, resolve_parameters

_NO_CHANGES = (
    "The submitted information didn't contain changes. "
    "Submit different information to create a change set."
)


def create_change_set(
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
    """Compute what a template would change. Creates nothing but the stack's own record."""
    validate_create_change_set(change_set_name)
    stack = stack_lifecycle.find_stack(backend, stack_name)
    _check_stack(stack, stack_name, change_set_name, change_set_type)
    parsed = check_template(template)
    values = resolve_parameters(parameters, parsed, stack.parameters if stack is not None else {})
    if stack is None:
        stack = stack_lifecycle.add_stack(
            backend, stack_name, notification_arns=notification_arns, tags=tags
        )
        convergence.set_status(stack, stack_lifecycle.REVIEW_IN_PROGRESS, "User Initiated")
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
    change_set.changes = [_change(*planned) for planned in _plan_changes(stack, parsed, values)]
    if change_set_type == "CREATE" or stack_lifecycle.has_changes(
        stack, template, values, tags or {}
    ):
        change_set.status = "CREATE_COMPLETE"
        change_set.execution_status = "AVAILABLE"
    else:
        change_set.status = "FAILED"
        change_set.execution_status = "UNAVAILABLE"
        change_set.status_reason = _NO_CHANGES
    backend.change_sets[change_set.change_set_id] = change_set
    return change_set.change_set_id, stack.stack_id


def _check_stack(
    stack: models.Stack | None, stack_name: str, change_set_name: str, change_set_type: str
) -> None:
    """Refuse to create a stack that exists, and to update one that does not or that is busy."""
    if change_set_type == "CREATE":
        if stack is not None and stack.status != stack_lifecycle.REVIEW_IN_PROGRESS:
            raise ValidationError(
                message=f"Stack [{stack_name}] already exists and cannot be created again with "
                f"the changeSet [{change_set_name}]."
            )
        return
    if stack is None:
        raise ValidationError(message=f"Stack [{stack_name}] does not exist")
    stack_lifecycle.check_updatable(stack)


def _plan_changes(
    stack: models.Stack, template: dict[str, Any], parameters: dict[str, str]
) -> Iterator[tuple[str, str, dict[str, Any], Any, list[str]]]:
    """Yield each change: action, logical ID, template resource, current resource, properties."""
    current = stack.resource_map._parsed_resources
    before: dict[str, Any] = stack.resource_map._resource_json_map
    after: dict[str, Any] = template["Resources"]
    changed_parameters = {
        name
        for name in parameters.keys() | stack.parameters.keys()
        if parameters.get(name) != stack.parameters.get(name)
    }
    for name, resource_json in after.items():
        old = current.get(name)
        if old is None:
            yield "Add", name, resource_json, None, []
            continue
        old_properties = before[name].get("Properties", {})
        new_properties = resource_json.get("Properties", {})
        changed = set(stack_resources.changed_properties(old_properties, new_properties))
        changed |= {
            key
            for key, value in new_properties.items()
            if changed_parameters.intersection(stack_resources.references(value))
        }
        if changed or resource_json != before[name]:
            yield "Modify", name, resource_json, old, sorted(changed)
    for name, resource_json in before.items():
        if name not in after and name in current:
            yield "Remove", name, resource_json, current[name], []


def _change(
    action: str, name: str, resource_json: dict[str, Any], old: Any, changed: list[str]
) -> Any:
    resource_type = resource_json["Type"]
    change: Any = models.Change(
        action=action, logical_resource_id=name, resource_type=resource_type
    )
    change.physical_resource_id = getattr(old, "physical_resource_id", None)
    if action == "Modify":
        is_replaced = stack_resources.requires_replacement(
            resource_type, old.cf_resource_type, changed
        )
        change.replacement = str(bool(changed) and is_replaced)
        change.scope = ["Properties"] if changed else ["Metadata"]
        change.details = [
            {
                "Target": {
                    "Attribute": "Properties",
                    "Name": key,
                    "RequiresRecreation": "Always"
                    if stack_resources.requires_replacement(
                        resource_type, old.cf_resource_type, [key]
                    )
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


def describe_change_set(
    backend: models.CloudFormationBackend, change_set_name: str, stack_name: str | None = None
) -> models.ChangeSet:
    """Find a change set by ID, or by name within a stack. Raises ChangeSetNotFound."""
    change_set = _find_change_set(backend, change_set_name, stack_name)
    if change_set is None:
        raise CloudFormationError(
            "ChangeSetNotFoundException", f"ChangeSet [{change_set_name}] does not exist"
        )
    return change_set


def delete_change_set(
    backend: models.CloudFormationBackend, change_set_name: str, stack_name: str | None = None
) -> None:
    """Delete a change set. Succeeds if it doesn't exist."""
    change_set = _find_change_set(backend, change_set_name, stack_name)
    if change_set is not None:
        del backend.change_sets[change_set.change_set_id]


def execute_change_set(
    backend: models.CloudFormationBackend, change_set_name: str, stack_name: str | None = None
) -> None:
    """Deploy the change set's template. A failure shows in the stack's status."""
    change_set = describe_change_set(backend, change_set_name, stack_name)
    if change_set.execution_status != "AVAILABLE":
        raise ValidationError(
            message=f"ChangeSet [{change_set.change_set_id}] cannot be executed in its current "
            f"status of [{change_set.status}]"
        )
    change_set.execution_status = "EXECUTE_COMPLETE"
    stack = backend.stacks[change_set.stack_id]
    stack.role_arn = change_set.role_arn or stack.role_arn
    stack_lifecycle.deploy(
        backend, stack, change_set.template, change_set.parameters, change_set.tags or {}
    )


def parse_change_set(change_set: Any) -> None:
    """Parse the change set's template."""
    change_set.template_dict = parse_template(change_set.template)
