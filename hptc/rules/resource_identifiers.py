"""HPT504 to HPT507: identifiers of the wrong kind, in another Region, and names of buckets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hptc.catalog.arn import ARN
from hptc.catalog.images import partition
from hptc.catalog.s3_names import LEGACY_REGION, BrokenRule, broken_rule
from hptc.diagnostics import Finding, RequestPath
from hptc.frozen import frozen
from hptc.project.identifiers import ROLE, SECURITY_GROUP, SUBNET
from hptc.project.references import by_example, has_reference
from hptc.request.named_resources import RegionalARN, kms_keys, regional_arns, s3_locations
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
        for problem in (
            *_wrong_ids(definition),
            *_wrong_keys(definition),
            *_wrong_role(definition),
            *_wrong_regional_arns(definition),
            *_wrong_hub_content(definition),
            *_wrong_s3_arns(definition),
            *_wrong_s3_urls(definition),
        ):
            yield rule.finding(problem.message, problem.path, label=f"must be {problem.expected}")


@frozen
class _Problem:
    """An identifier that is wrong."""

    path: RequestPath
    message: str
    expected: str


def _wrong_ids(definition: Definition) -> Iterator[_Problem]:
    """Subnets, security groups and file systems."""
    vpc = definition.vpc
    if vpc is not None:
        for member, ids, kind in (
            ("Subnets", vpc.subnets, SUBNET),
            ("SecurityGroupIds", vpc.security_group_ids, SECURITY_GROUP),
        ):
            for index, id_ in enumerate(ids):
                form = by_example(id_)
                if form is not None and re.fullmatch(kind.name_pattern, form) is None:
                    yield _Problem(
                        path=vpc.path / member / index,
                        message=_not_the_id(id_, form, kind.noun),
                        expected=kind.example,
                    )
    for channel in definition.channels:
        for source in channel.sources:
            if not isinstance(source, FileSystemSource):
                continue
            if re.fullmatch(_FILE_SYSTEM, source.id) is None:
                yield _Problem(
                    path=source.path / "FileSystemId",
                    message=_not_the_id(source.id, source.id, "file system"),
                    expected="fs-0123456789abcdef0",
                )


def _not_the_id(text: str, form: str, noun: str) -> str:
    other = _KINDS_OF_IDS.get(form.partition("-")[0])
    if "-" not in form or other is None or other == noun:
        return f"`{text}` is not a valid {noun} ID"
    return f"`{text}` is the ID of {_article(other)}, not of {_article(noun)}"


def _wrong_keys(definition: Definition) -> Iterator[_Problem]:
    for key in kms_keys(definition):
        form = by_example(key.text)
        if form is None:
            continue
        arn = ARN.parse(form)
        if arn is None and re.fullmatch(_KEY, form) is None:
            message = f"`{key.text}` is not a valid KMS key"
            expected = "a key ID, an ARN, or alias/NAME"
        elif arn is not None and arn.service != "kms":
            message = f"`{key.text}` is an ARN of {arn.service}, not of a KMS key"
            expected = "the ARN of a KMS key"
        elif arn is not None and re.fullmatch(_KEY_RESOURCE, arn.resource) is None:
            message = f"`{key.text}` is not a valid ARN of a KMS key"
            expected = "…:key/ID or …:alias/NAME"
        else:
            continue
        yield _Problem(path=key.path, message=message, expected=expected)


def _wrong_role(definition: Definition) -> Iterator[_Problem]:
    role = definition.role_arn
    form = by_example(role)
    if form is not None and ROLE.parse_arn(form) is None:
        yield _Problem(
            path=definition.path / "RoleArn",
            message=f"`{role}` is not a valid role ARN",
            expected="arn:…:iam::ACCOUNT:role/NAME",
        )


def _wrong_regional_arns(definition: Definition) -> Iterator[_Problem]:
    """ARNs with the partition of another Region, and those of other resources of SageMaker."""
    for regional in regional_arns(definition):
        arn, expected_type = regional.arn, regional.resource
        of_region = partition(arn.region) if arn.region else arn.partition
        if of_region != arn.partition:
            yield _Problem(
                path=regional.path,
                message=f"the partition of the ARN is {arn.partition}, but {arn.region} is in "
                f"{of_region}",
                expected=f"arn:{of_region}:…",
            )
            continue
        if expected_type not in _OF_SAGEMAKER:
            continue
        type_, _, name = arn.resource.partition("/")
        if arn.service != "sagemaker" or type_ != expected_type:
            other = type_ if arn.service == "sagemaker" else f"{arn.service} resource"
            yield _Problem(
                path=regional.path,
                message=f"`{arn}` is the ARN of {_article(other)}, not of "
                f"{_article(expected_type)}",
                expected=f"…:{expected_type}/{_OF_SAGEMAKER[expected_type]}",
            )
        elif type_ == "training-plan" and re.fullmatch(_PLAN_NAME, name) is None:
            yield _Problem(
                path=regional.path,
                message=f"`{name}` is not a valid name of a training plan",
                expected="…:training-plan/NAME",
            )


def _wrong_hub_content(definition: Definition) -> Iterator[_Problem]:
    for channel in definition.channels:
        for source in channel.sources:
            content = source.hub_content_arn if isinstance(source, S3Source) else None
            if content is not None and not has_reference(content) and ARN.parse(content) is None:
                yield _Problem(
                    path=source.path / "HubAccessConfig" / "HubContentArn",
                    message=f"`{content}` is not an ARN",
                    expected="arn:…:hub-content/HUB/TYPE/NAME",
                )


def _wrong_s3_arns(definition: Definition) -> Iterator[_Problem]:
    """S3 URIs with an ARN in place of the bucket: only access points have that form."""
    for location in s3_locations(definition):
        if not location.uri.startswith("s3://arn:") or has_reference(location.uri):
            continue
        arn = ARN.parse(location.uri.removeprefix("s3://"))
        resource = "/".join(arn.resource.split("/")[:2]) if arn is not None else ""
        if arn is None or arn.service != "s3":
            message = "the S3 URI does not start with a bucket or access point"
            expected = "s3://BUCKET/…"
        elif not arn.account:
            message = "the S3 URI contains the ARN of a bucket"
            expected = f"s3://{resource.partition('/')[0]}/…"
        elif re.fullmatch(_ACCESS_POINT, arn.resource) is None:
            message = f"`{resource}` is not a valid access point"
            expected = "s3://arn:…:accesspoint/NAME/…"
        else:
            continue
        yield _Problem(path=location.path, message=message, expected=expected)


def _wrong_s3_urls(definition: Definition) -> Iterator[_Problem]:
    """URLs of a host that is not AWS's, as if `https://` were another way to write `s3://`."""
    for location in s3_locations(definition):
        scheme, _, rest = location.uri.partition("://")
        host = rest.partition("/")[0]
        if scheme == "https" and "amazonaws.com" not in host.lower() and not has_reference(host):
            yield _Problem(
                path=location.path,
                message=f"`{location.uri}` is not the URL of a bucket in Amazon S3",
                expected="s3://BUCKET/…",
            )


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
        region = context.region_of(definition)
        for regional in regional_arns(definition):
            if regional.resource and _is_elsewhere(regional, region):
                yield rule.finding(
                    f"{regional.noun} is in {regional.arn.region}, but the training jobs run in "
                    f"{region}",
                    regional.path,
                    label=f"not in {region}",
                    help=f"use one in {region}",
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
    for bucket in _broken_buckets(context):
        if not bucket.is_legacy and not bucket.broken.is_placeholder:
            yield rule.finding(
                f"the bucket's name `{bucket.name}` {bucket.broken.text}",
                bucket.path,
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
    for bucket in _broken_buckets(context):
        if bucket.broken.is_placeholder:
            yield rule.finding(
                f"the bucket's name `{bucket.name}` is a placeholder",
                bucket.path,
                label="no bucket can have this name",
                help="replace it with the name of the bucket",
            )
        elif bucket.is_legacy:
            yield rule.finding(
                f"the bucket's name `{bucket.name}` {bucket.broken.text}, so it must be from "
                "before March 2018",
                bucket.path,
                label="not valid for a newer bucket",
                help="check the name of the bucket",
            )


@frozen
class _BrokenBucket:
    """A bucket whose name breaks a rule. A legacy one can exist, if it is old."""

    name: str
    broken: BrokenRule
    path: RequestPath
    is_legacy: bool


def _broken_buckets(context: Context) -> tuple[_BrokenBucket, ...]:
    return context.once(_find_broken_buckets, lambda: tuple(_find_broken_buckets(context)))


def _find_broken_buckets(context: Context) -> Iterator[_BrokenBucket]:
    for definition in context.job.definitions:
        region = context.region_of(definition)
        # Without an environment, the Region is that of an image, which may be replicated.
        may_be_old = context.environment is None or region == LEGACY_REGION
        for location in s3_locations(definition):
            name = location.uri.removeprefix("s3://").partition("/")[0]
            is_arn = name.startswith("arn:")
            if not location.uri.startswith("s3://") or is_arn or has_reference(name):
                continue
            broken = broken_rule(name)
            if broken is not None:
                yield _BrokenBucket(
                    name=name,
                    broken=broken,
                    path=location.path,
                    is_legacy=broken.is_legacy and may_be_old,
                )


RULES = (
    wrong_identifier,
    resource_in_another_region,
    invalid_bucket_name,
    legacy_bucket_name,
)
