"""The answers about tuning jobs: plans, submissions, and results in AWS or on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from hptc.api.answers import Answer, answer
from hptc.api.extras import require
from hptc.diagnostics import Diagnostic
from hptc.errors import HptcError, UsageError

if TYPE_CHECKING:  # imported when they are used
    import pandas

    from hptc.jobs.decisions import AlreadySubmitted, Blocked, NotSubmitted, Submitted, Unchanged
    from hptc.jobs.planned import Plan, PlannedSubmission
    from hptc.results.training_results import Results, TrainingResult


@answer
class SubmissionPlan(Answer):
    """What a submission would do: see `project.plan`."""

    plan: Plan
    """The plan as hptc keeps it. Its members are private and may change."""

    @property
    def verdict(self) -> str:
        """The result in one line."""
        from hptc.render.plan import verdict

        return verdict(self.plan)

    @property
    def to_submit(self) -> tuple[PlannedSubmission, ...]:
        """The new tuning jobs. Each has `name`, `spec`, `file` and `digest`."""
        return self.plan.to_submit

    @property
    def unchanged(self) -> tuple[Unchanged, ...]:
        """The tuning jobs that AWS already has. Each has a `status` too."""
        return self.plan.unchanged

    @property
    def blocked(self) -> tuple[Blocked, ...]:
        """The tuning jobs that can't be submitted. Each has a `reason` and `help` too."""
        return self.plan.blocked

    @property
    def has_changes(self) -> bool:
        """Whether there is something to do."""
        return self.plan.has_changes

    def __str__(self) -> str:
        from hptc.render.plan import render_plan

        return render_plan(self.plan)

    def _headline(self) -> str:
        return self.verdict

    def _html_parts(self) -> Sequence[str]:
        from hptc.render.notebooks import table

        rows = [(job.spec, job.name, "submit", "") for job in self.to_submit]
        rows += [(job.spec, job.name, "blocked", job.reason) for job in self.blocked]
        rows += [(job.spec, job.name, "unchanged", job.status) for job in self.unchanged]
        return [table(("spec", "tuning job", "decision", ""), rows)]


@answer
class Submissions(Answer):
    """What `project.submit` did with each spec."""

    submitted: tuple[Submitted, ...]
    """The new tuning jobs. Each has `name`, `arn`, `region` and `request`."""
    unchanged: tuple[AlreadySubmitted, ...]
    """The tuning jobs that AWS already had. Each has `name`, `arn`, `region` and `status`."""
    refused: tuple[NotSubmitted, ...]
    """The others. Each has `name`, `file`, an `error` with its `help`, and `is_unknown`: whether
    AWS may have created it anyway."""
    findings: tuple[Diagnostic, ...] = ()
    """What new tuning jobs lack in the account."""

    @property
    def names(self) -> tuple[str, ...]:
        """The tuning jobs that AWS has now, the new ones first."""
        return (*(job.name for job in self.submitted), *(job.name for job in self.unchanged))

    def raise_if_refused(self) -> None:
        """Raise the error of the first tuning job that was refused, if any."""
        error: HptcError | None = next((job.error for job in self.refused), None)
        if error is not None:
            raise error

    def __str__(self) -> str:
        from hptc.render.jobs import render_not_submitted, render_submission

        texts = [render_submission(job) for job in self.submitted]
        texts += [render_submission(job) for job in self.unchanged]
        if self.refused:
            tried = len(self.names) + len(self.refused)
            texts.append(render_not_submitted(self.refused, tried))
        return "\n".join(texts)

    def _headline(self) -> str:
        counts = [
            (len(self.submitted), "submitted"),
            (len(self.unchanged), "already submitted"),
            (len(self.refused), "refused"),
        ]
        return ", ".join(f"{count:,} {outcome}" for count, outcome in counts if count) or "no specs"

    def _html_parts(self) -> Sequence[str]:
        from hptc.render.notebooks import table

        rows = [(job.name, "submitted", job.arn) for job in self.submitted]
        rows += [(job.name, "already submitted", job.status) for job in self.unchanged]
        rows += [(job.name, "refused", job.error.message) for job in self.refused]
        return [table(("tuning job", "outcome", ""), rows)]


@answer
class JobResults(Answer):
    """The results of a tuning job, without secrets in the values."""

    results: Results
    """The results as hptc keeps them. Their members are private and may change."""

    @property
    def name(self) -> str:
        """The tuning job's name."""
        return self.results.status.name

    @property
    def status(self) -> str:
        """The tuning job's status, such as `InProgress` or `Completed`."""
        return self.results.status.status

    @property
    def training_jobs(self) -> tuple[TrainingResult, ...]:
        """The training jobs, the best first. Each has `number`, `name`, `status`, `objective`,
        `metric_name`, `hyperparameters`, `started`, `ended`, `seconds`, `usd` and
        `failure_reason`."""
        return self.results.ranked

    @property
    def best(self) -> TrainingResult | None:
        """The best training job; None until one has reported the objective."""
        return next(
            (
                training_job
                for training_job in self.results.ranked
                if training_job.objective is not None
            ),
            None,
        )

    @property
    def usd(self) -> Decimal | None:
        """What the training jobs have cost at on-demand prices; None if that is unknown."""
        return self.results.cost.usd

    def dataframe(self) -> pandas.DataFrame:
        """The training jobs as a pandas DataFrame, the best first.

        Raises UsageError if pandas is not installed: `pip install 'hptc[pandas]'`.
        """
        require("pandas", "pandas", subject="dataframe()")
        from hptc.results.data_frame import data_frame

        return data_frame(self.results)

    def report(self, path: str | Path) -> Path:
        """Write the page that `hptc report` writes, and return its path.

        An existing file is replaced. A relative path is relative to the current folder. Raises
        UsageError for a name that does not end in .html.
        """
        from hptc.files import write_whole
        from hptc.render.report import report_html

        require_page(path)
        page = Path(path)
        write_whole(page, report_html(self.results))
        return page

    def __str__(self) -> str:
        from hptc.render.results import render_results

        return render_results(self.results)

    def _headline(self) -> str:
        from hptc.render.results_words import headline

        return f"{self.name}: {headline(self.results)}"

    def _html_parts(self) -> Sequence[str]:
        from hptc.render.notebooks import bullets, table
        from hptc.render.results import DEFAULT_TOP, fact_lines
        from hptc.render.results_words import results_table

        headers, rows = results_table(self.results.ranked[:DEFAULT_TOP], self.results)
        return [bullets(fact_lines(self.results)), table(headers, rows)]


def require_page(output: str | Path) -> None:
    """Raise UsageError for a file that is not named like a page."""
    if Path(output).suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"{output}: not a page", help="use a name that ends in .html")
