"""The phrases that every format of a review shares: verdicts, titles and consequences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from hptc.diff.changes import Action, Change, Growth, Impact, Kind
from hptc.diff.review import Review
from hptc.diff.totals import CostSum, totals
from hptc.render.cost import dollars
from hptc.text import listed, plural

_NAME = re.compile("[A-Za-z0-9-]{1,100}")

VERDICTS: dict[Impact, str] = {
    Impact.BREAKS: "does not compile",
    Impact.BREACH: "violates the policy",
    Impact.DATA: "deletes data or makes it unreadable",
    Impact.SECURITY: "loosens security",
    Impact.PERMISSIONS: "broadens permissions",
    Impact.POLICY: "loosens the policy",
    Impact.REPLACES: "replaces infrastructure",
    Impact.SUPPRESSION: "suppresses a finding",
    Impact.UNSEEN: "uses a different role, key, network or account",
    Impact.JOBS: "adds, removes or renames a tuning job",
    Impact.SCHEDULE: "changes a schedule",
    Impact.SEARCH: "changes the tuning job",
    Impact.COST: "changes the cost",
    Impact.SAFER: "tightens security",
    Impact.COSMETIC: "changes tags",
}

ONE_JOB: dict[Kind, str] = {
    Kind.JOB_ADDED: "adds a tuning job",
    Kind.JOB_REMOVED: "removes a tuning job",
    Kind.JOB_RENAMED: "renames a tuning job",
    Kind.JOB_NAME: "changes a job name",
    Kind.REPAIRED: "compiles again",
    Kind.ENVIRONMENT_ADDED: "adds an environment",
    Kind.ENVIRONMENT_REMOVED: "removes an environment",
}
"""More specific verdicts, for when all changes of the worst impact are of one kind."""

_OF_ENVIRONMENT = (Kind.ENVIRONMENT_ADDED, Kind.ENVIRONMENT_REMOVED)
"""Changes that name their environment themselves."""

REFUSALS = (Kind.BROKEN, Kind.POLICY_BREACH)
"""Changes whose findings say more than they do."""

NOT_NEW = "not from this change"
"""Said of an error that the old version has too."""

TITLES: dict[Kind, str] = {
    Kind.BROKEN: "does not compile",
    Kind.POLICY_BREACH: "violates the policy",
    Kind.REPAIRED: "compiles again",
    Kind.JOB_ADDED: "added",
    Kind.JOB_REMOVED: "removed",
    Kind.JOB_RENAMED: "renamed",
    Kind.JOB_NAME: "changed",
    Kind.SCHEDULE_ADDED: "added",
    Kind.SCHEDULE_REMOVED: "removed",
    Kind.SCHEDULE: "schedule changed",
    Kind.DEFINITION_ADDED: "training job definition added",
    Kind.DEFINITION_REMOVED: "training job definition removed",
    Kind.DEFINITION_RENAMED: "training job definition renamed",
    Kind.HYPERPARAMETER_ADDED: "hyperparameter added",
    Kind.HYPERPARAMETER_REMOVED: "hyperparameter removed",
    Kind.NOW_TUNED: "now tuned, was static",
    Kind.NOW_STATIC: "now static, was tuned",
    Kind.STATIC_VALUE: "static value changed",
    Kind.KIND: "range type changed",
    Kind.SCALE: "scaling type changed",
    Kind.RANGE_WIDENED: "range widened",
    Kind.RANGE_NARROWED: "range narrowed",
    Kind.RANGE_MOVED: "range moved",
    Kind.CATEGORY_ADDED: "categories added",
    Kind.CATEGORY_REMOVED: "categories removed",
    Kind.CATEGORY_ORDER: "categories reordered",
    Kind.VALUE_HINT: "value hint for Autotune changed",
    Kind.OBJECTIVE: "objective metric changed",
    Kind.METRICS: "metric definition changed",
    Kind.STRATEGY: "strategy changed",
    Kind.LIMITS: "limit changed",
    Kind.EARLY_STOPPING: "early stopping changed",
    Kind.COMPLETION: "completion criteria changed",
    Kind.SEED: "random seed changed",
    Kind.AUTOTUNE: "Autotune changed",
    Kind.WARM_START: "warm start changed",
    Kind.ALGORITHM: "algorithm changed",
    Kind.ALGORITHM_VERSION: "algorithm version changed",
    Kind.CODE: "training code changed",
    Kind.INPUT_ADDED: "input channel added",
    Kind.INPUT_REMOVED: "input channel removed",
    Kind.INPUT: "input channel changed",
    Kind.OUTPUT: "output changed",
    Kind.CHECKPOINT: "checkpoints changed",
    Kind.ENVIRONMENT_VARIABLE: "environment variable changed",
    Kind.INSTANCES: "instances changed",
    Kind.VOLUME: "volume changed",
    Kind.SPOT: "managed spot training changed",
    Kind.RUNTIME: "maximum runtime changed",
    Kind.RETRY: "retry strategy changed",
    Kind.SUPPRESSION_ADDED: "finding suppressed",
    Kind.ROLE: "execution role changed",
    Kind.ROLE_UNKNOWN: "existing execution role, with unknown permissions",
    Kind.PERMISSIONS_BROADENED: "permissions broadened",
    Kind.PERMISSIONS_NARROWED: "permissions narrowed",
    Kind.ENCRYPTION_LOOSENED: "encryption loosened",
    Kind.ENCRYPTION_TIGHTENED: "encryption tightened",
    Kind.ENCRYPTION_KEY: "encryption key changed",
    Kind.ISOLATION_LOOSENED: "isolation loosened",
    Kind.ISOLATION_TIGHTENED: "isolation tightened",
    Kind.NETWORK_LOOSENED: "network loosened",
    Kind.NETWORK_TIGHTENED: "network tightened",
    Kind.NETWORK: "network changed",
    Kind.ENVIRONMENT_ADDED: "environment added",
    Kind.ENVIRONMENT_REMOVED: "environment removed",
    Kind.FOUNDATION_REPLACED: "redeployed as new stacks",
    Kind.NETWORK_REPLACED: "network replaced",
    Kind.KEY_LEAVES: "key leaves its stack",
    Kind.BUCKET_LEAVES: "bucket leaves its stack",
    Kind.BOUNDARY_REMOVED: "permissions boundary removed",
    Kind.BOUNDARY_ADDED: "permissions boundary added",
    Kind.REMOVAL_DESTROY: "buckets and keys are deleted with their stack",
    Kind.REMOVAL_RETAIN: "buckets and keys are retained",
    Kind.ENDPOINT_WIDENED: "S3 endpoint widened",
    Kind.ENDPOINT_NARROWED: "S3 endpoint narrowed",
    Kind.ROLE_PATH: "role path changed",
    Kind.REPOSITORY: "owner of the stacks changed",
    Kind.INFRASTRUCTURE: "infrastructure changed",
    Kind.POLICY_LOOSENED: "policy loosened",
    Kind.POLICY_TIGHTENED: "policy tightened",
    Kind.TAG: "tag changed",
    Kind.OTHER: "changed",
}


def verdict(review: Review) -> str:
    """The verdict on all changes, and its environments if it is limited to some."""
    if review.is_empty:
        return "no change in meaning"
    worst = review.impact
    if worst is None:
        return "new findings"
    decisive = [change for change in review.changes if change.impact is worst]
    kinds = {change.kind for change in decisive}
    is_one_kind = len(kinds) == 1
    phrase = ONE_JOB.get(kinds.pop(), VERDICTS[worst]) if is_one_kind else VERDICTS[worst]
    if is_one_kind and decisive[0].kind in _OF_ENVIRONMENT:
        article, named = "an environment", dict.fromkeys(change.subject for change in decisive)
        noun = "environment" if len(named) == 1 else "environments"
        return phrase.replace(article, f"the {noun} {listed_environments(named)}")
    return f"{_still(decisive)}{phrase}{_where(decisive, review)}"


def _still(changes: Iterable[Change]) -> str:
    """The word for what was so before the change."""
    return "still " if all(change.action is Action.UNCHANGED for change in changes) else ""


def _where(changes: Iterable[Change], review: Review) -> str:
    """The environments that changes are limited to; empty if together they hold in all."""
    limits = [change.environments for change in changes]
    names = dict.fromkeys(name for each in limits for name in each)
    is_limited = all(limits) and set(names) != set(review.environments)
    return f" in {listed_environments(names)}" if is_limited else ""


def listed_environments(environments: Iterable[str]) -> str:
    """The names of environments in a sentence. One that can't be deployed may contain markup."""
    return listed(
        name if _NAME.fullmatch(name) else "an environment with an invalid name"
        for name in environments
    )


