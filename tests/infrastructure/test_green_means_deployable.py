"""Green means deployable: if `check` finds no error, every environment can be synthesized.

Projects are generated, specs, environments and infrastructure choices alike. Where `check` finds no
error, the pure data of every environment must be within AWS's limits, which are computed here
independently; a few projects go through the real synthesis.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Network
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from hptc.cdk.synth import synth_project
from hptc.compiler.deployable import deployable_specs
from hptc.compiler.outcome import Outcome
from hptc.compiler.pipeline import compile_paths
from hptc.compiler.workspace import Workspace
from hptc.errors import UsageError
from hptc.infrastructure.environment_stacks import EnvironmentStacks, environment_stacks
from hptc.infrastructure.foundation import Network
from hptc.infrastructure.stack_outputs import locate
from hptc.infrastructure.statements import Statement, document
from hptc.project.project_file import Environment
from hptc.project.references import names_in, substitute

ACCOUNTS = ("111122223333", "444455556666")
REGIONS = ("us-east-1", "us-east-1", "eu-west-1", "cn-north-1", "us-gov-west-1")
ENVIRONMENTS = ("dev", "dev-eu", "prod", "dev_eu", "d" * 100, "d" * 112)
SPECS = ("eu", "x", "eu-x", "x-schedule", "X", "x-schedule-machine", "s" * 90, "s" * 115)
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
PREFIXES = ("train/", "train/", "data/of/the/last/four/quarters/" * 30)


def mostly(usual: list[Any], unusual: list[Any]) -> st.SearchStrategy[Any]:
    """One of the usual values, now and then an unusual one."""
    return st.sampled_from([*usual * (1 + 3 * len(unusual) // len(usual)), *unusual])


@st.composite
def networks(draw: st.DrawFn, region: str) -> Any:
    kind = draw(st.sampled_from(["absent", "managed", "vpc", "existing", "group"]))
    if kind in ("absent", "managed"):
        return kind
    if kind == "vpc":
        zones = [[f"{region}a", f"{region}c"], [f"{region}a", f"{region}b", f"{region}c"]]
        odd = [[f"{region}a", f"{region}a"], ["eu-south-1a", f"{region}a"], [region, f"{region}b"]]
        optional = {
            "cidr": mostly(["10.0.0.0/16", "10.1.0.0/26"], ["10.0.0.1/16", "10.0.0.0/27", "x"]),
            "availability_zones": mostly(zones, odd),
            "interface_endpoints": mostly(
                [["logs"], ["ecr.api", "sts"]], [["s3"], ["ecr-api", "ecr.api"], ["com.amazonaws"]]
            ),
            "s3_buckets": mostly([["lake"]], [[f"b{i:062}" for i in range(200)]]),
        }
        return draw(st.fixed_dictionaries({}, optional=optional))
    network: dict[str, Any] = {"subnet_ids": draw(mostly([["subnet-1"]], [["ssm:/subnet"]]))}
    if kind == "group":
        return network | {"vpc_id": draw(st.sampled_from(["vpc-1", "ssm:/vpc"]))}
    return network | {"security_group_ids": ["sg-1"]}


@st.composite
def environments(draw: st.DrawFn) -> dict[str, Any]:
    region = draw(st.sampled_from(REGIONS))
    partition = {"c": "aws-cn", "u": "aws"}.get(region[0], "aws")
    partition = "aws-us-gov" if "gov" in region else partition
    account = draw(st.sampled_from(ACCOUNTS))
    key_arn = f"arn:{partition}:kms:{region}:{account}:key/{KEY_ID}"
    bucket = mostly(["managed", "managed", "lake"], ["absent", "ssm:/bucket"])
    optional = {
        "execution_role": mostly(
            ["managed", "managed", "team"],
            ["absent", "ssm:/role", "arn:aws:iam::999988887777:role/other"],
        ),
        "artifact_bucket": bucket,
        "data_bucket": bucket,
        "kms_key": mostly(
            ["managed", "absent", "alias/ml", key_arn],
            [
                "ssm:/key",
                f"arn:{partition}:kms:eu-south-1:{account}:key/{KEY_ID}",
                f"arn:{partition}:kms:{region}:999988887777:alias/ml",
            ],
        ),
        "input_kms_keys": mostly([["alias/lake"]], [["ssm:/key", KEY_ID]]),
        "network": networks(region),
        "launcher_policy": mostly(["managed", "absent"], []),
        "role_path": mostly(["/ml/", "/a/b/"], []),
        "role_name_prefix": mostly(["ml-"], ["p" * 32]),
        "permissions_boundary": mostly(["boundary"], ["ssm:/boundary"]),
        "alarm_topic": mostly(["on-call"], ["ssm:/topic"]),
        "removal": mostly(["retain", "destroy"], []),
    }
    entry: dict[str, Any] = {
        "account": account,
        "region": region,
        "infrastructure": draw(st.fixed_dictionaries({}, optional=optional)),
    }
    types = draw(mostly([None, ["ml.m5.*"]], [[f"ml.m5.{i}" for i in range(600)]]))
    if types is not None:
        entry["policy"] = {"instance_types": types}
    if draw(mostly([False, False, True], [])):
        entry["overrides"] = {"schedule": draw(st.sampled_from([None, "rate(1 day)"]))}
    return entry


@st.composite
def specs(draw: st.DrawFn, name: str) -> dict[str, Any]:
    place = mostly(["{{ data_bucket }}", "{{ data_bucket }}", "lake"], ["pond"])
    prefixes = st.sampled_from(PREFIXES)
    count = draw(mostly([1, 2], [6]))
    channels = {f"c{i}": {"s3": f"s3://{draw(place)}/{draw(prefixes)}{i}/"} for i in range(count)}
    output = draw(mostly([{}, {"s3_output_path": "s3://lake/out/"}], []))
    training_job: dict[str, Any] = {
        "objective": {"metric_name": "loss", "type": "Minimize"},
        "hyperparameters": {"rate": {"type": "Continuous", "min": 0.1, "max": 0.5}},
        "algorithm": {
            "training_image": "{{ account }}.dkr.ecr.{{ region }}.{{ url_suffix }}/example:1",
            "metric_definitions": {"loss": "loss=([0-9.eE+-]+)"},
        },
        "inputs": channels,
        "output": output,
        "resources": {
            "instance_type": "ml.m5.xlarge",
            "instance_count": 1,
            "volume_size_in_gb": 30,
        },
        "stopping": {"max_runtime": "1h"},
    }
    if draw(mostly([False], [True])):
        training_job["role_arn"] = "arn:{{ partition }}:iam::{{ account }}:role/mine"
    if draw(mostly([False], [True])):
        training_job["vpc"] = {"subnets": ["${hptc:subnet_id_1}"], "security_group_ids": ["sg-1"]}
    spec: dict[str, Any] = {
        "name": name,
        "strategy": "Random",
        "limits": {"max_number_of_training_jobs": 4, "max_parallel_training_jobs": 2},
        "training_job": training_job,
    }
    schedule = draw(
        mostly(
            [None, "rate(7 days)"],
            [{"schedule_expression": "rate(1 day)", "start_date": "2030-01-01T00:00:00Z",
              "end_date": "2029-01-01T00:00:00Z"}],
        )
    )  # fmt: skip
    return spec if schedule is None else spec | {"schedule": schedule}


@st.composite
def projects(draw: st.DrawFn) -> dict[str, str]:
    """The files of a project: hptc.yaml and its specs."""
    some = st.lists(mostly(["dev", "prod"], list(ENVIRONMENTS)), unique=True, max_size=3)
    chosen = draw(some.filter(bool))
    file = {
        "project": draw(st.sampled_from(["a", "plat", "p" * 30])),
        "default_environment": chosen[0],
        "environments": {name: draw(environments()) for name in chosen},
    }
    files = {"hptc.yaml": yaml.safe_dump(file)}
    names = draw(st.lists(mostly(["eu", "x"], list(SPECS)), min_size=1, max_size=3, unique=True))
    for index, name in enumerate(names):
        files[f"specs/s{index}.yaml"] = yaml.safe_dump(draw(specs(name)))
    return files


@contextmanager
def written(files: dict[str, str]) -> Iterator[Path]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / ".git").mkdir()
        (folder / "specs").mkdir()
        for path, text in files.items():
            (folder / path).write_text(text, encoding="utf-8")
        yield folder


def checked(folder: Path, files: dict[str, str]) -> dict[str, list[Outcome]]:
    """What `check` finds in each environment."""
    names = yaml.safe_load(files["hptc.yaml"])["environments"]
    return {name: compile_paths([str(folder)], Workspace(environment=name)) for name in names}


def is_green(outcomes: list[Outcome]) -> bool:
    return not any(
        diagnostic.is_error for outcome in outcomes for diagnostic in outcome.diagnostics
    )


SETTINGS = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@given(projects())
@settings(SETTINGS, max_examples=150)
def test_a_green_project_is_deployable_in_every_environment(files: dict[str, str]) -> None:
    with written(files) as folder:
        outcomes = checked(folder, files)
        greens = {
            name: environment_outcomes
            for name, environment_outcomes in outcomes.items()
            if is_green(environment_outcomes)
        }
        event(f"{len(greens)} of {len(outcomes)} environments green")
        owners: dict[tuple[str, ...], str] = {}
        for name, environment_outcomes in greens.items():
            environment = environment_outcomes[0].environment
            assert environment is not None
            stacks = environment_stacks(environment, deployable_specs(environment_outcomes))
            check_limits(environment, stacks)
            for stack in stacks.outputs:
                place = (environment.account, environment.region, stack.lower())
                assert owners.setdefault(place, name) == name


def check_limits(environment: Environment, stacks: EnvironmentStacks) -> None:
    """What CloudFormation, IAM and the CDK require of the data that stacks are built from."""
    assert stacks.digests.keys() == stacks.outputs.keys()
    assert len(stacks.outputs) == len(stacks.roles) + len(stacks.schedules) + (
        not stacks.foundation.is_empty
    )
    for stack in stacks.outputs:
        assert re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,127}", stack)
    roles: list[str] = []
    for spec_stack in stacks.roles:
        assert size(spec_stack.permissions, environment) <= 10_240
        check_references(spec_stack.permissions, environment, spec_stack.spec)
        roles += [spec_stack.role_name] if spec_stack.role_name else []
    for schedule in stacks.schedules:
        for role in (schedule.machine_role, schedule.scheduler_role):
            assert size(role.permissions, environment) <= 10_240
            roles += [role.name] if role.name else []
        definition = json.dumps(schedule.definition)
        assert len(definition.encode()) < 1_000_000
        for name in names_in(schedule.definition):
            assert locate(environment, name, schedule.spec) is not None
    assert all(len(role) <= 64 for role in roles)
    assert len({role.lower() for role in roles}) == len(roles)
    shared = stacks.foundation
    if shared.launcher is not None:
        assert size(shared.launcher.statements, environment) <= 6_144
        assert len(shared.launcher.name) <= 128
        assert len(shared.launcher.path) <= 512
    for bucket in shared.buckets:
        key = bucket.kms_key or ""
        assert not key.startswith("arn:") or f":{environment.region}:" in key
        assert ":alias/" not in key or f":{environment.account}:" in key
    if isinstance(shared.network, Network):
        check_network(environment, shared.network)


def check_network(environment: Environment, network: Network) -> None:
    block = IPv4Network(network.cidr)
    subnets = list(block.subnets(new_prefix=network.subnet_prefix))
    assert block.prefixlen >= 16
    assert network.subnet_prefix <= 28
    assert len(subnets) >= len(network.availability_zones)
    assert len(set(network.availability_zones)) == len(network.availability_zones)
    assert all(zone.startswith(environment.region) for zone in network.availability_zones)
    assert size(network.s3_policy, environment) <= 20_480
    ids = {re.sub(r"[.-]", "", service) for service in network.interface_endpoints}
    assert len(ids | {"s3"}) == len(network.interface_endpoints) + 1


def check_references(
    statements: tuple[Statement, ...], environment: Environment, spec: str
) -> None:
    for name in names_in(document(statements)):
        assert name in environment.parameters or locate(environment, name, spec) is not None


def size(statements: tuple[Statement, ...], environment: Environment) -> int:
    """The size of a policy with values like those of a deployment."""
    region, account = environment.region, environment.account
    values = {
        "artifact_bucket": f"{environment.foundation_stack.lower()}-artifactbucket7410c9ef"[:50]
        + "-abcdefghijkl",
        "kms_key_arn": f"arn:aws-us-gov:kms:{region}:{account}:key/{KEY_ID}",
        "execution_role_arn": f"arn:aws:iam::{account}:role{environment.role_path}" + "r" * 64,
    }
    created = substitute(document(statements), lambda name: values.get(name, "subnet-" + "0" * 17))
    return len(json.dumps(created, separators=(",", ":")))


@pytest.mark.slow
@pytest.mark.xdist_group("cdk")
@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")
@given(projects())
@settings(SETTINGS, max_examples=8, derandomize=True, database=None)
def test_a_green_project_synthesizes(files: dict[str, str]) -> None:
    with written(files) as folder:
        for name, environment_outcomes in checked(folder, files).items():
            result = synth_project(folder, name, folder / f"out-{name}")
            assert (result.assembly is not None) == is_green(environment_outcomes), (
                result.diagnostics
            )


def test_generated_projects_are_green_often_enough() -> None:
    """Otherwise the properties above check nothing."""
    greens: list[bool] = []

    @given(projects())
    @settings(SETTINGS, max_examples=60, derandomize=True, database=None)
    def count(files: dict[str, str]) -> None:
        with written(files) as folder:
            greens.extend(
                is_green(environment_outcomes)
                for environment_outcomes in checked(folder, files).values()
            )

    count()
    assert 0.15 < sum(greens) / len(greens) < 0.85


def test_an_unknown_environment_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        synth_project(tmp_path, "nowhere", tmp_path / "out")
