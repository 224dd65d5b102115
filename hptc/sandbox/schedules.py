"""EventBridge Scheduler schedules, Step Functions state machines and CloudWatch alarms.

Adds the schedules and alarms that moto's CloudFormation lacks. Replaces its state machines: moto
can't run those that CloudFormation creates, gives SageMaker's errors names that Step Functions
doesn't use, and calls other services at a fixed port. Executions run in moto's interpreter.
Schedules never fire.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from moto.cloudformation.exceptions import UnformattedGetAttTemplateException
from moto.cloudwatch.models import cloudwatch_backends
from moto.core.config import default_user_config
from moto.scheduler.models import scheduler_backends
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_aws_sdk,
)
from moto.stepfunctions.parser.asl.utils import boto_client
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from hptc.sandbox.extension import extend
from hptc.sandbox.resource_handler import Handler, Location, Properties, SandboxResource

_DEFAULT_GROUP = "default"


def install(service_port: Callable[[], str]) -> None:
    """Let state machines run, call other services at a port, and name errors as AWS does."""
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    state_task_service_aws_sdk._SERVICE_ERROR_NAMES["sagemaker"] = "SageMaker"
    extend(boto_client, moto_server_port=service_port)


@dataclass(slots=True, kw_only=True)
class _ArnResource(SandboxResource):
    """A resource with an ARN."""

    arn: str

    def get_cfn_attribute(self, attribute: str) -> str:
        """Resolve Fn::GetAtt."""
        if attribute != "Arn":
            raise UnformattedGetAttTemplateException
        return self.arn


def _machines(location: Location) -> Any:
    return stepfunctions_parser_backends[location.account][location.region]


def _schedules(location: Location) -> Any:
    return scheduler_backends[location.account][location.region]


def _alarms(location: Location) -> Any:
    return cloudwatch_backends[location.account][location.region]


def _create_machine(name: str, properties: Properties, location: Location) -> Any:
    return _machines(location).create_state_machine(
        name=properties.get("StateMachineName", name),
        definition=properties["DefinitionString"],
        roleArn=properties["RoleArn"],
        tags=_lowercase_tags(properties),
    )


def _apply_machine(machine: Any, before: Properties, after: Properties, location: Location) -> None:
    if before:
        _machines(location).update_state_machine(
            machine.arn, definition=after["DefinitionString"], role_arn=after["RoleArn"]
        )


def _delete_machine(machine: Any, _properties: Properties, location: Location) -> None:
    _machines(location).delete_state_machine(machine.arn)


def _lowercase_tags(properties: Properties) -> list[dict[str, str]]:
    return [{"key": tag["Key"], "value": tag["Value"]} for tag in properties.get("Tags", [])]


def _create_group(name: str, properties: Properties, location: Location) -> Any:
    group = _schedules(location).create_schedule_group(
        properties.get("Name", name), properties.get("Tags", [])
    )
    return _ArnResource(physical_resource_id=group.name, arn=group.arn)


def _delete_group(group: Any, _properties: Properties, location: Location) -> None:
    _schedules(location).delete_schedule_group(group.physical_resource_id)


def _create_schedule(name: str, properties: Properties, location: Location) -> Any:
    schedule_name = properties.get("Name", name)
    schedule = _schedules(location).create_schedule(
        group_name=properties.get("GroupName", _DEFAULT_GROUP),
        name=schedule_name,
        action_after_completion=None,
        **_schedule_settings(properties),
    )
    return _ArnResource(physical_resource_id=schedule_name, arn=schedule.arn)


def _apply_schedule(
    schedule: Any, before: Properties, after: Properties, location: Location
) -> None:
    if before:
        _schedules(location).update_schedule(
            group_name=after.get("GroupName", _DEFAULT_GROUP),
            name=schedule.physical_resource_id,
            **_schedule_settings(after),
        )


def _schedule_settings(properties: Properties) -> dict[str, Any]:
    return {
        "description": properties.get("Description"),
        "end_date": properties.get("EndDate"),
        "flexible_time_window": properties["FlexibleTimeWindow"],
        "kms_key_arn": properties.get("KmsKeyArn"),
        "schedule_expression": properties["ScheduleExpression"],
        "schedule_expression_timezone": properties.get("ScheduleExpressionTimezone"),
        "start_date": properties.get("StartDate"),
        "state": properties.get("State", "ENABLED"),
        "target": properties["Target"],
    }


def _delete_schedule(schedule: Any, properties: Properties, location: Location) -> None:
    _schedules(location).delete_schedule(
        properties.get("GroupName", _DEFAULT_GROUP), schedule.physical_resource_id
    )


def _create_alarm(name: str, properties: Properties, _location: Location) -> Any:
    return SandboxResource(physical_resource_id=properties.get("AlarmName", name))


def _apply_alarm(alarm: Any, _before: Properties, after: Properties, location: Location) -> None:
    _alarms(location).put_metric_alarm(
        name=alarm.physical_resource_id,
        namespace=after.get("Namespace"),
        metric_name=after.get("MetricName"),
        comparison_operator=after["ComparisonOperator"],
        evaluation_periods=int(after["EvaluationPeriods"]),
        period=int(after["Period"]),
        threshold=float(after["Threshold"]),
        statistic=after.get("Statistic"),
        description=after.get("AlarmDescription"),
        dimensions=after.get("Dimensions", []),
        alarm_actions=after.get("AlarmActions", []),
        treat_missing_data=after.get("TreatMissingData"),
    )


def _delete_alarm(alarm: Any, _properties: Properties, location: Location) -> None:
    _alarms(location).delete_alarms([alarm.physical_resource_id])


HANDLERS: Mapping[str, Handler] = {
    "AWS::StepFunctions::StateMachine": Handler(
        create=_create_machine,
        apply=_apply_machine,
        delete=_delete_machine,
        create_only=frozenset({"StateMachineName", "StateMachineType"}),
    ),
    "AWS::Scheduler::ScheduleGroup": Handler(
        create=_create_group, delete=_delete_group, create_only=frozenset({"Name"})
    ),
    "AWS::Scheduler::Schedule": Handler(
        create=_create_schedule,
        apply=_apply_schedule,
        delete=_delete_schedule,
        create_only=frozenset({"Name", "GroupName"}),
    ),
    "AWS::CloudWatch::Alarm": Handler(
        create=_create_alarm,
        apply=_apply_alarm,
        delete=_delete_alarm,
        create_only=frozenset({"AlarmName"}),
    ),
}
