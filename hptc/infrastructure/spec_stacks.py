"""The stacks of an environment's specs, and where a deployed stack tells a reference's value."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from hptc.errors import UsageError
from hptc.infrastructure.foundation import foundation
from hptc.infrastructure.permissions import permissions
from hptc.infrastructure.s3_endpoint import check_reach
from hptc.infrastructure.statements import Condition, Statement, document
from hptc.project.project_file import Environment
from hptc.request.tuning_job import TuningJob

_LONGEST_ROLE_NAME = 64
_LARGEST_POLICY = 10_240
"""Of a role's inline policies: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
_STACK_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecStack:
    """What one spec has of its own: the role of its training jobs."""

    spec: str
    stack: str
    role_path: str
    role_name: str | None  # CloudFormation makes it up
    permissions_boundary: str | None
    trust: Statement
    permissions: tuple[Statement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """Where a deployment tells a value: an output of a stack."""

    stack: str
    key: str

    @property
    def export(self) -> str:
        """The name under which a foundation exports it to the stacks of the specs."""
        return f"{self.stack}:{self.key}"


def spec_stacks(
    environment: Environment, jobs: Iterable[tuple[str, TuningJob]]
) -> tuple[SpecStack, ...]:
    """The stacks that specs need, in the order of their names; one that brings its role has none.

    `jobs` are the names of specs and what they compile to. Raises UsageError for a name that
    CloudFormation can't take, or that two specs share, and for a bucket that the environment's
    network keeps from a spec's jobs.
    """
    stacks: dict[str, SpecStack] = {}
    for spec, job in jobs:
        check_reach(environment, spec, job)
        statements = permissions(environment, job) if environment.makes_roles else ()
        if not statements:
            continue
        stack = environment.spec_stack(spec)
        check_stack_name(stack)
        if stack.lower() in stacks:
            raise UsageError(
                f"two specs are named `{spec}`, and each needs a stack of that name",
                help="give one of them another `name`",
            )
        size = len(json.dumps(document(statements), separators=(",", ":")))
        if size > _LARGEST_POLICY:
            raise UsageError(
                f"the role of `{spec}` would have a policy of {size} characters, and "
                f"{_LARGEST_POLICY} is IAM's most",
                help="read fewer prefixes, or bring a role with `role_arn`",
            )
        stacks[stack.lower()] = SpecStack(
            spec=spec,
            stack=stack,
            role_path=environment.role_path,
            role_name=role_name(environment, stack),
            permissions_boundary=environment.infrastructure.permissions_boundary,
            trust=trust(environment),
            permissions=statements,
        )
    return tuple(stacks[name] for name in sorted(stacks))


def check_stack_name(stack: str) -> None:
    """Raise UsageError for a name that CloudFormation can't take."""
    if not _STACK_NAME.fullmatch(stack):
        raise UsageError(
            f"`{stack}` can't be the name of a stack",
            help="names of specs and environments have letters, digits and hyphens; together "
            "with the project's, 128 characters at most",
        )


def role_name(environment: Environment, stack: str) -> str | None:
    """A role's name under the environment's prefix: the stack's, cut with a hash to stay unique.

    None without a prefix: CloudFormation makes it up.
    """
    prefix = environment.infrastructure.role_name_prefix
    if prefix is None:
        return None
    name = f"{prefix}{stack.removeprefix('hptc-')}"
    if len(name) <= _LONGEST_ROLE_NAME:
        return name
    return f"{name[: _LONGEST_ROLE_NAME - 9]}-{sha256(name.encode()).hexdigest()[:8]}"


def trust(environment: Environment) -> Statement:
    """Who may take on the roles that hptc makes: SageMaker, for jobs of the same account."""
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
        reason="SageMaker runs the training jobs as this role, for jobs of this account only",
    )


def output_key(name: str) -> str:
    """The key of the output that tells a reference's value: `subnet_id_1` is SubnetId1."""
    return "".join(part.capitalize() for part in name.split("_"))


def locate(environment: Environment, name: str, spec: str) -> Output:
    """Where `${hptc:name}` of a spec's request is told, once the stacks are deployed.

    Raises UsageError for what this environment doesn't make.
    """
    if name == "execution_role_arn" and environment.makes_roles:
        stack = environment.spec_stack(spec)
    elif name in foundation(environment).provides:
        stack = environment.foundation_stack
    else:
        raise UsageError(
            f"`${{hptc:{name}}}`: the environment `{environment.name}` makes no such thing",
            help="see its `infrastructure` in hptc.yaml",
        )
    return Output(stack=stack, key=output_key(name))
