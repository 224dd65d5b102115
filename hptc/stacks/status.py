"""Compares the stacks that specs need with those that are deployed.

Without Node, this finds whether a stack exists, has all its outputs, and was deployed from the same
content, by the digest among its outputs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from hptc.aws.aws_errors import is_access_denied
from hptc.compiler.deployable import deployable_specs
from hptc.compiler.outcome import Compiled
from hptc.errors import AwsError
from hptc.infrastructure.environment_stacks import EnvironmentStacks, environment_stacks
from hptc.infrastructure.stack_digest import is_current
from hptc.infrastructure.stack_outputs import output_key
from hptc.infrastructure.stack_owner import is_own, owner_text
from hptc.project.project_file import Environment
from hptc.service.interface import DeployedStack, StackReader
from hptc.stacks.results import StackState, StackStatus, StackStatuses


def current_digests(compiled: Sequence[Compiled]) -> dict[str, str]:
    """The digests of the stacks that specs need, as they are now, by the stack's name."""
    by_environment: dict[tuple[str, str], list[Compiled]] = {}
    for spec in compiled:
        if spec.environment is not None:
            key = (spec.environment.project, spec.environment.name)
            by_environment.setdefault(key, []).append(spec)
    digests: dict[str, str] = {}
    for specs in by_environment.values():
        if (environment := specs[0].environment) is not None:
            digests |= environment_stacks(environment, deployable_specs(specs)).digests
    return digests


def stack_statuses(
    environment: Environment,
    needed: EnvironmentStacks,
    stacks: StackReader,
    *,
    is_whole_project: bool,
) -> StackStatuses:
    """The state of every stack that is needed; of a whole project, also the orphaned stacks.

    Orphaned stacks stay unknown if the caller may only describe stacks by name.
    """
    outputs = needed.outputs
    orphaned: tuple[str, ...] = ()
    listing_error = ""
    if is_whole_project:
        try:
            orphaned = orphaned_stacks(environment, stacks.list_stacks(), outputs)
        except AwsError as error:
            if not is_access_denied(error):
                raise
            listing_error = error.message
    return StackStatuses(
        needed=tuple(
            _status(environment, name, stacks, references, needed.digests[name])
            for name, references in outputs.items()
        ),
        orphaned=orphaned,
        listing_error=listing_error,
    )


def _status(
    environment: Environment,
    name: str,
    stacks: StackReader,
    references: Sequence[str],
    digest: str,
) -> StackStatus:
    stack = stacks.find(name)
    if stack is None:
        return StackStatus(name=name, state=StackState.MISSING)
    if not is_own(environment, stack.tags):
        return StackStatus(name=name, state=StackState.FOREIGN, owner=owner_text(stack.tags))
    missing = tuple(key for key in map(output_key, references) if key not in stack.outputs)
    if missing:
        return StackStatus(name=name, state=StackState.INCOMPLETE, missing_outputs=missing)
    is_same = is_current(stack.outputs, digest)
    return StackStatus(name=name, state=StackState.DEPLOYED if is_same else StackState.CHANGED)


def orphaned_stacks(
    environment: Environment, deployed: Iterable[DeployedStack], needed: Collection[str]
) -> tuple[str, ...]:
    """The names of the environment's stacks that are not needed.

    Names are compared ignoring case, so that a stack that may be needed is never an orphan.
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
    """Whether a stack belongs to the environment, by its name and its tags.

    The name alone is ambiguous: `hptc-a-dev-eu` is the stack of a spec in `dev`, or the foundation
    of `dev-eu`.
    """
    own = environment.foundation_stack
    has_name = stack.name == own or stack.name.startswith(f"{own}-")
    return has_name and is_own(environment, stack.tags)
