"""The role stacks of an environment's specs: tuning jobs in, execution roles out."""

from __future__ import annotations

from collections.abc import Iterable

from hptc.frozen import frozen
from hptc.infrastructure.permissions import has_managed_role, permissions
from hptc.infrastructure.stack_names import role_name
from hptc.infrastructure.statements import Condition, Statement
from hptc.project.project_file import Environment
from hptc.request.tuning_job import TuningJob


@frozen
class SpecStack:
    """The stack of one spec: the execution role of its training jobs."""

    spec: str
    stack: str
    role_path: str
    role_name: str | None  # None: CloudFormation generates it
    permissions_boundary: str | None
    trust: Statement
    permissions: tuple[Statement, ...]


def spec_stacks(
    environment: Environment, jobs: Iterable[tuple[str, TuningJob]]
) -> tuple[SpecStack, ...]:
    """The stacks of specs, in the order of their names. A spec with an existing role has none.

    `jobs` are the names of specs and what they compile to; if two specs have the same name, the
    first one counts. Rules HPT530 to HPT534 report what AWS would reject.
    """
    stacks: dict[str, SpecStack] = {}
    for spec, job in jobs:
        if not has_managed_role(environment, job):
            continue
        stack = environment.spec_stack(spec)
        role_stack = SpecStack(
            spec=spec,
            stack=stack,
            role_path=environment.role_path,
            role_name=role_name(environment, stack),
            permissions_boundary=environment.infrastructure.permissions_boundary,
            trust=trust(environment),
            permissions=permissions(environment, job, spec=spec),
        )
        stacks.setdefault(stack.lower(), role_stack)
    return tuple(stacks[name] for name in sorted(stacks))


def trust(environment: Environment) -> Statement:
    """The trust policy of roles that hptc creates: SageMaker, for jobs in the same account."""
    return Statement(
        sid="SageMakerOfThisAccount",
        principal=("Service", "sagemaker.amazonaws.com"),
        actions=("sts:AssumeRole",),
        # https://docs.aws.amazon.com/sagemaker/latest/dg/security-confused-deputy-prevention.html
        conditions=(
            Condition(
                operator="StringEquals", key="aws:SourceAccount", values=(environment.account,)
            ),
        ),
        reason="SageMaker runs training jobs with this role, for jobs of this account only",
    )