def spec_verdict(changes: tuple[Change, ...]) -> str:
    """The verdict on one spec's changes, which are sorted worst first."""
    if not changes:
        return "new findings"
    return _still(changes[:1]) + ONE_JOB.get(changes[0].kind, VERDICTS[changes[0].impact])


def tone(impact: Impact | None, new_jobs: int = 0) -> str:
    """How an impact is highlighted: `bad`, `some` or `good`. New tuning jobs cost money."""
    if impact is None:
        return "some"
    if impact.rank <= Impact.REPLACES.rank:
        return "bad"
    return "good" if impact.rank >= Impact.SAFER.rank and not new_jobs else "some"


def scope(review: Review) -> str:
    """How much changed: `2 of 14 specs changed, 1 new tuning job`, and in which environments."""
    total = plural(review.compared, "spec")
    changed = f"{len(review.specs):,} of {total} changed"
    counts = [f"{total} compared" if review.is_empty else changed]
    if review.new_jobs:
        counts.append(plural(review.new_jobs, "new tuning job"))
    if len(review.environments) > 1:
        counts.append(f"environments {listed_environments(review.environments)}")
    return ", ".join(counts)


def also(review: Review) -> str:
    """The other impacts beside the verdict, in the same words; empty if there are none."""
    others: dict[Impact, list[Change]] = {}
    for change in sorted(review.changes, key=lambda change: change.impact.rank):
        others.setdefault(change.impact, []).append(change)
    return "; ".join(
        f"{_still(changes)}{VERDICTS[impact]}{_where(changes, review)}"
        for impact, changes in others.items()
        if impact is not review.impact
    )


