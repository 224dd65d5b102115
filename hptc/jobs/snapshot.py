"""Read-only views of an account that make each call once.

A plan reads everything through them, so it is about one state of the account, costs few calls and
can't write, because neither view has a method for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hptc.frozen import frozen
from hptc.service.interface import DeployedStack, StackReader, TuningReader
from hptc.service.responses import read_origin
from hptc.service.tuning_jobs import JobOrigin, JobSummary, TrainingJob


@frozen
class ExistingJob:
    """A tuning job that exists in AWS."""

    name: str
    arn: str
    status: str


@dataclass(slots=True, kw_only=True)
class JobSnapshot:
    """The tuning jobs of one account in one Region.

    `listed` are the jobs of a list, by name. Without a list, each job is looked up by its name.
    """

    tuning: TuningReader
    listed: Mapping[str, JobSummary] | None = None
    _descriptions: dict[str, Mapping[str, Any] | None] = field(default_factory=dict)
    _tags: dict[str, dict[str, str]] = field(default_factory=dict)
    _completed: dict[tuple[str, int], tuple[JobSummary, ...]] = field(default_factory=dict)
    _spellings: dict[str, str] | None = None

    @property
    def region(self) -> str:
        """The Region of the tuning jobs."""
        return self.tuning.region

    def find(self, name: str) -> ExistingJob | None:
        """The tuning job with a name; from the list, if there is one."""
        if self.listed is not None:
            summary = self.listed.get(name)
            if summary is None:
                return None
            return ExistingJob(name=summary.name, arn=summary.arn, status=summary.status)
        description = self.describe(name)
        return None if description is None else existing_job(description)

    def describe(self, name: str) -> Mapping[str, Any] | None:
        """The description of a tuning job, whether or not it is listed."""
        if name not in self._descriptions:
            self._descriptions[name] = self.tuning.describe(name)
        return self._descriptions[name]

    def completed(self, name_contains: str, *, limit: int) -> tuple[JobSummary, ...]:
        """The newest completed tuning jobs whose names contain a text, whether or not listed."""
        key = name_contains, limit
        if key not in self._completed:
            completed = self.tuning.list_jobs(
                name_contains=name_contains, status="Completed", limit=limit
            )
            self._completed[key] = tuple(completed)
        return self._completed[key]

    def tags(self, arn: str) -> dict[str, str]:
        """The tags of a tuning job."""
        if arn not in self._tags:
            self._tags[arn] = self.tuning.list_tags(arn)
        return self._tags[arn]

    def origin(self, arn: str) -> JobOrigin:
        """The origin of a tuning job, from its tags."""
        return read_origin(self.tags(arn))

    def training_jobs(self, name: str, *, limit: int) -> Iterator[TrainingJob]:
        """The training jobs of a tuning job, newest first."""
        return self.tuning.list_training_jobs(name, limit=limit)

    def billable_seconds(self, training_job: str) -> int | None:
        """The seconds that AWS bills for each instance of a training job; None if not reported."""
        return self.tuning.billable_seconds(training_job)

    def other_spelling(self, name: str) -> str | None:
        """A listed job whose name differs only in case. To AWS, both are the same name."""
        listed = self.listed or {}
        if name in listed:
            return None
        if self._spellings is None:
            self._spellings = {spelling.lower(): spelling for spelling in listed}
        return self._spellings.get(name.lower())


def existing_job(description: Mapping[str, Any]) -> ExistingJob:
    """The job of a DescribeHyperParameterTuningJob response."""
    return ExistingJob(
        name=description["HyperParameterTuningJobName"],
        arn=description["HyperParameterTuningJobArn"],
        status=description["HyperParameterTuningJobStatus"],
    )


@dataclass(slots=True)
class StackSnapshot:
    """hptc.service.interface.StackReader that reads each stack once."""

    stacks: StackReader
    _by_name: dict[str, DeployedStack | None] = field(default_factory=dict)
    _all: dict[str, DeployedStack] | None = None

    def find(self, stack: str) -> DeployedStack | None:
        """The stack with a name; None if it does not exist."""
        if self._all is not None:
            return self._all.get(stack)
        if stack not in self._by_name:
            self._by_name[stack] = self.stacks.find(stack)
        return self._by_name[stack]

    def list_stacks(self) -> Iterator[DeployedStack]:
        """Every stack."""
        if self._all is None:
            self._all = {stack.name: stack for stack in self.stacks.list_stacks()}
        return iter(self._all.values())
