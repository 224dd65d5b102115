"""HPT24x and HPT25x: Hyperband, early stopping, the random seed and Autotune."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.diagnostics import Change, Finding, Remove, RequestPath
from hptc.project.references import has_reference
from hptc.request.job_facts import EPOCHS, WHOLE_NUMBER, built_in, of_definition
from hptc.request.spec_paths import value_at
from hptc.request.tuning_job import AutoRange, Definition
from hptc.rules.rule import Context, Rule, advice, error, set_value, warning

_CONFIG = "HyperParameterTuningJobConfig"
_STRATEGY = RequestPath((_CONFIG, "Strategy"))
_HYPERBAND = RequestPath((_CONFIG, "StrategyConfig", "HyperbandStrategyConfig"))
_EARLY_STOPPING = RequestPath((_CONFIG, "TrainingJobEarlyStoppingType"))

_MAX_RESOURCE = 20_000
_MAX_SEED = 2**31 - 1


@error("HPT241", "S05")
def hyperband_settings_without_hyperband(rule: Rule, context: Context) -> Iterator[Finding]:
    """A strategy other than Hyperband has Hyperband settings.

    SageMaker accepts `HyperbandStrategyConfig` only with the Hyperband strategy
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperbandStrategyConfig.html).

    Bad:
        strategy: Bayesian
        hyperband: {max_resource: 9}

    Good:
        strategy: Hyperband
        hyperband: {max_resource: 9}
    """
    job = context.job
    settings = (job.hyperband_min_resource, job.hyperband_max_resource)
    if job.strategy != "Hyperband" and settings != (None, None):
        yield rule.finding(
            f"`hyperband` requires the Hyperband strategy, but the strategy is {job.strategy}",
            _HYPERBAND,
            is_removable=True,
            help="remove it, or use `strategy: Hyperband`",
            fixes=(advice("use `strategy: Hyperband`", set_value(_STRATEGY, "Hyperband")),),
            on_key=True,
        )


@error("HPT242", "S06")
def hyperband_with_early_stopping(rule: Rule, context: Context) -> Iterator[Finding]:
    """A Hyperband tuning job also uses early stopping.

    Hyperband has its own mechanism to stop training jobs, so early stopping must be off
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTuningJobConfig.html).

    Bad:
        strategy: Hyperband
        hyperband: {max_resource: 9}
        early_stopping: Auto

    Good:
        strategy: Hyperband
        hyperband: {max_resource: 9}
    """
    if context.job.strategy == "Hyperband" and context.job.early_stopping == "Auto":
        yield rule.finding(
            "Hyperband stops training jobs by its own rules, so early stopping must be off",
            _EARLY_STOPPING,
            label="must be Off",
            is_removable=True,
            help="remove `early_stopping`",
        )


@error("HPT243", "S07")
def hyperband_without_max_resource(rule: Rule, context: Context) -> Iterator[Finding]:
    """Hyperband has no maximum number of epochs.

    Without `max_resource`, SageMaker reads the maximum from a static hyperparameter named `epochs`,
    `numepochs`, `n-epochs`, `n_epochs` or `num_epochs`, and rejects the tuning job if there is
    none. A tuned hyperparameter does not count
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperbandStrategyConfig.html,
    https://github.com/awslabs/graphstorm/issues/1243).

    Bad:
        strategy: Hyperband

    Good:
        strategy: Hyperband
        training_job:
          hyperparameters: {epochs: 27}
    """
    if context.job.strategy != "Hyperband" or context.job.hyperband_max_resource is not None:
        return
    for definition in context.job.definitions:
        if _has_static_epochs(definition):
            continue
        tuned = next((range_.name for range_ in definition.ranges if range_.name in EPOCHS), None)
        written = next((name for name in EPOCHS if name in definition.static), None)
        reason = ""
        if written is not None:
            reason = f": `{written}` is `{definition.static[written]}`, not an integer"
        elif tuned is not None:
            reason = f": `{tuned}` is tuned, not static"
        of = of_definition(definition)
        yield rule.finding(
            f"Hyperband needs the maximum number of epochs of a training job{of}{reason}",
            _STRATEGY,
            label="needs `max_resource`",
            help="add `hyperband: {max_resource: …}`, or a static `epochs`",
        )


@error("HPT244", "S08")
def hyperband_max_resource_too_large(rule: Rule, context: Context) -> Iterator[Finding]:
    """Hyperband's `max_resource` is greater than 20,000.

    The maximum is 20,000 epochs
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperbandStrategyConfig.html).

    Bad:
        strategy: Hyperband
        hyperband: {max_resource: 50000}

    Good:
        strategy: Hyperband
        hyperband: {max_resource: 20000}
    """
    maximum = context.job.hyperband_max_resource
    if context.job.strategy == "Hyperband" and maximum is not None and maximum > _MAX_RESOURCE:
        yield rule.finding(
            f"`max_resource` is {maximum}, but Hyperband supports at most {_MAX_RESOURCE} epochs",
            _HYPERBAND / "MaxResource",
            label=f"must be {_MAX_RESOURCE} or less",
            accepted=_MAX_RESOURCE,
        )


@error("HPT245", "S09")
def hyperband_minimum_above_maximum(rule: Rule, context: Context) -> Iterator[Finding]:
    """Hyperband's `min_resource` is greater than its `max_resource`.

    A training job runs for at least `min_resource` and at most `max_resource` epochs. Without
    `max_resource`, SageMaker reads the maximum from a static `epochs`
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperbandStrategyConfig.html).

    Bad:
        strategy: Hyperband
        hyperband: {min_resource: 30, max_resource: 27}

    Good:
        strategy: Hyperband
        hyperband: {min_resource: 3, max_resource: 27}
    """
    job = context.job
    minimum = job.hyperband_min_resource
    if job.strategy != "Hyperband" or minimum is None:
        return
    for definition in job.definitions:
        maximum = job.hyperband_max_resource
        origin = "`max_resource`"
        if maximum is None:
            maximum = _epochs(definition)
            origin = "the number of epochs of the training job"
        if maximum is not None and minimum > maximum:
            yield rule.finding(
                f"`min_resource` is {minimum}, but {origin} is {maximum}",
                _HYPERBAND / "MinResource",
                label=f"must be {maximum} or less",
                accepted=maximum,
            )
            return


@warning("HPT246", "S11")
def hyperband_without_intermediate_results(rule: Rule, context: Context) -> Iterator[Finding]:
    """Hyperband optimizes a metric that is reported once, at the end of training.

    Hyperband saves time by stopping training jobs that perform poorly, so it needs algorithms that
    report the objective throughout training. Metrics of the `test` channel are reported after
    training
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-how-it-works.html).

    Bad (kmeans):
        strategy: Hyperband
        hyperband: {max_resource: 10}

    Good (kmeans):
        strategy: Bayesian
    """
    if context.job.strategy != "Hyperband":
        return
    for definition in context.job.definitions:
        algorithm, objective = built_in(definition), definition.objective
        if algorithm is None or objective is None or not objective.metric_name.startswith("test:"):
            continue
        if objective.metric_name not in algorithm.early_stopping_metrics:
            yield rule.finding(
                f"{algorithm.title} reports `{objective.metric_name}` only once, at the end of "
                "training, so Hyperband can't stop training jobs early",
                _STRATEGY,
                label="needs intermediate results",
                help="use `strategy: Bayesian` without `hyperband`, or an objective that is "
                "reported every epoch",
                fixes=(
                    advice("use `strategy: Bayesian` without `hyperband`", *to_bayesian(context)),
                ),
            )


@warning("HPT247")
def early_stopping_with_all_jobs_in_parallel(rule: Rule, context: Context) -> Iterator[Finding]:
    """Early stopping is on, but all training jobs run in parallel.

    Early stopping compares a training job with those that completed before it. If all start at the
    same time, there are few or none
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-early-stopping.html).

    Bad:
        strategy: Random
        early_stopping: Auto
        limits: {max_number_of_training_jobs: 8, max_parallel_training_jobs: 8}

    Good:
        strategy: Random
        early_stopping: Auto
        limits: {max_number_of_training_jobs: 8, max_parallel_training_jobs: 2}
    """
    job = context.job
    wanted = job.max_number_of_training_jobs
    if job.early_stopping != "Auto" or wanted is None or wanted > job.max_parallel_training_jobs:
        return
    yield rule.finding(
        "early stopping compares a training job with completed ones, but "
        + ("there is only one" if wanted == 1 else f"all {wanted} start at the same time"),
        _EARLY_STOPPING,
        label="has little or no effect",
        is_removable=True,
        help="remove `early_stopping`, or run fewer training jobs in parallel",
    )


@warning("HPT248", "S17")
def random_seed_beyond_32_bits(rule: Rule, context: Context) -> Iterator[Finding]:
    """The random seed is greater than 2147483647.

    The API reference gives no maximum, but the type is a 32-bit integer, and SDKs of several
    languages can't send more
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTuningJobConfig.html).

    Bad:
        random_seed: 20261120201359

    Good:
        random_seed: 20261120
    """
    seed = context.job.random_seed
    if seed is not None and seed > _MAX_SEED:
        yield rule.finding(
            f"the random seed {seed} does not fit in a signed 32-bit integer",
            RequestPath((_CONFIG, "RandomSeed")),
            label=f"must be {_MAX_SEED} or less",
            accepted=_MAX_SEED,
        )


@error("HPT251", "A02")
def automatic_range_without_autotune(rule: Rule, context: Context) -> Iterator[Finding]:
    """A range has type Auto, but Autotune is off.

    A range of type Auto has only an example value. Autotune chooses the bounds, so it must be
    enabled
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-ranges.html).

    Bad:
        training_job:
          hyperparameters:
            width: {type: Auto, value_hint: 4}

    Good:
        autotune: Enabled
        training_job:
          hyperparameters:
            width: {type: Auto, value_hint: 4}
    """
    if context.job.is_autotuned or context.job.strategy == "Grid":
        return
    for definition in context.job.definitions:
        for range_ in definition.ranges:
            if isinstance(range_, AutoRange):
                yield rule.finding(
                    f"`{range_.name}` has type Auto, but Autotune is off",
                    range_.path,
                    label="requires Autotune",
                    help="add `autotune: Enabled`, or set its range",
                    fixes=(
                        advice(
                            "add `autotune: Enabled`",
                            set_value(RequestPath(("Autotune", "Mode")), "Enabled"),
                        ),
                    ),
                    on_key=True,
                )


def to_bayesian(context: Context) -> tuple[Change, ...]:
    """The changes that make a tuning job Bayesian: `hyperband` is for its own strategy only."""
    bayesian = set_value(_STRATEGY, "Bayesian")
    config = value_at(context.request, _HYPERBAND)
    return (bayesian,) if config is None else (bayesian, Remove(path=_HYPERBAND))


def _epochs(definition: Definition) -> int | None:
    """The number of epochs that SageMaker reads from the static hyperparameters."""
    for name in EPOCHS:
        text = definition.static.get(name, "")
        if WHOLE_NUMBER.fullmatch(text):
            return int(text)
    return None


def _has_static_epochs(definition: Definition) -> bool:
    values = [definition.static.get(name, "") for name in EPOCHS]
    return any(WHOLE_NUMBER.fullmatch(text.strip('"')) or has_reference(text) for text in values)


RULES = (
    hyperband_settings_without_hyperband,
    hyperband_with_early_stopping,
    hyperband_without_max_resource,
    hyperband_max_resource_too_large,
    hyperband_minimum_above_maximum,
    hyperband_without_intermediate_results,
    early_stopping_with_all_jobs_in_parallel,
    random_seed_beyond_32_bits,
    automatic_range_without_autotune,
)
