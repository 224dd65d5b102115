"""HPT311 to HPT315: values, presence and names of the hyperparameters of built-in algorithms."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.catalog.accepted_values import Certainty, Hyperparameter
from hptc.catalog.algorithms import Algorithm, versions_with_hyperparameter
from hptc.catalog.setting_dependencies import Subject
from hptc.diagnostics import Finding, RequestPath, nearest
from hptc.project.references import has_reference
from hptc.request.job_facts import number
from hptc.request.tuning_job import Definition, NumericRange
from hptc.rules.hyperparameters import is_json_string, quotes_advice, values
from hptc.rules.range_fixes import with_type
from hptc.rules.rule import Context, Rule, error, warning
from hptc.rules.version_facts import in_every_version
from hptc.text import code, listed_code, quoted

_MAX_VALUE_LENGTH = 60


@error("HPT311", "H09")
def refused_hyperparameter_value(rule: Rule, context: Context) -> Iterator[Finding]:
    """The container of a built-in algorithm rejects the value of a hyperparameter.

    The container checks each hyperparameter when a training job starts: its type, interval or list
    of values. SageMaker accepts the tuning job, but every training job with this value fails
    (https://github.com/aws/sagemaker-xgboost-container).

    Bad (xgboost):
        training_job:
          hyperparameters: {subsample: 0}

    Good (xgboost):
        training_job:
          hyperparameters: {subsample: 0.7}
    """
    yield from in_every_version(
        context,
        lambda definition, algorithm: (
            *_bad_values(rule, context, definition, algorithm, "certain"),
            *_fractional_ranges(rule, context, definition, algorithm),
        ),
    )


@warning("HPT312", "H09", "P21")
def doubtful_hyperparameter_value(rule: Rule, context: Context) -> Iterator[Finding]:
    """A value is not documented for the hyperparameter of the built-in algorithm.

    The Developer Guide gives a type, an interval or a list of values that the value is not in, so
    that training jobs usually fail. A range is also reported if it only begins or ends with a value
    that the container rejects
    (https://docs.aws.amazon.com/sagemaker/latest/dg/algos.html).

    Bad (xgboost):
        training_job:
          hyperparameters:
            subsample: {type: Continuous, min: 0, max: 1}

    Good (xgboost):
        training_job:
          hyperparameters:
            subsample: {type: Continuous, min: 0.1, max: 1}
    """
    yield from in_every_version(
        context,
        lambda definition, algorithm: (
            *_bad_values(rule, context, definition, algorithm, "documented"),
            *_doubtful_ranges(rule, definition, algorithm),
        ),
    )


def _bad_values(
    rule: Rule,
    context: Context,
    definition: Definition,
    algorithm: Algorithm,
    certainty: Certainty,
) -> Iterator[Finding]:
    for name, value, path in _values(definition, algorithm):
        known = algorithm.hyperparameter(name)
        if known is None or known.certainty != certainty or has_reference(value):
            continue
        is_quoted = is_json_string(value)
        if known.accepts(value) or (is_quoted and certainty == "documented"):
            continue  # HPT216 reports quotes
        words = (*_usable_words(algorithm, known), *known.also)
        meant = nearest(value, words)
        yield rule.finding(
            f"`{name}` of {algorithm.title_in_version} must be {known.expected}, but is "
            f"{quoted(value, _MAX_VALUE_LENGTH)}",
            path,
            label=f"did you mean `{meant}`?" if meant else "",
            replacement=meant or "",
            guessed_from=value,
            help=quotes_advice(context)
            if is_quoted
            else ("" if known.lists_its_values else f"valid values: {listed_code(words)}"),
        )


def _usable_words(algorithm: Algorithm, known: Hyperparameter) -> list[str]:
    """The accepted words, without those that the algorithm always fails with."""
    subject = Subject("hyperparameter", known.name)
    always = [
        dependency for dependency in algorithm.dependencies if dependency.subjects == (subject,)
    ]
    return [
        word
        for word in known.scalar.values
        if all(dependency.violated({subject: word}) is None for dependency in always)
    ]


def _fractional_ranges(
    rule: Rule, context: Context, definition: Definition, algorithm: Algorithm
) -> Iterator[Finding]:
    for range_ in definition.ranges:
        known = algorithm.hyperparameter(range_.name)
        if known is None or not known.requires_integers or not isinstance(range_, NumericRange):
            continue
        if range_.kind == "Continuous":
            yield rule.finding(
                f"`{range_.name}` of {algorithm.title_in_version} must be an integer, but is tuned "
                "as Continuous",
                range_.path,
                label="the container can't parse a fraction",
                help="use `type: Integer`",
                fixes=with_type(context, range_, "Integer", "use `type: Integer`"),
                on_key=True,
            )


def _values(definition: Definition, algorithm: Algorithm) -> Iterator[tuple[str, str, RequestPath]]:
    """Name, value and path of each static value and each category.

    Of two static values of one hyperparameter, XGBoost's container takes the last.
    """
    last = {_canonical(algorithm, name): name for name in definition.static}
    for name, value, path in values(definition):
        if last.get(_canonical(algorithm, name), name) == name or name not in definition.static:
            yield name, value, path


def _canonical(algorithm: Algorithm, name: str) -> str:
    known = algorithm.hyperparameter(name)
    return known.name if known is not None else name


def _doubtful_ranges(rule: Rule, definition: Definition, algorithm: Algorithm) -> Iterator[Finding]:
    """Ranges that leave what is documented, or that touch an end which the algorithm rejects."""
    for range_ in definition.ranges:
        known = algorithm.hyperparameter(range_.name)
        interval = known.interval if known is not None else None
        if known is None or interval is None or not isinstance(range_, NumericRange):
            continue
        low, high = interval.minimum, interval.maximum
        for member, text, is_outside, end in (
            ("MinValue", range_.min, interval.is_below, low),
            ("MaxValue", range_.max, interval.is_above, high),
        ):
            bound = number(text)
            if bound is None or not is_outside(float(bound)):
                continue
            if known.certainty == "certain" and float(bound) != end:
                continue  # HPT307 reports it
            yield rule.finding(
                f"the range of `{range_.name}` {'starts' if member == 'MinValue' else 'ends'} at "
                f"{bound}, but {algorithm.title_in_version} requires {known.expected}",
                range_.path / member,
                label=f"must be {interval.text}",
            )


@error("HPT313", "H03", "H07")
def missing_essential_hyperparameter(rule: Rule, context: Context) -> Iterator[Finding]:
    """The container of a built-in algorithm fails without a hyperparameter.

    SageMaker accepts the tuning job, because only the container checks the hyperparameters. Every
    training job fails, and the tuning job with them
    (https://github.com/aws/sagemaker-xgboost-container).

    Bad (xgboost):
        training_job:
          hyperparameters:
            num_round: null

    Good (xgboost):
        training_job:
          hyperparameters:
            num_round: 100
    """
    yield from missing(rule, context, "certain")


def missing(rule: Rule, context: Context, certainty: Certainty) -> Iterator[Finding]:
    """Findings for required hyperparameters that are missing, of one certainty."""
    yield from in_every_version(
        context, lambda definition, algorithm: _missing(rule, definition, algorithm, certainty)
    )


def _missing(
    rule: Rule, definition: Definition, algorithm: Algorithm, certainty: Certainty
) -> Iterator[Finding]:
    names = {*definition.static, *(range_.name for range_ in definition.ranges)}
    for required in algorithm.required_hyperparameters:
        condition = required.when
        if required.certainty != certainty or required.name in names:
            continue
        if condition is not None and not condition.is_met(definition.static):
            continue
        because = (
            f" when `{condition.hyperparameter}` is {definition.static[condition.hyperparameter]}"
            if condition is not None
            else ""
        )
        yield rule.finding(
            f"{algorithm.title} requires the hyperparameter `{required.name}`{because}",
            definition.path / "StaticHyperParameters",
            help=f"add `{required.name}:` to `hyperparameters`",
            on_key=True,
        )


@error("HPT314", "H04")
def rejected_hyperparameter(rule: Rule, context: Context) -> Iterator[Finding]:
    """The container of a built-in algorithm does not know a hyperparameter.

    The container fails on any name that is not in its list, and the list depends on the version.
    SageMaker accepts the tuning job, but every training job fails
    (https://github.com/aws/sagemaker-xgboost-container).

    Bad (xgboost):
        training_job:
          hyperparameters:
            num_rounds: 50

    Good (xgboost):
        training_job:
          hyperparameters:
            num_round: 50
    """
    yield from unknown(rule, context, "certain")


def unknown(rule: Rule, context: Context, certainty: Certainty) -> Iterator[Finding]:
    """Findings for static hyperparameters that are not in the list of the algorithm."""
    yield from in_every_version(
        context, lambda definition, algorithm: _unknown(rule, definition, algorithm, certainty)
    )


def _unknown(
    rule: Rule, definition: Definition, algorithm: Algorithm, certainty: Certainty
) -> Iterator[Finding]:
    if algorithm.certainty != certainty or not algorithm.hyperparameters:
        return
    names = [
        name
        for hyperparameter in algorithm.hyperparameters
        for name in (hyperparameter.name, *hyperparameter.aliases)
    ]
    for name in definition.static:
        if algorithm.hyperparameter(name) is not None:
            continue
        if certainty == "documented" and name.startswith("_"):
            continue  # SageMaker reserves names that start with an underscore
        meant = nearest(name, [name for name in names if not name.startswith("_")])
        others = versions_with_hyperparameter(algorithm.name, name)
        documented = "" if certainty == "certain" else "documented "
        yield rule.finding(
            f"{algorithm.title_in_version} has no {documented}hyperparameter `{name}`",
            definition.path / "StaticHyperParameters" / name,
            label=_only_in(others) or (f"did you mean `{meant}`?" if meant else ""),
            replacement="" if _only_in(others) else meant or "",
            guessed_from=name,
            is_removable=True,
            help="remove it, or use a documented hyperparameter",
            on_key=True,
        )


def _only_in(versions: tuple[str, ...]) -> str:
    if len(versions) > 1:
        return f"only in versions {versions[0]} to {versions[-1]}"
    return f"only in version {versions[0]}" if versions else ""


@warning("HPT315", "H10")
def hyperparameter_under_two_names(rule: Rule, context: Context) -> Iterator[Finding]:
    """A hyperparameter of a built-in algorithm is set under two names.

    Some hyperparameters have an alias, such as `learning_rate` for `eta`. If both are set, the
    container uses one of them and ignores the other
    (https://docs.aws.amazon.com/sagemaker/latest/dg/xgboost_hyperparameters.html).

    Bad (xgboost):
        training_job:
          hyperparameters: {alpha: 1, reg_alpha: 2}

    Good (xgboost):
        training_job:
          hyperparameters: {alpha: 1}
    """
    yield from in_every_version(
        context, lambda definition, algorithm: _repeated(rule, definition, algorithm)
    )


def _repeated(rule: Rule, definition: Definition, algorithm: Algorithm) -> Iterator[Finding]:
    static = definition.path / "StaticHyperParameters"
    paths = {name: static / name for name in definition.static}
    paths = {range_.name: range_.path for range_ in definition.ranges} | paths
    documented = [known for name in paths if (known := algorithm.hyperparameter(name)) is not None]
    if len({known.name for known in documented}) == len(documented):
        return
    for known in algorithm.hyperparameters:
        names = [name for name in (known.name, *known.aliases) if name in paths]
        if len(names) > 1:
            yield rule.finding(
                f"{listed_code(names)} are the same hyperparameter of {algorithm.title}",
                paths[names[1]],
                label="one of them is ignored",
                is_removable=True,
                help=f"remove {code(names[1])}",
                on_key=True,
            )


RULES = (
    refused_hyperparameter_value,
    doubtful_hyperparameter_value,
    missing_essential_hyperparameter,
    rejected_hyperparameter,
    hyperparameter_under_two_names,
)
