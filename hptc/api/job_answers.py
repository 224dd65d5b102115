"""The answer about the results of a tuning job, in AWS or on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from hptc.api.answers import Answer, answer
from hptc.api.extras import require
from hptc.errors import UsageError

if TYPE_CHECKING:  # imported when they are used
    import pandas

    from hptc.results.training_results import Results, TrainingResult


@answer
class JobResults(Answer):
    """What a tuning job has found, without secrets in the values."""

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
        """The best training job; None as long as none has reported the objective."""
        return next((each for each in self.results.ranked if each.objective is not None), None)

    @property
    def usd(self) -> Decimal | None:
        """What the training jobs have cost at on-demand prices; None if that is unknown."""
        return self.results.cost.usd

    def dataframe(self) -> pandas.DataFrame:
        """The training jobs as a pandas DataFrame, the best first.

        Raises UsageError if pandas is not installed: `pip install 'hptc[pandas]'`.
        """
        require("pandas", "pandas", what="dataframe()")
        from hptc.results.data_frame import data_frame

        return data_frame(self.results)

    def report(self, path: str | Path) -> Path:
        """Write the page that `hptc report` writes, over an old one, and return its path.

        A relative path is relative to the current folder. Raises UsageError for a name that does
        not end in .html.
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
