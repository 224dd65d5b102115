"""Checks for `hptc submit` that what new tuning jobs read exists, before any is created."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from hptc.account_checks.cached_queries import CachedQueries
from hptc.api.online import preflight_errors, preflight_findings
from hptc.aws.account import connect
from hptc.aws.retry import Retry
from hptc.cli.console import file_progress, print_needed, print_status, use_color
from hptc.compiler.outcome import Compiled
from hptc.errors import FindingsError
from hptc.jobs.decisions import Submit
from hptc.project.project_file import Environment
from hptc.render.diagnostics import Format, render


def refused_by_preflight(
    jobs: Sequence[tuple[Compiled, Submit]],
    environment: Environment | None,
    region: str,
    *,
    select: str | None = None,
    ignore: str | None = None,
) -> dict[str, FindingsError]:
    """Print what new tuning jobs lack, and return the error of each that lacks something, by file.

    What can't be looked up, such as without a permission, is a note on stderr.
    """
    if not jobs:
        return {}
    account = connect(environment, region=region, retry=Retry(progress=print_status))
    queries = CachedQueries(account=account, progress=print_status)
    with file_progress("preflight:") as progress:
        findings = preflight_findings(
            jobs, queries, select=select, ignore=ignore, progress=progress
        )
    diagnostics = list(
        dict.fromkeys(finding for of_file in findings.values() for finding in of_file)
    )
    if diagnostics:
        show = (
            print_needed if any(diagnostic.is_error for diagnostic in diagnostics) else print_status
        )
        show(render(diagnostics, Format.TEXT, color=use_color(sys.stderr)))
    return preflight_errors(findings)
