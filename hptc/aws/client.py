"""Implements `hptc.service.interface` with boto3.

boto3 is imported on the first connection, not with this module. The Region is the environment's;
without an environment, boto3's own configuration decides. Nothing is called with credentials for
another account than the environment's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cached_property, partial
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from hptc.aws.aws_errors import (
    aws_error,
    has_unknown_outcome,
    missing_region,
    reject_html,
    was_retried,
)
from hptc.aws.call_log import log_calls
from hptc.aws.code_archives import store_archive
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

if TYPE_CHECKING:
    from botocore.config import Config
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sts import STSClient

T = TypeVar("T")

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
    """What a connection reaches."""
    return Aws(tuning=_Tuning(connection), stacks=_Stacks(connection), region=connection.region)


class Connection:
    """A boto3 session with its clients, which are created on first use."""

    def __init__(
        self, environment: Environment | None, *, region: str | None, retry: Retry
    ) -> None:
        import boto3

        self.retry = retry
        self._environment = environment
        self._clients: dict[str, Any] = {}
        try:
            # boto3 finds credentials and profiles:
            # https://docs.aws.amazon.com/boto3/latest/guide/credentials.html
            self._session = boto3.session.Session(
                region_name=region or (environment.region if environment else None)
            )
        except Exception as error:
            raise _translated(error, "", "", None) from None
        for service in ("cloudformation", "cloudwatch-logs", "sagemaker", "sts"):
            self._session.events.register(f"before-parse.{service}", reject_html)
        log_calls(self._session.events)
        self.region: str = self._session.region_name or ""
        if not self.region:
            raise missing_region()

    @cached_property
    def sagemaker(self) -> SageMakerClient:
        """The SageMaker client."""
        return self._session.client("sagemaker", config=_config())

    @cached_property
    def cloudformation(self) -> CloudFormationClient:
        """The CloudFormation client."""
        return self._session.client("cloudformation", config=_config())

    @cached_property
    def sts(self) -> STSClient:
        """The STS client, with the Region's own endpoint."""
        return self._session.client("sts", config=_config())

    def client(self, service: str) -> Any:
        """The client of any other service. Its calls also go through `call`."""
        if service not in self._clients:
            self._clients[service] = self._session.client(service, config=_config())  # type: ignore[call-overload]
        return self._clients[service]

    def call(
        self, action: str, do: Callable[[], T], *, request: Mapping[str, Any] | None = None
    ) -> T:
        """Make one call, with retries. `action` is its IAM action."""
        self._is_account_verified  # noqa: B018
        return self._call(action, do, request)

    def _call(self, action: str, do: Callable[[], T], request: Mapping[str, Any] | None) -> T:
        may_have_worked = False  # an attempt whose outcome AWS did not report

        def attempt() -> T:
            nonlocal may_have_worked
            try:
                return do()
            except Exception as error:
                translated = _translated(error, action, self.region, request)
                if isinstance(translated, AwsError):
                    translated.is_of_retry = may_have_worked or was_retried(error)
                    may_have_worked |= has_unknown_outcome(translated)
                raise translated from None

        return self.retry.call(attempt)

    @cached_property
    def _is_account_verified(self) -> bool:
        """Checked once. Raises AwsError if the credentials are for another account."""
        expected = self._environment
        if expected is None:
            return True
        answer = self._call("sts:GetCallerIdentity", lambda: self.sts.get_caller_identity(), None)
        account = answer["Account"]
        if account != expected.account:
            raise AwsError(
                f"the credentials are for account {account}, but the environment `{expected.name}` "
                f"is in account {expected.account}",
                help="set AWS_PROFILE to a profile for that account, or choose another --env",
            )
        return True


def _config() -> Config:
    from botocore.config import Config

    return Config(
        retries={"mode": "standard"},
        connect_timeout=10,
        read_timeout=60,
        user_agent_extra="hptc",
    )


def _translated(
    error: Exception, action: str, region: str, request: Mapping[str, Any] | None
) -> Exception:
    return aws_error(error, action, region=region, request=request) or error


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
        entries = (e for page in pages for e in page["HyperParameterTuningJobSummaries"])
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
        """The pages of a list, one call each, until `limit` entries are read."""
        # boto3's own paginators discard every page if one is throttled for long.
        page: dict[str, Any] = {"MaxResults": min(limit, _PAGE) if limit else _PAGE}
        while True:
            response = self._connection.call(action, partial(fetch, page))
            yield response
            token = response.get("NextToken")
            if not token:
                return
            page = {**page, "NextToken": token}


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
        page: dict[str, Any] = {}
        while True:
            response = self._connection.call(
                "cloudformation:DescribeStacks",
                partial(self._connection.cloudformation.describe_stacks, **page),
            )
            yield from map(_deployed, response["Stacks"])
            if not response.get("NextToken"):
                return
            page = {"NextToken": response["NextToken"]}

    def events(self, stack: str) -> Iterator[StackEvent]:
        page: dict[str, Any] = {"StackName": stack}
        while True:
            response = self._connection.call(
                "cloudformation:DescribeStackEvents",
                partial(self._connection.cloudformation.describe_stack_events, **page),
            )
            yield from map(_event, response["StackEvents"])
            if not response.get("NextToken"):
                return
            page = {"StackName": stack, "NextToken": response["NextToken"]}

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
        outputs={each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])},
        tags={tag["Key"]: tag["Value"] for tag in stack.get("Tags", [])},
        status=stack.get("StackStatus", ""),
    )
