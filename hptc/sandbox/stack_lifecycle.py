"""CloudFormation stacks: created, updated, rolled back and deleted, with outputs and exports.

Replaces moto's, which leave a failed stack half-deployed, report success for every update, forget a
stack whose deletion failed, recompute outputs on every read, and delete an export that another
stack imports.
"""

from typing import Any

from moto.cloudformation import models, parsing
from moto.cloudformation.exceptions import AlreadyExistsException, ValidationError
from moto.cloudformation.utils import generate_stack_id
from moto.core.utils import utcnow

from hptc.sandbox import convergence
from hptc.sandbox.extension import extend
from hptc.sandbox.stack_template import (
    check_template,
    imported_names,
    parse_template,
    resolve_parameters,
)

REVIEW_IN_PROGRESS = "REVIEW_IN_PROGRESS"


def deploy(
    backend: models.CloudFormationBackend,
    stack: models.Stack,
    template: str,
    parameters: dict[str, str],
    tags: dict[str, str] | None,
) -> None:
    """Deploy a template, then publish outputs and exports. Rolls back if anything fails."""
    verb = "CREATE" if stack.status in (REVIEW_IN_PROGRESS, "CREATE_PENDING") else "UPDATE"
    old_template, old_parameters, old_tags = stack.template, stack.parameters, stack.tags
    old_dict = stack.template_dict
    stack.resource_map.cross_stack_resources = backend.exports
    convergence.set_status(stack, f"{verb}_IN_PROGRESS", "User Initiated")
    if tags is not None:
        stack.tags = tags
    try:
        parsed = parse_template(template)
        convergence.converge(stack, parsed, parameters)
        stack.template, stack.template_dict, stack.parameters = template, parsed, parameters
        stack.description = parsed.get("Description")
        outputs = _resolve_outputs(stack, parsed)
        _publish_exports(backend, stack, outputs)
    except Exception as error:
        reason = convergence.error_message(error)
        stack.template, stack.template_dict = old_template, old_dict
        stack.parameters, stack.tags = old_parameters, old_tags
        _roll_back(stack, verb, old_dict, old_parameters, reason)
        return
    extend(stack, sandbox_outputs=outputs, last_updated_time=utcnow())
    convergence.set_status(stack, f"{verb}_COMPLETE")


def _roll_back(
    stack: models.Stack,
    verb: str,
    template: dict[str, Any],
    parameters: dict[str, str],
    reason: str,
) -> None:
    prefix = "" if verb == "CREATE" else "UPDATE_"
    convergence.set_status(stack, f"{prefix}ROLLBACK_IN_PROGRESS", reason)
    try:
        if verb == "CREATE":
            convergence.delete_all(stack, is_rollback=True)
        else:
            convergence.converge(stack, template, parameters, is_rollback=True)
    except Exception as error:
        convergence.set_status(stack, f"{prefix}ROLLBACK_FAILED", convergence.error_message(error))
    else:
        convergence.set_status(stack, f"{prefix}ROLLBACK_COMPLETE")
        extend(stack, stack_status_reason=reason)


def _resolve_outputs(stack: models.Stack, template: dict[str, Any]) -> list[dict[str, Any]]:
    """Resolve a stack's outputs, in the format of DescribeStacks."""
    resource_map = stack.resource_map
    outputs = []
    for key, output in template.get("Outputs", {}).items():
        condition = output.get("Condition")
        if condition is None or resource_map.lazy_condition_map[condition]:
            entry = {
                "OutputKey": key,
                "OutputValue": parsing.clean_json(output, resource_map)["Value"],
            }
            if "Description" in output:
                entry["Description"] = output["Description"]
            if "Export" in output:
                entry["ExportName"] = parsing.clean_json(output["Export"]["Name"], resource_map)
            outputs.append(entry)
    return outputs


def deployed_outputs(stack: models.Stack) -> list[dict[str, Any]] | None:
    """The outputs of the last deployment; moto's version resolves them on every read."""
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
    importers = sorted(
        other.name
        for other in backend.stacks.values()
        if other is not stack
        for imported in imported_names(other.template_dict)
        if parsing.clean_json(imported, other.resource_map) == name
    )
    if importers:
        raise ValidationError(
            message=f"Export {name} cannot be {verb} as it is in use by {', '.join(importers)}"
        )


