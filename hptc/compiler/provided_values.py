"""Values of a request that no spec has: an environment provides them, from its `infrastructure`."""

from __future__ import annotations

from hptc.compiler.outcome import Origin
from hptc.diagnostics import ProjectPath, RequestPath, Span
from hptc.request.emission import Request
from hptc.request.spec_paths import spec_paths, value_at

PROVIDED = {
    "RoleArn": ("execution_role",),
    "S3OutputPath": ("artifact_bucket",),
    "KmsKeyId": ("kms_key",),
    "VolumeKmsKeyId": ("kms_key",),
    "VpcConfig": ("network",),
    "Subnets": ("network", "subnet_ids"),
    "SecurityGroupIds": ("network", "security_group_ids"),
}
"""Request members that an environment fills in, with the `infrastructure` key that sets each."""


def provided_span(path: RequestPath, origin: Origin, request: Request) -> Span | None:
    """The place in hptc.yaml of an existing resource that a spec does not name itself.

    None for a value that a layer has, one that is missing, and one that hptc creates.
    """
    project, environment = origin.project, origin.environment
    at = next((index for index, part in enumerate(path) if part in PROVIDED), None)
    if project is None or environment is None or at is None:
        return None
    key = origin.layers.nearest(spec_paths(RequestPath(path[: at + 1]), request))
    if value_at(request, path) is None or origin.layers.written(key):
        return None
    members = [part for part in path[at:] if part in PROVIDED]
    rest = [part for part in path[at:] if part not in PROVIDED]
    keys = (*PROVIDED[str(members[-1])], *rest)
    infrastructure = ProjectPath(("environments", environment.name, "infrastructure"))
    if not project.document.has((*infrastructure, keys[0])):
        return None
    return project.document.span((*infrastructure, *keys))
