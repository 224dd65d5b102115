"""How often a schedule starts."""

from __future__ import annotations

import re
from fractions import Fraction

from hptc.spec.schedule import CRON_FIELDS, CronField, Schedule

_DAYS = Fraction(36525, 1200)
"""The average length of a month."""
_WEEKS = _DAYS / 7
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
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
    rate = _RATE.fullmatch(expression)
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
    values: set[int] = set()
    special = 0
    for item in part.split(","):
        if field.other and re.fullmatch(field.other, item):
            special += item != "?"
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
    return len(values) + special
