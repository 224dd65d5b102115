"""Schedules follow the grammar of EventBridge Scheduler."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel

from hptc.spec import schedule
from hptc.spec.schedule import Schedule
from hptc.spec.tuning_spec import parse_spec

VALID = (
    "rate(1 minute)",
    "rate(5 minutes)",
    "rate(1 hour)",
    "rate(7 days)",
    "at(2026-12-31T06:00:00)",
    "cron(0 6 ? * MON *)",
    "cron(0 6 ? * MON-FRI,SUN *)",
    "cron(0 6 ? * mon *)",
    "cron(0/15 8-18 ? JAN-MAR 2#1 2026-2030)",
    "cron(15 10 L * ? 2026/2)",
    "cron(0 0 LW * ? *)",
    "cron(0 0 15W * ? *)",
    "cron(0 0 ? * 6L *)",
    "cron(0 0 ? * FRI#2 *)",
    "cron(*/10 * 1,15 1-6 ? *)",
    "cron(*/1 0 1 1 ? 1970)",
    "cron(59 23 31 12 ? 2199)",
    "cron(0 6 ? * 1,7 *)",
    f"cron(10 6 ? * {'MON,' * 59}MON *)",  # 256 characters
)

INVALID = {
    "daily": "write it like rate(7 days)",
    "rate(7 weeks)": "write it like rate(7 days)",
    "rate(0 days)": "the rate must be at least 1",
    "rate(-1 days)": "write it like rate(7 days)",
    "at(2026-02-30T06:00:00)": "it is not a valid date and time: day is out of range",
    "at(2026-12-31)": "write it like rate(7 days)",
    "cron(0 6 ? * MON)": "has six fields (minutes, hours, day of month, month, day of week, year)",
    "cron(0 6 * * MON *)": "they are `*` and `MON`",
    "cron(0 6 ? * ? *)": "they are `?` and `?`",
    "cron(60 6 ? * MON *)": "`60` is not valid in the field minutes, which takes 0 to 59",
    "cron(0 24 ? * MON *)": "`24` is not valid in the field hours",
    "cron(0 6 0 * ? *)": "`0` is not valid in the field day of month",
    "cron(0 6 ? 13 MON *)": "field month, which takes 1 to 12 or JAN to DEC",
    "cron(0 6 ? * 8 *)": "`8` is not valid in the field day of week",
    "cron(0 6 ? * XYZ *)": "`XYZ` is not valid in the field day of week",
    "cron(0 6 ? * MON#6 *)": "`MON#6` is not valid in the field day of week",
    "cron(0 6 ? * MON 1969)": "`1969` is not valid in the field year",
    "cron(0/0 6 ? * MON *)": "`0/0` is not valid in the field minutes",
    "cron(0 ? ? * MON *)": "`?` is not valid in the field hours",
    f"cron({'0' * 300})": "at most 256 are allowed",
    f"cron(0 6 ? * {'MON,' * 61}MON *)": "it has 263 characters, but at most 256 are allowed",
    f"cron(0 6 ? * 1,{'MON,' * 59}MON *)": "it has 257 characters, but at most 256 are allowed",
    "cron(0/ 6 ? * MON *)": "`0/` is not valid in the field minutes",
    "cron(0 6 ? * MON- *)": "`MON-` is not valid in the field day of week",
    "cron(0 6 ? * 0 *)": "`0` is not valid in the field day of week",
    "cron(0 6 ? * MON 2200)": "`2200` is not valid in the field year",
    "cron(0 6 32 * ? *)": "`32` is not valid in the field day of month",
    "cron(0 6 ? 0 MON *)": "`0` is not valid in the field month",
}


def problems(schedule: Any, **spec: Any) -> list[tuple[str, str]]:
    _, findings = parse_spec({"name": "churn", "schedule": schedule, **spec})
    return [(finding.code, finding.message) for finding in findings]


@pytest.mark.parametrize("text", VALID)
def test_an_expression_is_the_short_form_of_a_schedule(text: str) -> None:
    spec, findings = parse_spec({"name": "churn", "schedule": text})
    assert not findings
    assert spec is not None
    assert spec.schedule == Schedule(schedule_expression=text)


@pytest.mark.parametrize("text", INVALID)
def test_an_invalid_expression_is_reported_with_what_is_valid(text: str) -> None:
    ((code, message),) = problems(text)
    assert code == "HPT107"
    assert message.startswith("`schedule.schedule_expression` has an invalid value, the string ")
    assert INVALID[text] in message


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("schedule_expression_timezone", "Europe/Berln", "did you mean Europe/Berlin?"),
        ("schedule_expression_timezone", "Europe", "is not a time zone of the IANA"),
        ("schedule_expression_timezone", "../../etc/passwd", "is not a time zone of the IANA"),
        ("schedule_expression_timezone", "", "is not a time zone of the IANA"),
        ("start_date", "2026-12-01", "write the date and time in UTC"),
        ("end_date", "2026-13-01T00:00:00Z", "month must be in 1..12"),
        ("maximum_window_in_minutes", 0, "must be between 1 and 1440"),
        ("maximum_window_in_minutes", 1441, "must be between 1 and 1440"),
    ],
)
def test_the_other_keys_are_checked(key: str, value: Any, message: str) -> None:
    ((code, problem),) = problems({"schedule_expression": "rate(7 days)", key: value})
    assert code == "HPT107"
    assert problem.startswith(f"`schedule.{key}` has an invalid value, ")
    assert message in problem


def test_every_key_is_valid() -> None:
    assert not problems(
        {
            "schedule_expression": "cron(0 6 ? * MON *)",
            "schedule_expression_timezone": "America/Argentina/Buenos_Aires",
            "start_date": "2026-12-01T00:00:00Z",
            "end_date": "2027-12-01T00:00:00Z",
            "state": "DISABLED",
            "maximum_window_in_minutes": 15,
        }
    )


@pytest.mark.parametrize("minutes", [1, 1440])
def test_the_shortest_and_the_longest_window_are_valid(minutes: int) -> None:
    key = "maximum_window_in_minutes"
    assert not problems({"schedule_expression": "rate(7 days)", key: minutes})


def test_a_fixed_job_name_excludes_a_schedule() -> None:
    ((code, message),) = problems("rate(7 days)", job_name="churn-2026")
    assert code == "HPT102"
    assert message == (
        "`job_name` can't be combined with `schedule`, which needs a new name for each job"
    )


@pytest.mark.parametrize("several", [False, True], ids=["one definition", "several"])
def test_a_name_that_step_functions_reads_as_a_path_is_rejected(several: bool) -> None:
    job = {"hyperparameters": {"alpha": 1, "eta.$": "$$.Execution.Id"}}
    jobs = {"training_jobs": {"one": {}, "two": job}} if several else {"training_job": job}
    ((code, message),) = problems("rate(7 days)", **jobs)
    assert code == "HPT102"
    assert "`eta.$` ends in .$" in message
    _, findings = parse_spec({"name": "churn", **jobs})
    assert not findings  # only schedules use Step Functions


def test_the_bounds_are_those_of_the_api() -> None:
    model = ServiceModel(Loader().load_service_model("scheduler", "service-2"))
    members: Any = model.operation_model("CreateSchedule").input_shape.members  # type: ignore[union-attr]
    window = members["FlexibleTimeWindow"].members["MaximumWindowInMinutes"].metadata
    assert (window["min"], window["max"]) == (1, schedule.MAX_WINDOW_MINUTES)
    assert members["ScheduleExpression"].metadata["max"] == schedule.MAX_EXPRESSION
    assert set(members["State"].enum) == {"ENABLED", "DISABLED"}
