"""A search that is started by itself: a compiled spec with a `schedule` in, its stack as data out.

EventBridge Scheduler starts a Step Functions state machine, which creates the tuning job and asks
how it is until it is over. Each run is named by the moment it was scheduled for, so a start that is
delivered or tried twice is one job: the second finds the first and follows it. Step Functions' own
`.sync` form can't do that, needs rights to EventBridge rules, and stops the search when its
execution is stopped; hptc stops nothing that nobody named.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Any

from hptc.catalog.images import partition
from hptc.compiler.outcome import Compiled
from hptc.errors import UsageError
from hptc.infrastructure.arns import arn
from hptc.infrastructure.launcher_policy import pass_role, tag_at_creation, whose
from hptc.infrastructure.spec_stacks import SpecStack, check_stack_name, role_name
from hptc.infrastructure.statements import Condition, Statement
from hptc.jobs.provenance import Provenance, add_tags, provenance_tags
from hptc.project.project_file import Environment
from hptc.project.references import reference
from hptc.request.identity import scheduled_stem
from hptc.request.tuning_job import TuningJob
from hptc.spec.schedule import Schedule

STATE_MACHINE, SCHEDULE_GROUP = reference("state_machine_arn"), reference("schedule_group_arn")
"""What only the stack itself can tell its own policies."""

_LONGEST_SEARCH_SECONDS = 30 * 86_400
"""https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html"""
_MOST_LOOKS = 2_000
"""An execution has 25,000 events at most, and each look at the job makes nine:
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""
_SHORTEST_PAUSE_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRole:
    """The role of an AWS service. Its name is None where CloudFormation makes it up."""

    name: str | None
    trust: Statement
    permissions: tuple[Statement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleStack:
    """What starts one spec's search: a schedule, a state machine, their roles, and an alarm."""

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
    environment: Environment, compiled: Iterable[Compiled], others: Sequence[SpecStack]
) -> tuple[ScheduleStack, ...]:
    """The stacks of the specs that have a schedule, in the order of their names.

    `others` are the stacks that the specs have besides. Raises UsageError for a name that
    CloudFormation can't take, or that another spec's stack has.
    """
    found = []
    taken = {each.stack.lower(): each.spec for each in others}
    for one in compiled:
        if one.schedule is None:
            continue
        stack = environment.schedule_stack(one.name)
        check_stack_name(stack)
        if stack.lower() in taken:
            raise UsageError(
                f"the schedule of `{one.name}` needs the stack `{stack}`, which the spec "
                f"`{taken[stack.lower()]}` has",
                help="give one of the two specs another `name`",
            )
        found.append(_stack(environment, one, one.job, one.schedule))
    return tuple(sorted(found, key=lambda each: each.stack.lower()))


def _stack(
    environment: Environment, compiled: Compiled, job: TuningJob, schedule: Schedule
) -> ScheduleStack:
    stack = environment.schedule_stack(compiled.name)
    stem = scheduled_stem(compiled.name, environment.project, environment.name)
    return ScheduleStack(
        spec=compiled.name,
        stack=stack,
        schedule=schedule,
        definition=_definition(environment, compiled, job, stem),
        role_path=environment.role_path,
        permissions_boundary=environment.infrastructure.permissions_boundary,
        machine_role=ServiceRole(
            name=role_name(environment, f"{stack}-machine"),
            trust=_machine_trust(environment),
            permissions=_machine_permissions(environment, job, stem),
        ),
        scheduler_role=ServiceRole(
            name=role_name(environment, f"{stack}-scheduler"),
            trust=_scheduler_trust(environment),
            permissions=(
                Statement(
                    sid="StartSearch",
                    actions=("states:StartExecution",),
                    resources=(STATE_MACHINE,),
                    reason="starts this state machine, and no other",
                ),
            ),
        ),
        alarm_topic=environment.infrastructure.alarm_topic,
    )


def _definition(
    environment: Environment, compiled: Compiled, job: TuningJob, stem: str
) -> dict[str, Any]:
    """The state machine: `scheduled_time` of its input names the job, such as 2026-11-30T06:00:00Z.

    https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
    """
    calls = f"arn:{partition(environment.region)}:states:::aws-sdk:sagemaker"
    moment = ", ".join(f"$.time[{i}]" for i in range(5))
    return {
        "Comment": f"The tuning spec {compiled.name}: creates its tuning job and waits for it",
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
                "Next": "CreateJob",
            },
            "CreateJob": {
                "Type": "Task",
                "Resource": f"{calls}:createHyperParameterTuningJob",
                "Parameters": {
                    "HyperParameterTuningJobName.$": "$.name",
                    **_request(compiled),
                },
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
            },
            "Wait": {"Type": "Wait", "Seconds": _pause_seconds(job), "Next": "DescribeJob"},
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
                    {"Or": [_is("Completed"), _is("Stopped")], "Next": "Over"},
                    {"Or": [_is("InProgress"), _is("Stopping")], "Next": "Wait"},
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


def _is(status: str) -> dict[str, str]:
    return {"Variable": "$.job.status", "StringEquals": status}


_RETRY = {
    # What SageMaker's API has no class of its own for, throttling among it, is SageMakerException.
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


def _request(compiled: Compiled) -> dict[str, Any]:
    """What each run sends: the spec's request with the tags of a submission, without a name."""
    request = deepcopy(compiled.request)
    request.pop("HyperParameterTuningJobName", None)
    root = compiled.project.root if compiled.project else FilePath()
    path = FilePath(compiled.file).resolve()
    inside = path.relative_to(root.resolve()) if path.is_relative_to(root.resolve()) else path.name
    # No commit: the stack is the same whoever makes it, and from which one.
    add_tags(request, provenance_tags(compiled, Provenance(spec=FilePath(inside).as_posix())))
    return request


def _pause_seconds(job: TuningJob) -> int:
    longest = job.max_runtime_seconds or _LONGEST_SEARCH_SECONDS
    return max(_SHORTEST_PAUSE_SECONDS, -(-longest // _MOST_LOOKS))


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
        reason="Step Functions runs state machines of this account only as this role",
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
        reason="EventBridge Scheduler starts the search for this schedule group only",
    )


def _machine_permissions(
    environment: Environment, job: TuningJob, stem: str
) -> tuple[Statement, ...]:
    """What creating and following the jobs of one search asks for.

    https://docs.aws.amazon.com/sagemaker/latest/dg/api-permissions-reference.html
    """
    jobs = arn(environment, "sagemaker", f"hyper-parameter-tuning-job/{stem}-*")
    return (
        Statement(
            sid="CreateTuningJob",
            actions=("sagemaker:CreateHyperParameterTuningJob",),
            resources=(jobs,),
            conditions=whose(environment, "aws:RequestTag"),
            reason="creates the jobs of this search; the moment of each ends its name",
        ),
        replace(
            tag_at_creation(jobs),
            reason="tags a job as it is made; the moment of each ends its name",
        ),
        Statement(
            sid="FollowTuningJob",
            actions=("sagemaker:DescribeHyperParameterTuningJob",),
            resources=(jobs,),
            reason="asks how a job is; the moment of each ends its name",
        ),
        pass_role(
            tuple(dict.fromkeys(each.role_arn for each in job.definitions)),
            "gives the training jobs their role, and SageMaker only",
        ),
    )
