"""Schedules, state machines and alarms that follow their template.

Without this, moto knows neither schedules nor alarms of CloudFormation, keeps its state machines
apart from those that run, names SageMaker's errors otherwise than Step Functions does, and calls
the other services at a fixed port. Executions run for real, by moto's interpreter. A schedule
starts nothing by itself.
"""

from collections.abc import Mapping
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
from hptc.sandbox.stack_resources import Handler, Place, Properties, Record

_DEFAULT_GROUP = "default"


def install() -> None:
    """Have state machines run, and their errors named as AWS names them."""
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    state_task_service_aws_sdk._SERVICE_ERROR_NAMES["sagemaker"] = "SageMaker"


def call_services_at(port: int) -> None:
    """Tell the state machines where the other services are."""
    extend(boto_client, moto_server_port=lambda: str(port))


@dataclass(slots=True, kw_only=True)
class _Named(Record):
    """A resource that tells its ARN."""

    arn: str

    def get_cfn_attribute(self, attribute: str) -> str:
        """Answer Fn::GetAtt."""
        if attribute != "Arn":
            raise UnformattedGetAttTemplateException
        return self.arn


def _machines(place: Place) -> Any:
    return stepfunctions_parser_backends[place.account][place.region]


def _schedules(place: Place) -> Any:
    return scheduler_backends[place.account][place.region]


def _alarms(place: Place) -> Any:
    return cloudwatch_backends[place.account][place.region]


def _create_machine(name: str, properties: Properties, place: Place) -> Any:
    return _machines(place).create_state_machine(
        name=properties.get("StateMachineName", name),
        definition=properties["DefinitionString"],
        roleArn=properties["RoleArn"],
        tags=_lower(properties),
    )


def _settle_machine(machine: Any, before: Properties, after: Properties, place: Place) -> None:
    if before:
        _machines(place).update_state_machine(
            machine.arn, definition=after["DefinitionString"], role_arn=after["RoleArn"]
        )


def _remove_machine(machine: Any, _properties: Properties, place: Place) -> None:
    _machines(place).delete_state_machine(machine.arn)


def _lower(properties: Properties) -> list[dict[str, str]]:
    return [{"key": tag["Key"], "value": tag["Value"]} for tag in properties.get("Tags", [])]


def _create_group(name: str, properties: Properties, place: Place) -> Any:
    group = _schedules(place).create_schedule_group(
        properties.get("Name", name), properties.get("Tags", [])
    )
    return _Named(physical_resource_id=group.name, arn=group.arn)


def _remove_group(group: Any, _properties: Properties, place: Place) -> None:
    _schedules(place).delete_schedule_group(group.physical_resource_id)


def _create_schedule(name: str, properties: Properties, place: Place) -> Any:
    given = properties.get("Name", name)
    made = _schedules(place).create_schedule(
        group_name=properties.get("GroupName", _DEFAULT_GROUP),
        name=given,
        action_after_completion=None,
        **_said(properties),
    )
    return _Named(physical_resource_id=given, arn=made.arn)


def _settle_schedule(schedule: Any, before: Properties, after: Properties, place: Place) -> None:
    if before:
        _schedules(place).update_schedule(
            group_name=after.get("GroupName", _DEFAULT_GROUP),
            name=schedule.physical_resource_id,
            **_said(after),
        )


def _said(properties: Properties) -> dict[str, Any]:
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


def _remove_schedule(schedule: Any, properties: Properties, place: Place) -> None:
    _schedules(place).delete_schedule(
        properties.get("GroupName", _DEFAULT_GROUP), schedule.physical_resource_id
    )


def _create_alarm(name: str, properties: Properties, _place: Place) -> Any:
    return Record(physical_resource_id=properties.get("AlarmName", name))


def _settle_alarm(alarm: Any, _before: Properties, after: Properties, place: Place) -> None:
    _alarms(place).put_metric_alarm(
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


def _remove_alarm(alarm: Any, _properties: Properties, place: Place) -> None:
    _alarms(place).delete_alarms([alarm.physical_resource_id])


HANDLERS: Mapping[str, Handler] = {
    "AWS::StepFunctions::StateMachine": Handler(
        create=_create_machine,
        settle=_settle_machine,
        remove=_remove_machine,
        replaced_by=frozenset({"StateMachineName", "StateMachineType"}),
    ),
    "AWS::Scheduler::ScheduleGroup": Handler(
        create=_create_group, remove=_remove_group, replaced_by=frozenset({"Name"})
    ),
    "AWS::Scheduler::Schedule": Handler(
        create=_create_schedule,
        settle=_settle_schedule,
        remove=_remove_schedule,
        replaced_by=frozenset({"Name", "GroupName"}),
    ),
    "AWS::CloudWatch::Alarm": Handler(
        create=_create_alarm,
        settle=_settle_alarm,
        remove=_remove_alarm,
        replaced_by=frozenset({"AlarmName"}),
    ),
}
