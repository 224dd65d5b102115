"""HPT52x: the keys of the output and of the volumes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hptc.catalog import instances
from hptc.diagnostics import Finding, RequestPath
from hptc.project.references import has_reference
from hptc.rules.rule import Context, Rule, error, warning

_EXPRESS_BUCKET = re.compile(r"s3://[^/]+--x-s3(?:/.*)?")


@warning("HPT520")
def encrypted_by_half(rule: Rule, context: Context) -> Iterator[Finding]:
    """A key of yours for the artifacts or the volumes, not for both.

    Data lie on the volumes while a training job runs, and the model is in the output: who encrypts
    one with a key of their own means the other as well. Instances with local storage encrypt it
    with a key of their own
    (https://docs.aws.amazon.com/sagemaker/latest/dg/encryption-at-rest.html).

    Bad:
        training_job:
          output: {kms_key_id: alias/models}

    Good:
        training_job:
          output: {kms_key_id: alias/models}
          resources: {volume_kms_key_id: 1234abcd-12ab-34cd-56ef-1234567890ab}
    """
    for definition in context.job.definitions:
        for resources in definition.resources:
            has_volumes = any(not _has_local_storage(g.type) for g in resources.instances)
            output, volume = definition.output_kms_key_id, resources.volume_kms_key_id
            if output and not volume and has_volumes:
                yield rule.finding(
                    "the model is encrypted with a key of yours, the volumes are not",
                    definition.path / "OutputDataConfig" / "KmsKeyId",
                    label="a key for the output only",
                    help="add `volume_kms_key_id` to the resources",
                )
            elif volume and not output:
                yield rule.finding(
                    "the volumes are encrypted with a key of yours, the model is not",
                    resources.path / "VolumeKmsKeyId",
                    label="a key for the volumes only",
                    help="add `kms_key_id` to `output`",
                )


@error("HPT521", "R17")
def volume_key_without_a_volume(rule: Rule, context: Context) -> Iterator[Finding]:
    """A key for the volume of an instance that has none.

    An instance with local storage gets no volume, and its storage is encrypted in hardware, with a
    key that nobody can choose. AWS refuses a key of yours
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceConfig.html).

    Bad:
        training_job:
          output: {kms_key_id: 1234abcd-12ab-34cd-56ef-1234567890ab}
          resources:
            instance_type: ml.g5.xlarge
            volume_kms_key_id: 1234abcd-12ab-34cd-56ef-1234567890ab

    Good:
        training_job:
          output: {kms_key_id: 1234abcd-12ab-34cd-56ef-1234567890ab}
          resources: {instance_type: ml.g5.xlarge}
    """
    for definition in context.job.definitions:
        for resources in definition.resources:
            local = [g.type for g in resources.instances if _has_local_storage(g.type)]
            if resources.volume_kms_key_id and local:
                yield rule.finding(
                    f"{local[0]} has storage of its own, which takes no key of yours",
                    resources.path / "VolumeKmsKeyId",
                    on_key=True,
                    label="refused",
                    help="remove it: that storage is encrypted in hardware; or take an instance "
                    "without local storage",
                )


@warning("HPT522", "R21")
def alias_for_a_volume_key(rule: Rule, context: Context) -> Iterator[Finding]:
    """A volume's key by its alias.

    For volumes, AWS documents a key's id and its ARN only; an alias is documented for the output's
    key (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceConfig.html).

    Bad:
        training_job:
          output: {kms_key_id: alias/models}
          resources: {volume_kms_key_id: alias/models}

    Good:
        training_job:
          output: {kms_key_id: alias/models}
          resources: {volume_kms_key_id: 1234abcd-12ab-34cd-56ef-1234567890ab}
    """
    for definition in context.job.definitions:
        for resources in definition.resources:
            key = resources.volume_kms_key_id or ""
            if key.startswith("alias/") or ":alias/" in key:
                yield rule.finding(
                    "a volume's key is given by its id or ARN, not by an alias",
                    resources.path / "VolumeKmsKeyId",
                    label="an alias",
                    help="write the id or the ARN of the key that the alias stands for",
                )


@error("HPT523", "O04")
def key_for_a_directory_bucket(rule: Rule, context: Context) -> Iterator[Finding]:
    """A KMS key for output in S3 Express One Zone.

    SageMaker writes to directory buckets with S3's own encryption only
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_OutputDataConfig.html).

    Bad:
        training_job:
          output:
            s3_output_path: s3://models--use1-az4--x-s3/churn/
            kms_key_id: alias/models
          resources: {volume_kms_key_id: 1234abcd-12ab-34cd-56ef-1234567890ab}

    Good:
        training_job:
          output: {s3_output_path: "s3://models--use1-az4--x-s3/churn/"}
    """
    for definition in context.job.definitions:
        if definition.output_kms_key_id and _EXPRESS_BUCKET.fullmatch(definition.output_path):
            yield rule.finding(
                "output in an S3 Express One Zone bucket takes no KMS key",
                definition.path / "OutputDataConfig" / "KmsKeyId",
                on_key=True,
                help="remove the key, or write to a general purpose bucket",
            )


@error("HPT524", "O03")
def key_of_another_region(rule: Rule, context: Context) -> Iterator[Finding]:
    """A KMS key of another Region.

    A key works in its own Region, which must be the training jobs'. Judged is the Region in the
    key's ARN against the environment's, or else the training image's
    (https://docs.aws.amazon.com/sagemaker/latest/dg/encryption-at-rest-nbi.html).

    Bad:
        training_job:
          output: {kms_key_id: "arn:aws:kms:eu-west-1:111122223333:key/1234abcd"}
          resources: {volume_kms_key_id: 1234abcd-12ab-34cd-56ef-1234567890ab}

    Good:
        training_job:
          output: {kms_key_id: "arn:aws:kms:us-east-1:111122223333:key/1234abcd"}
          resources: {volume_kms_key_id: 1234abcd-12ab-34cd-56ef-1234567890ab}
    """
    for definition in context.job.definitions:
        keys: list[tuple[str | None, RequestPath]] = [
            (definition.output_kms_key_id, definition.path / "OutputDataConfig" / "KmsKeyId")
        ]
        for resources in definition.resources:
            keys.append((resources.volume_kms_key_id, resources.path / "VolumeKmsKeyId"))
        here = context.region_of(definition)
        for key, path in keys:
            if key is None or has_reference(key) or not key.startswith("arn:") or here is None:
                continue
            region = key.split(":")[3] if key.count(":") > 3 else here
            if region != here:
                yield rule.finding(
                    f"the key is of {region}, but the training jobs run in {here}",
                    path,
                    label=f"not of {here}",
                    help=f"use a key of {here}; a multi-Region key has an ARN in each",
                )


def _has_local_storage(instance_type: str) -> bool:
    kind = instances.instance(instance_type)
    return kind is not None and kind.has_local_storage


RULES = (
    encrypted_by_half,
    volume_key_without_a_volume,
    alias_for_a_volume_key,
    key_for_a_directory_bucket,
    key_of_another_region,
)
