"""`hptc local`: tuning jobs on this machine."""

from __future__ import annotations

import sys

import click

from hptc.cli.lazy_group import CommandEntry, LazyGroup
from hptc.errors import UsageError

RUN = (
    CommandEntry("run", "hptc.cli.local_run:run", "Run a tuning job on this machine"),
    CommandEntry("list", "hptc.cli.local_jobs:list_command", "List tuning jobs, newest first"),
    CommandEntry("status", "hptc.cli.local_jobs:status", "Show the progress of a tuning job"),
    CommandEntry("logs", "hptc.cli.local_jobs:logs", "Show the logs of training jobs"),
    CommandEntry("stop", "hptc.cli.local_jobs:stop", "Stop a tuning job"),
)
LEARN = (
    CommandEntry("results", "hptc.cli.local_results:results", "Show the results of a tuning job"),
    CommandEntry(
        "report",
        "hptc.cli.local_results:report",
        "Write the results of a tuning job as an HTML page",
    ),
    CommandEntry(
        "next", "hptc.cli.local_results:next_command", "Write the spec of a follow-up tuning job"
    ),
)

COMMANDS = (*RUN, *LEARN)


@click.group(cls=LazyGroup, sections={"Run tuning jobs": RUN, "Learn from results": LEARN})
def local() -> None:
    """Run tuning jobs on this machine.

    Each training job is a process with the files and variables of a SageMaker training container.
    Nothing is sent to AWS, and nothing is charged.
    """
    if sys.platform == "win32":
        raise UsageError(
            "hptc local needs Linux or macOS",
            help="use the Windows Subsystem for Linux",
        )
