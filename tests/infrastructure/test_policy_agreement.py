"""The HPT8xx rules and the launcher policy agree: what the rules accept, IAM allows.

Requests around every limit are judged by hptc, and the calls that they make by the tests' own
evaluator of IAM. Both must agree; `KNOWN_DISAGREEMENTS` lists the exceptions, each with
its reason and who is stricter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hptc.catalog.instances import instance
from hptc.compiler.pipeline import compile_text
from hptc.compiler.workspace import Workspace
from hptc.infrastructure.launcher_policy import launcher_statements, tag_values
from hptc.infrastructure.statements import document
from hptc.project.patterns import PatternError, matches_any_glob, pattern
from hptc.project.policy import Policy
from hptc.project.project_file import Environment, Project, ProjectFile
from hptc.project.references import substitute
from hptc.rules.engine import selected
from hptc.source.document import parse_document
from tests.support.iam_calls import World, definitions
from tests.support.iam_evaluator import Call, is_allowed
from tests.support.iam_launch import creations, instance_types

pytestmark = pytest.mark.xdist_group("policy-agreement")  # which shares the verdicts

Request = dict[str, Any]
Change = Callable[[Request], None]  # of a training job definition

ACCOUNT, REGION = "111122223333", "us-east-1"
OWN_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-1111-1111-1111-111111111111"
OTHER_KEY = OWN_KEY.replace("1111-", "2222-")
SUBNETS, GROUPS = ["subnet-0a", "subnet-0b"], ["sg-0a"]
DEPLOYED = {
    "artifact_bucket": "artifacts",
    "kms_key_arn": OWN_KEY,
    "subnet_id_1": SUBNETS[0],
    "subnet_id_2": SUBNETS[1],
    "security_group_id": GROUPS[0],
}
WORLD = World(
    account=ACCOUNT, region=REGION, partition="aws", domain="amazonaws.com", bucket_keys={}
)
RULES = selected("HPT8", None)
RESOURCES = ("ResourceConfig", "HyperParameterTuningResourceConfig")
BARE = {"kms_key": "absent", "network": "absent"}


def project(policy: dict[str, Any], infrastructure: dict[str, Any]) -> Project:
    place = {"account": ACCOUNT, "region": REGION, "infrastructure": infrastructure}
    data = {"project": "demo", "policy": policy, "environments": {"dev": place}}
    parsed, faults = parse_document(json.dumps(data), "hptc.yaml")
    assert not faults
    return Project(root=Path(), document=parsed, file=ProjectFile.model_validate(data))


def environment(policy: dict[str, Any], infrastructure: dict[str, Any]) -> Environment:
    dev = project(policy, infrastructure).environment("dev")
    assert dev is not None
    return dev


def definition() -> Request:
    return {
        "AlgorithmSpecification": {
            "TrainingImage": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/example:1",
            "TrainingInputMode": "File",
        },
        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/example",
        "OutputDataConfig": {"S3OutputPath": "s3://example/models/"},
        "ResourceConfig": {
            "InstanceType": "ml.m5.large",
            "InstanceCount": 1,
            "VolumeSizeInGB": 30,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    }


def request(*changes: Change, tags: dict[str, str]) -> Request:
    """A tuning job with one training job definition for each change."""
    limits = {"MaxNumberOfTrainingJobs": 4, "MaxParallelTrainingJobs": 2}
    result = []
    for change in changes:
        result.append(definition())
        change(result[-1])
    several = [{"DefinitionName": f"d{i}", **body} for i, body in enumerate(result)]
    return {
        "HyperParameterTuningJobName": "example",
        "HyperParameterTuningJobConfig": {"Strategy": "Random", "ResourceLimits": limits},
        **(
            {"TrainingJobDefinition": result[0]}
            if len(result) == 1
            else {"TrainingJobDefinitions": several}
        ),
        **({"Tags": _tags(tags)} if tags else {}),
    }


# Changes of a definition.


def unchanged(_made: Request) -> None:
    pass


def put(**members: Any) -> Change:
    def change(result: Request) -> None:
        result |= deepcopy(members)

    return change


def in_order(*changes: Change) -> Change:
    def apply_all(result: Request) -> None:
        for change in changes:
            change(result)

    return apply_all


def runtime(seconds: int | None) -> Change:
    stopping = {} if seconds is None else {"MaxRuntimeInSeconds": seconds}
    return put(StoppingCondition=stopping)


def resources(member: str, **members: Any) -> Change:
    def change(result: Request) -> None:
        for form in RESOURCES:
            result.pop(form, None)
        result[member] = deepcopy(members)

    return change


def one_type(instance_type: str) -> Change:
    return resources(
        "ResourceConfig", InstanceType=instance_type, InstanceCount=1, VolumeSizeInGB=30
    )


def groups_of(*types: str) -> Change:
    named = [
        {"InstanceGroupName": type_, "InstanceType": type_, "InstanceCount": 1} for type_ in types
    ]
    return resources("ResourceConfig", InstanceGroups=named, VolumeSizeInGB=30)


def either_of(*types: str) -> Change:
    listed = [{"InstanceType": type_, "InstanceCount": 1, "VolumeSizeInGB": 30} for type_ in types]
    return resources("HyperParameterTuningResourceConfig", InstanceConfigs=listed)


def output_key(key: str) -> Change:
    return lambda result: result["OutputDataConfig"].update(KmsKeyId=key)


def volume_key(key: str) -> Change:
    def change(result: Request) -> None:
        for member in RESOURCES:
            if member in result:
                result[member]["VolumeKmsKeyId"] = key

    return change


def network(subnets: list[str], security_groups: list[str]) -> Change:
    return put(VpcConfig={"Subnets": subnets, "SecurityGroupIds": security_groups})


# What is compared.


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A key of `policy`: its values, the environments that matter, and requests around its limits.

    `in_pairs` are the changes that tuning jobs with two definitions combine; all when empty.
    """

    values: tuple[Any, ...]
    changes: dict[str, Change]
    in_pairs: tuple[str, ...] = ()
    infrastructures: tuple[dict[str, Any], ...] = (BARE,)
    tags: tuple[dict[str, str], ...] = ({},)


