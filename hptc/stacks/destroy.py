"""Deletes stacks that the user names, one after the other.

Refuses a stack that doesn't belong to the environment by its name and tags, and one that a spec,
another stack or a running tuning job needs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any

from hptc.compiler.deployable import deployable_specs
from hptc.compiler.outcome import Compiled
from hptc.errors import OperationError, UsageError
from hptc.infrastructure.environment_stacks import environment_stacks
from hptc.infrastructure.stack_outputs import output_key
from hptc.infrastructure.stack_owner import is_own, owner_text
from hptc.project.project_file import Environment
from hptc.service.interface import (
    DeployedStack,
    Progress,
    StackOperations,
    TuningReader,
    silent,
)
from hptc.stacks.events import failure_of
from hptc.stacks.results import Removal, Removed, StackActivity
from hptc.stacks.status import is_of
from hptc.text import listed_code

_POLL_SECONDS = 3
_ROLE = output_key("execution_role_arn")
_DELETED = ("DELETE_COMPLETE", "DELETE_SKIPPED")


def needed_by(environment: Environment, compiled: Sequence[Compiled]) -> dict[str, str]:
    """For each stack, by its name in lower case, a spec that needs it.

    Every spec needs the foundation.
    """
    needed = environment_stacks(environment, deployable_specs(compiled))
    stacks = {stack.lower(): spec for stack, spec in needed.specs.items()}
    if compiled and not needed.foundation.is_empty:
        stacks[environment.foundation_stack.lower()] = compiled[0].name
    return stacks


def plan_removal(
    environment: Environment,
    names: Sequence[str],
    needed: Mapping[str, str],
    stacks: StackOperations,
    tuning: TuningReader,
    *,
    progress: Progress = silent,
) -> tuple[Removal, ...]:
    """The stacks to delete, in order: those of specs before the foundation. Nothing is deleted.

    `needed` comes from `needed_by`. Raises UsageError for a stack that must not be deleted.
    """
    progress(f"checking that nothing needs {listed_code(names)}")
    deployed = {stack.name: stack for stack in stacks.list_stacks()}
    for name in names:
        stack = deployed.get(name)
        if stack is None:
            raise UsageError(
                f"no stack `{name}` found in {environment.region}",
                help=f"`hptc plan --env {environment.name}` lists the orphaned stacks",
            )
        if not is_of(environment, stack):
            raise UsageError(
                f"the stack `{name}` does not belong to the project `{environment.project}` and "
                f"its environment `{environment.name}`, by its name and tags"
                + ("" if is_own(environment, stack.tags) else f": it {owner_text(stack.tags)}"),
                help="hptc only deletes stacks that it created; use the AWS CLI for others",
            )
        if (spec := needed.get(name.lower())) is not None:
            raise UsageError(
                f"`{name}` is needed by the spec `{spec}`",
                help=f"delete the spec first; `npx cdk destroy {name} -c env={environment.name}` "
                "deletes a stack that specs need",
            )
    _check_unused([deployed[name] for name in names], tuning)
    own = environment.foundation_stack
    if own in names and (left := _remaining(environment, deployed.values(), names)):
        raise UsageError(
            f"`{own}` is needed by the stack `{left[0]}`",
            help="pass both; hptc deletes them in the right order",
        )
    # The stack of a schedule depends on that of its spec, whose name it starts with.
    in_order = sorted(dict.fromkeys(names), key=lambda name: (name == own, -len(name), name))
    return tuple(
        Removal(name=name, arn=deployed[name].arn, resources=stacks.resources(deployed[name].arn))
        for name in in_order
    )


def _check_unused(stacks: Sequence[DeployedStack], tuning: TuningReader) -> None:
    """Refuse to delete the role of a running tuning job: its training jobs would fail."""
    roles = {role: stack.name for stack in stacks if (role := stack.outputs.get(_ROLE))}
    if not roles:
        return
    for status in ("InProgress", "Stopping"):
        for job in tuning.list_jobs(status=status):
            for role in _roles_of(tuning.describe(job.name) or {}):
                if role in roles:
                    raise UsageError(
                        f"the stack `{roles[role]}` has the role of the tuning job `{job.name}`, "
                        f"which is {status}",
                        help=f"wait until the job has ended, or run `hptc stop {job.name}`",
                    )


def _roles_of(description: Mapping[str, Any]) -> Iterator[str]:
    single = description.get("TrainingJobDefinition")
    for definition in [
        *([single] if single else []),
        *description.get("TrainingJobDefinitions", []),
    ]:
        yield definition["RoleArn"]


def _remaining(
    environment: Environment, deployed: Iterable[DeployedStack], names: Sequence[str]
) -> list[str]:
    """The environment's stacks besides those to delete."""
    return sorted(
        stack.name for stack in deployed if is_of(environment, stack) and stack.name not in names
    )


def remove(
    removal: Removal,
    stacks: StackOperations,
    *,
    progress: Callable[[StackActivity], None],
    sleep: Callable[[float], None] = time.sleep,
) -> Removed:
    """Delete one stack and wait until it is deleted. Raises OperationError if the deletion fails.

    If the wait is interrupted, CloudFormation continues to delete the stack.
    """
    before = next((event.id for event in stacks.events(removal.arn)), "")
    stacks.delete(removal.arn)
    reported: set[str] = set()
    deleted: set[str] = set()
    while True:
        newest_first = takewhile(lambda event: event.id != before, stacks.events(removal.arn))
        events = list(newest_first)[::-1]
        for event in events:
            if event.id in reported:
                continue
            reported.add(event.id)
            if event.status in _DELETED and not event.is_of_stack:
                deleted.add(event.logical_id)
            total = len(removal.resources) or None
            progress(StackActivity(event=event, done=len(deleted), total=total))
        status = next((event.status for event in reversed(events) if event.is_of_stack), "")
        if status == "DELETE_COMPLETE":
            skipped = tuple(event for event in events if event.status == "DELETE_SKIPPED")
            return Removed(name=removal.name, retained=skipped)
        if status == "DELETE_FAILED":
            failure = failure_of(reversed(events))
            raise OperationError(
                failure.message() if failure else f"`{removal.name}` could not be deleted",
                help="this is temporary: rerun `hptc destroy`"
                if failure and failure.is_temporary
                else "fix this, then rerun `hptc destroy`",
            )
        sleep(_POLL_SECONDS)
