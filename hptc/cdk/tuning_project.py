"""A project's environment as its constructs take it. Needs neither Node nor aws_cdk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from hptc.compiler.deployable import deployable_specs
from hptc.compiler.outcome import Outcome
from hptc.compiler.pipeline import compile_paths
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Diagnostic
from hptc.errors import FindingsError, UsageError
from hptc.frozen import frozen
from hptc.infrastructure.environment_stacks import environment_stacks
from hptc.infrastructure.foundation import Foundation
from hptc.infrastructure.scheduled_start import ScheduleStack
from hptc.infrastructure.spec_stacks import SpecStack
from hptc.infrastructure.stack_outputs import Output, output_key
from hptc.infrastructure.stack_owner import resource_tags, stack_tags
from hptc.project.project_file import FILE_NAME, Environment, Project
from hptc.text import listed_code

if TYPE_CHECKING:
    import aws_cdk as cdk
    from constructs import IConstruct

T = TypeVar("T", SpecStack, ScheduleStack)


@frozen
class TuningProject:
    """What the specs of an environment need in AWS. `load` reads it from a project's folder."""

    environment: Environment
    foundation: Foundation
    roles: tuple[SpecStack, ...] = ()
    schedules: tuple[ScheduleStack, ...] = ()

    @classmethod
    def load(
        cls,
        folder: str | Path,
        environment: str | None = None,
        *,
        specs: Sequence[str | Path] = (),
    ) -> TuningProject:
        """The environment of the project in a folder; the default one if it is not named.

        `specs` are files or folders with specs; by default, all of the project. Raises UsageError
        without a project or an environment, and FindingsError with the findings if a spec has
        errors. Nothing is looked up in AWS.
        """
        root = Path(folder)
        loaded = load_environment(root, environment, specs)
        if loaded.environment is None:
            raise FindingsError(
                "\n".join(map(_line, loaded.diagnostics)), help="`hptc check` shows the lines"
            )
        stacks = environment_stacks(loaded.environment, deployable_specs(loaded.compiled))
        return cls(
            environment=loaded.environment,
            foundation=stacks.foundation,
            roles=stacks.roles,
            schedules=stacks.schedules,
        )

    @property
    def specs(self) -> tuple[str, ...]:
        """The names of the specs that need an execution role; others have an existing one."""
        return tuple(role.spec for role in self.roles)

    @property
    def scheduled_specs(self) -> tuple[str, ...]:
        """The names of the specs with a schedule."""
        return tuple(schedule.spec for schedule in self.schedules)

    @property
    def foundation_stack(self) -> str:
        """The name of the stack in which hptc looks for the foundation's outputs."""
        return self.environment.foundation_stack

    def role_stack(self, spec: str) -> str:
        """The name of the stack in which hptc looks for the ARN of a spec's execution role."""
        return self.environment.spec_stack(spec)

    def schedule_stack(self, spec: str) -> str:
        """The name of the stack in which hptc looks for a spec's schedule."""
        return self.environment.schedule_stack(spec)

    @property
    def env(self) -> cdk.Environment:
        """The account and the Region, for `cdk.Stack(env=…)`."""
        import aws_cdk as cdk

        return cdk.Environment(account=self.environment.account, region=self.environment.region)

    def role_of(self, spec: str) -> SpecStack:
        """What a spec's execution role may do. Raises UsageError if the spec needs none."""
        return _named(self.roles, spec, "needs an execution role")

    def schedule_of(self, spec: str) -> ScheduleStack:
        """What starts a spec's tuning jobs. Raises UsageError if the spec has no schedule."""
        return _named(self.schedules, spec, "has a schedule")

    def tag(self, construct: IConstruct, stack_name: str) -> bool:
        """Tag the resources of a construct, and its stack if that has the given name.

        `hptc submit` and `hptc deploy` refuse a stack without these tags. Returns whether it is the
        stack.
        """
        import aws_cdk as cdk

        for key, value in resource_tags(self.environment).items():
            cdk.Tags.of(construct).add(key, value)
        stack = cdk.Stack.of(construct)
        if stack.stack_name != stack_name:
            return False
        # Only of the stack: a template depends on the specs alone.
        for key, value in stack_tags(self.environment).items():
            stack.tags.set_tag(key, value)
        return True

    def export_of(self, reference: str) -> str:
        """The name under which the foundation's stack exports a value."""
        return Output(stack=self.foundation.stack, key=output_key(reference)).export


def _named(candidates: Sequence[T], spec: str, claim: str) -> T:
    for candidate in candidates:
        if candidate.spec == spec:
            return candidate
    names = listed_code([candidate.spec for candidate in candidates]) or "none"
    raise UsageError(f"no spec `{spec}` {claim}", help=f"these do: {names}")


@frozen
class LoadedEnvironment:
    """The specs of a project's environment; without an environment if a finding is an error."""

    environment: Environment | None
    compiled: tuple[Outcome, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def load_environment(
    root: Path, environment: str | None, specs: Sequence[str | Path] = ()
) -> LoadedEnvironment:
    """Compile a project's specs. Raises UsageError without a project or an environment."""
    workspace = Workspace(environment=environment)
    project, faults = workspace.project_of(root)
    if project is None:
        if faults:
            return LoadedEnvironment(environment=None, diagnostics=tuple(faults))
        raise UsageError(f"no {FILE_NAME} found in {root}", help="run `hptc init` to create one")
    chosen = _environment(project, environment)
    compiled = compile_paths([str(spec) for spec in specs] or [str(project.root)], workspace)
    diagnostics = tuple(
        dict.fromkeys(diagnostic for outcome in compiled for diagnostic in outcome.diagnostics)
    )
    is_valid = not any(diagnostic.is_error for diagnostic in diagnostics)
    return LoadedEnvironment(
        environment=chosen if is_valid else None,
        compiled=tuple(compiled),
        diagnostics=diagnostics,
    )


def _environment(project: Project, name: str | None) -> Environment:
    chosen = project.environment(name)
    if chosen is None:
        raise UsageError(
            f"{project.document.file} has no environment, but stacks need an account and a Region",
            help="add one under `environments:`",
        )
    return chosen


def _line(diagnostic: Diagnostic) -> str:
    span = diagnostic.span
    return (
        f"{span.file}:{span.line}:{span.column}: {diagnostic.severity.value}[{diagnostic.code}]: "
        f"{diagnostic.message}"
    )
