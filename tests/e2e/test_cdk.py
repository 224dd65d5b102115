"""The real CDK on this repository's project, by cdk.json and with its defaults."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hptc.sandbox.server import Sandbox
from tests.support.e2e_project import FOUNDATION, REGION, SPECS, Deployed, Project, copy_project

pytestmark = pytest.mark.slow

BRINGS_ITS_ROLE = "keras-own-image"
SCHEDULED = "electricity-deepar"
ROLES = tuple(f"{FOUNDATION}-{spec}" for spec in SPECS if spec != BRINGS_ITS_ROLE)
STACKS = (*ROLES, f"{FOUNDATION}-{SCHEDULED}-schedule")
HTTPS, ALL = 443, "-1"
S3_PREFIX_LIST = "pl-63a5400a"

shares_a_deployment = pytest.mark.xdist_group("deployed")


def template(project: Project, stack: str) -> dict[str, Any]:
    """What CDK wrote for a stack."""
    path = project.directory / "cdk.out" / f"{stack}.template.json"
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def imported(value: Any, exports: Mapping[str, str]) -> Any:
    """A template's value with its imports and joins carried out, as CloudFormation does it."""
    match value:
        case {"Fn::ImportValue": str(name)}:
            return exports[name]
        case {"Fn::Join": [str(between), [*parts]]}:
            return between.join(imported(part, exports) for part in parts)
        case dict():
            return {key: imported(inner, exports) for key, inner in value.items()}
        case list():
            return [imported(inner, exports) for inner in value]
    return value


def only(template: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """The properties of a template's one resource of a kind."""
    (properties,) = (
        resource["Properties"]
        for resource in template["Resources"].values()
        if resource["Type"] == kind
    )
    return dict(properties)


def role_name(arn: str) -> str:
    return arn.rpartition("/")[2]


def role_policy(project: Project, arn: str) -> dict[str, Any]:
    iam = project.client("iam")
    (name,) = iam.list_role_policies(RoleName=role_name(arn))["PolicyNames"]
    document: dict[str, Any] = iam.get_role_policy(RoleName=role_name(arn), PolicyName=name)[
        "PolicyDocument"
    ]
    return document


def our_vpc(project: Project) -> str:
    (vpc,) = (vpc for vpc in project.client("ec2").describe_vpcs()["Vpcs"] if not vpc["IsDefault"])
    return str(vpc["VpcId"])


@shares_a_deployment
def test_the_assembly_is_whole(deployed: Deployed) -> None:
    written = (deployed.project.directory / "cdk.out").glob("*.template.json")
    assert {path.name.partition(".")[0] for path in written} == {FOUNDATION, *STACKS}
    # hptc.yaml determines everything: nothing was looked up.
    assert not (deployed.project.directory / "cdk.context.json").exists()


@shares_a_deployment
def test_every_stack_is_deployed(deployed: Deployed) -> None:
    stacks = deployed.project.client("cloudformation").describe_stacks()["Stacks"]
    states = {stack["StackName"]: stack["StackStatus"] for stack in stacks}
    assert states == dict.fromkeys(("CDKToolkit", FOUNDATION, *STACKS), "CREATE_COMPLETE")
    for stack in stacks:
        if stack["StackName"] != "CDKToolkit":
            tags = {tag["Key"]: tag["Value"] for tag in stack["Tags"]}
            folder = deployed.project.directory.resolve()
            assert tags == {
                "hptc:project": "demo",
                "hptc:environment": "dev",
                "hptc:repository": f"file:{folder}",
            }


@shares_a_deployment
def test_outputs_are_printed(deployed: Deployed) -> None:
    assert set(deployed.outputs) == {FOUNDATION, *STACKS}
    assert set(deployed.role_arns) == set(ROLES)
    for stack, reported in deployed.outputs.items():
        assert deployed.project.outputs(stack) == reported
    exports = deployed.project.client("cloudformation").list_exports()["Exports"]
    ours = {
        export["Name"]: export["Value"]
        for export in exports
        if export["Name"].startswith(FOUNDATION)
    }
    shared = deployed.outputs[FOUNDATION]
    roles = {f"{stack}:ExecutionRoleArn": arn for stack, arn in deployed.role_arns.items()}
    reported = {k: v for k, v in shared.items() if k != "Digest"}  # which no stack imports
    assert ours == {f"{FOUNDATION}:{key}": value for key, value in reported.items()} | roles


@shares_a_deployment
@pytest.mark.parametrize("stack", ROLES)
def test_a_role_matches_its_template(deployed: Deployed, stack: str) -> None:
    project, arn = deployed.project, deployed.role_arns[stack]
    role_template = template(project, stack)
    shared = {f"{FOUNDATION}:{key}": v for key, v in deployed.outputs[FOUNDATION].items()}
    policy = imported(only(role_template, "AWS::IAM::Policy")["PolicyDocument"], shared)
    assert "Fn::" not in json.dumps(policy)
    assert role_policy(project, arn) == policy
    role = project.client("iam").get_role(RoleName=role_name(arn))["Role"]
    assert role["AssumeRolePolicyDocument"] == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "sagemaker.amazonaws.com"},
                "Condition": {"StringEquals": {"aws:SourceAccount": project.account}},
            }
        ],
    }
    attached = project.client("iam").list_attached_role_policies(RoleName=role_name(arn))
    assert attached["AttachedPolicies"] == []


