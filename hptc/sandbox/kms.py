"""Keys whose rotation, policy and state follow their template.

Without this, moto can't create a tagged AWS::KMS::Key and updates nothing of one, returns its
policy as an object where the API has JSON text, and deletes at once a key that AWS only schedules
for deletion.
"""

import json
from collections.abc import Mapping
from typing import Any

from moto.kms import models

from hptc.sandbox.stack_resources import Handler, Place, Properties


def _backend(place: Place) -> Any:
    return models.kms_backends[place.account][place.region]


def _create_key(_name: str, properties: Properties, place: Place) -> Any:
    # moto passes CloudFormation's tags on as they are, and KMS has other words for them: KeyError.
    return _backend(place).create_key(
        policy=None,
        key_usage=properties.get("KeyUsage", "ENCRYPT_DECRYPT"),
        key_spec=properties.get("KeySpec", "SYMMETRIC_DEFAULT"),
        description=properties.get("Description", ""),
        tags=None,
    )


def _settle_key(
    key: Any,
    _before: Properties,
    after: Properties,
    place: Place,
) -> None:
    backend = _backend(place)
    policy = after.get("KeyPolicy")
    key.policy = json.dumps(policy) if policy else key.generate_default_policy()
    key.key_rotation_status = bool(after.get("EnableKeyRotation", False))
    key.description = after.get("Description", "")
    (backend.enable_key if after.get("Enabled", True) else backend.disable_key)(key.id)
    backend.tagger.delete_all_tags_for_resource(key.id)
    tags = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in after.get("Tags", [])]
    if tags:
        backend.tagger.tag_resource(key.id, tags)


def _remove_key(key: Any, properties: Properties, place: Place) -> None:
    _backend(place).schedule_key_deletion(key.id, int(properties.get("PendingWindowInDays", 30)))


def _settle_alias(alias: Any, before: Properties, after: Properties, place: Place) -> None:
    if before:
        _backend(place).update_alias(after["TargetKeyId"], alias.physical_resource_id)


HANDLERS: Mapping[str, Handler] = {
    "AWS::KMS::Key": Handler(
        create=_create_key,
        settle=_settle_key,
        remove=_remove_key,
        replaced_by=frozenset({"KeySpec", "KeyUsage", "MultiRegion", "Origin"}),
    ),
    "AWS::KMS::Alias": Handler(settle=_settle_alias, replaced_by=frozenset({"AliasName"})),
}
