"""The schedule of a spec as a construct: schedule, state machine, their roles, and alarms."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_stepfunctions as stepfunctions
from constructs import Construct

from hptc.cdk.nag import acknowledge, acknowledge_wildcards
from hptc.cdk.tuning_foundation import TuningFoundation, add_output, read
from hptc.cdk.tuning_project import TuningProject
from hptc.cdk.tuning_role import TuningRole
from hptc.infrastructure.scheduled_start import ScheduleStack, ServiceRole
from hptc.infrastructure.stack_digest import DIGEST, stack_digest
from hptc.infrastructure.stack_outputs import Output, output_key
from hptc.infrastructure.statements import document
from hptc.project.references import substitute

_ALARM_PERIOD_SECONDS = 300
_Dimension = cloudwatch.CfnAlarm.DimensionProperty


class TuningSchedule(Construct):
    """What starts the tuning jobs of a spec on its schedule, and the alarms about it.

    It uses `foundation` and `role`, constructs in the same app; without them, what the stacks that
    hptc looks for export. In `TuningProject.schedule_stack` the construct also adds its outputs.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        project: TuningProject,
        spec: str,
        *,
        foundation: TuningFoundation | None = None,
        role: TuningRole | None = None,
    ) -> None:
        super().__init__(scope, id)
        data = project.schedule_of(spec)
        parameters = {parameter.provides: parameter for parameter in project.foundation.parameters}
        own: dict[str, str] = {}

        @cache
        def provided(name: str) -> str:
            if name in own:
                return own[name]
            if name in parameters:
                return read(self, parameters[name])
            if name == "execution_role_arn":
                if role is not None:
                    return role.role.role_arn
                output = Output(stack=project.role_stack(spec), key=output_key(name))
                return cdk.Fn.import_value(output.export)
            if foundation is not None:
                return foundation.values[name]
            return cdk.Fn.import_value(project.export_of(name))

        self._data, self._provided = data, provided
        machine = self._state_machine()
        group = scheduler.CfnScheduleGroup(self, "ScheduleGroup")
        own |= {"state_machine_arn": machine.ref, "schedule_group_arn": group.attr_arn}
        self._schedule(group, machine)
        # https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
        self._alarm(
            "SearchFailed",
            "A scheduled tuning job failed",
            namespace="AWS/States",
            metric="ExecutionsFailed",
            dimension=_Dimension(name="StateMachineArn", value=machine.ref),
        )
        # https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html
        self._alarm(
            "StartFailed",
            "A scheduled tuning job could not be started",
            namespace="AWS/Scheduler",
            metric="InvocationDroppedCount",
            dimension=_Dimension(name="ScheduleGroup", value=group.ref),
        )
        self.state_machine_arn: str = machine.ref
        if project.tag(self, data.stack):
            add_output(self, "state_machine_arn", machine.ref)
            add_output(self, DIGEST, stack_digest(data, project.foundation.parameters))

    def _state_machine(self) -> stepfunctions.CfnStateMachine:
        role, policy = self._role("StateMachineRole", self._data.machine_role)
        definition = substitute(_literal_json(self._data.definition), self._provided)
        machine = stepfunctions.CfnStateMachine(
            self,
            "StateMachine",
            role_arn=role.role_arn,
            definition_string=definition,
        )
        acknowledge(
            machine,
            {
                "SF1": "Step Functions keeps every event of an execution for 90 days; logging to a "
                "log group requires permission to manage the log deliveries of the whole account",
                "SF2": f"each execution makes {_kinds_of_calls(self._data)} to SageMaker and "
                "recorded by CloudTrail: there is nothing to trace",
            },
        )
        machine.node.add_dependency(policy)
        return machine

    def _role(self, name: str, role: ServiceRole) -> tuple[iam.Role, iam.Policy]:
        trust = substitute(document([role.trust])["Statement"][0], self._provided)
        boundary = substitute(self._data.permissions_boundary, self._provided)
        iam_role = iam.Role(
            self,
            name,
            assumed_by=iam.ServicePrincipal(
                trust["Principal"]["Service"], conditions=trust["Condition"]
            ),
            description=f"The schedule of the tuning spec {self._data.spec}",
            path=self._data.role_path,
            permissions_boundary=iam.ManagedPolicy.from_managed_policy_arn(
                self, f"{name}Boundary", boundary
            )
            if boundary is not None
            else None,
            role_name=role.name,
        )
        policy = iam.Policy(
            self,
            f"{name}Permissions",
            document=iam.PolicyDocument.from_json(
                substitute(document(role.permissions), self._provided)
            ),
            roles=[iam_role],
        )
        # Its wildcards contain no references.
        acknowledge_wildcards(policy, role.permissions, lambda name: name)
        return iam_role, policy

    def _schedule(
        self, group: scheduler.CfnScheduleGroup, machine: stepfunctions.CfnStateMachine
    ) -> None:
        role, policy = self._role("SchedulerRole", self._data.scheduler_role)
        options = self._data.schedule
        window = options.maximum_window_in_minutes
        schedule = scheduler.CfnSchedule(
            self,
            "Schedule",
            description=f"Starts tuning jobs of the tuning spec {self._data.spec}",
            group_name=group.ref,
            schedule_expression=options.schedule_expression,
            schedule_expression_timezone=options.schedule_expression_timezone,
            start_date=options.start_date,
            end_date=options.end_date,
            state=options.state,
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(
                mode="OFF" if window is None else "FLEXIBLE", maximum_window_in_minutes=window
            ),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=machine.ref,
                role_arn=role.role_arn,
                # https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
                input=json.dumps({"scheduled_time": "<aws.scheduler.scheduled-time>"}),
            ),
        )
        schedule.node.add_dependency(policy)

    def _alarm(
        self, name: str, summary: str, *, namespace: str, metric: str, dimension: _Dimension
    ) -> None:
        topic = substitute(self._data.alarm_topic, self._provided)
        cloudwatch.CfnAlarm(
            self,
            name,
            alarm_description=f"{summary}: the tuning spec {self._data.spec}",
            alarm_actions=[topic] if topic is not None else None,
            namespace=namespace,
            metric_name=metric,
            dimensions=[dimension],
            statistic="Sum",
            period=_ALARM_PERIOD_SECONDS,
            evaluation_periods=1,
            threshold=0,
            comparison_operator="GreaterThanThreshold",
            treat_missing_data="notBreaching",
        )


def _literal_json(definition: dict[str, Any]) -> str:
    """A definition as JSON in which only hptc's references are replaced.

    A hyperparameter can contain `{{resolve:…}}`, which CloudFormation would replace with a secret,
    or a text that the CDK takes for one of its tokens
    (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html,
    https://docs.aws.amazon.com/cdk/v2/guide/tokens.html). In JSON, such brackets only occur in
    strings.
    """
    text = json.dumps(definition, separators=(",", ":"), ensure_ascii=False)
    return text.replace("{{", "{\\u007b").replace("${Token[", "$\\u007bToken[")


def _kinds_of_calls(data: ScheduleStack) -> str:
    states = data.definition["States"].values()
    calls = {state["Resource"] for state in states if state["Type"] == "Task"}
    return "two kinds of calls, both" if len(calls) == 2 else f"{len(calls)} kinds of calls, all"
