"""The launcher policy: it allows requests within the project's policy and denies others."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from hptc.catalog.instances import families_with_local_storage
from hptc.infrastructure.foundation import foundation
from hptc.infrastructure.launcher_policy import launcher_statements, tag_values
from hptc.infrastructure.statements import document
from hptc.project.policy import Policy
from hptc.project.project_file import Environment
from hptc.project.references import substitute
from hptc.render.permissions import launcher_json
from tests.support.iam_evaluator import Call, is_allowed
from tests.support.iam_launch import creations
from tests.support.repository_specs import compiled, deployed, requests, world

Request = dict[str, Any]
Change = Callable[[Request], None]
KEY = deployed("dev")["kms_key_arn"]
OTHER_KEY = "arn:aws:kms:us-east-1:123456789012:key/ffffffff-ffff-ffff-ffff-ffffffffffff"
JOBS = "arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job"


def environment(**policy: Any) -> Environment:
    chosen, _ = compiled("dev")
    return replace(chosen, policy=Policy.model_validate(policy))


def policy_of(chosen: Environment) -> dict[str, Any]:
    policy = document(launcher_statements(chosen))
    result: dict[str, Any] = substitute(policy, deployed(chosen.name).__getitem__)
    return result


def request(spec: str = "cifar10-spot") -> Request:
    """A compiled request, tagged as a submission tags it."""
    result = deepcopy(requests("dev")[spec])
    result["Tags"] = [
        *result.get("Tags", ()),
        {"Key": "hptc:project", "Value": "demo"},
        {"Key": "hptc:environment", "Value": "dev"},
    ]
    return result


def passes(result: Request, chosen: Environment) -> bool:
    calls = creations(result, world("dev"))
    return all(is_allowed(call, policy_of(chosen)) for call in calls)


def definition(**members: Any) -> Change:
    return lambda result: result["TrainingJobDefinition"].update(members)


def without(member: str) -> Change:
    return lambda result: result["TrainingJobDefinition"].pop(member)


def tagged(key: str, value: str | None) -> Change:
    def change(result: Request) -> None:
        result["Tags"] = [tag for tag in result["Tags"] if tag["Key"] != key]
        if value is not None:
            result["Tags"].append({"Key": key, "Value": value})

    return change


def resources(instance_type: str, key: str | None) -> Change:
    config = {"InstanceType": instance_type, "InstanceCount": 1, "VolumeSizeInGB": 50}
    return definition(ResourceConfig=config | ({"VolumeKmsKeyId": key} if key else {}))


def groups(*types: str) -> Change:
    named = [
        {"InstanceGroupName": type_, "InstanceType": type_, "InstanceCount": 1} for type_ in types
    ]
    return definition(ResourceConfig={"InstanceGroups": named})


def configs(*types: str) -> Change:
    listed = [
        {"InstanceType": instance_type, "InstanceCount": 1, "VolumeSizeInGB": 50}
        for instance_type in types
    ]
    return lambda result: (
        result["TrainingJobDefinition"].pop("ResourceConfig"),
        definition(HyperParameterTuningResourceConfig={"InstanceConfigs": listed})(result),
    )[-1]


def vpc(subnets: list[str], security_groups: list[str]) -> Change:
    return definition(VpcConfig={"Subnets": subnets, "SecurityGroupIds": security_groups})


def output(**members: Any) -> Change:
    return definition(OutputDataConfig={"S3OutputPath": "s3://demo-artifacts/x/"} | members)


SUBNETS, GROUPS = ["subnet-0a", "subnet-0b"], ["sg-0a"]
P3, G5, M5 = "ml.p3.2xlarge", "ml.g5.xlarge", "ml.m5.large"

CASES: dict[str, tuple[dict[str, Any], dict[str, Change], dict[str, Change]]] = {
    # a condition: (policy, requests inside, requests outside)
    "instance types": (
        {"instance_types": ["ml.p3.2*", "ml.m5.large"]},
        {
            "one": resources(P3, KEY),
            "groups": groups(P3, M5),
            "alternatives": configs(P3, M5),
        },
        {
            "another size": resources("ml.p3.16xlarge", KEY),
            "another family": resources(G5, None),
            "one of two groups": groups(P3, G5),
            "one of two alternatives": configs(M5, G5),
            "none at all": definition(ResourceConfig={}),
        },
    ),
    "keys": (
        {"require_kms_keys": True},
        {
            "the environment's": resources(P3, KEY),
            "local storage, which can't have one": resources(G5, None),
        },
        {
            "no volume key": resources(P3, None),
            "another volume key": resources(P3, OTHER_KEY),
            "another key and local storage": resources(G5, OTHER_KEY),
            "local storage beside a bare volume": groups(G5, P3),
            "no output key": output(),
            "another output key": output(KmsKeyId=OTHER_KEY),
        },
    ),
    "keys and instance types": (
        {"require_kms_keys": True, "instance_types": ["ml.g5.xlarge", "ml.p3.*"]},
        {"a key": resources(P3, KEY), "local storage": resources(G5, None)},
        {
            "another size with local storage": resources("ml.g5.2xlarge", None),
            "another family with local storage": resources("ml.g4dn.xlarge", None),
            "another family with a key": resources(M5, KEY),
        },
    ),
    "network": (
        {"require_vpc": True},
        {"the environment's": vpc(SUBNETS, GROUPS), "one subnet": vpc(SUBNETS[:1], GROUPS)},
        {
            "none": without("VpcConfig"),
            "another subnet": vpc(["subnet-0c"], GROUPS),
            "another subnet too": vpc([*SUBNETS, "subnet-0c"], GROUPS),
            "another security group": vpc(SUBNETS, ["sg-0b"]),
            "another security group too": vpc(SUBNETS, [*GROUPS, "sg-0b"]),
        },
    ),
    "isolation": (
        {"require_network_isolation": True},
        {"isolated": definition(EnableNetworkIsolation=True)},
        {
            "not": definition(EnableNetworkIsolation=False),
            "absent": without("EnableNetworkIsolation"),
        },
    ),
    "traffic encryption": (
        {"require_inter_container_traffic_encryption": True},
        {"encrypted": definition(EnableInterContainerTrafficEncryption=True)},
        {
            "not": definition(EnableInterContainerTrafficEncryption=False),
            "absent": without("EnableInterContainerTrafficEncryption"),
        },
    ),
    "longest runtime": (
        {"max_runtime": 3600},
        {"at the bound": definition(StoppingCondition={"MaxRuntimeInSeconds": 3600})},
        {
            "longer": definition(StoppingCondition={"MaxRuntimeInSeconds": 3601}),
            "longer, though a smaller text": definition(
                StoppingCondition={"MaxRuntimeInSeconds": 10000}
            ),
            "absent, so a day": definition(StoppingCondition={}),
        },
    ),
    "required tags": (
        {"required_tags": {"team": "growth|core", "cost-center": "[a-z]+", "ticket": "ML-.+"}},
        {
            "all": tagged("ticket", "ML-7"),
        },
        {
            "one is absent": tagged("ticket", None),
            "another value": tagged("ticket", "XX-7"),
            "an empty value": tagged("ticket", "ML-"),
        },
    ),
    "nothing": (
        {},
        {
            "as it is": lambda _made: None,
            "no network": without("VpcConfig"),
            "no keys": output(),
            "any instance": resources("ml.p5.48xlarge", None),
        },
        {
            "another project": tagged("hptc:project", "other"),
            "another environment": tagged("hptc:environment", "prod"),
            "no project": tagged("hptc:project", None),
        },
    ),
}


def requests_of(inside: bool) -> list[tuple[str, str]]:
    return [
        (condition, what)
        for condition, (_, passing, failing) in CASES.items()
        for what in (passing if inside else failing)
    ]


def prepared(condition: str) -> Request:
    result = request()
    definition(StoppingCondition={"MaxRuntimeInSeconds": 600})(result)
    if condition == "required tags":
        tagged("ticket", "ML-1")(result)
    return result


@pytest.mark.parametrize(("condition", "what"), requests_of(True))
def test_a_request_within_the_policy_is_allowed(condition: str, what: str) -> None:
    policy, passing, _ = CASES[condition]
    result = prepared(condition)
    passing[what](result)
    assert passes(result, environment(**policy))


@pytest.mark.parametrize(("condition", "what"), requests_of(False))
def test_a_request_outside_the_policy_is_denied(condition: str, what: str) -> None:
    policy, _, failing = CASES[condition]
    result = prepared(condition)
    assert passes(result, environment(**policy))  # before the change it is inside
    failing[what](result)
    assert not passes(result, environment(**policy))
    # and that condition alone is why: without the policy it passes
    assert condition == "nothing" or passes(result, environment())


def test_one_definition_outside_the_policy_is_denied() -> None:
    result = request("churn-two-algorithms")
    assert len(creations(result, world("dev"))) == 2
    strict = environment(max_runtime=3600)
    assert passes(result, strict)
    result["TrainingJobDefinitions"][1]["StoppingCondition"]["MaxRuntimeInSeconds"] = 7200
    assert not passes(result, strict)


def test_every_spec_of_this_repository_is_allowed_without_a_policy() -> None:
    for spec in requests("dev"):
        assert passes(request(spec), environment())


def test_each_condition_for_all_values_requires_its_key() -> None:
    """Without the key, ForAllValues alone would allow everything."""
    strict = environment(instance_types=["ml.m5.*"], require_vpc=True, require_kms_keys=True)
    for statement in policy_of(strict)["Statement"]:
        conditions = statement.get("Condition", {})
        for operator, by_key in conditions.items():
            if operator.startswith("ForAllValues:"):
                for key in by_key:
                    assert conditions["Null"][key] == "false"
    bare = Call(
        action="sagemaker:CreateHyperParameterTuningJob",
        resource=f"{JOBS}/x",
        context={"aws:RequestTag/hptc:project": "demo", "aws:RequestTag/hptc:environment": "dev"},
    )
    assert is_allowed(bare, policy_of(environment()))
    assert not is_allowed(bare, policy_of(environment(instance_types=["ml.m5.*"])))
    assert not is_allowed(bare, policy_of(environment(require_vpc=True)))


def test_an_environment_without_key_and_network_allows_any() -> None:
    strict = environment(require_vpc=True, require_kms_keys=True)
    bare = strict.infrastructure.model_copy(update={"kms_key": "absent", "network": None})
    chosen = replace(strict, infrastructure=bare, variables={})
    result = request()
    vpc(["subnet-any"], ["sg-any"])(result)
    resources(P3, OTHER_KEY)(result)
    assert passes(result, chosen)
    elsewhere = OTHER_KEY.replace("123456789012", "999988887777")
    resources(P3, elsewhere)(result)
    assert not passes(result, chosen)
    resources(P3, OTHER_KEY)(result)
    without("VpcConfig")(result)
    assert not passes(result, chosen)


OWN = {"aws:ResourceTag/hptc:project": "demo", "aws:ResourceTag/hptc:environment": "dev"}
TO_SAGEMAKER = {"iam:PassedToService": "sagemaker.amazonaws.com"}
AT_CREATION = {"sagemaker:TaggingAction": "CreateHyperParameterTuningJob"}
ROLE = "arn:aws:iam::123456789012:role/hptc/demo/dev/made-up"
TRAINING = "arn:aws:sagemaker:us-east-1:123456789012:training-job/x"
LOG = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/sagemaker/TrainingJobs"
STACK = "arn:aws:cloudformation:us-east-1:123456789012:stack/hptc-demo-dev"


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("iam:PassRole", ROLE, TO_SAGEMAKER),
        ("sagemaker:AddTags", f"{JOBS}/x", AT_CREATION),
        ("sagemaker:StopHyperParameterTuningJob", f"{JOBS}/x", OWN),
        ("sagemaker:DescribeHyperParameterTuningJob", f"{JOBS}/not-there-yet", {}),
        ("sagemaker:ListTrainingJobsForHyperParameterTuningJob", f"{JOBS}/x", {}),
        ("sagemaker:ListTags", f"{JOBS}/x", {}),
        ("sagemaker:ListHyperParameterTuningJobs", "*", {}),
        ("sagemaker:DescribeTrainingJob", TRAINING, OWN),
        ("logs:GetLogEvents", f"{LOG}:log-stream:a-001-b/algo-1-160", {}),
        ("logs:DescribeLogStreams", f"{LOG}:log-stream:", {}),
        ("logs:FilterLogEvents", f"{LOG}:log-stream:", {}),
        ("cloudformation:DescribeStacks", f"{STACK}/0a1b", {}),
        ("cloudformation:DescribeStacks", f"{STACK}-churn/0a1b", {}),
    ],
)
def test_what_follows_a_launch_is_allowed(
    action: str, resource: str, context: dict[str, str]
) -> None:
    call = Call(action=action, resource=resource, context=context)
    assert is_allowed(call, policy_of(environment()))


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("iam:PassRole", ROLE, {}),
        ("iam:PassRole", ROLE, {"iam:PassedToService": "ec2.amazonaws.com"}),
        ("iam:PassRole", ROLE.replace("/dev/", "/prod/"), TO_SAGEMAKER),
        ("iam:PassRole", ROLE.replace("/demo/", "/demo-2/"), TO_SAGEMAKER),
        ("iam:PassRole", ROLE.replace("/hptc/demo/dev/", "/"), TO_SAGEMAKER),
        ("iam:PassRole", ROLE.replace("123456789012", "999988887777"), TO_SAGEMAKER),
        ("iam:CreateRole", ROLE, {}),
        ("iam:PutRolePolicy", ROLE, {}),
        ("sts:AssumeRole", ROLE, {}),
        ("sagemaker:AddTags", f"{JOBS}/x", {}),
        ("sagemaker:AddTags", f"{JOBS}/x", {"sagemaker:TaggingAction": "CreateTrainingJob"}),
        ("sagemaker:DeleteTags", f"{JOBS}/x", {}),
        ("sagemaker:StopHyperParameterTuningJob", f"{JOBS}/x", {}),
        (
            "sagemaker:StopHyperParameterTuningJob",
            f"{JOBS}/x",
            OWN | {"aws:ResourceTag/hptc:project": "other"},
        ),
        (
            "sagemaker:StopHyperParameterTuningJob",
            f"{JOBS}/x",
            OWN | {"aws:ResourceTag/hptc:environment": "prod"},
        ),
        ("sagemaker:DeleteHyperParameterTuningJob", f"{JOBS}/x", OWN),
        ("sagemaker:StopTrainingJob", TRAINING, OWN),
        ("sagemaker:CreateTrainingJob", TRAINING, {}),
        ("sagemaker:DescribeHyperParameterTuningJob", f"{JOBS.replace('us-', 'eu-')}/x", {}),
        ("sagemaker:DescribeTrainingJob", TRAINING, {}),
        ("sagemaker:DescribeTrainingJob", TRAINING, OWN | {"aws:ResourceTag/hptc:project": "x"}),
        ("logs:GetLogEvents", f"{LOG}:log-stream:a-001-b/data-log", {}),
        ("logs:GetLogEvents", LOG.replace("Training", "Processing") + ":log-stream:a/algo-1", {}),
        ("logs:PutLogEvents", f"{LOG}:log-stream:a/algo-1", {}),
        ("logs:StartQuery", LOG, {}),
        ("logs:DeleteLogStream", f"{LOG}:log-stream:a", {}),
        ("cloudformation:DescribeStacks", f"{STACK.replace('dev', 'prod')}/0a1b", {}),
        ("cloudformation:UpdateStack", f"{STACK}/0a1b", {}),
        ("s3:GetObject", "arn:aws:s3:::demo-data/a", {}),
        ("kms:Decrypt", KEY, {}),
    ],
)
def test_similar_calls_are_denied(action: str, resource: str, context: dict[str, str]) -> None:
    call = Call(action=action, resource=resource, context=context)
    assert not is_allowed(call, policy_of(environment()))


@pytest.mark.parametrize(
    ("chosen", "passed", "denied"),
    [
        (
            {"role_path": "/ml/tuning/"},
            "role/ml/tuning/any",
            "role/ml/tuning-2/any",
        ),
        (
            {"role_name_prefix": "ml-"},
            "role/hptc/demo/dev/ml-demo-dev-churn",
            "role/hptc/demo/dev/other",
        ),
        (
            {"execution_role": "arn:aws:iam::123456789012:role/mine"},
            "role/mine",
            "role/hptc/demo/dev/x",
        ),
        ({"execution_role": "absent"}, None, "role/hptc/demo/dev/x"),
    ],
    ids=["path", "prefix", "existing", "absent"],
)
def test_roles_that_may_be_passed(chosen: dict[str, str], passed: str | None, denied: str) -> None:
    base = environment()
    result = replace(base, infrastructure=base.infrastructure.model_copy(update=chosen))

    def may_pass(role: str) -> bool:
        arn = f"arn:aws:iam::123456789012:{role}"
        return is_allowed(
            Call(action="iam:PassRole", resource=arn, context=TO_SAGEMAKER), policy_of(result)
        )

    assert passed is None or may_pass(passed)
    assert not may_pass(denied)


@pytest.mark.parametrize(
    ("pattern", "values"),
    [
        ("growth", ("growth",)),
        ("growth|core", ("growth", "core")),
        ("ML-.+", ("ML-?*",)),
        ("a.c", ("a?c",)),
        (".*", ("*",)),
        (r"a\.b", ("a.b",)),
        (r"a\*b", ("a${*}b",)),
        ("[a-z-]+", ("?*",)),
        ("(a|b)c", ("?*",)),
        ("ab*", ("?*",)),
        ("a?", ("*",)),
        ("[a-z]*", ("*",)),
        ("^a$|b", ("a", "b")),
        (r"\d+", ("?*",)),
        ("a{2}", ("?*",)),
        ("^a$", ("a",)),
    ],
)
def test_a_tags_pattern_as_iam_wildcards(pattern: str, values: tuple[str, ...]) -> None:
    assert tag_values(pattern) == values


def test_the_strictest_policy_fits_into_a_managed_policy() -> None:
    """6,144 characters: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
    strict = environment(
        instance_types=[f"ml.{family}.xlarge" for family in families_with_local_storage()],
        required_tags={f"tag-{i}": "a|b|c" for i in range(10)},
        require_kms_keys=True,
        require_vpc=True,
        require_network_isolation=True,
        require_inter_container_traffic_encryption=True,
        max_runtime=3600,
    )
    assert len(json.dumps(policy_of(strict), separators=(",", ":"))) < 6144


