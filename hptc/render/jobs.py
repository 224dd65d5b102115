"""Renders tuning jobs, submissions and stops as text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import TYPE_CHECKING, assert_never

from hptc.cost.bound import BoundSummary
from hptc.cost.forecast import total_cost
from hptc.jobs.decisions import (
    AlreadySubmitted,
    DecidedJob,
    DryRun,
    NothingToStop,
    NotSubmitted,
    Stop,
    StopRequested,
    Submission,
    Submitted,
    latest_run_notes,
)
from hptc.project.references import latest_spec
from hptc.render.cost import headline, total
from hptc.render.tables import (
    WIDTH,
    bold_name,
    labeled,
    laid_out,
    text_table,
    utc_time,
    whole_name,
)
from hptc.secrets.detector import hide_secrets
from hptc.service.console_links import tuning_job_link
from hptc.service.tuning_jobs import (
    FINAL_STATUSES,
    JobOrigin,
    JobStatus,
    Limits,
    ListedJob,
    TrainingJob,
    TrainingJobCounters,
)
from hptc.source.hidden_text import escape_hidden
from hptc.text import listed, plural, printable, shortened

if TYPE_CHECKING:  # not needed to render
    from rich.text import Text

    from hptc.jobs.content_changes import ContentChanges

_STYLES = {"Completed": "green", "InProgress": "cyan", "Failed": "red", "Stopped": "yellow"}
_MAX_SUBJECTS = 5
_MAX_SUBJECT_LENGTH = 40
_RERUN_HINT = "to run it again, use --rerun N"


def render_to_submit(new: Sequence[tuple[DecidedJob, BoundSummary]], region: str) -> str:
    """The tuning jobs that a submission is about to create, with their maximum costs."""
    lines = [f"{plural(len(new), 'tuning job')} to create in {region}:"]
    for job, bound in new:
        lines.append(f"  {printable(job.name)}  {printable(job.file)}")
        lines.append(f"    {printable(headline(bound))}")
    if len(new) > 1:
        lines.append(f"total: {total(total_cost([(bound, None) for _, bound in new]))}")
    return "\n".join(lines)


def render_not_submitted(failed: Sequence[NotSubmitted], tried: int) -> str:
    """The summary of a submission of several jobs, some of which failed."""
    unknown = sum(job.is_unknown for job in failed)
    counts = [(len(failed) - unknown, "not submitted"), (unknown, "perhaps submitted")]
    summary = ", ".join(f"{count} {outcome}" for count, outcome in counts if count)
    lines = [f"of {plural(tried, 'tuning job')}, {summary}:"]
    if not unknown:
        lines = [f"{len(failed)} of {plural(tried, 'tuning job')} not submitted:"]
    for job in failed:
        lines.append(f"  {printable(job.name)}  {printable(job.file)}")
        lines += [f"    {printable(line.strip())}" for line in job.error.message.splitlines()]
    return "\n".join(lines)


def render_status(
    status: JobStatus,
    changes: ContentChanges | None = None,
    *,
    folder: str = "",
    color: bool = False,
    width: int = WIDTH,
) -> str:
    """The status of one tuning job as text, and how its spec has changed since.

    A tuning job on this machine has a `folder` with its files instead of an ARN.
    """
    rows: list[tuple[str, str | Text]] = [("status", _status(status.status))]
    if status.failure_reason:
        rows.append(("reason", reason_text(status.failure_reason)))
    rows += [
        ("strategy", status.strategy),
        ("training jobs", _done(status.training_jobs, status.limits)),
        ("", counts_text(status.training_jobs)),
        ("objectives", _objectives(status)),
        ("created", utc_time(status.created)),
        ("elapsed", _elapsed(status)),
    ]
    if status.ended:
        rows.append(("ended", utc_time(status.ended)))
    if status.consumed_seconds is not None:
        rows.append(("runtime", duration_text(status.consumed_seconds)))
    if status.parents:
        rows.append(("warm start", f"{status.warm_start_type} from {', '.join(status.parents)}"))
    rows += _best_rows(status)
    rows += _origin_rows(status.origin, changes)
    rows.append(("files", whole_name(folder)) if folder else ("ARN", whole_name(status.arn)))
    if link := tuning_job_link(status.arn):
        rows.append(("console", whole_name(link)))
    return laid_out(bold_name(status.name), labeled(rows), color=color, width=width)


def _best_rows(status: JobStatus) -> Iterator[tuple[str, str | Text]]:
    yield from _best("best" if status.has_ended else "best so far", status.best)
    overall = status.overall_best
    if overall and (status.best is None or overall.name != status.best.name):
        yield from _best("best with parents", overall)


def _origin_rows(
    origin: JobOrigin, changes: ContentChanges | None
) -> Iterator[tuple[str, str | Text]]:
    rows = (
        ("spec", origin.spec or (changes.file if changes else "")),
        ("", changes_text(changes) if changes else ""),
        ("commit", origin.commit),
        ("environment", origin.environment),
        ("digest", origin.digest),
    )
    yield from ((label, printable(value)) for label, value in rows if value)


def changes_text(changes: ContentChanges) -> str:
    """How a spec has changed since a tuning job was created; empty if it hasn't."""
    if changes.is_changed is None:
        return "has errors now, so it can't be compared; `hptc check` shows them"
    if not changes.is_changed:
        return ""
    if not changes.subjects:
        return "has changed since: its digest differs"
    subjects = [shortened(subject, _MAX_SUBJECT_LENGTH) for subject in changes.subjects]
    if len(subjects) > _MAX_SUBJECTS:
        hidden = len(subjects) - _MAX_SUBJECTS + 1
        subjects = [*subjects[: _MAX_SUBJECTS - 1], f"{hidden} more"]
    return f"has changed since: {plural(len(changes.subjects), 'difference')} ({listed(subjects)})"