@shares_a_deployment
def test_the_key_rotates(deployed: Deployed) -> None:
    kms = deployed.project.client("kms")
    key = kms.describe_key(KeyId=f"alias/{FOUNDATION}")["KeyMetadata"]
    assert key["Arn"] == deployed.outputs[FOUNDATION]["KmsKeyArn"]
    assert key["KeyState"] == "Enabled"
    assert kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"] is True
    policy = kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"]
    (statement,) = json.loads(policy)["Statement"]
    owner = f"arn:aws:iam::{deployed.project.account}:root"
    assert (statement["Principal"], statement["Action"]) == ({"AWS": owner}, "kms:*")


@shares_a_deployment
@pytest.mark.parametrize("output", ["ArtifactBucket", "DataBucket"])
def test_a_bucket_is_hardened(deployed: Deployed, output: str) -> None:
    shared = deployed.outputs[FOUNDATION]
    s3, bucket = deployed.project.client("s3"), shared[output]
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True}
    (ownership,) = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert ownership["ObjectOwnership"] == "BucketOwnerEnforced"
    encryption = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    (rule,) = encryption["Rules"]
    assert rule["BucketKeyEnabled"] is True
    assert rule["ApplyServerSideEncryptionByDefault"] == {
        "SSEAlgorithm": "aws:kms",
        "KMSMasterKeyID": shared["KmsKeyArn"],
    }
    rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    by_id = {rule["ID"]: rule for rule in rules}
    assert {rule["Status"] for rule in rules} == {"Enabled"}
    assert by_id["AbortUploads"]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert by_id["ExpireOldVersions"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90}
    (deny,) = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert (deny["Effect"], deny["Action"], deny["Principal"]) == ("Deny", "s3:*", {"AWS": "*"})
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert deny["Resource"] == [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]


@shares_a_deployment
def test_the_network_has_no_way_out(deployed: Deployed) -> None:
    ec2, vpc = deployed.project.client("ec2"), our_vpc(deployed.project)
    shared = deployed.outputs[FOUNDATION]
    in_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
    subnets = ec2.describe_subnets(Filters=in_vpc)["Subnets"]
    assert {subnet["SubnetId"]: subnet["AvailabilityZone"] for subnet in subnets} == {
        shared["SubnetId1"]: f"{REGION}a",
        shared["SubnetId2"]: f"{REGION}b",
    }
    assert not any(subnet["MapPublicIpOnLaunch"] for subnet in subnets)
    attached = [{"Name": "attachment.vpc-id", "Values": [vpc]}]
    assert ec2.describe_internet_gateways(Filters=attached)["InternetGateways"] == []
    assert ec2.describe_nat_gateways(Filters=in_vpc)["NatGateways"] == []
    (endpoint,) = ec2.describe_vpc_endpoints(Filters=in_vpc)["VpcEndpoints"]
    assert endpoint["VpcEndpointType"] == "Gateway"
    assert endpoint["ServiceName"] == f"com.amazonaws.{REGION}.s3"
    assert len(endpoint["RouteTableIds"]) == len(subnets)


def peers(permissions: list[dict[str, Any]]) -> set[tuple[str, int | None, str]]:
    """What a security group lets through: (protocol, first port, peer)."""
    return {
        (permission["IpProtocol"], permission.get("FromPort"), peer)
        for permission in permissions
        for peer in (
            *(pair["GroupId"] for pair in permission["UserIdGroupPairs"]),
            *(source["CidrIp"] for source in permission["IpRanges"]),
            *(source["PrefixListId"] for source in permission["PrefixListIds"]),
        )
    }


@shares_a_deployment
def test_training_jobs_reach_each_other_and_s3(deployed: Deployed) -> None:
    ours = deployed.outputs[FOUNDATION]["SecurityGroupId"]
    ec2 = deployed.project.client("ec2")
    (group,) = ec2.describe_security_groups(GroupIds=[ours])["SecurityGroups"]
    each_other = {(ALL, None, ours)}
    assert peers(group["IpPermissions"]) == each_other
    assert peers(group["IpPermissionsEgress"]) == {*each_other, ("tcp", HTTPS, S3_PREFIX_LIST)}


