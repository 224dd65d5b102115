"""The interface of a tuning service and of CloudFormation stacks. `hptc.aws` implements it.

Every method raises AwsError if the service rejects the call. The reader protocols have no method
that changes anything, so code that takes one of them can't write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol

from hptc.frozen import frozen
from hptc.request.emission import Request
from hptc.service.tuning_jobs import JobSummary, LogEvent, TrainingJob

Progress = Callable[[str], None]
"""Reports a line of progress to the user."""
Content = Callable[[], bytes]
"""Returns the content of an object; called only if the content is needed."""


def silent(_: str) -> None:
    """Report nothing."""


class TuningReader(Protocol):
    """Read-only access to the tuning jobs of one account in one Region."""

    @property
    def region(self) -> str:
        """The Region of the tuning jobs."""

    def describe(self, name: str) -> Mapping[str, Any] | None:
        """The description of a tuning job; None if it does not exist.

        https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeHyperParameterTuningJob.html
        """

    def list_jobs(
        self, *, name_contains: str = "", status: str = "", limit: int | None = None
    ) -> Iterator[JobSummary]:
        """Tuning jobs, newest first."""

    def list_tags(self, arn: str) -> dict[str, str]:
        """The tags of a resource."""

    def list_training_jobs(self, name: str, *, limit: int | None = None) -> Iterator[TrainingJob]:
        """The training jobs of a tuning job, newest first."""

    def billable_seconds(self, training_job: str) -> int | None:
        """The seconds that AWS bills for each instance of a training job; None if not reported.

        https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeTrainingJob.html
        """

    def describe_training_job(self, name: str) -> Mapping[str, Any] | None:
        """The description of a training job; None if it does not exist.

        https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeTrainingJob.html
        """

    def log_events(
        self, training_job: str, *, since: datetime | None = None, tail: int | None = None
    ) -> Iterator[LogEvent]:
        """What a training job logged, oldest first; nothing if it has not logged anything yet.

        `since` has a time zone, and includes the events of that moment. `tail` is the number of
        events from the end, over all instances of the training job; only these are read.
        https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html
        """


class Tuning(TuningReader, Protocol):
    """Access to the tuning jobs of one account in one Region."""

    def create(self, request: Request) -> str:
        """Create a tuning job and return its ARN. Raises AwsError `ResourceInUse` for a used name.

        https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateHyperParameterTuningJob.html
        """

    def stop(self, name: str) -> None:
        """Request that a tuning job stop. Nothing is deleted."""

    def store(self, bucket: str, key: str, content: Content, *, kms_key_id: str | None) -> bool:
        """Store the code of tuning jobs in S3 unless there is such an object.

        Returns whether it was stored. `content` is only called if it is needed.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
        """


@frozen
class DeployedStack:
    """A stack that exists."""

    name: str
    arn: str
    outputs: Mapping[str, str]
    tags: Mapping[str, str]
    status: str = ""

    @property
    def is_changing(self) -> bool:
        """Whether CloudFormation is changing the stack. A stack in review is not changed yet."""
        return self.status.endswith("_IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"

    @property
    def is_rolled_back(self) -> bool:
        """Whether its creation failed and was undone: it has no resources left to lose."""
        return self.status == "ROLLBACK_COMPLETE"


@frozen
class StackResource:
    """A resource that the template of a deployed stack declares."""

    logical_id: str
    type: str
    is_retained: bool  # remains in the account when its stack is deleted


@frozen
class StackEvent:
    """An event of a CloudFormation stack: about one of its resources, or about the stack itself.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackEvent.html
    """

    id: str = ""
    stack: str
    logical_id: str
    physical_id: str = ""
    type: str
    status: str
    reason: str = ""

    @property
    def is_of_stack(self) -> bool:
        """Whether the event is about the stack itself and not about a resource in it."""
        return self.logical_id == self.stack and self.type == "AWS::CloudFormation::Stack"


RETAINING_POLICIES = ("Retain", "RetainExceptOnCreate")
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html"""


class StackReader(Protocol):
    """Read-only access to the CloudFormation stacks of one account in one Region."""

    def find(self, stack: str) -> DeployedStack | None:
        """The stack with a name; None if it does not exist."""

    def list_stacks(self) -> Iterator[DeployedStack]:
        """Every stack. Raises AwsError `AccessDenied` for a caller who may only describe stacks."""


class StackOperations(StackReader, Protocol):
    """Access to the CloudFormation stacks of one account in one Region.

    Identify a stack by its ARN if it is known, because the name of a deleted stack can be reused.
    """

    def events(self, stack: str) -> Iterator[StackEvent]:
        """The events of a stack, newest first. Raises AwsError if the stack does not exist."""

    def template(self, stack: str) -> Mapping[str, Any]:
        """The template of a stack, as JSON; empty if it is not in JSON."""

    def resources(self, stack: str) -> tuple[StackResource, ...]:
        """The resources that the template of a stack declares."""

    def delete(self, stack: str) -> None:
        """Start deleting a stack, and return at once."""
