"""Changes to the policy and the infrastructure of an environment, and what each means."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hptc.diff.changes import Change, Kind
from hptc.diff.environment_changes import environment_changes
from hptc.project.project_file import Environment, Project, ProjectFile
from hptc.source.document import parse_document


def environment(
    policy: dict[str, Any],
    infrastructure: dict[str, Any],
    *,
    project: str = "churn",
    region: str = "us-east-1",
) -> Environment:
    place = {"account": "111122223333", "region": region, "infrastructure": infrastructure}
    data = {"project": project, "policy": policy, "environments": {"dev": place}}
    document, faults = parse_document(json.dumps(data), "hptc.yaml")
    assert not faults
    file = ProjectFile.model_validate(data)
    dev = Project(root=Path(), document=document, file=file).environment("dev")
    assert dev is not None
    return dev


def policy_changes(old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
    return list(environment_changes(environment(old, {}), environment(new, {})))


STRICT_AND_LOOSE: list[tuple[str, Any, Any]] = [
    ("budget_usd", 100, 100.5),
    ("budget_usd_per_month", 100, 101),
    ("max_number_of_training_jobs", 9, 10),
    ("max_parallel_training_jobs", 1, 2),
    ("max_runtime", "59m", "1h"),
    ("spot_required_above", 0, 1),
    ("execution_roles", ["a"], ["b", "a"]),
    ("image_registries", ["a"], ["b", "a"]),
    ("input_locations", ["s3://a/*"], ["s3://b/*", "s3://a/*"]),
    ("instance_types", ["ml.m5.*"], ["ml.m5.*", "ml.g5.*"]),
    ("output_locations", ["s3://a/*"], ["s3://b/*", "s3://a/*"]),
    ("regions", ["us-east-1"], ["us-east-1", "eu-west-1"]),
    ("forbidden_hyperparameters", ["a", "b"], ["a"]),
    ("required_tags", {"team": "a", "owner": "b"}, {"team": "a"}),
    ("require_vpc", True, None),
    ("schedules", {"allowed": False}, {"at_most_every": "7d"}),
    ("schedules", {"at_most_every": "2d"}, {"at_most_every": "1d"}),
    ("schedules", {"at_most_every": "1d"}, {"allowed": True}),
    ("schedules", {"allowed": False}, None),
]


@pytest.mark.parametrize(("key", "strict", "loose"), STRICT_AND_LOOSE)
def test_a_limit_of_the_policy_is_tightened_or_loosened(key: str, strict: Any, loose: Any) -> None:
    (loosened,) = policy_changes({key: strict}, {key: loose})
    (tightened,) = policy_changes({key: loose}, {key: strict})
    assert (loosened.kind, loosened.subject) == (Kind.POLICY_LOOSENED, f"policy.{key}")
    assert tightened.kind is Kind.POLICY_TIGHTENED
    assert (loosened.old, loosened.new) == (tightened.new, tightened.old)


@pytest.mark.parametrize(
    ("key", "limit", "expected"),
    [("max_runtime", "90m", "1h 30m"), ("budget_usd", 90, "90"), ("regions", ["a"], "a")],
)
def test_a_limit_is_shown_in_its_unit(key: str, limit: Any, expected: str) -> None:
    (change,) = policy_changes({key: limit}, {})
    assert (change.old, change.new) == (expected, "no limit")


@pytest.mark.parametrize(
    ("key", "old", "new"),
    [
        ("regions", ["us-east-1"], ["eu-west-1"]),
        ("forbidden_hyperparameters", ["a"], ["b"]),
        ("required_tags", {"team": "[a-z]+"}, {"team": ".+"}),
        ("schedules", {"allowed": False, "at_most_every": "2d"}, {"at_most_every": "7d"}),
    ],
)
def test_a_limit_that_allows_anything_new_is_loosened(key: str, old: Any, new: Any) -> None:
    assert [change.kind for change in policy_changes({key: old}, {key: new})] == [
        Kind.POLICY_LOOSENED
    ]


@pytest.mark.parametrize("key", ["require_vpc", "require_kms_keys"])
def test_what_allows_the_same_is_not_a_change(key: str) -> None:
    assert policy_changes({key: False}, {}) == []
    assert policy_changes({}, {key: False}) == []
    (change,) = policy_changes({key: False}, {key: True})
    assert (change.kind, change.old, change.new) == (Kind.POLICY_TIGHTENED, "off", "on")


@pytest.mark.parametrize(
    ("old", "new", "forth", "back"),
    [
        ({"kms_key": "managed"}, {"kms_key": "absent"}, Kind.KEY_LEAVES, Kind.INFRASTRUCTURE),
        ({"permissions_boundary": "b"}, {}, Kind.BOUNDARY_REMOVED, Kind.BOUNDARY_ADDED),
        ({"removal": "destroy"}, {}, Kind.REMOVAL_RETAIN, Kind.REMOVAL_DESTROY),
        ({"network": "managed"}, {}, Kind.NETWORK_LOOSENED, Kind.NETWORK_TIGHTENED),
        (
            {"network": {"s3_buckets": ["lake", "pond"]}},
            {"network": {"s3_buckets": ["lake"]}},
            Kind.ENDPOINT_NARROWED,
            Kind.ENDPOINT_WIDENED,
        ),
    ],
    ids=["key", "boundary", "removal", "network", "endpoint"],
)
def test_a_change_of_the_infrastructure_and_its_reverse(
    old: dict[str, Any], new: dict[str, Any], forth: Kind, back: Kind
) -> None:
    before, after = environment({}, old), environment({}, new)
    assert [change.kind for change in environment_changes(before, after)] == [forth]
    assert [change.kind for change in environment_changes(after, before)] == [back]


def test_an_existing_network_in_place_of_the_vpc_that_hptc_creates() -> None:
    existing = {"subnet_ids": ["subnet-0a"], "security_group_ids": ["sg-0a"]}
    before, after = environment({}, {"network": "managed"}), environment({}, {"network": existing})
    assert [change.kind for change in environment_changes(before, after)] == [
        Kind.NETWORK_REPLACED,
        Kind.INFRASTRUCTURE,
    ]
    assert Kind.NETWORK_REPLACED not in [
        change.kind for change in environment_changes(after, before)
    ]


@pytest.mark.parametrize(
    ("removal", "expected"), [("destroy", "is deleted with its contents"), ("retain", "stays in")]
)
def test_what_happens_to_a_bucket_that_leaves(removal: str, expected: str) -> None:
    before = environment({}, {"removal": removal})
    after = environment({}, {"removal": removal, "data_bucket": "lake"})
    (change,) = environment_changes(before, after)
    assert change.kind is Kind.BUCKET_LEAVES
    assert change.note.startswith(expected)


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ("managed", "cidr 10.42.0.0/20"),
        ({"s3_buckets": ["lake", "pond"]}, "cidr 10.42.0.0/20, s3_buckets lake, pond"),
        ({"cidr": "10.0.0.0/20", "s3_buckets": []}, "cidr 10.0.0.0/20"),
    ],
)
def test_a_network_is_shown_by_the_keys_that_are_set(network: Any, expected: str) -> None:
    (change,) = environment_changes(environment({}, {}), environment({}, {"network": network}))
    assert (change.old, change.new) == ("absent", expected)


@pytest.mark.parametrize(
    "key", ["regions", "instance_types", "input_locations", "forbidden_hyperparameters"]
)
def test_another_order_allows_the_same(key: str) -> None:
    values = {"input_locations": ["s3://a/*", "s3://b/*"]}.get(key, ["a", "b"])
    changes = policy_changes({key: values}, {key: values[::-1]})
    assert {change.kind for change in changes} <= {Kind.POLICY_TIGHTENED}


def test_what_stays_is_named_by_its_place_if_the_new_stack_has_the_same_name() -> None:
    old = environment({}, {})
    (moved,) = environment_changes(old, environment({}, {}, region="eu-west-1"))
    assert f"{old.foundation_stack} in account 111122223333 in us-east-1 stays" in moved.note
    (renamed,) = environment_changes(old, environment({}, {}, project="trees"))
    assert f"; {old.foundation_stack} stays" in renamed.note