def merged_costs(review: Review) -> Iterator[str]:
    """What runs after the merge, and at most at what cost.

    A line for each environment; environments with the same have one.
    """
    lines: dict[str, list[str]] = {}
    for total in totals(review):
        parts = []
        if total.jobs:
            parts.append(f"{plural(total.jobs, 'new tuning job')}, {_sum_text(total.cost)}")
        if total.starts:
            monthly = f"about {plural(max(1, round(total.starts)), 'scheduled run')} a month"
            parts.append(f"{monthly}, {_sum_text(total.monthly_cost)}")
        names = lines.setdefault("; ".join(parts), [])
        if total.environment and len(review.environments) > 1:
            names.append(total.environment)
    for text, names in lines.items():
        where = f" in {listed_environments(names)}" if names else ""
        each = ", in each" if len(names) > 1 else ""
        yield f"when merged{where}{each}: {text}"


def _sum_text(cost: CostSum) -> str:
    unknown = "at an unknown or unlimited cost"
    if not cost.unknown:
        return f"at most {dollars(cost.usd)}"
    return f"at most {dollars(cost.usd)} and {cost.unknown:,} {unknown}" if cost.usd else unknown


def growth_text(growth: Growth) -> str:
    """The growth of a range: `2.5 times as wide`, `+1.3 decades`."""
    if growth.decades is not None:
        unit = "decade" if abs(growth.decades) == 1 else "decades"
        return f"{growth.decades:+.3g} {unit}"
    return f"{growth.ratio:.3g} times as wide" if growth.ratio is not None else ""


def title(change: Change) -> str:
    """What changed and by how much: `range widened, +1 decade`."""
    named = TITLES[change.kind]
    if change.part in (Action.ADDED, Action.REMOVED):
        named = f"{named.removesuffix('changed')}{change.part}"
    grown = growth_text(change.growth) if change.growth is not None else ""
    return ", ".join(part for part in (f"{_still([change])}{named}", grown) if part)


def subject(change: Change) -> str:
    """The subject of a change, with its training job definition if there are several."""
    within = change.training_job
    return change.subject if within in (None, change.subject) else f"{within}: {change.subject}"


def change_environments(change: Change) -> str:
    """The environments of a change that is limited to some: `prod: `."""
    is_named = bool(change.environments) and change.kind not in _OF_ENVIRONMENT
    return f"{listed_environments(change.environments)}: " if is_named else ""
