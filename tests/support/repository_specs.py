"""The specs of specs/, compiled for each environment, with the values of a deployment filled in."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from hptc.compiler.pipeline import compile_paths
from hptc.compiler.workspace import Workspace
from hptc.project.project_file import Environment
from hptc.project.references import substitute
from hptc.request.tuning_job import TuningJob
from tests.support.iam_calls import World
from tests.support.outcomes import all_succeeded
from tests.support.paths import ROOT

PLACES = {"dev": ("123456789012", "us-east-1"), "prod": ("210987654321", "eu-west-1")}


def world(environment: str) -> World:
    account, region = PLACES[environment]
    key = deployed(environment)["kms_key_arn"]
    return World(
        account=account,
        region=region,
        partition="aws",
        domain="amazonaws.com",
        bucket_keys={"demo-artifacts": key, "demo-data": key},
    )


def deployed(environment: str) -> dict[str, str]:
    """The outputs of a deployment, by the name that a spec uses."""
    account, region = PLACES[environment]
    return {
        "artifact_bucket": "demo-artifacts",
        "data_bucket": "demo-data",
        "kms_key_arn": f"arn:aws:kms:{region}:{account}:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "security_group_id": "sg-0a",
        "subnet_id_1": "subnet-0a",
        "subnet_id_2": "subnet-0b",
        "execution_role_arn": f"arn:aws:iam::{account}:role/managed",
    }


@cache
def requests(environment: str) -> dict[str, dict[str, Any]]:
    return {
        Path(outcome.file).stem: substitute(outcome.request, deployed(environment).__getitem__)
        for outcome in all_succeeded(compile_paths([str(ROOT)], Workspace(environment=environment)))
    }


@cache
def compiled(environment: str) -> tuple[Environment, dict[str, TuningJob]]:
    outcomes = compile_paths([str(ROOT)], Workspace(environment=environment))
    chosen = next(outcome.environment for outcome in outcomes if outcome.environment is not None)
    return chosen, {outcome.name: outcome.job for outcome in all_succeeded(outcomes)}
