"""The names of stacks and roles: whether AWS accepts them, and whether two of them collide."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Literal

from hptc.frozen import frozen
from hptc.infrastructure.stack_outputs import foundation_outputs
from hptc.project.project_file import Environment, Project

MAX_STACK_NAME = 128
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html"""
_STACK_NAME = re.compile(rf"[A-Za-z][A-Za-z0-9-]{{0,{MAX_STACK_NAME - 1}}}")
_MAX_ROLE_NAME = 64
MAX_CUT_ROLE_NAME = _MAX_ROLE_NAME - len("-00000000")
"""This much of a role's name is kept if it is too long."""
GENERATED_PREFIX_LENGTH = 24
"""This much of a stack's name is at the start of every name that CloudFormation generates in it. It
cuts the stack's name and the logical ID to fit: of 64 characters of a role's name, 13 are a suffix.
"""
MACHINE_ROLE, SCHEDULER_ROLE = "machine", "scheduler"


def is_stack_name(name: str) -> bool:
    """Whether CloudFormation accepts a stack's name."""
    return _STACK_NAME.fullmatch(name) is not None


def role_name(environment: Environment, stack: str) -> str | None:
    """The name of a stack's role: the environment's prefix and the stack's name.

    A name that is too long is cut, and ends in a hash so that it stays unique. None without a
    prefix: CloudFormation generates the name.
    """
    prefix = environment.infrastructure.role_name_prefix
    if prefix is None:
        return None
    name = f"{prefix}{stack.removeprefix('hptc-')}"
    if len(name) <= _MAX_ROLE_NAME:
        return name
    return f"{name[:MAX_CUT_ROLE_NAME]}-{sha256(name.encode()).hexdigest()[:8]}"


def passable_roles(environment: Environment) -> str:
    """The start of the path and name of the roles that launchers may pass."""
    prefix = environment.infrastructure.role_name_prefix
    names = f"{prefix}{environment.project}-{environment.name}-" if prefix else ""
    return f"{environment.role_path}{names}"


def created_roles(environment: Environment) -> str:
    """The start of the path and name of every role that hptc creates in an environment.

    A generated name starts with that of its stack.
    """
    prefix = environment.infrastructure.role_name_prefix or "hptc-"
    return f"{environment.role_path}{prefix}{environment.project}-{environment.name}-"


@frozen
class NamedSpec:
    """A spec of a project, and which stacks it may have."""

    name: str
    has_managed_role: bool  # in an environment whose `execution_role` is `managed`
    is_scheduled: bool


@frozen
class NameOwner:
    """The owner of a name: a spec in an environment, or the environment's foundation (no spec)."""

    environment: str
    spec: str | None = None
    is_schedule: bool = False

    def __str__(self) -> str:
        if self.spec is None:
            return f"the environment `{self.environment}`"
        subject = "the schedule of the spec" if self.is_schedule else "the spec"
        return f"{subject} `{self.spec}` in the environment `{self.environment}`"


@frozen
class NameCollision:
    """Two owners of one name in one account: deploying one replaces the other."""

    resource: Literal["stack", "role"]
    name: str
    owner: NameOwner
    other: NameOwner

    @property
    def message(self) -> str:
        """The collision as a sentence."""
        return f"{self.owner} and {self.other} need the same {self.resource}, `{self.name}`"


Key = tuple[str, ...]


def name_collisions(project: Project, specs: Iterable[NamedSpec]) -> list[NameCollision]:
    """Each name that two owners in a project's environments need.

    `owner` is always a spec: foundations come first. Two specs that collide in several environments
    are reported once, and two specs of one name are not reported.
    """
    environments = [
        environment
        for name in project.file.environments
        if (environment := project.environment(name))
    ]
    specs = list(specs)
    taken: dict[Key, NameOwner] = {}
    for environment in environments:
        if foundation_outputs(environment):
            key = _stack_key(environment, environment.foundation_stack)
            taken.setdefault(key, NameOwner(environment=environment.name))
    collisions: dict[Key, NameCollision] = {}
    for environment in environments:
        for spec in specs:
            for key, resource, name, owner in _names(project, environment, spec):
                other = taken.setdefault(key, owner)
                if other != owner and not _is_same_spec(owner, other):
                    collision = NameCollision(
                        resource=resource, name=name, owner=owner, other=other
                    )
                    collisions.setdefault(_collision_key(collision), collision)
    return list(collisions.values())


def _names(
    project: Project, environment: Environment, spec: NamedSpec
) -> Iterator[tuple[Key, Literal["stack", "role"], str, NameOwner]]:
    """Each name that a spec needs in an environment, and the scope in which it must be unique."""
    overrides = project.file.environments[environment.name].overrides
    is_scheduled = (
        overrides["schedule"] is not None if "schedule" in overrides else spec.is_scheduled
    )
    stacks: list[tuple[str, bool, tuple[str, ...]]] = []
    if spec.has_managed_role and environment.infrastructure.execution_role == "managed":
        stack = environment.spec_stack(spec.name)
        stacks.append((stack, False, (stack,)))
    if is_scheduled:
        stack = environment.schedule_stack(spec.name)
        stacks.append((stack, True, (f"{stack}-{MACHINE_ROLE}", f"{stack}-{SCHEDULER_ROLE}")))
    for stack, is_schedule, roles in stacks:
        owner = NameOwner(environment=environment.name, spec=spec.name, is_schedule=is_schedule)
        yield _stack_key(environment, stack), "stack", stack, owner
        for name in roles:
            # IAM is global: a role's name is unique in all Regions of an account.
            if (role := role_name(environment, name)) is not None:
                yield ("role", environment.account, role.lower()), "role", role, owner


def _stack_key(environment: Environment, stack: str) -> Key:
    return ("stack", environment.account, environment.region, stack.lower())


def _collision_key(collision: NameCollision) -> Key:
    """A key for reporting collisions once: the same owners collide in every environment."""
    owner, other = collision.owner, collision.other
    is_inside_one = owner.environment == other.environment
    environments = () if is_inside_one else (owner.environment, other.environment)
    specs = (f"{side.spec}{' schedule' * side.is_schedule}" for side in (owner, other))
    return (*specs, *environments)


def _is_same_spec(owner: NameOwner, other: NameOwner) -> bool:
    return (
        owner.spec is not None
        and other.spec is not None
        and owner.spec.lower() == other.spec.lower()
        and (owner.environment, owner.is_schedule) == (other.environment, other.is_schedule)
    )
