"""HPT508: AWS managed keys, which only their own services can use."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.diagnostics import Finding
from hptc.project.kms_keys import service_of_managed_key
from hptc.request.named_resources import kms_keys
from hptc.rules.rule import Context, Rule, error


@error("HPT508", "V16")
def key_of_another_service(rule: Rule, context: Context) -> Iterator[Finding]:
    """The AWS managed key of another service encrypts the output or a volume.

    An AWS managed key, whose alias is alias/aws/SERVICE, is used by its service only: the output is
    encrypted by Amazon S3, and a volume by Amazon EBS. SageMaker accepts the key, and the training
    jobs fail
    (https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-key).

    Bad:
        training_job:
          output: {kms_key_id: alias/aws/s3}
          resources: {volume_kms_key_id: alias/aws/s3}

    Good:
        training_job:
          output: {kms_key_id: alias/aws/s3}
          resources: {volume_kms_key_id: 1234abcd-12ab-34cd-56ef-1234567890ab}
    """
    for definition in context.job.definitions:
        for key in kms_keys(definition):
            is_of_volume = key.path[-1] == "VolumeKmsKeyId"
            needed, encrypted = ("ebs", "a volume") if is_of_volume else ("s3", "the output")
            service = service_of_managed_key(key.text)
            if service not in (None, needed):
                yield rule.finding(
                    f"`{key.text}` is the AWS managed key of `{service}`, which can't encrypt "
                    f"{encrypted}",
                    key.path,
                    label=f"only for `{service}`",
                    help="use a customer managed key, or remove the key: AWS then uses its own",
                )


RULES = (key_of_another_service,)
