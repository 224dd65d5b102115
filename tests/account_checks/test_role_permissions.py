"""What IAM is asked about an execution role, and what its answers mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hptc.compiler.outcome import Compiled, Outcome
from hptc.diagnostics import Diagnostic
from hptc.errors import AwsError
from hptc.infrastructure.permissions import permissions
from hptc.infrastructure.statements import document
from hptc.service.inventory import Role
from tests.support.fake_account import ANYTHING, FakeAccount
from tests.support.online_checks import (
    ACCOUNT,
    DEPLOYED,
    PROJECT,
    ROLE,
    SPEC,
    WITH_CODE,
    compiled,
    new_findings,
    online,
    whole,
)

TRAIN = "arn:aws:s3:::data/churn/train"
ADVICE = (
    "add it to a policy of the role: `hptc permissions SPEC --format json` prints all statements; "
    "a policy of the bucket, key or repository may allow it instead, which this check can't see"
)


def policy(effect: str, action: str, resource: str = "*", **more: Any) -> dict[str, Any]:
    statement = {"Effect": effect, "Action": action, "Resource": resource, **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


def all_but(action: str, resource: str = "*", **more: Any) -> list[dict[str, Any]]:
    return [ANYTHING, policy("Deny", action, resource, **more)]


def own_policy(spec: Compiled) -> dict[str, Any]:
    """The policy that hptc itself would write for the role."""
    assert spec.environment is not None
    return document(permissions(spec.environment, spec.job, ROLE, spec=spec.name))


def lacking(fake: FakeAccount, folder: Path, spec: str = SPEC) -> list[Diagnostic]:
    before = compiled(folder, spec)
    (after,), notes = online(before, fake)
    assert notes == []
    return [diagnostic for diagnostic in after.diagnostics if diagnostic.code == "HPT944"]


def without(spec: Compiled, *removed: tuple[str, str]) -> list[dict[str, Any]]:
    """hptc's own policy for a role, with (sid, action) removed."""
    statements = []
    for statement in own_policy(spec)["Statement"]:
        actions = statement["Action"]
        kept = [
            action
            for action in ([actions] if isinstance(actions, str) else actions)
            if not any(statement["Sid"].startswith(sid) and action == lost for sid, lost in removed)
        ]
        if kept:
            statements.append({**statement, "Action": kept})
    return [{"Version": "2012-10-17", "Statement": statements}]


@pytest.mark.parametrize("spec", [SPEC, WITH_CODE], ids=["spec", "with-code"])
def test_a_role_with_the_policy_that_hptc_writes_lacks_nothing(spec: str, tmp_path: Path) -> None:
    fake = whole()
    fake.inventory.role_policies = [own_policy(compiled(tmp_path, spec)[0])]
    assert lacking(fake, tmp_path, spec) == []


def test_what_iam_is_asked(tmp_path: Path) -> None:
    fake = whole()
    lacking(fake, tmp_path, WITH_CODE)
    key = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    network = f"arn:aws:ec2:us-east-1:{ACCOUNT}"
    assert [call for call in fake.inventory.simulated if "Describe" not in call] == [
        "s3:ListBucket on arn:aws:s3:::data",
        "s3:GetObject on arn:aws:s3:::data/churn/train/example",
        "s3:ListBucket on arn:aws:s3:::data",
        "s3:GetObject on arn:aws:s3:::data/churn/validation/example",
        "s3:GetObject on arn:aws:s3:::data/code/churn.tar.gz",
        "s3:PutObject on arn:aws:s3:::artifacts/churn/example",
        f"kms:Decrypt on {key}",
        f"kms:GenerateDataKey on {key}",
        f"kms:CreateGrant on {key}",
        *(
            f"ecr:{action} on arn:aws:ecr:us-east-1:{ACCOUNT}:repository/churn/train"
            for action in ("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer")
        ),
        "ecr:GetAuthorizationToken on *",
        f"ec2:CreateNetworkInterface on {network}:network-interface/example",
        f"ec2:CreateNetworkInterface on {network}:subnet/subnet-0a000000000000001",
        f"ec2:CreateNetworkInterface on {network}:subnet/subnet-0a000000000000002",
        f"ec2:CreateNetworkInterface on {network}:security-group/sg-0a000000000000001",
        *(
            f"ec2:{action} on {network}:network-interface/example"
            for action in (
                "CreateNetworkInterfacePermission",
                "DeleteNetworkInterface",
                "DeleteNetworkInterfacePermission",
            )
        ),
        "cloudwatch:PutMetricData on *",
        *(
            f"logs:{action} on arn:aws:logs:us-east-1:{ACCOUNT}:log-group:"
            "/aws/sagemaker/TrainingJobs:log-stream:churn-00000000-example/algo-example"
            for action in ("CreateLogStream", "PutLogEvents")
        ),
    ]


