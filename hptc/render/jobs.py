"""Tuning jobs, submissions and stops as text for people or as JSON for programs.

Pure but for NO_COLOR, which wins over `color`. JSON carries `version`; names in it stay.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from io import StringIO
from typing import TYPE_CHECKING, Any, assert_never

from hptc.jobs.submission import (
    AlreadyOver,
    DryRun,
    Stop,
    StopRequested,
    Submission,
    Submitted,
    Unchanged,
)
from hptc.render.diagnostics import printable
from hptc.service.responses import (
    OVER,
    JobStatus,
    JobSummary,
    Limits,
    TrainingJob,
    TrainingJobCounters,
)

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

VERSION = 1
WIDTH = 100
_UNBOUNDED = 10_000
_STYLES = {"Completed": "green", "InProgress": "cyan", "Failed": "red", "Stopped": "yellow"}
_AGAIN = "--rerun N runs it again"


def render_status(status: JobStatus, *, color: bool = False, width: int = WIDTH) -> str:
    """One tuning job, for people."""
    rows: list[tuple[str, str | Text]] = [("status", _status(status.status))]
    if status.failure_reason:
        rows.append(("reason", printable(status.failure_reason)))
    rows += [
        ("strategy", status.strategy),
        ("training jobs", _done(status.training_jobs, status.limits)),
        ("", _counted(status.training_jobs)),
        ("objectives", _objectives(status)),
        ("created", _time(status.created)),
        ("elapsed", _elapsed(status)),
    ]
    if status.ended:
        rows.append(("ended", _time(status.ended)))
    if status.consumed_seconds is not None:
        rows.append(("runtime", _duration(status.consumed_seconds)))
    if status.parents:
        rows.append(("warm start", f"{status.warm_start_type} from {', '.join(status.parents)}"))
    rows += _best("best so far" if not status.is_over else "best", status.best)
    if status.overall_best and (
        status.best is None or status.overall_best.name != status.best.name
    ):
        rows += _best("best with parents", status.overall_best)
    rows += [
        (label, printable(value))
        for label, value in (
            ("spec", status.spec),
            ("commit", status.commit),
            ("environment", status.environment),
            ("digest", status.digest),
        )
        if value
    ]
    rows.append(("ARN", _name(status.arn)))
    return _lines(_title(status.name), _pairs(rows), color=color, width=width)


def render_jobs(jobs: Sequence[JobSummary], *, color: bool = False, width: int = WIDTH) -> str:
    """A list of tuning jobs, for people."""
    if not jobs:
        return "no tuning jobs"
    rows = [
        (
            _name(job.name),
            _status(job.status),
            job.strategy,
            _done(job.training_jobs, job.limits),
            _time(job.created),
        )
        for job in jobs
    ]
    table = _table(("name", "status", "strategy", "training jobs", "created"), rows)
    return _lines(table, color=color, width=width)


def render_training_jobs(
    jobs: Sequence[TrainingJob], *, color: bool = False, width: int = WIDTH
) -> str:
    """A tuning job's training jobs, for people."""
    if not jobs:
        return "no training jobs"
    rows = [
        (
            _name(job.name),
            _status(job.status),
            _metric(job),
            _tuned(job) or printable(job.failure_reason),
        )
        for job in jobs
    ]
    table = _table(("name", "status", "objective", "hyperparameters"), rows)
    return _lines(table, color=color, width=width)


def render_submission(outcome: Submission) -> str:
    """What became of a submission, for people. A dry run is the request itself, as JSON."""
    match outcome:
        case Submitted():
            return f"submitted {outcome.name} in {outcome.region}\n{outcome.arn}"
        case Unchanged():
            hint = f"; {_AGAIN}" if outcome.can_rerun and outcome.status in OVER else ""
            return (
                f"already submitted: {outcome.name} in {outcome.region} is {outcome.status}{hint}"
            )
        case DryRun():
            return json.dumps(outcome.request, indent=2, ensure_ascii=False)
        case _:
            assert_never(outcome)


def render_stop(outcome: Stop) -> str:
    """What became of a stop, for people."""
    match outcome:
        case StopRequested():
            return f"stopping {outcome.name}: its training jobs end within minutes"
        case AlreadyOver():
            return f"nothing to stop: {outcome.name} is {outcome.status}"
        case _:
            assert_never(outcome)