TYPES = ("ml.m5.large", "ml.m5.xlarge", "ml.r5d.large", "ml.p3.2xlarge", "ml.g5.xlarge")
EXPRESSIBLE = ("growth", "growth|core", "ML-.+", "a.c", ".*", r"a\.b", "^core$", "a|")
NOT_EXPRESSIBLE = ("[a-z]+", "[a-z]*", "(a|b)c", "a?", r"\d{2}", "ab*")
KEYS = {
    "own": OWN_KEY,
    "other": OTHER_KEY,
    "another account's": OWN_KEY.replace(ACCOUNT, "444455556666"),
    "another Region's": OWN_KEY.replace(REGION, "eu-west-1"),
    "own by ID": OWN_KEY.rpartition("/")[2],
    "alias": "alias/lake",
    "AWS's alias": "alias/aws/s3",
    "empty": "",
}
SWITCH = (True, False, None)


def switched(member: str) -> dict[str, Change]:
    return {
        "on": put(**{member: True}),
        "off": put(**{member: False}),
        "absent": unchanged,
    }


COMPARED: dict[str, Limit] = {
    "max_runtime": Limit(
        values=(1, 3600, 86_399, 86_400, 86_401, 172_800, None),
        changes={
            str(seconds): runtime(seconds)
            for seconds in (None, 1, 3599, 3600, 3601, 10_000, 86_400, 86_401, 172_801)
        },
    ),
    "instance_types": Limit(
        values=(
            *(["ml.m5.*"], ["ml.m5.xlarge"], ["ml.*.xlarge"], ["*.xlarge"], ["ml.m5*"], ["*"]),
            *([], ["ml.p3.2*", "ml.m5.large"], ["ml.5.large"], ["m5.large"], None),
        ),
        changes={
            **{instance_type: one_type(instance_type) for instance_type in TYPES},
            **{f"{a} and {b}": groups_of(a, b) for a, b in product(TYPES[:3], TYPES[2:])},
            **{f"{a} or {b}": either_of(a, b) for a, b in product(TYPES[:3], TYPES[2:])},
        },
        in_pairs=TYPES,
    ),
    "regions": Limit(
        values=([REGION], ["eu-west-1"], ["eu-west-1", REGION], [], None),
        changes={"here": unchanged},
    ),
    "required_tags": Limit(
        values=(
            *({"team": regex} for regex in (*EXPRESSIBLE, *NOT_EXPRESSIBLE)),
            {"team": "growth", "ticket": "ML-.+"},
            None,
        ),
        changes={"tagged": unchanged},
        tags=(
            {},
            *(
                {"team": value}
                for value in ("", "growth", "core", "Growth", "growths", "ML-", "ML-7", "a", "ac")
            ),
            *({"team": value} for value in ("abc", "a.b", "axb", "bc", "12", "123", "abb")),
            {"Team": "growth"},
            {"team": "growth", "ticket": "ML-7"},
            {"team": "growth", "ticket": "7"},
        ),
    ),
    "require_network_isolation": Limit(
        values=SWITCH, changes=switched("EnableNetworkIsolation")
    ),
    "require_inter_container_traffic_encryption": Limit(
        values=SWITCH, changes=switched("EnableInterContainerTrafficEncryption")
    ),
    "require_kms_keys": Limit(
        values=SWITCH,
        changes={
            **{
                f"{name} for both": in_order(output_key(key), volume_key(key))
                for name, key in KEYS.items()
            },
            **{f"{name} for the volume only": volume_key(key) for name, key in KEYS.items()},
            **{f"{name} for the output only": output_key(key) for name, key in KEYS.items()},
            **{
                f"{name} for the output, local storage": in_order(
                    one_type("ml.g5.xlarge"), output_key(key)
                )
                for name, key in KEYS.items()
            },
            "none": unchanged,
            "local storage and a key": in_order(
                one_type("ml.g5.xlarge"), output_key(OWN_KEY), volume_key(OWN_KEY)
            ),
            "local storage and another key": in_order(
                one_type("ml.g5.xlarge"), output_key(OWN_KEY), volume_key(OTHER_KEY)
            ),
            "local storage beside a bare volume": in_order(
                groups_of("ml.g5.xlarge", "ml.m5.large"), output_key(OWN_KEY)
            ),
            "local storage or a bare volume": in_order(
                either_of("ml.g5.xlarge", "ml.m5.large"), output_key(OWN_KEY)
            ),
            "local storage either way": in_order(
                either_of("ml.g5.xlarge", "ml.r5d.large"), output_key(OWN_KEY)
            ),
        },
        in_pairs=(
            *("own for both", "other for both", "own for the output only", "none"),
            *("own for the output, local storage", "local storage either way"),
        ),
        infrastructures=tuple(
            BARE | {"kms_key": key}
            for key in ("absent", "managed", OWN_KEY, "alias/lake", OWN_KEY.rpartition("/")[2])
        ),
    ),
    "require_vpc": Limit(
        values=SWITCH,
        changes={
            "none": unchanged,
            "the environment's": network(SUBNETS, GROUPS),
            "a part of it": network(SUBNETS[1:], GROUPS),
            "another subnet": network(["subnet-0c"], GROUPS),
            "a subnet more": network([*SUBNETS, "subnet-0c"], GROUPS),
            "another security group": network(SUBNETS, ["sg-0b"]),
        },
        infrastructures=(
            BARE,
            BARE | {"network": "managed"},
            BARE | {"network": {"subnet_ids": SUBNETS, "security_group_ids": GROUPS}},
            BARE | {"network": {"subnet_ids": SUBNETS, "vpc_id": "vpc-0a",
                                "s3_prefix_list_id": "pl-0a"}},
        ),
    ),
}  # fmt: skip

