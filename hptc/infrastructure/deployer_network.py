"""What CloudFormation needs for an environment's network: VPC, endpoints, security groups.

EC2 generates every ID, so the environment's resources are identified by their tags:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
"""

from __future__ import annotations

from collections.abc import Iterator

from hptc.infrastructure.arns import arn
from hptc.infrastructure.foundation import Network, SecurityGroupInVpc
from hptc.infrastructure.stack_owner import new_with_tags, not_of_others, with_tags
from hptc.infrastructure.statements import Statement
from hptc.project.project_file import Environment
from hptc.project.references import has_reference


def network_statements(
    environment: Environment, network: Network | SecurityGroupInVpc | None
) -> Iterator[Statement]:
    """The statements for the network of a foundation; none without one."""
    match network:
        case None:
            return
        case Network():
            yield from _vpc(environment, network)
        case SecurityGroupInVpc(vpc_id=vpc):
            yield _group_in(environment, vpc)
    yield from _groups(environment)
    yield from _tags(environment, network)
    yield _reads(network)


def _vpc(environment: Environment, network: Network) -> Iterator[Statement]:
    created = ("route-table", "security-group", "subnet", "vpc-endpoint")
    inside = (
        "ec2:CreateRouteTable",
        "ec2:CreateSecurityGroup",
        "ec2:CreateSubnet",
        "ec2:CreateVpcEndpoint",
    )
    vpcs = (arn(environment, "ec2", "vpc/*"),)
    yield Statement(
        sid="NewVpc",
        actions=("ec2:CreateVpc",),
        resources=vpcs,
        reason="creates the VPC; AWS generates its ID",
    )
    yield Statement(
        sid="NewInVpc",
        actions=inside,
        resources=tuple(arn(environment, "ec2", f"{kind}/*") for kind in created),
        reason="creates the parts of the VPC; AWS generates their IDs",
    )
    yield Statement(
        sid="InOwnVpc",
        actions=inside,
        resources=vpcs,
        conditions=with_tags(environment),
        reason="creates them in the environment's VPC only",
    )
    yield Statement(
        sid="CompleteVpc",
        actions=("ec2:ModifySubnetAttribute", "ec2:ModifyVpcAttribute"),
        resources=(arn(environment, "ec2", "subnet/*"), *vpcs),
        conditions=not_of_others(environment),
        reason="completes a new VPC and its subnets, which may not have their tags yet",
    )
    yield Statement(
        sid="ChangeVpc",
        actions=(
            "ec2:AssociateRouteTable",
            "ec2:DeleteRouteTable",
            "ec2:DeleteSubnet",
            "ec2:DeleteVpc",
            "ec2:DeleteVpcEndpoints",
            "ec2:DisassociateRouteTable",
            "ec2:ModifyVpcEndpoint",
            "ec2:ReplaceRouteTableAssociation",
        ),
        resources=tuple(arn(environment, "ec2", f"{kind}/*") for kind in (*created, "vpc")),
        conditions=with_tags(environment),
        reason="changes and deletes the environment's VPC and its parts",
    )
    if network.interface_endpoints:
        yield Statement(
            sid="PrivateNames",
            actions=("route53:AssociateVPCWithHostedZone",),
            resources=("*",),
            # https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html
            reason="AWS has no narrower form: the zones of endpoints' private names are AWS's own",
        )


def _group_in(environment: Environment, vpc: str) -> Statement:
    """The creation of a security group in an existing VPC, which may be shared by any account."""
    name = "*" if has_reference(vpc) else vpc
    return Statement(
        sid="NewInVpc",
        actions=("ec2:CreateSecurityGroup",),
        resources=(
            arn(environment, "ec2", "security-group/*"),
            arn(environment, "ec2", f"vpc/{name}", account="*"),
        ),
        reason="creates the security group; AWS generates its ID, and a shared VPC belongs to "
        "another account",
    )


def _groups(environment: Environment) -> Iterator[Statement]:
    groups = arn(environment, "ec2", "security-group/*")
    yield Statement(
        sid="CompleteGroups",
        actions=(
            "ec2:AuthorizeSecurityGroupEgress",
            "ec2:AuthorizeSecurityGroupIngress",
            "ec2:RevokeSecurityGroupEgress",
            "ec2:RevokeSecurityGroupIngress",
            "ec2:UpdateSecurityGroupRuleDescriptionsEgress",
            "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
        ),
        resources=(groups, arn(environment, "ec2", "security-group-rule/*")),
        conditions=not_of_others(environment),
        reason="sets the rules of security groups; a new group may not have its tags yet, and "
        "rules have none",
    )
    yield Statement(
        sid="DeleteGroups",
        actions=("ec2:DeleteSecurityGroup",),
        resources=(groups,),
        conditions=with_tags(environment),
        reason="deletes the environment's security groups",
    )


def _tags(environment: Environment, network: Network | SecurityGroupInVpc) -> Iterator[Statement]:
    kinds = ["security-group"]
    if isinstance(network, Network):
        kinds += ["route-table", "subnet", "vpc", "vpc-endpoint"]
    resources = tuple(arn(environment, "ec2", f"{kind}/*") for kind in sorted(kinds))
    yield Statement(
        sid="TagNetwork",
        actions=("ec2:CreateTags",),
        resources=resources,
        conditions=(*new_with_tags(environment), *not_of_others(environment)),
        reason="tags resources as the environment's own, unless they are another's",
    )
    yield Statement(
        sid="ChangeTags",
        actions=("ec2:CreateTags", "ec2:DeleteTags"),
        resources=resources,
        conditions=with_tags(environment),
        reason="changes the tags of the environment's resources",
    )


def _reads(network: Network | SecurityGroupInVpc) -> Statement:
    actions = {
        "ec2:DescribeInstances",
        "ec2:DescribeSecurityGroupRules",
        "ec2:DescribeSecurityGroups",
    }
    if isinstance(network, Network):
        actions |= {
            "ec2:DescribeNetworkAcls",
            "ec2:DescribeRouteTables",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcAttribute",
            "ec2:DescribeVpcEncryptionControls",
            "ec2:DescribeVpcEndpoints",
            "ec2:DescribeVpcs",
        }
        if not network.availability_zones:
            # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getavailabilityzones.html
            actions |= {"ec2:DescribeAccountAttributes", "ec2:DescribeAvailabilityZones"}
    return Statement(
        sid="DescribeNetwork",
        actions=tuple(sorted(actions)),
        resources=("*",),
        reason="AWS has no narrower form: EC2's Describe actions do not apply to a resource",
    )
