"""HPT71x: changes that a warm start of type IdenticalDataAndAlgorithm must or should not make."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hptc.diagnostics import Finding, Fix, RequestPath
from hptc.request.tuning_job import Channel, Definition, FileSystemSource, S3Source
from hptc.rules.rule import Context, Rule, advice, error, set_value, warning
from hptc.rules.warm_start_parents import pairs, parent_finding, parent_path
from hptc.text import listed_code


@error("HPT710", "W08")
def forbidden_change_with_identical_data(rule: Rule, context: Context) -> Iterator[Finding]:
    """A warm start of type IdenticalDataAndAlgorithm changes something that must stay the same.

    The image, inputs, output, static hyperparameters, role, `resources`, `stopping`, VPC, managed
    spot training and checkpoints may change. The environment, retries, network isolation, traffic
    encryption, definition name and `tuning_resources` must be the same as in the parent
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-warm-start.html, and the
    service's own error message).

    Bad:
        training_job:
          environment: {LOG_LEVEL: debug}
        warm_start: {type: IdenticalDataAndAlgorithm, parents: [parent]}

    Good:
        training_job:
          environment: {LOG_LEVEL: debug}
        warm_start: {type: TransferLearning, parents: [parent]}
    """
    if context.job.warm_start is None or context.job.warm_start.type != "IdenticalDataAndAlgorithm":
        return
    for index, name, child, parent_definition in pairs(context):
        for (key, member, ours), (_, _, parents) in zip(
            _fixed(child), _fixed(parent_definition), strict=True
        ):
            if ours == parents:
                continue
            path = child.path / member if ours else parent_path(index)
            yield parent_finding(
                rule,
                name,
                f"{_difference(key, ours, parents)} the parent `{name}`, which "
                "IdenticalDataAndAlgorithm does not allow",
                path,
                on_key=bool(ours),
                label="must be the same as in the parent",
                help="use the parent's value, or `warm_start: {type: TransferLearning}`",
                fixes=(_transfer("use `warm_start: {type: TransferLearning}`"),),
            )


def _fixed(definition: Definition) -> list[tuple[str, str, Any]]:
    """(key, member, value) of everything that must not change; absent values are falsy."""
    tuning = [
        (
            [(group.type, group.count, group.volume_size_gb) for group in resources.instances],
            resources.volume_kms_key_id,
            resources.allocation_strategy,
        )
        for resources in definition.resources
        if resources.is_tuning_form
    ]
    return [
        ("environment", "Environment", dict(definition.environment)),
        ("retry", "RetryStrategy", definition.retry_attempts),
        ("enable_network_isolation", "EnableNetworkIsolation", definition.is_isolated),
        (
            "enable_inter_container_traffic_encryption",
            "EnableInterContainerTrafficEncryption",
            definition.encrypts_traffic,
        ),
        ("tuning_resources", "HyperParameterTuningResourceConfig", tuning),
        ("definition_name", "DefinitionName", definition.name),
    ]


def _difference(key: str, ours: Any, parents: Any) -> str:
    """A description of the difference, by name: values of environment variables may be secret."""
    if isinstance(ours, dict) and isinstance(parents, dict):
        names = [n for n in {**parents, **ours} if ours.get(n) != parents.get(n)]
        return f"{listed_code(names)} in `{key}` differ{'s' if len(names) == 1 else ''} from"
    return f"`{key}` differs from"


@warning("HPT711", "W09")
def changed_data_with_identical_data(rule: Rule, context: Context) -> Iterator[Finding]:
    """A warm start of type IdenticalDataAndAlgorithm has different data or a different algorithm.

    SageMaker accepts it, but compares the results of the parents with the new ones as if they were
    from one tuning job, and may report a parent's training job as the best. TransferLearning is for
    data and algorithms that changed
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-warm-start.html).

    Bad:
        training_job:
          inputs:
            train: {s3: "s3://example/train-2026/"}
        warm_start: {type: IdenticalDataAndAlgorithm, parents: [parent]}

    Good:
        training_job:
          inputs:
            train: {s3: "s3://example/train-2026/"}
        warm_start: {type: TransferLearning, parents: [parent]}
    """
    if context.job.warm_start is None or context.job.warm_start.type != "IdenticalDataAndAlgorithm":
        return
    help = "use `warm_start: {type: TransferLearning}` if data or algorithm changed"
    fixes = (_transfer(help),)
    for index, name, child, parent_definition in pairs(context):
        if _algorithm(child) != _algorithm(parent_definition):
            member = "TrainingImage" if child.training_image else "AlgorithmName"
            yield rule.finding(
                f"the parent `{name}` has a different algorithm",
                child.path / "AlgorithmSpecification" / member,
                label="differs from the parent",
                help=help,
                fixes=fixes,
            )
        ours = {channel.name: channel for channel in child.channels}
        parents = {channel.name: channel for channel in parent_definition.channels}
        for channel in ours.values():
            other = parents.get(channel.name)
            if other is None or _data(channel) != _data(other):
                problem = (
                    "does not have the input channel"
                    if other is None
                    else "reads different data in the input channel"
                )
                yield rule.finding(
                    f"the parent `{name}` {problem} `{channel.name}`",
                    channel.path,
                    on_key=True,
                    label="differs from the parent",
                    help=help,
                    fixes=fixes,
                )
        missing = [n for n in parents if n not in ours]
        if missing:
            yield rule.finding(
                f"the parent `{name}` also has {listed_code(missing)}",
                parent_path(index),
                label="has more input channels",
                help=help,
                fixes=fixes,
            )


def _transfer(title: str) -> Fix:
    return advice(
        title, set_value(RequestPath(("WarmStartConfig", "WarmStartType")), "TransferLearning")
    )


def _algorithm(definition: Definition) -> tuple[str | None, str | None]:
    return definition.training_image, definition.algorithm_name


def _data(channel: Channel) -> list[str]:
    """The locations of a channel's data, whatever the source."""
    locations = []
    for source in channel.sources:
        match source:
            case S3Source():
                locations.append(source.uri.rstrip("/"))
            case FileSystemSource():
                locations.append(f"{source.id}{source.directory}".rstrip("/"))
            case _:
                locations.append(source.arn)
    return locations


RULES = (
    forbidden_change_with_identical_data,
    changed_data_with_identical_data,
)
