"""Resolves the references of a request, with the outputs of deployed stacks and past tuning jobs.

`latest(SPEC)` is resolved to the newest completed tuning job of the spec. A spec that is its own
parent has none before its first run, which therefore starts without that parent. For any other
spec, that is an error.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from hptc.compiler.outcome import Compiled, CompiledSpec
from hptc.errors import OperationError, UsageError
from hptc.frozen import frozen
from hptc.infrastructure.run_search import MAX_CANDIDATES, run_search
from hptc.infrastructure.stack_digest import is_current
from hptc.infrastructure.stack_outputs import Output, locate
from hptc.infrastructure.stack_owner import adoption_help, foreign_stack
from hptc.jobs.code_upload import code_locations
from hptc.jobs.decisions import Obstacle, refusal
from hptc.jobs.latest_run import TooManyCandidatesError, latest_run
from hptc.jobs.snapshot import JobSnapshot
from hptc.project.references import latest_spec, names_in, reference, substitute
from hptc.request.emission import Request
from hptc.service.interface import StackReader, TuningReader


@frozen
class Unresolved:
    """A reference without a value, and the reason."""

    obstacle: Obstacle
    reason: str
    help: str

    def error(self) -> OperationError | UsageError:
        """The error of a command that needs the value."""
        return refusal(self.obstacle, self.reason, self.help)


@frozen
class Resolution:
    """The references of one request."""

    values: Mapping[str, str]  # by the reference's name; only those that have a value
    # The value of `latest(SPEC)` is empty for a parent to leave out.
    missing: Mapping[str, Unresolved]  # the others

    @property
    def problem(self) -> Unresolved | None:
        """Why the request can't be sent: the first missing value; None if all are resolved."""
        return next(iter(self.missing.values()), None)

    def fill(self, request: Request) -> Request:
        """A copy of a request with the values filled in. Missing ones remain references."""
        filled: Request = substitute(request, lambda name: self.values.get(name, reference(name)))
        if any(latest_spec(name) is not None for name in self.values):
            _keep_distinct_parents(filled)
        return filled


def _keep_distinct_parents(request: Request) -> None:
    """Remove, in place, parents without a name and repeated ones, or the whole warm start."""
    warm_start = request["WarmStartConfig"]
    kept = {
        parent["HyperParameterTuningJobName"]: parent
        for parent in warm_start["ParentHyperParameterTuningJobs"]
        if parent["HyperParameterTuningJobName"]
    }
    warm_start["ParentHyperParameterTuningJobs"] = list(kept.values())
    if not kept:
        del request["WarmStartConfig"]


def resolve(
    compiled: Compiled,
    jobs: JobSnapshot,
    stacks: StackReader,
    *,
    digests: Mapping[str, str] | None = None,
) -> Resolution:
    """Look up every reference of a request. Each stack is read once.

    A stack of another project has no values, nor has one whose digest is not that in `digests`.
    """
    names = names_in([compiled.request, *code_locations(compiled)])
    return _resolved(compiled, names, jobs, stacks, digests or {})


def resolve_code(compiled: Compiled, stacks: StackReader) -> Resolution:
    """Look up only the references in the locations of a spec's training code."""
    return _resolved(compiled, names_in(code_locations(compiled)), None, stacks, {})


def _resolved(
    compiled: Compiled,
    names: Collection[str],
    jobs: JobSnapshot | None,
    stacks: StackReader,
    digests: Mapping[str, str],
) -> Resolution:
    values: dict[str, str] = {}
    missing: dict[str, Unresolved] = {}
    by_stack: dict[str, Mapping[str, str] | Unresolved] = {}
    for name in sorted(names):
        spec = latest_spec(name)
        if spec is not None and jobs is not None:
            run = _latest_run(compiled, spec, jobs)
            if isinstance(run, Unresolved):
                missing[name] = run
            else:
                values[name] = run
            continue
        output = _locate(compiled, name)
        if isinstance(output, Unresolved):
            missing[name] = output
            continue
        if output.stack not in by_stack:
            by_stack[output.stack] = _outputs(compiled, output, stacks, digests)
        outputs = by_stack[output.stack]
        if isinstance(outputs, Unresolved):
            missing[name] = outputs
        elif value := outputs.get(output.key):
            values[name] = value
        else:
            missing[name] = _not_deployed(compiled, output, is_stack_deployed=True)
    return Resolution(values=values, missing=missing)


