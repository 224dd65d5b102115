"""HPT801 to HPT808: how much a search may take by the project's policy, on what and where.

Each finding names the key of the policy that it is about, so that its line is shown beside.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from hptc.catalog.prices import packaged
from hptc.cost.bound import CostBound, cost_bound, job_region, training_jobs
from hptc.diagnostics import Finding, RequestPath
from hptc.project.patterns import any_glob_fits, pattern
from hptc.request.job_facts import of_definition
from hptc.request.tuning_job import DEFAULT_MAX_RUNTIME_SECONDS
from hptc.rules.rule import Context, Rule, error, warning
from hptc.text import spec_duration

_LIMITS = RequestPath(("HyperParameterTuningJobConfig", "ResourceLimits"))
_NUMBER = _LIMITS / "MaxNumberOfTrainingJobs"
_PARALLEL = _LIMITS / "MaxParallelTrainingJobs"


def _bound(context: Context) -> tuple[Decimal, CostBound] | None:
    """The budget and the bound on the cost; None without a budget."""
    budget = context.policy.budget_usd
    if budget is None:
        return None
    region = job_region(context.job, context.environment)
    return Decimal(str(budget)), cost_bound(context.job, region, context.prices or packaged())


@error("HPT801")
def search_over_the_budget(rule: Rule, context: Context) -> Iterator[Finding]:
    """A search that may cost more than the budget.

    Compared is the most that it can cost: every training job to its time limit, on the dearest
    instances that it may get, at the on-demand price. `hptc cost` shows how it is counted
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
    most = bound.most
    if most is not None and most.usd is not None and most.usd > budget:
        yield rule.finding(
            f"the search may cost ${most.usd:,.2f}, but the budget is ${budget:,.2f}",
            _NUMBER,
            label=f"{most.instance_hours.normalize():f} instance-hours",
            help="fewer training jobs, a shorter `max_runtime` of search or training job, or "
            "cheaper instances; `hptc cost` shows the sum",
            policy_key=("budget_usd",),
        )


@warning("HPT802")
def cost_unknown_under_a_budget(rule: Rule, context: Context) -> Iterator[Finding]:
    """There is a budget, but the most that the search may cost is not known.

    A price that is not in the table is not guessed, and a search without an end has no bound, so
    nothing holds the budget here. `hptc prices refresh` reads AWS's prices into a file of the
    project (https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/price-changes.html).

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
    is_price = bound.most is not None
    yield rule.finding(
        f"the budget is ${budget:,.2f}, but the cost is not known, for want of {bound.missing[0]}",
        context.job.definitions[0].path / "ResourceConfig" if is_price else _NUMBER,
        help="`hptc prices refresh`, and commit prices.json"
        if is_price
        else "say `max_number_of_training_jobs` or `max_runtime` in `limits`",
        policy_key=("budget_usd",),
        on_key=True,
    )


@error("HPT803")
def more_training_jobs_than_allowed(rule: Rule, context: Context) -> Iterator[Finding]:
    """A search of more training jobs than the policy allows.

    Counted are the number that the spec says, or the points of a grid. A search whose number nobody
    knows may have more than any number
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceLimits.html).

    Bad:
        # policy: {max_number_of_training_jobs: 10}
        limits: {max_number_of_training_jobs: 20}

    Good:
        # policy: {max_number_of_training_jobs: 10}
        limits: {max_number_of_training_jobs: 10}
    """
    allowed = context.policy.max_number_of_training_jobs
    count = training_jobs(context.job)
    if allowed is not None and (count.number is None or count.number > allowed):
        told = f"{count.number} training jobs" if count.number else "any number of training jobs"
        yield rule.finding(
            f"the search may have {told} ({count.reason}), but the policy allows {allowed}",
            _NUMBER,
            label=f"at most {allowed}",
            help=f"say `max_number_of_training_jobs: {allowed}` or less",
            policy_key=("max_number_of_training_jobs",),
        )


@error("HPT804")
def more_at_once_than_allowed(rule: Rule, context: Context) -> Iterator[Finding]:
    """More training jobs at once than the policy allows.

    Each takes its instances from the account's quota while it runs
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
            f"{parallel} training jobs at once, but the policy allows {allowed}",
            _PARALLEL,
            label=f"at most {allowed}",
            help=f"say `max_parallel_training_jobs: {allowed}` or less",
            policy_key=("max_parallel_training_jobs",),
        )


@error("HPT805")
def longer_training_job_than_allowed(rule: Rule, context: Context) -> Iterator[Finding]:
    """A training job that may run longer than the policy allows.

    One that says nothing may run for a day
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
            default = " by AWS's default" if definition.max_runtime_seconds is None else ""
            yield rule.finding(
                f"a training job{of_definition(definition)} may run for {spec_duration(seconds)}"
                f"{default}, but the policy allows {spec_duration(allowed)}",
                definition.path / "StoppingCondition" / "MaxRuntimeInSeconds",
                label=f"at most {spec_duration(allowed)}",
                help=f"say `stopping: {{max_runtime: {spec_duration(allowed)}}}` or less",
                policy_key=("max_runtime",),
            )


@error("HPT806")
def instance_type_not_allowed(rule: Rule, context: Context) -> Iterator[Finding]:
    """An instance type that the policy does not allow.

    `*` in the policy stands for any text
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
        for each in (each for resources in definition.resources for each in resources.instances):
            if not any_glob_fits(allowed or [], each.type):
                yield rule.finding(
                    f"{each.type} is not among the instance types that the policy allows",
                    each.path / "InstanceType",
                    label="not allowed",
                    help=f"allowed: {', '.join(allowed or []) or 'none'}",
                    policy_key=("instance_types",),
                )


@error("HPT807")
def region_not_allowed(rule: Rule, context: Context) -> Iterator[Finding]:
    """An environment in a Region that the policy does not allow.

    Where data may be is often a matter of law
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
            help=f"allowed: {', '.join(allowed) or 'none'}; choose another --env",
            policy_key=("regions",),
        )


@error("HPT808")
def tag_not_as_required(rule: Rule, context: Context) -> Iterator[Finding]:
    """A tag that the policy requires is missing, or its value is of another form.

    Tags tell whose a search is: SageMaker copies them to every training job, so that the bill can
    be split by them
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
        if value is not None and pattern(regex).fits(value):
            continue
        said = "is missing" if value is None else f"is `{value}`, which does not fit `{regex}`"
        yield rule.finding(
            f"the tag `{name}` {said}",
            RequestPath(("Tags", names.index(name)) if value is not None else ("Tags",)),
            label="" if value is None else f"must fit {regex}",
            help=f"add `{name}` to `tags`, with a value that fits `{regex}` as a whole"
            if value is None
            else "the whole value must fit",
            policy_key=("required_tags", name),
        )


RULES = (
    search_over_the_budget,
    cost_unknown_under_a_budget,
    more_training_jobs_than_allowed,
    more_at_once_than_allowed,
    longer_training_job_than_allowed,
    instance_type_not_allowed,
    region_not_allowed,
    tag_not_as_required,
)