def status_json(status: JobStatus) -> str:
    """One tuning job, for programs."""
    return _json(
        {
            "job": {
                "name": status.name,
                "arn": status.arn,
                "status": status.status,
                "failure_reason": status.failure_reason or None,
                "strategy": status.strategy,
                "created": _iso(status.created),
                "modified": _iso(status.modified),
                "ended": _iso(status.ended),
                "elapsed_seconds": status.elapsed_seconds,
                "consumed_seconds": status.consumed_seconds,
                "training_jobs": _training_jobs_data(status.training_jobs),
                "objectives": _objectives_data(status),
                "limits": _limits_data(status.limits),
                "best": _training_job_data(status.best),
                "overall_best": _training_job_data(status.overall_best),
                "warm_start": (
                    {"type": status.warm_start_type, "parents": list(status.parents)}
                    if status.parents
                    else None
                ),
                "project": status.project or None,
                "environment": status.environment or None,
                "spec": status.spec or None,
                "digest": status.digest or None,
                "commit": status.commit or None,
            }
        }
    )


def jobs_json(jobs: Iterable[JobSummary]) -> str:
    """A list of tuning jobs, for programs."""
    return _json(
        {
            "jobs": [
                {
                    "name": job.name,
                    "arn": job.arn,
                    "status": job.status,
                    "strategy": job.strategy,
                    "created": _iso(job.created),
                    "modified": _iso(job.modified),
                    "ended": _iso(job.ended),
                    "training_jobs": _training_jobs_data(job.training_jobs),
                    "objectives": _objectives_data(job),
                    "limits": _limits_data(job.limits),
                }
                for job in jobs
            ]
        }
    )


def training_jobs_json(jobs: Iterable[TrainingJob]) -> str:
    """A tuning job's training jobs, for programs."""
    return _json({"training_jobs": [_training_job_data(job) for job in jobs]})


def submission_json(outcome: Submission) -> str:
    """What became of a submission, for programs."""
    return _json(_submission_data(outcome))


def submissions_json(outcomes: Sequence[Submission]) -> str:
    """What became of several submissions, as one JSON object."""
    return _json({"jobs": [_submission_data(outcome) for outcome in outcomes]})


def _submission_data(outcome: Submission) -> dict[str, Any]:
    match outcome:
        case Submitted():
            return {
                "outcome": "submitted",
                "name": outcome.name,
                "arn": outcome.arn,
                "region": outcome.region,
            }
        case Unchanged():
            return {
                "outcome": "unchanged",
                "name": outcome.name,
                "arn": outcome.arn,
                "region": outcome.region,
                "status": outcome.status,
            }
        case DryRun():
            return {
                "outcome": "dry_run",
                "name": outcome.name,
                "unresolved": list(outcome.unresolved),
                "request": outcome.request,
            }
        case _:
            assert_never(outcome)


def stop_json(outcome: Stop) -> str:
    """What became of a stop, for programs."""
    match outcome:
        case StopRequested():
            return _json({"outcome": "stop_requested", "name": outcome.name})
        case AlreadyOver():
            return _json(
                {"outcome": "already_over", "name": outcome.name, "status": outcome.status}
            )
        case _:
            assert_never(outcome)


def _json(data: dict[str, Any]) -> str:
    return json.dumps({"version": VERSION, **data}, indent=2, ensure_ascii=False)


def _training_job_data(job: TrainingJob | None) -> dict[str, Any] | None:
    if job is None:
        return None
    return {
        "name": job.name,
        "arn": job.arn or None,
        "status": job.status or None,
        "definition": job.definition or None,
        "tuning_job": job.tuning_job or None,
        "metric_name": job.metric_name or None,
        "metric_value": job.metric_value,
        "objective_type": job.objective_type or None,
        "objective_status": job.objective_status or None,
        "tuned_hyperparameters": dict(job.tuned_hyperparameters),
        "created": _iso(job.created),
        "started": _iso(job.started),
        "ended": _iso(job.ended),
        "failure_reason": job.failure_reason or None,
    }


