"""The service interfaces without AWS: jobs and stacks in memory, with the service's errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hptc.errors import AwsError
from hptc.request.emission import Request
from hptc.service.interface import Content, DeployedStack, StackEvent, StackResource
from hptc.service.responses import read_summary, tags_of
from hptc.service.tuning_jobs import JobSummary, LogEvent, TrainingJob

CREATED = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class FakeTuning:
    """Tuning jobs by name. `calls` has the operations called, in order."""

    region: str = "us-east-1"
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    training_jobs: dict[str, list[TrainingJob]] = field(default_factory=dict)
    billable: dict[str, int] = field(default_factory=dict)  # seconds by training job
    descriptions: dict[str, dict[str, Any]] = field(default_factory=dict)  # by training job
    logs: dict[str, list[LogEvent]] = field(default_factory=dict)  # by training job, oldest first
    calls: list[str] = field(default_factory=list)
    refusals: list[AwsError] = field(default_factory=list)  # raised by the next create or stop
    objects: dict[tuple[str, str], tuple[bytes, str | None]] = field(default_factory=dict)
    rivals: list[Request] = field(default_factory=list)  # created by others just before `create`

    def create(self, request: Request) -> str:
        self.calls.append("create")
        if self.rivals:
            self.add(self.rivals.pop(0))
        if self.refusals:
            raise self.refusals.pop(0)
        name = request["HyperParameterTuningJobName"]
        if name.lower() in (taken.lower() for taken in self.jobs):
            raise AwsError(
                f"A hyperparameter tuning job with the name, {name}, already exists. "
                "Choose a different name.",
                code="ResourceInUse",
            )
        return self.add(request)

    def add(self, request: Request, *, status: str = "InProgress") -> str:
        """Add a job without recording a call; return its ARN."""
        name = request["HyperParameterTuningJobName"]
        arn = f"arn:aws:sagemaker:{self.region}:111122223333:hyper-parameter-tuning-job/{name}"
        created = CREATED + timedelta(minutes=len(self.jobs))
        self.jobs[name] = {
            **deepcopy({key: value for key, value in request.items() if key != "Tags"}),
            "HyperParameterTuningJobArn": arn,
            "HyperParameterTuningJobStatus": status,
            "CreationTime": created,
            "LastModifiedTime": created,
            "TrainingJobStatusCounters": {},
            "ObjectiveStatusCounters": {},
        }
        self.tags[arn] = tags_of(request.get("Tags", []))
        return arn

    def describe(self, name: str) -> Mapping[str, Any] | None:
        self.calls.append("describe")
        return deepcopy(self.jobs.get(name))

    def list_jobs(
        self, *, name_contains: str = "", status: str = "", limit: int | None = None
    ) -> Iterator[JobSummary]:
        self.calls.append("list_jobs")
        matching = [
            job
            for name, job in reversed(self.jobs.items())
            if name_contains in name and status in ("", job["HyperParameterTuningJobStatus"])
        ]
        for job in matching[:limit]:
            config = job["HyperParameterTuningJobConfig"]
            # https://github.com/boto/boto3/issues/4606
            arn = job["HyperParameterTuningJobArn"].lower()
            yield read_summary({**job, **config, "HyperParameterTuningJobArn": arn})

    def stop(self, name: str) -> None:
        self.calls.append("stop")
        if self.refusals:
            raise self.refusals.pop(0)
        self.jobs[name]["HyperParameterTuningJobStatus"] = "Stopping"

    def store(self, bucket: str, key: str, content: Content, *, kms_key_id: str | None) -> bool:
        self.calls.append("store")
        if (bucket, key) in self.objects:
            return False
        self.objects[bucket, key] = (content(), kms_key_id)
        return True

    def list_tags(self, arn: str) -> dict[str, str]:
        self.calls.append("list_tags")
        return dict(self.tags[arn])

    def list_training_jobs(self, name: str, *, limit: int | None = None) -> Iterator[TrainingJob]:
        self.calls.append("list_training_jobs")
        return iter(self.training_jobs.get(name, [])[:limit])

    def billable_seconds(self, training_job: str) -> int | None:
        self.calls.append("billable_seconds")
        return self.billable.get(training_job)

    def describe_training_job(self, name: str) -> Mapping[str, Any] | None:
        self.calls.append("describe_training_job")
        return deepcopy(self.descriptions.get(name))

    def log_events(
        self, training_job: str, *, since: datetime | None = None, tail: int | None = None
    ) -> Iterator[LogEvent]:
        self.calls.append("log_events")
        events = [
            event
            for event in self.logs.get(training_job, [])
            if since is None or event.time >= since
        ]
        return iter(events if tail is None else events[len(events) - min(tail, len(events)) :])


class NoWrites(FakeTuning):
    """Fails the test on any write."""

    def create(self, request: Request) -> str:
        raise AssertionError("create was called")

    def stop(self, name: str) -> None:
        raise AssertionError("stop was called")

    def store(self, bucket: str, key: str, content: Content, *, kms_key_id: str | None) -> bool:
        raise AssertionError("store was called")


@dataclass
class FakeStacks:
    """Stacks by name."""

    stacks: dict[str, dict[str, str]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    # By default, a stack's own project and environment, as its name has them.
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    statuses: dict[str, str] = field(default_factory=dict)
    templates: dict[str, dict[str, Any]] = field(default_factory=dict)
    refusals: list[AwsError] = field(default_factory=list)  # raised by the next list
    declared: dict[str, tuple[StackResource, ...]] = field(default_factory=dict)
    history: dict[str, list[StackEvent]] = field(default_factory=dict)  # oldest first
    # The events that each look at a deleted stack adds; without any, it is gone at once.
    fates: dict[str, list[list[StackEvent]]] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)

    def find(self, stack: str) -> DeployedStack | None:
        self.calls.append(stack)
        return self._deployed(stack) if stack in self.stacks else None

    def list_stacks(self) -> Iterator[DeployedStack]:
        self.calls.append("list_stacks")
        if self.refusals:
            raise self.refusals.pop(0)
        yield from map(self._deployed, self.stacks)

    def _deployed(self, name: str) -> DeployedStack:
        return DeployedStack(
            name=name,
            arn=arn_of(name),
            outputs=self.stacks[name],
            tags=self.tags.get(name, owner_of(name)),
            status=self.statuses.get(name, ""),
        )

    def events(self, stack: str) -> Iterator[StackEvent]:
        name = name_of(stack)
        if self.refusals:
            raise self.refusals.pop(0)
        if name in self.deleted and self.fates.get(name):
            self.history[name] += self.fates[name].pop(0)
        return reversed(list(self.history.get(name, [])))

    def template(self, stack: str) -> Mapping[str, Any]:
        return self.templates.get(name_of(stack), {"Resources": {}})

    def resources(self, stack: str) -> tuple[StackResource, ...]:
        return self.declared.get(name_of(stack), ())

    def delete(self, stack: str) -> None:
        name = name_of(stack)
        assert stack == arn_of(name), "use the ARN: another stack may have the name by now"
        self.deleted.append(name)
        self.history.setdefault(name, []).append(stack_event(name, "DELETE_IN_PROGRESS"))
        self.fates.setdefault(name, [[stack_event(name, "DELETE_COMPLETE")]])


def arn_of(stack: str) -> str:
    return f"arn:aws:cloudformation:us-east-1:111122223333:stack/{stack}/1234abcd"


def owner_of(stack: str) -> dict[str, str]:
    """The tags of a stack's project and environment, as its name has them."""
    prefix, *names = stack.split("-")
    keys = ("hptc:project", "hptc:environment")
    return dict(zip(keys, names, strict=False)) if prefix == "hptc" else {}


def name_of(stack: str) -> str:
    return stack.split("/")[1] if stack.startswith("arn:") else stack


def stack_event(stack: str, status: str, reason: str = "") -> StackEvent:
    """An event of the stack itself, not of a resource in it."""
    return StackEvent(
        id=f"{stack}-{status}",
        stack=stack,
        logical_id=stack,
        physical_id=arn_of(stack),
        type="AWS::CloudFormation::Stack",
        status=status,
        reason=reason,
    )


@dataclass
class FakeTime:
    """A clock that only `sleep` advances, and that records every sleep."""

    now: float = 0.0
    sleeps: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds
