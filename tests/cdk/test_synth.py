"""The templates that synthesis writes, and the CDK app that a project has."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hptc.aws.client import Aws
from hptc.cdk.synth import build, synth_project
from hptc.compiler.deployable import deployable_specs
from hptc.compiler.outcome import Compiled
from hptc.compiler.pipeline import compile_paths
from hptc.compiler.workspace import Workspace
from hptc.errors import AwsError, OperationError, UsageError
from hptc.infrastructure.foundation import foundation
from hptc.infrastructure.scheduled_start import schedule_stacks
from hptc.infrastructure.spec_stacks import spec_stacks
from hptc.infrastructure.stack_outputs import locate
from hptc.project.project_file import Environment
from hptc.request.tuning_job import TuningJob
from tests.support.cfn_lint import problems
from tests.support.fake_service import FakeStacks, FakeTuning
from tests.support.golden import Golden
from tests.support.outcomes import all_succeeded
from tests.support.paths import GOLDEN, ROOT
from tests.support.stacks import (
    KEY,
    VARIANTS,
    WITH_A_SPEC,
    Templates,
    imported,
    pretty,
    resources,
    searched,
    templates,
    variant,
)

Synth = Callable[[str], Templates]

# One worker, so that one Node serves every test here.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("cdk")]


@pytest.fixture(scope="session")
def synth(tmp_path_factory: pytest.TempPathFactory) -> Synth:
    """The templates of an environment of this repository or of a variant, synthesized once."""
    created: dict[str, Templates] = {}

    def of(name: str) -> Templates:
        if name not in created:
            outdir = tmp_path_factory.mktemp(name)
            if name in VARIANTS:
                chosen = variant(name)
                jobs = [("churn", searched(chosen))] if name in WITH_A_SPEC else []
                build(chosen, foundation(chosen), spec_stacks(chosen, jobs), outdir)
            else:
                result = synth_project(ROOT, name, outdir)
                assert result.assembly == outdir, result.diagnostics
            created[name] = templates(outdir)
        return created[name]

    return of


def test_the_stacks_of_every_spec(synth: Synth, golden: Golden) -> None:
    created = synth("dev")
    for stack, template in created.items():
        golden(f"stacks/dev/{stack}.json", pretty(template))
    assert {path.stem for path in (GOLDEN / "stacks" / "dev").iterdir()} == set(created)


@pytest.mark.parametrize("name", ["prod", *(name for name in VARIANTS if name != "nothing")])
def test_the_foundation_of_other_environments(name: str, synth: Synth, golden: Golden) -> None:
    golden(f"stacks/foundations/{name}.json", pretty(synth(name)[f"hptc-demo-{name}"]))


@pytest.mark.parametrize("name", WITH_A_SPEC)
def test_a_role_in_other_environments(name: str, synth: Synth, golden: Golden) -> None:
    golden(f"stacks/roles/{name}.json", pretty(synth(name)[f"hptc-demo-{name}-churn"]))


def test_parameters_are_read_at_deployment(synth: Synth) -> None:
    created = json.loads(synth("parameters")["hptc-demo-parameters"])
    assert {parameter["Type"] for parameter in created["Parameters"].values()} == {
        "AWS::SSM::Parameter::Value<String>"
    }
    named = {parameter["Default"] for parameter in created["Parameters"].values()}
    assert named == {"/vpc", "/a", "/ml/models", "lake", "/ml/key", "/lake/key", "/iam/boundary"}
    # Nothing exports it: an export in use could not change with the parameter.
    assert created["Outputs"]["KmsKeyArn"] == {"Value": {"Ref": "KmsKeyArnParameter"}}
    role = json.loads(synth("parameters")["hptc-demo-parameters-churn"])
    assert {parameter["Default"] for parameter in role["Parameters"].values()} < named
    assert imported(role) == ["hptc-demo-parameters:SecurityGroupId"]


def test_a_role_has_the_configured_boundary_path_and_name(synth: Synth) -> None:
    (role,) = resources(synth("own-vpc")["hptc-demo-own-vpc-churn"], "AWS::IAM::Role")
    created = role["Properties"]
    assert created["PermissionsBoundary"] == "arn:aws:iam::123456789012:policy/boundary"
    assert created["Path"] == "/ml/tuning/"
    assert created["RoleName"] == "ml-demo-own-vpc-churn"
    (by_parameter,) = resources(synth("parameters")["hptc-demo-parameters-churn"], "AWS::IAM::Role")
    assert by_parameter["Properties"]["PermissionsBoundary"] == {
        "Ref": "PermissionsBoundaryArnParameter"
    }


@pytest.mark.parametrize(
    ("name", "partition"), [("china", "arn:aws-cn:"), ("gov", "arn:aws-us-gov:")]
)
def test_stacks_in_another_partition_contain_no_other(
    name: str, partition: str, synth: Synth
) -> None:
    for template in synth(name).values():
        written = set(re.findall(r"arn:[a-z-]*:", template))
        assert written == {partition}


def test_an_environment_without_managed_resources_has_no_stack(synth: Synth) -> None:
    assert synth("nothing") == {}


@pytest.fixture(scope="session")
def dev() -> tuple[Environment, list[Compiled]]:
    compiled = all_succeeded(compile_paths([str(ROOT)], Workspace(environment="dev")))
    return next(
        outcome.environment for outcome in compiled if outcome.environment is not None
    ), compiled


def jobs_of(compiled: list[Compiled]) -> list[tuple[str, TuningJob]]:
    return [(outcome.name, outcome.job) for outcome in compiled]


def test_two_synths_are_byte_identical_in_any_order_of_specs(
    synth: Synth, dev: tuple[Environment, list[Compiled]], tmp_path: Path
) -> None:
    chosen, compiled = dev
    stacks = spec_stacks(chosen, reversed(jobs_of(compiled)))
    scheduled = schedule_stacks(chosen, deployable_specs(reversed(compiled)))
    again = build(chosen, foundation(chosen), stacks[::-1], tmp_path, schedules=scheduled[::-1])
    assert templates(again) == synth("dev")


def test_a_stack_does_not_depend_on_other_specs(
    synth: Synth, dev: tuple[Environment, list[Compiled]], tmp_path: Path
) -> None:
    chosen, compiled = dev
    (last,) = spec_stacks(chosen, jobs_of(compiled))[-1:]
    alone = templates(build(chosen, foundation(chosen), [last], tmp_path))
    assert alone[last.stack] == synth("dev")[last.stack]


def test_cfn_lint_finds_nothing(synth: Synth) -> None:
    # W3010 is about zones written out, which is how synth works without asking AWS.
    faults = {
        f"{name}: {stack}": problems(template, ignored=["W3010"])
        for name in ("dev", "prod", *VARIANTS)
        for stack, template in synth(name).items()
    }
    assert {place: findings for place, findings in faults.items() if findings} == {}
    assert len(faults) > len(VARIANTS)


def test_every_reference_has_its_output_in_the_template(
    synth: Synth, dev: tuple[Environment, list[Compiled]]
) -> None:
    chosen, compiled = dev
    created = synth("dev")
    role = locate(chosen, "execution_role_arn", spec_stacks(chosen, jobs_of(compiled))[0].spec)
    assert role is not None
    assert list(json.loads(created[role.stack])["Outputs"]) == [role.key, "Digest"]
    outputs = json.loads(created[chosen.foundation_stack])["Outputs"]
    provides = foundation(chosen).outputs
    located = [locate(chosen, name, "any") for name in provides]
    assert [*(location.key for location in located if location is not None), "Digest"] == list(
        outputs
    )
    assert outputs["DataBucket"]["Export"] == {"Name": "hptc-demo-dev:DataBucket"}


def test_what_a_stack_imports_its_foundation_exports(synth: Synth) -> None:
    created = synth("dev")
    exports = {
        output["Export"]["Name"]
        for template in created.values()
        for output in json.loads(template)["Outputs"].values()
        if "Export" in output
    }
    imports = {name for template in created.values() for name in imported(json.loads(template))}
    assert imports
    assert imports <= exports


@pytest.mark.parametrize(("name", "policy"), [("dev", "Delete"), ("prod", "RetainExceptOnCreate")])
def test_buckets_and_keys_are_private_and_removed_as_configured(
    name: str, policy: str, synth: Synth
) -> None:
    template = synth(name)[f"hptc-demo-{name}"]
    buckets = resources(template, "AWS::S3::Bucket")
    (key,) = resources(template, "AWS::KMS::Key")
    assert {resource["DeletionPolicy"] for resource in [*buckets, key]} == {policy}
    assert key["Properties"]["EnableKeyRotation"] is True
    assert len(buckets) == 2
    for bucket in buckets:
        created = bucket["Properties"]
        assert set(created["PublicAccessBlockConfiguration"].values()) == {True}
        assert created["VersioningConfiguration"] == {"Status": "Enabled"}
        assert created["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
        (rule,) = created["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["BucketKeyEnabled"] is True
        assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
        assert len(created["LifecycleConfiguration"]["Rules"]) == 2
    policies = resources(template, "AWS::S3::BucketPolicy")
    assert len(policies) == 2
    for policy_resource in policies:
        (statement,) = policy_resource["Properties"]["PolicyDocument"]["Statement"]
        assert statement["Effect"] == "Deny"
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_an_existing_key_encrypts_the_managed_bucket(synth: Synth) -> None:
    (bucket,) = resources(synth("brought-key")["hptc-demo-brought-key"], "AWS::S3::Bucket")
    (rule,) = bucket["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"] == KEY


def test_a_network_allows_only_the_configured_traffic(synth: Synth) -> None:
    template = synth("endpoints")["hptc-demo-endpoints"]
    kinds = {resource["Type"] for resource in json.loads(template)["Resources"].values()}
    assert not kinds & {"AWS::EC2::InternetGateway", "AWS::EC2::NatGateway", "AWS::EC2::Route"}
    for rule in resources(template, "AWS::EC2::SecurityGroupIngress"):
        assert "SourceSecurityGroupId" in rule["Properties"]
    ways_out = [
        resource["Properties"].get("DestinationPrefixListId", "a security group")
        for resource in resources(template, "AWS::EC2::SecurityGroupEgress")
    ]
    assert sorted(ways_out) == ["a security group"] * 2 + ["pl-63a5400a"]
    inline = {
        rule["CidrIp"]
        for group in resources(template, "AWS::EC2::SecurityGroup")
        for rule in group["Properties"].get("SecurityGroupEgress", [])
    }
    # CDK writes "nothing goes out" of the endpoints' group as a rule for no address at all.
    assert inline == {"255.255.255.255/32"}
    assert len(resources(template, "AWS::EC2::Subnet")) == 3
    endpoints = resources(template, "AWS::EC2::VPCEndpoint")
    assert sorted(endpoint["Properties"]["VpcEndpointType"] for endpoint in endpoints) == [
        "Gateway",
        "Interface",
        "Interface",
    ]


def test_nothing_runs_code_at_deployment_and_everything_is_tagged(synth: Synth) -> None:
    untagged = {
        "AWS::EC2::SecurityGroupEgress",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::EC2::SubnetRouteTableAssociation",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::Policy",
        "AWS::KMS::Alias",
        "AWS::S3::BucketPolicy",
        "AWS::Scheduler::Schedule",
    }
    for template in synth("dev").values():
        for resource in json.loads(template)["Resources"].values():
            kind = resource["Type"]
            assert not kind.startswith(("Custom::", "AWS::CloudFormation::", "AWS::Lambda::"))
            if kind not in untagged:
                tags = {tag["Key"]: tag["Value"] for tag in resource["Properties"]["Tags"]}
                assert tags.items() >= {"hptc:project": "demo", "hptc:environment": "dev"}.items()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project somewhere else, in a path with a space."""
    folder = tmp_path / "a project"
    folder.mkdir()
    for name in ("cdk", "specs", "src"):
        shutil.copytree(ROOT / name, folder / name)
    for name in ("cdk.json", "hptc.yaml"):
        shutil.copy(ROOT / name, folder)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    return folder


