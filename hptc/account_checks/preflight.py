"""Checks, before tuning jobs are submitted, that what they read exists.

These are the checks of `hptc check --online` that a submission can't do without: the inputs and
their size, the code archive, the buckets, the execution role with its permissions, and the security
groups. A training job that lacks one of them fails only after it has started.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hptc.account_checks.cached_queries import CachedQueries
from hptc.account_checks.data_size import data_size
from hptc.account_checks.dependencies import roles
from hptc.account_checks.deployed_spec import Subject
from hptc.account_checks.role_permissions import role_permissions
from hptc.account_checks.s3_locations import buckets_and_inputs, code_archives
from hptc.account_checks.traffic import traffic
from hptc.compiler.locations import with_findings
from hptc.compiler.outcome import Compiled
from hptc.diagnostics import Diagnostic, Finding
from hptc.jobs.decisions import Submit
from hptc.request.reading import read_job

CHECKS: tuple[Callable[[Subject], Iterator[Finding]], ...] = (
    buckets_and_inputs,
    code_archives,
    data_size,
    roles,
    role_permissions,
    traffic,
)


def preflight(compiled: Compiled, submit: Submit, queries: CachedQueries) -> tuple[Diagnostic, ...]:
    """What the account lacks for a tuning job that is about to be created, on the spec's lines.

    Each location is looked up once for all jobs that share `queries`. What can't be looked up is
    skipped with a note. Suppressions in the spec apply.
    """
    subject = Subject(
        compiled=compiled,
        request=submit.request,
        job=read_job(submit.request),
        queries=queries,
        rules=(),
    )
    findings = [finding for check in CHECKS for finding in check(subject)]
    known = {*compiled.diagnostics}
    return tuple(
        diagnostic
        for diagnostic in with_findings(compiled, findings).diagnostics
        if diagnostic not in known
    )
