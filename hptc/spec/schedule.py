"""The `schedule` of a spec, on which EventBridge Scheduler launches its tuning job.

A spec has a schedule expression or a mapping. What EventBridge Scheduler would reject raises a
PydanticCustomError of the type `schedule`. The keys are those of its API:
https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
"""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from hptc.diagnostics import nearest
from hptc.frozen import frozen
from hptc.spec.spec_model import StrictModel, optional_key

MAX_WINDOW_MINUTES = 1440
MAX_EXPRESSION = 256

_RATE = r"rate\((\d{1,9}) (minutes?|hours?|days?)\)"
_AT = r"at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)"
_CRON = r"cron\(([^()]*)\)"
_DATE = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z"

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


def _error(message: str) -> PydanticCustomError:
    # Pydantic reads braces in a message as placeholders.
    return PydanticCustomError("schedule", "{problem}", {"problem": message})


def _to_expression(text: str) -> str:
    """A valid expression of one of the three schedule types.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
    """
    if len(text) > MAX_EXPRESSION:
        raise _error(f"it has {len(text)} characters, but at most {MAX_EXPRESSION} are allowed")
    if (rate := re.fullmatch(_RATE, text)) is not None:
        if int(rate[1]) == 0:
            raise _error("the rate must be at least 1, such as rate(7 days)")
        return text
    if (once := re.fullmatch(_AT, text)) is not None:
        _check_date_time(once[1])
        return text
    if (cron := re.fullmatch(_CRON, text)) is not None:
        _check_cron(cron[1])
        return text
    raise _error("write it like rate(7 days), at(2026-12-31T06:00:00) or cron(0 6 ? * MON *)")


def _check_date_time(text: str) -> None:
    from datetime import datetime

    try:
        datetime.fromisoformat(text)
    except ValueError as error:
        raise _error(f"it is not a valid date and time: {error}") from None


def _to_date(text: str) -> str:
    if re.fullmatch(_DATE, text) is None:
        raise _error("write the date and time in UTC, like 2026-12-31T06:00:00Z")
    _check_date_time(text)
    return text


@frozen
class CronField:
    """One field of a cron expression: its range, its names and its other values."""

    name: str
    minimum: int
    maximum: int
    names: tuple[str, ...] = ()
    other: str = ""  # a pattern for the field's other values

    def number(self, value: str) -> int:
        """The number of one of the field's values, which may be a name."""
        return self.names.index(value) + 1 if value in self.names else int(value)


CRON_FIELDS = (
    CronField(name="minutes", minimum=0, maximum=59),
    CronField(name="hours", minimum=0, maximum=23),
    CronField(name="day of month", minimum=1, maximum=31, other=r"\?|L|LW|([1-9]|[12]\d|3[01])W"),
    CronField(name="month", minimum=1, maximum=12, names=_MONTHS),
    CronField(
        name="day of week",
        minimum=1,
        maximum=7,
        names=_WEEKDAYS,
        other=rf"\?|L|([1-7]|{'|'.join(_WEEKDAYS)})(L|#[1-5])",
    ),
    CronField(name="year", minimum=1970, maximum=2199),
)


def _check_cron(text: str) -> None:
    parts = text.split()
    if len(parts) != len(CRON_FIELDS):
        names = ", ".join(field.name for field in CRON_FIELDS)
        raise _error(f"a cron expression has six fields ({names}), but this one has {len(parts)}")
    for field, part in zip(CRON_FIELDS, parts, strict=True):
        for element in part.split(","):
            if not _is_cron_element(element.upper(), field):
                names = f" or {field.names[0]} to {field.names[-1]}" if field.names else ""
                raise _error(
                    f"`{part}` is not valid in the field {field.name}, which takes "
                    f"{field.minimum} to {field.maximum}{names}"
                )
    if (parts[2] == "?") == (parts[4] == "?"):
        raise _error(
            "exactly one of day of month and day of week must be `?`, but they are "
            f"`{parts[2]}` and `{parts[4]}`"
        )


def _is_cron_element(element: str, field: CronField) -> bool:
    if field.other and re.fullmatch(field.other, element):
        return True
    where, slash, step = element.partition("/")
    if slash and not (re.fullmatch(r"\d{1,4}", step) and int(step) > 0):
        return False
    if where == "*":
        return True
    first, dash, last = where.partition("-")
    return _is_value(first, field) and (not dash or _is_value(last, field))


def _is_value(text: str, field: CronField) -> bool:
    if re.fullmatch(r"\d{1,4}", text):
        return field.minimum <= int(text) <= field.maximum
    return text in field.names


def _to_timezone(text: str) -> str:
    import zoneinfo

    try:
        zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        meant = nearest(text, tuple(sorted(zoneinfo.available_timezones())))
        hint = f"did you mean {meant}?" if meant else "use a name such as Europe/Berlin"
        raise _error(f"it is not a time zone of the IANA database; {hint}") from None
    return text


def _to_window(minutes: int) -> int:
    if not 1 <= minutes <= MAX_WINDOW_MINUTES:
        raise _error(f"it must be between 1 and {MAX_WINDOW_MINUTES}")
    return minutes


class Schedule(StrictModel):
    """When the tuning job is launched automatically, each time under a new name."""

    schedule_expression: Annotated[str, AfterValidator(_to_expression)] = Field(
        description="The schedule expression: rate(…), cron(…) or at(…).",
        examples=["cron(0 6 ? * MON *)", "rate(7 days)"],
    )
    schedule_expression_timezone: Annotated[str, AfterValidator(_to_timezone)] = optional_key(
        "The IANA time zone of cron(…) and at(…). Default: UTC.",
        "Europe/Berlin",
        default="UTC",
    )
    start_date: Annotated[str, AfterValidator(_to_date)] | None = optional_key(
        "The date after which the schedule can launch tuning jobs, in UTC.", "2026-12-01T00:00:00Z"
    )
    end_date: Annotated[str, AfterValidator(_to_date)] | None = optional_key(
        "The date before which the schedule can launch tuning jobs, in UTC.", "2027-12-01T00:00:00Z"
    )
    state: Literal["ENABLED", "DISABLED"] = optional_key(
        "DISABLED keeps the stack but launches no tuning jobs. Default: ENABLED.",
        "DISABLED",
        default="ENABLED",
    )
    maximum_window_in_minutes: Annotated[int, AfterValidator(_to_window)] | None = optional_key(
        "The flexible time window: how many minutes a launch can be late, from 1 to 1440.", 15
    )


def to_schedule(value: object) -> object:
    """The long form of a schedule; the short form is its expression."""
    return {"schedule_expression": value} if isinstance(value, str) else value


ScheduleOrExpression = Annotated[
    Schedule, BeforeValidator(to_schedule, json_schema_input_type=str | Schedule)
]
