"""How often a schedule starts."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise

from hptc.spec.schedule import CRON_FIELDS, CronField, Schedule

_DAYS = Fraction(36525, 1200)
"""The average length of a month."""
_WEEKS = _DAYS / 7
_RATE = r"rate\((\d+) (minute|hour|day)s?\)"
_DAYS_OF_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
"""The days of each month, in a leap year."""
_PER_DAY = {"minute": 1440, "hour": 24, "day": 1}


def starts_per_month(schedule: Schedule) -> Fraction:
    """The average number of starts in a month; 0 if disabled, and for at(…), which starts once.

    For cron(…), it is the number of times on a day multiplied by the number of days. Last days,
    nearest weekdays and numbered weekdays (`L`, `15W`, `MON#2`) are one day each. The year and the
    start and end dates are not counted.
    """
    if schedule.state != "ENABLED":
        return Fraction(0)
    expression = schedule.schedule_expression
    rate = re.fullmatch(_RATE, expression)
    if rate is not None:
        return _DAYS * _PER_DAY[rate[2]] / int(rate[1])
    if not expression.startswith("cron("):
        return Fraction(0)
    parts = expression.removeprefix("cron(").removesuffix(")").upper().split()
    minutes, hours, month_days, months, weekdays, _ = (
        _count(part, field) for part, field in zip(parts, CRON_FIELDS, strict=True)
    )
    if parts[2] == "?":
        days = _DAYS if parts[4] == "*" else _week_days(parts[4], weekdays)
    else:
        days = min(Fraction(month_days), _DAYS)
    return minutes * hours * days * Fraction(months, 12)


def _week_days(part: str, weekdays: int) -> Fraction:
    """Days of the week in a month; `L` alone is Saturday, `MONL` the month's last Monday."""
    numbered = sum("#" in item or (len(item) > 1 and item[-1] == "L") for item in part.split(","))
    return numbered + (weekdays - numbered) * _WEEKS


def _count(part: str, field: CronField) -> int:
    """How many values of a field match; an item with its own syntax, such as `L`, counts as one."""
    special = sum(item != "?" and _is_special(item, field) for item in part.split(","))
    return len(_values(part, field)) + special


def _is_special(item: str, field: CronField) -> bool:
    return bool(field.other) and re.fullmatch(field.other, item) is not None


def _values(part: str, field: CronField) -> set[int]:
    """The numbers that a field matches, without items that have their own syntax."""
    values: set[int] = set()
    for item in part.split(","):
        if _is_special(item, field):
            continue
        where, _, step = item.partition("/")
        first, dash, last = where.partition("-")
        if where == "*":
            low, high = field.minimum, field.maximum
        else:
            low = field.number(first)
            high = field.number(last) if dash else (field.maximum if step else low)
        if high < low:  # `FRI-MON` wraps around
            high += field.maximum - field.minimum + 1
        values.update(range(low, high + 1, int(step) if step else 1))
    return values


def shortest_interval(schedule: Schedule) -> int | None:
    """The shortest time between two starts in seconds; None if it starts once or never.

    For cron(…), days are those of a week or of the shortest month.
    """
    if schedule.state != "ENABLED":
        return None
    expression = schedule.schedule_expression
    rate = re.fullmatch(_RATE, expression)
    if rate is not None:
        return int(rate[1]) * 86_400 // _PER_DAY[rate[2]]
    if not expression.startswith("cron("):
        return None
    parts = expression.removeprefix("cron(").removesuffix(")").upper().split()
    minutes, hours = (sorted(_values(parts[index], CRON_FIELDS[index])) for index in (0, 1))
    times = [hour * 60 + minute for hour in hours for minute in minutes]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    days = _shortest_days(parts)
    gaps.append(times[0] - times[-1] + days * 1440)
    return min(gaps) * 60


def never_starts(schedule: Schedule) -> bool:
    """Whether a cron expression has only days that none of its months has."""
    if not schedule.schedule_expression.startswith("cron("):
        return False
    parts = schedule.schedule_expression.removeprefix("cron(").removesuffix(")").upper().split()
    _, _, month_days, months, _, _ = CRON_FIELDS
    if any(_is_special(day, month_days) for day in parts[2].split(",")):
        return False
    # A value above the maximum is one that wraps around, as in `NOV-FEB`.
    first = min((day - 1) % 31 + 1 for day in _values(parts[2], month_days))
    return all(first > _DAYS_OF_MONTH[(month - 1) % 12] for month in _values(parts[3], months))


def _shortest_days(parts: list[str]) -> int:
    """The smallest number of days between two days on which a cron expression starts."""
    index, length = (4, 7) if parts[2] == "?" else (2, 28)
    if any(_is_special(item, CRON_FIELDS[index]) for item in parts[index].split(",")):
        return 1 if "," in parts[index] else 28
    days = sorted(_values(parts[index], CRON_FIELDS[index]))
    gaps = [later - earlier for earlier, later in pairwise(days)]
    return min([*gaps, max(1, days[0] - days[-1] + length)])
