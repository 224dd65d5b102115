"""Plans: the decision about each spec, and the number of calls."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber
from moto import mock_aws

from hptc.aws.client import connect, connected
from hptc.aws.connection import Connection
from hptc.aws.retry import Retry
from hptc.compiler.outcome import Compiled
from hptc.errors import UsageError
from hptc.jobs.apply import apply, check_plan
from hptc.jobs.decisions import Blocked, Obstacle, Submitted, Unchanged
from hptc.jobs.plan import is_whole_project, plan
from hptc.jobs.planned import PlannedSubmission, StaleReason
from hptc.jobs.provenance import Provenance
from hptc.stacks.results import StackState
from tests.support.fake_service import FakeStacks, FakeTime, FakeTuning
from tests.support.plans import (
    FOUNDATION,
    PAGE,
    WIDER,
    Paged,
    deployed,
    old_jobs,
    origin,
    planned,
    project,
    read_only,
    run,
    spec,
)
from tests.support.specs import EXPLICIT, PROJECT, WITHOUT_PARENT, compiled

MAX_LISTED_BY_NAME = 10
MAX_TAGS_READ = 100

WITHOUT_KEY = PROJECT.replace("{account", "{infrastructure: {kms_key: absent}, account")


@pytest.fixture
def churn(tmp_path: Path) -> list[Compiled]:
    return project(tmp_path, {"churn": spec("churn")})


class TestDecisions:
    """The decision about one spec."""

    def test_a_new_job(self, churn: list[Compiled]) -> None:
        (decision,) = planned(churn).decisions
        assert decision == PlannedSubmission(
            spec="churn",
            file=churn[0].file,
            name=churn[0].job.name,
            digest=churn[0].digest,
            commit="abc1234",
            provided={
                "artifact_bucket": "artifacts-dev",
                "data_bucket": "data-dev",
                "execution_role_arn": "arn:aws:iam::123456789012:role/hptc/churn",
                "kms_key_arn": FOUNDATION["KmsKeyArn"],
            },
        )

    @pytest.mark.parametrize(
        ("status", "has_ended"),
        [("InProgress", False), ("Stopping", False), ("Completed", True), ("Failed", True)],
    )
    def test_an_existing_job(self, churn: list[Compiled], status: str, has_ended: bool) -> None:
        tuning = FakeTuning()
        (name,) = run(tuning, churn, status)
        new_plan = planned(churn, tuning)
        (decision,) = new_plan.unchanged
        assert (decision.name, decision.status, decision.has_ended) == (name, status, has_ended)
        assert decision.is_known_by_tag
        assert not new_plan.has_changes

    def test_a_job_of_another_tool_is_compared(self, tmp_path: Path) -> None:
        outcome = compiled(tmp_path, EXPLICIT, project=WITHOUT_KEY)
        tuning = FakeTuning()
        tuning.add(outcome.request, status="Completed")
        (decision,) = planned([outcome], tuning).decisions
        assert isinstance(decision, Unchanged)
        assert not decision.is_known_by_tag

    def test_an_existing_job_needs_no_stacks(self, churn: list[Compiled]) -> None:
        tuning = FakeTuning()
        run(tuning, churn)
        new_plan = planned(churn, tuning, FakeStacks())
        assert isinstance(new_plan.decisions[0], Unchanged)
        assert [stack.state for stack in new_plan.stacks.needed] == [StackState.MISSING] * 2

    @pytest.mark.parametrize(
        ("change", "obstacle", "reason"),
        [
            pytest.param(
                {"stacks": FakeStacks()},
                Obstacle.STACK,
                "the stack `hptc-churn-dev` is not deployed in us-east-1",
                id="no foundation",
            ),
            pytest.param(
                {"stacks": FakeStacks({"hptc-churn-dev": FOUNDATION})},
                Obstacle.STACK,
                "the stack `hptc-churn-dev-churn` is not deployed in us-east-1",
                id="no stack of the spec",
            ),
            pytest.param(
                {"stacks": FakeStacks({"hptc-churn-dev": {}, "hptc-churn-dev-churn": {}})},
                Obstacle.STACK,
                "the stack `hptc-churn-dev` in us-east-1 has no output `ArtifactBucket`",
                id="an output is missing",
            ),
            pytest.param(
                {
                    "text": spec("churn")
                    + "tags: {"
                    + ", ".join(f"t{i}: x" for i in range(48))
                    + "}"
                },
                Obstacle.REQUEST,
                "the job has 48 tags and hptc adds 5, but the maximum is 50",
                id="too many tags",
            ),
            pytest.param(
                {"job": lambda name: {"HyperParameterTuningJobName": name}},
                Obstacle.NAME,
                "AWS already has a tuning job named `{name}` with other content",
                id="another's content",
            ),
            pytest.param(
                {"job": lambda name: {"HyperParameterTuningJobName": name.upper()}},
                Obstacle.NAME,
                "AWS already has a tuning job named `{NAME}`, and names are not case-sensitive",
                id="another's capitals",
            ),
        ],
    )
    def test_blocked(
        self, tmp_path: Path, change: dict[str, Any], obstacle: Obstacle, reason: str
    ) -> None:
        text = change.get("text", spec("churn"))
        if "text" in change:
            text = text.replace("tags: {team: growth}\n", "")
        specs = project(tmp_path, {"churn": text})
        tuning = FakeTuning()
        name = specs[0].job.name
        if "job" in change:
            other = [{"Key": "hptc:digest", "Value": "0" * 64}]
            tuning.add({**specs[0].request, **change["job"](name), "Tags": other})
        (decision,) = planned(specs, tuning, change.get("stacks")).decisions
        assert isinstance(decision, Blocked)
        assert decision.obstacle is obstacle
        assert decision.reason == reason.format(name=name, NAME=name.upper())
        assert decision.help

    def test_changed_content_under_a_pinned_name(self, tmp_path: Path) -> None:
        tuning = FakeTuning()
        run(tuning, project(tmp_path, {"churn": "job_name: mine\n" + spec("churn")}))
        changed = project(tmp_path, {"churn": "job_name: mine\n" + spec("churn", WIDER)})
        (decision,) = planned(changed, tuning).blocked
        assert decision.obstacle is Obstacle.NAME
        assert "`mine` with other content" in decision.reason
        assert "remove `job_name`" in decision.help

    def test_the_job_of_another_environment(self, tmp_path: Path) -> None:
        tuning = FakeTuning()
        run(tuning, project(tmp_path, {"churn": spec("churn")}, env="prod"))
        new_plan = planned(project(tmp_path, {"churn": spec("churn")}), tuning)
        assert new_plan.blocked[0].obstacle is Obstacle.NAME
        assert "belongs to the environment `prod`" in new_plan.blocked[0].reason
        assert new_plan.stale.jobs == ()

    def test_changed_content_is_a_new_job(self, tmp_path: Path) -> None:
        tuning = FakeTuning()
        run(tuning, project(tmp_path, {"churn": spec("churn")}))
        new_plan = planned(project(tmp_path, {"churn": spec("churn", WIDER)}), tuning)
        assert isinstance(new_plan.decisions[0], PlannedSubmission)

    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            pytest.param(None, "does not exist in us-east-1", id="does not exist"),
            pytest.param("InProgress", "is InProgress", id="running"),
            pytest.param("Completed", "", id="completed"),
            pytest.param("Failed", "", id="failed"),
        ],
    )
    def test_a_parent_must_have_ended(
        self, tmp_path: Path, status: str | None, expected: str
    ) -> None:
        child = spec("child") + "warm_start: {type: TransferLearning, parents: [churn]}\n"
        specs = project(tmp_path, {"churn": spec("churn"), "child": child})
        parent = next(outcome for outcome in specs if outcome.name == "churn")
        tuning = FakeTuning()
        if status:
            run(tuning, [parent], status)
        decision = next(
            decision for decision in planned(specs, tuning).decisions if decision.spec == "child"
        )
        if expected:
            assert isinstance(decision, Blocked)
            assert decision.obstacle is Obstacle.PARENT
            assert decision.reason == f"its warm-start parent `{parent.job.name}` {expected}"
        else:
            assert isinstance(decision, PlannedSubmission)

    def test_a_request_in_the_apis_form(self, tmp_path: Path, churn: list[Compiled]) -> None:
        explicit = compiled(tmp_path / "x", WITHOUT_PARENT, project=WITHOUT_KEY)
        request = {**explicit.request, "HyperParameterTuningJobName": "from-a-script"}
        from_request = compiled(tmp_path / "api", json.dumps(request))
        new_plan = planned([*churn, from_request])
        assert [job.name for job in new_plan.to_submit] == [churn[0].job.name, "from-a-script"]
        assert new_plan.to_submit[1].provided == {}


class TestCalls:
    """The number of calls."""

    @pytest.mark.parametrize(
        ("old", "lists"), [(0, 1), (1, 1), (100, 1), (101, 2), (5_000, 50)], ids=str
    )
    def test_lists_grow_with_pages_not_with_jobs(
        self, churn: list[Compiled], old: int, lists: int
    ) -> None:
        tuning = Paged()
        old_jobs(tuning, old, churn[0])
        stacks = deployed("churn")
        new_plan = plan(churn, tuning, stacks, provenance=origin, is_whole_project=True)
        assert Counter(tuning.calls) == Counter(list_jobs=lists, list_tags=min(old, MAX_TAGS_READ))
        assert stacks.calls == ["list_stacks"]
        assert len(new_plan.stale.jobs) == min(old, MAX_TAGS_READ)
        assert new_plan.stale.unchecked == max(0, old - MAX_TAGS_READ)
        assert len(new_plan.to_submit) == 1

    def test_the_tags_of_every_running_job_are_read(self, churn: list[Compiled]) -> None:
        tuning = Paged()
        old_jobs(tuning, 300, churn[0])
        for job in list(tuning.jobs.values())[:5]:  # the oldest
            job["HyperParameterTuningJobStatus"] = "InProgress"
        new_plan = plan(churn, tuning, deployed("churn"), provenance=origin, is_whole_project=True)
        assert [job.has_ended for job in new_plan.stale.jobs[:6]] == [False] * 5 + [True]

    @pytest.mark.parametrize("count", [1, MAX_LISTED_BY_NAME, MAX_LISTED_BY_NAME + 1])
    def test_a_few_specs_are_listed_by_name(self, tmp_path: Path, count: int) -> None:
        specs = project(tmp_path, {f"s{n}": spec(f"spec-{n:02}") for n in range(count + 1)})[:-1]
        tuning = Paged()
        run(tuning_of := FakeTuning(), specs)
        tuning.jobs, tuning.tags = tuning_of.jobs, tuning_of.tags
        old_jobs(tuning, 5 * PAGE, specs[0])
        stacks = deployed(*(outcome.name for outcome in specs))
        new_plan = plan(specs, tuning, stacks, provenance=origin)
        assert len(new_plan.unchanged) == count
        lists = count if count <= MAX_LISTED_BY_NAME else 6
        # The digest tag identifies a listed job, so none is described.
        assert Counter(tuning.calls) == Counter(list_jobs=lists, list_tags=count)
        assert len(stacks.calls) == 1 + count

    def test_provenance_is_read_for_new_jobs_only(self, tmp_path: Path) -> None:
        specs = project(tmp_path, {"a": spec("a"), "b": spec("b")})
        tuning = FakeTuning()
        run(tuning, specs[:1])
        requested: list[str] = []

        def provenance(outcome: Compiled) -> Provenance:
            requested.append(outcome.name)
            return origin(outcome)

        plan(specs, read_only(tuning), deployed("a", "b"), provenance=provenance)
        assert requested == ["b"]


class TestRefusals:
    """Plans that can't be created."""

    def test_no_environment(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="needs an environment"):
            planned([compiled(tmp_path, EXPLICIT)])

    def test_several_environments(self, tmp_path: Path, churn: list[Compiled]) -> None:
        others = project(tmp_path / "x", {"churn": spec("churn")}, env="prod")
        with pytest.raises(UsageError, match="several environments: churn/dev, churn/prod"):
            planned([*churn, *others])

    def test_another_region(self, churn: list[Compiled]) -> None:
        with pytest.raises(UsageError, match="is in us-east-1, but the AWS client is in eu-west-1"):
            plan(churn, FakeTuning(region="eu-west-1"), FakeStacks(), provenance=origin)


