"""The foundation as a construct: VPC, KMS key, buckets and launcher policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from hptc.cdk.nag import acknowledge, acknowledge_wildcards
from hptc.cdk.tuning_project import TuningProject
from hptc.infrastructure.foundation import (
    Bucket,
    Foundation,
    Key,
    LauncherPolicy,
    Network,
    Parameter,
    SecurityGroupInVpc,
    SecurityGroupRule,
)
from hptc.infrastructure.stack_digest import DIGEST, stack_digest
from hptc.infrastructure.stack_outputs import Output, endpoint_id, output_key
from hptc.infrastructure.statements import document
from hptc.project.project_file import Environment
from hptc.project.references import substitute


class TuningFoundation(Construct):
    """The resources that the specs of one environment share, as hptc.yaml chooses them.

    A resource that the environment does not manage is None. In the stack that hptc looks for
    (`TuningProject.foundation_stack`), the construct also adds the outputs that `hptc submit` and
    the roles in other stacks read, so a stack can have only one.
    """

    def __init__(self, scope: Construct, id: str, project: TuningProject) -> None:
        super().__init__(scope, id)
        foundation = project.foundation
        self.kms_key: kms.IKey | None = None
        self.artifact_bucket: s3.IBucket | None = None
        self.data_bucket: s3.IBucket | None = None
        self.vpc: ec2.IVpc | None = None
        self.security_group: ec2.ISecurityGroup | None = None
        self.launcher_policy: iam.IManagedPolicy | None = None
        # If the creation of the stack fails, its resources are deleted: they are still empty, and
        # the next attempt creates new ones.
        self._removal = (
            cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
            if foundation.is_retained
            else cdk.RemovalPolicy.DESTROY
        )
        values = {parameter.provides: read(self, parameter) for parameter in foundation.parameters}
        if foundation.key is not None:
            self.kms_key = self._key(foundation.key)
            values["kms_key_arn"] = self.kms_key.key_arn
        for bucket in foundation.buckets:
            created = self._bucket(bucket, self.kms_key, values)
            values[bucket.provides] = created.bucket_name
            if bucket.provides == "artifact_bucket":
                self.artifact_bucket = created
            else:
                self.data_bucket = created
        match foundation.network:
            case Network():
                values |= self._network(foundation.network, values)
            case SecurityGroupInVpc():
                values |= self._group_in_vpc(foundation.network, project.environment, values)
            case None:
                pass
            case _:
                assert_never(foundation.network)
        if foundation.launcher is not None:
            self.launcher_policy = self._launcher(foundation.launcher, values)
            values["launcher_policy_arn"] = self.launcher_policy.managed_policy_arn
        self.values: Mapping[str, str] = values  # by the name of the reference
        if project.tag(self, foundation.stack):
            self._add_outputs(foundation)

    def _add_outputs(self, foundation: Foundation) -> None:
        from_parameters = {parameter.provides for parameter in foundation.parameters}
        for name in foundation.outputs:
            output = Output(stack=foundation.stack, key=output_key(name))
            # A parameter's value may change, and CloudFormation does not change an export in use.
            value = self.values[name]
            add_output(self, name, value, None if name in from_parameters else output.export)
        add_output(self, DIGEST, stack_digest(foundation))

    def _key(self, key: Key) -> kms.IKey:
        return kms.Key(
            self,
            "Key",
            alias=key.alias,
            description="Training data, model artifacts and volumes",
            enable_key_rotation=True,
            pending_window=cdk.Duration.days(key.pending_window_days),
            policy=iam.PolicyDocument.from_json(document(key.policy)),
            removal_policy=self._removal,
        )

    def _launcher(self, launcher: LauncherPolicy, values: Mapping[str, str]) -> iam.IManagedPolicy:
        resolved = substitute(document(launcher.statements), values.__getitem__)
        policy = iam.ManagedPolicy(
            self,
            "Launcher",
            description="Starting hyperparameter tuning jobs, inside the project's policy",
            document=iam.PolicyDocument.from_json(resolved),
            managed_policy_name=launcher.name,
            path=launcher.path,
        )

        def reference_text(name: str) -> str:
            value = cdk.Stack.of(policy).resolve(values[name])
            return f"<{value['Ref']}>" if isinstance(value, dict) else str(value)

        acknowledge_wildcards(policy, launcher.statements, reference_text)
        return policy

    def _bucket(
        self, bucket: Bucket, managed_key: kms.IKey | None, values: Mapping[str, str]
    ) -> s3.IBucket:
        name = output_key(bucket.provides)
        key = managed_key
        if bucket.kms_key is not None and managed_key is None:
            key = self._existing_key(f"{name}Key", substitute(bucket.kms_key, values.__getitem__))
        s3_bucket = s3.Bucket(
            self,
            name,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            bucket_key_enabled=key is not None,
            encryption=s3.BucketEncryption.KMS if key else s3.BucketEncryption.S3_MANAGED,
            encryption_key=key,
            enforce_ssl=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="AbortUploads",
                    abort_incomplete_multipart_upload_after=cdk.Duration.days(
                        bucket.abort_uploads_after_days
                    ),
                ),
                s3.LifecycleRule(
                    id="ExpireOldVersions",
                    noncurrent_version_expiration=cdk.Duration.days(
                        bucket.expire_old_versions_after_days
                    ),
                ),
            ],
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=self._removal,
            versioned=True,
        )
        acknowledge(
            s3_bucket,
            {
                "S1": "server access logs are best effort and need a bucket that is kept forever; "
                "CloudTrail data events record who reads what, and enabling them is up to the "
                "account: https://docs.aws.amazon.com/AmazonS3/latest/userguide/"
                "logging-with-S3.html"
            },
        )
        return s3_bucket

    def _existing_key(self, name: str, arn: str) -> kms.IKey:
        _, is_alias, alias = arn.partition(":alias/")
        if is_alias:
            return kms.Alias.from_alias_name(self, name, f"alias/{alias}")
        return kms.Key.from_key_arn(self, name, arn)

    def _group_in_vpc(
        self, group: SecurityGroupInVpc, environment: Environment, values: Mapping[str, str]
    ) -> dict[str, str]:
        vpc = ec2.Vpc.from_vpc_attributes(
            self,
            "Vpc",
            vpc_id=substitute(group.vpc_id, values.__getitem__),
            availability_zones=[f"{environment.region}a"],  # CDK requires one; the group has none
        )
        members = self._security_group(vpc, "Members", "Training jobs")
        self.vpc, self.security_group = vpc, members
        for rule in group.rules:
            _add(rule, {"members": members})
        return {"security_group_id": members.security_group_id}

    def _network(self, network: Network, values: Mapping[str, str]) -> dict[str, str]:
        vpc = ec2.Vpc(
            self,
            "Vpc",
            availability_zones=list(network.availability_zones)
            or [
                cdk.Fn.select(index, cdk.Fn.get_azs(cdk.Stack.of(self).region))
                for index in range(network.zone_count)
            ],
            ip_addresses=ec2.IpAddresses.cidr(network.cidr),
            nat_gateways=0,
            restrict_default_security_group=False,  # True adds a custom resource
            subnet_configuration=[
                ec2.SubnetConfiguration(
                    name="Private",
                    subnet_type=ec2.SubnetType.PRIVATE_ISOLATED,
                    cidr_mask=network.subnet_prefix,
                )
            ],
        )
        _name_after_path(vpc)
        endpoint = vpc.add_gateway_endpoint("S3", service=ec2.GatewayVpcEndpointAwsService.S3)
        for statement in substitute(document(network.s3_policy), values.__getitem__)["Statement"]:
            endpoint.add_to_policy(iam.PolicyStatement.from_json(statement))
        acknowledge(
            vpc,
            {
                "VPC7": "the VPC has no way out except its endpoints, and S3's allows only listed "
                "buckets; flow logs are billed per GB of training traffic, so an account that "
                "requires them for every VPC adds them itself"
            },
        )
        members = self._security_group(vpc, "Members", "Training jobs")
        self.vpc, self.security_group = vpc, members
        groups = {"members": members}
        if network.interface_endpoints:
            groups["endpoints"] = self._security_group(vpc, "Endpoints", "Interface endpoints")
        for service in network.interface_endpoints:
            vpc.add_interface_endpoint(
                endpoint_id(service),
                service=ec2.InterfaceVpcEndpointAwsService(service),
                open=False,
                security_groups=[groups["endpoints"]],
            )
        for rule in network.rules:
            _add(rule, groups)
        subnets = {
            f"subnet_id_{i + 1}": subnet.subnet_id for i, subnet in enumerate(vpc.isolated_subnets)
        }
        return {"security_group_id": members.security_group_id, **subnets}

    def _security_group(self, vpc: ec2.IVpc, name: str, description: str) -> ec2.SecurityGroup:
        return ec2.SecurityGroup(
            self, name, vpc=vpc, description=description, allow_all_outbound=False
        )


def _name_after_path(vpc: ec2.Vpc) -> None:
    """Name a VPC, its subnets and route tables after their paths, as CDK does, without `Default`.

    hptc's own stacks contain the construct under this ID, which has no part in logical IDs either:
    https://docs.aws.amazon.com/cdk/v2/guide/identifiers.html
    """
    for construct in (vpc, *vpc.isolated_subnets):
        parts = construct.node.path.split("/")
        cdk.Tags.of(construct).add("Name", "/".join(part for part in parts if part != "Default"))


def read(scope: Construct, parameter: Parameter) -> str:
    """The value of an SSM parameter, which CloudFormation reads at each deployment of the stack."""
    cfn_parameter = cdk.CfnParameter(
        scope,
        f"{output_key(parameter.provides)}Parameter",
        type="AWS::SSM::Parameter::Value<String>",
        default=parameter.name,
    )
    return cfn_parameter.value_as_string


def add_output(scope: Construct, name: str, value: str, export: str | None = None) -> None:
    """Output a reference's value, under the key of hptc/infrastructure/stack_outputs.py."""
    key = output_key(name)
    output = cdk.CfnOutput(scope, f"{key}Output", value=value, export_name=export)
    output.override_logical_id(key)


def _add(rule: SecurityGroupRule, groups: dict[str, ec2.SecurityGroup]) -> None:
    peer: ec2.IPeer
    if rule.peer in groups:
        peer = groups[rule.peer]
    elif rule.peer.startswith("pl-"):
        peer = ec2.Peer.prefix_list(rule.peer)
    else:
        peer = ec2.Peer.ipv4(rule.peer)
    port = ec2.Port.all_traffic() if rule.port is None else ec2.Port.tcp(rule.port)
    group = groups[rule.group]
    add = group.add_ingress_rule if rule.direction == "in" else group.add_egress_rule
    add(peer, port, rule.description)
