"""Answers CloudFormation requests with the sandbox's own stacks and change sets.

Not supported: macros, custom resources, stack policies, drift detection, capability checks.
"""

from collections.abc import Mapping
from typing import Any

from moto.cloudformation import models, parsing, responses
from moto.cloudformation.exceptions import ValidationError
from moto.core.responses import ActionResult, EmptyResult

from hptc.sandbox import change_sets, convergence, stack_lifecycle, stack_resources, stack_template
from hptc.sandbox.extension import extend
from hptc.sandbox.resource_handler import Handler, Location, Properties, SandboxResource


def _create_nothing(name: str, _properties: Properties, _location: Location) -> SandboxResource:
    return SandboxResource(physical_resource_id=name)


def _apply_nothing(
    _resource: SandboxResource, _before: Properties, _after: Properties, _location: Location
) -> None:
    """Do nothing: the resource exists in the template only."""


HANDLERS: Mapping[str, Handler] = {
    "AWS::CDK::Metadata": Handler(create=_create_nothing, apply=_apply_nothing),
}


def install(handlers: Mapping[str, Handler]) -> None:
    """Replace moto's stacks with the sandbox's, and register these resource handlers."""
    stack_resources.register_handlers(HANDLERS)
    stack_resources.register_handlers(handlers)
    extend(
        models.CloudFormationBackend,
        create_stack=stack_lifecycle.create_stack,
        update_stack=stack_lifecycle.update_stack,
        delete_stack=stack_lifecycle.delete_stack,
        create_change_set=change_sets.create_change_set,
        describe_change_set=change_sets.describe_change_set,
        delete_change_set=change_sets.delete_change_set,
        execute_change_set=change_sets.execute_change_set,
    )
    extend(
        responses.CloudFormationResponse,
        create_change_set=_create_change_set,
        delete_change_set=_delete_change_set,
        describe_change_set=_describe_change_set,
        execute_change_set=_execute_change_set,
        list_change_sets=_list_change_sets,
        update_stack=_update_stack,
        update_termination_protection=_update_termination_protection,
    )
    extend(models.ChangeSet, _parse_template=change_sets.parse_change_set)
    extend(
        models.Stack,
        outputs=property(stack_lifecycle.deployed_outputs),
        stack_resources=property(convergence.existing_resources),
    )
    extend(
        parsing.ResourceMap,
        __getitem__=convergence.get_resource,
        parse_ssm_parameter=stack_template.parse_ssm_parameter,
    )
    extend(parsing, clean_json=stack_template.clean_json)
    for module in (models, responses):
        extend(module, get_stack_from_s3_url=stack_template.template_from_s3_url)


def _tags(response: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in response._get_param("Tags", [])}


def _template_body(response: Any, stack_name: str) -> str:
    if response._get_bool_param("UsePreviousTemplate", False):
        return str(stack_lifecycle.get_stack(response.cloudformation_backend, stack_name).template)
    url = response._get_param("TemplateURL")
    body = response._get_stack_from_s3_url(url) if url else response._get_param("TemplateBody")
    if not body:
        raise ValidationError(message="Either Template URL or Template Body must be specified.")
    return str(body)


def _create_change_set(response: Any) -> ActionResult:
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


def _update_stack(response: Any) -> ActionResult:
    stack_name = response._get_param("StackName")
    stack = response.cloudformation_backend.update_stack(
        name=stack_name,
        template=_template_body(response, stack_name),
        role_arn=response._get_param("RoleARN"),
        parameters=response._get_param("Parameters", []),
        tags=_tags(response) or None,
    )
    return ActionResult({"StackId": stack.stack_id})


def _describe_change_set(response: Any) -> ActionResult:
    return ActionResult(
        response.cloudformation_backend.describe_change_set(
            response._get_param("ChangeSetName"), response._get_param("StackName")
        )
    )


def _delete_change_set(response: Any) -> ActionResult:
    response.cloudformation_backend.delete_change_set(
        response._get_param("ChangeSetName"), response._get_param("StackName")
    )
    return EmptyResult()


def _execute_change_set(response: Any) -> ActionResult:
    response.cloudformation_backend.execute_change_set(
        response._get_param("ChangeSetName"), response._get_param("StackName")
    )
    return EmptyResult()


def _list_change_sets(response: Any) -> ActionResult:
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


def _update_termination_protection(response: Any) -> ActionResult:
    stack = stack_lifecycle.get_stack(
        response.cloudformation_backend, response._get_param("StackName")
    )
    stack.enable_termination_protection = bool(
        response._get_bool_param("EnableTerminationProtection", False)
    )
    return ActionResult({"StackId": stack.stack_id})
