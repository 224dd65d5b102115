"""Implements `hptc.service.interface` with boto3, over a connection (connection.py).

The Region is the environment's; without an environment, boto3's own configuration decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any

from hptc.aws.code_archives import store_archive
from hptc.aws.connection import Connection
from hptc.aws.retry import Retry
from hptc.aws.training_logs import read_log_events
from hptc.errors import AwsError
from hptc.frozen import frozen
from hptc.project.project_file import Environment
from hptc.request.emission import Request
from hptc.service.interface import (
    RETAINING_POLICIES,
    Content,
    DeployedStack,
    StackEvent,
    StackOperations,
    StackResource,
    Tuning,
)
from hptc.service.responses import read_summary, read_training_job, tags_of
from hptc.service.tuning_jobs import JobSummary, LogEvent, TrainingJob

_PAGE = 100


@frozen
class Aws:
    """The tuning jobs and stacks of one account in one Region."""

    tuning: Tuning
    stacks: StackOperations
    region: str


def connect(
    environment: Environment | None = None, *, region: str | None = None, retry: Retry | None = None
) -> Aws:
    """AWS in the account and Region of an environment. Makes no call yet.

    Raises AwsError if no Region is configured or the profile does not exist.
    """
    return connected(Connection(environment, region=region, retry=retry or Retry()))


def connected(connection: Connection) -> Aws:
    """The tuning jobs and stacks that a connection reaches."""
    return Aws(tuning=_Tuning(connection), stacks=_Stacks(connection), region=connection.region)


def _is_absent(error: AwsError) -> bool:
    if error.code in ("ResourceNotFound", "ResourceNotFoundException"):
        return True
    # "Requested resource not found." is what DescribeTrainingJob says.
    text = error.message.lower()
    return error.code == "ValidationException" and any(
        part in text for part in ("can't find", "not find", "resource not found")
    )


class _Tuning(Tuning):
    """The tuning jobs, with boto3."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def region(self) -> str:
        return self._connection.region

    def create(self, request: Request) -> str:
        response = self._connection.call(
            "sagemaker:CreateHyperParameterTuningJob",
            lambda: self._connection.sagemaker.create_hyper_parameter_tuning_job(**request),
            request=request,
        )
        return response["HyperParameterTuningJobArn"]

    def describe(self, name: str) -> Mapping[str, Any] | None:
        try:
            return self._connection.call(
                "sagemaker:DescribeHyperParameterTuningJob",
                lambda: self._connection.sagemaker.describe_hyper_parameter_tuning_job(
                    HyperParameterTuningJobName=name
                ),
            )
        except AwsError as error:
            if _is_absent(error):
                return None
            raise

    def list_jobs(
        self, *, name_contains: str = "", status: str = "", limit: int | None = None
    ) -> Iterator[JobSummary]:
        filters: dict[str, Any] = {"SortBy": "CreationTime", "SortOrder": "Descending"}
        if name_contains:
            filters["NameContains"] = name_contains
        if status:
            filters["StatusEquals"] = status
        pages = self._pages(
            "sagemaker:ListHyperParameterTuningJobs",
            lambda page: self._connection.sagemaker.list_hyper_parameter_tuning_jobs(
                **filters, **page
            ),
            limit,
        )
        entries = (entry for page in pages for entry in page["HyperParameterTuningJobSummaries"])
        return (read_summary(entry) for entry in islice(entries, limit))

    def stop(self, name: str) -> None:
        self._connection.call(
            "sagemaker:StopHyperParameterTuningJob",
            lambda: self._connection.sagemaker.stop_hyper_parameter_tuning_job(
                HyperParameterTuningJobName=name
            ),
        )

    def store(self, bucket: str, key: str, content: Content, *, kms_key_id: str | None) -> bool:
        return store_archive(self._connection, bucket, key, content, kms_key_id)

    def list_tags(self, arn: str) -> dict[str, str]:
        pages = self._pages(
            "sagemaker:ListTags",
            lambda page: self._connection.sagemaker.list_tags(ResourceArn=arn, **page),
            None,
        )
        return tags_of([pair for page in pages for pair in page["Tags"]])

    def list_training_jobs(self, name: str, *, limit: int | None = None) -> Iterator[TrainingJob]:
        pages = self._pages(
            "sagemaker:ListTrainingJobsForHyperParameterTuningJob",
            lambda page: (
                self._connection.sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(
                    HyperParameterTuningJobName=name,
                    SortBy="CreationTime",
                    SortOrder="Descending",
                    **page,
                )
            ),
            limit,
        )
        entries = (entry for page in pages for entry in page["TrainingJobSummaries"])
        return (read_training_job(entry) for entry in islice(entries, limit))

    def billable_seconds(self, training_job: str) -> int | None:
        return self._describe_training_job(training_job).get("BillableTimeInSeconds")

    def describe_training_job(self, name: str) -> Mapping[str, Any] | None:
        try:
            return self._describe_training_job(name)
        except AwsError as error:
            if _is_absent(error):
                return None
            raise

    def _describe_training_job(self, name: str) -> Mapping[str, Any]:
        return self._connection.call(
            "sagemaker:DescribeTrainingJob",
            lambda: self._connection.sagemaker.describe_training_job(TrainingJobName=name),
        )

    def log_events(
        self, training_job: str, *, since: datetime | None = None, tail: int | None = None
    ) -> Iterator[LogEvent]:
        logs = self._connection.client("logs")
        return read_log_events(self._connection.call, logs, training_job, since=since, tail=tail)

    def _pages(
        self, action: str, fetch: Callable[[dict[str, Any]], Any], limit: int | None
    ) -> Iterator[Any]:
        """The pages of a list of SageMaker. `limit` is how many entries are read of them."""
        first = {"MaxResults": min(limit, _PAGE) if limit else _PAGE}
        return _pages(self._connection, action, fetch, first)


