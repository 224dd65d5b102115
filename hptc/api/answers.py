"""What the methods of a project return: frozen records that a notebook shows as small tables.

`str()` of an answer is the text that the command of the same name prints. What renders an answer is
imported when it is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar, dataclass_transform

from hptc.diagnostics import Diagnostic, environment_list
from hptc.errors import UsageError
from hptc.frozen import frozen
from hptc.text import plural, printable

if TYPE_CHECKING:  # imported when an answer is made or shown
    from hptc.compiler.outcome import Compiled, Outcome
    from hptc.diff.review import Review, SpecDiff
    from hptc.render.cost import SpecCost


class Answer:
    """An answer that a notebook shows; `repr` is its first line."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {printable(self._headline())}>"

    def _repr_html_(self) -> str:
        from hptc.render.notebooks import fragment

        return fragment(self._headline(), *self._html_parts())

    def _headline(self) -> str:
        raise NotImplementedError

    def _html_parts(self) -> Sequence[str]:
        raise NotImplementedError


Shown = TypeVar("Shown", bound=Answer)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def answer(cls: type[Shown]) -> type[Shown]:
    """Make a class a record, as `frozen` does, with the `repr` of an answer."""
    record: Any = frozen(cls)
    record.__repr__ = Answer.__repr__
    return record  # type: ignore[no-any-return]


@answer
class Findings(Answer):
    """What `project.check` has found in specs."""

    diagnostics: tuple[Diagnostic, ...]
    """The findings in the order of their places. Each has `code`, `severity`, `message`, `help`,
    `is_error`, and a `span` with `file`, `line` and `column`."""
    files: tuple[str, ...]
    """The files that were checked."""
    environments: tuple[str, ...] = ()
    """The environments that they were checked in."""
    suppressed: int = 0
    """The number of findings that comments in the files suppress."""

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The findings about what AWS would reject or what is certain to fail."""
        return tuple(diagnostic for diagnostic in self.diagnostics if diagnostic.is_error)

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """The other findings."""
        return tuple(diagnostic for diagnostic in self.diagnostics if not diagnostic.is_error)

    @property
    def summary(self) -> str:
        """What was checked and found, in one line."""
        from hptc.render.diagnostics import tally

        several = len(self.environments) > 1
        where = f" in {environment_list(self.environments)}" if several else ""
        more = f", {self.suppressed:,} suppressed" if self.suppressed else ""
        return f"checked {plural(len(self.files), 'file')}{where}: {tally(self.diagnostics)}{more}"

    def __str__(self) -> str:
        from hptc.render.diagnostics import Format, render

        text = render(self.diagnostics, Format.TEXT)
        return f"{text}\n{self.summary}" if text else self.summary

    def _headline(self) -> str:
        return self.summary

    def _html_parts(self) -> Sequence[str]:
        from hptc.render.notebooks import table

        rows = [
            (
                diagnostic.severity,
                diagnostic.code,
                f"{diagnostic.span.file}:{diagnostic.span.line}",
                diagnostic.full_message,
                diagnostic.help,
            )
            for diagnostic in self.diagnostics
        ]
        return [table(("", "rule", "place", "finding", "help"), rows)]


def findings_of(outcomes: Sequence[Outcome], diagnostics: Sequence[Diagnostic]) -> Findings:
    """The findings about compiled files; `diagnostics` are those of all of them, merged."""
    environments = dict.fromkeys(
        outcome.environment.name for outcome in outcomes if outcome.environment
    )
    return Findings(
        diagnostics=tuple(diagnostics),
        files=tuple(dict.fromkeys(outcome.file for outcome in outcomes)),
        environments=tuple(environments),
        suppressed=len(
            {(finding.code, finding.span) for outcome in outcomes for finding in outcome.suppressed}
        ),
    )


@answer
class CompiledSpec(Answer):
    """A spec and the request that it compiles to."""

    name: str
    """The spec's name."""
    file: str
    """The spec's file."""
    environment: str | None
    """The environment that it was compiled in; None outside of a project."""
    job_name: str
    """The name of the tuning job, which the content determines."""
    digest: str
    """The digest of the content."""
    request: Mapping[str, Any]
    """The `CreateHyperParameterTuningJob` request, as the API takes it."""
    warnings: tuple[Diagnostic, ...] = ()
    """What is probably wrong with it."""

    def __str__(self) -> str:
        from hptc.render.requests import render_request

        return render_request(dict(self.request), "json")

    def _headline(self) -> str:
        return f"{self.name} is {self.job_name}"

    def _html_parts(self) -> Sequence[str]:
        from hptc.render.notebooks import table

        return [
            table(
                ("file", "environment", "digest"),
                [(self.file, self.environment or "-", self.digest)],
            )
        ]


