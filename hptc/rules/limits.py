"""HPT40x: limits of a tuning job: number of training jobs, parallel training jobs and runtime."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.diagnostics import Finding, RequestPath
from hptc.request.job_facts import MAX_TRAINING_JOBS, training_jobs
from hptc.rules.rule import Context, Rule, error, warning

MAX_RANDOM_TRAINING_JOBS = 10_000
"""For random search, after a quota increase:
https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html"""

_LIMITS = RequestPath(("HyperParameterTuningJobConfig", "ResourceLimits"))
_NUMBER = _LIMITS / "MaxNumberOfTrainingJobs"
_PARALLEL = _LIMITS / "MaxParallelTrainingJobs"
_RUNTIME = _LIMITS / "MaxRuntimeInSeconds"
_MAX_PARALLEL = 100
_DEFAULT_MAX_PARALLEL = 10
_MAX_SECONDS = 30 * 86_400
# Even on a warm instance, a training job loads the data, trains and stores the model.
_MIN_TRAINING_JOB_SECONDS = 60


@error("HPT401", "L05")
def too_many_parallel_training_jobs(rule: Rule, context: Context) -> Iterator[Finding]:
    """A tuning job runs more than 100 training jobs in parallel.

    The default quota is 10 parallel training jobs per tuning job, and it can be increased up to 100
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html).

    Bad:
        limits: {max_number_of_training_jobs: 300, max_parallel_training_jobs: 150}

    Good:
        limits: {max_number_of_training_jobs: 300, max_parallel_training_jobs: 10}
    """
    parallel = context.job.max_parallel_training_jobs
    if parallel > _MAX_PARALLEL:
        yield rule.finding(
            f"the tuning job runs {parallel} training jobs in parallel, but the maximum is "
            f"{_MAX_PARALLEL}",
            _PARALLEL,
            label=f"must be {_MAX_PARALLEL} or less",
            accepted=_MAX_PARALLEL,
            help=f"lower it; more than {_DEFAULT_MAX_PARALLEL} require a quota increase",
        )


@warning("HPT402", "L05")
def parallel_training_jobs_over_default_quota(rule: Rule, context: Context) -> Iterator[Finding]:
    """A tuning job exceeds the default quota of parallel training jobs.

    The default quota is 10 parallel training jobs per tuning job, and it can be increased up to
    100. Without an increase, SageMaker rejects the tuning job
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html).

    Bad:
        limits: {max_number_of_training_jobs: 300, max_parallel_training_jobs: 11}

    Good:
        limits: {max_number_of_training_jobs: 300, max_parallel_training_jobs: 10}
    """
    parallel = context.job.max_parallel_training_jobs
    if _DEFAULT_MAX_PARALLEL < parallel <= _MAX_PARALLEL:
        yield rule.finding(
            f"the tuning job runs {parallel} training jobs in parallel, but the default quota "
            f"is {_DEFAULT_MAX_PARALLEL}",
            _PARALLEL,
            label="requires a quota increase",
            accepted=_DEFAULT_MAX_PARALLEL,
            help=f"lower it to {_DEFAULT_MAX_PARALLEL}, or request a quota increase first",
        )


@error("HPT403", "L06", "L07")
def too_many_training_jobs(rule: Rule, context: Context) -> Iterator[Finding]:
    """A tuning job has more training jobs than its strategy allows.

    Bayesian, Hyperband and grid search allow up to 750 training jobs, and the quota can't be
    increased. Random search has the same default, which can be increased up to 10,000
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html).

    Bad:
        limits: {max_number_of_training_jobs: 751}

    Good:
        limits: {max_number_of_training_jobs: 750}
    """
    number = context.job.max_number_of_training_jobs
    maximum = MAX_RANDOM_TRAINING_JOBS if context.job.strategy == "Random" else MAX_TRAINING_JOBS
    if number is not None and number > maximum:
        yield rule.finding(
            f"the tuning job has {number} training jobs, but the maximum for "
            f"{context.job.strategy} is {maximum}",
            _NUMBER,
            label=f"must be {maximum} or less",
            accepted=maximum,
            help="lower it; another tuning job can continue from this one with `warm_start`",
        )


@warning("HPT404", "L07")
def training_jobs_over_default_quota(rule: Rule, context: Context) -> Iterator[Finding]:
    """A random search exceeds the default quota of training jobs.

    The default quota is 750 training jobs, and for random search it can be increased up to 10,000.
    Without an increase, SageMaker rejects the tuning job
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html).

    Bad:
        strategy: Random
        limits: {max_number_of_training_jobs: 1000}

    Good:
        strategy: Random
        limits: {max_number_of_training_jobs: 750}
    """
    number = context.job.max_number_of_training_jobs
    if context.job.strategy != "Random" or number is None:
        return
    if MAX_TRAINING_JOBS < number <= MAX_RANDOM_TRAINING_JOBS:
        yield rule.finding(
            f"the tuning job has {number} training jobs, but the default quota is "
            f"{MAX_TRAINING_JOBS}",
            _NUMBER,
            label="requires a quota increase",
            accepted=MAX_TRAINING_JOBS,
            help=f"lower it to {MAX_TRAINING_JOBS}, or request a quota increase first",
        )


@warning("HPT405", "L08")
def unlimited_tuning_job(rule: Rule, context: Context) -> Iterator[Finding]:
    """A tuning job has no limit.

    A grid search ends after its last combination, and Autotune chooses a limit. Every other tuning
    job needs a maximum number of training jobs, a maximum runtime, or a completion criterion that
    is certain to be met. A target value alone may never be reached
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-progress.html).

    Bad:
        limits: {max_number_of_training_jobs: null, max_runtime: null}

    Good:
        limits: {max_number_of_training_jobs: null, max_runtime: 12h}
    """
    job = context.job
    ends = (
        job.max_number_of_training_jobs is not None
        or job.max_runtime_seconds is not None
        or job.max_jobs_not_improving is not None
        or job.completes_on_convergence
    )
    if not ends and job.strategy != "Grid" and not job.is_autotuned:
        unless = "" if job.target_value is None else " and may never reach its target value"
        yield rule.finding(
            f"the tuning job has no limit{unless}",
            _NUMBER,
            label="no limit",
            help="add `max_number_of_training_jobs` or `max_runtime` to `limits`",
        )


@warning("HPT406", "L09")
def more_parallel_than_total_training_jobs(rule: Rule, context: Context) -> Iterator[Finding]:
    """A tuning job runs more training jobs in parallel than it has.

    All training jobs start at the same time, so none can learn from another. AWS does not document
    what happens to the rest of the parallel capacity
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-considerations.html).

    Bad:
        limits: {max_number_of_training_jobs: 4, max_parallel_training_jobs: 5}

    Good:
        limits: {max_number_of_training_jobs: 4, max_parallel_training_jobs: 2}
    """
    number = context.job.max_number_of_training_jobs
    parallel = context.job.max_parallel_training_jobs
    if number is not None and parallel > number:
        yield rule.finding(
            f"the tuning job runs {parallel} training jobs in parallel, but has only {number}",
            _PARALLEL,
            label=f"more than the {number} of `max_number_of_training_jobs`",
            help="lower it, or raise `max_number_of_training_jobs`",
        )


@warning("HPT407", "L11")
def max_runtime_over_thirty_days(rule: Rule, context: Context) -> Iterator[Finding]:
    """A tuning job may run for more than 30 days.

    The API accepts half a year, but the documented maximum runtime of a tuning job is 30 days
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html).

    Bad:
        limits: {max_runtime: 31d}

    Good:
        limits: {max_runtime: 30d}
    """
    seconds = context.job.max_runtime_seconds
    if seconds is not None and seconds > _MAX_SECONDS:
        yield rule.finding(
            f"the tuning job may run for {context.duration(seconds)}, but the maximum is 30 days",
            _RUNTIME,
            label=f"must be {context.duration(_MAX_SECONDS)} or less",
            accepted=context.duration_value(_MAX_SECONDS),
            help="lower it; another tuning job can continue from this one with `warm_start`",
        )


@warning("HPT408", "T12")
def max_runtime_too_short(rule: Rule, context: Context) -> Iterator[Finding]:
    """The maximum runtime of a tuning job is too short for its training jobs.

    When a tuning job reaches `limits.max_runtime`, running training jobs are stopped and the rest
    never start. The rule reports a limit that is shorter than one training job may take, or that
    allows less than a minute for each training job
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceLimits.html).

    Bad:
        limits: {max_runtime: 30m}
        training_job:
          stopping: {max_runtime: 1h}

    Good:
        limits: {max_runtime: 6h}
        training_job:
          stopping: {max_runtime: 1h}
    """
    limit = context.job.max_runtime_seconds
    if limit is None:
        return
    runtimes = (definition.max_runtime_seconds for definition in context.job.definitions)
    longest = max((seconds for seconds in runtimes if seconds is not None), default=limit)
    if limit < longest:
        yield rule.finding(
            f"the tuning job ends after {context.duration(limit)}, but a training job may take "
            f"{context.duration(longest)}",
            _RUNTIME,
            label=f"less than the {context.duration(longest)} of a training job",
            help="raise it, or lower `max_runtime` under `stopping`",
        )
        return
    number, parallel = training_jobs(context.job), context.job.max_parallel_training_jobs
    if number is None:
        return
    waves = -(-number // parallel)
    if waves * _MIN_TRAINING_JOB_SECONDS > limit:
        yield rule.finding(
            f"{number} training jobs, {parallel} in parallel, take {waves} waves, but "
            f"{context.duration(limit)} allows less than a minute for each",
            _RUNTIME,
            label="ends before all training jobs have run",
            help="raise it, run more in parallel, or lower `max_number_of_training_jobs`",
        )


RULES = (
    too_many_parallel_training_jobs,
    parallel_training_jobs_over_default_quota,
    too_many_training_jobs,
    training_jobs_over_default_quota,
    unlimited_tuning_job,
    more_parallel_than_total_training_jobs,
    max_runtime_over_thirty_days,
    max_runtime_too_short,
)
