"""An account that lacks nothing, specs that need all of it, and what `check --online` finds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hptc.account_checks.checks import check_online
from hptc.compiler.outcome import Compiled, Outcome
from hptc.compiler.pipeline import compile_paths
from hptc.compiler.workspace import Workspace
from hptc.project.project_file import Environment
from hptc.service.inventory import (
    Account,
    Role,
    RouteTable,
    S3Endpoint,
    SecurityGroup,
    Subnet,
    TrafficRule,
)
from tests.support.fake_account import FakeAccount
from tests.support.outcomes import all_succeeded

ACCOUNT = "123456789012"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/research/tuning"
CODE = "s3://data/code/churn.tar.gz"
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
    metric_definitions: {{loss: "loss=([0-9.eE+-]+)"}}
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
WITH_CODE = SPEC.replace("layers: 3\n", f'layers: 3\n    sagemaker_submit_directory: "{CODE}"\n')
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
NewFindings = list[tuple[str, str, str]]


def whole() -> FakeAccount:
    """An account with everything that the tuning jobs need."""
    fake = FakeAccount()
    inventory = fake.inventory
    inventory.region_of = {"data": "us-east-1", "artifacts": "us-east-1"}
    inventory.objects = [
        *("s3://data/churn/train/1.csv", "s3://data/churn/train/2.csv"),
        "s3://data/churn/validation/1.csv",
        CODE,
    ]
    inventory.images = {"churn/train:1.4"}
    inventory.roles = {"tuning": Role(arn=ROLE, services=frozenset({"sagemaker.amazonaws.com"}))}
    inventory.keys = {KEY: "Enabled"}
    inventory.in_subnets = {id_: Subnet(vpc="vpc-1", free_addresses=100) for id_ in SUBNETS}
    inventory.vpcs = {"vpc-1": "default"}
    inventory.groups = {GROUP: open_group()}
    inventory.tables = [private_table()]
    inventory.endpoints = [S3Endpoint(is_gateway=True, route_tables=frozenset({"rtb-1"}))]
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
    outcomes = compile_paths(paths, Workspace())
    return all_succeeded(outcomes)


def online(
    compiled: Sequence[Outcome], fake: FakeAccount, **options: Any
) -> tuple[list[Outcome], list[str]]:
    notes: list[str] = []

    def connect(_: Environment | None) -> Account:
        return fake.account

    checked = check_online(compiled, connect, progress=notes.append, **options)
    return checked, [line for line in notes if line != CHECKING]


def new_findings(after: Outcome, before: Outcome) -> NewFindings:
    """(code, severity, the text of the line) of the new findings."""
    return [
        (diagnostic.code, diagnostic.severity.value, diagnostic.span.source.strip().split(":")[0])
        for diagnostic in after.diagnostics
        if diagnostic not in before.diagnostics
    ]


def traffic_rule(protocol: str = "-1", port: int | None = None, **changes: Any) -> TrafficRule:
    """A rule for all addresses."""
    rule = TrafficRule(
        protocol=protocol,
        ports=None if port is None else (port, port),
        groups=frozenset(),
        has_addresses=True,
    )
    return replace(rule, **changes)


def open_group(vpc: str = "vpc-1") -> SecurityGroup:
    """A security group as EC2 creates it, and whose members reach each other."""
    members = traffic_rule(groups=frozenset({GROUP}), has_addresses=False)
    return SecurityGroup(vpc=vpc, inbound=(members,), outbound=(traffic_rule(),))


def private_table(**changes: Any) -> RouteTable:
    """The main route table of a VPC, with no way out."""
    table = RouteTable(
        id="rtb-1",
        subnets=frozenset(),
        is_main=True,
        has_internet_gateway=False,
        has_egress=False,
    )
    return replace(table, **changes)


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
