"""Stacks and their state machines, which a sandbox loads with the first request for one.

Loading moto's CloudFormation and its forty services takes as long as the rest of the sandbox.
"""

from functools import cache

SERVICES = frozenset({"cloudformation", "states"})
"""The signing names of the services that `install` extends."""

_service_port = 0


def set_service_port(port: int) -> None:
    """Set the port at which state machines call other services."""
    global _service_port
    _service_port = port


@cache
def install() -> None:
    """Extend moto's stacks and state machines, once per process."""
    from hptc.sandbox import cloudformation, ec2, iam, kms, s3, schedules

    schedules.install(lambda: str(_service_port))
    services = (ec2, iam, kms, s3, schedules)
    cloudformation.install(
        {
            resource_type: handler
            for service in services
            for resource_type, handler in service.HANDLERS.items()
        }
    )
