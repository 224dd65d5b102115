"""Checks which traffic the security groups of a tuning job let through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hptc.account_checks.deployed_spec import Subject
from hptc.diagnostics import Finding, Severity
from hptc.project.references import has_reference
from hptc.request.job_facts import has_several_instances
from hptc.request.tuning_job import Definition, Vpc
from hptc.service.inventory import SecurityGroup, TrafficRule
from hptc.text import listed, listed_code

_HTTPS = 443
_ENCRYPTED = (("udp", 500, "UDP 500"), ("50", None, "protocol 50 (ESP)"))
"""https://docs.aws.amazon.com/sagemaker/latest/dg/train-encrypt.html"""


def traffic(subject: Subject) -> Iterator[Finding]:
    """HPT965 and HPT966: groups that block Amazon S3, or the other instances of a training job.

    The groups of an instance add up: what one of them allows is allowed. Groups that a deployment
    still has to create are not checked.
    """
    for definition in subject.job.definitions:
        vpc = definition.vpc
        if vpc is None or any(has_reference(id_) for id_ in vpc.security_group_ids):
            continue
        queries = subject.queries
        answer = queries.get(
            "security groups", queries.account.inventory.security_groups, vpc.security_group_ids
        )
        if answer is None or len(answer.value) < len({*vpc.security_group_ids}):
            continue  # HPT961 reports a group that does not exist
        yield from _to_s3(vpc, answer.value)
        yield from _between_instances(definition, vpc, answer.value)


def _to_s3(vpc: Vpc, groups: Mapping[str, SecurityGroup]) -> Iterator[Finding]:
    rules = [rule for group in groups.values() for rule in group.outbound]
    if not any(_covers(rule, "tcp", _HTTPS) for rule in rules):
        yield Finding(
            code="HPT965",
            message=f"training jobs can't reach Amazon S3: {_noun(groups)} {listed_code(groups)} "
            f"{'allows' if len(groups) == 1 else 'allow'} no outbound traffic on TCP port {_HTTPS}",
            path=vpc.path / "SecurityGroupIds",
            label="no outbound HTTPS",
            help="allow it: `aws ec2 authorize-security-group-egress --group-id "
            f"{next(iter(groups))} --protocol tcp --port {_HTTPS} --cidr 0.0.0.0/0`, or to the "
            "prefix list of the S3 endpoint only",
        )


def _between_instances(
    definition: Definition, vpc: Vpc, groups: Mapping[str, SecurityGroup]
) -> Iterator[Finding]:
    """Groups that keep the instances of one training job apart.

    Without encryption any port may be used, so one open port is taken as enough.
    """
    if not has_several_instances(definition):
        return
    kinds = _ENCRYPTED if definition.encrypts_traffic else ((None, None, "traffic"),)
    directions = {
        "inbound": [rule for group in groups.values() for rule in group.inbound],
        "outbound": [rule for group in groups.values() for rule in group.outbound],
    }
    closed = [
        f"{direction} {text}"
        for direction, rules in directions.items()
        for protocol, port, text in kinds
        if not any(
            (rule.has_addresses or not rule.groups.isdisjoint(groups))
            and (protocol is None or _covers(rule, protocol, port))
            for rule in rules
        )
    ]
    if closed:
        yield Finding(
            code="HPT966",
            severity=Severity.WARNING,
            message="the instances of a training job can't reach each other: "
            f"{_noun(groups)} {listed_code(groups)} "
            f"{'allows' if len(groups) == 1 else 'allow'} no {listed(closed, 'or')} between its "
            "members",
            path=vpc.path / "SecurityGroupIds",
            label="closed between instances",
            help="add rules for these, with the security group itself as their source or "
            "destination",
        )


def _covers(rule: TrafficRule, protocol: str, port: int | None) -> bool:
    """Whether a rule is about a protocol and a port; None for a protocol without ports."""
    if rule.protocol == "-1":
        return True
    return rule.protocol == protocol and (
        port is None or rule.ports is None or rule.ports[0] <= port <= rule.ports[1]
    )


def _noun(groups: Mapping[str, SecurityGroup]) -> str:
    return "the security group" if len(groups) == 1 else "the security groups"
