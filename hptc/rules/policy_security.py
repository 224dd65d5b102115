"""HPT809 to HPT815: how training jobs must run by the project's policy, and with what.

Each finding names the key of the policy that it is about, so that its line is shown beside.
"""

from __future__ import annotations

from collections.abc import Iterator

from hptc.catalog.images import identify, parse_image
from hptc.catalog.instances import instance
from hptc.cost.bound import training_jobs
from hptc.diagnostics import Finding, RequestPath
from hptc.project import kms_keys
from hptc.project.patterns import any_glob_fits, glob_fits
from hptc.project.references import has_reference
from hptc.request.job_facts import of_definition
from hptc.request.tuning_job import Definition, Resources, Vpc
from hptc.rules.rule import Context, Rule, error


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
    if not context.policy.require_network_isolation:
        return
    for definition in context.job.definitions:
        if not definition.is_isolated:
            yield rule.finding(
                f"the containers{of_definition(definition)} have a network, but the policy demands "
                "isolation",
                definition.path / "EnableNetworkIsolation",
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
    if not context.policy.require_inter_container_traffic_encryption:
        return
    for definition in context.job.definitions:
        if not definition.encrypts_traffic:
            yield rule.finding(
                f"the traffic between instances{of_definition(definition)} is not encrypted, but "
                "the policy requires it",
                definition.path / "EnableInterContainerTrafficEncryption",
                help="say `enable_inter_container_traffic_encryption: true`",
                policy_key=("require_inter_container_traffic_encryption",),
            )


@error("HPT811")
def kms_key_required(rule: Rule, context: Context) -> Iterator[Finding]:
    """A volume or the output without a key of yours, where the policy requires one.

    AWS encrypts both in any case; with a key of yours you decide who may decrypt, and see who did.
    It must be the environment's; where that has none, any of its account, by its ARN: the same can
    be required in IAM. Instances with storage of their own take no key for it, and are let pass
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
    if not context.policy.require_kms_keys:
        return
    for definition in context.job.definitions:
        for what, key, path, value in _keys(definition):
            what += of_definition(definition)
            if value is None:
                yield rule.finding(
                    f"{what} has no key of yours, but the policy requires one",
                    path,
                    help=f"say `{key}`; an environment with a `kms_key` fills it in",
                    policy_key=("require_kms_keys",),
                )
            elif (wanted := _other_key(value, context)) is not None:
                yield rule.finding(
                    f"{what} has the key `{value}`, but the policy requires {wanted}",
                    path,
                    label="another key",
                    help=f"leave `{key}` out in a spec whose environment has a `kms_key`; else "
                    "name a key by its ARN",
                    policy_key=("require_kms_keys",),
                )


@error("HPT812")
def vpc_required(rule: Rule, context: Context) -> Iterator[Finding]:
    """Training jobs outside of any VPC of yours, where the policy requires one.

    In a VPC, security groups and endpoints decide what the training jobs reach. It must be the
    environment's `network`, as in the launcher policy; where that has none, any
    (https://docs.aws.amazon.com/sagemaker/latest/dg/train-vpc.html).

    Bad:
        # policy: {require_vpc: true}
        training_job: {enable_network_isolation: true}

    Good:
        # policy: {require_vpc: true}
        training_job:
          vpc: {subnets: [subnet-0a1b2c3d], security_group_ids: [sg-0a1b2c3d]}
    """
    if not context.policy.require_vpc:
        return
    for definition in context.job.definitions:
        of = of_definition(definition)
        if definition.vpc is None:
            yield rule.finding(
                f"the training jobs{of} run in no VPC of yours, but the policy requires one",
                definition.path / "VpcConfig",
                help="add `vpc`, or give the environment a `network`, which fills it in",
                policy_key=("require_vpc",),
            )
            continue
        for what, path, id_, own in _outside(definition.vpc, context):
            yield rule.finding(
                f"the {what} `{id_}`{of} is not the environment's, but the policy requires that",
                path,
                label="not the environment's",
                help=f"it has {', '.join(own)}; leave `vpc` out in a spec, and they are filled in",
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
    above = context.policy.spot_required_above
    count = training_jobs(context.job)
    if above is None or (count.number is not None and count.number <= above):
        return
    for definition in context.job.definitions:
        if not definition.is_spot:
            told = f"{count.number}" if count.number else "any number of"
            yield rule.finding(
                f"{told} training jobs{of_definition(definition)} on demand, but the policy "
                f"requires spot above {above}",
                definition.path / "EnableManagedSpotTraining",
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
    allowed = context.policy.image_registries
    if allowed is None:
        return
    for definition in context.job.definitions:
        for member, names in _registries(definition, context):
            if not any(any_glob_fits(allowed, name) for name in names):
                yield rule.finding(
                    f"the registry {names[0]} is not among those that the policy allows",
                    definition.path / "AlgorithmSpecification" / member,
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
    globs = context.policy.forbidden_hyperparameters or []
    for definition in context.job.definitions if globs else ():
        static = definition.path / "StaticHyperParameters"
        named: list[tuple[str, RequestPath]] = [(name, static / name) for name in definition.static]
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


def _keys(definition: Definition) -> Iterator[tuple[str, str, RequestPath, str | None]]:
    """What of a definition takes a key: its name, the key in a spec, the place, what it says.

    A volume that can't have a key is left out, unless it is given one.
    """
    output = definition.path / "OutputDataConfig" / "KmsKeyId"
    yield "the output", "output.kms_key_id", output, definition.output_kms_key_id
    for resources in definition.resources:
        if resources.volume_kms_key_id is not None or _has_volume(resources):
            group = "resources" if not resources.is_tuning_form else "tuning_resources"
            path = resources.path / "VolumeKmsKeyId"
            key = f"{group}.volume_kms_key_id"
            yield "the volume", key, path, resources.volume_kms_key_id


def _other_key(key: str, context: Context) -> str | None:
    """The key that is required, in words, when it is not this one.

    Those that pass are those that the launcher's IAM conditions take.
    """
    environment = context.environment
    if environment is None or key == kms_keys.own_key(environment):
        return None
    allowed = kms_keys.allowed_keys(environment)
    if context.spec_name is None and any(map(has_reference, allowed)):
        # A request can't say the reference, and which key it stands for only a deployment tells.
        allowed = (kms_keys.any_key(environment),)
    if any_glob_fits(allowed, kms_keys.key_arn(key, environment)):
        return None
    own = kms_keys.own_key(environment)
    return f"the environment's, {own}" if own else f"one of the account, {allowed[0]}"


def _outside(vpc: Vpc, context: Context) -> Iterator[tuple[str, RequestPath, str, list[str]]]:
    """The subnets and security groups that are not the environment's, where it has any."""
    provided = context.environment.variables if context.environment is not None else {}
    for what, member, ids, variable in (
        ("subnet", "Subnets", vpc.subnets, "subnet_ids"),
        ("security group", "SecurityGroupIds", vpc.security_group_ids, "security_group_ids"),
    ):
        own = provided.get(variable) or []
        if not own or (context.spec_name is None and any(map(has_reference, own))):
            continue  # a request can't say a reference, and only a deployment tells what it is
        for index, id_ in enumerate(ids):
            if id_ not in own:
                yield what, vpc.path / member / index, id_, own


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
        if name.startswith("arn:") and len(parts) > 5:
            yield "AlgorithmName", [parts[4]]
        elif context.environment is not None:
            yield "AlgorithmName", [context.environment.account]


RULES = (
    network_isolation_required,
    traffic_encryption_required,
    kms_key_required,
    vpc_required,
    spot_required,
    image_registry_not_allowed,
    forbidden_hyperparameter,
)
