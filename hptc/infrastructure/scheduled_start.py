"""The stack of a scheduled spec, as pure data.

EventBridge Scheduler starts a Step Functions state machine, which creates the tuning job and polls
its status until it ends. The job is named by its scheduled time, so a start that is delivered or
retried twice is one job: the second start finds the first job and tracks it. Step Functions' own
`.sync` integration can't do that, needs permissions on EventBridge rules, and stops the tuning job
when its execution is stopped; hptc never stops a job that the user did not name.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from hptc.catalog.images import partition
from hptc.frozen import frozen
from hptc.infrastructure.arns import arn
from hptc.infrastructure.deployable_spec import DeployableSpec
from hptc.infrastructure.launcher_policy import (
    ownership_conditions,
    pass_role,
    tag_at_creation,
)
from hptc.infrastructure.policy_size import with_longest_values
from hptc.infrastructure.provenance_tags import merged_tags, provenance_tags
from hptc.infrastructure.scheduled_parents import parent_permissions, parent_states
from hptc.infrastructure.stack_names import MACHINE_ROLE, SCHEDULER_ROLE, role_name
from hptc.infrastructure.statements import Condition, Statement
from hptc.project.project_file import Environment
from hptc.project.references import reference
from hptc.request.emission import Request
from hptc.request.identity import scheduled_stem
from hptc.request.tuning_job import TuningJob
from hptc.spec.schedule import Schedule

STATE_MACHINE, SCHEDULE_GROUP = reference("state_machine_arn"), reference("schedule_group_arn")
"""References that the stack itself resolves, in its own policies."""

_MAX_TUNING_JOB_SECONDS = 30 * 86_400
"""https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html"""
MAX_PAYLOAD_BYTES = 262_144
"""https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""
_MAX_POLLS = 2_000
"""An execution has at most 25,000 events, and each poll adds nine:
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""
_MIN_PAUSE_SECONDS = 60


@frozen
class ServiceRole:
    """The role of an AWS service. Its name is None if CloudFormation generates it."""

    name: str | None
    trust: Statement
    permissions: tuple[Statement, ...]


@frozen
class ScheduleStack:
    """The resources that start a spec's tuning jobs: schedule, state machine, roles and alarms."""

    spec: str
    stack: str
    schedule: Schedule
    definition: dict[str, Any]  # the state machine's, in the Amazon States Language
    role_path: str
    permissions_boundary: str | None
    machine_role: ServiceRole
    scheduler_role: ServiceRole
    alarm_topic: str | None


def schedule_stacks(
    environment: Environment, specs: Iterable[DeployableSpec]
) -> tuple[ScheduleStack, ...]:
    """The stacks of the specs that have a schedule, in the order of their names."""
    stacks = [
        _stack(environment, spec, spec.schedule) for spec in specs if spec.schedule is not None
    ]
    return tuple(sorted(stacks, key=lambda schedule: schedule.stack.lower()))


def _stack(environment: Environment, spec: DeployableSpec, schedule: Schedule) -> ScheduleStack:
    stack = environment.schedule_stack(spec.name)
    stem = scheduled_stem(spec.name, environment.project, environment.name)
    return ScheduleStack(
        spec=spec.name,
        stack=stack,
        schedule=schedule,
        definition=_definition(environment, spec, stem),
        role_path=environment.role_path,
        permissions_boundary=environment.infrastructure.permissions_boundary,
        machine_role=ServiceRole(
            name=role_name(environment, f"{stack}-{MACHINE_ROLE}"),
            trust=_machine_trust(environment),
            permissions=machine_permissions(environment, spec),
        ),
        scheduler_role=ServiceRole(
            name=role_name(environment, f"{stack}-{SCHEDULER_ROLE}"),
            trust=_scheduler_trust(environment),
            permissions=(
                Statement(
                    sid="StartSearch",
                    actions=("states:StartExecution",),
                    resources=(STATE_MACHINE,),
                    reason="starts this state machine and no other",
                ),
            ),
        ),
        alarm_topic=environment.infrastructure.alarm_topic,
    )


def _definition(environment: Environment, spec: DeployableSpec, stem: str) -> dict[str, Any]:
    """The state machine; `scheduled_time` of its input (2026-11-30T06:00:00Z) names the job.

    https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
    """
    calls = f"arn:{partition(environment.region)}:states:::aws-sdk:sagemaker"
    moment = ", ".join(f"$.time[{i}]" for i in range(5))
    parents = parent_states(
        environment,
        spec,
        scheduled_request(environment, spec),
        _RETRY,
        create="CreateJob",
        create_first="CreateFirstJob",
    )
    creations = {"CreateJob": parents.request}
    if parents.first_request is not None:
        creations["CreateFirstJob"] = parents.first_request
    return {
        "Comment": f"The tuning spec {spec.name}: creates its tuning job and waits for it",
        "StartAt": "SplitTime",
        "States": {
            "SplitTime": {
                "Type": "Pass",
                "Parameters": {"time.$": "States.StringSplit($.scheduled_time, '-T:Z')"},
                "Next": "NameJob",
            },
            "NameJob": {
                "Type": "Pass",
                "Parameters": {"name.$": f"States.Format('{stem}-{'{}' * 5}', {moment})"},
                "Next": parents.start,
            },
            **parents.states,
            **{name: _creation(calls, request) for name, request in creations.items()},
            "Wait": {"Type": "Wait", "Seconds": _pause_seconds(spec.job), "Next": "DescribeJob"},
            "DescribeJob": {
                "Type": "Task",
                "Resource": f"{calls}:describeHyperParameterTuningJob",
                "Parameters": {"HyperParameterTuningJobName.$": "$.name"},
                "ResultSelector": {"status.$": "$.HyperParameterTuningJobStatus"},
                "ResultPath": "$.job",
                "Retry": [_RETRY],
                "Next": "IsOver",
            },
            "IsOver": {
                "Type": "Choice",
                "Choices": [
                    {"Or": [_status_is("Completed"), _status_is("Stopped")], "Next": "Over"},
                    {"Or": [_status_is("InProgress"), _status_is("Stopping")], "Next": "Wait"},
                ],
                "Default": "Failed",
            },
            "Over": {"Type": "Succeed"},
            "Failed": {
                "Type": "Fail",
                "Error": "TuningJobFailed",
                "CausePath": "States.Format('The tuning job {} is {}.', $.name, $.job.status)",
            },
        },
    }


