"""Maps differences to changes: path patterns, each with a function that returns the changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from hptc.catalog.images import parse_image
from hptc.catalog.instances import instance
from hptc.diagnostics import path_text
from hptc.diff.canonical_form import Form
from hptc.diff.changes import Change, Kind
from hptc.diff.differences import Place, leaves, part_action
from hptc.diff.hyperparameter_changes import hyperparameter_changes
from hptc.diff.security_changes import key_change, network_changes, switch_change
from hptc.diff.value_text import (
    duration_text,
    gigabytes_text,
    input_text,
    parents_text,
    value_text,
)
from hptc.project.references import has_reference

RESOURCES = ("resources", "tuning_resources")
Topic = Callable[[Place], Iterable[Change]]


def _plain(kind: Kind, absent: str = "", show: Callable[[Any], str] = value_text) -> Topic:
    """Report values as they are; `absent` is AWS's default for a value that is not set."""

    def topic(place: Place) -> Iterator[Change]:
        for leaf in leaves(place):
            yield Change(
                kind=kind,
                path=leaf.path,
                subject=path_text(leaf.inside),
                old=show(leaf.old) or absent,
                new=show(leaf.new) or absent,
            )

    return topic


def _part(kind: Kind, show: Callable[[Any], str] = value_text) -> Topic:
    """Report values as they are, and whether the whole part was added or removed."""

    def topic(place: Place) -> Iterator[Change]:
        part = part_action(place)
        yield from (replace(change, part=part) for change in _plain(kind, show=show)(place))

    return topic


def _hyperparameter(place: Place) -> Iterable[Change]:
    return hyperparameter_changes(place.old, place.new, place.path)


def _input(place: Place) -> Iterator[Change]:
    name = str(place.path[-1])
    if place.old is None or place.new is None:
        yield Change(
            kind=Kind.INPUT_ADDED if place.old is None else Kind.INPUT_REMOVED,
            path=place.path,
            subject=name,
            old="" if place.old is None else input_text(place.old),
            new="" if place.new is None else input_text(place.new),
        )
        return
    yield from _plain(Kind.INPUT)(place)


def _image(place: Place) -> Iterator[Change]:
    """Another tag or digest of the same repository is another version of the algorithm."""
    was, becomes = (parse_image(value_text(uri)) for uri in (place.old, place.new))
    is_same = (
        was is not None
        and becomes is not None
        and (was.account, was.repository) == (becomes.account, becomes.repository)
        and (was.tag, was.digest) != (becomes.tag, becomes.digest)
        and was.region == becomes.region
    )
    yield from _plain(Kind.ALGORITHM_VERSION if is_same else Kind.ALGORITHM)(place)


def _role(place: Place) -> Iterator[Change]:
    """A role that hptc creates has exactly what its spec needs; any other may allow anything."""
    is_unknown = bool(place.new) and not has_reference(value_text(place.new))
    yield Change(
        kind=Kind.ROLE_UNKNOWN if is_unknown else Kind.ROLE,
        path=place.path,
        subject=path_text(place.inside),
        old=value_text(place.old),
        new=value_text(place.new),
        note="hptc can't see what this role is allowed to do" if is_unknown else "",
    )


def _output_key(place: Place) -> Iterator[Change]:
    yield key_change(place.old, place.new, place.path, "output KMS key")


def _volume_key(place: Place) -> Iterator[Change]:
    change = key_change(place.old, place.new, place.path, "volume KMS key")
    if place.new is None and _has_local_storage(place.after):
        # SageMaker rejects a key for instances with local storage, which encrypt it in hardware.
        yield Change(
            kind=Kind.ENCRYPTION_KEY,
            path=change.path,
            subject=change.subject,
            old=change.old,
            new="hardware encryption of local storage",
        )
    else:
        yield change