def _training_jobs_data(counters: TrainingJobCounters) -> dict[str, int]:
    return {
        "completed": counters.completed,
        "in_progress": counters.in_progress,
        "retryable_error": counters.retryable_error,
        "non_retryable_error": counters.non_retryable_error,
        "stopped": counters.stopped,
    }


def _objectives_data(job: JobStatus | JobSummary) -> dict[str, int]:
    return {
        "succeeded": job.objectives.succeeded,
        "pending": job.objectives.pending,
        "failed": job.objectives.failed,
    }


def _limits_data(limits: Limits) -> dict[str, int | None]:
    return {
        "max_training_jobs": limits.max_training_jobs,
        "max_parallel_training_jobs": limits.max_parallel_training_jobs,
        "max_runtime_seconds": limits.max_runtime_seconds,
    }


def _iso(time: datetime | None) -> str | None:
    return time.astimezone(UTC).isoformat(timespec="seconds") if time else None


def _time(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _duration(seconds: int) -> str:
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def _elapsed(status: JobStatus) -> str:
    limit = status.limits.max_runtime_seconds
    of = f" of {_duration(limit)} at most" if limit else ""
    return f"{_duration(status.elapsed_seconds)}{of}"


def _done(counters: TrainingJobCounters, limits: Limits) -> str:
    of = f" of {limits.max_training_jobs}" if limits.max_training_jobs else ""
    return f"{counters.over}{of}"


def _counted(counters: TrainingJobCounters) -> str:
    counts = (
        (counters.completed, "completed"),
        (counters.in_progress, "in progress"),
        (counters.non_retryable_error, "failed"),
        (counters.retryable_error, "failed and retried"),
        (counters.stopped, "stopped"),
    )
    return ", ".join(f"{count} {what}" for count, what in counts if count) or "none yet"


def _objectives(status: JobStatus) -> str:
    counters = status.objectives
    return f"{counters.succeeded} told, {counters.pending} pending, {counters.failed} failed"


def _best(label: str, job: TrainingJob | None) -> list[tuple[str, str | Text]]:
    if job is None:
        return [(label, "none yet")] if label != "best with parents" else []
    rows: list[tuple[str, str | Text]] = [(label, _metric(job) or "no objective")]
    rows.append(("", _name(job.name)))
    if job.definition:
        rows.append(("", f"definition {printable(job.definition)}"))
    if job.tuning_job:
        rows.append(("", f"of {printable(job.tuning_job)}"))
    rows += [("", printable(f"{name} = {value}")) for name, value in job.tuned_hyperparameters]
    return rows


def _metric(job: TrainingJob) -> str:
    if job.metric_value is None:
        return ""
    return printable(f"{job.metric_name} = {job.metric_value:g}")


def _tuned(job: TrainingJob) -> str:
    return printable(", ".join(f"{name}={value}" for name, value in job.tuned_hyperparameters))


def _status(status: str) -> Text:
    from rich.text import Text

    return Text(status, style=_STYLES.get(status, ""), no_wrap=True)


def _name(name: str) -> Text:
    from rich.text import Text

    return Text(name, no_wrap=True, overflow="ignore")  # a name is for copying: never cut


def _title(name: str) -> Text:
    from rich.text import Text

    return Text(name, style="bold", no_wrap=True, overflow="ignore")


def _pairs(rows: Sequence[tuple[str, str | Text]]) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, min_width=2 + max(len(label) for label, _ in rows))
    grid.add_column(overflow="fold")
    for label, value in rows:
        shown = Text(value) if isinstance(value, str) else value
        grid.add_row(Text(f"  {label}", style="dim"), shown)
    return grid


def _table(headers: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    for index, header in enumerate(headers):
        table.add_column(header, no_wrap=index == 0, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
    return table


def _lines(*parts: RenderableType, color: bool, width: int) -> str:
    from rich.console import Console
    from rich.measure import Measurement

    in_color = color and not os.environ.get("NO_COLOR")
    out = StringIO()
    console = Console(
        file=out,
        width=_UNBOUNDED,
        force_terminal=in_color,
        color_system="standard" if in_color else None,
        legacy_windows=False,
        highlight=False,
    )
    for part in parts:
        # What must not be wrapped may need more than the width.
        least = Measurement.get(console, console.options, part).minimum
        console.print(part, width=max(width, least))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())
