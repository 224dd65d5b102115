"""Prints what became of each tuning job of a submission, as soon as it is known."""

from __future__ import annotations

from collections.abc import Iterable

from hptc.cli.console import print_error, print_needed, print_result, print_status
from hptc.cli.options import JSON
from hptc.errors import EXIT_OK, FindingsError
from hptc.jobs.decisions import DryRun, NotSubmitted, Submission
from hptc.jobs.planned import Applied
from hptc.render.jobs import dry_run_notes, render_not_submitted, render_submission
from hptc.render.jobs_json import submission_json, submissions_json
from hptc.render.plan import applied_json


class SubmissionReport:
    """The outcomes so far of `count` tuning jobs."""

    def __init__(self, count: int, form: str) -> None:
        self.submitted: list[Submission] = []  # or found in AWS
        self.failed: list[NotSubmitted] = []
        self._count = count
        self._form = form

    def print_each(self, outcomes: Iterable[Submission | NotSubmitted]) -> None:
        """Print outcomes; as JSON when there are no more."""
        try:
            for outcome in outcomes:
                self._print(outcome)
        finally:  # what was submitted before an interruption is still part of the result
            if self._form == JSON and self._count > 1:
                print_result(submissions_json(self.submitted, self.failed))
            elif self._form == JSON and self.submitted:
                print_result(submission_json(self.submitted[0]))

    def print_each_applied(self, outcomes: Iterable[Applied]) -> None:
        """Print the outcomes of a plan; as JSON when there are no more."""
        applied: list[Applied] = []
        try:
            for outcome in outcomes:
                applied.append(outcome)
                self._print(outcome.outcome)
        finally:
            if self._form == JSON:
                print_result(applied_json(applied))

    def _print(self, outcome: Submission | NotSubmitted) -> None:
        if isinstance(outcome, NotSubmitted):
            self.failed.append(outcome)
            # The error of the only job is raised at the end, and findings are printed already.
            if self._count > 1 and not isinstance(outcome.error, FindingsError):
                print_error(f"{outcome.file}: {outcome.error.message}", outcome.error.help)
            return
        self.submitted.append(outcome)
        if isinstance(outcome, DryRun):
            for note in dry_run_notes(outcome):
                print_status(note)
        if self._form != JSON:
            print_result(render_submission(outcome))

    def exit_code(self) -> int:
        """The exit code, with a summary of what failed. Raises the error of the only job."""
        if not self.failed:
            return EXIT_OK
        if self._count == 1:
            error = self.failed[0].error
            if isinstance(error, FindingsError):  # printed already, at their lines
                raise FindingsError(
                    f"{self.failed[0].name} was not submitted, because of the findings above",
                    help="fix them; `--no-preflight` submits without this check",
                )
            raise error
        print_needed(render_not_submitted(self.failed, self._count))
        return max(failure.error.exit_code for failure in self.failed)
