"""HPT21x: names, counts and encoding of hyperparameters."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal

from hptc.catalog import name_conventions
from hptc.catalog.algorithms import Algorithm
from hptc.diagnostics import Finding, RequestPath
from hptc.request.job_facts import (
    OBJECTIVE_METRIC,
    built_in,
    number,
    possible_algorithms,
    runs_a_script,
)
from hptc.request.tuning_job import CategoricalRange, Definition, NumericRange
from hptc.rules.range_fixes import is_whole, with_type
from hptc.rules.rule import Context, Rule, error, warning

_MAX_RANGES = 30
_MAX_HYPERPARAMETERS = 100


@error("HPT211", "P16")
def unnamed_range(rule: Rule, context: Context) -> Iterator[Finding]:
    """A range has no name.

    The training job reads the value by this name. The API's pattern allows an empty name, but a
    training job can't use it
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ContinuousParameterRange.html).

    Bad:
        training_job:
          hyperparameters:
            "": {type: Integer, min: 1, max: 40}

    Good:
        training_job:
          hyperparameters:
            depth: {type: Integer, min: 1, max: 40}
    """
    for definition in context.job.definitions:
        for range_ in definition.ranges:
            if not range_.name:
                yield rule.finding(
                    "a range has no name",
                    range_.path / "Name",
                    label="empty",
                    help="give it the name of the hyperparameter",
                    on_key=True,
                )


@error("HPT212", "P12", "P14", "A07")
def duplicate_hyperparameter(rule: Rule, context: Context) -> Iterator[Finding]:
    """A hyperparameter has two ranges, or both a range and a static value.

    A training job gets one value for each name, so a hyperparameter is either static or tuned
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTrainingJobDefinition.html).
    This only affects requests: in a spec, all hyperparameters are in one map.

    Bad (request):
        TrainingJobDefinition:
          StaticHyperParameters: {depth: "6"}

    Good (request):
        TrainingJobDefinition:
          StaticHyperParameters: {width: "6"}
    """
    for definition in context.job.definitions:
        seen: set[str] = set()
        for range_ in definition.ranges:
            if range_.name in definition.static:
                problem = f"`{range_.name}` has both a static value and a range"
            elif range_.name in seen:
                problem = f"`{range_.name}` has two ranges"
            else:
                seen.add(range_.name)
                continue
            yield rule.finding(
                problem, range_.path / "Name", label="duplicate", help="keep one of them"
            )


@error("HPT213", "L01", "X13")
def too_many_ranges(rule: Rule, context: Context) -> Iterator[Finding]:
    """A tuning job tunes more than 30 hyperparameters.

    A tuning job can have up to 30 Integer, Continuous and Categorical ranges across all of its
    training job definitions. The quota can't be increased. Ranges of type Auto don't count
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html).

    Bad:
        training_job:
          hyperparameters:
            p01: &flag {type: Categorical, values: [on, off]}
            p02: *flag
            p03: *flag
            p04: *flag
            p05: *flag
            p06: *flag
            p07: *flag
            p08: *flag
            p09: *flag
            p10: *flag
            p11: *flag
            p12: *flag
            p13: *flag
            p14: *flag
            p15: *flag
            p16: &integer {type: Integer, min: 1, max: 40}
            p17: *integer
            p18: *integer
            p19: *integer
            p20: *integer
            p21: *integer
            p22: *integer
            p23: *integer
            p24: *integer
            p25: *integer
            p26: *integer
            p27: *integer
            p28: *integer
            p29: *integer

    Good:
        training_job:
          hyperparameters:
            p01: &flag {type: Categorical, values: [on, off]}
            p02: *flag
    """
    ranges = [
        range_
        for definition in context.job.definitions
        for range_ in definition.ranges
        if isinstance(range_, NumericRange | CategoricalRange)
    ]
    if len(ranges) > _MAX_RANGES:
        yield rule.finding(
            f"the tuning job tunes {len(ranges)} hyperparameters, but the maximum is {_MAX_RANGES}",
            ranges[_MAX_RANGES].path,
            label=f"number {_MAX_RANGES + 1}",
            help="make the less important ones static",
            on_key=True,
        )


@error("HPT214", "L03")
def too_many_hyperparameters(rule: Rule, context: Context) -> Iterator[Finding]:
    """A training job has more than 100 hyperparameters.

    A training job can have up to 100 hyperparameters, static and tuned combined. Tuning may add its
    own, such as `_tuning_objective_metric`, so plan for at most 99
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-ranges.html).

    Bad:
        training_job:
          hyperparameters: {
            s00: 0, s01: 0, s02: 0, s03: 0, s04: 0, s05: 0, s06: 0, s07: 0, s08: 0, s09: 0,
            s10: 0, s11: 0, s12: 0, s13: 0, s14: 0, s15: 0, s16: 0, s17: 0, s18: 0, s19: 0,
            s20: 0, s21: 0, s22: 0, s23: 0, s24: 0, s25: 0, s26: 0, s27: 0, s28: 0, s29: 0,
            s30: 0, s31: 0, s32: 0, s33: 0, s34: 0, s35: 0, s36: 0, s37: 0, s38: 0, s39: 0,
            s40: 0, s41: 0, s42: 0, s43: 0, s44: 0, s45: 0, s46: 0, s47: 0, s48: 0, s49: 0,
            s50: 0, s51: 0, s52: 0, s53: 0, s54: 0, s55: 0, s56: 0, s57: 0, s58: 0, s59: 0,
            s60: 0, s61: 0, s62: 0, s63: 0, s64: 0, s65: 0, s66: 0, s67: 0, s68: 0, s69: 0,
            s70: 0, s71: 0, s72: 0, s73: 0, s74: 0, s75: 0, s76: 0, s77: 0, s78: 0, s79: 0,
            s80: 0, s81: 0, s82: 0, s83: 0, s84: 0, s85: 0, s86: 0, s87: 0, s88: 0, s89: 0,
            s90: 0, s91: 0, s92: 0, s93: 0, s94: 0, s95: 0, s96: 0, s97: 0, s98: 0}

    Good:
        training_job:
          hyperparameters: {s00: 0, s01: 0, s02: 0, s03: 0, s04: 0}
    """
    for definition in context.job.definitions:
        count = len({*definition.static, *(range_.name for range_ in definition.ranges)})
        if count > _MAX_HYPERPARAMETERS:
            yield rule.finding(
                f"the training job has {count} hyperparameters, static and tuned combined, but the "
                f"maximum is {_MAX_HYPERPARAMETERS}",
                definition.path / "StaticHyperParameters",
                help="combine some into one JSON value, or move them to a file in an input channel",
                on_key=True,
            )


@warning("HPT215", "H02")
def reserved_hyperparameter_name(rule: Rule, context: Context) -> Iterator[Finding]:
    """A hyperparameter's name starts with an underscore.

    SageMaker reserves these names, most notably `_tuning_objective_metric`, which it adds to every
    training job of a tuning job. They usually come from a DescribeTrainingJob response, and cloning
    such a job has failed because of them
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-ranges.html).
    Built-in algorithms have a few documented names of this form, which are not reported.

    Bad:
        training_job:
          hyperparameters: {_tuning_objective_metric: loss}

    Good:
        training_job:
          hyperparameters: {tuning_objective_metric: loss}
    """
    for definition in context.job.definitions:
        static = definition.path / "StaticHyperParameters"
        names: list[tuple[str, RequestPath]] = [(name, static / name) for name in definition.static]
        names += [(range_.name, range_.path) for range_ in definition.ranges]
        reserved = "_" if built_in(definition) is None else OBJECTIVE_METRIC
        for name, path in names:
            if name.startswith(reserved):
                yield rule.finding(
                    f"`{name}` is reserved by SageMaker",
                    path,
                    label="starts with an underscore",
                    is_removable=True,
                    help="remove it; SageMaker adds it to every training job"
                    if name == OBJECTIVE_METRIC
                    else "rename it, or remove it if it comes from a Describe response",
                    on_key=True,
                )


@warning("HPT216", "P19")
def quoted_value_for_built_in_algorithm(rule: Rule, context: Context) -> Iterator[Finding]:
    """A hyperparameter of a built-in algorithm has a quoted value.

    Built-in algorithms read hyperparameters as plain strings; only the training toolkit in script
    mode parses them as JSON. The quotes become part of the value, which the algorithm rejects
    (https://github.com/aws/sagemaker-python-sdk/issues/5317).

    Bad (kmeans):
        training_job:
          hyperparameters:
            init_method: '"random"'

    Good (kmeans):
        training_job:
          hyperparameters:
            init_method: random
    """
    for definition in context.job.definitions:
        algorithm = built_in(definition)
        if algorithm is None or runs_a_script(definition):
            continue
        for name, value, path in values(definition):
            versions = possible_algorithms(definition)
            is_refused = bool(versions) and all(
                _is_refused(version, name, value) for version in versions
            )
            if not is_json_string(value) or is_refused:
                continue
            yield rule.finding(
                f"`{name}` is sent as {value}, including the quotes",
                path,
                label=f"{algorithm.title} does not remove the quotes",
                accepted=json.loads(value),
                help=quotes_advice(context),
            )


def values(definition: Definition) -> Iterator[tuple[str, str, RequestPath]]:
    """Name, value and path of every static value and categorical value of a training job."""
    for name, value in definition.static.items():
        yield name, value, definition.path / "StaticHyperParameters" / name
    for range_ in definition.ranges:
        if isinstance(range_, CategoricalRange):
            for index, value in enumerate(range_.values):
                yield range_.name, value, range_.path / "Values" / index


def _is_refused(algorithm: Algorithm, name: str, value: str) -> bool:
    """Whether the container certainly rejects the value, which HPT311 reports."""
    known = algorithm.hyperparameter(name)
    return known is not None and known.certainty == "certain" and not known.accepts(value)


def quotes_advice(context: Context) -> str:
    """What to do about quotes inside a value."""
    if context.is_request:
        return "remove the inner quotes"
    return "remove the inner quotes, and `hyperparameter_encoding: json` if it is set"


def is_json_string(text: str) -> bool:
    """Whether a value is a string with its quotes, as the training toolkit sends strings."""
    if not text.startswith('"'):
        return False
    try:
        return isinstance(json.loads(text), str)
    except ValueError:
        return False


@warning("HPT217", "P23")
def continuous_range_of_integers(rule: Rule, context: Context) -> Iterator[Finding]:
    """A hyperparameter that is an integer by convention has a Continuous range.

    Training jobs get values such as 12.71 for `epochs` or `batch_size`, which most scripts reject
    or round down. Only names that stand for integers in the common libraries are reported, and of
    these `num_*`, `n_*`, `*layers*` and `*depth*` only if both bounds are integers
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-ranges.html).

    Bad:
        training_job:
          hyperparameters:
            epochs: {type: Continuous, min: 5, max: 40}

    Good:
        training_job:
          hyperparameters:
            epochs: {type: Integer, min: 5, max: 40}
    """
    for definition in context.job.definitions:
        if built_in(definition) is not None:
            continue  # the algorithm's own table has the types of its ranges
        for range_ in definition.ranges:
            if not isinstance(range_, NumericRange) or range_.kind != "Continuous":
                continue
            low, high = number(range_.min), number(range_.max)
            if low is None or high is None or not _stands_for_integers(range_.name, low, high):
                continue
            has_integers = is_whole(low) and is_whole(high)
            bounds = f", min: {int(low)}, max: {int(high)}" if has_integers else ""
            if range_.scaling in ("Linear", "Logarithmic"):
                bounds += f", scaling: {range_.scaling}"
            help = f"use `{{type: Integer{bounds}}}`"
            if not has_integers:
                help += " with integers as bounds"
            yield rule.finding(
                f"`{range_.name}` is an integer by convention, but its range is Continuous",
                range_.path / "Name",
                label="includes fractions",
                help=help,
                fixes=with_type(context, range_, "Integer", help),
            )


def _stands_for_integers(name: str, low: Decimal, high: Decimal) -> bool:
    if name_conventions.is_always_integer(name):
        return True
    has_integers = is_whole(low) and is_whole(high) and high - low > 1
    return has_integers and name_conventions.is_usually_integer(name)


RULES = (
    unnamed_range,
    duplicate_hyperparameter,
    too_many_ranges,
    too_many_hyperparameters,
    reserved_hyperparameter_name,
    quoted_value_for_built_in_algorithm,
    continuous_range_of_integers,
)