def _has_local_storage(definition: Form) -> bool:
    types = [kind for member in RESOURCES for kind in _instance_types(definition.get(member, {}))]
    instances = [instance(kind) for kind in types]
    return bool(instances) and all(
        kind is not None and kind.has_local_storage for kind in instances
    )


def _instance_types(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "instance_type" and isinstance(inner, str):
                yield inner
            else:
                yield from _instance_types(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _instance_types(inner)


def _isolation(place: Place) -> Iterator[Change]:
    kinds = Kind.ISOLATION_TIGHTENED, Kind.ISOLATION_LOOSENED
    yield switch_change(place.old, place.new, place.path, "network isolation", *kinds)


def _traffic(place: Place) -> Iterator[Change]:
    kinds = Kind.ENCRYPTION_TIGHTENED, Kind.ENCRYPTION_LOOSENED
    yield switch_change(place.old, place.new, place.path, "inter-container traffic", *kinds)


def _network(place: Place) -> Iterable[Change]:
    return network_changes(place.old, place.new, place.path)


Topics = tuple[tuple[tuple[str, ...], Topic], ...]

JOB_TOPICS: Topics = (
    (("strategy",), _plain(Kind.STRATEGY)),
    (("hyperband",), _plain(Kind.STRATEGY)),
    (("limits", "max_runtime"), _plain(Kind.LIMITS, "no limit", duration_text)),
    (("limits", "*"), _plain(Kind.LIMITS, "not set")),
    (("early_stopping",), _plain(Kind.EARLY_STOPPING, "Off")),
    (("completion",), _part(Kind.COMPLETION)),
    (("random_seed",), _part(Kind.SEED)),
    (("autotune",), _plain(Kind.AUTOTUNE, "Off")),
    (("warm_start",), _part(Kind.WARM_START, parents_text)),
    (("tags", "*"), _part(Kind.TAG)),
)
"""Topics outside the training job definitions; the first pattern that matches applies."""

DEFINITION_TOPICS: Topics = (
    (("objective",), _plain(Kind.OBJECTIVE)),
    (("hyperparameters", "*"), _hyperparameter),
    (("algorithm", "training_image"), _image),
    (("algorithm", "algorithm_name"), _plain(Kind.ALGORITHM)),
    (("algorithm", "input_mode"), _plain(Kind.INPUT)),
    (("algorithm", "metric_definitions", "*"), _part(Kind.METRICS)),
    (("role_arn",), _role),
    (("inputs", "*"), _input),
    (("vpc",), _network),
    (("output", "kms_key_id"), _output_key),
    (("output", "*"), _plain(Kind.OUTPUT)),
    (("resources", "volume_kms_key_id"), _volume_key),
    (("tuning_resources", "volume_kms_key_id"), _volume_key),
    (("resources", "volume_size_in_gb"), _plain(Kind.VOLUME, "", gigabytes_text)),
    (("tuning_resources", "volume_size_in_gb"), _plain(Kind.VOLUME, "", gigabytes_text)),
    (("resources", "instance_count"), _plain(Kind.INSTANCES, "1")),
    (("resources", "keep_alive_period"), _plain(Kind.INSTANCES, "", duration_text)),
    (("resources", "*"), _plain(Kind.INSTANCES)),
    (("tuning_resources", "*"), _plain(Kind.INSTANCES)),
    (("stopping", "max_runtime"), _plain(Kind.RUNTIME, "1d", duration_text)),
    (("stopping", "*"), _plain(Kind.RUNTIME, "", duration_text)),
    (("enable_managed_spot_training",), _plain(Kind.SPOT, "off")),
    (("enable_network_isolation",), _isolation),
    (("enable_inter_container_traffic_encryption",), _traffic),
    (("checkpoint",), _part(Kind.CHECKPOINT)),
    (("retry",), _part(Kind.RETRY)),
    (("environment", "*"), _part(Kind.ENVIRONMENT_VARIABLE)),
)
"""Topics within a training job definition."""
