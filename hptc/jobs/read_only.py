"""Clients for a submission that is only rehearsed: they read AWS, and write nothing.

Whatever was read once is kept, so that a plan is about one state of the world and costs few calls.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hptc.errors import AwsError
from hptc.infrastructure.provenance_tags import TAG_PREFIX
from hptc.infrastructure.stack_outputs import output_key
from hptc.project.references import NAMES
from hptc.request.emission import Request
from hptc.service.interface import DeployedStack, Stacks, Tuning
from hptc.service.responses import JobSummary, TrainingJob


@dataclass(slots=True, kw_only=True)
class ReadOnlyTuning:
    """hptc.service.interface.Tuning that pretends to create.

    `listed` are the jobs that a list told, by name; None when none was asked for, and then each
    name is described.
    """

    tuning: Tuning
    listed: Mapping[str, JobSummary] | None = None
    _descriptions: dict[str, Mapping[str, Any] | None] = field(default_factory=dict)
    _tags: dict[str, dict[str, str]] = field(default_factory=dict)
    _spellings: dict[str, str] = field(default_factory=dict)

    @property
    def region(self) -> str:
        """Where the jobs are."""
        return self.tuning.region

    def create(self, request: Request) -> str:  # noqa: ARG002
        """Create nothing."""
        return ""

    def stop(self, name: str) -> None:
        """Refuse: a read_only has nothing to stop."""
        raise NotImplementedError(f"a read_only can't stop {name}")

    def describe(self, name: str) -> Mapping[str, Any] | None:
        """What AWS says of a job; of one that was listed with its digest, what the list said."""
        if name not in self._descriptions:
            self._descriptions[name] = self._describe(name)
        return self._descriptions[name]

    def _describe(self, name: str) -> Mapping[str, Any] | None:
        if self.listed is None:
            return self.tuning.describe(name)
        summary = self.listed.get(name)
        if summary is None:
            return None
        if not self.is_digest_tagged(summary.arn):
            return self.tuning.describe(name)  # to be compared member by member
        return {
            "HyperParameterTuningJobName": summary.name,
            "HyperParameterTuningJobArn": summary.arn,
            "HyperParameterTuningJobStatus": summary.status,
        }

    def list_tags(self, arn: str) -> dict[str, str]:
        """A job's tags."""
        if arn not in self._tags:
            self._tags[arn] = self.tuning.list_tags(arn)
        return self._tags[arn]

    def list_jobs(
        self, *, name_contains: str = "", status: str = "", limit: int | None = None
    ) -> Iterator[JobSummary]:
        """Tuning jobs, the newest first."""
        return self.tuning.list_jobs(name_contains=name_contains, status=status, limit=limit)

    def list_training_jobs(self, name: str, *, limit: int | None = None) -> Iterator[TrainingJob]:
        """A tuning job's training jobs, the newest first."""
        return self.tuning.list_training_jobs(name, limit=limit)

    def billable_seconds(self, training_job: str) -> int | None:
        """What AWS bills of each instance of a training job."""
        return self.tuning.billable_seconds(training_job)

    def is_digest_tagged(self, arn: str) -> bool:
        """Whether a job says in a tag what its content is."""
        return f"{TAG_PREFIX}digest" in self.list_tags(arn)

    def other_spelling(self, name: str) -> str | None:
        """A listed job whose name differs in its case only, which AWS takes for the same."""
        if not self._spellings:
            self._spellings.update({each.lower(): each for each in self.listed or ()})
        found = self._spellings.get(name.lower())
        return None if found == name or name in (self.listed or ()) else found


@dataclass(slots=True)
class StacksReadOnce:
    """hptc.service.interface.Stacks that asks for each stack once."""

    stacks: Stacks
    _outputs: dict[str, Mapping[str, str] | None] = field(default_factory=dict)
    _all: dict[str, DeployedStack] | None = None

    def outputs(self, stack: str) -> dict[str, str] | None:
        """A stack's outputs by key; None when there is no such stack."""
        if self._all is not None:
            found = self._all.get(stack)
            return dict(found.outputs) if found else None
        if stack not in self._outputs:
            self._outputs[stack] = self.stacks.outputs(stack)
        known = self._outputs[stack]
        return None if known is None else dict(known)

    def list_stacks(self) -> Iterator[DeployedStack]:
        """Every stack."""
        if self._all is None:
            self._all = {stack.name: stack for stack in self.stacks.list_stacks()}
        return iter(self._all.values())


class AnyStacks:
    """hptc.service.interface.Stacks in which every stack provides everything, as a placeholder."""

    def outputs(self, stack: str) -> dict[str, str] | None:  # noqa: ARG002
        """A placeholder for every reference."""
        return {output_key(name): f"<{name}>" for name in NAMES}

    def list_stacks(self) -> Iterator[DeployedStack]:
        """Nothing in particular."""
        return iter(())


def is_denied(error: AwsError) -> bool:
    """Whether the caller may not ask this."""
    return error.code in ("AccessDenied", "AccessDeniedException")
