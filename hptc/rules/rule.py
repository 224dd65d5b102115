"""What a rule is: a function from a job to findings, with a docstring that is its documentation.

A rule names paths of the request and never looks for lines. It may read `Context`, nothing else:
no files, no network, no clock. Its docstring has four parts, which `hptc explain`, the docs page
and the tests are made from:

    <One line: what is wrong.>

    <What it does, and why it matters, with the AWS page that says so.>

    Bad:
        <YAML, merged over the base spec of the tests, that the rule finds>

    Good:
        <YAML, merged over the same, that it does not>
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hptc.diagnostics import Finding, Path, RequestPath, Severity, SpecPath
from hptc.project.policy import Policy
from hptc.request.tuning_job import TuningJob

if TYPE_CHECKING:
    from hptc.catalog.prices import PriceTable
    from hptc.infrastructure.deployable_spec import DeployableSpec
    from hptc.metrics.rehearsal import Rehearsal
    from hptc.project.project_file import Environment

Check = Callable[["Context"], Iterable[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a rule may know. `parents` are the warm-start parents that are specs of the project."""

    job: TuningJob
    request: Mapping[str, Any]
    environment: Environment | None = None
    policy: Policy = field(default_factory=Policy)  # what hptc.yaml allows there
    parents: Mapping[str, TuningJob] = field(default_factory=dict)
    spec_name: str | None = None  # None for a request in the API's own form
    deployable: DeployableSpec | None = None  # the spec as its environment's stacks see it
    prices: PriceTable | None = None  # the project's; None where no rule needs them
    rehearsals: Mapping[RequestPath, Rehearsal] = field(
        default_factory=dict
    )  # by definition's path


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. `catalogue` names the rows of docs/rules that it decides."""

    code: str
    severity: Severity
    check: Check
    catalogue: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The bad thing in a few words, as in `logarithmic-range-from-zero`."""
        return self.check.__name__.replace("_", "-")

    @property
    def documentation(self) -> Documentation:
        """The docstring's four parts. Raises ValueError when one is missing."""
        return parse_documentation(self.check.__doc__ or "", self.code)

    def finding(
        self,
        message: str,
        path: RequestPath | SpecPath,
        *,
        label: str = "",
        help: str = "",
        on_key: bool = False,
        is_secret: bool = False,
        policy_key: Path | None = None,
    ) -> Finding:
        """A finding of this rule at a path of the request, or of the spec."""
        return Finding(
            code=self.code,
            severity=self.severity,
            message=message,
            path=path,
            label=label,
            help=help,
            on_key=on_key,
            is_secret=is_secret,
            policy_key=policy_key,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Documentation:
    """A rule's page."""

    summary: str
    explanation: str
    bad: str
    good: str


def error(
    code: str, *catalogue: str
) -> Callable[[Callable[[Rule, Context], Iterable[Finding]]], Rule]:
    """Make a rule whose findings AWS would refuse, or that are certain to fail."""
    return _rule(code, Severity.ERROR, catalogue)


def warning(
    code: str, *catalogue: str
) -> Callable[[Callable[[Rule, Context], Iterable[Finding]]], Rule]:
    """Make a rule whose findings AWS accepts, but that cost, are ignored or usually go wrong."""
    return _rule(code, Severity.WARNING, catalogue)


def _rule(
    code: str, severity: Severity, catalogue: tuple[str, ...]
) -> Callable[[Callable[[Rule, Context], Iterable[Finding]]], Rule]:
    def make(function: Callable[[Rule, Context], Iterable[Finding]]) -> Rule:
        def check(context: Context) -> Iterable[Finding]:
            return function(rule, context)

        check.__name__, check.__doc__ = function.__name__, function.__doc__
        rule = Rule(code=code, severity=severity, check=check, catalogue=catalogue)
        return rule

    return make


def parse_documentation(docstring: str, code: str) -> Documentation:
    """The four parts of a rule's docstring."""
    text = textwrap.dedent("    " + docstring).strip()
    head, found_bad, rest = text.partition("\nBad:\n")
    bad, found_good, good = rest.partition("\nGood:\n")
    summary, _, explanation = head.partition("\n\n")
    if not (found_bad and found_good and explanation.strip()):
        raise ValueError(f"{code}: the docstring needs a summary, an explanation, Bad: and Good:")
    return Documentation(
        summary=" ".join(summary.split()),
        explanation=explanation.strip(),
        bad=textwrap.dedent(bad).strip() + "\n",
        good=textwrap.dedent(good).strip() + "\n",
    )
