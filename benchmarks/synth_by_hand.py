"""The same stacks as hptc's, in a CDK app that is written by hand.

    python -m benchmarks.synth_by_hand FOLDER OUT

The policies' statements, the state machines' definitions and the schedules are read from
FOLDER/stacks.json, which has hptc's own templates, so that both apps create the same resources.
Everything else is written out.
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
environment = cdk.Environment(account=ACCOUNT, region=REGION)
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
shared = cdk.Stack(app, "shared", env=environment)
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


def as_code(value: Any, own: dict[str, str]) -> Any:
    """A template's value as an author would write it: intrinsic functions as calls."""
    if isinstance(value, list):
        return [as_code(item, own) for item in value]
    if not isinstance(value, dict):
        return value
    if "Fn::ImportValue" in value:
        return cdk.Fn.import_value(value["Fn::ImportValue"])
    if "Fn::Join" in value:
        return "".join(as_code(part, own) for part in value["Fn::Join"][1])
    if "Fn::GetAtt" in value:
        return own[value["Fn::GetAtt"][0]]
    if "Ref" in value:
        name = value["Ref"]
        return own[name] if name in own else cdk.Fn.ref(name)
    return {key: as_code(inner, own) for key, inner in value.items()}


def of_type(template: Any, kind: str) -> dict[str, Any]:
    """The properties of a template's resources of one type, by logical ID."""
    resources = template["Resources"].items()
    return {
        name: resource["Properties"] for name, resource in resources if resource["Type"] == kind
    }


def statements(policy: Any, **own: str) -> list[iam.PolicyStatement]:
    """The statements of a template's policy."""
    document = policy["PolicyDocument"]
    return [
        iam.PolicyStatement.from_json(as_code(statement, own))
        for statement in document["Statement"]
    ]


def add_role(stack: cdk.Stack, policy: Any) -> None:
    """The execution role of one spec."""
    role = iam.Role(
        stack, "ExecutionRole", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com")
    )
    for statement in statements(policy):
        role.add_to_policy(statement)
    cdk.CfnOutput(stack, "ExecutionRoleArn", value=role.role_arn)


def add_schedule(stack: cdk.Stack, template: Any) -> None:
    """The state machine that creates one spec's tuning job, and the schedule that starts it."""
    from aws_cdk import aws_cloudwatch as cloudwatch
    from aws_cdk import aws_scheduler as scheduler
    from aws_cdk import aws_stepfunctions as stepfunctions

    policies = of_type(template, "AWS::IAM::Policy")
    (machine_policy,) = (
        policy for name, policy in policies.items() if name.startswith("StateMachine")
    )
    (scheduler_policy,) = (
        policy for name, policy in policies.items() if name.startswith("Scheduler")
    )
    (machine_properties,) = of_type(template, "AWS::StepFunctions::StateMachine").values()
    (schedule,) = of_type(template, "AWS::Scheduler::Schedule").values()

    machine_role = iam.Role(
        stack, "MachineRole", assumed_by=iam.ServicePrincipal("states.amazonaws.com")
    )
    for statement in statements(machine_policy):
        machine_role.add_to_policy(statement)
    machine = stepfunctions.CfnStateMachine(
        stack,
        "StateMachine",
        role_arn=machine_role.role_arn,
        definition_string=as_code(machine_properties["DefinitionString"], {}),
    )
    machine.node.add_dependency(machine_role)
    group = scheduler.CfnScheduleGroup(stack, "Group")
    scheduler_role = iam.Role(
        stack, "SchedulerRole", assumed_by=iam.ServicePrincipal("scheduler.amazonaws.com")
    )
    for statement in statements(scheduler_policy, StateMachine=machine.ref):
        scheduler_role.add_to_policy(statement)
    scheduler.CfnSchedule(
        stack,
        "Schedule",
        group_name=group.ref,
        schedule_expression=schedule["ScheduleExpression"],
        schedule_expression_timezone=schedule["ScheduleExpressionTimezone"],
        flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
        target=scheduler.CfnSchedule.TargetProperty(
            arn=machine.ref, role_arn=scheduler_role.role_arn, input=schedule["Target"]["Input"]
        ),
    ).node.add_dependency(scheduler_role)
    for name, namespace, metric, dimension, value in (
        ("Failed", "AWS/States", "ExecutionsFailed", "StateMachineArn", machine.ref),
        ("Dropped", "AWS/Scheduler", "InvocationDroppedCount", "ScheduleGroup", group.ref),
    ):
        cloudwatch.CfnAlarm(
            stack,
            name,
            namespace=namespace,
            metric_name=metric,
            dimensions=[cloudwatch.CfnAlarm.DimensionProperty(name=dimension, value=value)],
            statistic="Sum",
            period=300,
            evaluation_periods=1,
            threshold=0,
            comparison_operator="GreaterThanThreshold",
            treat_missing_data="notBreaching",
        )
    cdk.CfnOutput(stack, "StateMachineArn", value=machine.ref)


for file, template in templates.items():
    for name, launcher in of_type(template, "AWS::IAM::ManagedPolicy").items():
        keys = dict.fromkeys(of_type(template, "AWS::KMS::Key"), key.key_arn)
        buckets = dict.fromkeys(of_type(template, "AWS::S3::Bucket"), bucket.bucket_name)
        iam.ManagedPolicy(shared, name, statements=statements(launcher, **keys, **buckets))
    roles = of_type(template, "AWS::IAM::Policy")
    if not roles:
        continue
    stack = cdk.Stack(app, file.removesuffix(".template.json"), env=environment)
    if of_type(template, "AWS::StepFunctions::StateMachine"):
        add_schedule(stack, template)
    else:
        add_role(stack, *roles.values())
app.synth()
