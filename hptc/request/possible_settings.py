"""The values that a training job's settings can have, for the dependencies between them.

A static hyperparameter has one value, a categorical one several. Both ends of a numeric range are
taken as examples: a comparison that fails anywhere in the range fails at one of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hptc.catalog.algorithms import Algorithm
from hptc.catalog.instances import instance
from hptc.catalog.setting_dependencies import Subject
from hptc.diagnostics import RequestPath
from hptc.frozen import frozen
from hptc.project.references import has_reference
from hptc.request.job_facts import number
from hptc.request.tuning_job import (
    CategoricalRange,
    Channel,
    Definition,
    NumericRange,
    Range,
    S3Source,
)

_NEAR_AN_END = 1e-9


@frozen
class Setting:
    """One possible value of a subject, and where the request has it.

    `value` is None if it is not known. `text` is what a message calls it. `is_end` is whether it is
    an end of a numeric range, which no training job needs to have.
    """

    value: str | None
    text: str
    path: RequestPath
    is_end: bool = False


def possible_settings(
    definition: Definition, algorithm: Algorithm
) -> Mapping[Subject, tuple[Setting, ...]]:
    """The possible settings of every subject that is set."""
    settings = _hyperparameters(definition, algorithm)
    if definition.objective is not None:
        name = definition.objective.metric_name
        path = definition.objective.path / "MetricName"
        settings[Subject("metric", "objective")] = (Setting(value=name, text=name, path=path),)
    settings |= _instances(definition)
    for channel in definition.channels:
        settings |= _channel(channel)
    if definition.checkpoint_uri is not None:
        settings[Subject("checkpoint", "")] = (Setting(value="", text="", path=definition.path),)
    return settings


def _hyperparameters(
    definition: Definition, algorithm: Algorithm
) -> dict[Subject, tuple[Setting, ...]]:
    settings: dict[Subject, tuple[Setting, ...]] = {}
    static = definition.path / "StaticHyperParameters"
    for name, text in definition.static.items():
        path = static / name
        value = _decided(name, text, algorithm)
        # With two names of one hyperparameter, XGBoost's container takes the last.
        settings[_hyperparameter(name, algorithm)] = (Setting(value=value, text=text, path=path),)
    for range_ in definition.ranges:
        subject = _hyperparameter(range_.name, algorithm)
        is_repeated = subject in settings
        settings[subject] = (
            (Setting(value=None, text="", path=range_.path),)
            if is_repeated
            else tuple(_range_settings(range_, algorithm))
        )
    return settings


def _decided(name: str, text: str, algorithm: Algorithm) -> str | None:
    """The value that dependencies compare; None if it is not known, or if it is not valid alone."""
    known = algorithm.hyperparameter(name)
    if has_reference(text):
        return None
    if known is None:
        return text
    return known.as_listed(text) if known.accepts(text) else None


def _hyperparameter(name: str, algorithm: Algorithm) -> Subject:
    known = algorithm.hyperparameter(name)
    return Subject("hyperparameter", known.name if known is not None else name)


def _range_settings(range_: Range, algorithm: Algorithm) -> Iterator[Setting]:
    if isinstance(range_, CategoricalRange):
        for index, text in enumerate(range_.values):
            value = _decided(range_.name, text, algorithm)
            yield Setting(value=value, text=text, path=range_.path / "Values" / index)
        return
    low = number(range_.min) if isinstance(range_, NumericRange) else None
    high = number(range_.max) if isinstance(range_, NumericRange) else None
    if low is None or high is None or not isinstance(range_, NumericRange):
        yield Setting(value=None, text="", path=range_.path)
        return
    for end, other, member in ((low, high, "MinValue"), (high, low, "MaxValue")):
        value = str(end)
        if range_.kind == "Continuous":
            value = repr(float(end) + (float(other) - float(end)) * _NEAR_AN_END)
        yield Setting(value=value, text=str(end), path=range_.path / member, is_end=True)


def _instances(definition: Definition) -> dict[Subject, tuple[Setting, ...]]:
    processors: list[Setting] = []
    counts: list[Setting] = []
    for resources in definition.resources:
        for group in resources.instances:
            kind = instance(group.type)
            path = group.path / "InstanceType"
            value = kind.processor if kind is not None else None
            processors.append(Setting(value=value, text=group.type, path=path))
            count = str(group.count)
            path = group.path / "InstanceCount"
            counts.append(Setting(value=count, text=count, path=path))
    is_simple = len(definition.resources) == 1 and (
        definition.resources[0].is_flexible or len(definition.resources[0].instances) == 1
    )
    if not is_simple:
        return {}
    return {
        Subject("instance", "processor"): tuple(processors),
        Subject("instance", "count"): tuple(counts),
    }


def _channel(channel: Channel) -> dict[Subject, tuple[Setting, ...]]:
    fields = {
        ".input_mode": (channel.input_mode, channel.path / "InputMode"),
        ".content_type": (channel.content_type, channel.path / "ContentType"),
    }
    for source in channel.sources:
        if isinstance(source, S3Source):
            fields[".distribution"] = (source.distribution, source.path / "S3DataDistributionType")
    properties = {
        Subject("channel", channel.name + field): (Setting(value=value, text=value, path=path),)
        for field, (value, path) in fields.items()
        if value is not None
    }
    present = Setting(value="", text=channel.name, path=channel.path)
    return {Subject("channel", channel.name): (present,), **properties}
