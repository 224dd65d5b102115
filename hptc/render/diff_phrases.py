"""The phrases that every format of a review shares: verdicts, titles and consequences."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC

from hptc.compiler.outcome import Compiled, Outcome
from hptc.cost.bound import CostBound
from hptc.diff.changes import Action, Change, Growth, Impact, Kind
from hptc.diff.review import Comparison, CostChange, LastRun, Parent, Review, SpecDiff
from hptc.diff.schedule_changes import schedule_text
from hptc.diff.totals import CostSum, totals
from hptc.render.cost import dollars, hours_text, price_sources
from hptc.text import listed, plural

_NAME = re.compile("[A-Za-z0-9-]{1,100}")
_MAX_BEST_VALUES = 6  # of a best configuration

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


def verdict(found: Review) -> str:
    """The verdict on all changes, and its environments if it is limited to some."""
    if found.is_empty:
        return "no change in meaning"
    worst = found.impact
    if worst is None:
        return "new findings"
    decisive = [change for change in found.changes if change.impact is worst]
    kinds = {change.kind for change in decisive}
    is_one_kind = len(kinds) == 1
    phrase = ONE_JOB.get(kinds.pop(), VERDICTS[worst]) if is_one_kind else VERDICTS[worst]
    return f"{_still(decisive)}{phrase}{_where(decisive)}"


def _still(changes: Iterable[Change]) -> str:
    """The word for what was so before the change."""
    return "still " if all(change.action is Action.UNCHANGED for change in changes) else ""


def _where(changes: Iterable[Change]) -> str:
    """The environments that changes are limited to; empty if one of them holds in all."""
    limits = [change.environments for change in changes]
    names = dict.fromkeys(name for each in limits for name in each)
    return f" in {_listed(names)}" if names and all(limits) else ""


def _listed(environments: Iterable[str]) -> str:
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


def scope(found: Review) -> str:
    """How much changed: `2 of 14 specs changed, 1 new tuning job`, and in which environments."""
    total = plural(found.compared, "spec")
    counts = [f"{total} compared" if found.is_empty else f"{len(found.specs):,} of {total} changed"]
    if found.new_jobs:
        counts.append(plural(found.new_jobs, "new tuning job"))
    if len(found.environments) > 1:
        counts.append(f"environments {_listed(found.environments)}")
    return ", ".join(counts)


def also(found: Review) -> str:
    """The other impacts beside the verdict, in the same words; empty if there are none."""
    others: dict[Impact, list[Change]] = {}
    for change in sorted(found.changes, key=lambda change: change.impact.rank):
        others.setdefault(change.impact, []).append(change)
    return "; ".join(
        f"{_still(changes)}{VERDICTS[impact]}{_where(changes)}"
        for impact, changes in others.items()
        if impact is not found.impact
    )


def merged_costs(found: Review) -> Iterator[str]:
    """What runs after the merge, and at most at what cost: a line for each environment."""
    for total in totals(found):
        parts = []
        if total.jobs:
            parts.append(f"{plural(total.jobs, 'new tuning job')}, {_sum_text(total.cost)}")
        if total.starts:
            monthly = f"about {plural(max(1, round(total.starts)), 'scheduled run')} a month"
            parts.append(f"{monthly}, {_sum_text(total.monthly_cost)}")
        names = [total.environment] if total.environment and len(found.environments) > 1 else []
        where = f" in {_listed(names)}" if names else ""
        yield f"when merged{where}: {'; '.join(parts)}"


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
    return f"{_listed(change.environments)}: " if change.environments else ""


def consequences(spec: SpecDiff, name: Callable[[str], str]) -> Iterator[str]:
    """The consequences for whoever approves the change; `name` formats names.

    With several environments, each line names its own.
    """
    if len(spec.comparisons) < 2:
        for comparison in spec.comparisons:
            yield from _consequences(comparison, name)
        return
    lines: dict[str, list[str]] = {}
    for comparison in spec.comparisons:
        for line in _consequences(comparison, name):
            lines.setdefault(line, []).append(comparison.environment or "")
    for line, names in lines.items():
        is_in_all = len(names) == len(spec.comparisons)
        yield line if is_in_all else f"{_listed(names)}: {line}"


def _consequences(found: Comparison, name: Callable[[str], str]) -> Iterator[str]:
    if found.is_new_job:
        was = f", was {name(found.old_job)}" if found.old_job else ""
        yield f"new tuning job {name(found.new_job or '')}{was}"
    elif found.new_job is not None:
        yield f"same tuning job, {name(found.new_job)}"
    elif found.new is None and found.old_job is not None:
        yield f"no tuning job; {name(found.old_job)} stays in AWS unchanged"
    if found.old_job and found.new_job and found.old_count != found.new_count:
        yield f"training jobs: {_count(found.old_count)} → {_count(found.new_count)}"
    if found.last_run is not None:
        yield from _last_run_texts(found.last_run, name)
    for parent in found.parents:
        yield _parent_text(parent, found.new, name)
    if found.cost is not None:
        yield _cost_text(found.cost, name)
    if isinstance(found.new, Compiled) and found.new.schedule is not None:
        when = name(schedule_text(found.new.schedule))
        yield f"scheduled, {when}: each run is a separate tuning job at that cost"


def _last_run_texts(run: LastRun, name: Callable[[str], str]) -> Iterator[str]:
    """What the last tuning job has found, and whether the new version could find it again."""
    values = dict(run.hyperparameters)
    shown = [f"{name(key)} {name(value)}" for key, value in values.items()][:_MAX_BEST_VALUES]
    if left := len(values) - len(shown):
        shown.append(f"{left} more")
    found = f" with {listed(shown)}" if shown else ""
    ended = f"{run.ended.astimezone(UTC):%Y-%m-%d}"
    yield (
        f"last tuning job {name(run.job)}, {run.status} {ended}: best {name(run.metric)} "
        f"{run.value:.6g}{found}"
    )
    if run.outside:
        outside = [f"{name(key)} {name(values[key])}" for key in run.outside[:_MAX_BEST_VALUES]]
        yield f"its best configuration is not in the new search space: {listed(outside)}"


def _count(number: int | None) -> str:
    return "no limit" if number is None else f"{number:,}"


def _parent_text(parent: Parent, new: Outcome | None, name: Callable[[str], str]) -> str:
    if parent.is_latest:
        is_scheduled = isinstance(new, Compiled) and new.schedule is not None
        when = "at each start" if is_scheduled else "when it is submitted"
        text = (
            f"warm-starts from the newest completed tuning job of {name(parent.spec or '')} {when}"
        )
        if parent.conflict:
            return f"{text}; AWS rejects a run of the old version: {name(parent.conflict)}"
        is_own = new is not None and parent.spec == new.name
        return f"{text}; without one until its first run" if is_own else text
    text = f"warm-starts from {name(parent.job)}"
    if parent.spec is None:
        return f"{text}, which is not a spec in this project"
    text = f"{text} of {name(parent.spec)}"
    if parent.is_new:
        return f"{text}, which is also new: submit it first and wait until it completes"
    return f"{text}, unchanged"


def _cost_text(cost: CostChange, name: Callable[[str], str]) -> str:
    bounds = [bound for bound in (cost.old, cost.new) if bound is not None]
    texts = [name(bound_text(bound)) for bound in bounds]
    dated = [price for bound in bounds if _is_known(bound) for price in bound.prices]
    prices = f" ({name(price_sources(dated))})" if dated else ""
    if cost.new is None:
        return f"cost before: {texts[0]}{prices}"
    if len(texts) == 2 and texts[0] == texts[1]:
        return f"cost: {texts[0]}, unchanged{prices}"
    return f"cost: {' → '.join(texts)}{prices}"


def bound_text(bound: CostBound) -> str:
    """The maximum cost, or what is unknown about it."""
    most = bound.maximum
    if most is None:
        return "unlimited"
    if most.usd is None:
        return f"at most {hours_text(most.instance_hours)} at an unknown price"
    spot = f", {dollars(most.usd_low)} at spot" if most.usd_low != most.usd else ""
    return f"at most {dollars(most.usd)}{spot}"


def _is_known(bound: CostBound) -> bool:
    return bound.maximum is not None and bound.maximum.usd is not None
