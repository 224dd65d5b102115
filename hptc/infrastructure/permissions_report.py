"""What the roles of a compiled spec may do: each statement, and who asked for it."""

from __future__ import annotations

from dataclasses import dataclass

from hptc.compiler.layers import Layers
from hptc.compiler.outcome import Compiled, CompiledSpec
from hptc.diagnostics import Path, RequestPath, Span, path_text
from hptc.errors import UsageError
from hptc.infrastructure.permissions import MANAGED_ROLE, permissions
from hptc.infrastructure.scheduled_start import schedule_stacks
from hptc.infrastructure.spec_stacks import trust
from hptc.infrastructure.statements import Statement
from hptc.project.project_file import FILE_NAME, Environment
from hptc.request.spec_paths import spec_path
from hptc.request.tuning_job import TuningJob

_PROVIDED = {
    "S3OutputPath": "artifact_bucket",
    "KmsKeyId": "kms_key",
    "VolumeKmsKeyId": "kms_key",
    "VpcConfig": "network",
    "Subnets": "network",
}
"""Members that an environment fills in, and the key of its `infrastructure` that they come from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """A place that asks for a permission. What is not written there is `provided_by` hptc.yaml."""

    path: str
    span: Span
    provided_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """A statement of a role's policy, with the places that ask for it."""

    statement: Statement
    asked_by: tuple[Asker, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RolePermissions:
    """What one role of a spec needs. One that hptc makes has a stack and a trust policy."""

    arn: str
    stack: str = ""
    trust: Statement | None = None
    permissions: tuple[Permission, ...]

    @property
    def is_made(self) -> bool:
        """Whether hptc makes it; else it is the user's."""
        return self.trust is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionsReport:
    """What the roles of a spec may do: of its training jobs, and of what starts them by itself."""

    spec: str
    environment: str
    account: str
    region: str
    roles: tuple[RolePermissions, ...]
    schedule: tuple[RolePermissions, ...] = ()


def permissions_report(compiled: Compiled) -> PermissionsReport:
    """Say what a compiled spec's training jobs need. Raises UsageError when it can't be told."""
    environment, job = compiled.environment, compiled.job
    if environment is None:
        raise UsageError(
            f"{compiled.file}: whose resources it names depends on an account and a Region, "
            "and no environment gives them",
            help=f"add an environment to {FILE_NAME}, and read a spec of that project",
        )
    # Those of the user's in the order of the request, after the one that hptc makes.
    arns = dict.fromkeys(each.role_arn for each in job.definitions)
    # A request names the role of some spec, if of any.
    made = MANAGED_ROLE if environment.makes_roles and isinstance(compiled, CompiledSpec) else None
    return PermissionsReport(
        spec=compiled.name,
        environment=environment.name,
        account=environment.account,
        region=environment.region,
        roles=tuple(
            RolePermissions(
                arn=arn,
                stack=environment.spec_stack(compiled.name) if arn == made else "",
                trust=trust(environment) if arn == made else None,
                permissions=tuple(
                    Permission(
                        statement=each,
                        asked_by=tuple(_asker(path, compiled, job) for path in each.asked_by),
                    )
                    for each in permissions(environment, job, arn)
                ),
            )
            for arn in sorted(arns, key=lambda arn: arn != MANAGED_ROLE)
        ),
        schedule=_schedule(environment, compiled),
    )


def _schedule(environment: Environment, compiled: Compiled) -> tuple[RolePermissions, ...]:
    """The roles of what starts a spec by itself; all that they may do is asked by its schedule."""
    span = compiled.layers.span(("schedule",), key=True)
    asker = Asker(path="schedule", span=span)
    return tuple(
        RolePermissions(
            arn="",
            stack=stack.stack,
            trust=role.trust,
            permissions=tuple(
                Permission(statement=each, asked_by=(asker,)) for each in role.permissions
            ),
        )
        for stack in schedule_stacks(environment, [compiled], ())
        for role in (stack.scheduler_role, stack.machine_role)
    )


def _asker(path: RequestPath, compiled: Compiled, job: TuningJob) -> Asker:
    place = spec_path(path, compiled.request) if isinstance(compiled, CompiledSpec) else path
    provider = _PROVIDED.get(str(path[-1]), "")
    is_filled_in = bool(provider) and not _is_written(place, compiled.layers)
    # What is not written anywhere, or everywhere a little, is the spec's own: it has the job.
    is_own = is_filled_in or path in [each.path for each in job.definitions]
    where = compiled.document if is_own else compiled.layers
    return Asker(
        path=path_text(place),
        span=where.span(place, key=True),
        provided_by=f"infrastructure.{provider}" if is_filled_in else "",
    )


def _is_written(path: Path, layers: Layers) -> bool:
    several = path[:1] == ("training_jobs",)
    places = [path, ("training_job", *path[2:])] if several else [path]
    return any(document.has((*at, *place)) for document, at in layers.parts for place in places)
