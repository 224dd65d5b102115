"""Checks against an account: a table of what is wrong with it, the findings, and failed queries."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hptc.account_checks.checks import check_online
from hptc.aws.aws_errors import missing_region
from hptc.compiler.pipeline import compile_paths
from hptc.compiler.workspace import Workspace
from hptc.errors import AwsError
from hptc.project.project_file import Environment
from hptc.service.inventory import Account, RouteTable, S3Endpoint, Subnet
from tests.support.online_checks import (
    ACCOUNT,
    CODE,
    DEPLOYED,
    GROUP,
    KEY,
    SPEC,
    SUBNETS,
    WITH_CODE,
    Change,
    NewFindings,
    change,
    compiled,
    new_findings,
    online,
    open_group,
    private_table,
    quota,
    role,
    whole,
)

NETWORK = {id_: Subnet(vpc="vpc-1", free_addresses=100) for id_ in SUBNETS}

DATA = [f"s3://data/churn/{key}" for key in ("train/1.csv", "train/2.csv", "validation/1.csv")]

CASES: dict[str, tuple[Change, NewFindings]] = {
    "whole": (lambda _: None, []),
    "quota-too-small": (
        quota("training job", 7), [("HPT911", "error", "instance_type")],
    ),
    "quota-of-nothing": (
        quota("training job", 0), [("HPT911", "error", "instance_type")],
    ),
    "quota-not-listed": (change(limits={}), []),
    "quota-of-spot-does-not-count": (quota("spot training job", 0), []),
    "no-bucket": (
        change(region_of={"data": "us-east-1"}), [("HPT921", "error", "output")],
    ),
    "output-bucket-elsewhere": (
        change(region_of={"data": "us-east-1", "artifacts": "eu-west-1"}),
        [("HPT921", "error", "output")],
    ),
    "data-bucket-elsewhere": (
        change(region_of={"data": "eu-west-1", "artifacts": "us-east-1"}),
        [("HPT921", "error", "s3"), ("HPT921", "error", "validation")],
    ),
    "empty-input": (
        change(objects=[*DATA[:2], CODE]),
        [("HPT922", "error", "validation")],
    ),
    "fewer-objects-than-instances": (
        change(objects=[*DATA[1:], CODE]),
        [("HPT923", "warning", "s3")],
    ),
    "no-repository": (change(images=set()), [("HPT931", "error", "training_image")]),
    "no-image": (change(images={"churn/train:1.3"}), [("HPT931", "error", "training_image")]),
    "no-role": (change(roles={}), [("HPT941", "error", "role_arn")]),
    "role-of-another-path": (
        role(f"arn:aws:iam::{ACCOUNT}:role/tuning"), [("HPT941", "error", "role_arn")],
    ),
    "role-of-another-account": (role("arn:aws:iam::999999999999:role/tuning"), []),
    "role-for-another-service": (
        role(service="ec2.amazonaws.com"), [("HPT942", "error", "role_arn")],
    ),
    "role-for-anyone": (role(service="*"), []),
    "no-key": (
        change(keys={}),
        [("HPT951", "error", "output"), ("HPT951", "error", "volume_kms_key_id")],
    ),
    "key-to-be-deleted": (
        change(keys={KEY: "PendingDeletion"}),
        [("HPT951", "error", "output"), ("HPT951", "error", "volume_kms_key_id")],
    ),
    "no-subnet": (
        change(in_subnets={SUBNETS[0]: NETWORK[SUBNETS[0]]}), [("HPT961", "error", "vpc")],
    ),
    "no-security-group": (change(groups={}), [("HPT961", "error", "vpc")]),
    "group-of-another-vpc": (
        change(groups={GROUP: open_group("vpc-2")}), [("HPT962", "error", "vpc")],
    ),
    "subnet-of-another-vpc": (
        change(in_subnets={**NETWORK, SUBNETS[1]: Subnet(vpc="vpc-2", free_addresses=100)}),
        [("HPT962", "error", "vpc")],
    ),
    "dedicated-tenancy": (
        change(vpcs={"vpc-1": "dedicated"}), [("HPT967", "error", "vpc")],
    ),
    "few-addresses": (
        change(in_subnets={id_: Subnet(vpc="vpc-1", free_addresses=7) for id_ in SUBNETS}),
        [("HPT963", "warning", "vpc")],
    ),
    "just-enough-addresses": (
        change(in_subnets={id_: Subnet(vpc="vpc-1", free_addresses=8) for id_ in SUBNETS}), [],
    ),
    "no-s3-endpoint": (change(endpoints=[]), [("HPT964", "error", "vpc")]),
    "only-an-internet-gateway": (
        change(endpoints=[], tables=[private_table(has_internet_gateway=True)]),
        [("HPT964", "error", "vpc")],
    ),
    "nat-gateway": (change(endpoints=[], tables=[private_table(has_egress=True)]), []),
    "gateway-for-another-table": (
        change(endpoints=[S3Endpoint(is_gateway=True, route_tables=frozenset({"rtb-2"}))]),
        [("HPT964", "error", "vpc")],
    ),
    "interface-endpoint": (
        change(endpoints=[S3Endpoint(is_gateway=False, route_tables=frozenset())]), [],
    ),
    "one-of-two-subnets": (
        change(tables=[
            private_table(),
            private_table(id="rtb-2", is_main=False, subnets=frozenset({SUBNETS[1]})),
        ]),
        [("HPT964", "warning", "vpc")],
    ),
    "both-subnets-outside-the-main-table": (
        change(endpoints=[], tables=[
            private_table(),
            private_table(id="rtb-2", is_main=False, subnets=frozenset(SUBNETS), has_egress=True),
        ]),
        [],
    ),
    "route-tables-not-visible": (change(endpoints=[], tables=[]), []),
}  # fmt: skip


@pytest.mark.parametrize(("change_", "expected"), CASES.values(), ids=CASES)
def test_an_account(change_: Change, expected: NewFindings, tmp_path: Path) -> None:
    fake = whole()
    change_(fake)
    before = compiled(tmp_path, SPEC)
    after, notes = online(before, fake)
    assert new_findings(after[0], before[0]) == expected
    assert notes == []


@pytest.mark.parametrize(
    ("change_", "expected"),
    [
        pytest.param(change(), [], id="there"),
        pytest.param(change(objects=[*DATA, f"{CODE}.old"]), ["HPT924"], id="another-key"),
        pytest.param(change(region_of={"artifacts": "us-east-1"}), ["HPT921"] * 3, id="no-bucket"),
    ],
)
@pytest.mark.parametrize("value", [CODE, f'"\\"{CODE}\\""'], ids=["plain", "json"])
def test_a_code_archive(value: str, change_: Change, expected: list[str], tmp_path: Path) -> None:
    fake = whole()
    change_(fake)
    before = compiled(tmp_path, WITH_CODE.replace(f'"{CODE}"', value))
    after, notes = online(before, fake)
    findings = new_findings(after[0], before[0])
    assert [code for code, *_ in findings] == expected
    assert not expected or "sagemaker_submit_directory" in [line for *_, line in findings]
    assert notes == []


DENIED = AwsError(
    "User: arn:aws:iam::1:user/me is not authorized", code="AccessDenied",
    help="the caller needs permission for it",
)  # fmt: skip
METHODS = {
    "quotas": "quotas", "bucket_region": "buckets", "count_objects": "inputs",
    "data_size": "size of the data",
    "has_object": "code", "missing_image_part": "images", "role": "roles", "key_state": "keys",
    "subnets": "subnets", "tenancy": "tenancy", "security_groups": "security groups",
    "route_tables": "routes to Amazon S3", "s3_endpoints": "routes to Amazon S3",
}  # fmt: skip


@pytest.mark.parametrize(("method", "about"), METHODS.items(), ids=METHODS)
def test_a_denied_call_is_skipped_with_a_note(method: str, about: str, tmp_path: Path) -> None:
    fake = whole()
    fake.inventory.refusals[method] = DENIED
    before = compiled(tmp_path, WITH_CODE, WITH_CODE.replace("name: churn\n", "name: again\n"))
    after, notes = online(before, fake)
    assert [new_findings(a, b) for a, b in zip(after, before, strict=True)] == [[], []]
    assert notes == [f"{about} not checked: the caller needs permission for it"]


def test_the_routes_of_a_shared_vpc_are_not_judged(tmp_path: Path) -> None:
    fake = whole()
    fake.inventory.endpoints = []
    fake.inventory.in_subnets = {
        id_: Subnet(vpc="vpc-1", free_addresses=100, owner="999999999999") for id_ in SUBNETS
    }
    before = compiled(tmp_path, SPEC)
    after, notes = online(before, fake)
    assert new_findings(after[0], before[0]) == []
    assert notes == ["routes to Amazon S3 not checked: another account owns vpc-1"]


@pytest.mark.parametrize(
    ("table", "message", "help"),
    [
        pytest.param(
            private_table(),
            f"training jobs in the subnets `{SUBNETS[0]}` and `{SUBNETS[1]}` can't reach Amazon S3:"
            " the route table `rtb-1` leads to no S3 endpoint, NAT gateway or other network",
            "add a gateway endpoint, which is free: `aws ec2 create-vpc-endpoint --vpc-id vpc-1 "
            "--service-name com.amazonaws.us-east-1.s3 --route-table-ids rtb-1 --region us-east-1`",
            id="closed",
        ),
        pytest.param(
            private_table(has_internet_gateway=True, is_main=False, subnets={SUBNETS[1]}),
            f"training jobs in the subnet `{SUBNETS[1]}` can't reach Amazon S3: the route table "
            "`rtb-1` leads to no S3 endpoint, NAT gateway or other network",
            "add a gateway endpoint, which is free: `aws ec2 create-vpc-endpoint --vpc-id vpc-1 "
            "--service-name com.amazonaws.us-east-1.s3 --route-table-ids rtb-1 --region us-east-1`;"
            " an internet gateway serves only instances with a public IP address, and training "
            "instances have none",
            id="public-subnet",
        ),
    ],
)
def test_what_to_do_about_subnets_without_a_route_to_s3(
    table: RouteTable, message: str, help: str, tmp_path: Path
) -> None:
    fake = whole()
    fake.inventory.endpoints, fake.inventory.tables = [], [table]
    (after,), _ = online(compiled(tmp_path, SPEC), fake)
    (finding,) = (diagnostic for diagnostic in after.diagnostics if diagnostic.code == "HPT964")
    assert (finding.message, finding.help) == (message, help)


def test_no_other_query_runs_without_credentials(tmp_path: Path) -> None:
    fake = whole()
    for method in METHODS:
        fake.inventory.refusals[method] = AwsError("no AWS credentials found")
    before = compiled(tmp_path, SPEC)
    after, notes = online(before, fake)
    assert after == before
    assert notes == ["not checked online: no AWS credentials found"]
    assert fake.inventory.calls == ["quotas"]


def test_without_a_region_a_note_is_printed(tmp_path: Path) -> None:
    before = compiled(tmp_path, SPEC)
    notes: list[str] = []

    def connect(_: Environment | None) -> Account:
        raise missing_region()

    assert check_online(before, connect, progress=notes.append) == before
    assert notes == ["not checked online: no AWS Region is configured"]


def test_each_query_runs_once(tmp_path: Path) -> None:
    fake = whole()
    online(compiled(tmp_path, WITH_CODE, WITH_CODE.replace("name: churn\n", "name: again\n")), fake)
    calls = fake.inventory.calls
    assert sorted({call: calls.count(call) for call in calls}.items()) == [
        ("bucket_region", 2), ("count_objects", 2), ("data_size", 2),
        ("has_object", 1), ("key_state", 1),
        ("missing_image_part", 1), ("quotas", 1), ("role", 1), ("route_tables", 1),
        ("s3_endpoints", 1), ("security_groups", 1), ("simulate", 16), ("subnets", 1),
        ("tenancy", 1),
    ]  # fmt: skip


def test_the_progress_counts_files(tmp_path: Path) -> None:
    done: list[tuple[int, int]] = []
    specs = compiled(tmp_path, SPEC, SPEC.replace("name: churn\n", "name: again\n"))
    online(specs, whole(), file_progress=lambda *counts: done.append(counts))
    assert done == [(0, 2), (1, 2)]


def test_a_spec_with_errors_is_not_checked(tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text("name: broken\n", encoding="utf-8")
    before = compile_paths([str(path)], Workspace())
    fake = whole()
    assert online(before, fake) == (before, [])
    assert fake.inventory.calls == []


def test_a_request_in_the_apis_form(tmp_path: Path) -> None:
    request = compiled(tmp_path / "spec", SPEC)[0].request
    text = json.dumps(request, indent=2)
    before = compiled(tmp_path / "request", text, project=None, suffix="json")
    fake = whole()
    fake.inventory.roles = {}
    after, _ = online(before, fake)
    assert new_findings(after[0], before[0]) == [("HPT941", "error", '"RoleArn"')]


def test_a_suppressed_finding(tmp_path: Path) -> None:
    text = SPEC.replace(
        "instance_type: ml.m5.xlarge", "instance_type: ml.m5.xlarge  # hptc: ignore[HPT911] asked"
    )
    fake = whole()
    quota("training job", 0)(fake)
    before = compiled(tmp_path, text)
    assert "HPT010" not in {diagnostic.code for diagnostic in before[0].diagnostics}
    (after,), _ = online(before, fake)
    assert new_findings(after, before[0]) == []
    assert [diagnostic.code for diagnostic in after.suppressed] == ["HPT911"]


def test_an_image_of_aws_is_not_checked(tmp_path: Path) -> None:
    fake = whole()
    online(compiled(tmp_path, DEPLOYED), fake)
    assert "missing_image_part" not in fake.inventory.calls