@pytest.fixture
def small(copy: Path) -> Path:
    """The project with one spec: its synthesis takes a fraction of the time."""
    for spec in (copy / "specs").glob("*.yaml"):
        if spec.stem != "direct-marketing-random":
            spec.unlink()
    return copy


def run(*command: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | {"CDK_DISABLE_CLI_TELEMETRY": "true"} | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_real_cli_makes_the_same_templates_in_a_path_with_a_space(
    copy: Path, synth: Synth
) -> None:
    cdk = str(ROOT / "node_modules" / ".bin" / "cdk")
    done = run(cdk, "synth", "--quiet", "-c", "env=prod", cwd=copy)
    assert done.returncode == 0, done.stderr
    assert "Need to perform AWS calls" not in done.stderr
    assert templates(copy / "cdk.out") == synth("prod")


def test_the_app_prints_warnings_and_nothing_else(copy: Path, synth: Synth) -> None:
    done = run(sys.executable, "cdk/app.py", cwd=copy)
    diagnostics = synth_project(copy, None, copy / "again").diagnostics
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.count("warning[") == len(diagnostics)
    # Neither jsii's banner nor the CLI's: at most one line about a Node that is too old.
    about_node = [line for line in done.stderr.splitlines() if "node" in line.lower()]
    assert about_node in ([], [line for line in about_node if line.endswith("or newer")][:1])
    assert templates(copy / "cdk.out") == synth("dev")


@pytest.mark.parametrize("account", ["123456789012", "999999999999", None])
def test_the_app_refuses_a_stack_of_somebody_else(
    account: str | None, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = {"hptc:project": "demo", "hptc:environment": "dev", "hptc:repository": "a.b/other"}
    stacks = FakeStacks({"hptc-demo-dev": {}}, tags={"hptc-demo-dev": theirs})
    aws = Aws(tuning=FakeTuning(), stacks=stacks, region="us-east-1")
    monkeypatch.setattr("hptc.aws.client.connect", lambda _: aws)
    if account is None:
        monkeypatch.delenv("CDK_DEFAULT_ACCOUNT", raising=False)
    else:
        monkeypatch.setenv("CDK_DEFAULT_ACCOUNT", account)
    if account == "123456789012":
        with pytest.raises(OperationError, match=r"in a\.b/other; this is the project `demo`"):
            synth_project(small, "dev", small / "foreign")
        assert not (small / "foreign").exists()
    else:  # without credentials for this account, nothing is looked up
        assert synth_project(small, "dev", small / "foreign").assembly is not None
        assert stacks.calls == []


class TestLosses:
    """Plain `cdk deploy` of the app loses nothing that the user did not name."""

    @pytest.fixture
    def stacks(self, monkeypatch: pytest.MonkeyPatch) -> FakeStacks:
        """The foundation as it was deployed with a bucket more."""
        stacks = FakeStacks({"hptc-demo-dev": {}})
        stacks.templates["hptc-demo-dev"] = {"Resources": {"Legacy": {"Type": "AWS::S3::Bucket"}}}
        aws = Aws(tuning=FakeTuning(), stacks=stacks, region="us-east-1")
        monkeypatch.setattr("hptc.aws.client.connect", lambda _: aws)
        monkeypatch.setenv("CDK_DEFAULT_ACCOUNT", "123456789012")
        monkeypatch.delenv("CDK_CONTEXT_JSON", raising=False)
        return stacks

    @pytest.mark.parametrize("context", [None, {}, {"allow-destroy": "Other, data_bucket"}])
    def test_an_unnamed_loss_stops_the_app(
        self,
        context: dict[str, str] | None,
        stacks: FakeStacks,
        small: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        if context is not None:
            monkeypatch.setenv("CDK_CONTEXT_JSON", json.dumps(context))
        with pytest.raises(OperationError, match="removes the bucket `Legacy`") as raised:
            synth_project(small, "dev", small / "out")
        assert raised.value.help.endswith("allow it with -c allow-destroy=Legacy")

    def test_a_named_loss_does_not_stop_the_app(
        self, stacks: FakeStacks, small: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CDK_CONTEXT_JSON", '{"allow-destroy": "data_bucket, Legacy"}')
        assert synth_project(small, "dev", small / "out").assembly is not None

    def test_nothing_is_lost_with_a_failed_creation(self, stacks: FakeStacks, small: Path) -> None:
        stacks.statuses["hptc-demo-dev"] = "ROLLBACK_COMPLETE"
        assert synth_project(small, "dev", small / "out").assembly is not None

    def test_what_the_caller_may_not_read_is_a_note(
        self, stacks: FakeStacks, small: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(_: str) -> None:
            raise AwsError("not authorized", code="AccessDenied")

        monkeypatch.setattr(stacks, "template", refuse)
        synthesized = synth_project(small, "dev", small / "out")
        assert synthesized.assembly is not None
        assert "the deployed stacks were not checked: not authorized" in synthesized.notes


def test_stacks_carry_their_owner_and_templates_do_not(small: Path) -> None:
    assembly = synth_project(small, "dev", small / "owned").assembly
    assert assembly is not None
    manifest = json.loads((assembly / "manifest.json").read_text(encoding="utf-8"))
    tags = [
        artifact["properties"]["tags"]
        for artifact in manifest["artifacts"].values()
        if artifact["type"] == "aws:cloudformation:stack"
    ]
    assert len(tags) > 1
    for tag in tags:
        assert tag["hptc:repository"] == f"file:{small.resolve()}"
        assert (tag["hptc:project"], tag["hptc:environment"]) == ("demo", "dev")
    assert not any("hptc:repository" in text for text in templates(assembly).values())


@pytest.mark.parametrize(
    ("major", "notes"),
    [("20", ["Node 20 is past its end of life: install Node 22 or newer"]), ("22", []), ("24", [])],
)
def test_an_old_node_is_one_line(
    major: str, notes: list[str], small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", major)
    assert list(synth_project(small, None, small / "old").notes) == notes


@pytest.mark.parametrize(
    ("context", "status", "message"),
    [
        ({}, 1, "error[HPT104]: `strategy` has an invalid value"),
        ({"env": "test"}, 2, "has no environment `test`"),
    ],
    ids=["a spec with an error", "an environment that is not there"],
)
def test_the_app_fails_and_prints_the_errors(
    context: dict[str, str], status: int, message: str, small: Path
) -> None:
    (small / "specs" / "wrong.yaml").write_text("strategy: Magic\nname: wrong\n", encoding="utf-8")
    done = run(sys.executable, "cdk/app.py", cwd=small, CDK_CONTEXT_JSON=json.dumps(context))
    assert done.returncode == status, done.stderr
    assert message in done.stderr
    assert not (small / "cdk.out").exists()


def test_a_missing_node_is_a_usage_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JSII_NODE", raising=False)
    chosen = variant("nothing")
    with pytest.raises(UsageError, match=r"needs Node\.js"):
        build(chosen, foundation(chosen), (), tmp_path)


def test_a_missing_aws_cdk_is_a_usage_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "aws_cdk", None)
    chosen = variant("nothing")
    with pytest.raises(UsageError, match="not installed") as raised:
        build(chosen, foundation(chosen), (), tmp_path)
    assert raised.value.help == "run `pip install 'hptc[cdk]'`"


def test_a_project_without_an_environment_has_no_stacks(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no hptc[.]yaml found in"):
        synth_project(tmp_path, None, tmp_path / "out")
    (tmp_path / "hptc.yaml").write_text("project: demo\n", encoding="utf-8")
    with pytest.raises(UsageError, match="has no environment"):
        synth_project(tmp_path, None, tmp_path / "out")


def test_nothing_but_the_constructs_imports_aws_cdk() -> None:
    code = (
        "import sys, hptc.cdk.synth, hptc.infrastructure.spec_stacks\n"
        "print([name for name in ('aws_cdk', 'boto3', 'constructs') if name in sys.modules])"
    )
    done = run(sys.executable, "-c", code, cwd=ROOT)
    assert done.stdout == "[]\n", done.stderr
