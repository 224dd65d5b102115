"""An AWS account in memory. Tests make any method fail by its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from hptc.catalog.images import Image
from hptc.errors import AwsError
from hptc.service.inventory import (
    Account,
    DataSize,
    Role,
    RouteTable,
    S3Endpoint,
    SecurityGroup,
    SimulatedCalls,
    SimulatedDecision,
    SsmParameter,
    Subnet,
)
from tests.support.fake_service import FakeStacks, FakeTuning
from tests.support.iam_evaluator import Call, condition_keys, is_allowed, is_denied

ANYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


@dataclass
class FakeInventory:
    """hptc.service.inventory.Inventory in memory. `calls` has the methods called, in order."""

    region_of: dict[str, str] = field(default_factory=dict)  # of each bucket
    objects: list[str] = field(default_factory=list)  # as s3://bucket/key
    sizes: dict[str, int] = field(default_factory=dict)  # of objects, in bytes; 1 by default
    are_few_objects: bool = True
    images: set[str] = field(default_factory=set)  # as repository:tag
    roles: dict[str, Role] = field(default_factory=dict)
    role_policies: list[dict[str, Any]] = field(default_factory=lambda: [ANYTHING])  # of every role
    boundary: dict[str, Any] = field(default_factory=lambda: ANYTHING)
    control_policy: dict[str, Any] = field(default_factory=lambda: ANYTHING)
    simulated: list[str] = field(default_factory=list)  # the calls that IAM decided about
    keys: dict[str, str] = field(default_factory=dict)
    in_subnets: dict[str, Subnet] = field(default_factory=dict)
    groups: dict[str, SecurityGroup] = field(default_factory=dict)
    limits: dict[str, float] = field(default_factory=dict)
    vpcs: dict[str, str] = field(default_factory=dict)  # the tenancy of each
    tables: list[RouteTable] = field(default_factory=list)  # of every VPC
    endpoints: list[S3Endpoint] = field(default_factory=list)  # of every VPC
    policies: set[str] = field(default_factory=set)
    ssm: dict[str, SsmParameter] = field(default_factory=dict)
    refusals: dict[str, AwsError] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def _record(self, method: str) -> None:
        self.calls.append(method)
        if method in self.refusals:
            raise self.refusals[method]

    def quotas(self) -> Mapping[str, float]:
        self._record("quotas")
        return self.limits

    def bucket_region(self, bucket: str) -> str | None:
        self._record("bucket_region")
        return self.region_of.get(bucket)

    def count_objects(self, bucket: str, prefix: str, limit: int) -> int:
        self._record("count_objects")
        start = f"s3://{bucket}/{prefix}"
        return min(limit, sum(1 for uri in self.objects if uri.startswith(start)))

    def data_size(self, bucket: str, prefix: str) -> DataSize:
        self._record("data_size")
        start = f"s3://{bucket}/{prefix}"
        size = sum(self.sizes.get(uri, 1) for uri in self.objects if uri.startswith(start))
        return DataSize(bytes=size, is_whole=self.are_few_objects)

    def has_object(self, bucket: str, key: str) -> bool:
        self._record("has_object")
        return f"s3://{bucket}/{key}" in self.objects

    def missing_image_part(self, image: Image) -> Literal["", "repository", "image"]:
        self._record("missing_image_part")
        if f"{image.repository}:{image.tag}" in self.images:
            return ""
        has_repository = any(tagged.startswith(f"{image.repository}:") for tagged in self.images)
        return "image" if has_repository else "repository"

    def role(self, name: str) -> Role | None:
        self._record("role")
        return self.roles.get(name)

    def simulate(self, role: str, calls: SimulatedCalls) -> Sequence[SimulatedDecision]:
        self._record("simulate")
        if role not in [existing.arn for existing in self.roles.values()]:
            return ()
        return [
            self._decision(Call(action=action, resource=resource, context=dict(calls.context)))
            for action in calls.actions
            for resource in calls.resources
        ]

    def _decision(self, call: Call) -> SimulatedDecision:
        self.simulated.append(f"{call.action} on {call.resource}")
        missing = condition_keys(*self.role_policies) - {key.lower() for key in call.context}
        return SimulatedDecision(
            action=call.action,
            resource=call.resource,
            is_allowed=is_allowed(call, *self.role_policies),
            is_denied=is_denied(call, *self.role_policies),
            is_in_boundary=is_allowed(call, self.boundary),
            is_in_organization=is_allowed(call, self.control_policy),
            missing_keys=tuple(sorted(missing)),
        )

    def key_state(self, key: str) -> str | None:
        self._record("key_state")
        return self.keys.get(key)

    def subnets(self, ids: Sequence[str]) -> Mapping[str, Subnet]:
        self._record("subnets")
        return {id_: self.in_subnets[id_] for id_ in ids if id_ in self.in_subnets}

    def security_groups(self, ids: Sequence[str]) -> Mapping[str, SecurityGroup]:
        self._record("security_groups")
        return {id_: self.groups[id_] for id_ in ids if id_ in self.groups}

    def tenancy(self, vpc: str) -> str | None:
        self._record("tenancy")
        return self.vpcs.get(vpc)

    def route_tables(self, vpc: str) -> Sequence[RouteTable]:
        self._record("route_tables")
        return self.tables

    def s3_endpoints(self, vpc: str) -> Sequence[S3Endpoint]:
        self._record("s3_endpoints")
        return self.endpoints

    def has_policy(self, arn: str) -> bool:
        self._record("has_policy")
        return arn in self.policies

    def parameters(self, names: Sequence[str]) -> Mapping[str, SsmParameter]:
        self._record("parameters")
        return {name: self.ssm[name] for name in names if name in self.ssm}


@dataclass
class FakeAccount:
    """The fakes of one account, which a test fills in before it runs the code under test."""

    tuning: FakeTuning = field(default_factory=FakeTuning)
    stacks: FakeStacks = field(default_factory=FakeStacks)
    inventory: FakeInventory = field(default_factory=FakeInventory)

    @property
    def account(self) -> Account:
        return Account(
            tuning=self.tuning,
            stacks=self.stacks,
            inventory=self.inventory,
            region=self.tuning.region,
        )
