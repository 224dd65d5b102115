"""Renders the progress of a tuning job: a block that is redrawn, or a line of a log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, assert_never

from hptc.cost.spending import SpentCost
from hptc.jobs.job_progress import JobOutcome, JobProgress, Remaining, RunningTraining
from hptc.render.cost import dollars, hours_text
from hptc.render.jobs import (
    counts_text,
    duration_text,
    metric_text,
    reason_text,
    status_lines,
)
from hptc.render.tables import WIDTH
from hptc.text import duration, plural, printable

if TYPE_CHECKING:
    from rich.text import Text

_MAX_RUNNING = 10
_EXACT_SECONDS = 120  # a longer estimate is shown in whole minutes


def render_job_progress(
    progress: JobProgress,
    *,
    color: bool = False,
    width: int = WIDTH,
    max_running: int = _MAX_RUNNING,
) -> str:
    """The progress as a block of lines, none wider than `width`."""
    rows: list[tuple[str, str | Text]] = [("training jobs", _training_jobs(progress))]
    rows.append(("time", _time(progress)))
    rows.append(("cost", cost_text(progress.cost)))
    if progress.remaining is not None:
        rows.append(("remaining", remaining_text(progress.remaining)))
    best = progress.best
    label = "best" if progress.has_ended else "best so far"
    if best is None:
        rows.append((label, "none yet"))
    else:
        rows += [(label, metric_text(best) or "no objective"), ("", printable(best.name))]
        rows += [("", printable(f"{name} = {value}")) for name, value in best.tuned_hyperparameters]
    rows += list(_running_rows(progress.running, max_running))
    if progress.failure_reason:
        rows.append(("reason", reason_text(progress.failure_reason)))
    return status_lines(progress.name, progress.status, rows, color=color, width=width)


def progress_line(progress: JobProgress, now: datetime) -> str:
    """The progress in one line."""
    parts = [f"{progress.status}, {_training_jobs(progress)}"]
    if progress.best is not None:
        parts.append(f"best {metric_text(progress.best) or printable(progress.best.name)}")
    if progress.cost is not None:
        parts.append(cost_text(progress.cost))
    if progress.remaining is not None:
        parts.append(f"{remaining_text(progress.remaining)} left")
    time = f"{now.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return f"{time}  {printable(progress.name)}: {'; '.join(parts)}"


def outcome_line(progress: JobProgress, options: str = "") -> str:
    """How a tuning job ended, or that it runs, and what to do next.

    `options` are those that a command needs to find the job, such as ` --env prod`.
    """
    name = printable(progress.name)
    took = f"after {duration_text(progress.elapsed_seconds)}"
    match progress.outcome:
        case JobOutcome.COMPLETED:
            return f"{name} completed {took}"
        case JobOutcome.CRITERION_MET:
            return f"{name} stopped {took}, because it reached {progress.stop_reason}"
        case JobOutcome.STOPPED:
            return f"{name} was stopped {took}, before it was complete"
        case JobOutcome.FAILED:
            reason = f": {reason_text(progress.failure_reason)}" if progress.failure_reason else ""
            logs = f"`hptc logs {name}{options}` shows the last lines of its failed training jobs"
            return f"{name} failed {took}{reason}\n{logs}"
        case None:
            return (
                f"{name} is still running: `hptc watch {name}{options}` follows it, and "
                f"`hptc stop {name}{options}` stops it"
            )
        case _:
            assert_never(progress.outcome)


def _training_jobs(progress: JobProgress) -> str:
    of = f" of {progress.training_jobs}" if progress.training_jobs is not None else ""
    return f"{progress.counters.ended}{of} ended ({counts_text(progress.counters)})"


def _time(progress: JobProgress) -> str:
    limit = progress.limits.max_runtime_seconds
    of = f" of at most {duration_text(limit)}" if limit else ""
    return f"{duration_text(progress.elapsed_seconds)}{of}"


def remaining_text(remaining: Remaining) -> str:
    """The time that is left, as an estimate or as a limit."""
    if remaining.is_limit:
        return f"at most {duration_text(remaining.seconds)}"
    seconds = remaining.seconds
    if seconds <= _EXACT_SECONDS:
        return f"about {duration_text(seconds)}"
    return f"about {duration(-(-seconds // 60) * 60)}"


def cost_text(cost: SpentCost | None) -> str:
    """The cost so far and its maximum; instance-hours if the price is unknown."""
    if cost is None:
        return "unknown"
    if cost.usd is None:
        of = f" of at most {hours_text(cost.max_instance_hours)}" if cost.max_instance_hours else ""
        return f"{hours_text(cost.instance_hours)}{of}; the price is unknown"
    of = f" of at most {dollars(cost.max_usd)}" if cost.max_usd is not None else ""
    return f"{_range(cost.usd_low, cost.usd)}{of}"


def _range(low: Decimal | None, high: Decimal) -> str:
    if low is None or low == high:
        return dollars(high)
    return f"{dollars(low)} to {dollars(high)}"


def _running_rows(
    running: tuple[RunningTraining, ...] | None, max_rows: int
) -> Iterator[tuple[str, str]]:
    if running is None:
        yield "running", "unknown: the caller may not list training jobs"
        return
    label = "running"
    shown = running if len(running) <= max_rows else running[: max(0, max_rows - 1)]
    for job in shown:
        status = "" if job.status == "InProgress" else f"  {printable(job.status)}"
        definition = f"  {printable(job.definition)}" if job.definition else ""
        yield label, f"{printable(job.name)}  {duration_text(job.seconds)}{definition}{status}"
        label = ""
    if len(shown) < len(running):
        yield label, f"{plural(len(running) - len(shown), 'more training job')}"
