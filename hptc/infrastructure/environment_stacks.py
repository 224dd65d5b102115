"""Every stack of an environment: compiled specs in, what they share and what each has out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hptc.compiler.outcome import CompiledSpec, Outcome
from hptc.infrastructure.foundation import Foundation, foundation
from hptc.infrastructure.scheduled_start import ScheduleStack, schedule_stacks
from hptc.infrastructure.spec_stacks import SpecStack, spec_stacks
from hptc.infrastructure.stack_digest import stack_digest
from hptc.project.project_file import Environment


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentStacks:
    """The foundation, the roles of specs and their schedules."""

    foundation: Foundation
    roles: tuple[SpecStack, ...]
    schedules: tuple[ScheduleStack, ...]

    @property
    def provides(self) -> Mapping[str, tuple[str, ...]]:
        """What each stack tells when it is deployed, by the stack's name."""
        shared = self.foundation
        return {
            **({} if shared.is_empty else {shared.stack: shared.provides}),
            **{each.stack: ("execution_role_arn",) for each in self.roles},
            **{each.stack: ("state_machine_arn",) for each in self.schedules},
        }

    @property
    def digests(self) -> Mapping[str, str]:
        """What each stack tells of its content, by the stack's name."""
        shared = self.foundation
        return {
            **({} if shared.is_empty else {shared.stack: stack_digest(shared)}),
            **{each.stack: stack_digest(each, shared.parameters) for each in self.roles},
            **{each.stack: stack_digest(each, shared.parameters) for each in self.schedules},
        }

    @property
    def specs(self) -> Mapping[str, str]:
        """The spec that each stack is of, by the stack's name; the foundation is of none."""
        roles = {each.stack: each.spec for each in self.roles}
        return roles | {each.stack: each.spec for each in self.schedules}


def environment_stacks(environment: Environment, compiled: Iterable[Outcome]) -> EnvironmentStacks:
    """The stacks that specs need. What did not compile, and requests, need none.

    Raises UsageError for specs whose stacks can't have names, and for a bucket that the
    environment's network keeps from a spec's jobs.
    """
    specs = [one for one in compiled if isinstance(one, CompiledSpec)]
    roles = spec_stacks(environment, [(one.name, one.job) for one in specs])
    return EnvironmentStacks(
        foundation=foundation(environment),
        roles=roles,
        schedules=schedule_stacks(environment, specs, roles),
    )
