"""HPT71x: what a warm start of the type IdenticalDataAndAlgorithm may not change, or should not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hptc.diagnostics import Finding
from hptc.request.tuning_job import Channel, Definition, FileSystemSource, S3Source
from hptc.rules.rule import Context, Rule, error, warning
from hptc.rules.warm_start import listed, pairs, parent_path


@error("HPT710", "W08")
def changed_beside_identical_data(rule: Rule, context: Context) -> Iterator[Finding]:
    """A warm start of type IdenticalDataAndAlgorithm that changes what must stay.

    The image, inputs, output, static values, role, `resources`, `stopping`, VPC, spot training and
    checkpoints may change. The environment, retries, isolation, traffic encryption, definition name
    and `tuning_resources` must be the parent's
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-warm-start.html, and the
    service's own message).

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
    for index, name, mine, theirs in pairs(context):
        for (word, member, ours), (_, _, parents) in zip(_fixed(mine), _fixed(theirs), strict=True):
            if ours == parents:
                continue
            path = mine.path / member if ours else parent_path(index)
            yield rule.finding(
                f"{_difference(word, ours, parents)} the parent `{name}`, which "
                "IdenticalDataAndAlgorithm does not allow",
                path,
                on_key=bool(ours),
                label="must be the parent's",
                help="take over the parent's, or use `type: TransferLearning`",
            )


def _fixed(definition: Definition) -> list[tuple[str, str, Any]]:
    """(word, member, value) of what may not change; the value is falsy where it is absent."""
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


def _difference(word: str, ours: Any, parents: Any) -> str:
    """The difference in words. An environment's values may be nobody's business: names only."""
    if isinstance(ours, dict) and isinstance(parents, dict):
        names = [n for n in {**parents, **ours} if ours.get(n) != parents.get(n)]
        return f"{listed(names)} in `{word}` differ{'s' if len(names) == 1 else ''} from"
    return f"`{word}` differs from"


@warning("HPT711", "W09")
def other_data_or_image_than_a_parent(rule: Rule, context: Context) -> Iterator[Finding]:
    """A warm start of type IdenticalDataAndAlgorithm with other data or another image.

    AWS takes it, but compares the parents' results with the new ones as if they were of one search,
    and may name a parent's training job the best of all. TransferLearning is for data and
    algorithms that changed
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
    advice = "use `type: TransferLearning` if the training is not the same any more"
    for index, name, mine, theirs in pairs(context):
        if _algorithm(mine) != _algorithm(theirs):
            member = "TrainingImage" if mine.training_image else "AlgorithmName"
            yield rule.finding(
                f"the parent `{name}` runs another image",
                mine.path / "AlgorithmSpecification" / member,
                label="not the parent's",
                help=advice,
            )
        ours = {channel.name: channel for channel in mine.channels}
        parents = {channel.name: channel for channel in theirs.channels}
        for channel in ours.values():
            other = parents.get(channel.name)
            if other is None or _data(channel) != _data(other):
                has = "has no such input" if other is None else "reads other data"
                yield rule.finding(
                    f"the parent `{name}` {has}: `{channel.name}`",
                    channel.path,
                    on_key=True,
                    label="not the parent's",
                    help=advice,
                )
        missing = [n for n in parents if n not in ours]
        if missing:
            yield rule.finding(
                f"the parent `{name}` reads {listed(missing)} as well",
                parent_path(index),
                label="has more inputs",
                help=advice,
            )


def _algorithm(definition: Definition) -> tuple[str | None, str | None]:
    return definition.training_image, definition.algorithm_name


def _data(channel: Channel) -> list[str]:
    """What a channel's data are, whichever way they are brought."""
    places = []
    for source in channel.sources:
        match source:
            case S3Source():
                places.append(source.uri.rstrip("/"))
            case FileSystemSource():
                places.append(f"{source.id}{source.directory}".rstrip("/"))
            case _:
                places.append(source.arn)
    return places


RULES = (
    changed_beside_identical_data,
    other_data_or_image_than_a_parent,
)
