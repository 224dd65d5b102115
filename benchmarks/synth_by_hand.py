"""The same stacks as hptc's, as a person would write them with the CDK: python -m … FOLDER OUT.

The statements of the policies are read from FOLDER/stacks.json, hptc's own templates, so that both
apps make the same resources; everything else is written out.
"""

import json
import sys
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

folder, out = Path(sys.argv[1]), sys.argv[2]
templates: dict[str, Any] = json.loads((folder / "stacks.json").read_text("utf-8"))
ACCOUNT, REGION = "123456789012", "us-east-1"
place = cdk.Environment(account=ACCOUNT, region=REGION)
zones = ["us-east-1a", "us-east-1b"]

app = cdk.App(
    outdir=out,
    analytics_reporting=False,
    builtin_cloud_formation_validation=False,
    context={
        f"availability-zones:account={ACCOUNT}:region={REGION}": zones,
        "@aws-cdk/core:defaultCrossStackReferences": "strong",
    },
)
shared = cdk.Stack(app, "shared", env=place)
key = kms.Key(shared, "Key", enable_key_rotation=True, alias="alias/shared")
for name in ("Artifacts", "Data"):
    bucket = s3.Bucket(
        shared,
        name,
        encryption=s3.BucketEncryption.KMS,
        encryption_key=key,
        bucket_key_enabled=True,
        enforce_ssl=True,
        versioned=True,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        lifecycle_rules=[
            s3.LifecycleRule(abort_incomplete_multipart_upload_after=cdk.Duration.days(7))
        ],
    )
    cdk.CfnOutput(shared, f"{name}Name", value=bucket.bucket_name)
vpc = ec2.Vpc(
    shared,
    "Vpc",
    availability_zones=zones,
    nat_gateways=0,
    restrict_default_security_group=False,
    subnet_configuration=[
        ec2.SubnetConfiguration(name="Private", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
    ],
    gateway_endpoints={
        "S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3)
    },
)
group = ec2.SecurityGroup(shared, "Members", vpc=vpc, allow_all_outbound=False)
group.add_ingress_rule(group, ec2.Port.all_traffic())
group.add_egress_rule(group, ec2.Port.all_traffic())
group.add_egress_rule(ec2.Peer.prefix_list("pl-63a5400a"), ec2.Port.tcp(443))


def written(value: Any) -> Any:
    """A template's value as an author writes it: intrinsic functions as calls."""
    if isinstance(value, list):
        return [written(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "Fn::ImportValue" in value:
        return cdk.Fn.import_value(value["Fn::ImportValue"])
    if "Fn::Join" in value:
        return "".join(written(part) for part in value["Fn::Join"][1])
    if "Ref" in value:
        return cdk.Fn.ref(value["Ref"])
    return {key: written(inner) for key, inner in value.items()}


def statements(policy: Any) -> list[iam.PolicyStatement]:
    """The statements of a template's policy."""
    document = policy["Properties"]["PolicyDocument"]
    return [iam.PolicyStatement.from_json(written(each)) for each in document["Statement"]]


for file, template in templates.items():
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::IAM::ManagedPolicy":  # who may start searches
            iam.ManagedPolicy(shared, name, statements=statements(resource))
        if resource["Type"] == "AWS::IAM::Policy":
            stack = cdk.Stack(app, file.removesuffix(".template.json"), env=place)
            role = iam.Role(
                stack, "ExecutionRole", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com")
            )
            for statement in statements(resource):
                role.add_to_policy(statement)
            cdk.CfnOutput(stack, "ExecutionRoleArn", value=role.role_arn)
app.synth()
