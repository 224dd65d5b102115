"""Two specs' schedules in, what changed of when a search starts by itself out. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.diff.changes import Change, Kind
from hptc.diff.value_text import value_text
from hptc.spec.schedule import Schedule


def schedule_changes(old: Schedule | None, new: Schedule | None) -> Iterator[Change]:
    """A schedule that came, went or changed; a default that is spelled out is no change."""
    if old is None or new is None:
        if old is not new:
            yield Change(
                kind=Kind.SCHEDULE_ADDED if old is None else Kind.SCHEDULE_REMOVED,
                path=("schedule",),
                subject="schedule",
                old=schedule_text(old),
                new=schedule_text(new),
            )
        return
    for key in Schedule.model_fields:
        was, becomes = getattr(old, key), getattr(new, key)
        if was != becomes:
            yield Change(
                kind=Kind.SCHEDULE,
                path=("schedule", key),
                subject=f"schedule.{key}",
                old=value_text(was),
                new=value_text(becomes),
            )


def schedule_text(schedule: Schedule | None) -> str:
    """When a search starts, in a few words; an empty text when it does not by itself."""
    if schedule is None:
        return ""
    when = f"{schedule.schedule_expression}, {schedule.schedule_expression_timezone}"
    return when if schedule.state == "ENABLED" else f"{when}, {schedule.state}"
