"""What hptc needs of AWS, and nothing else of it: the seam at which tests put a fake.

Every method raises AwsError when AWS refuses. `client.py` has the real one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from hptc.request.emission import Request
from hptc.service.responses import JobSummary, TrainingJob

Progress = Callable[[str], None]
"""Takes a line of talk for a person who waits."""


def silent(_: str) -> None:
    """Say nothing."""


class Tuning(Protocol):
    """The tuning jobs of one account in one Region."""

    @property
    def region(self) -> str:
        """Where the jobs are."""

    def create(self, request: Request) -> str:
        """Create a tuning job and return its ARN. AwsError `ResourceInUse` when the name is taken.

        https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateHyperParameterTuningJob.html
        """

    def describe(self, name: str) -> Mapping[str, Any] | None:
        """AWS's description of a tuning job; None when there is no job of that name."""

    def list_jobs(
        self, *, name_contains: str = "", status: str = "", limit: int | None = None
    ) -> Iterator[JobSummary]:
        """Tuning jobs, the newest first."""

    def stop(self, name: str) -> None:
        """Ask a tuning job to stop. Nothing is deleted."""

    def list_tags(self, arn: str) -> dict[str, str]:
        """A resource's tags."""

    def list_training_jobs(self, name: str, *, limit: int | None = None) -> Iterator[TrainingJob]:
        """A tuning job's training jobs, the newest first."""

    def billable_seconds(self, training_job: str) -> int | None:
        """What AWS bills of each instance of a training job; None when AWS does not say.

        https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeTrainingJob.html
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedStack:
    """One line of a list of stacks."""

    name: str
    arn: str
    outputs: Mapping[str, str]
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StackResource:
    """One resource that the template of a deployed stack declares."""

    logical_id: str
    type: str
    is_retained: bool  # it stays in the account when its stack goes


@dataclass(frozen=True, slots=True, kw_only=True)
class StackEvent:
    """One step of CloudFormation's, on a resource or on the stack itself.

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
        """Whether it tells of the stack itself, and not of a resource in it."""
        return self.logical_id == self.stack and self.type == "AWS::CloudFormation::Stack"


class Stacks(Protocol):
    """The CloudFormation stacks of the same account and Region."""

    def outputs(self, stack: str) -> dict[str, str] | None:
        """A stack's outputs by key; None when there is no such stack."""

    def list_stacks(self) -> Iterator[DeployedStack]:
        """Every stack. AwsError `AccessDenied` for one who may see stacks by their names only."""


class StacksInWork(Stacks, Protocol):
    """Stacks that are watched while CloudFormation works on them, or removed.

    A stack is given by its ARN once that is known: a name may be another stack's a minute later.
    """

    def events(self, stack: str) -> Iterator[StackEvent]:
        """What CloudFormation did to a stack, the newest first. AwsError where there is none."""

    def resources(self, stack: str) -> tuple[StackResource, ...]:
        """The resources that a stack's template declares."""

    def delete(self, stack: str) -> None:
        """Ask CloudFormation to delete a stack, and return at once."""
