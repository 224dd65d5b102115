"""HPT801 to HPT808: the project's policy on cost, size, instances, Regions and tags.

Each finding names its key in the policy, so that its line is shown too.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from hptc.diagnostics import Finding, RequestPath
from hptc.project.patterns import matches_any_glob, pattern
from hptc.request.job_facts import of_definition
from hptc.request.tuning_job import DEFAULT_MAX_RUNTIME_SECONDS
from hptc.rules.rule import Context, Rule, error
from hptc.text import spec_duration, told_apart

if TYPE_CHECKING:
    from hptc.cost.bound import CostBound

# hptc.cost is imported only where a policy limits costs: few checks need it, and importing it would
# slow down all of them.

_LIMITS = RequestPath(("HyperParameterTuningJobConfig", "ResourceLimits"))
_NUMBER = _LIMITS / "MaxNumberOfTrainingJobs"
_PARALLEL = _LIMITS / "MaxParallelTrainingJobs"


def _bound(context: Context) -> tuple[Decimal, CostBound] | None:
    """The budget and the cost bound; None without a budget."""
    budget = context.policy.budget_usd
    return None if budget is None else (Decimal(str(budget)), cost_of(context))


def cost_of(context: Context) -> CostBound:
    """The cost bound of the tuning job, with the project's prices."""
    from hptc.catalog.prices import packaged
    from hptc.cost.bound import cost_bound, job_region

    region = job_region(context.job, context.environment)
    return cost_bound(context.job, region, context.prices or packaged())


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
    found = _bound(context)
    if found is None:
        return
    budget, bound = found
    maximum = bound.maximum
    if maximum is not None and maximum.usd is not None and maximum.usd > budget:
        cost, limit = told_apart(maximum.usd, budget, places=2)
        yield rule.finding(
            f"the tuning job may cost ${cost}, but the budget is ${limit}",
            _NUMBER,
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
    found = _bound(context)
    if found is None or not found[1].missing:
        return
    budget, bound = found
    is_price = bound.maximum is not None
    yield rule.finding(
        f"the budget is ${budget:,.2f}, but the maximum cost is unknown: "
        f"{_in_file(context, bound.missing[0])}",
        context.job.definitions[0].path / "ResourceConfig" if is_price else _NUMBER,
        help="run `hptc prices refresh` and commit prices.json"
        if is_price
        else "set `max_number_of_training_jobs` or `max_runtime` in `limits`",
        policy_key=("budget_usd",),
        on_key=True,
    )


def _in_file(context: Context, reason: str) -> str:
    """The reason for a number, which names the kind of the file."""
    return reason.replace("in the spec", "in the request") if context.is_request else reason


@error("HPT803")
def training_jobs_over_policy(rule: Rule, context: Context) -> Iterator[Finding]:
    """A tuning job has more training jobs than the policy allows.

    The number is that of the spec, or the size of the grid. If it is unknown, the tuning job may
    have any number of training jobs
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceLimits.html).

    Bad:
        # policy: {max_number_of_training_jobs: 10}
        limits: {max_number_of_training_jobs: 20}

    Good:
        # policy: {max_number_of_training_jobs: 10}
        limits: {max_number_of_training_jobs: 10}
    """
    allowed = context.policy.max_number_of_training_jobs
    if allowed is None:
        return
    from hptc.cost.bound import job_count

    count = job_count(context.job)
    if count.number is None or count.number > allowed:
        number = f"{count.number}" if count.number else "any number of"
        yield rule.finding(
            f"the tuning job may have {number} training jobs "
            f"({_in_file(context, count.reason)}), but the policy allows {allowed}",
            _NUMBER,
            label=f"must be {allowed} or less",
            accepted=allowed,
            help="list fewer values"
            if context.job.strategy == "Grid" and not count.is_explicit
            else f"set `max_number_of_training_jobs: {allowed}` or less",
            policy_key=("max_number_of_training_jobs",),
        )


@error("HPT804")
def parallel_training_jobs_over_policy(rule: Rule, context: Context) -> Iterator[Finding]:
    """A tuning job runs more training jobs in parallel than the policy allows.

    Parallel training jobs share the instance quota of the account
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html).

    Bad:
        # policy: {max_parallel_training_jobs: 1}
        limits: {max_parallel_training_jobs: 2}

    Good:
        # policy: {max_parallel_training_jobs: 2}
        limits: {max_parallel_training_jobs: 2}
    """
    allowed = context.policy.max_parallel_training_jobs
    parallel = context.job.max_parallel_training_jobs
    if allowed is not None and parallel > allowed:
        yield rule.finding(
            f"the tuning job runs {parallel} training jobs in parallel, but the policy allows "
            f"{allowed}",
            _PARALLEL,
            label=f"must be {allowed} or less",
            accepted=allowed,
            help=f"set `max_parallel_training_jobs: {allowed}` or less",
            policy_key=("max_parallel_training_jobs",),
        )


@error("HPT805")
def max_runtime_over_policy(rule: Rule, context: Context) -> Iterator[Finding]:
    """A training job may run longer than the policy allows.

    Without `max_runtime`, a training job may run for one day
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StoppingCondition.html).

    Bad:
        # policy: {max_runtime: 30m}
        training_job: {stopping: {max_runtime: 1h}}

    Good:
        # policy: {max_runtime: 1h}
        training_job: {stopping: {max_runtime: 1h}}
    """
    allowed = context.policy.max_runtime
    for definition in context.job.definitions:
        seconds = definition.max_runtime_seconds or DEFAULT_MAX_RUNTIME_SECONDS
        if allowed is not None and seconds > allowed:
            default = " (AWS's default)" if definition.max_runtime_seconds is None else ""
            yield rule.finding(
                f"a training job{of_definition(definition)} may run for {context.duration(seconds)}"
                f"{default}, but the policy allows {context.duration(allowed)}",
                definition.path / "StoppingCondition" / "MaxRuntimeInSeconds",
                label=f"must be {context.duration(allowed)} or less",
                accepted=context.duration_value(allowed),
                help=f"set `max_runtime: {spec_duration(allowed)}` or less under `stopping`",
                policy_key=("max_runtime",),
            )


@error("HPT806")
def forbidden_instance_type(rule: Rule, context: Context) -> Iterator[Finding]:
    """The policy does not allow an instance type.

    `*` in the policy matches any text
    (https://docs.aws.amazon.com/sagemaker/latest/dg/security_iam_id-based-policy-examples.html).

    Bad:
        # policy: {instance_types: ["ml.c5.*"]}
        training_job: {resources: {instance_type: ml.m5.xlarge}}

    Good:
        # policy: {instance_types: ["ml.c5.*", "ml.m5.xlarge"]}
        training_job: {resources: {instance_type: ml.m5.xlarge}}
    """
    allowed = context.policy.instance_types
    for definition in context.job.definitions if allowed is not None else ():
        for each in definition.instances:
            if not matches_any_glob(allowed or [], each.type):
                yield rule.finding(
                    f"the policy does not allow the instance type {each.type}",
                    each.path / "InstanceType",
                    label="not allowed",
                    help=f"allowed instance types: {', '.join(allowed or []) or 'none'}",
                    policy_key=("instance_types",),
                )


@error("HPT807")
def forbidden_region(rule: Rule, context: Context) -> Iterator[Finding]:
    """The policy does not allow the Region of the environment.

    Laws and contracts often restrict where data may be processed
    (https://docs.aws.amazon.com/sagemaker/latest/dg/regions-quotas.html).

    Bad:
        # policy: {regions: [eu-west-1]}
        strategy: Bayesian

    Good:
        # policy: {regions: [eu-west-1, us-east-1]}
        strategy: Bayesian
    """
    allowed, environment = context.policy.regions, context.environment
    if allowed is not None and environment is not None and environment.region not in allowed:
        yield rule.finding(
            f"the environment `{environment.name}` is in {environment.region}, which the policy "
            "does not allow",
            RequestPath(),
            help=f"allowed Regions: {', '.join(allowed) or 'none'}; choose another --env",
            policy_key=("regions",),
        )


@error("HPT808")
def missing_or_invalid_required_tag(rule: Rule, context: Context) -> Iterator[Finding]:
    """A tag that the policy requires is missing or has an invalid value.

    SageMaker copies the tags of a tuning job to every training job, so that costs can be allocated
    (https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/cost-alloc-tags.html).

    Bad:
        # policy: {required_tags: {team: "[a-z-]+"}}
        tags: {team: "Team One"}

    Good:
        # policy: {required_tags: {team: "[a-z-]+"}}
        tags: {team: growth}
    """
    names = [tag["Key"] for tag in context.request.get("Tags", ())]
    for name, regex in (context.policy.required_tags or {}).items():
        value = context.job.tags.get(name)
        if value is not None and pattern(regex).matches(value):
            continue
        problem = "is missing" if value is None else f"is `{value}`, which does not match `{regex}`"
        yield rule.finding(
            f"the tag `{name}` {problem}",
            RequestPath(("Tags", names.index(name)) if value is not None else ("Tags",)),
            label="" if value is None else f"must match {regex}",
            help=f"add `{name}` to `tags`, with a value that matches `{regex}`"
            if value is None
            else "the whole value must match",
            policy_key=("required_tags", name),
        )


RULES = (
    budget_exceeded,
    unknown_cost_with_budget,
    training_jobs_over_policy,
    parallel_training_jobs_over_policy,
    max_runtime_over_policy,
    forbidden_instance_type,
    forbidden_region,
    missing_or_invalid_required_tag,
)
