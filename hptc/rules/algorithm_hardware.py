"""HPT443 and HPT444: accelerators and instance families that a built-in algorithm can use."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.catalog import instances
from hptc.catalog.algorithms import Algorithm
from hptc.diagnostics import Finding
from hptc.request.tuning_job import Definition
from hptc.rules.rule import Context, Rule, warning
from hptc.rules.version_facts import in_every_version
from hptc.text import listed_code


@warning("HPT443", "R32")
def unsupported_accelerator(rule: Rule, context: Context) -> Iterator[Finding]:
    """A built-in algorithm runs on an instance with AWS Trainium.

    Built-in algorithms train on CPUs or NVIDIA GPUs. Trainium needs code for AWS Neuron, which
    their containers don't have
    (https://docs.aws.amazon.com/sagemaker/latest/dg/common-info-all-im-models.html).

    Bad (xgboost):
        training_job:
          resources: {instance_type: ml.trn1.2xlarge}

    Good (xgboost):
        training_job:
          resources: {instance_type: ml.g5.xlarge}
    """
    yield from in_every_version(
        context,
        lambda definition, algorithm: _accelerators(rule, definition, algorithm),
        also_scripts=True,
    )


def _accelerators(rule: Rule, definition: Definition, algorithm: Algorithm) -> Iterator[Finding]:
    for group in definition.instances if "cpu" in algorithm.processors else ():
        kind = instances.instance(group.type)
        if kind is not None and kind.processor == "trainium":
            yield rule.finding(
                f"{algorithm.title} can't use the accelerators of {group.type}",
                group.path / "InstanceType",
                label="AWS Trainium",
                help="use a CPU instance, such as ml.m5.xlarge"
                + (", or a GPU instance, such as ml.g5.xlarge" * ("gpu" in algorithm.processors)),
            )


@warning("HPT444", "R33")
def undocumented_gpu_family(rule: Rule, context: Context) -> Iterator[Finding]:
    """The GPU instance family is not documented for the built-in algorithm.

    AWS lists the GPU families that each built-in algorithm supports: usually P2, P3, G4dn and G5.
    The CUDA version in a container may not support the GPUs of newer families
    (https://docs.aws.amazon.com/sagemaker/latest/dg/image-classification.html).

    Bad (image-classification):
        training_job:
          resources: {instance_type: ml.p5.48xlarge, volume_size_in_gb: null}

    Good (image-classification):
        training_job:
          resources: {instance_type: ml.g5.xlarge, volume_size_in_gb: null}
    """
    yield from in_every_version(
        context, lambda definition, algorithm: _other_families(rule, definition, algorithm)
    )


def _other_families(rule: Rule, definition: Definition, algorithm: Algorithm) -> Iterator[Finding]:
    known = algorithm.gpu_families
    for group in definition.instances if known else ():
        kind = instances.instance(group.type)
        if kind is not None and kind.processor == "gpu" and kind.family not in known:
            yield rule.finding(
                f"AWS does not document {kind.family} instances for {algorithm.title_in_version}",
                group.path / "InstanceType",
                help=f"GPU families: {listed_code(known)}",
            )


RULES = (unsupported_accelerator, undocumented_gpu_family)
