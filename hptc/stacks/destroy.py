"""`hptc destroy`: the stacks that a person names, deleted one after the other by CloudFormation.

Refuses what is not the environment's by its tags, and what a spec, another stack or a running
search still needs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from hptc.compiler.deployable import deployable_specs
from hptc.compiler.outcome import Compiled
from hptc.errors import OperationError, UsageError
from hptc.infrastructure.environment_stacks import environment_stacks
from hptc.infrastructure.stack_outputs import output_key
from hptc.project.project_file import Environment
from hptc.service.interface import DeployedStack, StackEvent, StackResource, StacksInWork, Tuning
from hptc.stacks.cdk_cli import Activity
from hptc.stacks.events import failure_of
from hptc.stacks.status import is_of

_SECONDS_BETWEEN_LOOKS = 3
_ROLE = output_key("execution_role_arn")
_GONE = ("DELETE_COMPLETE", "DELETE_SKIPPED")


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """A stack to remove, and what it holds."""

    name: str
    arn: str
    resources: tuple[StackResource, ...]

    @property
    def retained(self) -> tuple[StackResource, ...]:
        """What stays in the account."""
        return tuple(each for each in self.resources if each.is_retained)


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """A stack that is gone, and the resources that it left behind."""

    name: str
    retained: tuple[StackEvent, ...]


def needed_by(environment: Environment, compiled: Sequence[Compiled]) -> dict[str, str]:
    """Of each stack that specs need, in lower case, a spec that needs it.

    Any spec needs the foundation. Raises UsageError for specs whose stacks can't have names.
    """
    found = environment_stacks(environment, deployable_specs(compiled))
    stacks = {stack.lower(): spec for stack, spec in found.specs.items()}
    if compiled and not found.foundation.is_empty:
        stacks[environment.foundation_stack.lower()] = compiled[0].name
    return stacks


def plan_removal(
    environment: Environment,
    names: Sequence[str],
    needed: Mapping[str, str],
    stacks: StacksInWork,
    tuning: Tuning,
) -> tuple[Removal, ...]:
    """The stacks to remove, those of specs before the one that they share.

    `needed` is as `needed_by` has it. Nothing is removed here. Raises UsageError for a stack that
    has to stay.
    """
    deployed = {stack.name: stack for stack in stacks.list_stacks()}
    for name in names:
        stack = deployed.get(name)
        if stack is None:
            raise UsageError(
                f"there is no stack `{name}` in {environment.region}",
                help=f"`hptc plan --env {environment.name}` names the orphaned ones",
            )
        if not is_of(environment, stack):
            raise UsageError(
                f"`{name}` is no stack of the project `{environment.project}` in its environment "
                f"`{environment.name}`, by its name and its tags",
                help="hptc removes only what it made; the AWS CLI removes the rest",
            )
        if (spec := needed.get(name.lower())) is not None:
            raise UsageError(
                f"`{name}` is needed by the spec `{spec}`",
                help="remove the spec first; `cdk destroy` removes what the specs need",
            )
    _check_unused([deployed[name] for name in names], tuning)
    own = environment.foundation_stack
    if own in names and (left := _beside(environment, deployed.values(), names)):
        raise UsageError(
            f"`{own}` is needed by the stack `{left[0]}`",
            help="name both, and they go in their order",
        )
    # A schedule's stack needs its spec's, whose name it begins with: the longer ones go first.
    in_order = sorted(dict.fromkeys(names), key=lambda name: (name == own, -len(name), name))
    return tuple(
        Removal(name=name, arn=deployed[name].arn, resources=stacks.resources(deployed[name].arn))
        for name in in_order
    )


def _check_unused(stacks: Sequence[DeployedStack], tuning: Tuning) -> None:
    """Refuse a stack whose role a search works with: its training jobs would fail."""
    roles = {role: stack.name for stack in stacks if (role := stack.outputs.get(_ROLE))}
    if not roles:
        return
    for status in ("InProgress", "Stopping"):
        for job in tuning.list_jobs(status=status):
            for role in _roles_of(tuning.describe(job.name) or {}):
                if role in roles:
                    raise UsageError(
                        f"`{roles[role]}` has the role of the job `{job.name}`, which is {status}",
                        help=f"wait until it is over, or `hptc stop {job.name}` first",
                    )


def _roles_of(description: Mapping[str, Any]) -> Iterator[str]:
    one = description.get("TrainingJobDefinition")
    for definition in [*([one] if one else []), *description.get("TrainingJobDefinitions", [])]:
        yield definition["RoleArn"]


def _beside(
    environment: Environment, deployed: Iterable[DeployedStack], names: Sequence[str]
) -> list[str]:
    return sorted(
        stack.name for stack in deployed if is_of(environment, stack) and stack.name not in names
    )


def remove(
    removal: Removal,
    stacks: StacksInWork,
    *,
    progress: Callable[[Activity], None],
    sleep: Callable[[float], None] = time.sleep,
) -> Removed:
    """Delete one stack and wait until it is gone. Raises OperationError when it can't go.

    CloudFormation goes on by itself when nobody waits.
    """
    before = next((event.id for event in stacks.events(removal.arn)), "")
    stacks.delete(removal.arn)
    told: set[str] = set()
    gone: set[str] = set()
    while True:
        newest_first = takewhile(lambda event: event.id != before, stacks.events(removal.arn))
        events = list(newest_first)[::-1]
        for event in events:
            if event.id in told:
                continue
            told.add(event.id)
            if event.status in _GONE and not event.is_of_stack:
                gone.add(event.logical_id)
            total = len(removal.resources) or None
            progress(Activity(event=event, done=len(gone), total=total))
        status = next((event.status for event in reversed(events) if event.is_of_stack), "")
        if status == "DELETE_COMPLETE":
            skipped = tuple(event for event in events if event.status == "DELETE_SKIPPED")
            return Removed(name=removal.name, retained=skipped)
        if status == "DELETE_FAILED":
            failure = failure_of(reversed(events))
            raise OperationError(
                failure.told() if failure else f"`{removal.name}` could not be deleted",
                help="correct that, and `hptc destroy` it again",
            )
        sleep(_SECONDS_BETWEEN_LOOKS)
