"""The checks that need an account, run over compiled searches.

Compiled files and a way to their accounts in, the same files with what was found out. Nothing is
written, and nothing here fails: what AWS does not answer is skipped with a word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from hptc.account_checks.cached_queries import Questions
from hptc.account_checks.dependencies import images, keys, networks, roles
from hptc.account_checks.deployed_spec import Subject, subject_of
from hptc.account_checks.existing_jobs import parents, running_jobs, taken_name
from hptc.account_checks.quotas import instance_quotas
from hptc.account_checks.s3_locations import buckets_and_inputs
from hptc.aws.account import Account
from hptc.compiler.locations import with_findings
from hptc.compiler.outcome import Compiled, Failed, Outcome
from hptc.diagnostics import Finding
from hptc.errors import AwsError
from hptc.project.project_file import Environment
from hptc.rules import RULES
from hptc.rules.rule import Rule
from hptc.service.interface import Progress, silent

Connect = Callable[[Environment | None], Account]

CHECKS: tuple[Callable[[Subject], Iterator[Finding]], ...] = (
    taken_name,
    parents,
    running_jobs,
    instance_quotas,
    buckets_and_inputs,
    images,
    roles,
    keys,
    networks,
)


def check_online(
    outcomes: Sequence[Outcome],
    connect: Connect,
    *,
    rules: tuple[Rule, ...] = RULES,
    progress: Progress = silent,
) -> list[Outcome]:
    """The same files, with what their accounts tell. One that does not compile stays as it is.

    `connect` is `hptc.aws.account.connect`; it is called once for each environment, and each
    account is asked everything once. `rules` are those of the run.
    """
    known: dict[tuple[str, str] | None, Questions | None] = {}
    results: list[Outcome] = []
    for one in outcomes:
        if isinstance(one, Failed):
            results.append(one)
            continue
        place = (one.environment.account, one.environment.region) if one.environment else None
        if place not in known:
            known[place] = _questions(one.environment, connect, progress)
        questions = known[place]
        findings = online_findings(one, questions, rules) if questions is not None else []
        results.append(with_findings(one, findings))
    return results


def online_findings(
    compiled: Compiled, questions: Questions, rules: tuple[Rule, ...] = RULES
) -> list[Finding]:
    """What an account tells about one compiled file."""
    subject = subject_of(compiled, questions, rules)
    return [finding for check in CHECKS for finding in check(subject)]


def _questions(
    environment: Environment | None, connect: Connect, progress: Progress
) -> Questions | None:
    try:
        return Questions(account=connect(environment), progress=progress)
    except AwsError as error:
        progress(f"not checked online: {error.message}")
        return None