def _creation(calls: str, request: Request) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": f"{calls}:createHyperParameterTuningJob",
        "Parameters": {"HyperParameterTuningJobName.$": "$.name", **request},
        "ResultPath": "$.created",
        "Retry": [_RETRY],
        "Catch": [
            {
                "ErrorEquals": ["SageMaker.ResourceInUseException"],
                "ResultPath": "$.created",
                "Next": "Wait",
            }
        ],
        "Next": "Wait",
    }


def _status_is(status: str) -> dict[str, str]:
    return {"Variable": "$.job.status", "StringEquals": status}


_RETRY = {
    # Errors without their own class in SageMaker's API, such as throttling, have this one.
    "ErrorEquals": [
        "SageMaker.ResourceLimitExceededException",
        "SageMaker.SageMakerException",
        "SageMaker.SdkClientException",
    ],
    "IntervalSeconds": 60,
    "MaxAttempts": 5,
    "BackoffRate": 2,
    "JitterStrategy": "FULL",
}


def scheduled_request(environment: Environment, spec: DeployableSpec) -> Request:
    """The request of each run: the spec's request with provenance tags and without a name.

    The tags omit the commit, so that the stack does not depend on the commit it is deployed from.
    """
    tags = provenance_tags(
        project=environment.project,
        environment=environment.name,
        spec=spec.path,
        digest=spec.digest,
    )
    request: Request = {**spec.request, "Tags": merged_tags(spec.request, tags)}
    request.pop("HyperParameterTuningJobName", None)
    return request


def payload_size(environment: Environment, spec: DeployableSpec) -> int:
    """The maximum size in bytes of the request that Step Functions passes to SageMaker."""
    request = with_longest_values(scheduled_request(environment, spec), environment)
    return len(json.dumps(request, separators=(",", ":"), ensure_ascii=False).encode())


def _pause_seconds(job: TuningJob) -> int:
    longest = job.max_runtime_seconds or _MAX_TUNING_JOB_SECONDS
    return max(_MIN_PAUSE_SECONDS, -(-longest // _MAX_POLLS))


def _machine_trust(environment: Environment) -> Statement:
    return Statement(
        sid="StepFunctionsOfThisAccount",
        principal=("Service", "states.amazonaws.com"),
        actions=("sts:AssumeRole",),
        # https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html
        conditions=(
            Condition(
                operator="StringEquals", key="aws:SourceAccount", values=(environment.account,)
            ),
            Condition(
                operator="ArnLike",
                key="aws:SourceArn",
                values=(arn(environment, "states", "stateMachine:*"),),
            ),
        ),
        reason="Step Functions uses this role for state machines of this account only",
    )


def _scheduler_trust(environment: Environment) -> Statement:
    return Statement(
        sid="ThisScheduleGroup",
        principal=("Service", "scheduler.amazonaws.com"),
        actions=("sts:AssumeRole",),
        # https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
        conditions=(
            Condition(
                operator="StringEquals", key="aws:SourceAccount", values=(environment.account,)
            ),
            Condition(operator="ArnEquals", key="aws:SourceArn", values=(SCHEDULE_GROUP,)),
        ),
        reason="EventBridge Scheduler uses this role for this schedule group only",
    )


def machine_permissions(environment: Environment, spec: DeployableSpec) -> tuple[Statement, ...]:
    """The permissions for creating and tracking the tuning jobs of one spec.

    https://docs.aws.amazon.com/sagemaker/latest/dg/api-permissions-reference.html
    """
    stem = scheduled_stem(spec.name, environment.project, environment.name)
    jobs = arn(environment, "sagemaker", f"hyper-parameter-tuning-job/{stem}-*")
    return (
        Statement(
            sid="CreateTuningJob",
            actions=("sagemaker:CreateHyperParameterTuningJob",),
            resources=(jobs,),
            conditions=ownership_conditions(environment, "aws:RequestTag"),
            reason="creates tuning jobs of this spec; their names end in the scheduled time",
        ),
        replace(
            tag_at_creation(jobs),
            reason="tags tuning jobs as they are created; their names end in the scheduled time",
        ),
        Statement(
            sid="FollowTuningJob",
            actions=("sagemaker:DescribeHyperParameterTuningJob",),
            resources=(jobs,),
            reason="polls the status of tuning jobs; their names end in the scheduled time",
        ),
        pass_role(
            tuple(dict.fromkeys(definition.role_arn for definition in spec.job.definitions)),
            "passes their role to training jobs, and to SageMaker only",
        ),
        *parent_permissions(environment, spec),
    )
