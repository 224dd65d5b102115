"""What all changes run and cost together, in each environment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction

from hptc.compiler.outcome import Compiled
from hptc.cost.bound import CostBound
from hptc.diff.review import Comparison, Review
from hptc.frozen import frozen
from hptc.spec.schedule_frequency import starts_per_month


@frozen
class CostSum:
    """The sum of the maximum costs of some tuning jobs, and how many have none.

    The price of a tuning job may be unknown, or nothing limits its cost.
    """

    usd: Decimal
    unknown: int
    unlimited: int

    @property
    def is_complete(self) -> bool:
        """Whether every tuning job has a known maximum cost."""
        return not self.unknown and not self.unlimited


@frozen
class Total:
    """The tuning jobs that the new version creates in one environment.

    `jobs` are those that `hptc submit` creates, of scheduled specs too; `cost` is theirs, and
    `cost_before` that of the jobs that the old version of the same specs creates.
    `starts` is how often the schedules start a tuning job in a month, `monthly_cost` is theirs.
    """

    environment: str | None
    jobs: int
    cost: CostSum
    cost_before: CostSum
    starts: Fraction
    monthly_cost: CostSum


def totals(review: Review) -> Iterator[Total]:
    """The total of each environment in which the changes create tuning jobs."""
    comparisons = [comparison for spec in review.specs for comparison in spec.comparisons]
    for name in dict.fromkeys(comparison.environment for comparison in comparisons):
        in_environment = [
            comparison for comparison in comparisons if comparison.environment == name
        ]
        once = [comparison for comparison in in_environment if comparison.is_new_job]
        repeated = [
            (comparison, starts)
            for comparison in in_environment
            if comparison.new_job is not None and (starts := _starts_per_month(comparison))
        ]
        if once or repeated:
            yield Total(
                environment=name,
                jobs=len(once),
                cost=_sum((_new_bound(comparison), Fraction(1)) for comparison in once),
                cost_before=_sum(
                    (comparison.cost.old, Fraction(1))
                    for comparison in once
                    if comparison.cost is not None and comparison.cost.old is not None
                ),
                starts=sum((starts for _, starts in repeated), Fraction(0)),
                monthly_cost=_sum(
                    (_new_bound(comparison), starts) for comparison, starts in repeated
                ),
            )


def _starts_per_month(comparison: Comparison) -> Fraction:
    schedule = comparison.new.schedule if isinstance(comparison.new, Compiled) else None
    return Fraction(0) if schedule is None else starts_per_month(schedule)


def _new_bound(comparison: Comparison) -> CostBound | None:
    return comparison.cost.new if comparison.cost is not None else None


def _sum(jobs: Iterable[tuple[CostBound | None, Fraction]]) -> CostSum:
    """The sum of the jobs' maximum costs, each as many times as it starts."""
    usd, unknown, unlimited = Decimal(0), 0, 0
    for bound, starts in jobs:
        if bound is not None and bound.maximum is None:
            unlimited += 1
        elif bound is None or bound.maximum is None or bound.maximum.usd is None:
            unknown += 1
        else:
            usd += bound.maximum.usd * starts.numerator / starts.denominator
    return CostSum(usd=usd, unknown=unknown, unlimited=unlimited)
