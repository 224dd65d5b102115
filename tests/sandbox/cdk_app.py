"""A small CDK app: a VPC, a key and a bucket in one stack, a role in another.

With the context value `revision=2`, the role's policy, the lifecycle and the key change.
"""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

ACCOUNT, REGION, ZONES = "777777777777", "us-east-1", ["us-east-1a", "us-east-1b"]

app = cdk.App(
    context={
        f"availability-zones:account={ACCOUNT}:region={REGION}": ZONES,
        "@aws-cdk/core:defaultCrossStackReferences": "strong",
    }
)
revised = app.node.try_get_context("revision") == "2"
env = cdk.Environment(account=ACCOUNT, region=REGION)

base = cdk.Stack(app, "Base", env=env)
vpc = ec2.Vpc(
    base,
    "Vpc",
    availability_zones=ZONES,
    nat_gateways=0,
    subnet_configuration=[
        ec2.SubnetConfiguration(name="private", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
    ],
    restrict_default_security_group=False,
)
vpc.add_gateway_endpoint("S3", service=ec2.GatewayVpcEndpointAwsService.S3)
endpoints = ec2.SecurityGroup(base, "Endpoints", vpc=vpc, allow_all_outbound=False)
jobs = ec2.SecurityGroup(base, "Jobs", vpc=vpc, allow_all_outbound=False)
jobs.add_egress_rule(endpoints, ec2.Port.tcp(443), "to the endpoints")
jobs.add_egress_rule(ec2.Peer.prefix_list("pl-63a5400a"), ec2.Port.tcp(443), "to S3")
jobs.add_ingress_rule(jobs, ec2.Port.all_tcp(), "between the hosts of one job")
jobs.add_egress_rule(jobs, ec2.Port.all_tcp(), "between the hosts of one job")
endpoints.add_ingress_rule(jobs, ec2.Port.tcp(443))
vpc.add_interface_endpoint(
    "Logs",
    service=ec2.InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
    security_groups=[endpoints],
    open=False,
)
key = kms.Key(
    base,
    "Key",
    alias="alias/sandbox-test",
    enable_key_rotation=True,
    description="revised" if revised else "first",
    removal_policy=cdk.RemovalPolicy.DESTROY,
)
bucket = s3.Bucket(
    base,
    "Bucket",
    bucket_name="sandbox-test-artifacts",
    encryption=s3.BucketEncryption.KMS,
    encryption_key=key,
    bucket_key_enabled=True,
    enforce_ssl=True,
    versioned=True,
    block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
    object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
    removal_policy=cdk.RemovalPolicy.DESTROY,
    lifecycle_rules=[
        s3.LifecycleRule(
            id="expire",
            prefix="tmp/",
            expiration=cdk.Duration.days(14 if revised else 7),
            abort_incomplete_multipart_upload_after=cdk.Duration.days(1),
        )
    ],
)

spec = cdk.Stack(app, "Spec", env=env)
role = iam.Role(
    spec,
    "Role",
    role_name="sandbox-test-role",
    assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"),
)
role.add_to_policy(
    iam.PolicyStatement(
        actions=["s3:GetObject", "s3:PutObject"] if revised else ["s3:GetObject"],
        resources=[bucket.arn_for_objects("data/*")],
    )
)
role.add_to_policy(iam.PolicyStatement(actions=["kms:Decrypt"], resources=[key.key_arn]))
cdk.CfnOutput(spec, "RoleArn", value=role.role_arn)
app.synth()
