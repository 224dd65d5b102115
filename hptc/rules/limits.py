"""HPT40x: how many training jobs a search may run, how many at once, and for how long."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.diagnostics import Finding, RequestPath
from hptc.request.job_facts import training_jobs
from hptc.rules.rule import Context, Rule, error, warning
from hptc.text import spec_duration

MAX_TRAINING_JOBS = 750
"""Of one search: "
"https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html"""
MAX_RANDOM_TRAINING_JOBS = 10_000
"""Of a random search, once AWS has raised the quota (same page)."""

_LIMITS = RequestPath(("HyperParameterTuningJobConfig", "ResourceLimits"))
_NUMBER = _LIMITS / "MaxNumberOfTrainingJobs"
_PARALLEL = _LIMITS / "MaxParallelTrainingJobs"
_RUNTIME = _LIMITS / "MaxRuntimeInSeconds"
_MAX_PARALLEL = 100
_DEFAULT_MAX_PARALLEL = 10
_MAX_SECONDS = 30 * 86_400
# Even on an instance that is kept warm: loading the data, training, storing the model.
_LEAST_SECONDS_OF_A_TRAINING_JOB = 60


@error("HPT401", "L05")
def more_parallel_training_jobs_than_any_quota(rule: Rule, context: Context) -> Iterator[Finding]:
    """More training jobs at once than AWS gives anyone.

    A search may run 10 training jobs at once, and 100 after AWS has raised the quota; no account
    gets more (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html).

    Bad:
        limits: {max_number_of_training_jobs: 300, max_parallel_training_jobs: 150}

    Good:
        limits: {max_number_of_training_jobs: 300, max_parallel_training_jobs: 10}
    """
    parallel = context.job.max_parallel_training_jobs
    if parallel > _MAX_PARALLEL:
        yield rule.finding(
            f"{parallel} training jobs at once, but AWS allows no search more than {_MAX_PARALLEL}",
            _PARALLEL,
            label=f"at most {_MAX_PARALLEL}",
            help=f"lower it: {_DEFAULT_MAX_PARALLEL} is the quota of a new account",
        )


@warning("HPT402", "L05")
def more_parallel_training_jobs_than_the_default_quota(
    rule: Rule, context: Context
) -> Iterator[Finding]:
    """More training jobs at once than an account may run by default.

    The quota is 10 for a search, and can be raised to 100. Unless yours has been, the search is
    refused (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html).

    Bad:
        limits: {max_number_of_training_jobs: 300, max_parallel_training_jobs: 11}

    Good:
        limits: {max_number_of_training_jobs: 300, max_parallel_training_jobs: 10}
    """
    parallel = context.job.max_parallel_training_jobs
    if _DEFAULT_MAX_PARALLEL < parallel <= _MAX_PARALLEL:
        yield rule.finding(
            f"{parallel} training jobs at once, but the default quota is {_DEFAULT_MAX_PARALLEL}",
            _PARALLEL,
            label="needs a raised quota",
            help=f"lower it to {_DEFAULT_MAX_PARALLEL}, or have AWS Service Quotas raise the quota "
            "first",
        )


@error("HPT403", "L06", "L07")
def more_training_jobs_than_any_quota(rule: Rule, context: Context) -> Iterator[Finding]:
    """More training jobs than one search may have.

    750 is the most for a Bayesian, Hyperband or grid search, and it can't be raised. A random
    search has the same quota, which AWS raises to 10,000 at most
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html).

    Bad:
        limits: {max_number_of_training_jobs: 751}

    Good:
        limits: {max_number_of_training_jobs: 750}
    """
    number = context.job.max_number_of_training_jobs
    most = MAX_RANDOM_TRAINING_JOBS if context.job.strategy == "Random" else MAX_TRAINING_JOBS
    if number is not None and number > most:
        yield rule.finding(
            f"{number} training jobs, but a {context.job.strategy} search has {most} at most",
            _NUMBER,
            label=f"at most {most}",
            help="lower it; a second search can continue where this one ends, by `warm_start`",
        )