def render_jobs(jobs: Sequence[ListedJob], *, color: bool = False, width: int = WIDTH) -> str:
    """A list of tuning jobs as text."""
    if not jobs:
        return "no tuning jobs"
    metrics = {job.best.metric_name for job in jobs if job.best is not None}
    metric = metrics.pop() if len(metrics) == 1 else ""
    rows = [
        (
            whole_name(job.summary.name),
            _status(job.summary.status),
            job.summary.strategy,
            _done(job.summary.training_jobs, job.summary.limits),
            _best_value(job.best, is_named=not metric),
            duration_text(job.elapsed_seconds),
            f"{job.summary.created.astimezone(UTC):%Y-%m-%d %H:%M}",
        )
        for job in jobs
    ]
    best = f"best {printable(metric)}".rstrip()
    headers = ("name", "status", "strategy", "training jobs", best, "duration", "created (UTC)")
    return laid_out(text_table(headers, rows, wraps=False), color=color, width=width)


def _best_value(job: TrainingJob | None, *, is_named: bool) -> str:
    if job is None or job.metric_value is None:
        return ""
    return metric_text(job) if is_named else f"{job.metric_value:g}"


def render_submission(outcome: Submission) -> str:
    """The outcome of a submission as text; of a dry run, the request as JSON."""
    match outcome:
        case Submitted():
            return f"submitted {outcome.name} in {outcome.region}\n{outcome.arn}"
        case AlreadySubmitted():
            hint = (
                f"; {_RERUN_HINT}" if outcome.can_rerun and outcome.status in FINAL_STATUSES else ""
            )
            return (
                f"already submitted: {outcome.name} in {outcome.region} is {outcome.status}{hint}"
            )
        case DryRun():
            return escape_hidden(json.dumps(outcome.request, indent=2, ensure_ascii=False))
        case _:
            assert_never(outcome)


