"""HPT51x: what reaches the network, and what needs it."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.catalog import images
from hptc.diagnostics import Finding, RequestPath
from hptc.project.references import has_reference
from hptc.request.tuning_job import Resources
from hptc.rules.rule import Context, Rule, error, warning

_CODE = ("sagemaker_submit_directory", "SAGEMAKER_SUBMIT_DIRECTORY")
_MARKETPLACE_ACCOUNTS = frozenset(
    {
        # Who owns an algorithm of AWS Marketplace, by Region:
        # https://github.com/aws/amazon-sagemaker-examples, aws_marketplace
        "057799348421", "077584701553", "192199979996", "382657785993", "446921602837",
        "470592106596", "594846645681", "666831318237", "745090734665", "856760150666",
        "865070037744", "977537786026", "985815980388",
    }
)  # fmt: skip
_CONTAINER_ACCOUNTS = frozenset({"462105765813", "520713654638"})
"""Of AWS's Chainer and reinforcement learning containers, in every Region."""


@warning("HPT510")
def traffic_between_instances_in_the_clear(rule: Rule, context: Context) -> Iterator[Finding]:
    """A cluster that is shut off from outside, but talks in the clear inside.

    A VPC or network isolation says that the training is sensitive. The instances of one training
    job exchange weights and gradients, and only traffic encryption protects them on their way. It
    can make training slower; built-in algorithms hardly notice
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
                    f"{count} instances {where} exchange their data unencrypted",
                    path,
                    help="add `enable_inter_container_traffic_encryption: true`; the security "
                    "groups must let their members reach each other by UDP 500 and ESP",
                )


def _cluster(resources: Resources) -> tuple[int, RequestPath]:
    """How many instances train together at most, and where it says so."""
    if not resources.instances:
        return 0, resources.path
    if resources.is_flexible:
        largest = max(resources.instances, key=lambda group: group.count)
        return largest.count, largest.path / "InstanceCount"
    total = sum(group.count for group in resources.instances)
    return total, resources.instances[0].path / "InstanceCount"


@error("HPT511", "V06")
def marketplace_algorithm_without_isolation(rule: Rule, context: Context) -> Iterator[Finding]:
    """An algorithm of AWS Marketplace that may reach the network.

    AWS runs what others sell only without a network. An algorithm resource is your account's own,
    or one of AWS Marketplace
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
        name = definition.algorithm_name or ""
        account = name.split(":")[4] if name.startswith("arn:") and name.count(":") > 4 else ""
        if not account or has_reference(name) or definition.is_isolated:
            continue
        mine = context.environment.account if context.environment else None
        if account in _MARKETPLACE_ACCOUNTS or (mine is not None and account != mine):
            yield rule.finding(
                "an algorithm of AWS Marketplace trains in network isolation only",
                definition.path / "AlgorithmSpecification" / "AlgorithmName",
                label="not of this account",
                help="add `enable_network_isolation: true`",
            )


@error("HPT512", "V07")
def container_that_needs_the_network(rule: Rule, context: Context) -> Iterator[Finding]:
    """Network isolation for a container that can't do without S3.

    AWS's containers for Chainer and reinforcement learning talk to S3 themselves while they train
    (https://docs.aws.amazon.com/sagemaker/latest/dg/mkt-algo-model-internet-free.html).

    Bad:
        training_job:
          algorithm:
            training_image: 520713654638.dkr.ecr.us-east-1.amazonaws.com/sagemaker-chainer:5.0
          enable_network_isolation: true

    Good:
        training_job:
          algorithm:
            training_image: 520713654638.dkr.ecr.us-east-1.amazonaws.com/sagemaker-chainer:5.0
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
                f"`{image.repository}` can't train in network isolation: it needs S3",
                definition.path / "EnableNetworkIsolation",
                label="must be off",
                help="remove it; a VPC without a way out protects as well",
            )


@error("HPT513", "V09")
def code_out_of_reach(rule: Rule, context: Context) -> Iterator[Finding]:
    """Network isolation for a script that the container must fetch from S3.

    An isolated container has neither a network nor credentials. SageMaker brings the input channels
    all the same, so the code can come as one of them
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
        for name in _CODE:
            place = definition.static.get(name, "").strip('"')
            if definition.is_isolated and place.startswith("s3://"):
                yield rule.finding(
                    "the training jobs are isolated from the network and can't fetch their code",
                    definition.path / "StaticHyperParameters" / name,
                    label="out of reach",
                    help="bring the code as an input channel `code`, and say "
                    "/opt/ml/input/data/code/… here",
                )


RULES = (
    traffic_between_instances_in_the_clear,
    marketplace_algorithm_without_isolation,
    container_that_needs_the_network,
    code_out_of_reach,
)
