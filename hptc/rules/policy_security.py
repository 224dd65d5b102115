"""HPT809 to HPT813: the project's policy on isolation, encryption, the network and Spot.

Each finding names its key in the policy, so that its line is shown too.
"""

from __future__ import annotations

from collections.abc import Iterator

from hptc.catalog.instances import instance
from hptc.diagnostics import Finding, RequestPath
from hptc.frozen import frozen
from hptc.project import kms_keys
from hptc.project.patterns import matches_any_glob
from hptc.project.references import has_reference
from hptc.request.job_facts import of_definition
from hptc.request.tuning_job import Definition, Resources, Vpc
from hptc.rules.rule import Context, Rule, advice, error, set_value


@error("HPT809")
def missing_network_isolation(rule: Rule, context: Context) -> Iterator[Finding]:
    """Network isolation is off, but the policy requires it.

    A container with network isolation can't send data anywhere; SageMaker itself provides the input
    data and uploads the model
    (https://docs.aws.amazon.com/sagemaker/latest/dg/mkt-algo-model-internet-free.html).

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
                f"the training jobs{of_definition(definition)} have no network isolation, but the "
                "policy requires it",
                definition.path / "EnableNetworkIsolation",
                help="add `enable_network_isolation: true`",
                fixes=(
                    advice(
                        "add `enable_network_isolation: true`",
                        set_value(definition.path / "EnableNetworkIsolation", True),
                    ),
                ),
                policy_key=("require_network_isolation",),
            )


@error("HPT810")
def missing_traffic_encryption(rule: Rule, context: Context) -> Iterator[Finding]:
    """Traffic encryption is off, but the policy requires it.

    The policy applies to every training job, even with a single instance, so that IAM can enforce
    it too
    (https://docs.aws.amazon.com/sagemaker/latest/dg/train-encrypt.html).

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
                help="add `enable_inter_container_traffic_encryption: true`",
                fixes=(
                    advice(
                        "add `enable_inter_container_traffic_encryption: true`",
                        set_value(definition.path / "EnableInterContainerTrafficEncryption", True),
                    ),
                ),
                policy_key=("require_inter_container_traffic_encryption",),
            )


@error("HPT811")
def missing_kms_key(rule: Rule, context: Context) -> Iterator[Finding]:
    """The output or a volume does not have the KMS key that the policy requires.

    AWS always encrypts both, but with your own KMS key you control and audit who can decrypt. The
    policy requires the environment's key or, if it has none, any key in its account by ARN, so that
    IAM can enforce it too. Local storage does not support KMS keys and is not reported
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
        for encrypted in _encrypted_parts(definition):
            noun = f"{encrypted.noun}{of_definition(definition)}"
            if encrypted.kms_key is None:
                yield rule.finding(
                    f"{noun} has no KMS key, but the policy requires one",
                    encrypted.path,
                    help=f"add `{encrypted.spec_key}`, or a `kms_key` to the environment",
                    policy_key=("require_kms_keys",),
                )
            elif (required := _required_key(encrypted.kms_key, context)) is not None:
                yield rule.finding(
                    f"{noun} has the KMS key `{encrypted.kms_key}`, but the policy requires "
                    f"{required}",
                    encrypted.path,
                    label="other key",
                    help=f"omit `{encrypted.spec_key}`"
                    if context.environment and kms_keys.own_key(context.environment)
                    else "use a key ARN, or add a `kms_key` to the environment",
                    policy_key=("require_kms_keys",),
                )


@error("HPT812")
def missing_vpc(rule: Rule, context: Context) -> Iterator[Finding]:
    """A training job does not use the VPC that the policy requires.

    In a VPC, security groups and endpoints control what training jobs can access. As in the
    launcher policy, it must be the environment's `network`; if it has none, any VPC is allowed
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
                f"the training jobs{of} have no VPC, but the policy requires one",
                definition.path / "VpcConfig",
                help="add `vpc`, or a `network` to the environment",
                policy_key=("require_vpc",),
            )
            continue
        for foreign in _foreign_resources(definition.vpc, context):
            yield rule.finding(
                f"the policy requires the environment's {foreign.noun}s, but `{foreign.id}`{of} is "
                "a different one",
                foreign.path,
                label="not in the environment",
                help=f"use {', '.join(foreign.allowed)}, or omit `vpc` in a spec",
                policy_key=("require_vpc",),
            )