@warning("HPT404", "L07")
def more_training_jobs_than_the_default_quota(rule: Rule, context: Context) -> Iterator[Finding]:
    """A random search with more training jobs than an account may run by default.

    The quota is 750, and can be raised to 10,000 for random search alone. Unless yours has been,
    the search is refused
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html).

    Bad:
        strategy: Random
        limits: {max_number_of_training_jobs: 1000}

    Good:
        strategy: Random
        limits: {max_number_of_training_jobs: 750}
    """
    number = context.job.max_number_of_training_jobs or 0
    if context.job.strategy == "Random" and MAX_TRAINING_JOBS < number <= MAX_RANDOM_TRAINING_JOBS:
        yield rule.finding(
            f"{number} training jobs, but the default quota is {MAX_TRAINING_JOBS}",
            _NUMBER,
            label="needs a raised quota",
            help=f"lower it to {MAX_TRAINING_JOBS}, or have AWS Service Quotas raise the quota "
            "first",
        )


@warning("HPT405", "L08")
def search_without_an_end(rule: Rule, context: Context) -> Iterator[Finding]:
    """Nothing says when the search ends.

    A grid ends with its last point, and Autotune chooses an end. Every other search needs a number
    of training jobs, a runtime, or a completion criterion that is sure to be met some day; a target
    value alone may never be reached
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
        unless = "" if job.target_value is None else " unless it reaches its target value"
        yield rule.finding(
            f"nothing ends this search{unless}",
            _NUMBER,
            label="no end",
            help="add `max_number_of_training_jobs` or `max_runtime` to `limits`",
        )


@warning("HPT406", "L09")
def more_parallel_than_all_training_jobs(rule: Rule, context: Context) -> Iterator[Finding]:
    """More training jobs at once than there are.

    AWS doesn't say what it does with the rest. What is sure: every training job starts at once, so
    that none of them can learn from another
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
            f"{parallel} training jobs at once, but the search has {number} in all",
            _PARALLEL,
            label=f"more than the {number} of `max_number_of_training_jobs`",
            help="lower it, or raise `max_number_of_training_jobs`",
        )


@warning("HPT407", "L11")
def search_longer_than_thirty_days(rule: Rule, context: Context) -> Iterator[Finding]:
    """A search that may run for more than 30 days.

    The API takes half a year, but AWS lists 30 days as the longest that a search may run
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html).

    Bad:
        limits: {max_runtime: 31d}

    Good:
        limits: {max_runtime: 30d}
    """
    seconds = context.job.max_runtime_seconds
    if seconds is not None and seconds > _MAX_SECONDS:
        yield rule.finding(
            f"the search may run for {spec_duration(seconds)}, but 30 days is AWS's limit",
            _RUNTIME,
            label="more than 30d",
            help="lower it; a second search can continue where this one ends, by `warm_start`",
        )


@warning("HPT408", "T12")
def search_cut_by_its_own_runtime(rule: Rule, context: Context) -> Iterator[Finding]:
    """The search's own runtime limit must cut it.

    When `limits.max_runtime` is over, the training jobs that run are stopped and those that wait
    never start. Found are a limit below what one training job may take, and one that leaves the
    training jobs, so many at once, less than a minute each
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
    longest = max((d.max_runtime_seconds or 0 for d in context.job.definitions), default=0)
    if limit < longest:
        yield rule.finding(
            f"the search ends after {spec_duration(limit)}, but one training job may take "
            f"{spec_duration(longest)}",
            _RUNTIME,
            label=f"less than one training job's {spec_duration(longest)}",
            help="raise it, or lower `max_runtime` under `stopping`",
        )
        return
    number, parallel = training_jobs(context.job) or 0, context.job.max_parallel_training_jobs
    waves = -(-number // parallel)
    if waves * _LEAST_SECONDS_OF_A_TRAINING_JOB > limit:
        yield rule.finding(
            f"{number} training jobs, {parallel} at once, take {waves} rounds; "
            f"{spec_duration(limit)} leaves each less than a minute",
            _RUNTIME,
            label="ends before all have run",
            help="raise it, run more at once, or lower `max_number_of_training_jobs`",
        )


RULES = (
    more_parallel_training_jobs_than_any_quota,
    more_parallel_training_jobs_than_the_default_quota,
    more_training_jobs_than_any_quota,
    more_training_jobs_than_the_default_quota,
    search_without_an_end,
    more_parallel_than_all_training_jobs,
    search_longer_than_thirty_days,
    search_cut_by_its_own_runtime,
)
