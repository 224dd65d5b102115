"""Runs the checks that need an AWS account over compiled files.

Nothing is written. What can't be verified is skipped with a note.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from hptc.account_checks.cached_queries import CachedQueries
from hptc.account_checks.data_size import data_size
from hptc.account_checks.dependencies import images, keys, roles
from hptc.account_checks.deployed_spec import Subject, subject_of
from hptc.account_checks.environment_resources import (
    existing_vpc,
    permissions_boundary,
    ssm_parameters,
)
from hptc.account_checks.existing_jobs import parents, running_jobs, taken_name
from hptc.account_checks.networks import networks
from hptc.account_checks.quotas import instance_quotas
from hptc.account_checks.role_permissions import role_permissions
from hptc.account_checks.s3_locations import buckets_and_inputs, code_archives
from hptc.account_checks.traffic import traffic
from hptc.compiler.locations import with_findings
from hptc.compiler.outcome import Compiled, Failed, Outcome
from hptc.compiler.progress import Progress as FileProgress
from hptc.compiler.progress import tracked
from hptc.diagnostics import Finding
from hptc.errors import AwsError
from hptc.project.project_file import Environment
from hptc.rules import RULES
from hptc.rules.rule import Rule
from hptc.service.interface import Progress, silent
from hptc.service.inventory import Account

Connect = Callable[[Environment | None], Account]

CHECKS: tuple[Callable[[Subject], Iterator[Finding]], ...] = (
    taken_name,
    parents,
    running_jobs,
    instance_quotas,
    buckets_and_inputs,
    code_archives,
    data_size,
    images,
    roles,
    role_permissions,
    keys,
    networks,
    traffic,
    ssm_parameters,
    permissions_boundary,
    existing_vpc,
)


def check_online(
    outcomes: Sequence[Outcome],
    connect: Connect,
    *,
    rules: tuple[Rule, ...] = RULES,
    progress: Progress = silent,
    unreachable: Callable[[AwsError], None] | None = None,
    file_progress: FileProgress | None = None,
) -> list[Outcome]:
    """The same files with the findings of their accounts. A file with errors stays as it is.

    `connect` is `hptc.aws.account.connect`; it is called once per account and Region. `rules` are
    the rules of this run. `unreachable` is called with the error if an account can't be read at
    all, such as without credentials; by default, that is a note too. `file_progress` takes how many
    files are done, and of how many.
    """
    by_place: dict[tuple[str, str] | None, CachedQueries | None] = {}
    results: list[Outcome] = []
    for outcome in tracked(outcomes, file_progress):
        if isinstance(outcome, Failed):
            results.append(outcome)
            continue
        place = (
            (outcome.environment.account, outcome.environment.region)
            if outcome.environment
            else None
        )
        if place not in by_place:
            by_place[place] = _queries(outcome.environment, connect, progress, unreachable)
            if place is not None and by_place[place] is not None:
                progress(f"checking against the account {place[0]} in {place[1]}")
        queries = by_place[place]
        findings = online_findings(outcome, queries, rules) if queries is not None else []
        results.append(with_findings(outcome, findings))
    return results


def online_findings(
    compiled: Compiled, queries: CachedQueries, rules: tuple[Rule, ...] = RULES
) -> list[Finding]:
    """The findings of an account about one compiled file."""
    subject = subject_of(compiled, queries, rules)
    return [finding for check in CHECKS for finding in check(subject)]


def _queries(
    environment: Environment | None,
    connect: Connect,
    progress: Progress,
    unreachable: Callable[[AwsError], None] | None,
) -> CachedQueries | None:
    try:
        account = connect(environment)
    except AwsError as error:
        if unreachable is not None:
            unreachable(error)
        else:
            progress(f"not checked online: {error.message}")
        return None
    return CachedQueries(account=account, progress=progress, unreachable=unreachable)
