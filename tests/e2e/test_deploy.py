"""`hptc deploy` and `hptc destroy` with the real CDK: outputs, reasons, orphans."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from moto.cloudformation.models import cloudformation_backends

from hptc.sandbox import convergence
from hptc.sandbox.server import Sandbox
from tests.support.e2e_project import FOUNDATION, REGION, Project, copy_project, run_here

pytestmark = pytest.mark.slow

KEPT, GONE = "direct-marketing-random", "direct-marketing-xgboost"
KEPT_STACK, GONE_STACK = f"{FOUNDATION}-{KEPT}", f"{FOUNDATION}-{GONE}"
LAUNCHER = f"{FOUNDATION}-launcher"


def bootstrapped(tmp_path: Path, sandbox: Sandbox, account: str) -> Project:
    """A project of two specs, in an account that has seen the CDK."""
    folder = tmp_path / "a clone"
    folder.mkdir()
    project = copy_project(folder, sandbox, account, only=[KEPT, GONE])
    project.bootstrap()
    return project


def stacks(project: Project) -> dict[str, str]:
    descriptions = project.client("cloudformation").describe_stacks()["Stacks"]
    return {stack["StackName"]: stack["StackStatus"] for stack in descriptions}


def set_status(project: Project, stack: str, status: str, reason: str) -> None:
    """Put a stack into a state, with its event, as somebody else would have left it."""
    all_stacks = cloudformation_backends[project.account][REGION].stacks.values()
    (deployed_stack,) = (deployed for deployed in all_stacks if deployed.name == stack)
    convergence.set_status(deployed_stack, status, reason)


def widen(project: Project, spec: str, number: int) -> None:
    path = project.directory / "specs" / f"{spec}.yaml"
    text = path.read_text("utf-8")
    path.write_text(
        text.replace("direct-marketing/validation", f"direct-marketing/{number}-validation", 1),
        encoding="utf-8",
    )


def test_from_the_first_stack_to_the_last(tmp_path: Path, sandbox: Sandbox) -> None:
    project = bootstrapped(tmp_path, sandbox, "377777777777")
    first = project.hptc("deploy", "--yes")
    # A Node that is past its end of life has a line of its own.
    lines = [line for line in first.err.splitlines() if not line.startswith("Node ")]
    assert lines[0] == "synthesizing the stacks of dev"
    assert lines[1] == f"deploying dev: account {project.account}, {REGION}"
    assert f"{FOUNDATION}   1/20  CREATE_COMPLETE     AWS::KMS::Key Key961B73FD" in lines
    assert f"{FOUNDATION}: deployed (1 of 3)" in lines
    # The specs' stacks are deployed side by side, so either may be the last.
    finished = [line for line in lines if line.endswith((" (2 of 3)", " (3 of 3)"))]
    assert sorted(line.partition(":")[0] for line in finished) == [KEPT_STACK, GONE_STACK]
    # Nothing of the CDK's own chatter is left.
    *steps, uploads, train, validation = lines[2:]
    assert all(line.startswith(f"{FOUNDATION}") for line in steps), first.err
    assert uploads == "upload what the specs read, from your own folders instead of data/:"
    assert train.startswith("  aws s3 sync data/direct-marketing/train/ s3://")
    assert validation.startswith("  aws s3 sync data/direct-marketing/validation/ s3://")
    role = project.outputs(GONE_STACK)["ExecutionRoleArn"]
    assert first.out.endswith(f"{GONE_STACK}\n  ExecutionRoleArn  {role}\n")

    (project.directory / "specs" / f"{GONE}.yaml").unlink()
    # What broadens nothing needs no approval, and what is unchanged needs no CDK.
    second = project.hptc_here("deploy", "--json")
    assert f"nothing to deploy in dev: account {project.account}, {REGION}: 2 of 2 stacks" in (
        second.err
    )
    # What the specs read is still to be uploaded.
    assert f"{uploads}\n{train}\n{validation}\n" in second.err
    assert f"  {GONE_STACK}\nhelp: `hptc destroy STACK --env dev`" in second.err
    data = project.outputs(FOUNDATION)["DataBucket"]
    assert second.json == {
        "version": 1,
        "command": "deploy",
        "project": "demo",
        "environment": "dev",
        "account": project.account,
        "region": REGION,
        "stacks": [
            {"name": name, "changed": False, "outputs": project.outputs(name)}
            for name in (FOUNDATION, KEPT_STACK)
        ],
        "uploads": [
            {
                "uri": (uri := f"s3://{data}/direct-marketing/{channel}/"),
                "specs": [KEPT],
                "command": f"aws s3 sync data/direct-marketing/{channel}/ {uri} --region {REGION}",
                "is_there": False,
            }
            for channel in ("train", "validation")
        ],
        "orphaned_stacks": [GONE_STACK],
    }

    widen(project, KEPT, 1)
    third = project.hptc_here("deploy", "--yes")
    assert "1 of 2 stacks unchanged" in third.err
    assert f"{KEPT_STACK}: deployed (1 of 1)" in third.err
    assert f"{FOUNDATION}:" not in third.err
    again = project.hptc_here("deploy", "--all")
    assert f"{KEPT_STACK}: no changes (2 of 2)" in again.err
    assert again.out == third.out

    # Neither way to deploy loses what nobody named: not hptc, and not the CDK alone.
    hptc_yaml = project.directory / "hptc.yaml"
    text = hptc_yaml.read_text("utf-8")
    hptc_yaml.write_text(text.replace("network: managed", "network: absent", 1), "utf-8")
    lost = f"removes the VPC `network` of the stack `{FOUNDATION}`"
    refused = project.hptc_here("deploy", "--yes", expect=3)
    assert lost in refused.err
    assert "--allow-destroy network" in refused.err
    printed = project.cdk("synth", "--quiet", expect=1)
    assert lost in printed
    assert "allow it with -c allow-destroy=network" in printed
    project.cdk("synth", "--quiet", "-c", "allow-destroy=network")
    hptc_yaml.write_text(text, "utf-8")

    before = stacks(project)
    for name, message in (
        (KEPT_STACK, f"`{KEPT_STACK}` is needed by the spec `{KEPT}`"),
        (FOUNDATION, f"`{FOUNDATION}` is needed by the spec `{KEPT}`"),
        ("CDKToolkit", "the stack `CDKToolkit` does not belong to the project `demo`"),
        (GONE_STACK, "no terminal to ask for confirmation"),
    ):
        with project.entered():
            refused = run_here("destroy", name)
        assert (refused.code, refused.out) == (2, "")
        assert message in refused.err
    assert stacks(project) == before

    destroyed = project.hptc_here("destroy", GONE_STACK, "--yes")
    assert destroyed.out == f"deleted {GONE_STACK}\n"
    assert f"{GONE_STACK}   2/2  DELETE_COMPLETE     AWS::IAM::Role" in destroyed.err
    assert stacks(project) == {name: state for name, state in before.items() if name != GONE_STACK}
    assert project.hptc_here("deploy", "--json").json["orphaned_stacks"] == []

    # The last spec goes, and then everything, at one request.
    (project.directory / "specs" / f"{KEPT}.yaml").unlink()
    shared = project.outputs(FOUNDATION)
    project.client("s3").put_object(Bucket=shared["DataBucket"], Key="precious", Body=b"1")
    failed = project.hptc_here("destroy", FOUNDATION, KEPT_STACK, "--yes", "--json", expect=3)
    (output,) = (line for line in failed.err.splitlines() if line.startswith("error: "))
    assert output.startswith(
        f"error: `{FOUNDATION}`: DataBucketE3889A50 (AWS::S3::Bucket) could not"
    )
    assert [stack["name"] for stack in failed.json["stacks"]] == [KEPT_STACK]
    project.client("s3").delete_objects(
        Bucket=shared["DataBucket"], Delete={"Objects": versions_in(project, shared["DataBucket"])}
    )
    project.hptc_here("destroy", FOUNDATION, "--yes")
    assert set(stacks(project)) == {"CDKToolkit"}


def versions_in(project: Project, bucket: str) -> list[dict[str, str]]:
    response = project.client("s3").list_object_versions(Bucket=bucket)
    return [
        {"Key": version["Key"], "VersionId": version["VersionId"]}
        for version in response["Versions"]
    ]


def test_the_reason_of_a_failure_comes_first(tmp_path: Path, sandbox: Sandbox) -> None:
    project = bootstrapped(tmp_path, sandbox, "388888888888")
    iam = project.client("iam")
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    taken = iam.create_policy(PolicyName=LAUNCHER, Path="/hptc/demo/dev/", PolicyDocument=document)[
        "Policy"
    ]["Arn"]
    reason = f"A policy called {LAUNCHER} already exists. Duplicate names are not allowed."
    failed = project.hptc("deploy", "--yes", "--json", expect=3)
    *_, error, help = failed.err.splitlines()
    assert error == (
        f"error: `{FOUNDATION}`: LauncherDC0405AA (AWS::IAM::ManagedPolicy) could not be created: "
        f"{reason}"
    )
    assert help.startswith("help: fix this, then rerun `hptc deploy`")
    assert failed.out == ""
    assert "❌" not in failed.err
    assert "‣" not in failed.err

    # The remains of a creation don't stand in the way.
    assert stacks(project)[FOUNDATION] == "ROLLBACK_COMPLETE"
    iam.delete_policy(PolicyArn=taken)
    project.hptc_here("deploy", "--yes")
    assert stacks(project)[FOUNDATION] == "CREATE_COMPLETE"

    widen(project, GONE, 1)
    unanswered = project.hptc_here("deploy", expect=3)
    assert "IAM Statement Changes" in unanswered.err
    assert "error: the changes above broaden permissions, and without a terminal they" in (
        unanswered.err
    )
    assert "--yes" in unanswered.err

    set_status(project, GONE_STACK, "UPDATE_IN_PROGRESS", "User Initiated")
    set_status(project, GONE_STACK, "UPDATE_ROLLBACK_IN_PROGRESS", "the export is in use")
    set_status(project, GONE_STACK, "UPDATE_ROLLBACK_FAILED", "it was deleted by hand")
    stuck = project.hptc_here("deploy", "--yes", expect=3)
    assert (
        f"error: `{GONE_STACK}` is UPDATE_ROLLBACK_FAILED since an earlier deployment: "
        "the export is in use"
    ) in stuck.err
    assert f"continue-update-rollback --region {REGION} --stack-name {GONE_STACK}" in stuck.err
