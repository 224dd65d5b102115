"""Checks against an account: a table of what is wrong with it, and the findings.

The account has everything that the tuning jobs need, until a case removes it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hptc.account_checks.checks import check_online
from hptc.aws.aws_errors import missing_region
from hptc.compiler.outcome import Compiled, Outcome
from hptc.compiler.pipeline import compile_paths
from hptc.compiler.workspace import Workspace
from hptc.errors import AwsError
from hptc.project.project_file import Environment
from hptc.rules.engine import selected
from hptc.service.inventory import Account, Role, Subnet
from tests.support.fake_account import FakeAccount
from tests.support.outcomes import all_succeeded

ACCOUNT = "123456789012"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/research/tuning"
SUBNETS = ("subnet-0a000000000000001", "subnet-0a000000000000002")
GROUP = "sg-0a000000000000001"

PROJECT = f"""\
project: churn
specs: [.]
environments:
  dev: {{account: "{ACCOUNT}", region: us-east-1}}
"""
SPEC = f"""\
name: churn
strategy: Bayesian
limits: {{max_number_of_training_jobs: 20, max_parallel_training_jobs: 4, max_runtime: 1d}}
training_job:
  objective: {{metric_name: loss, type: Minimize}}
  hyperparameters:
    layers: 3
    rate: {{type: Continuous, min: 0.1, max: 0.5}}
  algorithm:
    training_image: "{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/churn/train:1.4"
    metric_definitions: {{loss: "loss=([0-9.]+)"}}
  role_arn: {ROLE}
  inputs:
    train:
      s3: {{s3_uri: "s3://data/churn/train/", s3_data_distribution_type: ShardedByS3Key}}
    validation: {{s3: "s3://data/churn/validation/"}}
  vpc: {{subnets: {list(SUBNETS)}, security_group_ids: [{GROUP}]}}
  output: {{s3_output_path: "s3://artifacts/churn/", kms_key_id: "{KEY}"}}
  resources:
    instance_type: ml.m5.xlarge
    instance_count: 2
    volume_size_in_gb: 30
    volume_kms_key_id: "{KEY}"
  enable_inter_container_traffic_encryption: true
  stopping: {{max_runtime: 1h}}
"""
DEPLOYED = """\
name: churn
strategy: Bayesian
limits: {max_number_of_training_jobs: 20, max_parallel_training_jobs: 4, max_runtime: 1d}
training_job:
  objective: {metric_name: "validation:auc", type: Maximize}
  hyperparameters:
    num_round: 100
    eta: {type: Continuous, min: 0.1, max: 0.5}
  algorithm: {built_in: xgboost, version: 1.7-1}
  inputs:
    train: {s3: "s3://{{ data_bucket }}/churn/train/", content_type: text/csv}
    validation: {s3: "s3://{{ data_bucket }}/churn/validation/", content_type: text/csv}
  resources: {instance_type: ml.m5.xlarge, instance_count: 1, volume_size_in_gb: 30}
  stopping: {max_runtime: 1h}
