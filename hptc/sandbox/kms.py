"""KMS keys whose rotation, policy and state match their template.

Replaces moto's AWS::KMS::Key, which can't be created with tags or updated, returns its policy as an
object where the API returns JSON text, and is deleted immediately where AWS schedules the deletion.
"""

import json
from collections.abc import Mapping
from typing import Any

from moto.kms import models

from hptc.sandbox.resource_handler import Handler, Location, Properties


def _backend(location: Location) -> Any:
    return models.kms_backends[location.account][location.region]


def _create_key(_name: str, properties: Properties, location: Location) -> Any:
    # moto fails on CloudFormation's tags (Key, Value), because KMS has TagKey and TagValue.
    return _backend(location).create_key(
        policy=None,
        key_usage=properties.get("KeyUsage", "ENCRYPT_DECRYPT"),
        key_spec=properties.get("KeySpec", "SYMMETRIC_DEFAULT"),
        description=properties.get("Description", ""),
        tags=None,
    )


def _apply_key(
    key: Any,
    _before: Properties,
    after: Properties,
    location: Location,
) -> None:
    backend = _backend(location)
    policy = after.get("KeyPolicy")
    key.policy = json.dumps(policy) if policy else key.generate_default_policy()
    key.key_rotation_status = bool(after.get("EnableKeyRotation", False))
    key.description = after.get("Description", "")
    (backend.enable_key if after.get("Enabled", True) else backend.disable_key)(key.id)
    backend.tagger.delete_all_tags_for_resource(key.id)
    tags = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in after.get("Tags", [])]
    if tags:
        backend.tagger.tag_resource(key.id, tags)


def _delete_key(key: Any, properties: Properties, location: Location) -> None:
    _backend(location).schedule_key_deletion(key.id, int(properties.get("PendingWindowInDays", 30)))


def _apply_alias(alias: Any, before: Properties, after: Properties, location: Location) -> None:
    if before:
        _backend(location).update_alias(after["TargetKeyId"], alias.physical_resource_id)


HANDLERS: Mapping[str, Handler] = {
    "AWS::KMS::Key": Handler(
        create=_create_key,
        apply=_apply_key,
        delete=_delete_key,
        create_only=frozenset({"KeySpec", "KeyUsage", "MultiRegion", "Origin"}),
    ),
    "AWS::KMS::Alias": Handler(apply=_apply_alias, create_only=frozenset({"AliasName"})),
}
