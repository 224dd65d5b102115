"""Networks that follow their template and can be taken down again.

Without this, moto ignores a VPC's DNS host names, a security group's egress (inline and
AWS::EC2::SecurityGroupEgress), the tags and the policy text of an endpoint and the association of a
subnet with its route table; it updates none of these types and cannot delete route tables or
endpoints, so a stack with a VPC cannot be destroyed.
"""

import json
from collections.abc import Mapping
from typing import Any

from moto.ec2 import models

from hptc.sandbox.stack_resources import Handler, Place, Properties, Record


def _backend(place: Place) -> Any:
    return models.ec2_backends[place.account][place.region]


def _tag(resource: Any, before: Properties, after: Properties, place: Place) -> None:
    backend = _backend(place)
    wanted = {tag["Key"]: tag["Value"] for tag in after.get("Tags", [])}
    gone = {tag["Key"]: None for tag in before.get("Tags", []) if tag["Key"] not in wanted}
    backend.delete_tags([resource.id], gone)
    if wanted:
        backend.create_tags([resource.id], wanted)


# VPC, subnets, route tables


def _settle_vpc(vpc: Any, before: Properties, after: Properties, place: Place) -> None:
    vpc.enable_dns_support = after.get("EnableDnsSupport", True)
    vpc.enable_dns_hostnames = after.get("EnableDnsHostnames", False)
    _tag(vpc, before, after, place)


def _settle_subnet(subnet: Any, before: Properties, after: Properties, place: Place) -> None:
    subnet.map_public_ip_on_launch = after.get("MapPublicIpOnLaunch", False)
    _tag(subnet, before, after, place)


def _remove_route_table(table: Any, _properties: Properties, place: Place) -> None:
    _backend(place).delete_route_table(table.id)


def _create_association(_name: str, properties: Properties, place: Place) -> Record:
    association_id = _backend(place).associate_route_table(
        route_table_id=properties["RouteTableId"], subnet_id=properties["SubnetId"]
    )
    return Record(physical_resource_id=association_id)


def _remove_association(
    association: Record,
    _properties: Properties,
    place: Place,
) -> None:
    _backend(place).disassociate_route_table(association.physical_resource_id)


# Endpoints


def _create_endpoint(_name: str, properties: Properties, place: Place) -> Any:
    return _backend(place).create_vpc_endpoint(
        vpc_id=properties["VpcId"],
        service_name=properties["ServiceName"],
        endpoint_type=properties.get("VpcEndpointType", "Gateway"),
        policy_document=None,
        route_table_ids=properties.get("RouteTableIds", []),
        subnet_ids=properties.get("SubnetIds", []),
        security_group_ids=properties.get("SecurityGroupIds", []),
        private_dns_enabled=properties.get("PrivateDnsEnabled", False),
    )


def _settle_endpoint(endpoint: Any, before: Properties, after: Properties, place: Place) -> None:
    document = after.get("PolicyDocument", endpoint.DEFAULT_POLICY)
    endpoint.policy_document = document if isinstance(document, str) else json.dumps(document)
    endpoint.private_dns_enabled = after.get("PrivateDnsEnabled", False)
    endpoint.subnet_ids = after.get("SubnetIds", [])
    endpoint.security_group_ids = after.get("SecurityGroupIds", [])
    if before:
        _reroute(endpoint, after.get("RouteTableIds", []), place)
    _tag(endpoint, before, after, place)


def _reroute(endpoint: Any, route_table_ids: list[str], place: Place) -> None:
    """Move a gateway endpoint's routes to these route tables."""
    backend = _backend(place)
    prefix_list = endpoint.destination_prefix_list_id
    old = list(endpoint.route_table_ids or [])
    endpoint.route_table_ids = route_table_ids
    if prefix_list is None:
        return
    for table in old:
        if table not in route_table_ids:
            backend.delete_route(table, None, destination_prefix_list_id=prefix_list)
    for table in route_table_ids:
        if table not in old:
            backend.create_route(
                table, None, gateway_id=endpoint.id, destination_prefix_list_id=prefix_list
            )


def _remove_endpoint(endpoint: Any, _properties: Properties, place: Place) -> None:
    backend = _backend(place)
    backend.delete_vpc_endpoints([endpoint.id])
    del backend.vpc_end_points[endpoint.id]


# Security groups


def _create_group(name: str, properties: Properties, place: Place) -> Any:
    return _backend(place).create_security_group(
        name=name,
        description=properties["GroupDescription"],
        vpc_id=properties.get("VpcId"),
    )


