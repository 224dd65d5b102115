"""`latest(SPEC)` in a scheduled spec: each start finds the newest completed tuning job.

Moto's interpreter runs the state machine against moto's SageMaker.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from hptc.compiler.permissions_report import permissions_report
from hptc.infrastructure.scheduled_start import ScheduleStack
from hptc.infrastructure.statements import document
from hptc.project.references import substitute
from hptc.sandbox.sagemaker import configure
from hptc.sandbox.server import Sandbox
from hptc.sandbox.tuning_store import TuningSettings
from tests.support.golden import Golden
from tests.support.iam_evaluator import is_allowed
from tests.support.scheduled_starts import (
    NAME,
    SPEC,
    Machine,
    call,
    compiled,
    project,
    stacks,
    stem,
    values,
)

SELF = SPEC + "warm_start: {type: TransferLearning, parents: [latest(Churn)]}\n"
BASE = SPEC.replace("name: Churn", "name: base").replace("schedule: rate(7 days)\n", "")
OTHER = SPEC + "warm_start: {type: TransferLearning, parents: [latest(base)]}\n"
BOTH = SPEC + "warm_start: {type: TransferLearning, parents: [latest(Churn), latest(base)]}\n"
FIXED = SPEC + "warm_start: {type: TransferLearning, parents: [latest(Churn), chosen]}\n"

ACCOUNTS = count(530_000_000_001)  # one a test: sandboxes of one process share their state


def the_stack(folder: Path, spec: str) -> ScheduleStack:
    (stack,) = stacks(project(folder, spec, base=BASE))
    return stack


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(account=str(next(ACCOUNTS))) as sandbox:
        yield sandbox


def add(machine: Machine, name: str, **tags: str) -> str:
    """A completed tuning job with tags of hptc; without any, that of another tool."""
    request = {key: value for key, value in machine.request.items() if key != "WarmStartConfig"}
    tag_list = [{"Key": f"hptc:{key}", "Value": value} for key, value in tags.items()]
    machine.sagemaker.create_hyper_parameter_tuning_job(
        **{**request, "HyperParameterTuningJobName": name, "Tags": tag_list}
    )
    return name


def parents(machine: Machine, name: str = NAME) -> list[str]:
    described = machine.sagemaker.describe_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name
    )
    warm_start = described.get("WarmStartConfig", {})
    return [
        parent["HyperParameterTuningJobName"]
        for parent in warm_start.get("ParentHyperParameterTuningJobs", [])
    ]


MINE = {"project": "demo", "environment": "dev", "spec": "specs/churn.yaml", "digest": "0" * 64}


def test_each_run_starts_from_the_one_before_it(tmp_path: Path, sandbox: Sandbox) -> None:
    machine = Machine(the_stack(tmp_path, SELF), sandbox)
    times = ["2026-11-30", "2026-12-07", "2026-12-14"]
    for day in times:
        assert machine.result(machine.start(day, f"{day}T06:00:00Z"))["status"] == "SUCCEEDED"
    names = [NAME.replace("20261130", day.replace("-", "")) for day in times]
    assert [parents(machine, name) for name in names] == [[], [names[0]], [names[1]]]


def test_a_start_that_is_delivered_twice_is_one_job(tmp_path: Path, sandbox: Sandbox) -> None:
    machine = Machine(the_stack(tmp_path, SELF), sandbox)
    for execution in ("first", "second"):
        assert machine.result(machine.start(execution))["status"] == "SUCCEEDED"
    assert (machine.names(), parents(machine)) == ([NAME], [])


def test_a_submitted_run_counts_and_similar_jobs_do_not(tmp_path: Path, sandbox: Sandbox) -> None:
    machine = Machine(the_stack(tmp_path, SELF), sandbox)
    mine = add(machine, "Churn-00000001", **{**MINE, "spec": "in/a/folder/specs/churn.yaml"})
    add(machine, "Churn-00000002", **{**MINE, "environment": "test"})
    add(machine, "Churn-00000003", **{**MINE, "project": "other"})
    add(machine, "Churn-next-00000004", **{**MINE, "spec": "specs/churn-next.yaml"})
    add(machine, "Churn-00000005")
    add(machine, "the-Churn-00000006", **MINE)
    add(machine, "churn-999999-202611010600", **MINE | {"environment": "test"})
    configure(machine.account, TuningSettings(mode="held"))
    add(machine, "Churn-00000008", **MINE)
    configure(machine.account, TuningSettings())
    assert machine.result(machine.start("first"))["status"] == "SUCCEEDED"
    assert parents(machine) == [mine]


def test_another_spec_must_have_run(tmp_path: Path, sandbox: Sandbox) -> None:
    machine = Machine(the_stack(tmp_path, OTHER), sandbox)
    result = machine.result(machine.start("first"))
    assert (result["status"], result["error"]) == ("FAILED", "NoWarmStartParent")
    assert "spec base" in result["cause"]
    assert machine.names() == []
    base = add(machine, "base-00000001", **{**MINE, "spec": "specs/base.yaml"})
    assert machine.result(machine.start("second"))["status"] == "SUCCEEDED"
    assert parents(machine) == [base]


@pytest.mark.parametrize("has_run", [False, True])
def test_other_parents_are_kept_before_the_first_run(
    has_run: bool, tmp_path: Path, sandbox: Sandbox
) -> None:
    machine = Machine(the_stack(tmp_path, BOTH), sandbox)
    base = add(machine, "base-00000001", **{**MINE, "spec": "specs/base.yaml"})
    own = [add(machine, "Churn-00000001", **MINE)] if has_run else []
    assert machine.result(machine.start("first"))["status"] == "SUCCEEDED"
    assert parents(machine) == [*own, base]


def test_a_named_parent_is_kept(tmp_path: Path, sandbox: Sandbox) -> None:
    machine = Machine(the_stack(tmp_path, FIXED), sandbox)
    add(machine, "chosen")
    assert machine.result(machine.start("first"))["status"] == "SUCCEEDED"
    assert parents(machine) == ["chosen"]


def test_too_many_similar_jobs_are_an_error(tmp_path: Path, sandbox: Sandbox) -> None:
    """Rather than a start without a parent that may be behind them."""
    machine = Machine(the_stack(tmp_path, SELF), sandbox)
    for number in range(50):
        add(machine, f"the-churn-{number}")
    result = machine.result(machine.start("first"))
    assert (result["status"], result["error"]) == ("FAILED", "NoWarmStartParent")


def test_the_definition(golden: Golden, tmp_path: Path) -> None:
    definition = the_stack(tmp_path, BOTH).definition
    states: dict[str, Any] = definition["States"]
    for name in ("CreateJob", "CreateFirstJob"):
        states[name] = {"Parameters": states[name]["Parameters"]["WarmStartConfig"]}
    golden("stacks/scheduled-parents.json", json.dumps(definition, indent=2) + "\n")


def test_the_machine_role_reads_the_runs_of_its_parents(tmp_path: Path) -> None:
    stack = the_stack(tmp_path, BOTH)
    policy = substitute(document(stack.machine_role.permissions), values(stack).__getitem__)
    jobs = "arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job"
    allowed = [
        call("sagemaker:ListHyperParameterTuningJobs", "*"),
        call("sagemaker:ListTags", f"{jobs}/churn-00000001"),
        call("sagemaker:ListTags", f"{jobs}/Churn-00000001"),
        call("sagemaker:ListTags", f"{jobs}/{stem(stack)}-202611300600"),
        call("sagemaker:ListTags", f"{jobs}/base-00000001"),
    ]
    denied = [
        call("sagemaker:ListTags", f"{jobs}/another-00000001"),
        call("sagemaker:ListTags", "arn:aws:sagemaker:us-east-1:123456789012:model/churn-1"),
        call("sagemaker:DescribeHyperParameterTuningJob", f"{jobs}/base-00000001"),
        call("sagemaker:AddTags", f"{jobs}/base-00000001"),
    ]
    assert [str(call) for call in allowed if not is_allowed(call, policy)] == []
    assert [str(call) for call in denied if is_allowed(call, policy)] == []


def test_the_report_shows_the_line_that_requires_the_lookup(tmp_path: Path) -> None:
    _, outcomes = compiled(project(tmp_path, OTHER, base=BASE))
    report = permissions_report(next(outcome for outcome in outcomes if outcome.name == "Churn"))
    required = {
        permission.statement.sid: {requirement.path for requirement in permission.required_by}
        for role in report.schedule
        for permission in role.permissions
    }
    assert required["ListTuningJobs"] == required["IdentifyParents"] == {"warm_start.parents"}
    assert required["CreateTuningJob"] == {"schedule"}


def test_without_such_a_parent_nothing_is_looked_up(tmp_path: Path) -> None:
    stack = the_stack(tmp_path, SPEC)
    assert "List" not in json.dumps(stack.definition)
    actions = [
        action for permission in stack.machine_role.permissions for action in permission.actions
    ]
    assert not any("List" in action for action in actions)