def dry_run_notes(outcome: DryRun) -> Iterator[str]:
    """What a dry run shows besides the request: parents, code and unresolved references."""
    yield from latest_run_notes(outcome.provided)
    for upload in outcome.code:
        yield f"would upload {upload.contents} to {upload.uri}, unless it is there"
    specs = [latest_spec(name) for name in outcome.unresolved]
    stacks = [name for name, spec in zip(outcome.unresolved, specs, strict=True) if spec is None]
    if stacks:
        yield f"not deployed yet, left as references: {', '.join(stacks)}"
    if parents := [spec for spec in specs if spec is not None]:
        yield f"without a completed tuning job, left as references: {', '.join(parents)}"


def render_stop(outcome: Stop) -> str:
    """The outcome of a stop as text."""
    match outcome:
        case StopRequested():
            return f"stopping {outcome.name}; its training jobs end within minutes"
        case NothingToStop():
            return f"nothing to stop: {outcome.name} is {outcome.status}"
        case _:
            assert_never(outcome)


def duration_text(seconds: int) -> str:
    """A duration without seconds once it takes hours."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def _elapsed(status: JobStatus) -> str:
    limit = status.limits.max_runtime_seconds
    of = f" (at most {duration_text(limit)})" if limit else ""
    return f"{duration_text(status.elapsed_seconds)}{of}"


def _done(counters: TrainingJobCounters, limits: Limits) -> str:
    of = f" of {limits.max_training_jobs}" if limits.max_training_jobs else ""
    return f"{counters.ended}{of}"


def counts_text(counters: TrainingJobCounters) -> str:
    """The number of training jobs by status; statuses without any are omitted."""
    counts = (
        (counters.completed, "completed"),
        (counters.in_progress, "in progress"),
        (counters.non_retryable_error, "failed"),
        (counters.retryable_error, "failed and retried"),
        (counters.stopped, "stopped"),
    )
    return ", ".join(f"{count} {status}" for count, status in counts if count) or "none yet"


def _objectives(status: JobStatus) -> str:
    counters = status.objectives
    return f"{counters.succeeded} succeeded, {counters.pending} pending, {counters.failed} failed"


def _best(label: str, job: TrainingJob | None) -> list[tuple[str, str | Text]]:
    if job is None:
        return [(label, "none yet")] if label != "best with parents" else []
    rows: list[tuple[str, str | Text]] = [(label, metric_text(job) or "no objective")]
    rows.append(("", whole_name(job.name)))
    if job.definition:
        rows.append(("", f"definition {printable(job.definition)}"))
    if job.tuning_job:
        rows.append(("", f"of {printable(job.tuning_job)}"))
    rows += [("", printable(f"{name} = {value}")) for name, value in job.tuned_hyperparameters]
    return rows


def reason_text(reason: str) -> str:
    """Why a job failed, without secrets: AWS quotes the error of the training script."""
    return printable(hide_secrets(reason))


def metric_text(job: TrainingJob) -> str:
    """The objective metric and its value; empty without a value."""
    if job.metric_value is None:
        return ""
    return printable(f"{job.metric_name} = {job.metric_value:g}")


def _status(status: str) -> Text:
    from rich.text import Text

    return Text(status, style=_STYLES.get(status, ""), no_wrap=True)


def status_lines(
    name: str, status: str, rows: Sequence[tuple[str, str | Text]], *, color: bool, width: int
) -> str:
    """A tuning job's name and status, and rows below them, all cut to the width."""
    from rich.text import Text

    indent = 2 + max(len(label) for label, _ in rows)
    lines = [bold_name(name).append("  ").append_text(_status(status))]
    for label, value in rows:
        line = Text(no_wrap=True, overflow="ignore")
        line.append(f"  {label}".ljust(indent), style="dim").append("  ")
        lines.append(line.append(value) if isinstance(value, str) else line.append_text(value))
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return laid_out(*lines, color=color, width=width)
