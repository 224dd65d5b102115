"""Who a stack belongs to, by its tags: a project, an environment and a repository.

The name of a stack contains that of its project, and two teams may choose the same name. Deploying
over another team's stack would replace its roles and remove its buckets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hptc.infrastructure.provenance_tags import TAG_PREFIX, tag_value
from hptc.infrastructure.statements import Condition
from hptc.project.project_file import Environment

_PROJECT, _ENVIRONMENT, _REPOSITORY = (
    f"{TAG_PREFIX}{part}" for part in ("project", "environment", "repository")
)


def resource_tags(environment: Environment) -> dict[str, str]:
    """The tags of every resource in an environment's stacks, and of the stacks."""
    return {_PROJECT: environment.project, _ENVIRONMENT: environment.name}


def stack_tags(environment: Environment) -> dict[str, str]:
    """The tags of an environment's stacks; the repository only if it is known."""
    repository = tag_value(environment.repository)
    return resource_tags(environment) | ({_REPOSITORY: repository} if repository else {})


def new_with_tags(environment: Environment) -> tuple[Condition, ...]:
    """Conditions that a new resource gets the environment's tags."""
    return _tagged("StringEquals", "aws:RequestTag", environment)


def with_tags(environment: Environment) -> tuple[Condition, ...]:
    """Conditions that a resource has the environment's tags."""
    return _tagged("StringEquals", "aws:ResourceTag", environment)


def not_of_others(environment: Environment) -> tuple[Condition, ...]:
    """Conditions that a resource does not have the tags of another environment."""
    return _tagged("StringEqualsIfExists", "aws:ResourceTag", environment)


def _tagged(operator: str, key: str, environment: Environment) -> tuple[Condition, ...]:
    return tuple(
        Condition(operator=operator, key=f"{key}/{tag}", values=(value,))
        for tag, value in resource_tags(environment).items()
    )


def is_own(environment: Environment, tags: Mapping[str, str]) -> bool:
    """Whether a stack with these tags belongs to an environment.

    A stack without a repository belongs to every repository with a project of its name.
    """
    ours = stack_tags(environment)
    return all(
        tags.get(key, ours[key] if key == _REPOSITORY else None) == ours[key] for key in ours
    )


def owner_text(tags: Mapping[str, str]) -> str:
    """The owner of a stack as messages name it."""
    if _PROJECT not in tags:
        return "was not created by hptc: it has no tag `hptc:project`"
    environment = tags.get(_ENVIRONMENT, "")
    repository = tags.get(_REPOSITORY, "")
    return (
        f"belongs to the project `{tags[_PROJECT]}`"
        + (f", environment `{environment}`" if environment else "")
        + (f", in {repository}" if repository else "")
    )


def foreign_stack(environment: Environment, stack: str, tags: Mapping[str, str]) -> str:
    """Why an environment can't use a stack, with the stack's owner; empty for its own stack."""
    if is_own(environment, tags):
        return ""
    return f"the stack `{stack}` {owner_text(tags)}; this is {_environment_text(environment)}"


def adoption_help(environment: Environment, stacks: Sequence[str]) -> str:
    """What to do about stacks of another project or repository."""
    adopt = " ".join(f"--adopt {stack}" for stack in stacks)
    return (
        "rename the project or the environment; to take over "
        f"{'the stack' if len(stacks) == 1 else 'the stacks'}, run `hptc deploy --env "
        f"{environment.name} {adopt}`"
    )


def _environment_text(environment: Environment) -> str:
    where = f", in {environment.repository}" if environment.repository else ""
    return f"the project `{environment.project}`, environment `{environment.name}`{where}"
