"""Defines a rule: a function from a tuning job to findings, with a docstring as documentation.

A rule reports paths of the request, not lines. It reads `Context` and nothing else: no files, no
network, no clock. Its docstring has four parts, which `hptc explain`, the docs page and the tests
use:

    <One line: what is wrong.>

    <What it does, and why it matters, with the AWS page that documents it.>

    Bad:
        <YAML that the rule reports>

    Good:
        <YAML that it accepts>

An example shows only what matters: it is merged over a base spec. `Bad (xgboost):` names the base;
without a name it is `custom-image`. The bases are in hptc/reference/example_bases.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, TypeVar

from hptc.catalog.images import parse_image
from hptc.diagnostics import (
    Change,
    Finding,
    Fix,
    Path,
    Remove,
    RequestPath,
    SetValue,
    Severity,
    SpecPath,
    respelled,
)
from hptc.frozen import frozen
from hptc.project.policy import Policy
from hptc.request.named_resources import regional_arns
from hptc.request.tuning_job import Definition, TuningJob
from hptc.text import spec_duration

if TYPE_CHECKING:
    from hptc.catalog.prices import PriceTable
    from hptc.infrastructure.deployable_spec import DeployableSpec
    from hptc.metrics.rehearsal import Rehearsal
    from hptc.project.project_file import Environment
    from hptc.request.training_code import TrainingCode
    from hptc.source.script_reading import ScriptFacts

Result = TypeVar("Result")

Check = Callable[["Rule", "Context"], Iterable[Finding]]
"""Finds the problem that a rule is about."""


@frozen
class Context:
    """What a rule can read. `parents` are the warm-start parents that are specs of the project."""

    job: TuningJob
    request: Mapping[str, Any]
    environment: Environment | None = None
    policy: Policy = field(default_factory=Policy)  # of the environment, or else of the project
    parents: Mapping[str, TuningJob] = field(default_factory=dict)
    spec_name: str | None = None  # None for a request in the API's own form
    references: frozenset[str] = frozenset()  # the names of `${hptc:name}` in the request
    deployable: DeployableSpec | None = None  # the parts of the spec that its stacks depend on
    prices: PriceTable | None = None  # the project's; None if no rule needs them
    rehearsals: Mapping[RequestPath, Rehearsal] = field(
        default_factory=dict
    )  # by the path of the definition
    codes: Mapping[RequestPath, TrainingCode] = field(default_factory=dict)  # by the same path
    scripts: Mapping[RequestPath, ScriptFacts] = field(default_factory=dict)
    _results: dict[Hashable, Any] = field(default_factory=dict, compare=False, repr=False)

    def once(self, key: Hashable, compute: Callable[[], Result]) -> Result:
        """A result that several rules use, computed for the first of them."""
        if key not in self._results:
            self._results[key] = compute()
        result: Result = self._results[key]
        return result

    @property
    def only_definition(self) -> Definition | None:
        """The definition of a tuning job that has one; None if it has several."""
        match self.job.definitions:
            case (definition,):
                return definition
        return None

    @property
    def is_request(self) -> bool:
        """Whether the file is a request in the API's own form.

        Messages name keys as a spec does; `hptc.request.api_words` translates those that are
        members of the API. Only a rule whose advice differs has to check this.
        """
        return self.spec_name is None

    def duration(self, seconds: int) -> str:
        """A duration as the file writes it: `90m` in a spec, 5400 seconds in a request."""
        return f"{seconds} seconds" if self.is_request else spec_duration(seconds)

    def duration_value(self, seconds: int) -> str | int:
        """A duration as the file's key takes it: `90m` in a spec, 5400 in a request."""
        return seconds if self.is_request else spec_duration(seconds)

    def region_of(self, definition: Definition) -> str | None:
        """Where the tuning job runs: in the environment's Region, or else in the image's.

        Without either, it is the Region of another definition's image or of the first ARN.
        """
        if self.environment is not None:
            return self.environment.region
        definitions = (definition, *self.job.definitions)
        for definition_ in definitions:
            image = parse_image(definition_.training_image or "")
            if image is not None:
                return image.region
        arns = (
            regional.arn for definition_ in definitions for regional in regional_arns(definition_)
        )
        return next((arn.region for arn in arns if arn.region), None)