def find_stack(backend: models.CloudFormationBackend, name_or_id: str) -> models.Stack | None:
    """Find a stack that isn't deleted, by name or ID."""
    for stack in backend.stacks.values():
        if name_or_id in (stack.name, stack.stack_id):
            return stack
    return None


def get_stack(backend: models.CloudFormationBackend, name_or_id: str) -> models.Stack:
    """Find a stack that isn't deleted, by name or ID. Raises ValidationError."""
    stack = find_stack(backend, name_or_id)
    if stack is None:
        raise ValidationError(message=f"Stack [{name_or_id}] does not exist")
    return stack


def add_stack(backend: models.CloudFormationBackend, name: str, **settings: Any) -> models.Stack:
    """Add a stack without resources."""
    # mypy considers moto's class abstract, because it doesn't define every method of its base.
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


def check_updatable(stack: models.Stack) -> None:
    """Raise ValidationError for a stack that can't be updated in its status."""
    if stack.status in (
        "ROLLBACK_COMPLETE",
        "ROLLBACK_FAILED",
        "DELETE_FAILED",
        REVIEW_IN_PROGRESS,
    ):
        raise ValidationError(
            message=f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated."
        )


def create_stack(
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
    """Create a stack. A failure shows in its status."""
    if find_stack(backend, name) is not None:
        raise AlreadyExistsException(f"Stack [{name}] already exists")
    parameter_list = [
        {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
    ]
    values = resolve_parameters(parameter_list, check_template(template), {})
    stack = add_stack(
        backend,
        name,
        notification_arns=notification_arns,
        tags=tags,
        role_arn=role_arn,
        enable_termination_protection=enable_termination_protection,
        timeout_in_mins=timeout_in_mins,
        stack_policy_body=stack_policy_body,
    )
    deploy(backend, stack, template, values, tags)
    return stack


def update_stack(
    backend: models.CloudFormationBackend,
    name: str,
    template: str,
    role_arn: str | None,
    parameters: list[dict[str, Any]],
    tags: dict[str, str] | None,
) -> models.Stack:
    """Update a stack. A failure shows in its status."""
    stack = get_stack(backend, name)
    check_updatable(stack)
    values = resolve_parameters(parameters, check_template(template), stack.parameters)
    if not has_changes(stack, template, values, tags):
        raise ValidationError(message="No updates are to be performed.")
    stack.role_arn = role_arn or stack.role_arn
    deploy(backend, stack, template, values, tags)
    return stack


def has_changes(
    stack: models.Stack, template: str, parameters: dict[str, str], tags: dict[str, str] | None
) -> bool:
    """Whether a deployment would change anything."""
    return (
        parse_template(template) != stack.template_dict
        or parameters != stack.parameters
        or (tags is not None and tags != stack.tags)
    )


def delete_stack(backend: models.CloudFormationBackend, name_or_stack_id: str) -> None:
    """Delete a stack. Succeeds if it doesn't exist; a failure shows in its status."""
    stack = find_stack(backend, name_or_stack_id)
    if stack is None:
        return
    if stack.enable_termination_protection:
        raise ValidationError(
            message=f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
        )
    convergence.set_status(stack, "DELETE_IN_PROGRESS", "User Initiated")
    names = [
        name
        for name, export in backend.exports.items()
        if export.exporting_stack_id == stack.stack_id
    ]
    try:
        for name in names:
            _check_export_unused(backend, stack, name, "deleted")
        convergence.delete_all(stack)
    except Exception as error:
        convergence.set_status(stack, "DELETE_FAILED", convergence.error_message(error))
        return
    for name in names:
        del backend.exports[name]
    del backend.stacks[stack.stack_id]
    backend.deleted_stacks[stack.stack_id] = stack
    for change_set in list(backend.change_sets.values()):
        if change_set.stack_id == stack.stack_id:
            del backend.change_sets[change_set.change_set_id]
    convergence.set_status(stack, "DELETE_COMPLETE")