def test_whole_project(tmp_path: Path) -> None:
    specs = project(tmp_path, {"a": spec("a"), "b": spec("b")})
    assert is_whole_project(specs)
    assert not is_whole_project(specs[:1])
    assert not is_whole_project([compiled(tmp_path / "x", EXPLICIT)])


class TestAgainstMoto:
    """The real client."""

    @pytest.fixture
    def credentials(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")

    @pytest.fixture
    def no_pause(self) -> Callable[[], Retry]:
        time = FakeTime()
        return lambda: Retry(sleep=time.sleep, clock=time.clock, random=lambda: 0.5)

    def test_plan_apply_plan(self, tmp_path: Path, credentials: None) -> None:
        import boto3

        specs = project(tmp_path, {"churn": spec("churn"), "other": spec("other")})
        with mock_aws():
            client = boto3.client("cloudformation", region_name="us-east-1")
            for name, outputs in deployed("churn", "gone").stacks.items():
                template = {
                    "Resources": {"P": {"Type": "AWS::SSM::Parameter", "Properties": {
                        "Type": "String", "Value": "x", "Name": name}}},
                    "Outputs": {key: {"Value": value} for key, value in outputs.items()},
                }  # fmt: skip
                tags = {"hptc:project": "churn", "hptc:environment": "dev"}
                client.create_stack(
                    StackName=name,
                    TemplateBody=json.dumps(template),
                    Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
                )
            cloud = connect(specs[0].environment)

            def again(compiled: list[Compiled]) -> Any:
                return plan(
                    compiled, cloud.tuning, cloud.stacks, provenance=origin, is_whole_project=True
                )

            first = again(specs)
            assert [job.spec for job in first.to_submit] == ["churn"]
            assert first.blocked[0].reason == (
                "the stack `hptc-churn-dev-other` is not deployed in us-east-1"
            )
            assert first.stacks.orphaned == ("hptc-churn-dev-gone",)
            assert not list(cloud.tuning.list_jobs())

            checked = check_plan(first, specs, cloud.tuning, cloud.stacks, provenance=origin)
            (applied,) = apply(checked, cloud.tuning)
            assert isinstance(applied.outcome, Submitted)

            (unchanged,) = again(specs).unchanged
            assert (unchanged.name, unchanged.status) == (applied.outcome.name, "Completed")

            changed = project(tmp_path, {"churn": spec("churn", WIDER)})
            (old,) = again(changed).stale.jobs
            assert (old.name, old.reason) == (unchanged.name, StaleReason.SUPERSEDED)

    @pytest.mark.parametrize("old", [0, 1, 5_000], ids=str)
    def test_old_jobs_are_paged(self, churn: list[Compiled], credentials: None, old: int) -> None:
        from moto.core.models import DEFAULT_ACCOUNT_ID
        from moto.sagemaker.models import sagemaker_backends

        request = churn[0].request
        tags = {"project": "churn", "environment": "dev", "spec": "specs/churn.yaml"}
        with mock_aws():
            backend = sagemaker_backends[DEFAULT_ACCOUNT_ID]["us-east-1"]
            for number in range(old):
                values = {**tags, "digest": f"{number:064x}"}
                backend.create_hyper_parameter_tuning_job(
                    hyper_parameter_tuning_job_name=f"churn-{number:08x}",
                    hyper_parameter_tuning_job_config=request["HyperParameterTuningJobConfig"],
                    training_job_definition=request["TrainingJobDefinition"],
                    training_job_definitions=None,
                    warm_start_config=None,
                    autotune=None,
                    tags=[{"Key": f"hptc:{key}", "Value": value} for key, value in values.items()],
                )
            cloud = connect(None, region="us-east-1")
            new_plan = plan(
                churn,
                cloud.tuning,
                deployed("churn"),
                provenance=origin,
                is_whole_project=True,
            )
        assert len(new_plan.to_submit) == 1
        assert len(new_plan.stale.jobs) == min(old, MAX_TAGS_READ)
        assert new_plan.stale.unchecked == max(0, old - MAX_TAGS_READ)

    def test_throttled_pages_are_retried(
        self, churn: list[Compiled], credentials: None, no_pause: Callable[[], Retry]
    ) -> None:
        connection = Connection(None, region="us-east-1", retry=no_pause())
        requested = {"SortBy": "CreationTime", "SortOrder": "Descending", "MaxResults": 100}
        operation = "list_hyper_parameter_tuning_jobs"
        with Stubber(connection.sagemaker) as stub:
            stub.add_response(
                operation, {"HyperParameterTuningJobSummaries": [], "NextToken": "t"}, requested
            )
            for _ in range(3):
                stub.add_client_error(operation, service_error_code="ThrottlingException")
            stub.add_response(
                operation,
                {"HyperParameterTuningJobSummaries": []},
                {**requested, "NextToken": "t"},
            )
            new_plan = plan(
                churn,
                connected(connection).tuning,
                deployed("churn"),
                provenance=origin,
                is_whole_project=True,
            )
            stub.assert_no_pending_responses()
        assert len(new_plan.to_submit) == 1