"""
STACKS = {
    "hptc-churn-dev": {"ArtifactBucket": "artifacts", "DataBucket": "data", "KmsKeyArn": KEY},
    "hptc-churn-dev-churn": {"ExecutionRoleArn": ROLE},
}

CHECKING = f"checking against the account {ACCOUNT} in us-east-1"

Change = Callable[[FakeAccount], object]
Found = list[tuple[str, str, str]]


def whole() -> FakeAccount:
    """An account with everything that the tuning jobs need."""
    fake = FakeAccount()
    inventory = fake.inventory
    inventory.region_of = {"data": "us-east-1", "artifacts": "us-east-1"}
    inventory.objects = [
        *("s3://data/churn/train/1.csv", "s3://data/churn/train/2.csv"),
        "s3://data/churn/validation/1.csv",
    ]
    inventory.images = {"churn/train:1.4"}
    inventory.roles = {"tuning": Role(arn=ROLE, services=frozenset({"sagemaker.amazonaws.com"}))}
    inventory.keys = {KEY: "Enabled"}
    inventory.in_subnets = {id_: Subnet(vpc="vpc-1", free_addresses=100) for id_ in SUBNETS}
    inventory.groups = {GROUP: "vpc-1"}
    inventory.limits = {
        "ml.m5.xlarge for training job usage": 8.0,
        "ml.m5.xlarge for spot training job usage": 2.0,
        "ml.m5.2xlarge for training job usage": 4.0,
    }
    fake.stacks.stacks = {name: dict(outputs) for name, outputs in STACKS.items()}
    return fake


def compiled(
    folder: Path, *specs: str, project: str | None = PROJECT, suffix: str = "yaml"
) -> list[Compiled]:
    folder.mkdir(exist_ok=True)
    (folder / ".git").mkdir(exist_ok=True)
    if project is not None:
        (folder / "hptc.yaml").write_text(project, encoding="utf-8")
    paths = []
    for index, spec in enumerate(specs):
        path = folder / f"spec{index}.{suffix}"
        path.write_text(spec, encoding="utf-8")
        paths.append(str(path))
    found = compile_paths(paths, Workspace())
    return all_succeeded(found)


def online(
    compiled: Sequence[Outcome], fake: FakeAccount, **options: Any
) -> tuple[list[Outcome], list[str]]:
    notes: list[str] = []

    def connect(_: Environment | None) -> Account:
        return fake.account

    found = check_online(compiled, connect, progress=notes.append, **options)
    return found, [line for line in notes if line != CHECKING]


def found_in(one: Outcome, before: Outcome) -> Found:
    """(code, severity, the text of the line) of the new findings."""
    return [
        (d.code, d.severity.value, d.span.source.strip().split(":")[0])
        for d in one.diagnostics
        if d not in before.diagnostics
    ]


def change(**values: Any) -> Change:
    """Set attributes of the inventory."""

    def apply(fake: FakeAccount) -> None:
        for name, value in values.items():
            setattr(fake.inventory, name, value)

    return apply


def quota(name: str, value: float) -> Change:
    return lambda fake: fake.inventory.limits.update({f"ml.m5.xlarge for {name} usage": value})


def role(arn: str = ROLE, service: str = "sagemaker.amazonaws.com") -> Change:
    return change(roles={"tuning": Role(arn=arn, services=frozenset({service}))})


NETWORK = {id_: Subnet(vpc="vpc-1", free_addresses=100) for id_ in SUBNETS}

CASES: dict[str, tuple[Change, Found]] = {
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
        change(objects=["s3://data/churn/train/1", "s3://data/churn/train/2"]),
        [("HPT922", "error", "validation")],
    ),
    "fewer-objects-than-instances": (
        change(objects=["s3://data/churn/train/1", "s3://data/churn/validation/1"]),
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
    "group-of-another-vpc": (change(groups={GROUP: "vpc-2"}), [("HPT962", "error", "vpc")]),
    "subnet-of-another-vpc": (
        change(in_subnets={**NETWORK, SUBNETS[1]: Subnet(vpc="vpc-2", free_addresses=100)}),
        [("HPT962", "error", "vpc")],
    ),
    "few-addresses": (
        change(in_subnets={id_: Subnet(vpc="vpc-1", free_addresses=7) for id_ in SUBNETS}),
        [("HPT963", "warning", "vpc")],
    ),
    "just-enough-addresses": (
        change(in_subnets={id_: Subnet(vpc="vpc-1", free_addresses=8) for id_ in SUBNETS}), [],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change_", "expected"), CASES.values(), ids=CASES)
def test_an_account(change_: Change, expected: Found, tmp_path: Path) -> None:
    fake = whole()
    change_(fake)
    before = compiled(tmp_path, SPEC)
    after, notes = online(before, fake)
    assert found_in(after[0], before[0]) == expected
    assert notes == []


def test_a_quota_finding_has_its_numbers(tmp_path: Path) -> None:
    fake = whole()
    quota("training job", 7)(fake)
    (one,), _ = online(compiled(tmp_path, SPEC), fake)
    (finding,) = [d for d in one.diagnostics if d.code == "HPT911"]
    assert "4 parallel training jobs x 2 ml.m5.xlarge = 8 instances" in finding.message
    assert finding.help.startswith("set max_parallel_training_jobs to 3, or request")


ONE_FITS = """\
    instance_configs:
      - {instance_type: ml.m5.xlarge, instance_count: 3, volume_size_in_gb: 30}
      - {instance_type: ml.m5.2xlarge, instance_count: 1, volume_size_in_gb: 30}
"""
GROUPS = """\
    instance_groups:
      head: {instance_type: ml.m5.xlarge, instance_count: 1}
      tail: {instance_type: ml.m5.xlarge, instance_count: 2}
    volume_size_in_gb: 30
