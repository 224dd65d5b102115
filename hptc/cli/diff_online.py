"""`hptc diff --online`."""

from __future__ import annotations

from hptc.cli.connection import connect_to_environment
from hptc.cli.console import print_status
from hptc.diff.review import Review
from hptc.jobs.last_runs import with_last_runs


def add_last_runs(review: Review) -> Review:
    """The review with the best result of each changed spec's last tuning job, per environment."""
    return with_last_runs(
        review,
        lambda environment: connect_to_environment(environment).tuning,
        progress=print_status,
    )
