"""A compiled search as an account sees it: with the values that its deployed stacks provide."""

from __future__ import annotations

from dataclasses import dataclass

from hptc.account_checks.cached_queries import Questions
from hptc.compiler.outcome import Compiled, CompiledSpec
from hptc.infrastructure.stack_outputs import foundation_outputs, locate
from hptc.project.project_file import Environment
from hptc.project.references import names_in, reference, substitute
from hptc.request.emission import Request
from hptc.request.reading import read_job
from hptc.request.tuning_job import TuningJob
from hptc.rules.rule import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One search, and whom to ask. What is not deployed stands as `${hptc:…}` still."""

    compiled: Compiled
    request: Request
    job: TuningJob
    ask: Questions
    rules: tuple[Rule, ...]  # those of the run: parents are compared by these only

    @property
    def is_resolved(self) -> bool:
        """Whether everything that the search refers to is deployed."""
        return not names_in(self.request)


def subject_of(compiled: Compiled, ask: Questions, rules: tuple[Rule, ...]) -> Subject:
    """A compiled file with what its stacks provide."""
    values = {name: _value(compiled, name, ask) for name in sorted(names_in(compiled.request))}
    request: Request = substitute(compiled.request, lambda name: values[name] or reference(name))
    return Subject(compiled=compiled, request=request, job=read_job(request), ask=ask, rules=rules)


def _value(compiled: Compiled, name: str, ask: Questions) -> str | None:
    if compiled.environment is None or not isinstance(compiled, CompiledSpec):
        return None
    output = locate(compiled.environment, name, compiled.spec.name)
    if output is None:
        return None  # rule HPT533 reports it
    answer = ask.ask("stacks", ask.account.stacks.outputs, output.stack)
    if answer is None:
        return None
    outputs: dict[str, str] | None = answer.value
    if outputs is None:
        missing = _first_missing(compiled.environment, output.stack, ask)
        ask.say(f"`{missing}` is not deployed: what it provides is not checked")
        return None
    return outputs.get(output.key)


def _first_missing(environment: Environment, stack: str, ask: Questions) -> str:
    """The stack to speak of: without the one that all specs share, none of theirs is there."""
    shared = environment.foundation_stack
    if not foundation_outputs(environment):
        return stack
    answer = ask.ask("stacks", ask.account.stacks.outputs, shared)
    return shared if answer is not None and answer.value is None else stack