"""
STOPPING = "  stopping: {max_runtime: 1h}"
QUOTA_SPECS: dict[str, tuple[tuple[str, str], Found]] = {
    "spot": (
        (STOPPING, f"{STOPPING}\n  spot: {{max_wait_time: 2h}}"),
        [("HPT911", "error", "instance_type")],
    ),
    "alternatives-of-which-one-fits": (("tuning_resources", ONE_FITS), []),
    "alternatives-of-which-none-fits": (
        ("tuning_resources", ONE_FITS.replace("instance_count: 1", "instance_count: 2")),
        [("HPT911", "warning", "- {instance_type")],
    ),
    "groups-of-one-type": (("resources", GROUPS), [("HPT911", "error", "head")]),
    "fewer-jobs-than-parallel": (
        ("max_number_of_training_jobs: 20", "max_number_of_training_jobs: 4"),
        [],
    ),
}


@pytest.mark.parametrize(("edit", "expected"), QUOTA_SPECS.values(), ids=QUOTA_SPECS)
def test_instances_in_every_form(edit: tuple[str, str], expected: Found, tmp_path: Path) -> None:
    old, new = edit
    text = SPEC.replace("s3_data_distribution_type: ShardedByS3Key", "s3_data_type: S3Prefix")
    if old in ("tuning_resources", "resources"):
        start, end = text.index("  resources:"), text.index("  enable_inter")
        key = f'    volume_kms_key_id: "{KEY}"\n'
        text = f"{text[:start]}  {old}:\n{new}{key}{text[end:]}"
    else:
        text = text.replace(old, new)
    before = compiled(tmp_path, text)
    after, _ = online(before, whole())
    assert found_in(after[0], before[0]) == expected


def stack(name: str, **outputs: str | None) -> Change:
    def apply(fake: FakeAccount) -> None:
        found = fake.stacks.stacks[name] | outputs
        fake.stacks.stacks[name] = {k: v for k, v in found.items() if v is not None}

    return apply


DEPLOYMENTS: dict[str, tuple[Change, Found, list[str]]] = {
    "deployed": (lambda _: None, [], []),
    "values-are-those-of-the-stacks": (
        stack("hptc-churn-dev", DataBucket="other"),
        [("HPT921", "error", "train"), ("HPT921", "error", "validation")],
        [],
    ),
    "role-of-the-stack": (
        role(service="ec2.amazonaws.com"), [("HPT942", "error", "name")], [],
    ),
    "spec-not-deployed": (
        lambda fake: fake.stacks.stacks.pop("hptc-churn-dev-churn"),
        [],
        ["`hptc-churn-dev-churn` is not deployed, so the values it provides are not checked"],
    ),
    "nothing-deployed": (
        lambda fake: fake.stacks.stacks.clear(),
        [],
        [
            "`hptc-churn-dev` is not deployed, so the values it provides are not checked",
        ],
    ),
    "output-missing": (
        lambda fake: fake.stacks.stacks["hptc-churn-dev"].pop("DataBucket"), [], [],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change_", "expected", "words"), DEPLOYMENTS.values(), ids=DEPLOYMENTS)
def test_values_of_a_deployment(
    change_: Change, expected: Found, words: list[str], tmp_path: Path
) -> None:
    fake = whole()
    change_(fake)
    before = compiled(tmp_path, DEPLOYED)
    after, notes = online(before, fake)
    assert [(code, severity) for code, severity, _ in found_in(after[0], before[0])] == [
        (code, severity) for code, severity, _ in expected
    ]
    assert sorted(notes) == sorted(words)


# The name.

PINNED = SPEC.replace("name: churn\n", "name: churn\njob_name: Churn-2026\n")


def job(request: dict[str, Any] | None, **changes: Any) -> dict[str, Any]:
    assert request is not None
    return {**deepcopy(request), **changes}


def test_a_submitted_job_is_not_a_finding(tmp_path: Path) -> None:
    before = compiled(tmp_path, SPEC)
    for tags in ([{"Key": "hptc:digest", "Value": before[0].digest}], []):
        fake = whole()
        fake.tuning.add(job(before[0].request, Tags=tags))
        after, _ = online(before, fake)
        assert found_in(after[0], before[0]) == []


@pytest.mark.parametrize(
    ("text", "name", "tags"),
    [
        pytest.param(SPEC, None, [{"Key": "hptc:digest", "Value": "another"}], id="digest"),
        pytest.param(PINNED, "Churn-2026", [], id="content"),
        pytest.param(PINNED, "churn-2026", [], id="other-capitals"),
    ],
)
def test_a_name_of_another_job(
    text: str, name: str | None, tags: list[dict[str, str]], tmp_path: Path
) -> None:
    before = compiled(tmp_path, text)
    request = before[0].request
    config = {"Strategy": "Random", "ResourceLimits": {"MaxParallelTrainingJobs": 1}}
    other = job(request, Tags=tags, HyperParameterTuningJobConfig=config)
    fake = whole()
    fake.tuning.add({**other, **({"HyperParameterTuningJobName": name} if name else {})})
    after, _ = online(before, fake)
    where = "name" if name is None else "job_name"
    assert found_in(after[0], before[0]) == [("HPT901", "error", where)]


def test_a_name_within_another_is_free(tmp_path: Path) -> None:
    before = compiled(tmp_path, PINNED)
    fake = whole()
    fake.tuning.add(job(before[0].request, HyperParameterTuningJobName="churn-2026-again"))
    after, _ = online(before, fake)
    assert found_in(after[0], before[0]) == []


# Parents.

CHILD = SPEC.replace("name: churn\n", "name: child\n") + (
    "warm_start: {type: TransferLearning, parents: [older-search]}\n"
)


def parent(request: dict[str, Any] | None, **definition: Any) -> dict[str, Any]:
    """The job as an earlier one, with a partly different definition."""
    found = job(request, HyperParameterTuningJobName="older-search")
    found.pop("WarmStartConfig")
    found["TrainingJobDefinition"] = {**found["TrainingJobDefinition"], **definition}
    return found


def test_a_parent_that_does_not_exist(tmp_path: Path) -> None:
    before = compiled(tmp_path, CHILD)
    after, _ = online(before, whole())
    assert found_in(after[0], before[0]) == [("HPT902", "error", "warm_start")]


def test_a_parent_spec_that_is_not_submitted_yet(tmp_path: Path) -> None:
    child = CHILD.replace("older-search", "churn")
    before = compiled(tmp_path, SPEC, child)
    after, _ = online(before, whole())
    assert found_in(after[0], before[0]) == []
    assert found_in(after[1], before[1]) == [("HPT902", "warning", "warm_start")]


STATES = {
    "Completed": [],
    "Stopped": [],
    "Failed": [],
    "InProgress": [("HPT903", "warning", "warm_start")],
    "Stopping": [("HPT903", "warning", "warm_start")],
}


@pytest.mark.parametrize(("status", "expected"), STATES.items(), ids=STATES)
def test_the_state_of_a_parent(status: str, expected: Found, tmp_path: Path) -> None:
    before = compiled(tmp_path, CHILD)
    fake = whole()
    fake.tuning.add(parent(before[0].request), status=status)
    after, _ = online(before, fake)
    assert found_in(after[0], before[0]) == expected


def test_a_parent_from_before_october_2018(tmp_path: Path) -> None:
    before = compiled(tmp_path, CHILD)
    fake = whole()
    fake.tuning.add(parent(before[0].request), status="Completed")
    fake.tuning.jobs["older-search"]["CreationTime"] = datetime(2018, 9, 30, tzinfo=UTC)
    after, _ = online(before, fake)
    assert found_in(after[0], before[0]) == [("HPT904", "error", "warm_start")]


PARENTS: dict[str, tuple[dict[str, Any], Found]] = {
    "as-aws-describes-it": (
        {"StaticHyperParameters": {"layers": "3", "_tuning_objective_metric": "loss"}},
        [],
    ),
    "one-more-hyperparameter": (
        {"StaticHyperParameters": {"layers": "3", "width": "8"}},
        [("HPT703", "error", "warm_start")],
    ),
    "one-less-hyperparameter": ({"StaticHyperParameters": {}}, [("HPT703", "error", "layers")]),
}


@pytest.mark.parametrize(("definition", "expected"), PARENTS.values(), ids=PARENTS)
def test_a_parent_that_is_not_a_spec_is_compared(
    definition: dict[str, Any], expected: Found, tmp_path: Path
) -> None:
    before = compiled(tmp_path, CHILD)
    fake = whole()
    fake.tuning.add(parent(before[0].request, **definition), status="Completed")
    after, _ = online(before, fake)
    assert found_in(after[0], before[0]) == expected
    # Rules that are not selected are not run here either.
    after, _ = online(before, fake, rules=selected(None, "HPT7"))
    assert found_in(after[0], before[0]) == []


def test_identical_data_is_compared_when_deployed(tmp_path: Path) -> None:
    child = DEPLOYED.replace("name: churn\n", "name: child\n") + (
        "warm_start: {type: IdenticalDataAndAlgorithm, parents: [older-search]}\n"
    )
    before = compiled(tmp_path, child)
    fake = whole()
    fake.stacks.stacks["hptc-churn-dev-child"] = {"ExecutionRoleArn": ROLE}
    request = parent(before[0].request)
    data = request["TrainingJobDefinition"]["InputDataConfig"]
    for channel in data:
        source = channel["DataSource"]["S3DataSource"]
        source["S3Uri"] = source["S3Uri"].replace("${hptc:data_bucket}", "data")
    fake.tuning.add(request, status="Completed")
    after, _ = online(before, fake)
    assert found_in(after[0], before[0]) == []
    fake.stacks.stacks["hptc-churn-dev"]["DataBucket"] = "data-2026"
    fake.inventory.region_of["data-2026"] = "us-east-1"
    fake.inventory.objects = ["s3://data-2026/churn/train/1", "s3://data-2026/churn/validation/1"]
    after, _ = online(before, fake)
    assert {code for code, *_ in found_in(after[0], before[0])} == {"HPT711"}
    fake.stacks.stacks.pop("hptc-churn-dev")
    after, _ = online(before, fake)
    assert found_in(after[0], before[0]) == []


def test_the_training_jobs_that_a_parent_ran_count(tmp_path: Path) -> None:
    before = compiled(tmp_path, CHILD)
    request = parent(before[0].request)
    config = request["HyperParameterTuningJobConfig"]
    request["HyperParameterTuningJobConfig"] = {
        **config, "ResourceLimits": {**config["ResourceLimits"], "MaxNumberOfTrainingJobs": 740},
    }  # fmt: skip
    fake = whole()
    fake.tuning.add(request, status="Stopped")
    after, _ = online(before, fake)
    assert [code for code, *_ in found_in(after[0], before[0])] == ["HPT709"]
    fake.tuning.jobs["older-search"]["TrainingJobStatusCounters"] = {"Completed": 30, "Stopped": 3}
    after, _ = online(before, fake)
    assert found_in(after[0], before[0]) == []


def test_a_hundred_running_jobs(tmp_path: Path) -> None:
    before = compiled(tmp_path, SPEC)
    fake = whole()
    for index in range(99):
        fake.tuning.add(job(before[0].request, HyperParameterTuningJobName=f"other-{index}"))
    after, _ = online(before, fake)
    assert found_in(after[0], before[0]) == []
    fake.tuning.add(job(before[0].request, HyperParameterTuningJobName="other-99"))
    after, _ = online(before, fake)
    assert found_in(after[0], before[0]) == [("HPT912", "warning", "name")]


# Queries that fail.

DENIED = AwsError(
    "User: arn:aws:iam::1:user/me is not authorized", code="AccessDenied",
    help="the caller needs permission for it",
)  # fmt: skip
METHODS = {
    "quotas": "quotas", "bucket_region": "buckets", "count_objects": "inputs",
    "missing_image_part": "images", "role": "roles", "key_state": "keys", "subnets": "subnets",
    "security_groups": "security groups",
}  # fmt: skip


@pytest.mark.parametrize(("method", "about"), METHODS.items(), ids=METHODS)
def test_a_denied_call_is_skipped_with_a_note(method: str, about: str, tmp_path: Path) -> None:
    fake = whole()
    fake.inventory.refusals[method] = DENIED
    before = compiled(tmp_path, SPEC, SPEC.replace("name: churn\n", "name: again\n"))
    after, notes = online(before, fake)
    assert [found_in(a, b) for a, b in zip(after, before, strict=True)] == [[], []]
    assert notes == [f"{about} not checked: the caller needs permission for it"]


def test_without_credentials_no_more_calls_are_made(tmp_path: Path) -> None:
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


def test_each_query_is_made_once(tmp_path: Path) -> None:
    fake = whole()
    online(compiled(tmp_path, SPEC, SPEC.replace("name: churn\n", "name: again\n")), fake)
    calls = fake.inventory.calls
    assert sorted({call: calls.count(call) for call in calls}.items()) == [
        ("bucket_region", 2), ("count_objects", 2), ("key_state", 1), ("missing_image_part", 1),
        ("quotas", 1), ("role", 1), ("security_groups", 1), ("subnets", 1),
    ]  # fmt: skip


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
    assert found_in(after[0], before[0]) == [("HPT941", "error", '"RoleArn"')]


def test_a_suppressed_finding(tmp_path: Path) -> None:
    text = SPEC.replace(
        "instance_type: ml.m5.xlarge", "instance_type: ml.m5.xlarge  # hptc: ignore[HPT911] asked"
    )
    fake = whole()
    quota("training job", 0)(fake)
    before = compiled(tmp_path, text)
    assert "HPT010" not in {d.code for d in before[0].diagnostics}
    (one,), _ = online(before, fake)
    assert found_in(one, before[0]) == []
    assert [d.code for d in one.suppressed] == ["HPT911"]


def test_an_image_of_aws_is_not_checked(tmp_path: Path) -> None:
    fake = whole()
    online(compiled(tmp_path, DEPLOYED), fake)
    assert "missing_image_part" not in fake.inventory.calls
