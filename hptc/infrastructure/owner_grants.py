"""The statements that the owner of an existing bucket, key or repository must add to its policy.

If a role uses a resource of another account, IAM evaluates the policies of both. Within one account
a bucket or repository needs no statement, and a key needs one only if its policy does not leave the
decision to IAM: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from hashlib import sha256

from hptc.catalog.arn import ARN
from hptc.catalog.images import identify, parse_image
from hptc.frozen import frozen
from hptc.infrastructure.arns import account_root, arn
from hptc.infrastructure.permissions import MANAGED_ROLE, permissions
from hptc.infrastructure.statements import Condition, Statement, merge
from hptc.project.project_file import Environment
from hptc.project.references import reference
from hptc.request.tuning_job import TuningJob


@frozen
class OwnerGrant:
    """Statements for the policy of one resource. `account` is None if its name does not show it."""

    kind: str  # bucket | access point | key | repository
    name: str
    account: str | None
    statements: tuple[Statement, ...]


def owner_grants(
    environment: Environment, jobs: Iterable[tuple[str, TuningJob]]
) -> tuple[OwnerGrant, ...]:
    """The statements that owners of existing resources must add for an environment's specs.

    A repository is listed if it belongs to another account and is not AWS's. The name of a
    bucket does not show its account, so each bucket is listed.
    """
    by_owner: dict[tuple[str, str, str | None], list[Statement]] = {}
    for _, job in jobs:
        for role in dict.fromkeys(definition.role_arn for definition in job.definitions):
            for statement in permissions(environment, job, role):
                for place, part in _split(statement, job, environment):
                    by_owner.setdefault(place, []).append(_with_principal(role, part, environment))
    return tuple(
        OwnerGrant(kind=kind, name=name, account=account, statements=merge(statements))
        for (kind, name, account), statements in sorted(
            by_owner.items(), key=lambda item: (item[0][0], item[0][1])
        )
    )


def _split(
    statement: Statement, job: TuningJob, environment: Environment
) -> Iterator[tuple[tuple[str, str, str | None], Statement]]:
    """The parts of a statement: each resource that needs a grant, and the statement for it."""
    service = statement.actions[0].partition(":")[0]
    for resource in statement.resources:
        match service:
            case "s3" | "s3express":
                bucket = _bucket(resource)
                if not _is_managed(bucket, environment):
                    account = _account(bucket)
                    kind = "access point" if ":accesspoint/" in bucket else "bucket"
                    yield (kind, bucket, account), replace(statement, resources=(resource,))
            case "kms":
                if not _is_managed(resource, environment):
                    account = _account(resource)
                    for name in _aliases(statement) or (resource,):
                        yield ("key", name, account), _in_key_policy(statement)
            case "ecr":
                account = _account(resource)
                if account not in (None, environment.account) and not _is_aws_repository(
                    resource, job
                ):
                    yield ("repository", resource, account), replace(statement, resources=())
            case _:
                continue


def _account(resource: str) -> str | None:
    """The account in an ARN; None for other text, and for an ARN without one."""
    arn = ARN.parse(resource)
    return (arn.account or None) if arn is not None else None


def _bucket(resource: str) -> str:
    """The ARN of the bucket or access point in an object's ARN."""
    parts = resource.split("/")
    return "/".join(parts[:2]) if ":accesspoint/" in resource else parts[0]


def _is_managed(name: str, environment: Environment) -> bool:
    chosen = environment.infrastructure
    choices = {
        "artifact_bucket": chosen.artifact_bucket,
        "data_bucket": chosen.data_bucket,
        "kms_key_arn": chosen.kms_key,
    }
    return any(
        choice == "managed" and name.endswith(reference(key)) for key, choice in choices.items()
    )


def _aliases(statement: Statement) -> tuple[str, ...]:
    return tuple(
        value
        for condition in statement.conditions
        if condition.key == "kms:ResourceAliases"
        for value in condition.values
    )


def _in_key_policy(statement: Statement) -> Statement:
    """The statement for a key's own policy, in which `*` means the key: an alias is not needed."""
    return replace(
        statement,
        sid=statement.sid.partition("ByAlias")[0],
        resources=("*",),
        conditions=tuple(
            condition
            for condition in statement.conditions
            if condition.key != "kms:ResourceAliases"
        ),
    )


def _is_aws_repository(repository: str, job: TuningJob) -> bool:
    for definition in job.definitions:
        image = parse_image(definition.training_image or "")
        if image is not None and repository.endswith(
            f":{image.account}:repository/{image.repository}"
        ):
            return identify(definition.training_image or "") is not None
    return False


def _with_principal(role: str, statement: Statement, environment: Environment) -> Statement:
    """The statement for a principal: a role by its name, or all managed roles of the environment.

    Managed roles come and go with their specs, so they are identified by their account and path: a
    policy that names a role loses its effect when the role is recreated:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    owner = "".join(
        part.capitalize() for part in f"{environment.project}-{environment.name}".split("-")
    )
    owner = "".join(letter for letter in owner if letter.isalnum())
    sid = f"{owner}{statement.sid}"
    if role != MANAGED_ROLE:
        mark = sha256(role.encode()).hexdigest()[:6]
        return replace(statement, sid=f"{sid}{mark}", principal=("AWS", role))
    if not environment.has_managed_roles:
        return replace(statement, sid=sid, principal=("AWS", role))
    roles = arn(environment, "iam", f"role{environment.role_path}*", is_global=True)
    return replace(
        statement,
        sid=sid,
        principal=("AWS", account_root(environment)),
        conditions=(
            *statement.conditions,
            Condition(operator="ArnLike", key="aws:PrincipalArn", values=(roles,)),
        ),
    )
