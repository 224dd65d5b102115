"""The outputs of stacks: where a deployment provides the value of each reference."""

from __future__ import annotations

from collections.abc import Iterable

from hptc.frozen import frozen
from hptc.project.project_file import Environment


@frozen
class Output:
    """An output of a stack."""

    stack: str
    key: str

    @property
    def export(self) -> str:
        """The name under which the stack exports it to the stacks of specs."""
        return f"{self.stack}:{self.key}"


def output_key(name: str) -> str:
    """The key of the output for a reference: `subnet_id_1` is SubnetId1."""
    return "".join(part.capitalize() for part in name.split("_"))


def endpoint_id(service: str) -> str:
    """The construct ID of a service's interface endpoint: `ecr.api` is EcrApi."""
    return output_key(service.replace(".", "_").replace("-", "_"))


def foundation_outputs(environment: Environment) -> tuple[str, ...]:
    """The names of the references that the foundation stack of an environment provides."""
    chosen, network = environment.infrastructure, environment.infrastructure.network
    buckets = {"artifact_bucket": chosen.artifact_bucket, "data_bucket": chosen.data_bucket}
    names = [name for name, choice in buckets.items() if choice == "managed"]
    if chosen.kms_key == "managed":
        names.append("kms_key_arn")
    if network is not None and network.is_managed:
        subnets = (f"subnet_id_{i + 1}" for i in range(network.zone_count))
        names += ["security_group_id", *subnets]
    elif network is not None and network.has_managed_group:
        names.append("security_group_id")
    if chosen.launcher_policy == "managed":
        names.append("launcher_policy_arn")
    return (*names, *environment.parameters)


def not_provided(environment: Environment, names: Iterable[str]) -> set[str]:
    """The references that `locate` does not find for any spec."""
    of_spec = ("execution_role_arn",) if environment.has_managed_roles else ()
    return set(names).difference(of_spec, foundation_outputs(environment))


def locate(environment: Environment, name: str, spec: str) -> Output | None:
    """The output that provides `${hptc:name}` to a spec's request; None if no stack does."""
    if name == "execution_role_arn" and environment.has_managed_roles:
        stack = environment.spec_stack(spec)
    elif name in foundation_outputs(environment):
        stack = environment.foundation_stack
    else:
        return None
    return Output(stack=stack, key=output_key(name))
