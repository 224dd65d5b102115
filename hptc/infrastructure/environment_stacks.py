"""All stacks of an environment: the foundation, and the stacks of its specs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hptc.frozen import frozen
from hptc.infrastructure.deployable_spec import DeployableSpec
from hptc.infrastructure.foundation import Foundation, foundation
from hptc.infrastructure.scheduled_start import ScheduleStack, schedule_stacks
from hptc.infrastructure.spec_stacks import SpecStack, spec_stacks
from hptc.infrastructure.stack_digest import stack_digest
from hptc.project.project_file import Environment


@frozen
class EnvironmentStacks:
    """The foundation, the role stacks of specs and their schedule stacks."""

    foundation: Foundation
    roles: tuple[SpecStack, ...]
    schedules: tuple[ScheduleStack, ...]
    digests: Mapping[str, str]  # by the stack's name

    @property
    def outputs(self) -> Mapping[str, tuple[str, ...]]:
        """The references that each stack provides once it is deployed, by the stack's name."""
        shared = self.foundation
        return {
            **({} if shared.is_empty else {shared.stack: shared.outputs}),
            **{role.stack: ("execution_role_arn",) for role in self.roles},
            **{schedule.stack: ("state_machine_arn",) for schedule in self.schedules},
        }

    @property
    def specs(self) -> Mapping[str, str]:
        """The spec that each stack belongs to, by the stack's name; the foundation has none."""
        roles = {role.stack: role.spec for role in self.roles}
        return roles | {schedule.stack: schedule.spec for schedule in self.schedules}


def environment_stacks(
    environment: Environment, specs: Iterable[DeployableSpec]
) -> EnvironmentStacks:
    """The stacks that specs need. Each stack's digest is computed once, here."""
    specs = list(specs)
    shared = foundation(environment)
    roles = spec_stacks(environment, [(spec.name, spec.job) for spec in specs])
    schedules = schedule_stacks(environment, specs)
    return EnvironmentStacks(
        foundation=shared,
        roles=roles,
        schedules=schedules,
        digests={
            **({} if shared.is_empty else {shared.stack: stack_digest(shared)}),
            **{role.stack: stack_digest(role, shared.parameters) for role in roles},
            **{schedule.stack: stack_digest(schedule, shared.parameters) for schedule in schedules},
        },
    )