def _settle_group(group: Any, before: Properties, after: Properties, place: Place) -> None:
    inline: list[str] = getattr(group, "sandbox_rule_ids", [])
    group.ingress_rules = [rule for rule in group.ingress_rules if rule.id not in inline]
    group.egress_rules = [rule for rule in group.egress_rules if rule.id not in inline]
    if after.get("SecurityGroupEgress"):
        _drop_default_egress(group)
    group.sandbox_rule_ids = [
        rule_id
        for direction in ("Ingress", "Egress")
        for rule in after.get(f"SecurityGroup{direction}", [])
        for rule_id in _authorize(group.id, direction, rule, place)
    ]
    _tag(group, before, after, place)


def _drop_default_egress(group: Any) -> None:
    """Remove the rules that let everything out; an explicit egress rule replaces them."""
    everywhere = ({"CidrIp": "0.0.0.0/0"}, {"CidrIpv6": "::/0"})
    group.egress_rules = [
        rule
        for rule in group.egress_rules
        if not (rule.ip_protocol == "-1" and rule.ip_range in everywhere)
    ]


def _authorize(group_id: str, direction: str, rule: Properties, place: Place) -> list[str]:
    """Add one rule of a template, and return the ids of what it became."""
    side = "Source" if direction == "Ingress" else "Destination"
    described = {"Description": rule["Description"]} if "Description" in rule else {}
    group_key, list_key = f"{side}SecurityGroupId", f"{side}PrefixListId"
    backend = _backend(place)
    authorize = getattr(backend, f"authorize_security_group_{direction.lower()}")
    rules, _ = authorize(
        group_name_or_id=group_id,
        ip_protocol=str(rule["IpProtocol"]),
        # A protocol without ports, such as ESP (50), leaves them out; AWS reads that as -1.
        from_port=rule.get("FromPort", -1),
        to_port=rule.get("ToPort", -1),
        ip_ranges=[
            {api: rule[cfn], **described}
            for cfn, api in (("CidrIp", "CidrIp"), ("CidrIpv6", "CidrIpv6"))
            if cfn in rule
        ],
        source_groups=[{"GroupId": rule[group_key], **described}] if group_key in rule else [],
        prefix_list_ids=[{"PrefixListId": rule[list_key]}] if list_key in rule else [],
    )
    return [added.id for added in rules]


def _create_rule(name: str, _properties: Properties, _place: Place) -> Record:
    return Record(physical_resource_id=f"sgr-{name}", memory={"rules": []})


def _settle_ingress(rule: Record, before: Properties, after: Properties, place: Place) -> None:
    _remove_rule(rule, before or after, place)
    rule.memory["rules"] = _authorize(after["GroupId"], "Ingress", after, place)
    rule.physical_resource_id = rule.memory["rules"][0]


def _settle_egress(rule: Record, before: Properties, after: Properties, place: Place) -> None:
    _remove_rule(rule, before or after, place)
    group = _backend(place).get_security_group_from_id(after["GroupId"])
    if group is not None:
        _drop_default_egress(group)
    rule.memory["rules"] = _authorize(after["GroupId"], "Egress", after, place)
    rule.physical_resource_id = rule.memory["rules"][0]


def _remove_rule(rule: Record, properties: Properties, place: Place) -> None:
    group = _backend(place).get_security_group_from_id(properties["GroupId"])
    if group is not None:
        ids = rule.memory["rules"]
        group.ingress_rules = [r for r in group.ingress_rules if r.id not in ids]
        group.egress_rules = [r for r in group.egress_rules if r.id not in ids]


HANDLERS: Mapping[str, Handler] = {
    "AWS::EC2::VPC": Handler(settle=_settle_vpc, replaced_by=frozenset({"CidrBlock"})),
    "AWS::EC2::Subnet": Handler(
        settle=_settle_subnet,
        replaced_by=frozenset({"AvailabilityZone", "CidrBlock", "VpcId"}),
    ),
    "AWS::EC2::RouteTable": Handler(
        settle=_tag, remove=_remove_route_table, replaced_by=frozenset({"VpcId"})
    ),
    "AWS::EC2::SubnetRouteTableAssociation": Handler(
        create=_create_association, remove=_remove_association
    ),
    "AWS::EC2::VPCEndpoint": Handler(
        create=_create_endpoint,
        settle=_settle_endpoint,
        remove=_remove_endpoint,
        replaced_by=frozenset({"ServiceName", "VpcEndpointType", "VpcId"}),
    ),
    "AWS::EC2::SecurityGroup": Handler(
        create=_create_group,
        settle=_settle_group,
        replaced_by=frozenset({"GroupDescription", "GroupName", "VpcId"}),
    ),
    "AWS::EC2::SecurityGroupIngress": Handler(
        create=_create_rule,
        settle=_settle_ingress,
        remove=_remove_rule,
        replaced_by=frozenset({"GroupId"}),
    ),
    "AWS::EC2::SecurityGroupEgress": Handler(
        create=_create_rule,
        settle=_settle_egress,
        remove=_remove_rule,
        replaced_by=frozenset({"GroupId"}),
    ),
}
