"""Scheduled tuning jobs: the stack, what its roles allow, and what its state machine does.

Moto's interpreter runs the state machine against moto's SageMaker.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hptc.compiler.pipeline import compile_paths
from hptc.compiler.workspace import Workspace
from hptc.infrastructure.statements import document
from hptc.jobs.description import is_described_by
from hptc.local.job_folder import JobFolder
from hptc.project.references import substitute
from hptc.sandbox.sagemaker import find_store
from hptc.sandbox.server import Sandbox
from tests.support.iam_evaluator import Call, is_allowed
from tests.support.iam_launch import creations
from tests.support.repository_specs import world
from tests.support.scheduled_starts import (
    ACCOUNTS,
    NAME,
    SPEC,
    Machine,
    call,
    compiled,
    project,
    stacks,
    state,
    stem,
    the_stack,
    values,
)


def test_a_spec_without_a_schedule_has_no_schedule_stack(tmp_path: Path) -> None:
    assert stacks(project(tmp_path, SPEC.replace("schedule: rate(7 days)\n", ""))) == ()


def test_an_environment_can_remove_a_schedule(tmp_path: Path) -> None:
    project(tmp_path)
    with (tmp_path / "hptc.yaml").open("a", encoding="utf-8") as file:
        file.write(
            "  other: {account: '123456789012', region: us-east-1, overrides: {schedule: null}}\n"
        )
    assert stacks(tmp_path, "other") == ()
    assert the_stack(tmp_path).stack == "hptc-demo-dev-Churn-schedule"


def test_the_machine_sends_the_compiled_request_with_provenance_tags(tmp_path: Path) -> None:
    stack = the_stack(project(tmp_path))
    _, (outcome,) = compiled(tmp_path)
    assert outcome.request is not None
    sent = dict(state(stack, "CreateJob")["Parameters"])
    assert sent.pop("HyperParameterTuningJobName.$") == "$.name"
    tags = {tag["Key"]: tag["Value"] for tag in sent.pop("Tags")}
    expected = {
        k: v for k, v in outcome.request.items() if k not in ("HyperParameterTuningJobName", "Tags")
    }
    assert sent == expected
    assert tags == {
        "team": "growth",
        "hptc:project": "demo",
        "hptc:environment": "dev",
        "hptc:spec": "specs/churn.yaml",
        "hptc:digest": outcome.digest,
    }


def test_a_refused_call_is_retried_for_half_an_hour(tmp_path: Path) -> None:
    stack = the_stack(project(tmp_path))
    for name in ("CreateJob", "DescribeJob"):
        (retry,) = state(stack, name)["Retry"]
        waits = [
            retry["IntervalSeconds"] * retry["BackoffRate"] ** attempt
            for attempt in range(retry["MaxAttempts"])
        ]
        assert sum(waits) == 31 * 60
        assert "SageMaker.ResourceLimitExceededException" in retry["ErrorEquals"]


def test_the_jobs_of_a_spec_share_a_stem_for_any_content(tmp_path: Path) -> None:
    """Otherwise a role could not follow a job that started before a deployment."""
    before = the_stack(project(tmp_path))
    after = the_stack(project(tmp_path, SPEC.replace("max: 0.5", "max: 0.6")))
    assert stem(before) == stem(after) == "churn-4d734a"
    assert before.machine_role == after.machine_role
    assert before.definition != after.definition
    elsewhere = the_stack(tmp_path, "test")
    assert stem(elsewhere) != stem(after)


def test_job_names_fit_for_a_spec_with_a_long_name(tmp_path: Path) -> None:
    long = SPEC.replace("name: Churn", "name: churn-of-the-customers-of-the-northern-branches")
    created = stem(the_stack(project(tmp_path, long)))
    assert re.fullmatch(r"churn-of-the-[0-9a-f]{6}", created), created
    assert len(f"{created}-202611300600") <= 32


@pytest.mark.parametrize(
    ("limit", "seconds"),
    [
        ("max_runtime: 12h", 60),
        ("max_runtime: 10d", 432),
        ("max_runtime: 30d", 1296),
        ("", 1296),  # AWS ends a search after 30 days
    ],
)
def test_the_polls_of_a_job_fit_into_one_execution(
    limit: str, seconds: int, tmp_path: Path
) -> None:
    text = (
        SPEC.replace("max_runtime: 12h", limit) if limit else SPEC.replace(", max_runtime: 12h", "")
    )
    stack = the_stack(project(tmp_path, text))
    assert state(stack, "Wait")["Seconds"] == seconds


def test_another_partition_calls_services_in_it(tmp_path: Path) -> None:
    stack = the_stack(project(tmp_path), "china")
    assert state(stack, "CreateJob")["Resource"].startswith("arn:aws-cn:states:::aws-sdk:")
    statements = [*stack.machine_role.permissions, stack.machine_role.trust]
    for statement in statements:
        for resource in statement.resources:
            assert resource.startswith(("arn:aws-cn:", "${hptc:")), statement


def test_a_stack_that_another_spec_needs_is_an_error(tmp_path: Path) -> None:
    other = SPEC.replace("name: Churn", "name: churn-schedule").replace(
        "schedule: rate(7 days)\n", ""
    )
    project(tmp_path, other=other)
    outcomes = compile_paths([str(tmp_path)], Workspace(environment="dev"))
    (clash,) = [
        diagnostic
        for outcome in outcomes
        for diagnostic in outcome.diagnostics
        if diagnostic.is_error
    ]
    assert (clash.code, clash.span.line, Path(clash.span.file).name) == ("HPT605", 1, "other.yaml")
    assert clash.message == (
        "the spec `churn-schedule` in the environment `dev` and the schedule of the spec `Churn` "
        "in the environment `dev` need the same stack, `hptc-demo-dev-churn-schedule`"
    )


def test_the_stacks_are_in_the_order_of_their_names(tmp_path: Path) -> None:
    project(tmp_path, abc=SPEC.replace("Churn", "zebra"), xyz=SPEC.replace("Churn", "ant"))
    assert [stack.spec for stack in stacks(tmp_path)] == ["ant", "Churn", "zebra"]


def test_the_machine_role_allows_what_it_needs_and_nothing_similar(tmp_path: Path) -> None:
    stack = the_stack(project(tmp_path))
    policy = substitute(document(stack.machine_role.permissions), values(stack).__getitem__)
    request = dict(state(stack, "CreateJob")["Parameters"])
    del request["HyperParameterTuningJobName.$"]
    request = substitute(request, values(stack).__getitem__)
    name = f"{stem(stack)}-202611300600"
    (create,) = creations({**request, "HyperParameterTuningJobName": name}, world("dev"))
    jobs = "arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job"
    mine, role = f"{jobs}/{name}", values(stack)["execution_role_arn"]
    sagemaker = {"iam:PassedToService": "sagemaker.amazonaws.com"}
    at_creation = {"sagemaker:TaggingAction": "CreateHyperParameterTuningJob"}
    allowed = [
        create,
        Call(action="sagemaker:AddTags", resource=mine, context=at_creation),
        call("sagemaker:DescribeHyperParameterTuningJob", mine),
        Call(action="iam:PassRole", resource=role, context=sagemaker),
    ]
    denied = [
        replace(create, resource=f"{jobs}/another-a1b2c3-202611300600"),
        replace(create, context={**create.context, "aws:RequestTag/hptc:project": "theirs"}),
        replace(create, context={**create.context, "aws:RequestTag/hptc:environment": "prod"}),
        call("sagemaker:AddTags", mine),
        call("sagemaker:DescribeHyperParameterTuningJob", f"{jobs}/churn"),
        call("sagemaker:StopHyperParameterTuningJob", mine),
        call("sagemaker:DeleteHyperParameterTuningJob", mine),
        call(
            "sagemaker:CreateTrainingJob", "arn:aws:sagemaker:us-east-1:123456789012:training-job/x"
        ),
        Call(action="iam:PassRole", resource=f"{role}-other", context=sagemaker),
        Call(
            action="iam:PassRole",
            resource=role,
            context={"iam:PassedToService": "ec2.amazonaws.com"},
        ),
        call("events:PutRule", "arn:aws:events:us-east-1:123456789012:rule/x"),
        call("s3:GetObject", "arn:aws:s3:::demo-data/train/a.csv"),
    ]
    assert [str(call) for call in allowed if not is_allowed(call, policy)] == []
    assert [str(call) for call in denied if is_allowed(call, policy)] == []


def test_the_scheduler_may_start_this_machine_only(tmp_path: Path) -> None:
    stack = the_stack(project(tmp_path))
    policy = substitute(document(stack.scheduler_role.permissions), values(stack).__getitem__)
    machine = values(stack)["state_machine_arn"]
    assert is_allowed(call("states:StartExecution", machine), policy)
    assert not is_allowed(call("states:StartExecution", f"{machine}-other"), policy)
    assert not is_allowed(call("states:StopExecution", machine), policy)
    assert not is_allowed(call("sagemaker:CreateHyperParameterTuningJob", "*"), policy)


@pytest.mark.parametrize(
    ("role", "service", "source"),
    [
        (
            "machine_role",
            "states.amazonaws.com",
            "arn:aws:states:us-east-1:123456789012:stateMachine:x",
        ),
        (
            "scheduler_role",
            "scheduler.amazonaws.com",
            "arn:aws:scheduler:us-east-1:123456789012:schedule-group/churn",
        ),
    ],
)
def test_each_role_trusts_its_service_for_this_account(
    role: str, service: str, source: str, tmp_path: Path
) -> None:
    stack = the_stack(project(tmp_path))
    trust = substitute(document([getattr(stack, role).trust]), values(stack).__getitem__)
    context = {"aws:SourceAccount": "123456789012", "aws:SourceArn": source}
    taking = Call(action="sts:AssumeRole", context=context, principal=service)
    assert is_allowed(taking, trust)
    for other in (
        replace(taking, principal="sagemaker.amazonaws.com"),
        replace(taking, context=context | {"aws:SourceAccount": "999999999999"}),
        replace(
            taking,
            context=context
            | {
                "aws:SourceArn": source.replace(":states:", ":sqs:").replace(
                    "group/churn", "group/x"
                )
            },
        ),
        replace(taking, context={}),
    ):
        assert not is_allowed(other, trust), str(other)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with Sandbox(account=str(next(ACCOUNTS))) as sandbox:
        yield Machine(the_stack(project(tmp_path)), sandbox)


@pytest.fixture
def slow_machine(tmp_path: Path) -> Iterator[Machine]:
    with Sandbox(account=str(next(ACCOUNTS)), tuning="held") as sandbox:
        yield Machine(the_stack(project(tmp_path)), sandbox)


def test_the_machine_creates_the_job_and_ends_with_it(machine: Machine) -> None:
    result = machine.result(machine.start("first"))
    assert (result["status"], machine.names()) == ("SUCCEEDED", [NAME])
    described = machine.sagemaker.describe_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=NAME
    )
    assert is_described_by(machine.request, described)
    assert described["TrainingJobDefinition"]["Environment"]["NOTE"] == "$.name"
    tags = machine.sagemaker.list_tags(ResourceArn=described["HyperParameterTuningJobArn"])["Tags"]
    assert tags == machine.request["Tags"]


def test_a_start_that_is_delivered_twice_is_one_job(machine: Machine) -> None:
    results = [machine.result(machine.start(name)) for name in ("first", "second")]
    assert [result["status"] for result in results] == ["SUCCEEDED", "SUCCEEDED"]
    assert machine.names() == [NAME]


def test_another_scheduled_time_is_another_job(machine: Machine) -> None:
    machine.result(machine.start("first"))
    machine.result(machine.start("second", "2026-12-07T06:00:00Z"))
    assert sorted(machine.names()) == [NAME, NAME.replace("202611300600", "202612070600")]


def test_the_machine_waits_while_the_job_runs(slow_machine: Machine) -> None:
    execution = slow_machine.start("first")
    slow_machine.wait_for_the_job()
    described = slow_machine.steps.describe_execution(executionArn=execution)
    assert described["status"] == "RUNNING"
    slow_machine.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=NAME)
    # Whoever stopped it meant to, so it is not a failure.
    assert slow_machine.result(execution)["status"] == "SUCCEEDED"


def test_stopping_the_execution_does_not_stop_the_job(slow_machine: Machine) -> None:
    execution = slow_machine.start("first")
    slow_machine.wait_for_the_job()
    slow_machine.steps.stop_execution(executionArn=execution)
    described = slow_machine.sagemaker.describe_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=NAME
    )
    assert described["HyperParameterTuningJobStatus"] == "InProgress"


@pytest.mark.parametrize("status", ["Failed", "DeleteFailed"])
def test_a_job_that_failed_fails_the_execution(status: str, machine: Machine) -> None:
    machine.result(machine.start("first"))
    store = find_store(machine.account, "us-east-1")
    assert store is not None
    folder = JobFolder(store.reader.path_of(NAME).parent, NAME)
    folder.write_tuning_job({**folder.tuning_job(), "Status": status})
    result = machine.result(machine.start("second"))
    assert result["status"] == "FAILED"
    assert result["error"] == "TuningJobFailed"
    assert result["cause"] == f"The tuning job {NAME} is {status}."


def test_a_start_without_a_scheduled_time_creates_nothing(machine: Machine) -> None:
    execution = machine.steps.start_execution(stateMachineArn=machine.arn, name="x", input="{}")
    assert machine.result(execution["executionArn"])["status"] == "FAILED"
    assert machine.names() == []
