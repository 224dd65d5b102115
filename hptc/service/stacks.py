"""Looks up the stacks of a deployment, and refuses those that it must not change."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from hptc.errors import AwsError, OperationError
from hptc.infrastructure.stack_owner import adoption_help, foreign_stack
from hptc.project.project_file import Environment
from hptc.service.interface import DeployedStack, StackReader
from hptc.text import listed_code

_MANY = 20  # one call lists about a hundred stacks


def existing_stacks(names: Collection[str], stacks: StackReader) -> dict[str, DeployedStack]:
    """The stacks with these names that exist, by name. Few stacks are described one by one.

    Many are looked up in a list, unless the caller may not list stacks. A stack in review has no
    resources yet, so it doesn't count.
    """
    existing = _listed(names, stacks) if len(names) > _MANY else None
    if existing is None:
        existing = [stack for name in sorted(names) if (stack := stacks.find(name)) is not None]
    return {stack.name: stack for stack in existing if stack.status != "REVIEW_IN_PROGRESS"}


def _listed(names: Collection[str], stacks: StackReader) -> list[DeployedStack] | None:
    """The stacks with these names; None if the caller may only describe stacks by name."""
    try:
        return [stack for stack in stacks.list_stacks() if stack.name in names]
    except AwsError as error:
        if error.code != "AccessDenied":
            raise
        return None


def check_owners(
    environment: Environment, stacks: Iterable[DeployedStack], adopted: Collection[str] = ()
) -> None:
    """Raise OperationError if a stack belongs to another project and is not adopted by name."""
    foreign = [
        (stack.name, reason)
        for stack in stacks
        if stack.name not in adopted
        and (reason := foreign_stack(environment, stack.name, stack.tags))
    ]
    if foreign:
        others = [name for name, _ in foreign[1:]]
        raise OperationError(
            foreign[0][1] + (f"; the same applies to {listed_code(others)}" if others else ""),
            help=adoption_help(environment, [name for name, _ in foreign]),
        )


def check_unchanging(stacks: Iterable[DeployedStack]) -> None:
    """Raise OperationError if another deployment is changing a stack."""
    for stack in stacks:
        if stack.is_changing:
            raise OperationError(
                f"another deployment is changing the stack `{stack.name}` ({stack.status}); "
                "nothing was deployed",
                help="rerun `hptc deploy` when it has finished",
            )