def resolve_references(compiled: Compiled, tuning: TuningReader, stacks: StackReader) -> Request:
    """A compiled request with every reference resolved.

    Raises OperationError for a stack that is not deployed or a parent that has not run, and
    UsageError for a reference that no stack provides.
    """
    resolution = resolve(compiled, JobSnapshot(tuning=tuning), stacks)
    if resolution.problem is not None:
        raise resolution.problem.error()
    return resolution.fill(compiled.request)


def _latest_run(compiled: Compiled, spec: str, jobs: JobSnapshot) -> str | Unresolved:
    """The newest completed run of a spec; empty if the spec is its own parent and has none."""
    environment = compiled.environment
    if environment is None or not isinstance(compiled, CompiledSpec) or spec not in compiled.latest:
        return _no_values(compiled, "the newest tuning job of a spec")
    search = run_search(environment, compiled.latest[spec])
    try:
        run = latest_run(search, jobs)
    except TooManyCandidatesError:
        return Unresolved(
            obstacle=Obstacle.PARENT,
            reason=f"none of the newest {MAX_CANDIDATES} completed tuning jobs with a name like "
            f"`{spec}` is of this spec in the environment `{environment.name}`",
            help="use the name of a tuning job instead of `latest`",
        )
    if run is None and spec != compiled.name:
        return Unresolved(
            obstacle=Obstacle.PARENT,
            reason=f"its warm-start parent `{spec}` has no completed tuning job in the environment "
            f"`{environment.name}`",
            help=f"submit `{spec}`, and try again when it has completed",
        )
    return run or ""


def _no_values(compiled: Compiled, subject: str) -> Unresolved:
    reason = (
        "it is outside of every environment" if compiled.environment is None else "it is not a spec"
    )
    return Unresolved(
        obstacle=Obstacle.REQUEST,
        reason=f"{compiled.file} refers to {subject}, but {reason}",
        help="only a spec of a project with environments can use ${hptc:…}; "
        "`hptc compile --resolve` writes a request with the values of deployed stacks",
    )


def _locate(compiled: Compiled, name: str) -> Output | Unresolved:
    environment = compiled.environment
    if environment is None or not isinstance(compiled, CompiledSpec):
        return _no_values(compiled, "the outputs of stacks")
    output = locate(environment, name, compiled.spec.name)
    if output is None:
        return Unresolved(
            obstacle=Obstacle.REQUEST,
            reason=f"no stack of the environment `{environment.name}` provides `{reference(name)}`",
            help="see its `infrastructure` in hptc.yaml",
        )
    return output


def _outputs(
    compiled: Compiled, output: Output, stacks: StackReader, digests: Mapping[str, str]
) -> Mapping[str, str] | Unresolved:
    """The outputs of a stack, or why its values can't be used."""
    stack = stacks.find(output.stack)
    if stack is None:
        return _not_deployed(compiled, output, is_stack_deployed=False)
    environment = compiled.environment
    if environment is None:
        return stack.outputs
    if reason := foreign_stack(environment, stack.name, stack.tags):
        return Unresolved(
            obstacle=Obstacle.STACK, reason=reason, help=adoption_help(environment, [stack.name])
        )
    digest = digests.get(stack.name)
    if digest and output.key in stack.outputs and not is_current(stack.outputs, digest):
        return Unresolved(
            obstacle=Obstacle.STACK,
            reason=f"the stack `{stack.name}` in {environment.region} is out of date: the spec or "
            "hptc.yaml has changed since it was deployed",
            help=f"run `hptc deploy --env {environment.name}` first, or submit with --stale-ok",
        )
    return stack.outputs


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
