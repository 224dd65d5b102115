"""The stacks that specs need, beside those that AWS has.

Only what can be told without Node: whether a stack is there, tells all that it should, and was made
from what the specs ask for now.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from hptc.compiler.deployable import deployable_specs
from hptc.compiler.outcome import Compiled
from hptc.errors import AwsError
from hptc.infrastructure.environment_stacks import environment_stacks
from hptc.infrastructure.provenance_tags import TAG_PREFIX
from hptc.infrastructure.stack_digest import DIGEST
from hptc.infrastructure.stack_outputs import output_key
from hptc.jobs.read_only import is_denied
from hptc.project.project_file import Environment
from hptc.service.interface import DeployedStack, Stacks


class StackState(StrEnum):
    """How much of a stack is there."""

    DEPLOYED = "deployed"
    CHANGED = "changed"  # the specs ask for something else now
    INCOMPLETE = "incomplete"  # outputs are missing
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStack:
    """A stack that specs need."""

    name: str
    state: StackState
    missing_outputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStacks:
    """The stacks that specs need, and those that no spec needs any more."""

    needed: tuple[PlannedStack, ...] = ()
    orphaned: tuple[str, ...] = ()
    not_listed_because: str = ""  # why orphaned ones could not be looked for

    @property
    def not_deployed(self) -> tuple[PlannedStack, ...]:
        """What `hptc deploy` has to bring."""
        return tuple(each for each in self.needed if each.state is not StackState.DEPLOYED)


def planned_stacks(
    environment: Environment,
    compiled: Sequence[Compiled],
    stacks: Stacks,
    *,
    is_whole_project: bool,
) -> PlannedStacks:
    """Compare the stacks of specs with AWS's.

    One who may see stacks by name only learns of no orphans. Raises UsageError for specs whose
    stacks can't have names.
    """
    found = environment_stacks(environment, deployable_specs(compiled))
    wanted = found.outputs
    orphaned: tuple[str, ...] = ()
    because = ""
    if is_whole_project:
        try:
            orphaned = orphaned_stacks(environment, stacks.list_stacks(), wanted)
        except AwsError as error:
            if not is_denied(error):
                raise
            because = error.message
    return PlannedStacks(
        needed=tuple(
            _state(name, stacks, provides, found.digests[name]) for name, provides in wanted.items()
        ),
        orphaned=orphaned,
        not_listed_because=because,
    )


def _state(name: str, stacks: Stacks, provides: Sequence[str], digest: str) -> PlannedStack:
    outputs = stacks.outputs(name)
    if outputs is None:
        return PlannedStack(name=name, state=StackState.MISSING)
    missing = tuple(key for key in map(output_key, provides) if key not in outputs)
    if missing:
        return PlannedStack(name=name, state=StackState.INCOMPLETE, missing_outputs=missing)
    # One that tells nothing of its content is taken as it is: `cdk diff` knows.
    is_same = outputs.get(output_key(DIGEST), digest) == digest
    return PlannedStack(name=name, state=StackState.DEPLOYED if is_same else StackState.CHANGED)


def orphaned_stacks(
    environment: Environment, deployed: Iterable[DeployedStack], needed: Collection[str]
) -> tuple[str, ...]:
    """The environment's stacks that are not among the needed ones, by name. Nothing is removed.

    Case does not count, so that a doubt never makes an orphan.
    A name alone does not tell: `hptc-a-dev-eu` is a spec's stack of `dev`, or all of `dev-eu`.
    """
    kept = {name.lower() for name in needed}
    return tuple(
        sorted(
            stack.name
            for stack in deployed
            if is_of(environment, stack) and stack.name.lower() not in kept
        )
    )


def is_of(environment: Environment, stack: DeployedStack) -> bool:
    """Whether a stack is the environment's, by its name and its tags."""
    own = environment.foundation_stack
    tags = {
        f"{TAG_PREFIX}project": environment.project,
        f"{TAG_PREFIX}environment": environment.name,
    }
    is_named_so = stack.name == own or stack.name.startswith(f"{own}-")
    return is_named_so and tags.items() <= dict(stack.tags).items()
