"""All changes of a review in words: the verdict, the scope, other impacts, the cost of the merge.

Every format begins with these. One change is in diff_titles.py, and what follows from the changes
of one spec in diff_consequences.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from hptc.diff.changes import Change, Impact, Kind
from hptc.diff.review import Review
from hptc.diff.totals import CostSum, totals
from hptc.render.cost import dollars
from hptc.render.diff_titles import NAMES_ENVIRONMENT, listed_environments, still
from hptc.text import listed, plural

Tone = Literal["bad", "some", "good"]
"""How an impact is highlighted."""

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

SPECIFIC_VERDICTS: dict[Kind, str] = {
    Kind.JOB_ADDED: "adds a tuning job",
    Kind.JOB_REMOVED: "removes a tuning job",
    Kind.JOB_RENAMED: "renames a tuning job",
    Kind.JOB_NAME: "changes a job name",
    Kind.REPAIRED: "compiles again",
    Kind.ENVIRONMENT_ADDED: "adds an environment",
    Kind.ENVIRONMENT_REMOVED: "removes an environment",
    Kind.DEFAULT_ENVIRONMENT: "changes the default environment",
    Kind.PROJECT_MOVED: "moves the project to another folder",
}
"""More specific verdicts, for when all changes of the worst impact are of one kind."""

_VERBS = {Kind.JOB_ADDED: "adds", Kind.JOB_REMOVED: "removes", Kind.JOB_RENAMED: "renames"}
"""The verbs of verdicts that count tuning jobs."""


def verdict(review: Review) -> str:
    """The verdict on all changes, and its environments if it is limited to some."""
    if review.is_empty:
        return "no change in meaning"
    worst = review.impact
    if worst is None:
        return "new findings"
    decisive = [change for change in review.changes if change.impact is worst]
    is_one_kind = len({change.kind for change in decisive}) == 1
    phrase = _phrase(worst, decisive, review)
    if is_one_kind and decisive[0].kind in NAMES_ENVIRONMENT:
        article, named = "an environment", dict.fromkeys(change.subject for change in decisive)
        noun = "environment" if len(named) == 1 else "environments"
        return phrase.replace(article, f"the {noun} {listed_environments(named)}")
    return f"{still(decisive)}{phrase}{_where(decisive, review)}"


def _phrase(impact: Impact, changes: Sequence[Change], review: Review) -> str:
    """The verdict on changes of one impact: in more specific words, if there are any."""
    kinds = dict.fromkeys(change.kind for change in changes)
    counts = {
        kind: sum(any(change.kind is kind for change in spec.changes) for spec in review.specs)
        for kind in kinds
    }
    if all(kind in _VERBS for kind in kinds) and sum(counts.values()) > 1:
        (first, number), *others = counts.items()
        return listed(
            [
                f"{_VERBS[first]} {plural(number, 'tuning job')}",
                *(f"{_VERBS[kind]} {count:,}" for kind, count in others),
            ]
        )
    specific = SPECIFIC_VERDICTS if len(kinds) == 1 else {}
    return specific.get(changes[0].kind, VERDICTS[impact])


def spec_verdict(changes: tuple[Change, ...]) -> str:
    """The verdict on one spec's changes, which are sorted worst first."""
    if not changes:
        return "new findings"
    return still(changes[:1]) + SPECIFIC_VERDICTS.get(changes[0].kind, VERDICTS[changes[0].impact])


def _where(changes: Iterable[Change], review: Review) -> str:
    """The environments that changes are limited to; empty if together they apply to all."""
    limits = [change.environments for change in changes]
    names = dict.fromkeys(name for limit in limits for name in limit)
    is_limited = all(limits) and set(names) != set(review.environments)
    return f" in {listed_environments(names)}" if is_limited else ""


def tone(impact: Impact | None, new_jobs: int = 0) -> Tone:
    """How an impact is highlighted. New tuning jobs cost money, so they are never `good`."""
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
    """The impacts besides that of the verdict, in the same words; empty if there are none."""
    others: dict[Impact, list[Change]] = {}
    for change in sorted(review.changes, key=lambda change: change.impact.rank):
        others.setdefault(change.impact, []).append(change)
    return "; ".join(
        f"{still(changes)}{_phrase(impact, changes, review)}{_where(changes, review)}"
        for impact, changes in others.items()
        if impact is not review.impact
    )


def merged_costs(review: Review) -> Iterator[str]:
    """What runs after the merge, and its maximum cost.

    One line per environment; environments with equal lines share one.
    """
    lines: dict[str, list[str]] = {}
    for total in totals(review):
        parts = []
        if total.jobs:
            cost = _sum_text(total.cost, total.cost_before)
            parts.append(f"{plural(total.jobs, 'new tuning job')}, {cost}")
        if total.starts:
            monthly = f"about {plural(max(1, round(total.starts)), 'scheduled run')} a month"
            parts.append(f"{monthly}, {_sum_text(total.monthly_cost)}")
        names = lines.setdefault("; ".join(parts), [])
        if total.environment and len(review.environments) > 1:
            names.append(total.environment)
    for text, names in lines.items():
        where = f" in {listed_environments(names)}" if names else ""
        scope = f"{where}, in each" if len(names) > 1 else where
        yield f"when merged{scope}: {text}"


def _sum_text(cost: CostSum, before: CostSum | None = None) -> str:
    """A sum, and that of the old version if both are known and differ."""
    parts = [
        f"{count:,} {text}" if count > 1 or cost.usd or other else text
        for count, other, text in (
            (cost.unknown, cost.unlimited, "at an unknown price"),
            (cost.unlimited, cost.unknown, "at an unlimited cost"),
        )
        if count
    ]
    if cost.usd or not parts:
        parts.insert(0, f"at most {dollars(cost.usd)}")
    if before is None or not before.is_complete or before.usd in (0, cost.usd):
        return listed(parts)
    return f"{listed(parts)} (before: {dollars(before.usd)})"
