"""Resolves the references of a request with the outputs of deployed stacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hptc.compiler.outcome import Compiled, CompiledSpec
from hptc.errors import OperationError, UsageError
from hptc.infrastructure.stack_outputs import Output, locate
from hptc.jobs.decisions import Obstacle, refusal
from hptc.project.references import names_in, reference, substitute
from hptc.request.emission import Request
from hptc.service.interface import StackReader


@dataclass(frozen=True, slots=True, kw_only=True)
class Unresolved:
    """A reference without a value, and the reason."""

    obstacle: Obstacle
    reason: str
    help: str

    def error(self) -> OperationError | UsageError:
        """The error of a command that needs the value."""
        return refusal(self.obstacle, self.reason, self.help)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """The references of one request."""

    values: Mapping[str, str]  # by the reference's name; only those that have a value
    missing: Mapping[str, Unresolved]  # the others

    @property
    def problem(self) -> Unresolved | None:
        """Why the request can't be sent: the first missing value; None if all are resolved."""
        return next(iter(self.missing.values()), None)

    def fill(self, request: Request) -> Request:
        """A copy of a request with the values filled in. Missing ones remain references."""
        filled: Request = substitute(request, lambda name: self.values.get(name, reference(name)))
        return filled


def resolve(compiled: Compiled, stacks: StackReader) -> Resolution:
    """Look up every reference of a request. Each stack is read once."""
    names = sorted(names_in(compiled.request))
    values: dict[str, str] = {}
    missing: dict[str, Unresolved] = {}
    outputs: dict[str, dict[str, str] | None] = {}
    for name in names:
        output = _locate(compiled, name)
        if isinstance(output, Unresolved):
            missing[name] = output
            continue
        if output.stack not in outputs:
            outputs[output.stack] = stacks.outputs(output.stack)
        found = outputs[output.stack]
        if value := (found or {}).get(output.key):
            values[name] = value
        else:
            missing[name] = _not_deployed(compiled, output, is_stack_deployed=found is not None)
    return Resolution(values=values, missing=missing)


def resolve_references(compiled: Compiled, stacks: StackReader) -> Request:
    """A compiled request with every reference resolved.

    Raises OperationError for a stack that is not deployed, and UsageError for a reference that no
    stack provides.
    """
    resolution = resolve(compiled, stacks)
    if resolution.problem is not None:
        raise resolution.problem.error()
    return resolution.fill(compiled.request)


def _locate(compiled: Compiled, name: str) -> Output | Unresolved:
    environment = compiled.environment
    if environment is None or not isinstance(compiled, CompiledSpec):
        why = "it is outside of every environment" if environment is None else "it is not a spec"
        return Unresolved(
            obstacle=Obstacle.REQUEST,
            reason=f"{compiled.file} refers to the outputs of stacks, but {why}",
            help="only a spec of a project with environments can use ${hptc:…}; "
            "`hptc compile --resolve` writes a request with the values of deployed stacks",
        )
    output = locate(environment, name, compiled.spec.name)
    if output is None:
        return Unresolved(
            obstacle=Obstacle.REQUEST,
            reason=f"no stack of the environment `{environment.name}` provides `{reference(name)}`",
            help="see its `infrastructure` in hptc.yaml",
        )
    return output


def _not_deployed(compiled: Compiled, output: Output, *, is_stack_deployed: bool) -> Unresolved:
    environment = compiled.environment
    where = f" in {environment.region}" if environment else ""
    env = f" --env {environment.name}" if environment else ""
    return Unresolved(
        obstacle=Obstacle.STACK,
        reason=(
            f"the stack `{output.stack}`{where} has no output `{output.key}`"
            if is_stack_deployed
            else f"the stack `{output.stack}` is not deployed{where}"
        ),
        help=f"run `hptc deploy{env}` first",
    )
