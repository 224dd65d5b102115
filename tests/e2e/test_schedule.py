"""The life of a schedule with the real CDK: deployed, started, changed, orphaned, removed."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from hptc.jobs.description import is_described_by
from hptc.sandbox.server import Sandbox
from tests.support.e2e_project import FOUNDATION, Project, copy_project

pytestmark = pytest.mark.slow

SPEC = "electricity-deepar"
STACK = f"{FOUNDATION}-{SPEC}-schedule"
ACCOUNT = "322222222223"


def only(values: list[Any]) -> Any:
    (job,) = values
    return job


def schedule(project: Project) -> dict[str, Any]:
    client = project.client("scheduler")
    listed = only(client.list_schedules()["Schedules"])
    description: dict[str, Any] = client.get_schedule(
        GroupName=listed["GroupName"], Name=listed["Name"]
    )
    return description


def definition(project: Project) -> dict[str, Any]:
    client = project.client("stepfunctions")
    arn = only(client.list_state_machines()["stateMachines"])["stateMachineArn"]
    description: dict[str, Any] = json.loads(
        client.describe_state_machine(stateMachineArn=arn)["definition"]
    )
    return description


def started(project: Project, moment: str) -> dict[str, Any]:
    """The tuning job of one start, which a person makes here: the sandbox has no clock."""
    target = schedule(project)["Target"]
    project.client("stepfunctions").start_execution(
        stateMachineArn=target["Arn"],
        name="by-hand",
        input=target["Input"].replace("<aws.scheduler.scheduled-time>", moment),
    )
    client = project.client("sagemaker")
    for _ in range(600):
        jobs = client.list_hyper_parameter_tuning_jobs()["HyperParameterTuningJobSummaries"]
        if jobs:
            name = only(jobs)["HyperParameterTuningJobName"]
            description: dict[str, Any] = client.describe_hyper_parameter_tuning_job(
                HyperParameterTuningJobName=name
            )
            return description
        time.sleep(0.05)
    raise AssertionError("nothing was started")


def test_from_its_first_start_to_its_end(tmp_path: Path) -> None:
    with Sandbox(account=ACCOUNT) as sandbox:
        folder = tmp_path / "a clone"
        folder.mkdir()
        project = copy_project(folder, sandbox, ACCOUNT, only=[SPEC])
        project.bootstrap()
        path = project.directory / "specs" / f"{SPEC}.yaml"
        project.hptc_here("deploy", SPEC, "--yes")

        description = schedule(project)
        assert description["ScheduleExpression"] == "cron(0 6 ? * MON *)"
        assert description["ScheduleExpressionTimezone"] == "Europe/Lisbon"
        assert description["State"] == "ENABLED"
        alarms = project.client("cloudwatch").describe_alarms()["MetricAlarms"]
        assert {alarm["MetricName"] for alarm in alarms} == {
            "ExecutionsFailed",
            "InvocationDroppedCount",
        }

        # What is started is what hptc would send, with what the deployment made filled in.
        job = started(project, "2026-11-30T06:00:00Z")
        assert job["HyperParameterTuningJobName"] == "electricity-13a88d-202611300600"
        request = project.hptc_here("compile", "--resolve", f"specs/{SPEC}.yaml").json
        assert is_described_by(request, job)
        plan = project.hptc_here("plan", "--json").json
        assert [job["name"] for job in plan["earlier"]["jobs"]] == []

        # Another search is another definition, and the schedule stays.
        path.write_text(path.read_text("utf-8").replace("max: 168", "max: 144"), "utf-8")
        project.hptc_here("deploy", "--yes")
        ranges = definition(project)["States"]["CreateJob"]["Parameters"][
            "HyperParameterTuningJobConfig"
        ]["ParameterRanges"]["IntegerParameterRanges"]
        assert {"144"} <= {range_["MaxValue"] for range_ in ranges}
        assert schedule(project)["Arn"] == description["Arn"]

        # Without its lines it is an orphan that goes on, until somebody names it.
        text = path.read_text("utf-8")
        start, end = text.index("schedule:"), text.index("strategy:")
        path.write_text(text[:start] + text[end:], "utf-8")
        orphaned = project.hptc_here("deploy", "--json")
        assert orphaned.json["orphaned_stacks"] == [STACK]
        assert schedule(project)["Arn"] == description["Arn"]
        project.hptc_here("destroy", STACK, "--yes")
        assert project.client("scheduler").list_schedules()["Schedules"] == []
        assert project.client("stepfunctions").list_state_machines()["stateMachines"] == []
        assert project.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