ONLY_IN_HPTC = {
    "budget_usd": "IAM has no prices",
    "budget_usd_per_month": "IAM has no prices",
    "schedules": "the schedule's own role starts its tuning jobs",
    "input_locations": "no condition key covers InputDataConfig",
    "output_locations": "no condition key covers OutputDataConfig",
    "max_number_of_training_jobs": "no condition key covers ResourceLimits",
    "max_parallel_training_jobs": "no condition key covers ResourceLimits",
    "spot_required_above": "no condition key covers EnableManagedSpotTraining or ResourceLimits",
    "image_registries": "no condition key covers TrainingImage or AlgorithmName",
    "forbidden_hyperparameters": "no condition key covers hyperparameters",
}
"""The keys that only hptc checks, as the action has no condition key for them:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """A known disagreement. `stricter` is the one that refuses what the other accepts."""

    key: str
    stricter: str  # rules | IAM
    because: str
    applies: Callable[[Environment, Request], bool]


def _keys(result: Request) -> set[str]:
    keys = {definition["OutputDataConfig"].get("KmsKeyId") for definition in definitions(result)}
    for definition in definitions(result):
        for member in RESOURCES:
            keys.add(definition.get(member, {}).get("VolumeKmsKeyId"))
    return {key for key in keys if key}


def _has_local_storage(training_job: Any) -> bool:
    kinds = [instance(instance_type) for instance_type in instance_types(training_job)]
    return all(kind is not None and kind.has_local_storage for kind in kinds)


KNOWN_DISAGREEMENTS = {
    "an expression that wildcards can't express": Disagreement(
        key="required_tags",
        stricter="rules",
        because="IAM only has `*` and `?`; what they can't express becomes any text",
        applies=lambda env, result: any(
            regex in NOT_EXPRESSIBLE for regex in (env.policy.required_tags or {}).values()
        ),
    ),
    "a tag's name in other capitals": Disagreement(
        key="required_tags",
        stricter="rules",
        because="IAM compares the names of condition keys, and so of tags, without their case",
        applies=lambda env, result: any(
            name.lower() == tag["Key"].lower() and name != tag["Key"]
            for name in env.policy.required_tags or {}
            for tag in result.get("Tags", ())
        ),
    ),
    "a request's key, where hptc creates the environment's": Disagreement(
        key="require_kms_keys",
        stricter="IAM",
        because="the key of the account is known only after a deployment; a spec has a reference",
        applies=lambda env, result: (
            env.infrastructure.kms_key == "managed" and OTHER_KEY in _keys(result)
        ),
    ),
    "a request's network, where hptc creates the environment's": Disagreement(
        key="require_vpc",
        stricter="IAM",
        because="its IDs are known only after a deployment; a spec has references",
        applies=lambda env, result: (
            env.infrastructure.network is not None
            and env.infrastructure.network.has_managed_group
            and any("VpcConfig" in definition for definition in definitions(result))
        ),
    ),
    "a network for some of several definitions": Disagreement(
        key="require_vpc",
        stricter="rules",
        because="the subnets of all definitions are one list to IAM",
        applies=lambda env, result: (
            len({"VpcConfig" in definition for definition in definitions(result)}) == 2
        ),
    ),
    "volumes and local storage in several definitions": Disagreement(
        key="require_kms_keys",
        stricter="IAM",
        because="AWS does not document which definition's key counts, so each must pass, and the "
        "instance types of all are one list",
        applies=lambda env, result: (
            len({_has_local_storage(definition) for definition in definitions(result)}) == 2
        ),
    ),
}
"""All known disagreements. Where IAM is stricter, it may deny what `check` accepts: each of these
must have a reason that hptc can't remove."""


