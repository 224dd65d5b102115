"""HPT803 to HPT808: the project's policy on size, instances, Regions and tags.

Each finding names its key in the policy, so that its line is shown too.
"""

from __future__ import annotations

from collections.abc import Iterator

from hptc.diagnostics import Finding, RequestPath
from hptc.project.patterns import matches_any_glob, pattern
from hptc.request.job_facts import of_definition
from hptc.request.tuning_job import DEFAULT_MAX_RUNTIME_SECONDS
from hptc.rules.policy_budget import NUMBER_OF_TRAINING_JOBS, in_words_of_file
from hptc.rules.rule import Context, Rule, error
from hptc.text import spec_duration

_PARALLEL = RequestPath(
    ("HyperParameterTuningJobConfig", "ResourceLimits", "MaxParallelTrainingJobs")
)


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
    from hptc.cost.bound import job_count  # needed for this policy only

    count = job_count(context.job)
    if count.number is not None and count.number <= allowed:
        return
    number = f"{count.number}" if count.number else "any number of"
    is_grid_size = context.job.strategy == "Grid" and not count.is_explicit
    yield rule.finding(
        f"the tuning job may have {number} training jobs "
        f"({in_words_of_file(count.reason, context)}), but the policy allows {allowed}",
        NUMBER_OF_TRAINING_JOBS,
        label=f"must be {allowed} or less",
        accepted=allowed,
        help="list fewer values"
        if is_grid_size
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
    if allowed is None or parallel <= allowed:
        return
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
    if allowed is None:
        return
    for definition in context.job.definitions:
        seconds = definition.max_runtime_seconds or DEFAULT_MAX_RUNTIME_SECONDS
        if seconds <= allowed:
            continue
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
    if allowed is None:
        return
    for definition in context.job.definitions:
        for instances in definition.instances:
            if matches_any_glob(allowed, instances.type):
                continue
            yield rule.finding(
                f"the policy does not allow the instance type {instances.type}",
                instances.path / "InstanceType",
                label="not allowed",
                help=f"allowed instance types: {', '.join(allowed) or 'none'}",
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
    if allowed is None or environment is None or environment.region in allowed:
        return
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
        if value is None:
            yield rule.finding(
                f"the tag `{name}` is missing",
                RequestPath(("Tags",)),
                help=f"add `{name}` to `tags`, with a value that matches `{regex}`",
                policy_key=("required_tags", name),
            )
        elif not pattern(regex).matches(value):
            yield rule.finding(
                f"the tag `{name}` is `{value}`, which does not match `{regex}`",
                RequestPath(("Tags", names.index(name))),
                label=f"must match {regex}",
                help="the whole value must match",
                policy_key=("required_tags", name),
            )


RULES = (
    training_jobs_over_policy,
    parallel_training_jobs_over_policy,
    max_runtime_over_policy,
    forbidden_instance_type,
    forbidden_region,
    missing_or_invalid_required_tag,
)
