"""The permissions for the logs of training jobs: their own for roles, any for launchers.

A training job writes the log streams `<its name>/algo-<n>-<time>` of one log group, which all
training jobs of an account and Region share, and its name starts with that of its tuning job:
https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html

IAM applies logs:CreateLogStream, PutLogEvents and GetLogEvents to a log stream, and the other
actions to the log group:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
AWS limits CloudTrail's own role to CreateLogStream for the start of a stream's name:
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hptc.infrastructure.arns import arn
from hptc.infrastructure.statements import Statement
from hptc.project.project_file import Environment
from hptc.request.identity import GENERATED, MAX_STEM_LENGTH, scheduled_stem
from hptc.request.tuning_job import Definition, TuningJob

LOG_GROUP = "/aws/sagemaker/TrainingJobs"


def write_logs(
    environment: Environment, job: TuningJob, served: Sequence[Definition], spec: str | None
) -> Iterator[Statement]:
    """Write the log streams of a tuning job's training jobs, for the definitions of one role.

    The names cover every content of a spec, numbered runs and scheduled runs, so a change of
    content changes no role.
    """
    if not served:
        return
    group = arn(environment, "logs", f"log-group:{LOG_GROUP}")
    by = tuple(definition.path for definition in served)
    names = [name_pattern(job.name)]
    if spec is not None:
        names.append(f"{scheduled_stem(spec, environment.project, environment.name)}-*")
    yield Statement(
        sid="FindLogs",
        actions=("logs:CreateLogGroup", "logs:DescribeLogStreams"),
        resources=(group, f"{group}:*"),
        reason="creates the log group and finds its streams; AWS has no narrower form, since "
        "these actions apply to the log group that all training jobs share",
        required_by=by,
    )
    yield Statement(
        sid="WriteLogs",
        actions=("logs:CreateLogStream", "logs:PutLogEvents"),
        resources=tuple(f"{group}:log-stream:{name}/algo-*" for name in sorted(set(names))),
        reason="writes the logs of its own training jobs, by the start of their names; AWS "
        "generates the rest",
        required_by=by,
    )


def name_pattern(tuning_job: str) -> str:
    """An IAM pattern of the names of a spec's training jobs, from the name of one tuning job.

    A generated name is the spec's, cut to fit, and 8 digits; a numbered run may be cut shorter. IAM
    has no pattern for a digit, so eight letters of a longer name match too.
    """
    match = GENERATED.fullmatch(tuning_job)
    if match is None:
        return f"{tuning_job}-*"
    stem = match["stem"]
    if len(stem) > MAX_STEM_LENGTH:
        return f"{stem[:MAX_STEM_LENGTH].rstrip('-')}*"
    return f"{stem}-????????-*"


def read_logs(environment: Environment) -> Iterator[Statement]:
    """Read the logs of training jobs. Specs come and go, so their names are not in a policy."""
    group = arn(environment, "logs", f"log-group:{LOG_GROUP}")
    yield Statement(
        sid="FindLogs",
        actions=("logs:DescribeLogStreams", "logs:FilterLogEvents"),
        resources=(group, f"{group}:*"),
        reason="finds and searches the training logs; AWS has no narrower form, since these "
        "actions apply to the log group that all training jobs share",
    )
    yield Statement(
        sid="ReadLogs",
        actions=("logs:GetLogEvents",),
        resources=(f"{group}:log-stream:*/algo-*",),
        reason="reads the training logs; AWS generates the names of log streams, and they have "
        "no tags",
    )
