"""VPC resources that match their template and can be deleted.

Replaces moto's, which ignore a VPC's DNS hostnames, a security group's egress rules (inline and
AWS::EC2::SecurityGroupEgress), an endpoint's tags and policy, and a subnet's route table
association. They can't update any of these types or delete route tables and endpoints, so a
stack with a VPC can't be destroyed.
"""

import json
from collections.abc import Mapping
from typing import Any

from moto.ec2 import models

from hptc.sandbox.resource_handler import Handler, Location, Properties, SandboxResource


def _backend(location: Location) -> Any:
    return models.ec2_backends[location.account][location.region]


def _update_tags(resource: Any, before: Properties, after: Properties, location: Location) -> None:
    backend = _backend(location)
    tags = {tag["Key"]: tag["Value"] for tag in after.get("Tags", [])}
    removed = {tag["Key"]: None for tag in before.get("Tags", []) if tag["Key"] not in tags}
    backend.delete_tags([resource.id], removed)
    if tags:
        backend.create_tags([resource.id], tags)


def _apply_vpc(vpc: Any, before: Properties, after: Properties, location: Location) -> None:
    vpc.enable_dns_support = after.get("EnableDnsSupport", True)
    vpc.enable_dns_hostnames = after.get("EnableDnsHostnames", False)
    _update_tags(vpc, before, after, location)


def _apply_subnet(subnet: Any, before: Properties, after: Properties, location: Location) -> None:
    subnet.map_public_ip_on_launch = after.get("MapPublicIpOnLaunch", False)
    _update_tags(subnet, before, after, location)


def _delete_route_table(table: Any, _properties: Properties, location: Location) -> None:
    _backend(location).delete_route_table(table.id)


def _create_association(_name: str, properties: Properties, location: Location) -> SandboxResource:
    association_id = _backend(location).associate_route_table(
        route_table_id=properties["RouteTableId"], subnet_id=properties["SubnetId"]
    )
    return SandboxResource(physical_resource_id=association_id)


def _delete_association(
    association: SandboxResource,
    _properties: Properties,
    location: Location,
) -> None:
    _backend(location).disassociate_route_table(association.physical_resource_id)


def _create_endpoint(_name: str, properties: Properties, location: Location) -> Any:
    return _backend(location).create_vpc_endpoint(
        vpc_id=properties["VpcId"],
        service_name=properties["ServiceName"],
        endpoint_type=properties.get("VpcEndpointType", "Gateway"),
        policy_document=None,
        route_table_ids=properties.get("RouteTableIds", []),
        subnet_ids=properties.get("SubnetIds", []),
        security_group_ids=properties.get("SecurityGroupIds", []),
        private_dns_enabled=properties.get("PrivateDnsEnabled", False),
    )


def _apply_endpoint(
    endpoint: Any, before: Properties, after: Properties, location: Location
) -> None:
    document = after.get("PolicyDocument", endpoint.DEFAULT_POLICY)
    endpoint.policy_document = document if isinstance(document, str) else json.dumps(document)
    endpoint.private_dns_enabled = after.get("PrivateDnsEnabled", False)
    endpoint.subnet_ids = after.get("SubnetIds", [])
    endpoint.security_group_ids = after.get("SecurityGroupIds", [])
    if before:
        _move_routes(endpoint, after.get("RouteTableIds", []), location)
    _update_tags(endpoint, before, after, location)


def _move_routes(endpoint: Any, route_table_ids: list[str], location: Location) -> None:
    """Move a gateway endpoint's routes to these route tables."""
    backend = _backend(location)
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


def _delete_endpoint(endpoint: Any, _properties: Properties, location: Location) -> None:
    backend = _backend(location)
    backend.delete_vpc_endpoints([endpoint.id])
    del backend.vpc_end_points[endpoint.id]


def _create_group(name: str, properties: Properties, location: Location) -> Any:
    return _backend(location).create_security_group(
        name=name,
        description=properties["GroupDescription"],
        vpc_id=properties.get("VpcId"),
    )


def _apply_group(group: Any, before: Properties, after: Properties, location: Location) -> None:
    inline: list[str] = getattr(group, "sandbox_rule_ids", [])
    group.ingress_rules = [rule for rule in group.ingress_rules if rule.id not in inline]
    group.egress_rules = [rule for rule in group.egress_rules if rule.id not in inline]
    if after.get("SecurityGroupEgress"):
        _remove_default_egress(group)
    group.sandbox_rule_ids = [
        rule_id
        for direction in ("Ingress", "Egress")
        for rule in after.get(f"SecurityGroup{direction}", [])
        for rule_id in _authorize(group.id, direction, rule, location)
    ]
    _update_tags(group, before, after, location)