def _document(chosen: Environment) -> dict[str, Any]:
    result: dict[str, Any] = substitute(document(launcher_statements(chosen)), DEPLOYED.__getitem__)
    return result


def rules_pass(result: Request, in_project: Project) -> bool:
    """Whether `hptc check` finds no HPT8xx in the file. It must find nothing else either."""
    outcome = compile_text(json.dumps(result), "request.json", Workspace(rules=RULES), in_project)
    assert {diagnostic.code[:4] for diagnostic in outcome.diagnostics} <= {"HPT8"}, (
        outcome.diagnostics
    )
    return not outcome.has_errors


def iam_allows(result: Request, launcher_policy: dict[str, Any]) -> bool:
    """Whether IAM allows the submission, with the tags that it adds."""
    tags = {"hptc:project": "demo", "hptc:environment": "dev"}
    sent = {**result, "Tags": [*result.get("Tags", ()), *_tags(tags)]}
    return all(is_allowed(call, launcher_policy) for call in creations(sent, WORLD))


def _tags(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    what: str
    environment: Environment
    request: Request
    rules: bool
    iam: bool

    @property
    def stricter(self) -> str:
        return {(True, False): "IAM", (False, True): "rules"}.get((self.rules, self.iam), "")


def judged(key: str) -> Iterator[Verdict]:
    """Each value of a key, in each environment, with each request around its limits."""
    limit = COMPARED[key]
    alone = [(name,) for name in limit.changes]
    in_pairs = limit.in_pairs or tuple(limit.changes)
    combined = {
        "; ".join(names): [limit.changes[name] for name in names]
        for names in (*alone, *product(in_pairs, in_pairs))
    }
    for value, infrastructure in product(limit.values, limit.infrastructures):
        in_project = project({key: value}, infrastructure)
        for (name, changes), tags in product(combined.items(), limit.tags):
            what = f"{value} in {infrastructure}: {name} {tags or ''}"
            yield judge(what, in_project, request(*changes, tags=tags))


def judge(what: str, in_project: Project, result: Request) -> Verdict:
    chosen = in_project.environment("dev")
    assert chosen is not None
    return Verdict(
        what=what,
        environment=chosen,
        request=result,
        rules=rules_pass(result, in_project),
        iam=iam_allows(result, _document(chosen)),
    )


@cache
def verdicts(key: str) -> tuple[Verdict, ...]:
    return tuple(judged(key))


def known_disagreements(keys: Collection[str], verdict: Verdict) -> list[str]:
    return [
        name
        for name, known in KNOWN_DISAGREEMENTS.items()
        if known.key in keys
        and known.stricter == verdict.stricter
        and known.applies(verdict.environment, verdict.request)
    ]


@pytest.mark.parametrize("key", COMPARED)
def test_the_rules_and_iam_agree(key: str) -> None:
    unexplained = [
        f"{verdict.what}: {verdict.stricter} stricter"
        for verdict in verdicts(key)
        if verdict.stricter and not known_disagreements([key], verdict)
    ]
    assert unexplained == []
    assert {(True, True), (False, False)} <= {
        (verdict.rules, verdict.iam) for verdict in verdicts(key)
    }


@pytest.mark.parametrize("name", KNOWN_DISAGREEMENTS)
def test_each_known_disagreement_remains(name: str) -> None:
    key = KNOWN_DISAGREEMENTS[name].key
    assert any(
        verdict.stricter and name in known_disagreements([key], verdict)
        for verdict in verdicts(key)
    )


@st.composite
def combinations(draw: st.DrawFn) -> tuple[Project, Request]:
    """A policy with all keys, and a tuning job of one or two definitions that touches each key."""
    policy = {key: draw(st.sampled_from(limit.values)) for key, limit in COMPARED.items()}
    own = COMPARED["require_kms_keys"].infrastructures, COMPARED["require_vpc"].infrastructures
    keyed, networked = (draw(st.sampled_from(choices)) for choices in own)
    changes = [
        in_order(*(draw(st.sampled_from([*limit.changes.values()])) for limit in COMPARED.values()))
        for _ in range(draw(st.integers(1, 2)))
    ]
    tags = draw(st.sampled_from(COMPARED["required_tags"].tags))
    infrastructure = {"kms_key": keyed["kms_key"], "network": networked["network"]}
    return project(policy, infrastructure), request(*changes, tags=tags)


@given(combinations())
def test_the_rules_and_iam_agree_on_all_keys_together(result: tuple[Project, Request]) -> None:
    verdict = judge("", *result)
    assert not verdict.stricter or known_disagreements(COMPARED, verdict)


def test_every_key_of_the_policy_is_compared_or_has_a_reason() -> None:
    assert {*COMPARED} | {*ONLY_IN_HPTC} | {"execution_roles"} == {*Policy.model_fields}
    assert not {*COMPARED} & {*ONLY_IN_HPTC}


def test_the_launcher_may_pass_the_listed_roles() -> None:
    listed = "arn:aws:iam::111122223333:role/tuning-*"
    before, after = (
        next(
            statement
            for statement in launcher_statements(environment(policy, BARE))
            if statement.sid == "PassRole"
        )
        for policy in ({}, {"execution_roles": [listed]})
    )
    assert after.resources == (*before.resources, listed)
    assert after.conditions == before.conditions


@pytest.mark.parametrize("key", ONLY_IN_HPTC)
def test_keys_that_only_hptc_checks_do_not_change_the_policy(key: str) -> None:
    (example,) = Policy.model_fields[key].examples or [None]
    assert launcher_statements(environment({key: example}, BARE)) == launcher_statements(
        environment({}, BARE)
    )


# Patterns: the two translations that are more than a copy.


LOCAL = ("ml.g5.xlarge", "ml.r5d.large", "ml.p3dn.24xlarge")


@st.composite
def globs(draw: st.DrawFn) -> str:
    """An instance type with some of its parts as `*`."""
    text = draw(st.sampled_from(LOCAL))
    hidden = draw(st.lists(st.booleans(), min_size=len(text), max_size=len(text)))
    starred = "".join("*" if hide else char for hide, char in zip(hidden, text, strict=True))
    return draw(st.sampled_from([starred, re.sub(r"\*+", "*", starred)]))


@given(allowed=st.lists(globs(), min_size=1, max_size=2), instance_type=st.sampled_from(LOCAL))
def test_types_with_local_storage_are_allowed_by_any_matching_pattern(
    allowed: list[str], instance_type: str
) -> None:
    """Without a volume key a separate statement allows them, with derived patterns."""
    chosen = environment({"require_kms_keys": True, "instance_types": allowed}, BARE)
    result = request(in_order(one_type(instance_type), output_key(OWN_KEY)), tags={})
    assert iam_allows(result, _document(chosen)) == matches_any_glob(allowed, instance_type)


_PIECES = (
    *(
        "a",
        "b",
        "-",
        "_",
        " ",
        ".",
        ".*",
        ".+",
        ".?",
        r"\.",
        r"\*",
        r"\-",
        "[a-c]",
        "(a|b)",
        "(?:ab)*",
    ),
    *("a{2}", "b?", "a+", "|", "^", "$", r"\w", r"\d*", r"\|"),
)


@given(
    regex=st.lists(st.sampled_from(_PIECES), max_size=6)
    .map("".join)
    .filter(lambda regex: _is_pattern(regex)),
    value=st.text("aab-._* |1", max_size=5),
)
def test_a_tag_that_matches_is_never_denied(regex: str, value: str) -> None:
    if pattern(regex).matches(value):
        statement = {
            "Sid": "Tagged",
            "Effect": "Allow",
            "Action": "sagemaker:*",
            "Resource": "*",
            "Condition": {"StringLike": {"aws:RequestTag/team": list(tag_values(regex))}},
        }
        call = Call(action="sagemaker:x", context={"aws:RequestTag/team": value})
        assert is_allowed(call, {"Version": "2012-10-17", "Statement": [statement]})


def _is_pattern(regex: str) -> bool:
    try:
        pattern(regex)
    except PatternError:
        return False
    return True
