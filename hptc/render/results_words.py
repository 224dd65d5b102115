"""The facts of a tuning job's results in words, which every format shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from hptc.catalog.region_names import is_region
from hptc.render.cost import dollars, hours_text
from hptc.request.job_facts import number
from hptc.results.hyperparameter_importance import Importance
from hptc.results.range_evidence import BestAtBound
from hptc.results.training_results import (
    Results,
    StoppedEarly,
    TrainingResult,
    definition_of,
    hyperparameter_names,
)
from hptc.service.tuning_jobs import JobOrigin
from hptc.text import duration, plural, printable, shortened

_MAX_VALUE_LENGTH = 24
_STATUS_WORDS = {
    "Completed": "completed",
    "Stopped": "stopped",
    "Failed": "failed",
    "InProgress": "in progress",
    "Stopping": "stopping",
}


def headline(results: Results) -> str:
    """The tuning job's status, size and place."""
    count = plural(len(results.training_jobs), "training job")
    place = f"in {results.region}" if is_region(results.region) else "on this machine"
    return f"{results.status.status}, {count} {place}"


def best_text(results: Results) -> str:
    """The best objective; empty without any."""
    best = next(
        (training_job for training_job in results.ranked if training_job.objective is not None),
        None,
    )
    if best is None:
        return ""
    objective = definition_of(results.job.definitions, best.definition).objective
    aim = f", {objective.type.lower()}d" if objective else ""
    name = best.metric_name or (objective.metric_name if objective else "objective")
    return plain(f"{name} = {objective_text(best)}{aim}, by training job {best.number}")


def best_of_parents_text(results: Results) -> str:
    """The best objective of the warm-start parents, if it is the best of all; else empty."""
    overall, best = results.status.overall_best, results.status.best
    if overall is None or overall.metric_value is None or not overall.tuning_job:
        return ""
    if overall.tuning_job == results.status.name or (best and best.name == overall.name):
        return ""
    value = f"{overall.metric_name} = {overall.metric_value:.6g}"
    return plain(f"{value}, by {overall.name} of {overall.tuning_job}")


def counts_text(results: Results) -> str:
    """The training jobs by status."""
    statuses = [training_job.status for training_job in results.training_jobs]
    words = dict.fromkeys([*_STATUS_WORDS, *statuses])
    return ", ".join(
        f"{count} {_STATUS_WORDS.get(status, status.lower())}"
        for status in words
        if (count := statuses.count(status))
    )


def objective_text(result: TrainingResult) -> str:
    """The objective of a training job; a dash without one."""
    return "-" if result.objective is None else f"{result.objective:.6g}"


def value_text(value: str | None) -> str:
    """The value of a hyperparameter for people: at most six digits, and not too long."""
    if value is None:
        return "-"
    exact = number(value)
    if exact is not None and len(value) > 8:
        return f"{exact:.6g}"
    return shortened(printable(value), _MAX_VALUE_LENGTH)


def seconds_text(seconds: int | None) -> str:
    """A time; a dash if it is unknown."""
    return "-" if seconds is None else duration(seconds)


def usd_text(result: TrainingResult) -> str:
    """The cost of one training job."""
    if result.usd is None:
        return "unknown"
    return "< $0.01" if 0 < result.usd < 1 / 200 else dollars(result.usd)


def cost_lines(results: Results) -> Iterator[str]:
    """The actual cost, which part of it is unknown, and the bound."""
    if not is_region(results.region):
        yield "none: the training jobs ran on this machine"
        return
    cost = results.cost
    if cost.usd is not None:
        hours = "" if cost.billable_seconds is None else f" for {duration(cost.billable_seconds)}"
        yield f"{dollars(cost.usd)}{hours} billed, at on-demand prices"
    elif cost.known:
        yield f"{dollars(cost.usd_known)} for {plural(cost.known, 'training job')}"
    yield from (f"unknown for {plain(reason)}" for reason in cost.unknown)
    if cost.unread and cost.usd_at_most is not None:
        yield f"at most {dollars(cost.usd_at_most)} in total; `--cost` reads every billed time"
    elif cost.unread:
        yield "`--cost` reads every billed time"
    bound = cost.bound
    if bound.usd is not None:
        share = "" if cost.usd is None else f", of which this is {cost.usd / bound.usd:.0%}"
        yield f"the bound was {dollars(bound.usd)}{share}"
    elif bound.instance_hours is not None:
        yield f"the bound was {hours_text(bound.instance_hours)}; its price is unknown"
    else:
        yield "there was no bound"