def compiled_spec(compiled: Compiled) -> CompiledSpec:
    """The answer about one compiled file."""
    from copy import deepcopy

    return CompiledSpec(
        name=compiled.name,
        file=compiled.file,
        environment=compiled.environment.name if compiled.environment else None,
        job_name=compiled.job.name,
        digest=compiled.digest,
        request=deepcopy(dict(compiled.request)),
        warnings=compiled.diagnostics,
    )


@answer
class Comparison(Answer):
    """What a change of specs means: see `project.diff`."""

    review: Review
    """The comparison as hptc keeps it. Its members are private and may change."""

    @property
    def verdict(self) -> str:
        """The verdict on all changes in words, as in the first line of `hptc diff`."""
        from hptc.render.diff_verdicts import verdict

        return verdict(self.review)

    @property
    def impact(self) -> str | None:
        """The worst impact, one of the words of `hptc diff --fail-on`; None without a change."""
        return self.review.impact.value if self.review.impact else None

    @property
    def changed(self) -> tuple[str, ...]:
        """The names of the specs that changed, the worst change first."""
        return tuple(spec.name for spec in self.review.specs)

    @property
    def new_jobs(self) -> int:
        """How many tuning jobs the new version creates, in all environments."""
        return self.review.new_jobs

    @property
    def is_empty(self) -> bool:
        """Whether there are neither changes in meaning nor new findings."""
        return self.review.is_empty

    def is_as_bad_as(self, impact: str) -> bool:
        """Whether the verdict is an impact or a worse one, as for `hptc diff --fail-on`.

        Raises UsageError for an unknown word.
        """
        from hptc.diff.changes import Impact

        values = [member.value for member in Impact]
        if impact not in values:
            raise UsageError(f"{impact} is not an impact", help=f"one of {', '.join(values)}")
        return self.review.is_as_bad_as(Impact(impact))

    def markdown(self) -> str:
        """The comment for a pull request."""
        from hptc.render.diff_markdown import render_markdown

        return render_markdown(self.review)

    def __str__(self) -> str:
        from hptc.render.diff import Format, render_diff

        return render_diff(self.review, Format.TEXT)

    def _headline(self) -> str:
        from hptc.render.diff_verdicts import scope

        return f"{self.verdict} ({scope(self.review)}, {self.review.old} → {self.review.new})"

    def _html_parts(self) -> Sequence[str]:
        from hptc.render.diff_verdicts import merged_costs
        from hptc.render.notebooks import bullets, table

        rows = [row for spec in self.review.specs for row in _change_rows(spec)]
        headers = ("spec", "subject", "change", "old", "new")
        return [bullets([*merged_costs(self.review), *self.review.notes]), table(headers, rows)]


def _change_rows(spec: SpecDiff) -> Iterator[Sequence[str]]:
    from hptc.render.diff_titles import change_environments, subject, title

    for change in spec.changes:
        text = f"{change_environments(change)}{title(change)}"
        yield spec.name, subject(change), text, change.old, change.new
    for finding in spec.findings:
        yield spec.name, finding.code, "new finding", "", finding.full_message


@answer
class Cost(Answer):
    """What the tuning job of one spec can cost. Amounts are in US dollars; None is unknown."""

    detail: SpecCost
    """The calculation as hptc keeps it. Its members are private and may change."""

    @property
    def name(self) -> str:
        """The spec's name."""
        return self.detail.name

    @property
    def usd(self) -> Decimal | None:
        """The maximum."""
        return self.detail.bound.maximum.usd if self.detail.bound.maximum else None

    @property
    def instance_hours(self) -> Decimal | None:
        """The maximum number of instance-hours; None if it is unlimited."""
        return self.detail.bound.maximum.instance_hours if self.detail.bound.maximum else None

    @property
    def expected_usd(self) -> Decimal | None:
        """The cost that past runs suggest; only known with `online=True`."""
        return self.detail.expected.usd if self.detail.expected else None

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the maximum assumes."""
        return self.detail.bound.assumptions

    def __str__(self) -> str:
        from hptc.render.cost import render_cost

        return render_cost(*self.detail)

    def _headline(self) -> str:
        from hptc.cost.bound import summary
        from hptc.render.cost import headline

        return f"{self.name}: {headline(summary(self.detail.bound))}"

    def _html_parts(self) -> Sequence[str]:
        from hptc.render.notebooks import bullets

        return [bullets(" ".join(line.split()) for line in str(self).splitlines()[1:])]
