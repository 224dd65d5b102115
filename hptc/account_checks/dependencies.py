"""Checks the image, role and KMS keys of a tuning job."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.account_checks.deployed_spec import Subject
from hptc.catalog.arn import ARN
from hptc.catalog.images import identify, parse_image
from hptc.diagnostics import Finding, RequestPath
from hptc.project.references import has_reference
from hptc.request.tuning_job import Definition


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
        actual = ARN.parse(role.arn) if role is not None else None
        if actual is not None and actual.account != account:
            continue  # the credentials are not for the role's account
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
