"""What CloudFormation needs for the schedules of an environment, and for their alarms.

CloudFormation generates the names of their resources, so most are identified by their tags.
"""

from __future__ import annotations

from collections.abc import Iterator

from hptc.infrastructure.arns import arn
from hptc.infrastructure.stack_owner import new_with_tags, not_of_others, with_tags
from hptc.infrastructure.statements import Statement
from hptc.project.project_file import Environment


def schedule_statements(environment: Environment) -> Iterator[Statement]:
    """The statements for the schedules, their groups and their state machines."""
    machines = arn(environment, "states", "stateMachine:*")
    groups = arn(environment, "scheduler", "schedule-group/*")
    yield Statement(
        sid="NewSchedule",
        actions=(
            "scheduler:CreateScheduleGroup",
            "scheduler:TagResource",
            "states:CreateStateMachine",
            "states:TagResource",
        ),
        resources=(groups, machines),
        conditions=(*new_with_tags(environment), *not_of_others(environment)),
        reason="creates schedule groups and state machines with the environment's tags; "
        "CloudFormation generates their names",
    )
    yield Statement(
        sid="ChangeSchedule",
        actions=(
            "scheduler:DeleteScheduleGroup",
            "scheduler:GetScheduleGroup",
            "scheduler:ListTagsForResource",
            "scheduler:UntagResource",
            "states:DeleteStateMachine",
            "states:DescribeStateMachine",
            "states:ListTagsForResource",
            "states:UntagResource",
            "states:UpdateStateMachine",
        ),
        resources=(groups, machines),
        conditions=with_tags(environment),
        reason="changes and deletes the environment's schedule groups and state machines",
    )
    yield Statement(
        sid="Schedules",
        actions=(
            "scheduler:CreateSchedule",
            "scheduler:DeleteSchedule",
            "scheduler:GetSchedule",
            "scheduler:UpdateSchedule",
        ),
        resources=(arn(environment, "scheduler", "schedule/*/*"),),
        reason="manages schedules, which have no tags; CloudFormation generates the names of their "
        "groups. Each runs with a role that must be passed",
    )


def alarm_statements(environment: Environment) -> Iterator[Statement]:
    """The statements for the alarms of schedules."""
    yield Statement(
        sid="Alarms",
        actions=(
            "cloudwatch:DeleteAlarms",
            "cloudwatch:ListTagsForResource",
            "cloudwatch:PutMetricAlarm",
            "cloudwatch:TagResource",
            "cloudwatch:UntagResource",
        ),
        resources=(arn(environment, "cloudwatch", f"alarm:{environment.foundation_stack}-*"),),
        reason="manages the alarms of schedules; CloudFormation generates the ends of their names",
    )
    yield Statement(
        sid="ReadAlarms",
        actions=("cloudwatch:DescribeAlarms",),
        resources=(arn(environment, "cloudwatch", "alarm:*"),),
        reason="reads alarms, for which AWS applies DescribeAlarms to all of them",
    )
