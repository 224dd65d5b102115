"""HPT51x: network isolation and encryption of traffic."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.catalog import images
from hptc.catalog.arn import ARN
from hptc.diagnostics import Finding, RequestPath
from hptc.project.references import has_reference
from hptc.request.job_facts import SUBMIT_DIRECTORY, toolkit_text
from hptc.request.tuning_job import Definition, Resources
from hptc.rules.rule import Context, Rule, advice, error, set_value, warning

_MARKETPLACE_ACCOUNTS = frozenset(
    {
        # Owners of AWS Marketplace algorithms, one account per Region:
        # https://github.com/aws/amazon-sagemaker-examples, aws_marketplace
        "057799348421", "077584701553", "192199979996", "382657785993", "446921602837",
        "470592106596", "594846645681", "666831318237", "745090734665", "856760150666",
        "865070037744", "977537786026", "985815980388",
    }
)  # fmt: skip
_CONTAINER_ACCOUNTS = frozenset({"462105765813", "520713654638"})
"""Accounts of AWS's Chainer and reinforcement learning containers, in every Region."""


@warning("HPT510")
def unencrypted_traffic_between_instances(rule: Rule, context: Context) -> Iterator[Finding]:
    """Instances in a VPC or with network isolation exchange unencrypted data.

    A VPC or network isolation indicates that the training data is sensitive. The instances of a
    training job exchange weights and gradients, which only traffic encryption protects. Encryption
    can slow down training, but hardly affects built-in algorithms
    (https://docs.aws.amazon.com/sagemaker/latest/dg/train-encrypt.html).

    Bad (algorithm-resource):
        training_job:
          resources: {instance_count: 2}
          vpc: {subnets: [subnet-0a1b2c3d], security_group_ids: [sg-0a1b2c3d]}

    Good (algorithm-resource):
        training_job:
          resources: {instance_count: 2}
          vpc: {subnets: [subnet-0a1b2c3d], security_group_ids: [sg-0a1b2c3d]}
          enable_inter_container_traffic_encryption: true
    """
    for definition in context.job.definitions:
        if definition.encrypts_traffic or not (definition.vpc or definition.is_isolated):
            continue
        for resources in definition.resources:
            count, path = _cluster(resources)
            if count > 1:
                where = "in a VPC" if definition.vpc else "isolated from the network"
                yield rule.finding(
                    f"{count} instances {where} exchange data without encryption",
                    path,
                    help="add `enable_inter_container_traffic_encryption: true`; security groups "
                    "must allow UDP 500 and ESP between their members",
                    fixes=(
                        advice(
                            "add `enable_inter_container_traffic_encryption: true`",
                            set_value(
                                definition.path / "EnableInterContainerTrafficEncryption", True
                            ),
                        ),
                    ),
                )


def _cluster(resources: Resources) -> tuple[int, RequestPath]:
    """The maximum number of instances of a training job, and the path that sets it."""
    if not resources.instances:
        return 0, resources.path
    if resources.is_flexible:
        largest = max(resources.instances, key=lambda group: group.count)
        return largest.count, largest.count_path
    total = sum(group.count for group in resources.instances)
    return total, resources.instances[0].count_path


@error("HPT511", "V06")
def marketplace_algorithm_without_isolation(rule: Rule, context: Context) -> Iterator[Finding]:
    """An AWS Marketplace algorithm runs without network isolation.

    AWS runs third-party algorithms only with network isolation. An algorithm resource is either
    your account's own, or from AWS Marketplace
    (https://docs.aws.amazon.com/sagemaker/latest/dg/mkt-algo-model-internet-free.html).

    Bad (algorithm-resource):
        training_job:
          algorithm:
            algorithm_name: arn:aws:sagemaker:us-east-1:865070037744:algorithm/decision-trees

    Good (algorithm-resource):
        training_job:
          algorithm:
            algorithm_name: arn:aws:sagemaker:us-east-1:865070037744:algorithm/decision-trees
          enable_network_isolation: true
    """
    for definition in context.job.definitions:
        if not definition.is_isolated and is_from_marketplace(definition, context):
            yield rule.finding(
                "AWS Marketplace algorithms require network isolation",
                definition.path / "AlgorithmSpecification" / "AlgorithmName",
                label="not in this account",
                help="add `enable_network_isolation: true`",
                fixes=(
                    advice(
                        "add `enable_network_isolation: true`",
                        set_value(definition.path / "EnableNetworkIsolation", True),
                    ),
                ),
            )


def is_from_marketplace(definition: Definition, context: Context) -> bool:
    """Whether the algorithm is from AWS Marketplace: not of the account that runs it."""
    name = definition.algorithm_name or ""
    arn = None if has_reference(name) else ARN.parse(name)
    if arn is None or not arn.account:
        return False
    own = context.environment.account if context.environment else None
    return arn.account in _MARKETPLACE_ACCOUNTS or (own is not None and arn.account != own)


@error("HPT512", "V07")
def isolated_container_needs_network(rule: Rule, context: Context) -> Iterator[Finding]:
    """A container that needs network access runs with network isolation.

    AWS's containers for Chainer and reinforcement learning access Amazon S3 during training
    (https://docs.aws.amazon.com/sagemaker/latest/dg/mkt-algo-model-internet-free.html).

    Bad:
        training_job:
          algorithm: {training_image: null, framework: sagemaker-chainer, version: "5.0"}
          enable_network_isolation: true

    Good:
        training_job:
          algorithm: {training_image: null, framework: sagemaker-chainer, version: "5.0"}
    """
    for definition in context.job.definitions:
        image = images.parse_image(definition.training_image or "")
        if (
            image is not None
            and definition.is_isolated
            and image.account in _CONTAINER_ACCOUNTS
            and image.repository.startswith(("sagemaker-chainer", "sagemaker-rl-"))
        ):
            yield rule.finding(
                f"`{image.repository}` needs Amazon S3, so it can't run with network isolation",
                definition.path / "EnableNetworkIsolation",
                label="must be off",
                is_removable=True,
                help="remove it; a VPC without internet access is an alternative",
            )


@error("HPT513", "V09")
def isolated_container_downloads_code(rule: Rule, context: Context) -> Iterator[Finding]:
    """A container with network isolation has to download its code from Amazon S3.

    An isolated container has no network access and no credentials. SageMaker still provides the
    input channels, so the code can be in one of them
    (https://docs.aws.amazon.com/sagemaker/latest/dg/mkt-algo-model-internet-free.html).

    Bad:
        training_job:
          enable_network_isolation: true
          hyperparameters:
            sagemaker_program: train.py
            sagemaker_submit_directory: s3://example/code/source.tar.gz

    Good:
        training_job:
          enable_network_isolation: true
          hyperparameters:
            sagemaker_program: train.py
            sagemaker_submit_directory: /opt/ml/input/data/code/source.tar.gz
          inputs:
            code: {s3: "s3://example/code/"}
    """
    for definition in context.job.definitions:
        for name in (SUBMIT_DIRECTORY, SUBMIT_DIRECTORY.upper()):
            location = toolkit_text(definition.static.get(name, ""))
            if definition.is_isolated and location.startswith("s3://"):
                yield rule.finding(
                    "the training jobs have network isolation, so they can't download their code",
                    definition.path / "StaticHyperParameters" / name,
                    label="not reachable",
                    help="add the code as an input channel `code`, and set this to "
                    "/opt/ml/input/data/code/…",
                )


RULES = (
    unencrypted_traffic_between_instances,
    marketplace_algorithm_without_isolation,
    isolated_container_needs_network,
    isolated_container_downloads_code,
)
