"""HPT24x and HPT25x: Hyperband, early stopping, the random seed and Autotune."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.diagnostics import Finding, RequestPath
from hptc.project.references import has_reference
from hptc.request.job_facts import WHOLE_NUMBER, built_in, of_definition
from hptc.request.tuning_job import AutoRange, Definition
from hptc.rules.rule import Context, Rule, error, warning

_CONFIG = "HyperParameterTuningJobConfig"
_STRATEGY = RequestPath((_CONFIG, "Strategy"))
_HYPERBAND = RequestPath((_CONFIG, "StrategyConfig", "HyperbandStrategyConfig"))
_EARLY_STOPPING = RequestPath((_CONFIG, "TrainingJobEarlyStoppingType"))

_MAX_RESOURCE = 20_000
_MAX_SEED = 2**31 - 1
_EPOCHS = ("epochs", "numepochs", "n-epochs", "n_epochs", "num_epochs")


@error("HPT241", "S05")
def hyperband_settings_of_another_strategy(rule: Rule, context: Context) -> Iterator[Finding]:
    """A search that is not Hyperband has Hyperband's settings.

    They are for the strategy Hyperband only
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
            f"these settings are for Hyperband, but the strategy is {job.strategy}",
            _HYPERBAND,
            help="remove them, or say `strategy: Hyperband`",
            on_key=True,
        )


@error("HPT242", "S06")
def hyperband_with_early_stopping(rule: Rule, context: Context) -> Iterator[Finding]:
    """A Hyperband search has early stopping too.

    Hyperband stops training jobs by rules of its own, and early stopping must be off
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
            "Hyperband stops training jobs itself, so early stopping must be off",
            _EARLY_STOPPING,
            label="must be Off",
            help="remove `early_stopping`",
        )


@error("HPT243", "S07")
def hyperband_without_resource(rule: Rule, context: Context) -> Iterator[Finding]:
    """Hyperband does not know the most epochs that a training job may run.

    Without `max_resource` SageMaker reads it from a static hyperparameter named `epochs`,
    `numepochs`, `n-epochs`, `n_epochs` or `num_epochs`, and refuses the search if there is none. A
    tuned one does not count
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
        if _tells_epochs(definition):
            continue
        tuned = next((each.name for each in definition.ranges if each.name in _EPOCHS), None)
        written = next((name for name in _EPOCHS if name in definition.static), None)
        reason = ""
        if written is not None:
            reason = f": `{written}` is `{definition.static[written]}`, not a whole number"
        elif tuned is not None:
            reason = f": `{tuned}` is tuned, which does not tell it"
        of = of_definition(definition)
        yield rule.finding(
            f"Hyperband does not know the most epochs that a training job{of} may run{reason}",
            _STRATEGY,
            label="needs `max_resource`",
            help="add `hyperband: {max_resource: …}`, or a static `epochs`",
        )


@error("HPT244", "S08")
def hyperband_resource_too_large(rule: Rule, context: Context) -> Iterator[Finding]:
    """Hyperband's most is more than 20,000.

    20,000 epochs are the most
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperbandStrategyConfig.html).

    Bad:
        strategy: Hyperband
        hyperband: {max_resource: 50000}

    Good:
        strategy: Hyperband
        hyperband: {max_resource: 20000}
    """
    most = context.job.hyperband_max_resource
    if context.job.strategy == "Hyperband" and most is not None and most > _MAX_RESOURCE:
        yield rule.finding(
            f"Hyperband takes at most {_MAX_RESOURCE} epochs, but `max_resource` is {most}",
            _HYPERBAND / "MaxResource",
            label=f"must be {_MAX_RESOURCE} or less",
        )


