"""Other partitions: least privilege for this repository's specs in China and GovCloud."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from hptc.compiler.outcome import Compiled
from hptc.compiler.pipeline import compile_paths
from hptc.compiler.workspace import Workspace
from hptc.infrastructure.foundation import foundation
from hptc.infrastructure.launcher_policy import launcher_statements
from hptc.infrastructure.permissions import permissions
from hptc.infrastructure.statements import document
from hptc.project.references import substitute
from tests.support.iam_calls import World, by_text, definitions
from tests.support.iam_evaluator import is_allowed
from tests.support.iam_neighbors import neighbors
from tests.support.paths import ROOT

PLACES = {
    "cn-north-1": ("aws-cn", "amazonaws.com.cn"),
    "cn-northwest-1": ("aws-cn", "amazonaws.com.cn"),
    "us-gov-west-1": ("aws-us-gov", "amazonaws.com"),
}


@cache
def compiled(region: str) -> tuple[Compiled, ...]:
    """The specs whose images AWS publishes in that Region."""
    with TemporaryDirectory() as folder:
        copy = Path(folder)
        shutil.copytree(ROOT / "specs", copy / "specs")
        shutil.copytree(ROOT / "src", copy / "src")
        text = (ROOT / "hptc.yaml").read_text(encoding="utf-8")
        assert "region: us-east-1" in text
        (copy / "hptc.yaml").write_text(text.replace("region: us-east-1", f"region: {region}"))
        outcomes = compile_paths([str(copy)], Workspace(environment="dev"))
    return tuple(outcome for outcome in outcomes if isinstance(outcome, Compiled))


def world(region: str) -> World:
    partition, domain = PLACES[region]
    key = deployed(region)["kms_key_arn"]
    return World(
        account="123456789012",
        region=region,
        partition=partition,
        domain=domain,
        bucket_keys={"demo-artifacts": key, "demo-data": key},
    )


def deployed(region: str) -> dict[str, str]:
    partition, _ = PLACES[region]
    return {
        "artifact_bucket": "demo-artifacts",
        "data_bucket": "demo-data",
        "kms_key_arn": f"arn:{partition}:kms:{region}:123456789012:key/1234abcd",
        "security_group_id": "sg-0a",
        "subnet_id_1": "subnet-0a",
        "subnet_id_2": "subnet-0b",
        "execution_role_arn": f"arn:{partition}:iam::123456789012:role/managed",
    }


def strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for inner_value in inner for text in strings(inner_value)]


@pytest.mark.parametrize("region", PLACES)
def test_each_role_allows_what_its_spec_needs_and_nothing_similar(region: str) -> None:
    here, provide = world(region), deployed(region).__getitem__
    seen = 0
    for outcome in compiled(region):
        assert outcome.environment is not None
        assert outcome.job is not None
        request = substitute(outcome.request, provide)
        if {definition["RoleArn"] for definition in definitions(request)} != {
            provide("execution_role_arn")
        }:
            continue
        policy = substitute(
            document(permissions(outcome.environment, outcome.job, spec="x")), provide
        )
        calls = by_text(request, here)
        near = dict(neighbors(request, here))
        assert [text for text, call in calls.items() if not is_allowed(call, policy)] == []
        assert [what for what, call in near.items() if is_allowed(call, policy)] == []
        seen += 1
    assert seen >= 8


@pytest.mark.parametrize("region", PLACES)
def test_every_arn_and_host_is_in_the_partition(region: str) -> None:
    partition, domain = PLACES[region]
    assert compiled(region)
    for outcome in compiled(region):
        assert outcome.environment is not None
        assert outcome.job is not None
        result = foundation(outcome.environment)
        policies = [
            permissions(outcome.environment, outcome.job),
            launcher_statements(outcome.environment),
        ]
        policies += [result.key.policy] if result.key else []
        texts = [text for policy in policies for text in strings(document(policy))]
        arns = [text for text in texts if text.startswith("arn:")]
        arns += [text for text in strings(outcome.request) if text.startswith("arn:")]
        assert {arn.split(":")[1] for arn in arns} == {partition}
        for text in texts:
            if text.startswith("s3."):
                assert text == f"s3.{region}.{domain}"
        for definition in definitions(outcome.request or {}):
            image = definition["AlgorithmSpecification"].get("TrainingImage", "")
            assert not image or image.split("/")[0].endswith(f".dkr.ecr.{region}.{domain}")
