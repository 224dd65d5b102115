"""VPC resources that match their template."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.sandbox import Account, Stack

VPC: dict[str, Any] = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}
SUBNET: dict[str, Any] = {
    "Type": "AWS::EC2::Subnet",
    "Properties": {
        "VpcId": {"Ref": "Vpc"},
        "CidrBlock": "10.0.0.0/24",
        "AvailabilityZone": "us-east-1a",
    },
}
TABLE: dict[str, Any] = {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "Vpc"}}}
ASSOCIATION = {
    "Type": "AWS::EC2::SubnetRouteTableAssociation",
    "Properties": {"SubnetId": {"Ref": "Subnet"}, "RouteTableId": {"Ref": "Table"}},
}
HTTPS = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}


def vpc(**properties: Any) -> dict[str, Any]:
    return {**VPC, "Properties": {**VPC["Properties"], **properties}}


def group(**properties: Any) -> dict[str, Any]:
    defaults = {"GroupDescription": "d", "VpcId": {"Ref": "Vpc"}}
    return {"Type": "AWS::EC2::SecurityGroup", "Properties": {**defaults, **properties}}


def rule(direction: str, **properties: Any) -> dict[str, Any]:
    defaults = {"GroupId": {"Fn::GetAtt": ["Group", "GroupId"]}, **HTTPS}
    return {
        "Type": f"AWS::EC2::SecurityGroup{direction}",
        "Properties": {**defaults, **properties},
    }


def endpoint(service: str, kind: str, **properties: Any) -> dict[str, Any]:
    name = f"com.amazonaws.us-east-1.{service}"
    defaults = {"VpcId": {"Ref": "Vpc"}, "ServiceName": name, "VpcEndpointType": kind}
    return {"Type": "AWS::EC2::VPCEndpoint", "Properties": {**defaults, **properties}}


def peers(permissions: list[dict[str, Any]]) -> list[tuple[str, int | None, str]]:
    """Each rule as protocol, first port and peer."""
    return [
        (permission["IpProtocol"], permission.get("FromPort"), peer)
        for permission in permissions
        for peer in (
            *(source["CidrIp"] for source in permission["IpRanges"]),
            *(source["PrefixListId"] for source in permission["PrefixListIds"]),
            *("group" for _ in permission["UserIdGroupPairs"]),
        )
    ]


@pytest.mark.parametrize("attribute", ["EnableDnsHostnames", "EnableDnsSupport"])
def test_vpc_dns_settings_match_the_template(
    account: Account, stack: Stack, attribute: str
) -> None:
    ec2 = account.client("ec2")
    name = attribute[0].lower() + attribute[1:]
    for enabled in (True, False):
        stack.deploy({"Vpc": vpc(**{attribute: enabled})})
        answer = ec2.describe_vpc_attribute(VpcId=stack.physical_id("Vpc"), Attribute=name)
        assert answer[attribute] == {"Value": enabled}


def test_a_subnet_matches_its_template(account: Account, stack: Stack) -> None:
    for enabled in (True, False):
        subnet = {
            **SUBNET,
            "Properties": {**SUBNET["Properties"], "MapPublicIpOnLaunch": enabled},
        }
        stack.deploy({"Vpc": VPC, "Subnet": subnet})
        (description,) = account.client("ec2").describe_subnets(
            SubnetIds=[stack.physical_id("Subnet")]
        )["Subnets"]
        assert description["MapPublicIpOnLaunch"] is enabled


def test_tags_match_the_template(account: Account, stack: Stack) -> None:
    ec2 = account.client("ec2")
    for tags in ({"a": "1", "b": "2"}, {"a": "3"}):
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        network = endpoint("s3", "Gateway", RouteTableIds=[{"Ref": "Table"}], Tags=listed)
        table = {**TABLE, "Properties": {**TABLE["Properties"], "Tags": listed}}
        stack.deploy({"Vpc": vpc(Tags=listed), "Table": table, "Endpoint": network})
        for name in ("Vpc", "Table", "Endpoint"):
            described = ec2.describe_tags(
                Filters=[{"Name": "resource-id", "Values": [stack.physical_id(name)]}]
            )["Tags"]
            own = {t["Key"]: t["Value"] for t in described if not t["Key"].startswith("aws:")}
            assert own == tags
            assert {"Key": "aws:cloudformation:logical-id", "Value": name}.items() <= {
                **next(t for t in described if t["Key"] == "aws:cloudformation:logical-id")
            }.items()


def test_a_network_is_created_and_deleted(account: Account, stack: Stack) -> None:
    ec2 = account.client("ec2")
    groups = [{"Fn::GetAtt": ["Group", "GroupId"]}]
    outputs = {"Table": {"Value": {"Ref": "Table"}}, "Subnet": {"Value": {"Ref": "Subnet"}}}
    ids = stack.deploy(
        {
            "Vpc": VPC,
            "Subnet": SUBNET,
            "Table": TABLE,
            "Association": ASSOCIATION,
            "Group": group(),
            "Gateway": endpoint("s3", "Gateway", RouteTableIds=[{"Ref": "Table"}]),
            "Interface": endpoint(
                "logs",
                "Interface",
                SubnetIds=[{"Ref": "Subnet"}],
                SecurityGroupIds=groups,
                PrivateDnsEnabled=True,
                PolicyDocument={"Version": "2012-10-17", "Statement": []},
            ),
        },
        Outputs=outputs,
    )
    (table,) = ec2.describe_route_tables(RouteTableIds=[ids["Table"]])["RouteTables"]
    assert [association["SubnetId"] for association in table["Associations"]] == [ids["Subnet"]]
    gateway = stack.physical_id("Gateway")
    assert gateway in [route.get("GatewayId") for route in table["Routes"]]
    (interface,) = ec2.describe_vpc_endpoints(VpcEndpointIds=[stack.physical_id("Interface")])[
        "VpcEndpoints"
    ]
    assert interface["PrivateDnsEnabled"] is True
    assert interface["PolicyDocument"] == '{"Version": "2012-10-17", "Statement": []}'
    assert [group["GroupId"] for group in interface["Groups"]] == [stack.physical_id("Group")]

    stack.delete()
    assert ec2.describe_vpc_endpoints()["VpcEndpoints"] == []
    assert [vpc["IsDefault"] for vpc in ec2.describe_vpcs()["Vpcs"]] == [True]
    with pytest.raises(ClientError, match="InvalidRouteTableID"):
        ec2.describe_route_tables(RouteTableIds=[ids["Table"]])
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []


def test_a_gateway_endpoint_moves_to_another_route_table(account: Account, stack: Stack) -> None:
    network = {"Vpc": VPC, "One": TABLE, "Two": TABLE}
    for name, other in (("One", "Two"), ("Two", "One")):
        stack.deploy(
            {**network, "Endpoint": endpoint("s3", "Gateway", RouteTableIds=[{"Ref": name}])}
        )
        for table, routed in ((name, True), (other, False)):
            (route_table,) = account.client("ec2").describe_route_tables(
                RouteTableIds=[stack.physical_id(table)]
            )["RouteTables"]
            gateways = [route.get("GatewayId") for route in route_table["Routes"]]
            assert (stack.physical_id("Endpoint") in gateways) is routed


@pytest.mark.parametrize(
    ("resources", "egress"),
    [
        pytest.param({"Group": group()}, [("-1", None, "0.0.0.0/0")], id="default"),
        pytest.param(
            {"Group": group(SecurityGroupEgress=[{**HTTPS, "CidrIp": "10.0.0.0/16"}])},
            [("tcp", 443, "10.0.0.0/16")],
            id="inline",
        ),
        pytest.param(
            {
                "Group": group(
                    SecurityGroupEgress=[
                        {
                            "IpProtocol": "icmp",
                            "FromPort": 252,
                            "ToPort": 86,
                            "CidrIp": "255.255.255.255/32",
                        }
                    ]
                )
            },
            [("icmp", 252, "255.255.255.255/32")],
            id="cdk-denies-all",
        ),
        pytest.param(
            {"Group": group(), "Rule": rule("Egress", CidrIp="10.0.0.0/16", Description="d")},
            [("tcp", 443, "10.0.0.0/16")],
            id="separate-by-address",
        ),
        pytest.param(
            {"Group": group(), "Rule": rule("Egress", DestinationPrefixListId="pl-1")},
            [("tcp", 443, "pl-1")],
            id="separate-by-prefix-list",
        ),
        pytest.param(
            {
                "Group": group(),
                "Rule": rule(
                    "Egress", DestinationSecurityGroupId={"Fn::GetAtt": ["Group", "GroupId"]}
                ),
            },
            [("tcp", 443, "group")],
            id="separate-by-group",
        ),
        pytest.param(
            {
                "Group": group(SecurityGroupEgress=[{**HTTPS, "CidrIp": "10.0.0.0/16"}]),
                "Rule": rule("Egress", CidrIp="10.1.0.0/16"),
            },
            [("tcp", 443, "10.0.0.0/16"), ("tcp", 443, "10.1.0.0/16")],
            id="inline-and-separate",
        ),
    ],
)
def test_egress_rules_match_the_template(
    account: Account,
    stack: Stack,
    resources: dict[str, Any],
    egress: list[tuple[str, int | None, str]],
) -> None:
    stack.deploy({"Vpc": VPC, **resources})
    (description,) = account.client("ec2").describe_security_groups(
        GroupIds=[stack.physical_id("Group")]
    )["SecurityGroups"]
    assert peers(description["IpPermissionsEgress"]) == egress
    assert description["IpPermissions"] == []


def test_rules_are_updated_in_place(account: Account, stack: Stack) -> None:
    ec2 = account.client("ec2")

    def deploy(port: int, address: str, description: str) -> tuple[str, Any, Any]:
        inline = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "CidrIp": address}
        stack.deploy(
            {
                "Vpc": VPC,
                "Group": group(SecurityGroupIngress=[inline], SecurityGroupEgress=[inline]),
                "In": rule("Ingress", CidrIp=address, Description=description),
                "Out": rule("Egress", CidrIp=address, Description=description),
            }
        )
        group_id = stack.physical_id("Group")
        (described,) = ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"]
        return group_id, peers(described["IpPermissions"]), peers(described["IpPermissionsEgress"])

    group_id, *_ = deploy(22, "10.0.0.0/16", "before")
    for port, address, description in ((23, "10.1.0.0/16", "before"), (23, "10.1.0.0/16", "after")):
        expected = [("tcp", port, address), ("tcp", 443, address)]
        assert deploy(port, address, description) == (group_id, expected, expected)
    stack.deploy({"Vpc": VPC, "Group": group()})
    (described,) = ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"]
    assert described["IpPermissions"] == []
