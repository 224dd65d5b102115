"""HPT801 and HPT802: the project's budget for a tuning job.

The price table and the cost bound are imported only for a project with a budget: few checks need
them, and importing them would slow down every check.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from hptc.diagnostics import Finding, RequestPath
from hptc.rules.rule import Context, Rule, error
from hptc.text import distinct_texts

if TYPE_CHECKING:
    from hptc.cost.bound import CostBound

NUMBER_OF_TRAINING_JOBS = RequestPath(
    ("HyperParameterTuningJobConfig", "ResourceLimits", "MaxNumberOfTrainingJobs")
)


def cost_of(context: Context) -> CostBound:
    """The cost bound of the tuning job, with the project's prices."""
    return context.once(_cost_bound, lambda: _cost_bound(context))


def _cost_bound(context: Context) -> CostBound:
    from hptc.catalog.prices import packaged
    from hptc.cost.bound import cost_bound, job_region

    region = job_region(context.job, context.environment)
    return cost_bound(context.job, region, context.prices or packaged())


def in_words_of_file(reason: str, context: Context) -> str:
    """The reason for a number, which names the kind of the file."""
    return reason.replace("in the spec", "in the request") if context.is_request else reason


@error("HPT801")
def budget_exceeded(rule: Rule, context: Context) -> Iterator[Finding]:
    """The maximum cost of a tuning job exceeds the budget.

    The maximum assumes that every training job runs until its time limit, on the most expensive
    instances that it may use, at the on-demand price. `hptc cost` shows the calculation
    (https://aws.amazon.com/sagemaker/ai/pricing/).

    Bad:
        # policy: {budget_usd: 2}
        limits: {max_number_of_training_jobs: 20}

    Good:
        # policy: {budget_usd: 2}
        limits: {max_number_of_training_jobs: 5}
    """
    if context.policy.budget_usd is None:
        return
    budget, maximum = Decimal(str(context.policy.budget_usd)), cost_of(context).maximum
    if maximum is None or maximum.usd is None or maximum.usd <= budget:
        return
    cost, limit = distinct_texts(maximum.usd, budget, places=2)
    yield rule.finding(
        f"the tuning job may cost ${cost}, but the budget is ${limit}",
        NUMBER_OF_TRAINING_JOBS,
        label=f"{maximum.instance_hours.normalize():f} instance-hours",
        help="reduce the training jobs or a `max_runtime`, or use cheaper instances; "
        "`hptc cost` shows details",
        policy_key=("budget_usd",),
    )


@error("HPT802")
def unknown_cost_with_budget(rule: Rule, context: Context) -> Iterator[Finding]:
    """There is a budget, but the maximum cost of a tuning job is unknown.

    hptc does not guess prices that are not in its table, and a tuning job without a limit has no
    maximum cost, so the budget can't be enforced. `hptc prices refresh` reads AWS's prices into a
    file of the project
    (https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/price-changes.html).

    Bad:
        # policy: {budget_usd: 100}
        training_job: {resources: {instance_type: ml.m4.xlarge}}

    Good:
        # policy: {budget_usd: 100}
        training_job: {resources: {instance_type: ml.m5.xlarge}}
    """
    if context.policy.budget_usd is None:
        return
    budget, bound = Decimal(str(context.policy.budget_usd)), cost_of(context)
    if not bound.missing:
        return
    path = context.job.definitions[0].path / "ResourceConfig"
    help = "run `hptc prices refresh` and commit prices.json"
    if bound.maximum is None:
        path = NUMBER_OF_TRAINING_JOBS
        help = "set `max_number_of_training_jobs` or `max_runtime` in `limits`"
    yield rule.finding(
        f"the budget is ${budget:,.2f}, but the maximum cost is unknown: "
        f"{in_words_of_file(bound.missing[0], context)}",
        path,
        help=help,
        policy_key=("budget_usd",),
        on_key=True,
    )


RULES = (budget_exceeded, unknown_cost_with_budget)
