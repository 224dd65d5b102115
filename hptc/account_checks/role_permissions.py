"""Asks IAM whether an execution role may do what a tuning job requires of it.

IAM's policy simulator reads the policies of the role, its permissions boundary and the service
control policies of the organization. It can't read the policies of buckets and keys for a role, so
each finding is a warning:
https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

from hptc.account_checks.deployed_spec import Subject
from hptc.catalog.arn import ARN
from hptc.compiler.outcome import CompiledSpec
from hptc.diagnostics import Finding, RequestPath, Severity
from hptc.infrastructure.permissions import MANAGED_ROLE, needed_by
from hptc.infrastructure.statements import Statement
from hptc.project.project_file import Environment
from hptc.project.references import has_reference
from hptc.request.tuning_job import Definition
from hptc.service.inventory import SimulatedCalls, SimulatedDecision
from hptc.text import listed, listed_code

_UNCERTAIN = ("FindLogs", "ReadManifest", "SealOutput")
"""The statements that allow more than one call may need: both forms of a log group's ARN, every
object that a manifest can list, and a key for either of two services."""

_WILDCARD = re.compile(r"\$\{([*?$])\}|[*?]")

Source = Literal["organization", "boundary", "deny", "none"]
"""What denies an action: a service control policy, the boundary, a Deny statement, or that no
policy allows it."""


def role_permissions(subject: Subject) -> Iterator[Finding]:
    """HPT944: a permission that a tuning job needs and its execution role lacks.

    The policy of a role that hptc creates follows its spec when it is deployed, so only its
    boundary and the organization are checked.
    """
    environment = subject.compiled.environment
    if environment is None:
        return
    written = subject.compiled.job.definitions
    for definition, as_written in zip(subject.job.definitions, written, strict=True):
        role = ARN.parse(definition.role_arn)
        if has_reference(definition.role_arn) or role is None or role.service != "iam":
            continue
        if role.account != environment.account:
            continue  # HPT502 reports it
        is_managed = as_written.role_arn == MANAGED_ROLE
        yield from _missing(subject, environment, definition, is_managed=is_managed)


def _missing(
    subject: Subject, environment: Environment, definition: Definition, *, is_managed: bool
) -> Iterator[Finding]:
    queries = subject.queries
    compiled = subject.compiled
    is_scheduled = isinstance(compiled, CompiledSpec) and compiled.schedule is not None
    spec = compiled.name if is_scheduled else None
    denied: dict[tuple[RequestPath, Source], list[SimulatedDecision]] = {}
    for statement in needed_by(environment, subject.job, definition, spec=spec):
        calls = _calls(statement, environment)
        if calls is None:
            continue
        answer = queries.get(
            "permissions of roles", queries.account.inventory.simulate, definition.role_arn, calls
        )
        if answer is None:
            return
        patterns = dict(zip(calls.resources, statement.resources, strict=True))
        for decision in answer.value:
            source = _source(decision)
            if source is not None and not (is_managed and source in ("deny", "none")):
                pattern = patterns.get(decision.resource, decision.resource)
                shown = replace(decision, resource=pattern)
                denied.setdefault((statement.required_by[0], source), []).append(shown)
    for (path, source), decisions in denied.items():
        yield _finding(definition.role_arn, path, source, decisions)


def _source(decision: SimulatedDecision) -> Source | None:
    """What denies an action; None if it is allowed, or if that depends on an unknown condition."""
    if not decision.is_in_organization:
        return "organization"
    if not decision.is_in_boundary:
        return "boundary"
    if decision.is_denied:
        return None if decision.missing_keys else "deny"
    return None if decision.is_allowed else "none"


def _finding(
    role_arn: str, path: RequestPath, source: Source, decisions: Sequence[SimulatedDecision]
) -> Finding:
    role = role_arn.rpartition("/")[2]
    actions = dict.fromkeys(decision.action for decision in decisions)
    resources = dict.fromkeys(decision.resource for decision in decisions)
    keys = dict.fromkeys(key for decision in decisions for key in decision.missing_keys)
    problem = {
        "organization": f"a service control policy denies the role `{role}`",
        "boundary": f"the permissions boundary of the role `{role}` does not allow",
        "deny": f"a policy of the role `{role}` denies",
        "none": f"no policy of the role `{role}` allows",
    }[source]
    help = {
        "organization": "ask the owner of the organization to allow it",
        "boundary": "allow it in the boundary too",
        "deny": "remove the Deny statement, or exclude this resource from it",
        "none": "add it to a policy of the role: `hptc permissions SPEC --format json` prints all "
        "statements; a policy of the bucket, key or repository may allow it instead, which this "
        "check can't see",
    }[source]
    unknown = f"; conditions on {listed_code(keys)} were not evaluated" if keys else ""
    return Finding(
        code="HPT944",
        severity=Severity.WARNING,
        message=f"{problem} {listed(actions)} on {listed_code(resources)}",
        path=path,
        label="not allowed",
        help=f"{help}{unknown}",
    )


def _calls(statement: Statement, environment: Environment) -> SimulatedCalls | None:
    """The calls that a statement allows, with an example of what each wildcard matches.

    None if its resources are not known exactly, or belong to another account.
    """
    condition_values = [value for condition in statement.conditions for value in condition.values]
    texts = [*statement.resources, *condition_values]
    if statement.sid.startswith(_UNCERTAIN) or any(has_reference(text) for text in texts):
        return None
    if any(condition.operator.startswith("ForAnyValue") for condition in statement.conditions):
        return None  # a key that only its alias identifies
    resources = [_example(resource, environment) for resource in statement.resources]
    owners = {arn.account for text in resources if (arn := ARN.parse(text)) is not None}
    if not owners <= {"", environment.account}:
        return None  # its owner's policy decides too
    return SimulatedCalls(
        actions=statement.actions,
        resources=tuple(resources),
        context=(
            *_common_context(environment),
            # Of several values, the last is the narrowest.
            *(
                (condition.key, _example(condition.values[-1], environment, any_text=""))
                for condition in statement.conditions
            ),
        ),
    )


def _common_context(environment: Environment) -> tuple[tuple[str, str], ...]:
    """The values of condition keys that many policies compare and every call has."""
    return (
        ("aws:PrincipalAccount", environment.account),
        ("aws:RequestedRegion", environment.region),
        ("aws:ResourceAccount", environment.account),
        ("aws:SecureTransport", "true"),
        ("s3:ResourceAccount", environment.account),
    )


def _example(pattern: str, environment: Environment, any_text: str = "example") -> str:
    """A text that a pattern of a policy matches. `any_text` is what `*` matches.

    An S3 prefix that does not end in `/` is a file if it has an extension, or else a folder.
    """

    def replaced(match: re.Match[str]) -> str:
        if match[1] is not None:
            return match[1]
        if match[0] == "?":
            return "{" if pattern.startswith("{", match.end()) else "0"
        before = pattern[: match.start()]
        if any_text and ":s3:::" in before and "/" in before and not before.endswith("/"):
            return "" if "." in before.rpartition("/")[2] else f"/{any_text}"
        return any_text

    if pattern == "*":
        return pattern
    arn = ARN.parse(pattern)
    if arn is not None and arn.account == "*":
        pattern = str(replace(arn, account=environment.account))
    return _WILDCARD.sub(replaced, pattern)
