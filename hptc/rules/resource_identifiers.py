"""HPT504 to HPT507: identifiers of the wrong kind, in another Region, and names of buckets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hptc.catalog.arn import ARN
from hptc.catalog.images import partition
from hptc.catalog.s3_names import LEGACY_REGION, BrokenRule, broken_rule
from hptc.diagnostics import Finding, RequestPath
from hptc.project.identifiers import ROLE, SECURITY_GROUP, SUBNET
from hptc.project.references import has_reference
from hptc.request.job_facts import RegionalARN, regional_arns
from hptc.request.tuning_job import Definition, FileSystemSource, S3Source
from hptc.rules.rule import Context, Rule, error, warning

_KINDS_OF_IDS = {
    "vpc": "VPC",
    "subnet": "subnet",
    "sg": "security group",
    "vpce": "VPC endpoint",
    "rtb": "route table",
    "eni": "network interface",
    "acl": "network ACL",
    "nat": "NAT gateway",
    "igw": "internet gateway",
    "pl": "prefix list",
    "fs": "file system",
    "i": "EC2 instance",
}
# Documentation and tests shorten IDs, as in `1234abcd`, so only a longer one must be complete.
_KEY_ID = (
    r"[0-9a-f]{1,8}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-([0-9a-f]{1,8}|[0-9a-f]{32})"
)
_ALIAS = r"alias/[A-Za-z0-9:/_-]+"
_KEY = rf"{_KEY_ID}|{_ALIAS}"
_KEY_RESOURCE = rf"key/({_KEY_ID})|{_ALIAS}"
_FILE_SYSTEM = r"fs-([0-9a-f]{8}|[0-9a-f]{17})"
_OF_SAGEMAKER = {
    "algorithm": "NAME",
    "training-plan": "NAME",
    "hub-content": "HUB/TYPE/NAME",
}
_PLAN_NAME = r"[A-Za-z0-9](-*[A-Za-z0-9]){0,63}"
_ACCESS_POINT = r"(?s)accesspoint[:/][a-z0-9][a-z0-9.-]*[a-z0-9](/.*)?"


@error("HPT504", "V13")
def wrong_identifier(rule: Rule, context: Context) -> Iterator[Finding]:
    """An identifier is malformed, or identifies another kind of resource.

    The API accepts almost any text for subnets, security groups, KMS keys and algorithms, but the
    tuning job is rejected or its training jobs fail. IDs of Amazon EC2 and file systems have 8 or
    17 hexadecimal digits, and the partition of an ARN is that of its Region
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html).

    Bad:
        training_job:
          vpc: {subnets: [vpc-0123456789abcdef0], security_group_ids: [sg-0123456789abcdef0]}

    Good:
        training_job:
          vpc: {subnets: [subnet-0123456789abcdef0], security_group_ids: [sg-0123456789abcdef0]}
    """
    for definition in context.job.definitions:
        for path, problem, expected in (
            *_wrong_ids(definition),
            *_wrong_keys(definition),
            *_wrong_arns(definition),
            *_wrong_s3_arns(definition),
        ):
            yield rule.finding(problem, path, label=f"must be {expected}")


Problem = tuple[RequestPath, str, str]
"""(path, what is wrong, what is expected)"""


def _wrong_ids(definition: Definition) -> Iterator[Problem]:
    """Subnets, security groups and file systems."""
    if definition.vpc is not None:
        for member, ids, kind in (
            ("Subnets", definition.vpc.subnets, SUBNET),
            ("SecurityGroupIds", definition.vpc.security_group_ids, SECURITY_GROUP),
        ):
            for index, id_ in enumerate(ids):
                if not has_reference(id_) and re.fullmatch(kind.name_pattern, id_) is None:
                    path = definition.vpc.path / member / index
                    yield path, _not_the_id(id_, kind.noun), kind.example
    for channel in definition.channels:
        for source in channel.sources:
            if (
                isinstance(source, FileSystemSource)
                and re.fullmatch(_FILE_SYSTEM, source.id) is None
            ):
                problem = _not_the_id(source.id, "file system")
                yield source.path / "FileSystemId", problem, "fs-0123456789abcdef0"


def _not_the_id(text: str, noun: str) -> str:
    other = _KINDS_OF_IDS.get(text.partition("-")[0])
    if "-" not in text or other is None or other == noun:
        return f"`{text}` is not a valid {noun} ID"
    return f"`{text}` is the ID of {_article(other)}, not of {_article(noun)}"


def _wrong_keys(definition: Definition) -> Iterator[Problem]:
    keys = [(definition.output_kms_key_id, definition.path / "OutputDataConfig" / "KmsKeyId")]
    for resources in definition.resources:
        keys.append((resources.volume_kms_key_id, resources.path / "VolumeKmsKeyId"))
    for key, path in keys:
        if key is None or has_reference(key):
            continue
        arn = ARN.parse(key)
        if arn is None and re.fullmatch(_KEY, key) is None:
            yield path, f"`{key}` is not a valid KMS key", "a key ID, an ARN, or alias/NAME"
        elif arn is not None and arn.service != "kms":
            problem = f"`{key}` is the ARN of {_article(arn.service)} resource, not of a KMS key"
            yield path, problem, "the ARN of a KMS key"
        elif arn is not None and re.fullmatch(_KEY_RESOURCE, arn.resource) is None:
            yield path, f"`{key}` is not a valid ARN of a KMS key", "…:key/ID or …:alias/NAME"


def _wrong_arns(definition: Definition) -> Iterator[Problem]:
    """The ARNs of roles, and of resources of SageMaker."""
    if not has_reference(definition.role_arn) and ROLE.parse_arn(definition.role_arn) is None:
        problem = f"`{definition.role_arn}` is not a valid role ARN"
        yield definition.path / "RoleArn", problem, "arn:…:iam::ACCOUNT:role/NAME"
    for each in regional_arns(definition):
        kind, _, name = each.arn.resource.partition("/")
        found = partition(each.arn.region) if each.arn.region else each.arn.partition
        if found != each.arn.partition:
            written = f"{each.arn.partition}, but {each.arn.region} is in {found}"
            yield each.path, f"the partition of the ARN is {written}", f"arn:{found}:…"
        elif each.resource in _OF_SAGEMAKER:
            is_other = each.arn.service != "sagemaker" or kind != each.resource
            what = kind if each.arn.service == "sagemaker" else f"{each.arn.service} resource"
            if is_other:
                kinds = f"{_article(what)}, not of {_article(each.resource)}"
                expected = f"…:{each.resource}/{_OF_SAGEMAKER[each.resource]}"
                yield each.path, f"`{each.arn}` is the ARN of {kinds}", expected
            elif kind == "training-plan" and re.fullmatch(_PLAN_NAME, name) is None:
                problem = f"`{name}` is not a valid name of a training plan"
                yield each.path, problem, "…:training-plan/NAME"
    for channel in definition.channels:
        for source in channel.sources:
            hub = source.hub_content_arn if isinstance(source, S3Source) else None
            if hub is not None and not has_reference(hub) and ARN.parse(hub) is None:
                path = source.path / "HubAccessConfig" / "HubContentArn"
                yield path, f"`{hub}` is not an ARN", "arn:…:hub-content/HUB/TYPE/NAME"


def _wrong_s3_arns(definition: Definition) -> Iterator[Problem]:
    """S3 URIs with an ARN in place of the bucket: only access points have that form."""
    for uri, path in _s3_uris(definition):
        if not uri.startswith("s3://arn:") or has_reference(uri):
            continue
        arn = ARN.parse(uri.removeprefix("s3://"))
        if arn is None or arn.service != "s3":
            yield path, "the S3 URI does not start with a bucket or access point", "s3://BUCKET/…"
            continue
        resource = "/".join(arn.resource.split("/")[:2])
        if not arn.account:
            bucket = resource.partition("/")[0]
            yield path, "the S3 URI contains the ARN of a bucket", f"s3://{bucket}/…"
        elif re.fullmatch(_ACCESS_POINT, arn.resource) is None:
            problem = f"`{resource}` is not a valid access point"
            yield path, problem, "s3://arn:…:accesspoint/NAME/…"


def _article(noun: str) -> str:
    noun = noun.replace("-", " ")
    return f"an {noun}" if noun[:1].lower() in "aeiou" else f"a {noun}"


@error("HPT505", "V14")
def resource_in_another_region(rule: Rule, context: Context) -> Iterator[Finding]:
    """An algorithm, training plan, dataset or access point is in another Region.

    Training jobs use resources in their own Region. The rule compares the Region of each ARN with
    the environment's, or else with that of the training image or of the request's other ARNs
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html).

    Bad (algorithm-resource):
        training_job:
          algorithm:
            algorithm_name: arn:aws:sagemaker:eu-west-1:111122223333:algorithm/trees

    Good (algorithm-resource):
        training_job:
          algorithm:
            algorithm_name: arn:aws:sagemaker:us-east-1:111122223333:algorithm/trees
    """
    for definition in context.job.definitions:
        here = context.region_of(definition)
        for each in regional_arns(definition):
            if each.resource and _is_elsewhere(each, here):
                yield rule.finding(
                    f"{each.noun} is in {each.arn.region}, but the training jobs run in {here}",
                    each.path,
                    label=f"not in {here}",
                    help=f"use one in {here}",
                )


def _is_elsewhere(resource: RegionalARN, here: str | None) -> bool:
    return here is not None and resource.arn.region not in ("", here)


@error("HPT506", "I32")
def invalid_bucket_name(rule: Rule, context: Context) -> Iterator[Finding]:
    """An S3 location has a bucket that can't exist.

    A bucket's name has 3 to 63 lowercase letters, digits, dots and hyphens, and starts and ends
    with a letter or digit. It has no two adjacent dots, is not an IP address, and does not start
    with `xn--`, `sthree-` or `amzn-s3-demo-`
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html).

    Bad:
        training_job:
          inputs:
            train: {s3: "s3://my,bucket/train/"}

    Good:
        training_job:
          inputs:
            train: {s3: "s3://example/train/"}
    """
    for bucket, broken, path, is_legacy in context.once(
        _broken_bucket_names, lambda: tuple(_broken_bucket_names(context))
    ):
        if not is_legacy and not broken.is_placeholder:
            yield rule.finding(
                f"the bucket's name `{bucket}` {broken.text}",
                path,
                label="no bucket can have this name",
                help="use lowercase letters, digits, dots and hyphens",
            )


@warning("HPT507", "I33")
def legacy_bucket_name(rule: Rule, context: Context) -> Iterator[Finding]:
    """The bucket in an S3 location has a placeholder's name, or that of an old us-east-1 bucket.

    A name with `<`, `{` or `$` is a placeholder that was not replaced. Until March 2018, buckets in
    us-east-1 could have names with uppercase letters, underscores and up to 255 characters. No
    newer bucket, and no bucket in another Region, can have such a name
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html).

    Bad:
        training_job:
          inputs:
            train: {s3: "s3://My_Bucket/train/"}

    Good:
        training_job:
          inputs:
            train: {s3: "s3://my-bucket/train/"}
    """
    for bucket, broken, path, is_legacy in context.once(
        _broken_bucket_names, lambda: tuple(_broken_bucket_names(context))
    ):
        if broken.is_placeholder:
            yield rule.finding(
                f"the bucket's name `{bucket}` is a placeholder",
                path,
                label="no bucket can have this name",
                help="replace it with the name of the bucket",
            )
        elif is_legacy:
            yield rule.finding(
                f"the bucket's name `{bucket}` {broken.text}, so it must be from before March 2018",
                path,
                label="not valid for a newer bucket",
                help="check the name of the bucket",
            )


def _broken_bucket_names(
    context: Context,
) -> Iterator[tuple[str, BrokenRule, RequestPath, bool]]:
    """(bucket, rule that its name breaks, path, whether an old bucket can have the name)."""
    for definition in context.job.definitions:
        here = context.region_of(definition)
        for uri, path in _s3_uris(definition):
            bucket = uri.removeprefix("s3://").partition("/")[0]
            if not uri.startswith("s3://") or bucket.startswith("arn:") or has_reference(bucket):
                continue
            broken = broken_rule(bucket)
            if broken is not None:
                # Without an environment, the Region is that of an image, which may be replicated.
                may_be_there = context.environment is None or here == LEGACY_REGION
                yield bucket, broken, path, broken.is_legacy and may_be_there


def _s3_uris(definition: Definition) -> Iterator[tuple[str, RequestPath]]:
    """The URI and path of every S3 location."""
    for channel in definition.channels:
        for source in channel.sources:
            if isinstance(source, S3Source):
                yield source.uri, source.path / "S3Uri"
    yield definition.output_path, definition.path / "OutputDataConfig" / "S3OutputPath"
    if definition.checkpoint_uri is not None:
        yield definition.checkpoint_uri, definition.path / "CheckpointConfig" / "S3Uri"


RULES = (
    wrong_identifier,
    resource_in_another_region,
    invalid_bucket_name,
    legacy_bucket_name,
)
