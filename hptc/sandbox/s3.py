"""S3 buckets with every security setting of their template.

Replaces moto's AWS::S3::Bucket, which applies encryption and tags only, not versioning, public
access block, lifecycle, ownership controls and bucket keys. Adds AWS::S3::BucketPolicy. moto
enforces bucket policies but ignores their conditions, so that a Deny for plain HTTP denies every
request; here, policies are stored and returned but not enforced.
"""

import json
from collections.abc import Mapping
from typing import Any

from moto.iam.access_control import PermissionResult
from moto.s3 import models
from moto.s3.exceptions import BucketNotEmpty

from hptc.sandbox.extension import extend
from hptc.sandbox.resource_handler import Handler, Location, Properties, SandboxResource


def install() -> None:
    """Stop moto from enforcing bucket policies."""
    extend(models.FakeBucket, get_permission=_neutral_permission)


def _neutral_permission(_bucket: Any, _action: str, _resource: str) -> PermissionResult:
    return PermissionResult.NEUTRAL


def _backend(location: Location) -> Any:
    return models.s3_backends[location.account][location.partition]


def _apply_bucket(bucket: Any, before: Properties, after: Properties, location: Location) -> None:
    backend = _backend(location)
    encryption = after.get("BucketEncryption")
    bucket.encryption = _encryption(encryption) if encryption else None
    status = after.get("VersioningConfiguration", {}).get("Status")
    # Versioning can be suspended but not removed.
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


def _delete_bucket(bucket: Any, _properties: Properties, location: Location) -> None:
    if _backend(location).delete_bucket(bucket.name) is None:
        raise BucketNotEmpty(bucket_name=bucket.name)


def _encryption(encryption: Properties) -> dict[str, Any]:
    """Convert CloudFormation's encryption to the API's request format, which moto stores."""
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
    """Convert a CloudFormation lifecycle rule to the API's format."""
    result: dict[str, Any] = {
        "ID": rule.get("Id", f"rule-{number}"),
        "Status": rule["Status"],
        "Filter": _lifecycle_filter(rule),
    }
    if expiration := _renamed(rule, _EXPIRATION):
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
            _renamed(transition, _TRANSITION) for transition in rule["Transitions"]
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


_EXPIRATION = {
    "ExpirationInDays": "Days",
    "ExpirationDate": "Date",
    "ExpiredObjectDeleteMarker": "ExpiredObjectDeleteMarker",
}
_TRANSITION = {
    "TransitionInDays": "Days",
    "TransitionDate": "Date",
    "StorageClass": "StorageClass",
}
"""The API's names by those of CloudFormation."""


def _renamed(properties: Properties, api_names: Mapping[str, str]) -> dict[str, Any]:
    return {api: properties[name] for name, api in api_names.items() if name in properties}


def _lifecycle_filter(rule: Properties) -> dict[str, Any]:
    tags = rule.get("TagFilters", [])
    prefix = rule.get("Prefix")
    if tags and (prefix is not None or len(tags) > 1):
        prefix_too = {} if prefix is None else {"Prefix": prefix}
        return {"And": {"Tag": tags, **prefix_too}}
    if tags:
        return {"Tag": tags[0]}
    return {"Prefix": prefix or ""}


def _create_policy(_name: str, properties: Properties, _location: Location) -> SandboxResource:
    return SandboxResource(physical_resource_id=properties["Bucket"])


def _apply_policy(
    policy: SandboxResource,
    _before: Properties,
    after: Properties,
    location: Location,
) -> None:
    document = json.dumps(after["PolicyDocument"]).encode()
    _backend(location).put_bucket_policy(policy.physical_resource_id, document)


def _delete_policy(policy: SandboxResource, _properties: Properties, location: Location) -> None:
    _backend(location).delete_bucket_policy(policy.physical_resource_id)


HANDLERS: Mapping[str, Handler] = {
    "AWS::S3::Bucket": Handler(
        apply=_apply_bucket,
        delete=_delete_bucket,
        create_only=frozenset({"BucketName", "ObjectLockEnabled"}),
    ),
    "AWS::S3::BucketPolicy": Handler(
        create=_create_policy,
        apply=_apply_policy,
        delete=_delete_policy,
        create_only=frozenset({"Bucket"}),
    ),
}