@error("HPT245", "S09")
def hyperband_minimum_above_maximum(rule: Rule, context: Context) -> Iterator[Finding]:
    """Hyperband's least is more than its most.

    A training job runs for at least `min_resource` epochs and at most `max_resource`, which
    SageMaker reads from a static `epochs` where it is not given
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperbandStrategyConfig.html).

    Bad:
        strategy: Hyperband
        hyperband: {min_resource: 30, max_resource: 27}

    Good:
        strategy: Hyperband
        hyperband: {min_resource: 3, max_resource: 27}
    """
    job = context.job
    least = job.hyperband_min_resource
    if job.strategy != "Hyperband" or least is None:
        return
    for definition in job.definitions:
        most = job.hyperband_max_resource
        its_most = f"its most, {most}"
        if most is None:
            most = _epochs(definition)
            its_most = f"the {most} epochs of the training job"
        if most is not None and least > most:
            yield rule.finding(
                f"Hyperband's least, {least}, is more than {its_most}",
                _HYPERBAND / "MinResource",
                label=f"must be {most} or less",
            )
            return


@warning("HPT246", "S11")
def hyperband_without_intermediate_results(rule: Rule, context: Context) -> Iterator[Finding]:
    """Hyperband optimises a metric that is measured once, at the end.

    Hyperband saves time by stopping training jobs that look bad on the way, so it is for
    algorithms that report the objective again and again. A metric of the `test` channel comes after
    the training
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
                f"{algorithm.title} reports `{objective.metric_name}` once, at the end, so "
                "Hyperband has nothing to stop it by",
                _STRATEGY,
                label="needs results on the way",
                help="use `strategy: Bayesian`, or an objective that is reported at each epoch",
            )


@warning("HPT247")
def early_stopping_without_earlier_jobs(rule: Rule, context: Context) -> Iterator[Finding]:
    """Early stopping is on, and all training jobs start at once.

    Early stopping compares a training job with those that were completed before it. When there is
    no second round, there are none or hardly any
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
        "early stopping compares with completed training jobs, but "
        + ("there is only one" if wanted == 1 else f"all {wanted} start at once"),
        _EARLY_STOPPING,
        label="stops little or nothing",
        help="remove `early_stopping`, or run fewer training jobs at the same time",
    )


@warning("HPT248", "S17")
def random_seed_beyond_32_bits(rule: Rule, context: Context) -> Iterator[Finding]:
    """The random seed is more than 2147483647.

    The API's reference gives no upper bound, but its type is a 32-bit integer, which is what the
    SDKs of several languages can send
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTuningJobConfig.html).

    Bad:
        random_seed: 20261120201359

    Good:
        random_seed: 20261120
    """
    seed = context.job.random_seed
    if seed is not None and seed > _MAX_SEED:
        yield rule.finding(
            f"the random seed {seed} does not fit into 32 bits",
            RequestPath((_CONFIG, "RandomSeed")),
            label=f"{_MAX_SEED} at most",
            help="use a smaller one",
        )


@error("HPT251", "A02")
def automatic_range_without_autotune(rule: Rule, context: Context) -> Iterator[Finding]:
    """A range is left to Autotune, which is not on.

    A range of type Auto has an example value only; Autotune makes the range around it, and it has
    to be enabled for that
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
                    f"`{range_.name}` is left to Autotune, which is not on",
                    range_.path,
                    label="has no range of its own",
                    help="add `autotune: Enabled`, or give it a range",
                    on_key=True,
                )


def _epochs(definition: Definition) -> int | None:
    """The resource that SageMaker reads from the static hyperparameters."""
    for name in _EPOCHS:
        text = definition.static.get(name, "")
        if WHOLE_NUMBER.fullmatch(text):
            return int(text)
    return None


def _tells_epochs(definition: Definition) -> bool:
    values = [definition.static.get(name, "") for name in _EPOCHS]
    return any(WHOLE_NUMBER.fullmatch(text.strip('"')) or has_reference(text) for text in values)


RULES = (
    hyperband_settings_of_another_strategy,
    hyperband_with_early_stopping,
    hyperband_without_resource,
    hyperband_resource_too_large,
    hyperband_minimum_above_maximum,
    hyperband_without_intermediate_results,
    early_stopping_without_earlier_jobs,
    random_seed_beyond_32_bits,
    automatic_range_without_autotune,
)
