"""Buckets as hardened as their template says.

Without this, moto's AWS::S3::Bucket keeps encryption and tags only: versioning, public access
block, lifecycle, ownership controls and the bucket key are dropped. AWS::S3::BucketPolicy does not
exist, and a stored policy is enforced without its conditions, so that a Deny of plain HTTP denies
everything; here policies are stored and readable, and not enforced.
"""

import json
from collections.abc import Mapping
from typing import Any

from moto.iam.access_control import PermissionResult
from moto.s3 import models
from moto.s3.exceptions import BucketNotEmpty

from hptc.sandbox.extension import extend
from hptc.sandbox.stack_resources import Handler, Place, Properties, Record


def install() -> None:
    """Stop moto from enforcing bucket policies."""
    extend(models.FakeBucket, get_permission=_no_verdict)


def _no_verdict(_bucket: Any, _action: str, _resource: str) -> PermissionResult:
    return PermissionResult.NEUTRAL


def _backend(place: Place) -> Any:
    return models.s3_backends[place.account][place.partition]


def _settle_bucket(bucket: Any, before: Properties, after: Properties, place: Place) -> None:
    backend = _backend(place)
    encryption = after.get("BucketEncryption")
    bucket.encryption = _encryption(encryption) if encryption else None
    status = after.get("VersioningConfiguration", {}).get("Status")
    # A bucket once versioned can only be suspended.
    bucket.versioning_status = status or ("Suspended" if bucket.versioning_status else None)
    block = after.get("PublicAccessBlockConfiguration")
    if block:
        backend.put_public_access_block(bucket.name, block)
    else:
        bucket.public_access_block = None
    rules = after.get("LifecycleConfiguration", {}).get("Rules", [])
    bucket.set_lifecycle([_lifecycle_rule(rule, number) for number, rule in enumerate(rules, 1)])
    ownership = after.get("OwnershipControls", {}).get("Rules", [])
    bucket.ownership_rule = ownership[0]["ObjectOwnership"] if ownership else None
    tags = {tag["Key"]: tag["Value"] for tag in after.get("Tags", [])}
    if tags:
        backend.put_bucket_tagging(bucket.name, tags)
    elif before.get("Tags"):
        backend.delete_bucket_tagging(bucket.name)


def _remove_bucket(bucket: Any, _properties: Properties, place: Place) -> None:
    if _backend(place).delete_bucket(bucket.name) is None:
        raise BucketNotEmpty(bucket_name=bucket.name)


def _encryption(encryption: Properties) -> dict[str, Any]:
    """Give moto the rule in the shape of the API's request."""
    rule = encryption["ServerSideEncryptionConfiguration"][0]
    by_default = rule["ServerSideEncryptionByDefault"]
    return {
        "Rule": {
            "ApplyServerSideEncryptionByDefault": {
                key: by_default[key]
                for key in ("SSEAlgorithm", "KMSMasterKeyID")
                if key in by_default
            },
            "BucketKeyEnabled": rule.get("BucketKeyEnabled", False),
        }
    }


def _lifecycle_rule(rule: Properties, number: int) -> dict[str, Any]:
    """Translate CloudFormation's names of a lifecycle rule into the API's."""
    tags = rule.get("TagFilters", [])
    prefix = rule.get("Prefix")
    if tags and (prefix is not None or len(tags) > 1):
        selected: dict[str, Any] = {"And": {"Tag": tags}}
        if prefix is not None:
            selected["And"]["Prefix"] = prefix
    elif tags:
        selected = {"Tag": tags[0]}
    else:
        selected = {"Prefix": prefix or ""}
    result: dict[str, Any] = {
        "ID": rule.get("Id", f"rule-{number}"),
        "Status": rule["Status"],
        "Filter": selected,
    }
    expiration = {
        api: rule[cfn]
        for cfn, api in (
            ("ExpirationInDays", "Days"),
            ("ExpirationDate", "Date"),
            ("ExpiredObjectDeleteMarker", "ExpiredObjectDeleteMarker"),
        )
        if cfn in rule
    }
    if expiration:
        result["Expiration"] = expiration
    if "NoncurrentVersionExpirationInDays" in rule:
        result["NoncurrentVersionExpiration"] = {
            "NoncurrentDays": rule["NoncurrentVersionExpirationInDays"]
        }
    for key in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        if key in rule:
            result[key] = rule[key]
    if "Transitions" in rule:
        result["Transition"] = [
            {
                api: transition[cfn]
                for cfn, api in (
                    ("TransitionInDays", "Days"),
                    ("TransitionDate", "Date"),
                    ("StorageClass", "StorageClass"),
                )
                if cfn in transition
            }
            for transition in rule["Transitions"]
        ]
    if "NoncurrentVersionTransitions" in rule:
        result["NoncurrentVersionTransition"] = [
            {
                "NoncurrentDays": transition["TransitionInDays"],
                "StorageClass": transition["StorageClass"],
            }
            for transition in rule["NoncurrentVersionTransitions"]
        ]
    return result


def _create_policy(_name: str, properties: Properties, _place: Place) -> Record:
    return Record(physical_resource_id=properties["Bucket"])


def _settle_policy(
    policy: Record,
    _before: Properties,
    after: Properties,
    place: Place,
) -> None:
    document = json.dumps(after["PolicyDocument"]).encode()
    _backend(place).put_bucket_policy(policy.physical_resource_id, document)


def _remove_policy(policy: Record, _properties: Properties, place: Place) -> None:
    _backend(place).delete_bucket_policy(policy.physical_resource_id)


HANDLERS: Mapping[str, Handler] = {
    "AWS::S3::Bucket": Handler(
        settle=_settle_bucket,
        remove=_remove_bucket,
        replaced_by=frozenset({"BucketName", "ObjectLockEnabled"}),
    ),
    "AWS::S3::BucketPolicy": Handler(
        create=_create_policy,
        settle=_settle_policy,
        remove=_remove_policy,
        replaced_by=frozenset({"Bucket"}),
    ),
}
