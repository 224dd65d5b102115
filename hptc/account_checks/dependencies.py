"""What a search runs with: its image, role, keys and network."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.account_checks.deployed_spec import Subject
from hptc.catalog.images import identify, parse_image
from hptc.diagnostics import Finding, RequestPath, Severity
from hptc.project.references import has_reference
from hptc.request.tuning_job import Definition, Vpc

_ADDRESSES = 2
"""Of each instance: https://docs.aws.amazon.com/sagemaker/latest/dg/train-vpc.html"""


def images(subject: Subject) -> Iterator[Finding]:
    """HPT931: an image of the user's that ECR does not have. AWS's own are not asked for."""
    for definition in subject.job.definitions:
        uri = definition.training_image or ""
        image = parse_image(uri)
        if image is None or has_reference(uri) or identify(uri) is not None:
            continue
        answer = subject.ask.ask("images", subject.ask.account.inventory.missing_of_image, image)
        if answer is None or not answer.value:
            continue
        version = image.digest or image.tag or "latest"
        yield Finding(
            code="HPT931",
            message=f"ECR has no repository `{image.repository}` in {image.account}"
            if answer.value == "repository"
            else f"the repository `{image.repository}` has no image `{version}`",
            path=definition.path / "AlgorithmSpecification" / "TrainingImage",
            label="not there",
            help="push the image, or correct the name",
        )


def roles(subject: Subject) -> Iterator[Finding]:
    """HPT941 and HPT942: a role that is not there, or that SageMaker may not assume."""
    environment = subject.compiled.environment
    for definition in subject.job.definitions:
        arn = definition.role_arn
        if has_reference(arn):
            continue
        account, name = arn.split(":")[4], arn.rpartition("/")[2]
        if environment is not None and account != environment.account:
            continue  # HPT502 speaks of it, and IAM tells of one's own roles only
        path = definition.path / "RoleArn"
        answer = subject.ask.ask("roles", subject.ask.account.inventory.role, name)
        if answer is None:
            continue
        role = answer.value
        if role is not None and role.arn.split(":")[4] != account:
            continue  # the credentials are of another account than the role
        if role is None or role.arn != arn:
            yield Finding(
                code="HPT941",
                message=f"there is no role `{arn}`",
                path=path,
                label="not there",
                help=f"the role of this name is `{role.arn}`"
                if role
                else "create it, or leave `role_arn` out and `hptc deploy` makes one",
            )
        elif not role.services & {"sagemaker.amazonaws.com", "*"}:
            yield Finding(
                code="HPT942",
                message=f"SageMaker may not assume the role `{name}`",
                path=path,
                help="allow sts:AssumeRole to sagemaker.amazonaws.com in its trust policy",
            )


def keys(subject: Subject) -> Iterator[Finding]:
    """HPT951: a key that is not there, or not enabled."""
    for definition in subject.job.definitions:
        for key, path in _keys(definition):
            if has_reference(key):
                continue
            answer = subject.ask.ask("keys", subject.ask.account.inventory.key_state, key)
            if answer is None or answer.value == "Enabled":
                continue
            state = answer.value
            yield Finding(
                code="HPT951",
                message=f"there is no KMS key `{key}` in {subject.ask.account.region}"
                if state is None
                else f"the KMS key `{key}` is in the state {state}",
                path=path,
                label="not there" if state is None else "can't be used",
                help="use a key that is enabled",
            )


def _keys(definition: Definition) -> Iterator[tuple[str, RequestPath]]:
    if definition.output_kms_key_id is not None:
        yield definition.output_kms_key_id, definition.path / "OutputDataConfig" / "KmsKeyId"
    for resources in definition.resources:
        if resources.volume_kms_key_id is not None:
            yield resources.volume_kms_key_id, resources.path / "VolumeKmsKeyId"


def networks(subject: Subject) -> Iterator[Finding]:
    """HPT961 to HPT963: subnets and security groups that are not there, or don't fit."""
    for definition in subject.job.definitions:
        vpc = definition.vpc
        if vpc is not None and not any(map(has_reference, vpc.subnets + vpc.security_group_ids)):
            yield from _network(subject, definition, vpc)


def _network(subject: Subject, definition: Definition, vpc: Vpc) -> Iterator[Finding]:
    inventory, region = subject.ask.account.inventory, subject.ask.account.region
    subnets = subject.ask.ask("subnets", inventory.subnets, vpc.subnets)
    groups = subject.ask.ask("security groups", inventory.security_groups, vpc.security_group_ids)
    owners: dict[str, str] = {}  # the VPC of each
    is_whole = subnets is not None and groups is not None
    for member, ids, found in (
        ("Subnets", vpc.subnets, {i: s.vpc for i, s in subnets.value.items()} if subnets else None),
        ("SecurityGroupIds", vpc.security_group_ids, groups.value if groups else None),
    ):
        for index, id_ in enumerate(ids if found is not None else ()):
            if found is not None and id_ in found:
                owners[id_] = found[id_]
                continue
            is_whole = False
            yield Finding(
                code="HPT961",
                message=f"there is no {'subnet' if member == 'Subnets' else 'security group'} "
                f"`{id_}` in {region}",
                path=vpc.path / member / index,
                label="not there",
                help="correct the id",
            )
    if len({*owners.values()}) > 1:
        told = ", ".join(f"{id_} is in {owner}" for id_, owner in owners.items())
        yield Finding(
            code="HPT962",
            message=f"a training job runs in one VPC, but {told}",
            path=vpc.path,
            help="choose subnets and security groups of one VPC",
        )
    elif is_whole and subnets is not None:
        free = sum(subnet.free_addresses for subnet in subnets.value.values())
        yield from _addresses(subject, definition, vpc, free)


def _addresses(subject: Subject, definition: Definition, vpc: Vpc, free: int) -> Iterator[Finding]:
    parallel = subject.job.max_parallel_training_jobs
    for resources in definition.resources:
        counts = [one.count for one in resources.instances]
        at_once = parallel * (min(counts, default=0) if resources.is_flexible else sum(counts))
        if at_once * _ADDRESSES > free:
            yield Finding(
                code="HPT963",
                severity=Severity.WARNING,
                message=f"{at_once} instances at once take {at_once * _ADDRESSES} addresses, but "
                f"the subnets have {free} free",
                path=vpc.path / "Subnets",
                help="add subnets, or lower max_parallel_training_jobs",
            )
