"""A compiled file with the values that its deployed stacks provide."""

from __future__ import annotations

from hptc.account_checks.cached_queries import Answer, CachedQueries
from hptc.account_checks.parameter_values import parameter_value
from hptc.compiler.outcome import Compiled, CompiledSpec
from hptc.frozen import frozen
from hptc.infrastructure.run_search import run_search
from hptc.infrastructure.stack_outputs import foundation_outputs, locate
from hptc.infrastructure.stack_owner import foreign_stack
from hptc.jobs.latest_run import TooManyCandidatesError, latest_run
from hptc.jobs.snapshot import JobSnapshot
from hptc.project.project_file import Environment
from hptc.project.references import latest_spec, names_in, reference, substitute
from hptc.request.emission import Request
from hptc.request.reading import read_job
from hptc.request.tuning_job import TuningJob
from hptc.rules.rule import Rule


@frozen
class Subject:
    """One tuning job to check.

    Values of stacks that are not deployed, and parents that have not run, remain `${hptc:…}`.
    """

    compiled: Compiled
    request: Request
    job: TuningJob
    queries: CachedQueries
    rules: tuple[Rule, ...]  # the rules of this run

    @property
    def is_resolved(self) -> bool:
        """Whether every stack that the request refers to is deployed."""
        return all(latest_spec(name) is not None for name in names_in(self.request))


def subject_of(compiled: Compiled, queries: CachedQueries, rules: tuple[Rule, ...]) -> Subject:
    """A compiled file, with the references to deployed stacks resolved.

    An SSM parameter has the value of the last deployment; before the first one, its own.
    """
    values = {name: _value(compiled, name, queries) for name in sorted(names_in(compiled.request))}
    request: Request = substitute(compiled.request, lambda name: values[name] or reference(name))
    return Subject(
        compiled=compiled,
        request=request,
        job=read_job(request),
        queries=queries,
        rules=rules,
    )


def _value(compiled: Compiled, name: str, queries: CachedQueries) -> str | None:
    if compiled.environment is None or not isinstance(compiled, CompiledSpec):
        return None
    if (spec := latest_spec(name)) is not None:
        run = latest_run_of(compiled, spec, queries)
        return run.value if run is not None else None
    output = locate(compiled.environment, name, compiled.spec.name)
    if output is None:
        return None  # rule HPT533 reports it
    answer = queries.get("stacks", queries.account.stacks.find, output.stack)
    if answer is None:
        return None
    stack = answer.value
    if stack is None:
        value = parameter_value(compiled, name, queries)
        if value is not None:
            return value
        missing = _first_missing(compiled.environment, output.stack, queries)
        queries.note(f"`{missing}` is not deployed, so the values it provides are not checked")
        return None
    if reason := foreign_stack(compiled.environment, stack.name, stack.tags):
        queries.note(f"{reason}, so the values it provides are not checked")
        return None
    return stack.outputs.get(output.key)


def latest_run_of(
    compiled: Compiled, spec: str, queries: CachedQueries
) -> Answer[str | None] | None:
    """The newest completed tuning job of a parent `latest(SPEC)`; None if it is not known."""
    environment = compiled.environment
    if environment is None or not isinstance(compiled, CompiledSpec) or spec not in compiled.latest:
        return None
    search = run_search(environment, compiled.latest[spec])

    def find_run(_environment: str, _spec: str) -> str | None:
        try:
            return latest_run(search, JobSnapshot(tuning=queries.account.tuning))
        except TooManyCandidatesError:
            return None

    return queries.get("warm-start parents", find_run, environment.name, spec)


def _first_missing(environment: Environment, stack: str, queries: CachedQueries) -> str:
    """The stack to report: the foundation if it is missing, because every other stack needs it."""
    shared = environment.foundation_stack
    if not foundation_outputs(environment):
        return stack
    answer = queries.get("stacks", queries.account.stacks.find, shared)
    return shared if answer is not None and answer.value is None else stack
