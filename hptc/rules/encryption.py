"""HPT52x: KMS keys of the output and the volumes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hptc.catalog import instances
from hptc.catalog.arn import ARN
from hptc.diagnostics import Finding
from hptc.project.kms_keys import is_alias, own_key, service_of_managed_key
from hptc.project.references import has_reference
from hptc.request.named_resources import kms_keys
from hptc.rules.rule import Context, Rule, error, warning

_EXPRESS_BUCKET = re.compile(r"s3://[^/]+--x-s3(?:/.*)?")


@warning("HPT520")
def partial_encryption(rule: Rule, context: Context) -> Iterator[Finding]:
    """Only the output or only the volumes are encrypted with a KMS key.

    Training data is on the volumes while a training job runs, and the model is in the output, so
    both usually need the same protection. Instances with local storage encrypt it with their own
    key
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
            has_volumes = any(
                not _has_local_storage(instances.type) for instances in resources.instances
            )
            output, volume = definition.output_kms_key_id, resources.volume_kms_key_id
            if output and not volume and has_volumes:
                yield rule.finding(
                    "the output is encrypted with a KMS key, but the volumes are not",
                    definition.path / "OutputDataConfig" / "KmsKeyId",
                    label="only the output has a KMS key",
                    help="add `volume_kms_key_id` to the resources",
                )
            elif volume and not output:
                yield rule.finding(
                    "the volumes are encrypted with a KMS key, but the output is not",
                    resources.path / "VolumeKmsKeyId",
                    label="only the volumes have a KMS key",
                    help="add `kms_key_id` to `output`",
                )


@error("HPT521", "R17")
def volume_key_without_volume(rule: Rule, context: Context) -> Iterator[Finding]:
    """An instance without a volume has a volume KMS key.

    Instances with local storage don't get a volume. Their storage is encrypted by hardware, with a
    key that can't be chosen, and SageMaker rejects a KMS key
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
            local = [group.type for group in resources.instances if _has_local_storage(group.type)]
            if resources.volume_kms_key_id and local:
                yield rule.finding(
                    f"{local[0]} has local storage, which does not support a KMS key",
                    resources.path / "VolumeKmsKeyId",
                    on_key=True,
                    label="rejected by SageMaker",
                    is_removable=True,
                    help="remove it, because local storage is encrypted by hardware, or use an "
                    "instance without local storage",
                )


@warning("HPT522", "R21")
def alias_as_volume_key(rule: Rule, context: Context) -> Iterator[Finding]:
    """The KMS key of a volume is an alias.

    For volumes, AWS documents only key IDs and ARNs; aliases are documented for the output's key
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceConfig.html). A
    `kms_key` of the environment that is an alias is not reported in each spec.

    Bad:
        training_job:
          output: {kms_key_id: alias/models}
          resources: {volume_kms_key_id: alias/models}

    Good:
        training_job:
          output: {kms_key_id: alias/models}
          resources: {volume_kms_key_id: 1234abcd-12ab-34cd-56ef-1234567890ab}
    """
    default_key = own_key(context.environment) if context.environment is not None else None
    for definition in context.job.definitions:
        for resources in definition.resources:
            key = resources.volume_kms_key_id or ""
            if is_alias(key) and key != default_key and service_of_managed_key(key) is None:
                yield rule.finding(
                    "the KMS key of a volume must be a key ID or ARN, but is an alias",
                    resources.path / "VolumeKmsKeyId",
                    label="alias",
                    help="use the ID or ARN of the key that the alias refers to",
                )


@error("HPT523", "O04")
def kms_key_with_directory_bucket(rule: Rule, context: Context) -> Iterator[Finding]:
    """Output in S3 Express One Zone has a KMS key.

    SageMaker supports only Amazon S3 managed keys for directory buckets
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
                "output in an S3 Express One Zone bucket does not support a KMS key",
                definition.path / "OutputDataConfig" / "KmsKeyId",
                on_key=True,
                is_removable=True,
                help="remove the key, or use a general purpose bucket",
            )


@error("HPT524", "O03")
def kms_key_in_another_region(rule: Rule, context: Context) -> Iterator[Finding]:
    """A KMS key is in another Region.

    A KMS key can only be used in its own Region. The rule compares the Region in the key's ARN with
    the environment's, or else with that of the training image
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
        region = context.region_of(definition)
        for key in kms_keys(definition):
            arn = None if has_reference(key.text) else ARN.parse(key.text)
            if arn is None or region is None or arn.region in ("", region):
                continue  # without a Region, it is not the ARN of a key
            yield rule.finding(
                f"the KMS key is in {arn.region}, but the training jobs run in {region}",
                key.path,
                label=f"not in {region}",
                help=f"use a key in {region}; a multi-Region key has an ARN in each Region",
            )


def _has_local_storage(instance_type: str) -> bool:
    kind = instances.instance(instance_type)
    return kind is not None and kind.has_local_storage


RULES = (
    partial_encryption,
    volume_key_without_volume,
    alias_as_volume_key,
    kms_key_with_directory_bucket,
    kms_key_in_another_region,
)