def _pages(
    connection: Connection,
    action: str,
    fetch: Callable[[dict[str, Any]], Any],
    first: Mapping[str, Any],
) -> Iterator[Any]:
    """The pages of a list, one call each; `first` are the parameters of the first one."""
    # boto3's own paginators discard every page if one is throttled for long.
    page = dict(first)
    while True:
        response = connection.call(action, partial(fetch, page))
        yield response
        token = response.get("NextToken")
        if not token:
            return
        page["NextToken"] = token


class _Stacks(StackOperations):
    """The stacks, with boto3."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, stack: str) -> DeployedStack | None:
        try:
            response = self._connection.call(
                "cloudformation:DescribeStacks",
                lambda: self._connection.cloudformation.describe_stacks(StackName=stack),
            )
        except AwsError as error:
            if error.code == "ValidationError" and "does not exist" in error.message:
                return None
            raise
        return _deployed(response["Stacks"][0])

    def list_stacks(self) -> Iterator[DeployedStack]:
        pages = _pages(
            self._connection,
            "cloudformation:DescribeStacks",
            lambda page: self._connection.cloudformation.describe_stacks(**page),
            {},
        )
        return (_deployed(stack) for page in pages for stack in page["Stacks"])

    def events(self, stack: str) -> Iterator[StackEvent]:
        pages = _pages(
            self._connection,
            "cloudformation:DescribeStackEvents",
            lambda page: self._connection.cloudformation.describe_stack_events(**page),
            {"StackName": stack},
        )
        return (_event(event) for page in pages for event in page["StackEvents"])

    def template(self, stack: str) -> Mapping[str, Any]:
        response = self._connection.call(
            "cloudformation:GetTemplate",
            lambda: self._connection.cloudformation.get_template(StackName=stack),
        )
        # boto3 parses a template in JSON, as the CDK writes it, but not one in YAML.
        body: Any = response["TemplateBody"]
        return body if isinstance(body, Mapping) else {}

    def resources(self, stack: str) -> tuple[StackResource, ...]:
        declared = self.template(stack).get("Resources", {})
        return tuple(
            StackResource(
                logical_id=logical_id,
                type=resource["Type"],
                is_retained=resource.get("DeletionPolicy") in RETAINING_POLICIES,
            )
            for logical_id, resource in declared.items()
        )

    def delete(self, stack: str) -> None:
        self._connection.call(
            "cloudformation:DeleteStack",
            lambda: self._connection.cloudformation.delete_stack(StackName=stack),
        )


def _event(event: Mapping[str, Any]) -> StackEvent:
    return StackEvent(
        id=event["EventId"],
        stack=event["StackName"],
        logical_id=event.get("LogicalResourceId", ""),
        physical_id=event.get("PhysicalResourceId", ""),
        type=event.get("ResourceType", ""),
        status=event.get("ResourceStatus", ""),
        reason=event.get("ResourceStatusReason", ""),
    )


def _deployed(stack: Mapping[str, Any]) -> DeployedStack:
    return DeployedStack(
        name=stack["StackName"],
        arn=stack["StackId"],
        outputs={output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])},
        tags={tag["Key"]: tag["Value"] for tag in stack.get("Tags", [])},
        status=stack.get("StackStatus", ""),
    )
