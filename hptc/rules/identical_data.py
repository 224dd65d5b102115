"""HPT71x: changes that a warm start of type IdenticalDataAndAlgorithm must or should not make."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hptc.diagnostics import Finding, Fix, RequestPath
from hptc.frozen import frozen
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
    for pair in pairs(context):
        for own, theirs in zip(_fixed(pair.child), _fixed(pair.parent), strict=True):
            if own.value == theirs.value:
                continue
            is_set = bool(own.value)
            yield parent_finding(
                rule,
                pair.parent_name,
                f"{_difference(own.key, own.value, theirs.value)} the parent "
                f"`{pair.parent_name}`, which IdenticalDataAndAlgorithm does not allow",
                pair.child.path / own.member if is_set else parent_path(pair.index),
                on_key=is_set,
                label="must be the same as in the parent",
                help="use the parent's value, or `warm_start: {type: TransferLearning}`",
                fixes=(_transfer("use `warm_start: {type: TransferLearning}`"),),
            )


@frozen
class _Fixed:
    """A setting that must not change. The value is falsy if it is absent."""

    key: str  # in a spec
    member: str  # of the API
    value: Any


def _fixed(definition: Definition) -> list[_Fixed]:
    tuning_resources = [
        (
            [(group.type, group.count, group.volume_size_gb) for group in resources.instances],
            resources.volume_kms_key_id,
            resources.allocation_strategy,
        )
        for resources in definition.resources
        if resources.is_tuning_form
    ]
    return [
        _Fixed(key="environment", member="Environment", value=dict(definition.environment)),
        _Fixed(key="retry", member="RetryStrategy", value=definition.retry_attempts),
        _Fixed(
            key="enable_network_isolation",
            member="EnableNetworkIsolation",
            value=definition.is_isolated,
        ),
        _Fixed(
            key="enable_inter_container_traffic_encryption",
            member="EnableInterContainerTrafficEncryption",
            value=definition.encrypts_traffic,
        ),
        _Fixed(
            key="tuning_resources",
            member="HyperParameterTuningResourceConfig",
            value=tuning_resources,
        ),
        _Fixed(key="definition_name", member="DefinitionName", value=definition.name),
    ]


def _difference(key: str, ours: Any, theirs: Any) -> str:
    """A description of the difference, by name: values of environment variables may be secret."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        names = [name for name in {**theirs, **ours} if ours.get(name) != theirs.get(name)]
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
    for pair in pairs(context):
        child, name = pair.child, pair.parent_name
        if _algorithm(child) != _algorithm(pair.parent):
            member = "TrainingImage" if child.training_image else "AlgorithmName"
            yield rule.finding(
                f"the parent `{name}` has a different algorithm",
                child.path / "AlgorithmSpecification" / member,
                label="differs from the parent",
                help=help,
                fixes=fixes,
            )
        parents = {channel.name: channel for channel in pair.parent.channels}
        for channel in child.channels:
            problem = _problem(channel, parents.get(channel.name))
            if problem:
                yield rule.finding(
                    f"the parent `{name}` {problem} the input channel `{channel.name}`",
                    channel.path,
                    on_key=True,
                    label="differs from the parent",
                    help=help,
                    fixes=fixes,
                )
        names = {channel.name for channel in child.channels}
        missing = [channel for channel in parents if channel not in names]
        if missing:
            yield rule.finding(
                f"the parent `{name}` also has {listed_code(missing)}",
                parent_path(pair.index),
                label="has more input channels",
                help=help,
                fixes=fixes,
            )


def _problem(channel: Channel, theirs: Channel | None) -> str:
    """How a parent's channel differs, as the predicate of a sentence; empty if it does not."""
    if theirs is None:
        return "does not have"
    return "reads different data in" if _data(channel) != _data(theirs) else ""


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