def _remove_default_egress(group: Any) -> None:
    """Remove the rules that allow all outbound traffic; an explicit egress rule replaces them."""
    any_address = ({"CidrIp": "0.0.0.0/0"}, {"CidrIpv6": "::/0"})
    group.egress_rules = [
        rule
        for rule in group.egress_rules
        if not (rule.ip_protocol == "-1" and rule.ip_range in any_address)
    ]


def _authorize(group_id: str, direction: str, rule: Properties, location: Location) -> list[str]:
    """Add one rule of a template. Returns the IDs of the rules that it becomes."""
    side = "Source" if direction == "Ingress" else "Destination"
    description = {"Description": rule["Description"]} if "Description" in rule else {}
    group_key, list_key = f"{side}SecurityGroupId", f"{side}PrefixListId"
    backend = _backend(location)
    authorize = getattr(backend, f"authorize_security_group_{direction.lower()}")
    rules, _ = authorize(
        group_name_or_id=group_id,
        ip_protocol=str(rule["IpProtocol"]),
        # A protocol without ports, such as ESP (50), omits them; AWS defaults to -1.
        from_port=rule.get("FromPort", -1),
        to_port=rule.get("ToPort", -1),
        ip_ranges=[
            {api: rule[cfn], **description}
            for cfn, api in (("CidrIp", "CidrIp"), ("CidrIpv6", "CidrIpv6"))
            if cfn in rule
        ],
        source_groups=[{"GroupId": rule[group_key], **description}] if group_key in rule else [],
        prefix_list_ids=[{"PrefixListId": rule[list_key]}] if list_key in rule else [],
    )
    return [added.id for added in rules]


def _create_rule(name: str, _properties: Properties, _location: Location) -> SandboxResource:
    return SandboxResource(physical_resource_id=f"sgr-{name}", data={"rule_ids": []})


def _apply_ingress(
    rule: SandboxResource, before: Properties, after: Properties, location: Location
) -> None:
    _delete_rule(rule, before or after, location)
    rule.data["rule_ids"] = _authorize(after["GroupId"], "Ingress", after, location)
    rule.physical_resource_id = rule.data["rule_ids"][0]


def _apply_egress(
    rule: SandboxResource, before: Properties, after: Properties, location: Location
) -> None:
    _delete_rule(rule, before or after, location)
    group = _backend(location).get_security_group_from_id(after["GroupId"])
    if group is not None:
        _remove_default_egress(group)
    rule.data["rule_ids"] = _authorize(after["GroupId"], "Egress", after, location)
    rule.physical_resource_id = rule.data["rule_ids"][0]


def _delete_rule(rule: SandboxResource, properties: Properties, location: Location) -> None:
    group = _backend(location).get_security_group_from_id(properties["GroupId"])
    if group is not None:
        ids = rule.data["rule_ids"]
        group.ingress_rules = [rule_ for rule_ in group.ingress_rules if rule_.id not in ids]
        group.egress_rules = [rule_ for rule_ in group.egress_rules if rule_.id not in ids]


HANDLERS: Mapping[str, Handler] = {
    "AWS::EC2::VPC": Handler(apply=_apply_vpc, create_only=frozenset({"CidrBlock"})),
    "AWS::EC2::Subnet": Handler(
        apply=_apply_subnet,
        create_only=frozenset({"AvailabilityZone", "CidrBlock", "VpcId"}),
    ),
    "AWS::EC2::RouteTable": Handler(
        apply=_update_tags, delete=_delete_route_table, create_only=frozenset({"VpcId"})
    ),
    "AWS::EC2::SubnetRouteTableAssociation": Handler(
        create=_create_association, delete=_delete_association
    ),
    "AWS::EC2::VPCEndpoint": Handler(
        create=_create_endpoint,
        apply=_apply_endpoint,
        delete=_delete_endpoint,
        create_only=frozenset({"ServiceName", "VpcEndpointType", "VpcId"}),
    ),
    "AWS::EC2::SecurityGroup": Handler(
        create=_create_group,
        apply=_apply_group,
        create_only=frozenset({"GroupDescription", "GroupName", "VpcId"}),
    ),
    "AWS::EC2::SecurityGroupIngress": Handler(
        create=_create_rule,
        apply=_apply_ingress,
        delete=_delete_rule,
        create_only=frozenset({"GroupId"}),
    ),
    "AWS::EC2::SecurityGroupEgress": Handler(
        create=_create_rule,
        apply=_apply_egress,
        delete=_delete_rule,
        create_only=frozenset({"GroupId"}),
    ),
}
