"""HPT816 to HPT818: the project's policy on schedules."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from hptc.diagnostics import Finding, SpecPath
from hptc.rules.policy_budget import cost_of
from hptc.rules.rule import Context, Rule, error, warning
from hptc.spec.schedule import Schedule
from hptc.spec.schedule_frequency import shortest_interval, starts_per_month
from hptc.text import distinct_texts, plural, spec_duration

_SCHEDULE = SpecPath(("schedule",))


def _schedule(context: Context) -> Schedule | None:
    return context.deployable.schedule if context.deployable is not None else None


def _monthly(schedule: Schedule, context: Context) -> tuple[int, Decimal | None]:
    """How often a schedule starts in a month, and its maximum cost; None if unknown."""
    starts = starts_per_month(schedule)
    maximum = cost_of(context).maximum
    usd = maximum.usd if maximum is not None else None
    cost = None if usd is None else usd * starts.numerator / starts.denominator
    return max(1, round(starts)), cost


@error("HPT816")
def monthly_budget_exceeded(rule: Rule, context: Context) -> Iterator[Finding]:
    """The tuning jobs that a schedule starts in a month may cost more than the budget.

    Each start is a separate tuning job, at up to the cost that `hptc cost` shows. If that cost is
    unknown, the budget can't be enforced
    (https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html).

    Bad:
        # policy: {budget_usd_per_month: 10}
        schedule: rate(1 hour)

    Good:
        # policy: {budget_usd_per_month: 100}
        schedule: rate(30 days)
    """
    budget, schedule = context.policy.budget_usd_per_month, _schedule(context)
    if budget is None or schedule is None or not starts_per_month(schedule):
        return
    starts, cost = _monthly(schedule, context)
    limit = Decimal(str(budget))
    if cost is not None and cost <= limit:
        return
    usd, limit_usd = distinct_texts(cost or Decimal(0), limit, places=2)
    costs = f", which may cost ${usd}" if cost is not None else " at an unknown cost"
    times = f"the schedule starts about {plural(starts, 'tuning job')} a month"
    yield rule.finding(
        f"{times}{costs}, but the budget is ${limit_usd}",
        _SCHEDULE,
        help="schedule it less often, or reduce what a tuning job may cost"
        if cost is not None
        else "run `hptc prices refresh`, and limit the training jobs",
        policy_key=("budget_usd_per_month",),
    )


@warning("HPT817")
def schedule_without_monthly_budget(rule: Rule, context: Context) -> Iterator[Finding]:
    """There is a budget for one tuning job, but a schedule starts many.

    `budget_usd` limits a single tuning job. Only `budget_usd_per_month` limits what a schedule may
    cost (https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html).

    Bad:
        # policy: {budget_usd: 100}
        schedule: rate(1 minute)

    Good:
        # policy: {budget_usd: 100, budget_usd_per_month: 500}
        schedule: rate(30 days)
    """
    policy, schedule = context.policy, _schedule(context)
    if policy.budget_usd is None or policy.budget_usd_per_month is not None or schedule is None:
        return
    if starts_per_month(schedule) <= 1:
        return
    starts, cost = _monthly(schedule, context)
    total = "at an unknown cost" if cost is None else f"for up to ${cost:,.2f}"
    yield rule.finding(
        f"the budget is ${policy.budget_usd:,.2f} for one tuning job, but the schedule starts "
        f"about {plural(starts, 'tuning job')} a month, {total}",
        _SCHEDULE,
        help="set `budget_usd_per_month` in the policy",
        policy_key=("budget_usd",),
    )


@error("HPT818")
def schedule_over_policy(rule: Rule, context: Context) -> Iterator[Finding]:
    """The policy does not allow the schedule, or not that often.

    A schedule launches paid tuning jobs without anyone's review, until it is disabled
    (https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html).

    Bad:
        # policy: {schedules: {at_most_every: 1d}}
        schedule: rate(1 hour)

    Good:
        # policy: {schedules: {at_most_every: 1d}}
        schedule: rate(7 days)
    """
    limits, schedule = context.policy.schedules, _schedule(context)
    if limits is None or schedule is None or schedule.state != "ENABLED":
        return
    if not limits.allowed:
        yield rule.finding(
            "the policy does not allow schedules",
            _SCHEDULE,
            is_removable=True,
            help="remove `schedule`",
            policy_key=("schedules",),
        )
        return
    interval = shortest_interval(schedule)
    if limits.at_most_every is None or interval is None or interval >= limits.at_most_every:
        return
    yield rule.finding(
        f"the schedule starts every {spec_duration(interval)}, but the policy allows at most "
        f"every {spec_duration(limits.at_most_every)}",
        _SCHEDULE,
        label=f"must be {spec_duration(limits.at_most_every)} apart or more",
        help="schedule it less often",
        policy_key=("schedules", "at_most_every"),
    )


RULES = (monthly_budget_exceeded, schedule_without_monthly_budget, schedule_over_policy)
