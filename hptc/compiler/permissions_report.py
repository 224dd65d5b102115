"""The permissions of a compiled spec's roles: each statement with the lines that require it."""

from __future__ import annotations

from collections.abc import Iterable

from hptc.compiler.deployable import deployable_specs
from hptc.compiler.outcome import Compiled, CompiledSpec
from hptc.compiler.provided_values import PROVIDED
from hptc.diagnostics import Path, RequestPath, Span, path_text
from hptc.errors import UsageError
from hptc.frozen import frozen
from hptc.infrastructure.permissions import MANAGED_ROLE, permissions
from hptc.infrastructure.scheduled_start import schedule_stacks
from hptc.infrastructure.spec_stacks import trust
from hptc.infrastructure.statements import Statement
from hptc.project.project_file import FILE_NAME, Environment
from hptc.request.spec_paths import spec_paths


@frozen
class Requirement:
    """A line that requires a permission. `provided_by` is the hptc.yaml key of an omitted value."""

    path: str
    span: Span
    provided_by: str = ""


@frozen
class Permission:
    """A statement of a role's policy, with the lines that require it."""

    statement: Statement
    required_by: tuple[Requirement, ...]


@frozen
class RolePermissions:
    """The permissions of one role. A role that hptc creates has a stack and a trust policy."""

    arn: str
    stack: str = ""
    trust: Statement | None = None
    permissions: tuple[Permission, ...]

    @property
    def is_managed(self) -> bool:
        """Whether hptc creates the role; otherwise it is an existing one."""
        return self.trust is not None


@frozen
class PermissionsReport:
    """The permissions of the roles of a spec's training jobs and of its schedule."""

    spec: str
    environment: str
    account: str
    region: str
    roles: tuple[RolePermissions, ...]
    schedule: tuple[RolePermissions, ...] = ()


def permissions_report(compiled: Compiled) -> PermissionsReport:
    """The permissions of a compiled spec's roles. Raises UsageError without an environment."""
    environment, job = compiled.environment, compiled.job
    if environment is None:
        raise UsageError(
            f"the permissions of {compiled.file} depend on an account and a Region, but it has no "
            "environment",
            help=f"add an environment to {FILE_NAME} and pass a spec of that project",
        )
    # The role that hptc creates comes first, then existing ones in the order of the request.
    arns = dict.fromkeys(definition.role_arn for definition in job.definitions)
    # A file in the API's own form has no stack, so its role is not one that hptc creates for it,
    # and no schedule.
    spec = compiled.name if isinstance(compiled, CompiledSpec) else None
    managed = MANAGED_ROLE if environment.has_managed_roles and spec is not None else None
    return PermissionsReport(
        spec=compiled.name,
        environment=environment.name,
        account=environment.account,
        region=environment.region,
        roles=tuple(
            RolePermissions(
                arn=arn,
                stack=environment.spec_stack(compiled.name) if arn == managed else "",
                trust=trust(environment) if arn == managed else None,
                permissions=_permissions(permissions(environment, job, arn, spec=spec), compiled),
            )
            for arn in sorted(arns, key=lambda arn: arn != MANAGED_ROLE)
        ),
        schedule=_schedule(environment, compiled),
    )


def _schedule(environment: Environment, compiled: Compiled) -> tuple[RolePermissions, ...]:
    """The roles of a spec's schedule; `schedule` requires what no other line does."""
    span = compiled.layers.span(("schedule",), key=True)
    requirement = Requirement(path="schedule", span=span)
    return tuple(
        RolePermissions(
            arn="",
            stack=stack.stack,
            trust=role.trust,
            permissions=_permissions(role.permissions, compiled, otherwise=(requirement,)),
        )
        for stack in schedule_stacks(environment, deployable_specs([compiled]))
        for role in (stack.scheduler_role, stack.machine_role)
    )


def _permissions(
    statements: Iterable[Statement], compiled: Compiled, otherwise: tuple[Requirement, ...] = ()
) -> tuple[Permission, ...]:
    """Statements with the lines that require them; `otherwise` if none does."""
    return tuple(
        Permission(
            statement=statement,
            required_by=tuple(_requirement(path, compiled) for path in statement.required_by)
            or otherwise,
        )
        for statement in statements
    )


def _requirement(path: RequestPath, compiled: Compiled) -> Requirement:
    place: Path = path
    if isinstance(compiled, CompiledSpec):
        place = compiled.layers.nearest(spec_paths(path, compiled.request))
    provider = PROVIDED.get(str(path[-1]), ("",))[0]
    is_filled_in = bool(provider) and not compiled.layers.written(place)
    # For a value that is in no layer, and for a whole definition, use the spec's own document.
    is_own = is_filled_in or path in [definition.path for definition in compiled.job.definitions]
    where = compiled.document if is_own else compiled.layers
    return Requirement(
        path=path_text(place),
        span=where.span(place, key=True),
        provided_by=f"infrastructure.{provider}" if is_filled_in else "",
    )
