"""The check of `hptc submit` that what new tuning jobs read is there, before any is created."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from hptc.account_checks.cached_queries import CachedQueries
from hptc.account_checks.preflight import preflight
from hptc.aws.account import connect
from hptc.aws.retry import Retry
from hptc.cli.console import file_progress, print_needed, print_status, use_color
from hptc.compiler.outcome import Compiled
from hptc.diagnostics import Diagnostic
from hptc.errors import FindingsError
from hptc.jobs.decisions import Submit
from hptc.project.project_file import Environment
from hptc.render.diagnostics import Format, render
from hptc.rules.engine import is_selected


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
    found: dict[str, tuple[Diagnostic, ...]] = {}
    with file_progress("preflight:") as progress:
        for number, (compiled, submit) in enumerate(jobs, start=1):
            found[compiled.file] = tuple(
                each
                for each in preflight(compiled, submit, queries)
                if is_selected(each.code, select, ignore)
            )
            progress(number, len(jobs))
    diagnostics = list(dict.fromkeys(each for one in found.values() for each in one))
    if diagnostics:
        show = print_needed if any(each.is_error for each in diagnostics) else print_status
        show(render(diagnostics, Format.TEXT, color=use_color(sys.stderr)))
    errors = {file: [each for each in one if each.is_error] for file, one in found.items()}
    return {file: _error(one) for file, one in errors.items() if one}


def _error(found: Sequence[Diagnostic]) -> FindingsError:
    more = f"; {len(found) - 1} more above" if len(found) > 1 else ""
    return FindingsError(
        f"not submitted: {found[0].message}{more}",
        help=f"{found[0].help}; `--no-preflight` submits without this check",
    )