@pytest.mark.parametrize(
    ("removed", "line", "message"),
    [
        pytest.param(
            ("ReadInput", "s3:GetObject"), "s3",
            f"no policy of the role `tuning` allows s3:GetObject on `{TRAIN}/*`",
            id="read",
        ),
        pytest.param(
            ("ListInput", "s3:ListBucket"), "s3",
            "no policy of the role `tuning` allows s3:ListBucket on `arn:aws:s3:::data`",
            id="list",
        ),
        pytest.param(
            ("WriteOutput", "s3:PutObject"), "output",
            "no policy of the role `tuning` allows s3:PutObject on "
            "`arn:aws:s3:::artifacts/churn/*`",
            id="write",
        ),
        pytest.param(
            ("PullImage", "ecr:BatchGetImage"), "training_image",
            "no policy of the role `tuning` allows ecr:BatchGetImage on "
            f"`arn:aws:ecr:us-east-1:{ACCOUNT}:repository/churn/train`",
            id="image",
        ),
        pytest.param(
            ("PutMetrics", "cloudwatch:PutMetricData"), "objective",
            "no policy of the role `tuning` allows cloudwatch:PutMetricData on `*`",
            id="metrics",
        ),
    ],
)  # fmt: skip
def test_one_permission_less(
    removed: tuple[str, str], line: str, message: str, tmp_path: Path
) -> None:
    fake = whole()
    fake.inventory.role_policies = without(compiled(tmp_path, SPEC)[0], removed)
    first = lacking(fake, tmp_path)[0]
    assert (first.message, first.severity.value) == (message, "warning")
    assert first.span.source.strip().split(":")[0] == line
    assert first.help.startswith(ADVICE)


def test_the_actions_that_one_line_needs_are_one_finding(tmp_path: Path) -> None:
    fake = whole()
    fake.inventory.role_policies = without(
        compiled(tmp_path, SPEC)[0], ("ReadInput", "s3:GetObject"), ("ListInput", "s3:ListBucket")
    )
    assert [finding.message for finding in lacking(fake, tmp_path)] == [
        "no policy of the role `tuning` allows s3:ListBucket and s3:GetObject on "
        f"`arn:aws:s3:::data` and `arn:aws:s3:::data/churn/{channel}/*`"
        for channel in ("train", "validation")
    ]


@pytest.mark.parametrize(
    ("uri", "is_lacking"),
    [
        pytest.param("s3://data/churn/train/", False, id="folder"),
        pytest.param("s3://data/churn/train", False, id="folder-without-a-slash"),
        pytest.param("s3://data/churn/train/a.csv", False, id="file"),
        pytest.param("s3://data/churn/train/part-", False, id="part-of-a-name"),
        pytest.param("s3://data/churn/trainee/", True, id="another-folder"),
        pytest.param("s3://data/churn/", True, id="more"),
    ],
)
def test_a_policy_on_a_folder(uri: str, is_lacking: bool, tmp_path: Path) -> None:
    spec = SPEC.replace("s3://data/churn/train/", uri)
    fake = whole()
    fake.inventory.objects += [f"{uri}x", f"{uri}y"]
    fake.inventory.role_policies = [
        policy("Allow", "*", "*", Condition={"Null": {"s3:prefix": "false"}}),
        *without(compiled(tmp_path, SPEC)[0], ("ListInput", "s3:ListBucket")),
    ]
    assert bool(lacking(fake, tmp_path, spec)) is is_lacking


def test_a_policy_on_the_content_of_the_folder_of_checkpoints(tmp_path: Path) -> None:
    spec = f'{SPEC}  checkpoint: {{s3_uri: "s3://data/saved/"}}\n'
    fake = whole()
    listing = {"StringLike": {"s3:prefix": "saved/*"}}
    fake.inventory.role_policies = [
        policy("Allow", "s3:ListBucket", "arn:aws:s3:::data", Condition=listing),
        *without(compiled(tmp_path, spec)[0], ("ListCheckpoints", "s3:ListBucket")),
    ]
    assert lacking(fake, tmp_path, spec) == []


def test_characters_that_a_policy_escapes(tmp_path: Path) -> None:
    spec = SPEC.replace("s3://data/churn/train/", "s3://data/a*b?c$d/{{ '{{' }}e/")
    fake = whole()
    lacking(fake, tmp_path, spec)
    assert fake.inventory.simulated[1] == "s3:GetObject on arn:aws:s3:::data/a*b?c$d/{{e/example"


@pytest.mark.parametrize(
    ("changes", "message", "help"),
    [
        pytest.param(
            {"role_policies": all_but("s3:PutObject")},
            "a policy of the role `tuning` denies s3:PutObject on `arn:aws:s3:::artifacts/churn/*`",
            "remove the Deny statement, or exclude this resource from it",
            id="denied",
        ),
        pytest.param(
            {"boundary": policy("Allow", "*", "arn:aws:s3:::data*")},
            "the permissions boundary of the role `tuning` does not allow s3:PutObject on "
            "`arn:aws:s3:::artifacts/churn/*`",
            "allow it in the boundary too",
            id="boundary",
        ),
        pytest.param(
            {"control_policy": policy("Allow", "*", "arn:aws:s3:::data*")},
            "a service control policy denies the role `tuning` s3:PutObject on "
            "`arn:aws:s3:::artifacts/churn/*`",
            "ask the owner of the organization to allow it",
            id="organization",
        ),
    ],
)
def test_what_else_denies_an_action(
    changes: dict[str, Any], message: str, help: str, tmp_path: Path
) -> None:
    fake = whole()
    for name, value in changes.items():
        setattr(fake.inventory, name, value)
    findings = lacking(fake, tmp_path)
    assert (message, help) in [(finding.message, finding.help) for finding in findings]