def early_stopping_text(stopped: StoppedEarly) -> str:
    """What early stopping saved."""
    jobs = plural(stopped.training_jobs, "training job")
    if stopped.seconds is None:
        return f"{jobs}; what that saved is unknown, since none completed"
    usd = "" if stopped.usd is None else f" ({dollars(stopped.usd)})"
    return f"{jobs}, which saved about {duration(stopped.seconds)}{usd}"


def bound_text(range_: BestAtBound) -> str:
    """A hyperparameter whose best values are at a bound, and the advice."""
    end = "minimum" if range_.bound == "min" else "maximum"
    side = "below" if range_.bound == "min" else "above"
    of = f" of `{plain(range_.definition)}`" if range_.definition else ""
    all_of = "all" if range_.at_bound == range_.best else f"{range_.at_bound}"
    evidence = f"{all_of} of the best {range_.best} training jobs{of} are at its {end}"
    name, value = f"`{plain(range_.name)}`", plain(range_.value)
    if range_.wider is not None:
        return f"widen {name} {side} {value}, such as to {range_.wider}: {evidence}"
    limit = f", and {range_.limit}" if range_.limit else ""
    return f"{name} is best at {value}{limit}: {evidence}"


def importance_text(importance: Importance) -> str:
    """The shares of a definition's hyperparameters with the model's R², or why there are none."""
    of = f"{plain(importance.definition)}: " if importance.definition else ""
    if importance.unknown:
        return f"{of}{printable(importance.unknown)}"
    shares = ", ".join(f"{plain(name)} {share:.0%}" for name, share in importance.shares)
    return f"{of}{shares} (R² {importance.r_squared:.2f})"


def origin_text(origin: JobOrigin) -> str:
    """The spec and the commit that a tuning job comes from; empty if it is not known."""
    if not origin.spec:
        return ""
    return plain(origin.spec + (f" at {origin.commit}" if origin.commit else ""))


def plain(text: str) -> str:
    """Untrusted text without backquotes, which mark names in these sentences."""
    return printable(text).replace("`", "'")


def results_table(
    shown: Sequence[TrainingResult], results: Results
) -> tuple[list[str], list[list[str]]]:
    """The headers and the rows of a table of training jobs.

    The billed time is shown only if it differs from the time, and the cost only if any is known.
    """
    names = hyperparameter_names(results)
    has_billed = any(
        training_job.billable_seconds not in (None, training_job.seconds) for training_job in shown
    )
    has_cost = any(training_job.usd is not None for training_job in shown)
    columns: list[tuple[str, Callable[[TrainingResult, dict[str, str]], str], bool]] = [
        ("#", lambda training_job, _: str(training_job.number), True),
        ("objective", lambda training_job, _: objective_text(training_job), True),
        (
            "definition",
            lambda training_job, _: printable(training_job.definition),
            results.job.is_multiple,
        ),
        *((printable(name), _value_of(name), True) for name in names),
        ("status", lambda training_job, _: _status(training_job), True),
        ("time", lambda training_job, _: seconds_text(training_job.seconds), True),
        ("billed", lambda training_job, _: seconds_text(training_job.billable_seconds), has_billed),
        ("cost", lambda training_job, _: usd_text(training_job), has_cost),
        ("name", lambda training_job, _: printable(training_job.name), True),
    ]
    chosen = [(header, cell) for header, cell, is_shown in columns if is_shown]
    rows = []
    for training_job in shown:
        values = dict(training_job.hyperparameters)
        rows.append([cell(training_job, values) for _, cell in chosen])
    return [header for header, _ in chosen], rows


def _value_of(name: str) -> Callable[[TrainingResult, dict[str, str]], str]:
    return lambda _, values: value_text(values.get(name))


def _status(result: TrainingResult) -> str:
    return "Stopped early" if result.is_stopped_early else result.status
