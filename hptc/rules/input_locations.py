"""HPT480 and HPT481: where input channels read from Amazon S3."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.diagnostics import Finding
from hptc.request.job_facts import possible_algorithms, runs_a_script
from hptc.request.tuning_job import Channel, Definition, S3Source
from hptc.rules.input_channels import s3_sources
from hptc.rules.rule import Context, Rule, advice, set_value, warning

_TRAINING = ("train", "training")
_EVALUATION = ("validation", "valid", "val", "eval", "evaluation", "test")
_WITH_TRAINING_DATA = {"forecasting-deepar"}
"""Algorithms whose test data should contain the training data, with later values."""


@warning("HPT480", "I41")
def evaluation_on_training_data(rule: Rule, context: Context) -> Iterator[Finding]:
    """The training channel and the one for validation or test read the same data.

    The objective metric is then measured on data that the model was trained on, so tuning selects
    the model that memorizes best. A URI of type S3Prefix is the beginning of a key, not a
    folder: `s3://bucket/train` also selects `s3://bucket/train-2/` and `s3://bucket/training.csv`
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html). An image that
    is not a built-in algorithm may select its files itself, so there only such a prefix is
    reported.

    Bad (xgboost):
        training_job:
          inputs:
            train: {s3: "s3://example/churn/"}
            validation: {s3: "s3://example/churn/validation/"}

    Good (xgboost):
        training_job:
          inputs:
            train: {s3: "s3://example/churn/train/"}
            validation: {s3: "s3://example/churn/validation/"}
    """
    for definition in context.job.definitions:
        algorithms = {algorithm.name for algorithm in possible_algorithms(definition)}
        if algorithms & _WITH_TRAINING_DATA:
            continue
        reads_all = bool(algorithms) and not runs_a_script(definition)
        for training in _read_by(definition, _TRAINING):
            for evaluation in _read_by(definition, _EVALUATION):
                yield from _shared(rule, training, evaluation, reads_all=reads_all)


_Read = tuple[Channel, S3Source]


def _read_by(definition: Definition, names: tuple[str, ...]) -> list[_Read]:
    return [
        (channel, source)
        for channel in definition.channels
        if channel.name.lower() in names
        for source in channel.sources
        if isinstance(source, S3Source)
    ]


def _shared(
    rule: Rule, training: _Read, evaluation: _Read, *, reads_all: bool
) -> Iterator[Finding]:
    (channel, source), (other, other_source) = training, evaluation
    if source.uri == other_source.uri:
        if reads_all:
            yield rule.finding(
                f"the channels `{channel.name}` and `{other.name}` read the same data, "
                f"`{source.uri}`",
                other_source.path / "S3Uri",
                label=f"is also the data of `{channel.name}`",
                help=f"use data for `{other.name}` that training does not see",
            )
        return
    for (outer, prefix), (inner, included) in ((training, evaluation), (evaluation, training)):
        if not prefix.data_type == included.data_type == "S3Prefix":
            continue
        is_folder = prefix.uri.endswith("/") or included.uri.startswith(f"{prefix.uri}/")
        if included.uri.startswith(prefix.uri) and (reads_all or not is_folder):
            yield rule.finding(
                f"the channel `{outer.name}` reads every object whose key starts with "
                f"`{prefix.uri}`, and so the data of `{inner.name}`",
                prefix.path / "S3Uri",
                label=f"includes `{included.uri}`",
                help="move the data of one of the channels" if is_folder else "end it with `/`",
            )


@warning("HPT481", "I42")
def empty_folder_in_s3_uri(rule: Rule, context: Context) -> Iterator[Finding]:
    """The S3 URI of an input channel has two slashes in a row, or ends in a space.

    Amazon S3 has keys, not folders: `s3://bucket//train/` selects keys that start with `/train/`,
    which is rarely meant, so training fails because there are no objects. It comes from
    joining a location that ends with `/` and one that starts with it. A space is a character of the
    key too
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html).

    Bad:
        training_job:
          inputs:
            train: {s3: "s3://example//train/"}

    Good:
        training_job:
          inputs:
            train: {s3: "s3://example/train/"}
    """
    for _, channel, source in s3_sources(context):
        if "//" in source.uri.partition("://")[2]:
            yield rule.finding(
                f"`{source.uri}` of the channel `{channel.name}` has two slashes in a row",
                source.path / "S3Uri",
                label="has a folder without a name",
                help="remove one of them",
            )
        elif source.uri != source.uri.rstrip():
            yield rule.finding(
                f"`{source.uri}` of the channel `{channel.name}` ends in a space",
                source.path / "S3Uri",
                label="selects only keys with the space",
                help="remove it",
                fixes=(advice("remove it", set_value(source.path / "S3Uri", source.uri.rstrip())),),
            )


RULES = (
    evaluation_on_training_data,
    empty_folder_in_s3_uri,
)