def test_a_denial_under_an_unknown_condition_is_not_reported(tmp_path: Path) -> None:
    fake = whole()
    condition = {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}
    fake.inventory.role_policies = all_but("s3:*", Condition=condition)
    assert lacking(fake, tmp_path) == []


def test_a_permission_under_an_unknown_condition_says_so(tmp_path: Path) -> None:
    fake = whole()
    fake.inventory.role_policies = [
        policy("Allow", "*", Condition={"StringEquals": {"s3:ExistingObjectTag/team": "churn"}})
    ]
    findings = lacking(fake, tmp_path)
    unknown = "; conditions on `s3:existingobjecttag/team` were not evaluated"
    assert {finding.help for finding in findings} == {f"{ADVICE}{unknown}"}


def test_keys_that_are_known_of_every_call(tmp_path: Path) -> None:
    fake = whole()
    fake.inventory.role_policies = [
        policy(
            "Allow",
            "*",
            Condition={
                "StringEquals": {
                    "aws:ResourceAccount": "${aws:PrincipalAccount}",
                    "aws:RequestedRegion": "us-east-1",
                    "s3:ResourceAccount": ACCOUNT,
                },
                "Bool": {"aws:SecureTransport": "true"},
            },
        )
    ]
    assert lacking(fake, tmp_path) == []


def managed(folder: Path, fake: FakeAccount) -> list[Diagnostic]:
    before = compiled(folder, DEPLOYED)
    (after,), _ = online(before, fake)
    return [diagnostic for diagnostic in after.diagnostics if diagnostic.code == "HPT944"]


def test_the_policy_of_a_role_that_hptc_creates_follows_the_spec(tmp_path: Path) -> None:
    fake = whole()
    fake.inventory.role_policies = []
    assert managed(tmp_path, fake) == []
    fake.inventory.boundary = policy("Allow", "s3:*")
    assert {finding.message.partition(" allow ")[0] for finding in managed(tmp_path, fake)} == {
        "the permissions boundary of the role `tuning` does not"
    }


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(SPEC.replace(f"{ACCOUNT}.dkr", "210987654321.dkr"), id="image"),
        pytest.param(
            SPEC.replace(f"us-east-1:{ACCOUNT}:key", "us-east-1:210987654321:key"), id="key"
        ),
    ],
)
def test_resources_of_other_accounts_are_not_checked(spec: str, tmp_path: Path) -> None:
    fake = whole()
    before: list[Outcome] = list(compiled(tmp_path, spec))
    online(before, fake)
    assert not any("210987654321" in call for call in fake.inventory.simulated)


def test_what_a_manifest_lists_is_not_checked(tmp_path: Path) -> None:
    manifest = '{s3_data_type: ManifestFile, s3_uri: "s3://data/churn/validation.json"}'
    spec = SPEC.replace('"s3://data/churn/validation/"', manifest)
    fake = whole()
    online(compiled(tmp_path, spec), fake)
    reads = [call for call in fake.inventory.simulated if call.startswith("s3:GetObject")]
    assert reads == [f"s3:GetObject on {TRAIN}/example"]


def test_a_role_that_does_not_exist_lacks_nothing_more(tmp_path: Path) -> None:
    fake = whole()
    fake.inventory.roles = {"other": Role(arn="other", services=frozenset())}
    before = compiled(tmp_path, SPEC)
    (after,), _ = online(before, fake)
    assert new_findings(after, before[0]) == [("HPT941", "error", "role_arn")]


def test_without_the_permission_to_ask(tmp_path: Path) -> None:
    fake = whole()
    fake.inventory.refusals["simulate"] = AwsError(
        "AccessDenied", code="AccessDenied", help="allow iam:SimulatePrincipalPolicy"
    )
    before = compiled(tmp_path, SPEC)
    (after,), notes = online(before, fake)
    assert new_findings(after, before[0]) == []
    assert notes == ["permissions of roles not checked: allow iam:SimulatePrincipalPolicy"]
    assert fake.inventory.calls.count("simulate") == 1


def test_a_request_without_an_environment_is_not_checked(tmp_path: Path) -> None:
    fake = whole()
    online(compiled(tmp_path, SPEC, project=None), fake)
    assert fake.inventory.simulated == []


def test_a_question_is_asked_once(tmp_path: Path) -> None:
    fake = whole()
    online(compiled(tmp_path, SPEC, project=PROJECT), fake)
    once = len(fake.inventory.simulated)
    fake = whole()
    again = SPEC.replace("name: churn\n", "name: again\n")
    online(compiled(tmp_path, SPEC, again, project=PROJECT), fake)
    assert len(fake.inventory.simulated) == once + len(("CreateLogStream", "PutLogEvents"))
