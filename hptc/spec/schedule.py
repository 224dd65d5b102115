"""When a search is started by itself: the `schedule` of a spec.

Text and keys in, a `Schedule` out; what EventBridge Scheduler would refuse is a PydanticCustomError
of the type `schedule`. The keys are its own words:
https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
"""

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from hptc.diagnostics import nearest
from hptc.spec.spec_model import SpecModel, optional_key

LONGEST_WINDOW_MINUTES = 1440
LONGEST_EXPRESSION = 256

_RATE = re.compile(r"rate\((\d{1,9}) (minutes?|hours?|days?)\)")
_AT = re.compile(r"at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)")
_CRON = re.compile(r"cron\(([^()]*)\)")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


def _fault(message: str) -> PydanticCustomError:
    # Pydantic reads braces in a message as names of its own.
    return PydanticCustomError("schedule", "{fault}", {"fault": message})


def _to_expression(text: str) -> str:
    """One of Scheduler's three kinds of schedule.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
    """
    if len(text) > LONGEST_EXPRESSION:
        raise _fault(f"{LONGEST_EXPRESSION} characters are the most, and it has {len(text)}")
    if (rate := _RATE.fullmatch(text)) is not None:
        if int(rate[1]) == 0:
            raise _fault("a rate of 0 is none: write how often, such as rate(7 days)")
        return text
    if (once := _AT.fullmatch(text)) is not None:
        _moment(once[1])
        return text
    if (cron := _CRON.fullmatch(text)) is not None:
        _check_cron(cron[1])
        return text
    raise _fault("write rate(7 days), at(2026-12-31T06:00:00) or cron(0 6 ? * MON *)")


def _moment(text: str) -> None:
    from datetime import datetime

    try:
        datetime.fromisoformat(text)
    except ValueError as error:
        raise _fault(f"there is no such moment, {error}") from None


def _to_date(text: str) -> str:
    if _DATE.fullmatch(text) is None:
        raise _fault("write a moment in UTC as 2026-12-31T06:00:00Z")
    _moment(text)
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class _CronField:
    """One field of a cron expression: its numbers, its words, and what else it takes."""

    name: str
    least: int
    most: int
    words: tuple[str, ...] = ()
    other: str = ""  # a pattern of what else the field takes


_FIELDS = (
    _CronField(name="minutes", least=0, most=59),
    _CronField(name="hours", least=0, most=23),
    _CronField(name="day of month", least=1, most=31, other=r"\?|L|LW|([1-9]|[12]\d|3[01])W"),
    _CronField(name="month", least=1, most=12, words=_MONTHS),
    _CronField(
        name="day of week",
        least=1,
        most=7,
        words=_WEEKDAYS,
        other=rf"\?|L|([1-7]|{'|'.join(_WEEKDAYS)})(L|#[1-5])",
    ),
    _CronField(name="year", least=1970, most=2199),
)


def _check_cron(text: str) -> None:
    parts = text.split()
    if len(parts) != len(_FIELDS):
        names = ", ".join(field.name for field in _FIELDS)
        raise _fault(f"a cron expression has six fields ({names}), and this has {len(parts)}")
    for field, part in zip(_FIELDS, parts, strict=True):
        for item in part.split(","):
            if not _is_cron_item(item.upper(), field):
                words = f", {field.words[0]} to {field.words[-1]}" if field.words else ""
                raise _fault(
                    f"the field {field.name} can't be {part}: it takes {field.least} to "
                    f"{field.most}{words}"
                )
    if (parts[2] == "?") == (parts[4] == "?"):
        raise _fault(
            "one of day of month and day of week says the day, and the other must be `?`, but "
            f"they are {parts[2]} and {parts[4]}"
        )


def _is_cron_item(item: str, field: _CronField) -> bool:
    if field.other and re.fullmatch(field.other, item):
        return True
    where, slash, step = item.partition("/")
    if slash and not (re.fullmatch(r"\d{1,4}", step) and int(step) > 0):
        return False
    if where == "*":
        return True
    first, dash, last = where.partition("-")
    return _is_value(first, field) and (not dash or _is_value(last, field))


def _is_value(text: str, field: _CronField) -> bool:
    if re.fullmatch(r"\d{1,4}", text):
        return field.least <= int(text) <= field.most
    return text in field.words


def _to_timezone(text: str) -> str:
    import zoneinfo

    try:
        zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        meant = nearest(text, tuple(sorted(zoneinfo.available_timezones())))
        hint = f"did you mean {meant}?" if meant else "write one such as Europe/Berlin"
        raise _fault(f"the IANA database has no such time zone; {hint}") from None
    return text


def _to_window(minutes: int) -> int:
    if not 1 <= minutes <= LONGEST_WINDOW_MINUTES:
        raise _fault(f"it takes 1 to {LONGEST_WINDOW_MINUTES}")
    return minutes


class Schedule(SpecModel):
    """When the search is started again, each time as a job of its own."""

    schedule_expression: Annotated[str, AfterValidator(_to_expression)] = Field(
        description="How often, or when: rate(…), cron(…) or at(…).",
        examples=["cron(0 6 ? * MON *)", "rate(7 days)"],
    )
    schedule_expression_timezone: Annotated[str, AfterValidator(_to_timezone)] = optional_key(
        "The time zone of cron(…) and at(…), by its name in the IANA database. UTC when absent.",
        "Europe/Berlin",
        default="UTC",
    )
    start_date: Annotated[str, AfterValidator(_to_date)] | None = optional_key(
        "The moment before which nothing is started.", "2026-12-01T00:00:00Z"
    )
    end_date: Annotated[str, AfterValidator(_to_date)] | None = optional_key(
        "The moment after which nothing is started.", "2027-12-01T00:00:00Z"
    )
    state: Literal["ENABLED", "DISABLED"] = optional_key(
        "DISABLED keeps the stack and starts nothing. ENABLED when absent.",
        "DISABLED",
        default="ENABLED",
    )
    maximum_window_in_minutes: Annotated[int, AfterValidator(_to_window)] | None = optional_key(
        "A start may be so many minutes late, 1 to 1440. On time when absent.", 15
    )


def to_schedule(value: Any) -> Any:
    """The long form of a schedule that is said as its expression alone."""
    return {"schedule_expression": value} if isinstance(value, str) else value


ScheduleOrExpression = Annotated[
    Schedule, BeforeValidator(to_schedule, json_schema_input_type=str | Schedule)
]