@error("HPT813")
def missing_spot_training(rule: Rule, context: Context) -> Iterator[Finding]:
    """A tuning job with many training jobs runs on demand, but the policy requires Spot.

    Managed spot training can save up to 90% of the cost, and a tuning job tolerates interrupted
    training jobs
    (https://docs.aws.amazon.com/sagemaker/latest/dg/model-managed-spot-training.html).

    Bad:
        # policy: {spot_required_above: 10}
        limits: {max_number_of_training_jobs: 20}

    Good:
        # policy: {spot_required_above: 10}
        limits: {max_number_of_training_jobs: 10}
    """
    above = context.policy.spot_required_above
    if above is None:
        return
    from hptc.cost.bound import job_count  # only policies need it

    count = job_count(context.job)
    if count.number is not None and count.number <= above:
        return
    for definition in context.job.definitions:
        if not definition.is_spot:
            number = f"{count.number}" if count.number else "any number of"
            yield rule.finding(
                f"{number} training jobs{of_definition(definition)} run on demand, but the policy "
                f"requires managed spot training above {above}",
                definition.path / "EnableManagedSpotTraining",
                help="add `enable_managed_spot_training: true`, `max_wait_time` and `checkpoint`"
                if context.is_request
                else "add `spot: {max_wait_time: …}` and a `checkpoint`",
                policy_key=("spot_required_above",),
            )


@frozen
class _EncryptedPart:
    """The output or the volumes of a definition, which can have a KMS key."""

    noun: str
    spec_key: str
    path: RequestPath
    kms_key: str | None


def _encrypted_parts(definition: Definition) -> Iterator[_EncryptedPart]:
    """The output, and the volumes. One that can't have a KMS key is omitted, unless it has one."""
    yield _EncryptedPart(
        noun="the output",
        spec_key="output.kms_key_id",
        path=definition.path / "OutputDataConfig" / "KmsKeyId",
        kms_key=definition.output_kms_key_id,
    )
    for resources in definition.resources:
        if resources.volume_kms_key_id is not None or _has_volume(resources):
            group = "tuning_resources" if resources.is_tuning_form else "resources"
            yield _EncryptedPart(
                noun="the volume",
                spec_key=f"{group}.volume_kms_key_id",
                path=resources.path / "VolumeKmsKeyId",
                kms_key=resources.volume_kms_key_id,
            )


def _required_key(key: str, context: Context) -> str | None:
    """A description of the required key, or None if this key is allowed.

    The launcher's IAM conditions allow the same keys.
    """
    environment = context.environment
    if environment is None or key == kms_keys.own_key(environment):
        return None
    allowed = kms_keys.allowed_keys(environment)
    if context.is_request and any(map(has_reference, allowed)):
        # A request can't contain a reference, and only a deployment can resolve it.
        allowed = (kms_keys.any_key(environment),)
    if matches_any_glob(allowed, kms_keys.key_arn(key, environment)):
        return None
    own = kms_keys.own_key(environment)
    if own and has_reference(own):  # the deployment creates it
        return "the key that hptc creates for the environment"
    return f"that of the environment, {own}" if own else f"one in the account, {allowed[0]}"


@frozen
class _ForeignResource:
    """A subnet or security group that is not the environment's."""

    noun: str
    id: str
    path: RequestPath
    allowed: list[str]


def _foreign_resources(vpc: Vpc, context: Context) -> Iterator[_ForeignResource]:
    """The subnets and security groups that are not in the environment, if it has any."""
    provided = context.environment.variables if context.environment is not None else {}
    for noun, member, ids, variable in (
        ("subnet", "Subnets", vpc.subnets, "subnet_ids"),
        ("security group", "SecurityGroupIds", vpc.security_group_ids, "security_group_ids"),
    ):
        allowed = provided.get(variable) or []
        if not allowed or (context.is_request and any(map(has_reference, allowed))):
            continue  # a request can't contain a reference, and only a deployment can resolve it
        for index, id_ in enumerate(ids):
            if id_ not in allowed:
                path = vpc.path / member / index
                yield _ForeignResource(noun=noun, id=id_, path=path, allowed=allowed)


def _has_volume(resources: Resources) -> bool:
    kinds = [instance(requested.type) for requested in resources.instances]
    return not kinds or any(kind is None or not kind.has_local_storage for kind in kinds)


RULES = (
    missing_network_isolation,
    missing_traffic_encryption,
    missing_kms_key,
    missing_vpc,
    missing_spot_training,
)