def test_change_review_and_removal(sandbox: Sandbox, tmp_path: Path) -> None:
    """From bootstrap to destroy, in a network with endpoints of its own."""
    (tmp_path / "a clone").mkdir()
    kept, changed = "direct-marketing-random", "direct-marketing-xgboost"
    project = copy_project(
        tmp_path / "a clone", sandbox, "322222222222", only=(kept, changed, BRINGS_ITS_ROLE)
    )
    endpoints = "network: {interface_endpoints: [sts, ecr.api]}"
    edit(project.directory / "hptc.yaml", "network: managed", endpoints)
    project.bootstrap()
    before = account_holds(project)

    project.cdk("synth", "--quiet")
    assert account_holds(project) == before
    outputs = project.deploy("--app", "cdk.out")
    assert set(outputs) == {FOUNDATION, f"{FOUNDATION}-{kept}", f"{FOUNDATION}-{changed}"}
    check_endpoints(project, outputs[FOUNDATION]["SecurityGroupId"])
    arns = {spec: outputs[f"{FOUNDATION}-{spec}"]["ExecutionRoleArn"] for spec in (kept, changed)}
    policies = {spec: role_policy(project, arn) for spec, arn in arns.items()}

    spec = project.directory / "specs" / f"{changed}.yaml"
    edit(spec, "direct-marketing/validation/", "direct-marketing/validation-2/")
    difference = project.cdk("diff", "--fail", expect=1)
    assert "Number of stacks with differences: 1" in difference
    assert "direct-marketing/validation-2/*" in difference
    resources = set(re.findall(r"^\[.\] (AWS::\S+)", difference, re.MULTILINE))
    assert resources == {"AWS::IAM::Policy"}

    updated = project.deploy("--app", "cdk.out")  # which `cdk diff` wrote
    digests = [reported[f"{FOUNDATION}-{changed}"].pop("Digest") for reported in (outputs, updated)]
    assert digests[0] != digests[1]
    assert updated == outputs
    assert role_policy(project, arns[kept]) == policies[kept]
    revised = json.dumps(policies[changed]).replace("/validation/", "/validation-2/")
    assert role_policy(project, arns[changed]) == json.loads(revised)

    # hptc makes the same stacks as the CDK app does.
    again = project.hptc_here("deploy", "--yes", "--all")
    assert again.err.count(": no changes (") == len(outputs)
    assert str(tmp_path) not in again.out + again.err

    project.cdk("destroy", "--all", "--force", "--app", "cdk.out")
    assert account_holds(project) == before


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def check_endpoints(project: Project, members: str) -> None:
    ec2 = project.client("ec2")
    in_vpc = [{"Name": "vpc-id", "Values": [our_vpc(project)]}]
    result = ec2.describe_vpc_endpoints(Filters=in_vpc)["VpcEndpoints"]
    interfaces = {
        endpoint["ServiceName"]: endpoint
        for endpoint in result
        if endpoint["VpcEndpointType"] == "Interface"
    }
    assert set(interfaces) == {f"com.amazonaws.{REGION}.{name}" for name in ("sts", "ecr.api")}
    assert all(endpoint["PrivateDnsEnabled"] for endpoint in interfaces.values())
    (endpoints,) = {
        group["GroupId"] for endpoint in interfaces.values() for group in endpoint["Groups"]
    }
    described = ec2.describe_security_groups(GroupIds=[members, endpoints])["SecurityGroups"]
    groups = {group["GroupId"]: group for group in described}
    out = peers(groups[members]["IpPermissionsEgress"])
    assert {peer for peer in out if peer[1] == HTTPS} == {
        ("tcp", HTTPS, S3_PREFIX_LIST),
        ("tcp", HTTPS, endpoints),
    }
    assert peers(groups[endpoints]["IpPermissions"]) == {("tcp", HTTPS, members)}


def account_holds(project: Project) -> dict[str, set[str]]:
    """The names of what costs or lets in: nothing of it may stay behind."""
    ec2 = project.client("ec2")
    keys = project.client("kms")
    return {
        "stacks": {
            stack["StackName"]
            for stack in project.client("cloudformation").describe_stacks()["Stacks"]
        },
        "roles": {role["RoleName"] for role in project.client("iam").list_roles()["Roles"]},
        "buckets": {bucket["Name"] for bucket in project.client("s3").list_buckets()["Buckets"]},
        "networks": {vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"]},
        "endpoints": {
            endpoint["VpcEndpointId"] for endpoint in ec2.describe_vpc_endpoints()["VpcEndpoints"]
        },
        "groups": {group["GroupId"] for group in ec2.describe_security_groups()["SecurityGroups"]},
        "keys": {
            key["KeyId"]
            for key in keys.list_keys()["Keys"]
            if keys.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["Enabled"]
        },
    }
