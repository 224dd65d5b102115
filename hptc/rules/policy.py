"""HPT8xx: what the project's own policy in hptc.yaml allows, in the environment's version.

Each finding names the key of the policy that it is about, so that its line is shown beside.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from hptc.cost import CostBound, cost_bound, job_region, training_jobs
from hptc.diagnostics import Finding, Path
from hptc.images import identify, parse_image
from hptc.instances import instance
from hptc.job import DEFAULT_MAX_RUNTIME_SECONDS, Definition, Resources
from hptc.patterns import glob_fits, pattern
from hptc.policy import Policy
from hptc.prices import packaged
from hptc.rules.reading import duration
from hptc.rules.rule import Context, Rule, error, warning

_LIMITS = ("HyperParameterTuningJobConfig", "ResourceLimits")
_NUMBER = (*_LIMITS, "MaxNumberOfTrainingJobs")
_PARALLEL = (*_LIMITS, "MaxParallelTrainingJobs")


def _policy(context: Context) -> Policy:
    return context.environment.policy if context.environment is not None else Policy()


def _bound(context: Context) -> tuple[Decimal, CostBound] | None:
    """The budget and the bound on the cost; None without a budget."""
    budget = _policy(context).budget_usd
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
        (*context.job.definitions[0].path, "ResourceConfig") if is_price else _NUMBER,
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
    allowed = _policy(context).max_number_of_training_jobs
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
    allowed = _policy(context).max_parallel_training_jobs
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
    allowed = _policy(context).max_runtime
    for definition in context.job.definitions:
        seconds = definition.max_runtime_seconds or DEFAULT_MAX_RUNTIME_SECONDS
        if allowed is not None and seconds > allowed:
            default = " by AWS's default" if definition.max_runtime_seconds is None else ""
            yield rule.finding(
                f"a training job{_of(definition)} may run for {duration(seconds)}{default}, but "
                f"the policy allows {duration(allowed)}",
                (*definition.path, "StoppingCondition", "MaxRuntimeInSeconds"),
                label=f"at most {duration(allowed)}",
                help=f"say `stopping: {{max_runtime: {duration(allowed)}}}` or less",
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
    allowed = _policy(context).instance_types
    for definition in context.job.definitions if allowed is not None else ():
        for each in (each for resources in definition.resources for each in resources.instances):
            if not _fits_one(allowed or [], each.type):
                yield rule.finding(
                    f"{each.type} is not among the instance types that the policy allows",
                    (*each.path, "InstanceType"),
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
    allowed, environment = _policy(context).regions, context.environment
    if allowed is not None and environment is not None and environment.region not in allowed:
        yield rule.finding(
            f"the environment `{environment.name}` is in {environment.region}, which the policy "
            "does not allow",
            (),
            help=f"allowed: {', '.join(allowed) or 'none'}; choose another --env",
            policy_key=("regions",),
        )


@error("HPT808")
def tag_not_as_required(rule: Rule, context: Context) -> Iterator[Finding]:
    """A tag that the policy requires is missing, or its value is of another form.

    Tags tell whose a search is: SageMaker copies them to every training job, so that the bill can
    be split by them (https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/cost-alloc-tags.html).

    Bad:
        # policy: {required_tags: {team: "[a-z-]+"}}
        tags: {team: "Team One"}

    Good:
        # policy: {required_tags: {team: "[a-z-]+"}}
        tags: {team: growth}
    """
    names = [tag["Key"] for tag in context.request.get("Tags", ())]
    for name, regex in (_policy(context).required_tags or {}).items():
        value = context.job.tags.get(name)
        if value is not None and pattern(regex).fits(value):
            continue
        said = "is missing" if value is None else f"is `{value}`, which does not fit `{regex}`"
        yield rule.finding(
            f"the tag `{name}` {said}",
            ("Tags", names.index(name)) if value is not None else ("Tags",),
            label="" if value is None else f"must fit {regex}",
            help=f"add `{name}` to `tags`, with a value that fits `{regex}` as a whole"
            if value is None
            else "the whole value must fit",
            policy_key=("required_tags", name),
        )


@error("HPT809")
def network_isolation_required(rule: Rule, context: Context) -> Iterator[Finding]:
    """Containers with a network, where the policy requires isolation.

    An isolated container can't send data anywhere; SageMaker itself brings the data and takes the
    model (https://docs.aws.amazon.com/sagemaker/latest/dg/mkt-algo-model-internet-free.html).

    Bad:
        # policy: {require_network_isolation: true}
        training_job: {enable_network_isolation: false}

    Good:
        # policy: {require_network_isolation: true}
        training_job: {enable_network_isolation: true}
    """
    if not _policy(context).require_network_isolation:
        return
    for definition in context.job.definitions:
        if not definition.is_isolated:
            yield rule.finding(
                f"the containers{_of(definition)} have a network, but the policy demands isolation",
                (*definition.path, "EnableNetworkIsolation"),
                help="say `enable_network_isolation: true`",
                policy_key=("require_network_isolation",),
            )


@error("HPT810")
def traffic_encryption_required(rule: Rule, context: Context) -> Iterator[Finding]:
    """Traffic between instances in the clear, where the policy requires its encryption.

    It is required of every training job, of one instance too, so that the same can be required in
    IAM (https://docs.aws.amazon.com/sagemaker/latest/dg/train-encrypt.html).

    Bad:
        # policy: {require_inter_container_traffic_encryption: true}
        training_job: {enable_inter_container_traffic_encryption: false}

    Good:
        # policy: {require_inter_container_traffic_encryption: true}
        training_job: {enable_inter_container_traffic_encryption: true}
    """
    if not _policy(context).require_inter_container_traffic_encryption:
        return
    for definition in context.job.definitions:
        if not definition.encrypts_traffic:
            yield rule.finding(
                f"the traffic between instances{_of(definition)} is not encrypted, but the policy "
                "requires it",
                (*definition.path, "EnableInterContainerTrafficEncryption"),
                help="say `enable_inter_container_traffic_encryption: true`",
                policy_key=("require_inter_container_traffic_encryption",),
            )


@error("HPT811")
def kms_key_required(rule: Rule, context: Context) -> Iterator[Finding]:
    """A volume or the output without a key of yours, where the policy requires one.

    AWS encrypts both in any case; with a key of yours you decide who may decrypt, and see who did.
    Instances with storage of their own take no key for it, and are let pass
    (https://docs.aws.amazon.com/sagemaker/latest/dg/encryption-at-rest.html).

    Bad:
        # policy: {require_kms_keys: true}
        training_job: {output: {s3_output_path: "s3://example/models/"}}

    Good:
        # policy: {require_kms_keys: true}
        training_job:
          output: {kms_key_id: "arn:aws:kms:us-east-1:111122223333:key/1234abcd"}
          resources: {volume_kms_key_id: "arn:aws:kms:us-east-1:111122223333:key/1234abcd"}
    """
    if not _policy(context).require_kms_keys:
        return
    for definition in context.job.definitions:
        missing: list[tuple[str, str, Path]] = []
        if definition.output_kms_key_id is None:
            output: Path = (*definition.path, "OutputDataConfig", "KmsKeyId")
            missing.append(("the output", "output.kms_key_id", output))
        for resources in definition.resources:
            if resources.volume_kms_key_id is None and _has_volume(resources):
                key = "resources" if not resources.is_tuning_form else "tuning_resources"
                path = (*resources.path, "VolumeKmsKeyId")
                missing.append(("the volume", f"{key}.volume_kms_key_id", path))
        for what, key, path in missing:
            yield rule.finding(
                f"{what}{_of(definition)} has no key of yours, but the policy requires one",
                path,
                help=f"say `{key}`; an environment with a `kms_key` fills it in",
                policy_key=("require_kms_keys",),
            )


@error("HPT812")
def vpc_required(rule: Rule, context: Context) -> Iterator[Finding]:
    """Training jobs outside of any VPC of yours, where the policy requires one.

    In a VPC, security groups and endpoints decide what the training jobs reach
    (https://docs.aws.amazon.com/sagemaker/latest/dg/train-vpc.html).

    Bad:
        # policy: {require_vpc: true}
        training_job: {enable_network_isolation: true}

    Good:
        # policy: {require_vpc: true}
        training_job:
          vpc: {subnets: [subnet-0a1b2c3d], security_group_ids: [sg-0a1b2c3d]}
    """
    if not _policy(context).require_vpc:
        return
    for definition in context.job.definitions:
        if definition.vpc is None:
            yield rule.finding(
                f"the training jobs{_of(definition)} run in no VPC of yours, but the policy "
                "requires one",
                (*definition.path, "VpcConfig"),
                help="add `vpc`, or give the environment a `network`, which fills it in",
                policy_key=("require_vpc",),
            )


@error("HPT813")
def spot_required(rule: Rule, context: Context) -> Iterator[Finding]:
    """A search of many training jobs on demand, where the policy requires spot.

    Spot capacity costs up to nine tenths less, and a search outlives the loss of a training job
    (https://docs.aws.amazon.com/sagemaker/latest/dg/model-managed-spot-training.html).

    Bad:
        # policy: {spot_required_above: 10}
        limits: {max_number_of_training_jobs: 20}

    Good:
        # policy: {spot_required_above: 10}
        limits: {max_number_of_training_jobs: 10}
    """
    above = _policy(context).spot_required_above
    count = training_jobs(context.job)
    if above is None or (count.number is not None and count.number <= above):
        return
    for definition in context.job.definitions:
        if not definition.is_spot:
            told = f"{count.number}" if count.number else "any number of"
            yield rule.finding(
                f"{told} training jobs{_of(definition)} on demand, but the policy requires spot "
                f"above {above}",
                (*definition.path, "EnableManagedSpotTraining"),
                help="add `spot: {max_wait_time: …}` and a `checkpoint`",
                policy_key=("spot_required_above",),
            )


@error("HPT814")
def image_registry_not_allowed(rule: Rule, context: Context) -> Iterator[Finding]:
    """An image from a registry that the policy does not allow.

    An image is code that runs with the role's permissions. AWS's own images are always allowed; an
    algorithm resource counts as its account's
    (https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html).

    Bad:
        # policy: {image_registries: ["444455556666"]}
        training_job:
          algorithm:
            training_image: 111122223333.dkr.ecr.us-east-1.amazonaws.com/example:1

    Good:
        # policy: {image_registries: ["111122223333"]}
        training_job:
          algorithm:
            training_image: 111122223333.dkr.ecr.us-east-1.amazonaws.com/example:1
    """
    allowed = _policy(context).image_registries
    if allowed is None:
        return
    for definition in context.job.definitions:
        for member, names in _registries(definition, context):
            if not any(_fits_one(allowed, name) for name in names):
                yield rule.finding(
                    f"the registry {names[0]} is not among those that the policy allows",
                    (*definition.path, "AlgorithmSpecification", member),
                    label="not allowed",
                    help=f"allowed: AWS's own images, and {', '.join(allowed) or 'no others'}",
                    policy_key=("image_registries",),
                )


@error("HPT815")
def forbidden_hyperparameter(rule: Rule, context: Context) -> Iterator[Finding]:
    """A hyperparameter of a name that the policy forbids.

    Hyperparameters are shown in the console, in logs and in every Describe response: no place for
    passwords, and not for a switch that a platform keeps to itself
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html).

    Bad:
        # policy: {forbidden_hyperparameters: ["debug_*"]}
        training_job: {hyperparameters: {debug_level: 3}}

    Good:
        # policy: {forbidden_hyperparameters: ["debug_*"]}
        training_job: {hyperparameters: {level: 3}}
    """
    globs = _policy(context).forbidden_hyperparameters or []
    for definition in context.job.definitions if globs else ():
        static = (*definition.path, "StaticHyperParameters")
        named: list[tuple[str, Path]] = [(name, (*static, name)) for name in definition.static]
        named += [(range_.name, range_.path) for range_ in definition.ranges]
        for name, path in named:
            index = next((i for i, glob in enumerate(globs) if glob_fits(glob, name)), None)
            if index is not None:
                yield rule.finding(
                    f"the policy forbids the hyperparameter `{name}`",
                    path,
                    label=f"as `{globs[index]}`",
                    help="remove it",
                    on_key=True,
                    policy_key=("forbidden_hyperparameters", index),
                )


def _of(definition: Definition) -> str:
    return f" of `{definition.name}`" if definition.name else ""


def _fits_one(globs: list[str], text: str) -> bool:
    return any(glob_fits(glob, text) for glob in globs)


def _has_volume(resources: Resources) -> bool:
    kinds = [instance(each.type) for each in resources.instances]
    return not kinds or any(kind is None or not kind.has_local_storage for kind in kinds)


def _registries(definition: Definition, context: Context) -> Iterator[tuple[str, list[str]]]:
    """What a definition's code comes from: the member that says it, and the registry's names."""
    uri, name = definition.training_image, definition.algorithm_name
    if uri is not None and identify(uri) is None:
        image = parse_image(uri)
        yield "TrainingImage", [uri.partition("/")[0], *([image.account] if image else [])]
    if name is not None:
        parts = name.split(":")
        own = context.environment.account if context.environment is not None else "unknown"
        yield "AlgorithmName", [parts[4] if name.startswith("arn:") and len(parts) > 5 else own]


RULES = (
    search_over_the_budget,
    cost_unknown_under_a_budget,
    more_training_jobs_than_allowed,
    more_at_once_than_allowed,
    longer_training_job_than_allowed,
    instance_type_not_allowed,
    region_not_allowed,
    tag_not_as_required,
    network_isolation_required,
    traffic_encryption_required,
    kms_key_required,
    vpc_required,
    spot_required,
    image_registry_not_allowed,
    forbidden_hyperparameter,
)