def test_the_json_is_the_policy_of_the_foundation() -> None:
    chosen = environment(require_kms_keys=True)
    result = foundation(chosen).launcher
    assert result is not None
    assert json.loads(launcher_json(chosen)) == document(result.statements)
    assert (result.name, result.path) == ("hptc-demo-dev-launcher", "/hptc/demo/dev/")


def test_wildcards_have_reasons() -> None:
    for statement in launcher_statements(environment(require_kms_keys=True)):
        assert statement.reason
        assert not any("*" in action for action in statement.actions)
        if "*" in statement.resources:
            assert statement.reason.startswith("AWS has no narrower form")


@pytest.mark.parametrize(
    ("action", "key", "context", "expected"),
    [
        ("s3:PutObject", "demo/source/abc/sourcedir.tar.gz", {"s3:if-none-match": "*"}, True),
        ("s3:PutObject", "demo/source/abc/sourcedir.tar.gz", {}, False),
        ("s3:PutObject", "other/source/abc/sourcedir.tar.gz", {"s3:if-none-match": "*"}, False),
        ("s3:GetObject", "demo/source/abc/sourcedir.tar.gz", {}, True),
        ("s3:GetObject", "demo/models/model.tar.gz", {}, False),
        ("s3:DeleteObject", "demo/source/abc/sourcedir.tar.gz", {}, False),
    ],
)
def test_training_code_is_uploaded_and_never_replaced(
    action: str, key: str, context: dict[str, str], expected: bool
) -> None:
    bucket = deployed("dev")["artifact_bucket"]
    call = Call(action=action, resource=f"arn:aws:s3:::{bucket}/{key}", context=context)
    assert is_allowed(call, policy_of(environment())) is expected


def test_training_code_is_encrypted_with_the_key_of_the_environment() -> None:
    statements = {statement.sid: statement for statement in launcher_statements(environment())}
    (encrypt,) = (
        statement for sid, statement in statements.items() if sid.startswith("EncryptCode")
    )
    assert encrypt.actions == ("kms:GenerateDataKey",)
    without = replace(environment(), variables={})
    assert not {"UploadCode", "FindCode"} & {
        statement.sid for statement in launcher_statements(without)
    }
