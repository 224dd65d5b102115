"""Changes to the schedule of a spec."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.diff.changes import Change, Kind
from hptc.diff.value_text import value_text
from hptc.spec.schedule import Schedule


def schedule_changes(old: Schedule | None, new: Schedule | None) -> Iterator[Change]:
    """A schedule that was added, removed or changed; an explicit default is not a change."""
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
    """When scheduled runs start, in a few words; empty without a schedule."""
    if schedule is None:
        return ""
    when = f"{schedule.schedule_expression}, {schedule.schedule_expression_timezone}"
    return when if schedule.state == "ENABLED" else f"{when}, {schedule.state}"
