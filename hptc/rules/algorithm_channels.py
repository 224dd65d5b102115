"""HPT473 to HPT479: the channels, content types and data distribution that an algorithm accepts."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.catalog.algorithms import Algorithm
from hptc.catalog.channels import Channel as Documented
from hptc.catalog.channels import media_type
from hptc.diagnostics import Finding, nearest
from hptc.request.job_facts import has_augmented_manifest, has_several_instances
from hptc.request.tuning_job import Channel, Definition, S3Source
from hptc.rules.rule import Context, Rule, advice, error, set_value, warning
from hptc.rules.version_facts import in_every_version
from hptc.text import listed_code

_SAME_FORMAT = 0.85
"""How similar two content types are that stand for the same format, spelled differently."""


def _documented(
    definition: Definition, algorithm: Algorithm
) -> Iterator[tuple[Channel, Documented]]:
    """Every input channel that the algorithm documents."""
    for channel in definition.channels:
        documented = algorithm.channel(channel.name)
        if documented is not None:
            yield channel, documented


@error("HPT473", "I34")
def channel_refused_by_algorithm(rule: Rule, context: Context) -> Iterator[Finding]:
    """The built-in algorithm refuses an input channel.

    The XGBoost container fails on any channel other than `train`, `validation` and `code`
    (https://github.com/aws/sagemaker-xgboost-container).

    Bad (xgboost):
        training_job:
          inputs:
            test: {s3: "s3://example/test/", content_type: text/csv}

    Good (xgboost):
        training_job:
          inputs:
            validation: {s3: "s3://example/test/", content_type: text/csv}
    """
    yield from in_every_version(
        context,
        lambda definition, algorithm: _other_channels(
            rule, definition, algorithm, are_refused=True
        ),
    )


@warning("HPT474", "I35")
def undocumented_channel(rule: Rule, context: Context) -> Iterator[Finding]:
    """An input channel is not documented for the built-in algorithm.

    AWS documents the channels of each built-in algorithm. Another one is ignored, or training fails
    (https://docs.aws.amazon.com/sagemaker/latest/dg/common-info-all-im-models.html).

    Bad (kmeans):
        training_job:
          inputs:
            validation: {s3: "s3://example/validation/"}

    Good (kmeans):
        training_job:
          inputs:
            test: {s3: "s3://example/validation/"}
    """
    yield from in_every_version(
        context,
        lambda definition, algorithm: _other_channels(
            rule, definition, algorithm, are_refused=False
        ),
    )


def _other_channels(
    rule: Rule, definition: Definition, algorithm: Algorithm, *, are_refused: bool
) -> Iterator[Finding]:
    if algorithm.refuses_other_channels != are_refused:
        return
    known = tuple(name for channel in algorithm.channels for name in channel.names)
    names = {channel.name for channel in definition.channels}
    unused = tuple(name for name in known if name not in names)
    for channel in definition.channels:
        if channel.name in known:
            continue
        meant = nearest(channel.name, unused)
        wanted = algorithm.channel(meant) if meant else None
        if wanted is not None and wanted.is_required:
            continue  # HPT468 reports the missing channel, and lists the ones there are
        yield rule.finding(
            f"{algorithm.title} has no input channel `{channel.name}`",
            channel.path / "ChannelName",
            label=f"did you mean `{meant}`?" if meant else "",
            replacement=meant or "",
            guessed_from=channel.name,
            help=f"channels: {listed_code(known)}",
            on_key=True,
        )


@error("HPT475", "I36")
def content_type_refused_by_algorithm(rule: Rule, context: Context) -> Iterator[Finding]:
    """The built-in algorithm refuses the content type of an input channel.

    The XGBoost container compares the content type with its list, and fails on any other text,
    including `text/csv;label_size=1`. Without a content type it assumes `text/libsvm`, which it
    does not read in Pipe mode
    (https://github.com/aws/sagemaker-xgboost-container).

    Bad (xgboost):
        training_job:
          inputs:
            train: {content_type: text/csv;label_size=1}

    Good (xgboost):
        training_job:
          inputs:
            train: {content_type: text/csv}
    """
    yield from in_every_version(
        context,
        lambda definition, algorithm: _content_types(rule, definition, algorithm, are_refused=True),
    )


@warning("HPT476", "I37")
def undocumented_content_type(rule: Rule, context: Context) -> Iterator[Finding]:
    """The content type of an input channel is not documented for the built-in algorithm.

    AWS documents the data formats that each built-in algorithm reads, and some are not available in
    Pipe mode. Training usually fails on another content type
    (https://docs.aws.amazon.com/sagemaker/latest/dg/cdf-training.html).

    Bad (lda):
        training_job:
          algorithm: {input_mode: Pipe}
          inputs:
            train: {content_type: text/csv;label_size=0}

    Good (lda):
        training_job:
          algorithm: {input_mode: File}
          inputs:
            train: {content_type: text/csv;label_size=0}
    """
    yield from in_every_version(
        context,
        lambda definition, algorithm: _content_types(
            rule, definition, algorithm, are_refused=False
        ),
    )


def _content_types(
    rule: Rule, definition: Definition, algorithm: Algorithm, *, are_refused: bool
) -> Iterator[Finding]:
    for channel, documented in _documented(definition, algorithm):
        if ("content_type" in documented.enforced) != are_refused:
            continue
        if has_augmented_manifest(channel):
            continue
        accepted = documented.accepted_content_types(channel.input_mode)
        content_type = channel.content_type or documented.default_content_type
        if accepted is None or content_type is None:
            continue
        if documented.accepts(content_type, channel.input_mode):
            continue
        yield _unreadable(rule, algorithm, channel, content_type, accepted, is_refused=are_refused)


def _unreadable(
    rule: Rule,
    algorithm: Algorithm,
    channel: Channel,
    content_type: str,
    accepted: tuple[str, ...],
    *,
    is_refused: bool,
) -> Finding:
    where = f"the channel `{channel.name}`"
    if channel.input_mode == "Pipe":
        where += " in Pipe mode"
    if not accepted:
        return rule.finding(
            f"{algorithm.title_in_version} can't read {where}",
            channel.path / "InputMode",
            help="use `input_mode: File`",
            fixes=(
                advice("use `input_mode: File`", set_value(channel.path / "InputMode", "File")),
            ),
            on_key=True,
        )
    if channel.content_type is None:
        return rule.finding(
            f"{algorithm.title} assumes the content type `{content_type}`, which it does not "
            f"accept for {where}",
            channel.path / "ContentType",
            help=f"add `content_type:`, one of {listed_code(accepted, 'or')}",
            on_key=True,
        )
    plain = media_type(content_type)
    meant = plain if plain in accepted else nearest(content_type, accepted, cutoff=_SAME_FORMAT)
    return rule.finding(
        f"{algorithm.title} does not accept the content type `{content_type}` for {where}"
        if is_refused
        else f"AWS does not document `{content_type}` for {where} of {algorithm.title}",
        channel.path / "ContentType",
        label=f"did you mean `{meant}`?" if meant else "",
        replacement=meant or "",
        guessed_from="" if meant == plain else content_type,
        help=f"content types: {listed_code(accepted)}",
    )


@error("HPT477", "I38")
def distribution_refused_by_algorithm(rule: Rule, context: Context) -> Iterator[Finding]:
    """The built-in algorithm refuses the distribution of a channel's data.

    Random Cut Forest fails unless the data of `train` is ShardedByS3Key and that of `test` is
    FullyReplicated, even on one instance. The default is FullyReplicated
    (https://docs.aws.amazon.com/sagemaker/latest/dg/randomcutforest.html).

    Bad (random-cut-forest):
        training_job:
          inputs:
            train: {s3: {s3_uri: "s3://example/train/", s3_data_distribution_type: FullyReplicated}}

    Good (random-cut-forest):
        training_job:
          inputs:
            train: {s3: {s3_uri: "s3://example/train/", s3_data_distribution_type: ShardedByS3Key}}
    """
    yield from in_every_version(
        context,
        lambda definition, algorithm: _distributions(rule, definition, algorithm, are_refused=True),
    )


@warning("HPT478", "I39")
def undocumented_distribution(rule: Rule, context: Context) -> Iterator[Finding]:
    """The distribution of a channel's data is not documented for the built-in algorithm.

    Some algorithms need the whole data of a channel on each instance, such as the validation data
    of Linear Learner and Neural Topic Model. With several instances, each gets only a part of it
    (https://docs.aws.amazon.com/sagemaker/latest/dg/linear-learner.html).

    Bad (image-classification):
        training_job:
          algorithm: {input_mode: Pipe}
          resources: {instance_count: 2}
          inputs:
            train: {s3: {s3_uri: "s3://example/train/", s3_data_distribution_type: ShardedByS3Key}}

    Good (image-classification):
        training_job:
          algorithm: {input_mode: Pipe}
          resources: {instance_count: 2}
          inputs:
            train: {s3: {s3_uri: "s3://example/train/", s3_data_distribution_type: FullyReplicated}}
    """
    yield from in_every_version(
        context,
        lambda definition, algorithm: _distributions(
            rule, definition, algorithm, are_refused=False
        ),
    )


def _distributions(
    rule: Rule, definition: Definition, algorithm: Algorithm, *, are_refused: bool
) -> Iterator[Finding]:
    verb = "must be" if are_refused else "should be"
    for channel, documented in _documented(definition, algorithm):
        wanted = documented.distribution
        if wanted is None or ("distribution" in documented.enforced) != are_refused:
            continue
        case = documented.distribution_for
        if case == "Pipe" and channel.input_mode != "Pipe":
            continue
        # On a single instance, a part of the data is all of it.
        is_whole = wanted == "FullyReplicated" and not are_refused
        if (case == "several_instances" or is_whole) and not has_several_instances(definition):
            continue
        for source in channel.sources:
            if not isinstance(source, S3Source) or source.distribution == wanted:
                continue
            yield rule.finding(
                f"{algorithm.title} requires {wanted} for the channel `{channel.name}`, but it is "
                f"{source.distribution}",
                source.path / "S3DataDistributionType",
                label=f"{verb} {wanted}",
                accepted=wanted,
                help=f"use `s3: {{s3_uri: …, s3_data_distribution_type: {wanted}}}`",
            )


@warning("HPT479", "I40")
def csv_without_label_size(rule: Rule, context: Context) -> Iterator[Finding]:
    """The content type of CSV data does not state how many label columns it has.

    Built-in algorithms take the first column of `text/csv` as the label. Training data without
    labels, as unsupervised algorithms have, needs `text/csv;label_size=0`, and the labeled test
    data of Random Cut Forest `text/csv;label_size=1`
    (https://docs.aws.amazon.com/sagemaker/latest/dg/cdf-training.html#cdf-csv-format).

    Bad (kmeans):
        training_job:
          inputs:
            train: {content_type: text/csv}

    Good (kmeans):
        training_job:
          inputs:
            train: {content_type: text/csv;label_size=0}
    """
    yield from in_every_version(
        context, lambda definition, algorithm: _label_sizes(rule, definition, algorithm)
    )


def _label_sizes(rule: Rule, definition: Definition, algorithm: Algorithm) -> Iterator[Finding]:
    for channel, documented in _documented(definition, algorithm):
        wanted, content_type = documented.label_size, channel.content_type
        if wanted is None or content_type is None or media_type(content_type) != "text/csv":
            continue
        parameters = content_type.replace(" ", "").lower().split(";")
        sizes = [
            parameter.removeprefix("label_size=")
            for parameter in parameters
            if "label_size=" in parameter
        ]
        if wanted == 0 and sizes:
            continue  # the data may have labels that the algorithm ignores
        if sizes != [str(wanted)]:
            labels = "one label column" if wanted else "no label column"
            yield rule.finding(
                f"{algorithm.title} expects CSV data with {labels} in the channel "
                f"`{channel.name}`, but its content type is `{content_type}`",
                channel.path / "ContentType",
                label=f"should be text/csv;label_size={wanted}",
                accepted=f"text/csv;label_size={wanted}",
                help=f"use `content_type: text/csv;label_size={wanted}`"
                + ("" if wanted else ", or the number of label columns"),
            )


RULES = (
    channel_refused_by_algorithm,
    undocumented_channel,
    content_type_refused_by_algorithm,
    undocumented_content_type,
    distribution_refused_by_algorithm,
    undocumented_distribution,
    csv_without_label_size,
)
