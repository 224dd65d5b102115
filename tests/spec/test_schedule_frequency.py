"""How many times a month a schedule starts, which is what its cost is multiplied by."""

from __future__ import annotations

from fractions import Fraction

import pytest

from hptc.spec.schedule import Schedule
from hptc.spec.schedule_frequency import shortest_interval, starts_per_month

MONTH = Fraction(36525, 1200)  # days


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("rate(1 day)", MONTH),
        ("rate(7 days)", MONTH / 7),
        ("rate(12 hours)", MONTH * 2),
        ("rate(1 minute)", MONTH * 1440),
        ("at(2026-12-31T06:00:00)", 0),
        ("cron(0 6 * * ? *)", MONTH),
        ("cron(0 6 ? * MON *)", MONTH / 7),
        ("cron(0 6 ? * MON-FRI *)", MONTH * 5 / 7),
        ("cron(0 6 ? * FRI-MON *)", MONTH * 4 / 7),
        ("cron(0 6 ? * 2 *)", MONTH / 7),
        ("cron(0 6 ? * L *)", MONTH / 7),
        ("cron(0 6 ? * MON#1 *)", 1),
        ("cron(0 6 ? * FRIL *)", 1),
        ("cron(0 6 ? * 6L *)", 1),
        ("cron(0 6 ? * 6L,MON#1 *)", 2),
        ("cron(0 6 1 * ? *)", 1),
        ("cron(0 6 1,15 * ? *)", 2),
        ("cron(0 6 L * ? *)", 1),
        ("cron(0 6 15W * ? *)", 1),
        ("cron(0 6 1 JAN,JUL ? *)", Fraction(1, 6)),
        ("cron(0 6 1 */3 ? *)", Fraction(1, 3)),
        ("cron(0/30 8-17 ? * * *)", MONTH * 20),
        ("cron(*/15 * ? * * *)", MONTH * 96),
        ("cron(0,0 6 1 * ? *)", 1),
    ],
)
def test_starts(expression: str, expected: Fraction) -> None:
    assert starts_per_month(Schedule(schedule_expression=expression)) == expected


def test_a_disabled_schedule_does_not_start() -> None:
    assert starts_per_month(Schedule(schedule_expression="rate(1 day)", state="DISABLED")) == 0


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("rate(5 minutes)", 300),
        ("rate(7 days)", 7 * 86_400),
        ("cron(0 6 * * ? *)", 86_400),
        ("cron(0 6,18 * * ? *)", 43_200),
        ("cron(0 1,23 * * ? *)", 7_200),  # over midnight
        ("cron(*/15 * ? * MON *)", 900),
        ("cron(0 6 ? * MON *)", 7 * 86_400),
        ("cron(0 6 ? * MON,WED *)", 2 * 86_400),
        ("cron(0 6 1 * ? *)", 28 * 86_400),
        ("cron(0 6 1,15 * ? *)", 14 * 86_400),
        ("cron(0 6 L * ? *)", 28 * 86_400),
        ("at(2026-12-31T06:00:00)", None),
    ],
)
def test_the_shortest_interval(expression: str, expected: int | None) -> None:
    assert shortest_interval(Schedule(schedule_expression=expression)) == expected


def test_a_disabled_schedule_has_no_interval() -> None:
    schedule = Schedule(schedule_expression="rate(1 day)", state="DISABLED")
    assert shortest_interval(schedule) is None
