"""The SSM parameters that hptc.yaml names: those that exist, and whether a deployment can use them.

CloudFormation reads each as a String and uses its value as it is:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pydantic_core import PydanticCustomError

from hptc.account_checks.cached_queries import CachedQueries
from hptc.compiler.outcome import Origin
from hptc.diagnostics import Path
from hptc.frozen import frozen
from hptc.project.identifiers import SSM, Location, ResourceKind, mismatch, normalized
from hptc.project.infrastructure_choices import identifiers
from hptc.project.project_file import Environment
from hptc.project.references import PATTERN
from hptc.service.inventory import SsmParameter
from hptc.text import code, guarded

READABLE_TYPE = "String"
_AWS_ID = r"(?:vpc|subnet|sg|pl|rtb|igw|eni|vpce)-[0-9a-f]{1,17}|arn:[a-z-]+:[\w:/.@=,+-]{1,256}"
"""The values that a message shows. Any other value of a parameter may be a secret."""


@frozen
class NamedParameter:
    """A parameter in hptc.yaml: its key in `infrastructure`, and the kind of its resource."""

    path: Path
    kind: ResourceKind
    name: str


@frozen
class Problem:
    """Why a deployment can't use a parameter, in the words after its name, and what to do."""

    message: str
    label: str
    help: str


def named_parameters(origin: Origin) -> Iterator[NamedParameter]:
    """The parameters of an environment, as hptc.yaml names them."""
    if origin.project is None or origin.environment is None or not origin.environment.parameters:
        return
    entry = origin.project.file.environments[origin.environment.name]
    for path, kind, value in identifiers(entry.infrastructure):
        if value.startswith(SSM):
            yield NamedParameter(path=path, kind=kind, name=value.removeprefix(SSM))


def existing_parameters(
    environment: Environment, queries: CachedQueries
) -> Mapping[str, SsmParameter] | None:
    """The parameters of an environment that exist, by name; None if they can't be read."""
    names = tuple(sorted({*environment.parameters.values()}))
    answer = queries.get("SSM parameters", queries.account.inventory.parameters, names)
    return answer.value if answer is not None else None


def problem_of(
    parameter: SsmParameter, kind: ResourceKind, environment: Environment
) -> Problem | None:
    """Why a deployment can't use a parameter that exists; None if it can."""
    if parameter.type != READABLE_TYPE:
        return Problem(
            message=f"is a {parameter.type}, but CloudFormation reads it as a {READABLE_TYPE}",
            label=f"a {parameter.type}",
            help=f"use a parameter of the type {READABLE_TYPE}",
        )
    value = parameter.value
    shown = code(value) if re.fullmatch(_AWS_ID, value) else guarded(value)
    label = f"not a usable {kind.noun}"
    location = Location(account=environment.account, region=environment.region)
    try:
        kind.check_literal(value)
    except PydanticCustomError:
        return Problem(
            message=f"has the value {shown}, which is not a valid {kind.noun}",
            label=label,
            help=f"store the ARN of a {kind.noun}"
            if kind.normal_form == "arn"
            else f"store a {kind.noun}, such as {kind.example.partition(', ')[0]}",
        )
    if (other := mismatch(value, kind, location)) is not None:
        return Problem(
            message=f"has the value {shown}, a {kind.noun} in the {other.part} {other.actual}, but "
            f"the environment is in {other.expected}",
            label=label,
            help=f"store a {kind.noun} in {other.expected}",
        )
    usable = normalized(value, kind, location)
    if usable != value:
        return Problem(
            message=f"has the value {shown}, which requests can't contain in this form",
            label=label,
            help=f"store `{usable}`",
        )
    return None


def resolved(origin: Origin, text: str, queries: CachedQueries) -> str | None:
    """A value of `infrastructure`, or that of its SSM parameter; None if that can't be used."""
    match = PATTERN.fullmatch(text)
    return text if match is None else parameter_value(origin, match[1], queries)


def parameter_value(origin: Origin, name: str, queries: CachedQueries) -> str | None:
    """What a reference to an SSM parameter stands for, before a stack provides it.

    None for a reference to anything else, and for a parameter that a deployment can't use.
    """
    environment = origin.environment
    if environment is None or name not in environment.parameters:
        return None
    parameter = (existing_parameters(environment, queries) or {}).get(environment.parameters[name])
    if parameter is None:
        return None
    kinds = [
        parameter.kind
        for parameter in named_parameters(origin)
        if parameter.name == environment.parameters[name]
    ]
    is_usable = all(problem_of(parameter, kind, environment) is None for kind in kinds)
    return parameter.value if is_usable else None