@frozen
class Rule:
    """One rule. `catalog` lists the rows of docs/catalog.md that it implements."""

    code: str
    severity: Severity
    check: Check
    catalog: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The public name, which states the problem: `logarithmic-range-from-zero`."""
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
        replacement: str = "",
        guessed_from: str = "",
        accepted: str | int = "",
        is_removable: bool = False,
        fixes: tuple[Fix, ...] = (),
        on_key: bool = False,
        is_secret: bool = False,
        policy_key: Path | None = None,
        hyperparameters: tuple[str, ...] = (),
    ) -> Finding:
        """A finding of this rule at a path of the request or the spec.

        Three arguments are fixes at the path itself: `replacement` is the key or value that was
        meant, `accepted` the nearest value that is accepted, and `is_removable` is whether removing
        the key or entry resolves the finding. A replacement that was only `guessed_from` what is
        there is safe if that is a misspelling of it.
        """
        spelling = respelled(replacement, path, on_key=on_key, guessed_from=guessed_from)
        nearest = () if accepted == "" else (Fix(changes=(SetValue(path=path, value=accepted),)),)
        removal = (Fix(changes=(Remove(path=path),)),) if is_removable else ()
        return Finding(
            code=self.code,
            severity=self.severity,
            message=message,
            path=path,
            label=label,
            help=help,
            fixes=(*spelling, *nearest, *fixes, *removal),
            on_key=on_key,
            is_secret=is_secret,
            policy_key=policy_key,
            hyperparameters=hyperparameters,
        )


def advice(title: str, *changes: Change, is_safe: bool = False) -> Fix:
    """A fix that does what the help of a finding says, in the words of the help."""
    return Fix(title=title, changes=changes, is_safe=is_safe)


def set_value(path: RequestPath | SpecPath, value: str | int) -> SetValue:
    """The change that writes a value."""
    return SetValue(path=path, value=value)


@frozen
class Example:
    """YAML that a rule reports or accepts, and the name of the base that it is merged over."""

    base: str
    text: str


@frozen
class Documentation:
    """A rule's page."""

    summary: str
    explanation: str
    bad: Example
    good: Example


def error(code: str, *catalog: str) -> Callable[[Check], Rule]:
    """Create a rule for problems that AWS rejects, or that are certain to fail."""
    return _rule(code, Severity.ERROR, catalog)


def warning(code: str, *catalog: str) -> Callable[[Check], Rule]:
    """Create a rule for problems that AWS accepts, but that cost, are ignored or usually fail."""
    return _rule(code, Severity.WARNING, catalog)


def _rule(code: str, severity: Severity, catalog: tuple[str, ...]) -> Callable[[Check], Rule]:
    def make(check: Check) -> Rule:
        return Rule(code=code, severity=severity, check=check, catalog=catalog)

    return make


DEFAULT_BASE = "custom-image"
_HEADING = r"^{}(?: \(([a-z-]+)\))?:\n"
_EXAMPLES = rf"(?ms){_HEADING.format('Bad')}(.*?)\n{_HEADING.format('Good')}(.*)"


def parse_documentation(docstring: str, code: str) -> Documentation:
    """Split a rule's docstring into its four parts. Raises ValueError when one is missing."""
    text = textwrap.dedent("    " + docstring).strip()
    examples = re.search(_EXAMPLES, text)
    before = text[: examples.start()] if examples is not None else ""
    summary, _, explanation = before.partition("\n\n")
    if examples is None or not explanation.strip():
        raise ValueError(f"{code}: the docstring needs a summary, an explanation, Bad: and Good:")
    bad_base, bad, good_base, good = examples.groups()
    return Documentation(
        summary=" ".join(summary.split()),
        explanation=explanation.strip(),
        bad=_example(bad_base, bad),
        good=_example(good_base, good),
    )


def _example(base: str | None, text: str) -> Example:
    return Example(base=base or DEFAULT_BASE, text=textwrap.dedent(text).strip() + "\n")
