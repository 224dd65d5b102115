"""Renders the log lines of training jobs, which are untrusted text, as lines of a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from typing import TYPE_CHECKING

from hptc.jobs.log_choice import ChoiceReason, LogChoice
from hptc.render.documents.envelope import document
from hptc.render.jobs import metric_text, reason_text
from hptc.secrets.detector import hide_secrets
from hptc.service.tuning_jobs import LogEvent, TrainingJob
from hptc.text import iso_time, plural, printable

if TYPE_CHECKING:  # not needed to render
    from hptc.render.documents.tuning_jobs import LogEventData, LogsData

_MAX_MESSAGE_LENGTH = 20_000  # characters


def log_lines(event: LogEvent, *, is_first_instance: bool, has_time: bool = True) -> Iterator[str]:
    """The lines of an event, with its time if it has one, and its instance unless it is the first.

    Secrets are masked. A progress bar redraws its line, so only its last state is kept.
    """
    message = _masked(event)
    time = f"{event.time.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if has_time else ""
    instance = "" if is_first_instance else f"  {printable(instance_of(event))}"
    for line in message.rstrip("\r\n").split("\n"):
        shown = line.rstrip("\r").rpartition("\r")[2]
        start = f"{time}{instance}  " if time or instance else ""
        yield f"{start}{printable(shown)}"


def instance_of(event: LogEvent) -> str:
    """The instance of a training job that logged an event: `algo-1`.

    A stream is named `<training job>/algo-<instance>-<time>`:
    https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html
    """
    name = event.stream.rpartition("/")[2]
    parts = name.split("-")
    return "-".join(parts[:2]) if parts[0] == "algo" else name


def logs_json(
    command: str,
    tuning_job: str,
    choice: LogChoice,
    events: Mapping[str, Sequence[LogEvent]],
    *,
    has_times: bool = True,
) -> str:
    """The document of `hptc logs`. `events` are by the name of the training job."""
    data: LogsData = {
        "tuning_job": tuning_job,
        "training_jobs": [
            {
                "name": job.name,
                "status": job.status,
                "events": [_event_data(event, has_times=has_times) for event in events[job.name]],
            }
            for job in choice.training_jobs
        ],
        "left_out": choice.left_out,
    }
    return document(command, data)


def _event_data(event: LogEvent, *, has_times: bool) -> LogEventData:
    return {
        "time": iso_time(event.time) if has_times else None,
        "instance": instance_of(event),
        "message": _masked(event),
    }


def _masked(event: LogEvent) -> str:
    message = hide_secrets(event.message[:_MAX_MESSAGE_LENGTH])
    return message + "..." if len(event.message) > _MAX_MESSAGE_LENGTH else message


def log_header(job: TrainingJob, choice: LogChoice) -> str:
    """The training job whose log follows, why it was chosen, and how it ended."""
    value = metric_text(job)
    why = {
        ChoiceReason.NAMED: "",
        ChoiceReason.BEST: "the best training job",
        ChoiceReason.NEWEST: "the newest training job",
        ChoiceReason.RUNNING: "the newest running training job",
        ChoiceReason.FAILED: "",
    }[choice.reason]
    about = [part for part in (why, job.status, value) if part]
    reason = f"\n  {reason_text(job.failure_reason)}" if job.failure_reason else ""
    return f"{printable(job.name)} ({', '.join(about)}){reason}"


def left_out_note(choice: LogChoice) -> str:
    """How many training jobs are not shown; empty if all are."""
    if not choice.left_out:
        return ""
    jobs = plural(choice.left_out, "more failed training job")
    return f"{jobs}; --training-job NAME shows the log of one"
