"""Checks the image, role, KMS keys and network of a tuning job."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.account_checks.deployed_spec import Subject
from hptc.catalog.arn import ARN
from hptc.catalog.images import identify, parse_image
from hptc.diagnostics import Finding, RequestPath, Severity
from hptc.project.references import has_reference
from hptc.request.tuning_job import Definition, Vpc

_ADDRESSES = 2
"""Per instance: https://docs.aws.amazon.com/sagemaker/latest/dg/train-vpc.html"""


def images(subject: Subject) -> Iterator[Finding]:
    """HPT931: an image that ECR does not have. AWS's own images are not checked."""
    for definition in subject.job.definitions:
        uri = definition.training_image or ""
        image = parse_image(uri)
        if image is None or has_reference(uri) or identify(uri) is not None:
            continue
        answer = subject.queries.get(
            "images", subject.queries.account.inventory.missing_image_part, image
        )
        if answer is None or not answer.value:
            continue
        version = image.digest or image.tag or "latest"
        yield Finding(
            code="HPT931",
            message=f"ECR has no repository `{image.repository}` in {image.account}"
            if answer.value == "repository"
            else f"the repository `{image.repository}` has no image `{version}`",
            path=definition.path / "AlgorithmSpecification" / "TrainingImage",
            label="not found",
            help="push the image, or fix the name",
        )


def roles(subject: Subject) -> Iterator[Finding]:
    """HPT941 and HPT942: a role that does not exist, or that SageMaker may not assume."""
    environment = subject.compiled.environment
    for definition in subject.job.definitions:
        arn = definition.role_arn
        if has_reference(arn):
            continue
        parts = ARN.parse(arn)
        if parts is None:
            continue
        account, name = parts.account, parts.resource.rpartition("/")[2]
        if environment is not None and account != environment.account:
            continue  # HPT502 reports it, and IAM only returns roles of the caller's account
        path = definition.path / "RoleArn"
        answer = subject.queries.get("roles", subject.queries.account.inventory.role, name)
        if answer is None:
            continue
        role = answer.value
        theirs = ARN.parse(role.arn) if role is not None else None
        if theirs is not None and theirs.account != account:
            continue  # the credentials are for another account than the role
        if role is None or role.arn != arn:
            yield Finding(
                code="HPT941",
                message=f"the role `{arn}` does not exist",
                path=path,
                label="not found",
                help=f"the role of this name is `{role.arn}`"
                if role
                else "create it, or fix its name; `hptc deploy` creates a role if the spec has no "
                "`role_arn` and the environment has `execution_role: managed`",
            )
        elif not role.services & {"sagemaker.amazonaws.com", "*"}:
            yield Finding(
                code="HPT942",
                message=f"SageMaker may not assume the role `{name}`",
                path=path,
                help="allow sts:AssumeRole for sagemaker.amazonaws.com in the role's trust policy",
            )


def keys(subject: Subject) -> Iterator[Finding]:
    """HPT951: a KMS key that does not exist or is not enabled."""
    for definition in subject.job.definitions:
        for key, path in _keys(definition):
            if has_reference(key):
                continue
            answer = subject.queries.get("keys", subject.queries.account.inventory.key_state, key)
            if answer is None or answer.value == "Enabled":
                continue
            state = answer.value
            yield Finding(
                code="HPT951",
                message=f"the KMS key `{key}` does not exist in {subject.queries.account.region}"
                if state is None
                else f"the KMS key `{key}` is {state}",
                path=path,
                label="not found" if state is None else "not enabled",
                help="use an enabled key",
            )


def _keys(definition: Definition) -> Iterator[tuple[str, RequestPath]]:
    if definition.output_kms_key_id is not None:
        yield definition.output_kms_key_id, definition.path / "OutputDataConfig" / "KmsKeyId"
    for resources in definition.resources:
        if resources.volume_kms_key_id is not None:
            yield resources.volume_kms_key_id, resources.path / "VolumeKmsKeyId"


def networks(subject: Subject) -> Iterator[Finding]:
    """HPT961 to HPT963: subnets and security groups that do not exist or do not fit."""
    for definition in subject.job.definitions:
        vpc = definition.vpc
        if vpc is not None and not any(map(has_reference, vpc.subnets + vpc.security_group_ids)):
            yield from _network(subject, definition, vpc)


def _network(subject: Subject, definition: Definition, vpc: Vpc) -> Iterator[Finding]:
    inventory, region = subject.queries.account.inventory, subject.queries.account.region
    subnets = subject.queries.get("subnets", inventory.subnets, vpc.subnets)
    groups = subject.queries.get(
        "security groups", inventory.security_groups, vpc.security_group_ids
    )
    owners: dict[str, str] = {}  # the VPC by subnet or security group
    is_complete = subnets is not None and groups is not None
    for member, ids, found in (
        ("Subnets", vpc.subnets, {i: s.vpc for i, s in subnets.value.items()} if subnets else None),
        ("SecurityGroupIds", vpc.security_group_ids, groups.value if groups else None),
    ):
        for index, id_ in enumerate(ids if found is not None else ()):
            if found is not None and id_ in found:
                owners[id_] = found[id_]
                continue
            is_complete = False
            yield Finding(
                code="HPT961",
                message=f"no {'subnet' if member == 'Subnets' else 'security group'} "
                f"`{id_}` found in {region}",
                path=vpc.path / member / index,
                label="not found",
                help="fix the id",
            )
    if len({*owners.values()}) > 1:
        places = ", ".join(f"{id_} is in {owner}" for id_, owner in owners.items())
        yield Finding(
            code="HPT962",
            message=f"subnets and security groups must be in one VPC, but {places}",
            path=vpc.path,
            help="use subnets and security groups of one VPC",
        )
    elif is_complete and subnets is not None:
        free = sum(subnet.free_addresses for subnet in subnets.value.values())
        yield from _addresses(subject, definition, vpc, free)


def _addresses(subject: Subject, definition: Definition, vpc: Vpc, free: int) -> Iterator[Finding]:
    parallel = subject.job.max_parallel_training_jobs
    for resources in definition.resources:
        counts = [instance.count for instance in resources.instances]
        at_once = parallel * (min(counts, default=0) if resources.is_flexible else sum(counts))
        if at_once * _ADDRESSES > free:
            yield Finding(
                code="HPT963",
                severity=Severity.WARNING,
                message=f"{at_once} parallel instances need {at_once * _ADDRESSES} IP addresses, "
                f"but the subnets have {free} free",
                path=vpc.path / "Subnets",
                help="add subnets, or lower max_parallel_training_jobs",
            )
