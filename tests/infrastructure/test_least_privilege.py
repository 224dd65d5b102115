"""For every spec in specs/: its role allows the calls it needs and no similar ones."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest

from hptc.infrastructure.permissions import permissions
from hptc.infrastructure.spec_stacks import SpecStack, spec_stacks
from hptc.infrastructure.statements import Statement, document
from hptc.project.references import substitute
from tests.support.iam_calls import by_text, definitions, s3_inputs
from tests.support.iam_evaluator import Call, is_allowed, sids_of
from tests.support.iam_neighbors import STRANGER, neighbors
from tests.support.paths import ROOT
from tests.support.repository_specs import PLACES, compiled, deployed, requests, world

SPECS = sorted(path.stem for path in (ROOT / "specs").glob("*.yaml"))
CASES = [(name, spec) for name in PLACES for spec in SPECS]


@cache
def stacks(environment: str) -> dict[str, SpecStack]:
    chosen, jobs = compiled(environment)
    return {stack.spec: stack for stack in spec_stacks(chosen, jobs.items())}


@cache
def policy(environment: str, spec: str) -> dict[str, Any]:
    """The policy of the managed role or, for an existing role, the policy that it needs."""
    chosen, jobs = compiled(environment)
    roles = {definition.role_arn for definition in jobs[spec].definitions}
    statements = [
        statement
        for role in roles
        for statement in permissions(chosen, jobs[spec], role, spec=spec)
    ]
    result: dict[str, Any] = substitute(document(statements), deployed(environment).__getitem__)
    return result


@cache
def needed_calls(environment: str, spec: str) -> dict[str, Call]:
    """The calls that the spec's training jobs need, by their text."""
    return by_text(requests(environment)[spec], world(environment))


WITH_A_ROLE = [(name, spec) for name, spec in CASES if spec in stacks(name)]


def test_specs_without_a_managed_role_have_an_existing_one() -> None:
    without = set(CASES) - set(WITH_A_ROLE)
    assert without
    for name, spec in without:
        roles = {definition["RoleArn"] for definition in definitions(requests(name)[spec])}
        assert deployed(name)["execution_role_arn"] not in roles


@pytest.mark.parametrize(("environment", "spec"), CASES)
def test_every_needed_call_is_allowed(environment: str, spec: str) -> None:
    calls = needed_calls(environment, spec)
    assert len(calls) > 10
    denied = [
        text for text, call in calls.items() if not is_allowed(call, policy(environment, spec))
    ]
    assert denied == []


@pytest.mark.parametrize(("environment", "spec"), CASES)
def test_every_neighboring_call_is_denied(environment: str, spec: str) -> None:
    request, here = requests(environment)[spec], world(environment)
    near = list(neighbors(request, here))
    assert len(near) > 60
    assert not {str(call) for _, call in near} & set(needed_calls(environment, spec))
    allowed = [
        f"{what}: {call}" for what, call in near if is_allowed(call, policy(environment, spec))
    ]
    assert allowed == []


@pytest.mark.parametrize(("environment", "spec"), CASES)
def test_a_role_can_do_nothing_that_only_another_spec_needs(environment: str, spec: str) -> None:
    own = needed_calls(environment, spec)
    reads_manifest = any(
        kind != "S3Prefix"
        for definition in definitions(requests(environment)[spec])
        for _, _, kind in s3_inputs(definition)
    )
    allowed = []
    for other in requests(environment):
        for text, call in needed_calls(environment, other).items():
            if text in own or not is_allowed(call, policy(environment, spec)):
                continue
            if reads_manifest and call.action == "s3:GetObject" and ":::demo-data/" in text:
                continue  # what a manifest names may be anywhere in its bucket
            if call.action == "s3:GetObject" and ":::demo-artifacts/demo/source/" in text:
                continue  # new code needs no deployment: docs/script-mode.md
            if call.action == "ecr:GetAuthorizationToken":
                continue  # the token is the same for each registry
            if call.action.startswith("logs:") and f"log-stream:{spec}-" in text:
                continue  # IAM can't tell eight letters of a longer name from a digest
            allowed.append(f"{other}: {text}")
    assert allowed == []


FREE = {"LogInToRegistry", "PullImage"}
"""Any role can pull AWS's built-in algorithms; of scikit-learn's image AWS does not say so."""


@pytest.mark.parametrize(("environment", "spec"), CASES)
def test_every_statement_is_needed(environment: str, spec: str) -> None:
    result = policy(environment, spec)
    calls = needed_calls(environment, spec)
    used = {sid for call in calls.values() for sid in sids_of(call, result)}
    assert {statement["Sid"] for statement in result["Statement"]} - used <= FREE
    for statement in result["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else []
        assert statement["Sid"] in FREE or set(actions) <= {call.action for call in calls.values()}


@pytest.mark.parametrize(("environment", "spec"), WITH_A_ROLE)
def test_a_role_trusts_sagemaker_for_jobs_of_its_account_only(environment: str, spec: str) -> None:
    account, _ = PLACES[environment]
    trust = document([stacks(environment)[spec].trust])

    def assumed(principal: str, **context: str) -> bool:
        call = Call(action="sts:AssumeRole", principal=principal, context=context)
        return is_allowed(call, trust)

    sagemaker = "sagemaker.amazonaws.com"
    assert assumed(sagemaker, **{"aws:SourceAccount": account})
    assert not assumed(sagemaker, **{"aws:SourceAccount": STRANGER})
    assert not assumed(sagemaker)
    assert not assumed("ec2.amazonaws.com", **{"aws:SourceAccount": account})
    assert not assumed(f"arn:aws:iam::{account}:role/admin", **{"aws:SourceAccount": account})
    tagged = Call(
        action="sts:TagSession", principal=sagemaker, context={"aws:SourceAccount": account}
    )
    assert not is_allowed(tagged, trust)


FORCED = (
    r"\*",
    r"arn:aws:ec2:[^:]+:\d+:network-interface/\*",
    r"arn:aws:ec2:[^:]+:\*:(subnet|security-group)/[^*]+",
    r"arn:aws:logs:[^:]+:\d+:log-group:/aws/sagemaker/TrainingJobs:\*",
    r"arn:aws:logs:[^:]+:\d+:log-group:/aws/sagemaker/TrainingJobs:log-stream:[^*]{3,}\*/algo-\*",
)
"""The only wildcards that aren't the end of a key's prefix."""


def wildcards(statement: Statement) -> list[str]:
    return [resource for resource in statement.resources if "*" in resource]


@pytest.mark.parametrize("environment", PLACES)
def test_every_wildcard_has_a_reason(environment: str) -> None:
    seen = 0
    for stack in stacks(environment).values():
        for statement in (stack.trust, *stack.permissions):
            assert not any("*" in action for action in statement.actions)
            for resource in wildcards(statement):
                seen += 1
                if re.fullmatch(r"arn:aws:s3:::[^*]+/\*", resource):
                    continue  # the objects under a prefix
                assert any(re.fullmatch(shape, resource) for shape in FORCED), resource
                assert re.search(r"AWS (has no narrower form|generates)", statement.reason)
    assert seen > 100
