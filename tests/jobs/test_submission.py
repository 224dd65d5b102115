"""Submissions and stops against the fake service."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from hptc.aws.aws_errors import MissingCredentialsError, NotSentError
from hptc.compiler.outcome import Compiled
from hptc.errors import AwsError, OperationError, UsageError
from hptc.jobs.decisions import (
    AlreadySubmitted,
    DryRun,
    NothingToStop,
    NotSubmitted,
    StopRequested,
    Submission,
    Submitted,
    UnknownSubmissionError,
)
from hptc.jobs.provenance import Provenance, job_tags
from hptc.jobs.resolution import resolve_references
from hptc.jobs.submission import attempt_each, dry_run, stop
from hptc.render.jobs import render_not_submitted
from hptc.render.jobs_json import failures_data
from hptc.request.emission import Request
from tests.support.fake_service import FakeStacks, FakeTuning
from tests.support.specs import EXPLICIT, PROJECT, SPEC, STACKS, WITHOUT_PARENT, compiled
from tests.support.submissions import submit

NOWHERE = Provenance(spec="")
ORIGIN = Provenance(spec="specs/churn.yaml", commit="abc-dirty")


@pytest.fixture
def churn(tmp_path: Path) -> Compiled:
    return compiled(tmp_path, SPEC, project=PROJECT)


@pytest.fixture
def explicit(tmp_path: Path) -> Compiled:
    return compiled(tmp_path, WITHOUT_PARENT)


@pytest.fixture
def warm(tmp_path: Path) -> Compiled:
    return compiled(tmp_path, EXPLICIT)


def send(
    what: Compiled,
    tuning: FakeTuning,
    *,
    stacks: dict[str, dict[str, str]] | None = None,
    provenance: Provenance = ORIGIN,
    **options: Any,
) -> Submission:
    fake_stacks = FakeStacks(STACKS if stacks is None else stacks)
    return submit(what, tuning, fake_stacks, provenance=lambda _: provenance, **options)


def rehearse(
    what: Compiled, *, stacks: dict[str, dict[str, str]] | None = None, rerun: int | None = None
) -> DryRun:
    fake_stacks = FakeStacks(STACKS if stacks is None else stacks)
    return dry_run(what, FakeTuning(), fake_stacks, provenance=lambda _: ORIGIN, rerun=rerun)


def digest_tag(digest: str) -> dict[str, str]:
    return {"Key": "hptc:digest", "Value": digest}


def test_a_new_job_has_values_and_provenance(churn: Compiled) -> None:
    tuning = FakeTuning()
    lines: list[str] = []

    outcome = send(churn, tuning, progress=lines.append)

    assert isinstance(outcome, Submitted)
    assert outcome.name == churn.request["HyperParameterTuningJobName"]
    assert tuning.calls == ["describe", "create"]
    definition = outcome.request["TrainingJobDefinition"]
    role = STACKS["hptc-churn-dev-churn"]["ExecutionRoleArn"]
    assert definition["RoleArn"] == role
    assert definition["OutputDataConfig"]["S3OutputPath"] == "s3://artifacts-dev/churn/"
    assert "${hptc:" not in json.dumps(outcome.request)
    assert outcome.request["Tags"] == [
        {"Key": "team", "Value": "growth"},
        {"Key": "hptc:project", "Value": "churn"},
        {"Key": "hptc:environment", "Value": "dev"},
        {"Key": "hptc:spec", "Value": "specs/churn.yaml"},
        {"Key": "hptc:digest", "Value": churn.digest},
        {"Key": "hptc:commit", "Value": "abc-dirty"},
    ]
    assert lines == [f"submitting {outcome.name} to us-east-1"]


def test_a_submission_does_not_change_the_compiled_request(churn: Compiled) -> None:
    before = deepcopy(churn.request)
    send(churn, FakeTuning())
    assert churn.request == before


def test_the_second_submission_sends_nothing(churn: Compiled) -> None:
    tuning = FakeTuning()
    first = send(churn, tuning)
    tuning.calls.clear()

    second = send(churn, tuning)

    assert isinstance(first, Submitted)
    assert second == AlreadySubmitted(
        name=first.name, arn=first.arn, region="us-east-1", status="InProgress"
    )
    assert tuning.calls == ["describe", "list_tags"]


def test_provenance_does_not_make_another_job(churn: Compiled) -> None:
    tuning = FakeTuning()
    send(churn, tuning)
    moved = Provenance(spec="moved.yaml", commit="def")
    assert isinstance(send(churn, tuning, provenance=moved), AlreadySubmitted)


def test_changed_content_is_another_job(tmp_path: Path) -> None:
    tuning = FakeTuning()
    changed = SPEC.replace("max: 10", "max: 12")
    for folder, text in (("one", SPEC), ("two", changed)):
        outcome = send(compiled(tmp_path / folder, text, project=PROJECT), tuning)
        assert isinstance(outcome, Submitted)
    assert len(tuning.jobs) == 2


def test_each_run_number_is_another_job(churn: Compiled) -> None:
    tuning = FakeTuning()
    names = [send(churn, tuning, rerun=number).name for number in (None, 1, 2, 2)]
    assert names[1:] == [f"{names[0]}-r1", f"{names[0]}-r2", f"{names[0]}-r2"]
    assert tuning.calls.count("create") == 3


@pytest.mark.parametrize("form", ["pinned", "api"])
def test_a_pinned_name_takes_no_run_number(tmp_path: Path, explicit: Compiled, form: str) -> None:
    spec = f"job_name: mine\n{SPEC}" if form == "pinned" else json.dumps(explicit.request)
    with pytest.raises(UsageError, match="exact name") as raised:
        send(compiled(tmp_path / "x", spec, project=PROJECT), FakeTuning(), rerun=1)
    assert "job_name" in raised.value.help


def test_run_numbers_start_at_one(churn: Compiled) -> None:
    with pytest.raises(UsageError, match="start at 1"):
        send(churn, FakeTuning(), rerun=0)


def test_a_request_in_the_apis_form_is_sent_unchanged(tmp_path: Path, explicit: Compiled) -> None:
    request = {**explicit.request, "HyperParameterTuningJobName": "from-a-script"}
    job = compiled(tmp_path / "api", json.dumps(request))
    tuning = FakeTuning()

    outcome = send(job, tuning, provenance=NOWHERE)

    assert isinstance(outcome, Submitted)
    assert outcome.request == {**request, "Tags": [digest_tag(job.digest)]}
    again = send(job, tuning, provenance=NOWHERE)
    assert isinstance(again, AlreadySubmitted)
    assert not again.can_rerun


class TestNames:
    """Names that AWS already has."""

    def test_changed_content_under_a_pinned_name(self, tmp_path: Path) -> None:
        tuning = FakeTuning()
        pinned = f"job_name: churn-2026\n{SPEC}"
        send(compiled(tmp_path / "one", pinned, project=PROJECT), tuning)
        changed = compiled(tmp_path / "two", pinned.replace("max: 10", "max: 12"), project=PROJECT)
        with pytest.raises(OperationError, match="`churn-2026` with other") as raised:
            send(changed, tuning)
        assert "remove `job_name`" in raised.value.help
        assert tuning.calls.count("create") == 1

    def test_a_generated_name_of_another_job(self, churn: Compiled) -> None:
        tuning = FakeTuning()
        tuning.add({**churn.request, "Tags": [digest_tag("0" * 64)]})
        with pytest.raises(OperationError, match="with other content") as raised:
            send(churn, tuning)
        assert "--rerun" in raised.value.help

    def test_the_same_content_in_another_environment(self, tmp_path: Path) -> None:
        tuning = FakeTuning()
        send(compiled(tmp_path, SPEC, project=PROJECT), tuning)
        prod = compiled(tmp_path, SPEC, project=PROJECT, environment="prod")
        stacks = {name.replace("dev", "prod"): outputs for name, outputs in STACKS.items()}
        with pytest.raises(OperationError, match="environment `dev`, not to `prod`") as raised:
            send(prod, tuning, stacks=stacks)
        assert "{{ env }}" in raised.value.help

    def test_without_references_environments_share_a_job(self, tmp_path: Path) -> None:
        tuning = FakeTuning()
        project = PROJECT.replace("{account", "{infrastructure: {kms_key: absent}, account")
        for environment in ("dev", "prod"):
            job = compiled(tmp_path, WITHOUT_PARENT, project=project, environment=environment)
            outcome = send(job, tuning)
        assert isinstance(outcome, AlreadySubmitted)


class TestWithoutDigest:
    """A job without hptc's tags is compared by its description."""

    def described(self, job: Compiled) -> dict[str, Any]:
        return deepcopy(job.request)

    def test_the_same_request(self, warm: Compiled) -> None:
        tuning = FakeTuning()
        tuning.add(self.described(warm))
        assert isinstance(send(warm, tuning), AlreadySubmitted)

    def test_additions_of_the_service_are_ignored(self, tmp_path: Path) -> None:
        job = compiled(tmp_path, SPEC.replace("resources:", "tuning_resources:"), project=PROJECT)
        request = resolve_references(job, FakeTuning(), FakeStacks(STACKS))
        definition = request["TrainingJobDefinition"]
        definition["AlgorithmSpecification"]["MetricDefinitions"] = [{"Name": "a", "Regex": "b"}]
        definition["StaticHyperParameters"]["_tuning_objective_metric"] = "validation:auc"
        definition["EnableNetworkIsolation"] = False
        ranges = request["HyperParameterTuningJobConfig"]["ParameterRanges"]
        ranges["IntegerParameterRanges"][0]["ScalingType"] = "Auto"
        definition["ResourceConfig"] = definition.pop("HyperParameterTuningResourceConfig")
        definition["ResourceConfig"]["SelectedInstanceType"] = "ml.m5.xlarge"
        definition["ResourceConfig"]["SelectedInstanceCount"] = 1
        request["TrainingJobDefinitions"] = None
        tuning = FakeTuning()
        tuning.add(request)
        assert isinstance(send(job, tuning), AlreadySubmitted)

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            pytest.param(("HyperParameterTuningJobConfig", "Strategy"), "Grid", id="strategy"),
            pytest.param(("TrainingJobDefinitions", 0, "RoleArn"), "arn:other", id="role"),
            pytest.param(("Autotune",), None, id="autotune"),
            pytest.param(("WarmStartConfig",), None, id="warm start"),
            pytest.param(("TrainingJobDefinitions",), [], id="no definitions"),
        ],
    )
    def test_another_request(self, warm: Compiled, path: tuple[str | int, ...], value: Any) -> None:
        request = self.described(warm)
        target: Any = request
        for key in path[:-1]:
            target = target[key]
        target[path[-1]] = value
        tuning = FakeTuning()
        tuning.add(request)
        with pytest.raises(OperationError, match="with other content"):
            send(warm, tuning)


class TestRaces:
    """ResourceInUse, although the job did not exist a moment ago."""

    def test_somebody_else_created_the_same_job(self, churn: Compiled) -> None:
        tuning = FakeTuning()
        tags = [
            *({"Key": "hptc:project", "Value": "churn"}, digest_tag(churn.digest)),
            {"Key": "hptc:environment", "Value": "dev"},
        ]
        tuning.rivals = [{**churn.request, "Tags": tags}]
        assert isinstance(send(churn, tuning), AlreadySubmitted)
        assert tuning.calls == ["describe", "create", "describe", "list_tags"]

    def test_a_retry_finds_the_job_of_the_first_attempt(self, churn: Compiled) -> None:
        class Lossy(FakeTuning):
            def create(self, request: Request) -> str:
                self.calls.append("create")
                self.add(request)  # the response is lost, and the call is repeated
                raise AwsError("already exists", code="ResourceInUse", is_of_retry=True)

        sent = send(churn, Lossy())
        assert isinstance(sent, Submitted)
        assert sent.arn.endswith(sent.name)

    def test_somebody_else_created_another_job(self, churn: Compiled) -> None:
        tuning = FakeTuning()
        tuning.rivals = [{**churn.request, "Tags": [digest_tag("0" * 64)]}]
        with pytest.raises(OperationError, match="with other content"):
            send(churn, tuning)

    def test_a_name_that_differs_only_in_case(self, tmp_path: Path) -> None:
        tuning = FakeTuning()
        upper = compiled(tmp_path / "one", f"job_name: MINE\n{WITHOUT_PARENT}")
        send(upper, tuning)
        lower = compiled(tmp_path / "two", f"job_name: mine\n{WITHOUT_PARENT}")
        with pytest.raises(AwsError, match="already exists") as raised:
            send(lower, tuning)
        assert raised.value.code == "ResourceInUse"
        assert "different case" in raised.value.help

    def test_other_errors_are_raised(self, explicit: Compiled) -> None:
        tuning = FakeTuning(refusals=[AwsError("no", code="ValidationException")])
        with pytest.raises(AwsError, match="no"):
            send(explicit, tuning)
        assert not tuning.jobs


LOST = AwsError("cannot reach AWS: read timeout", help="check the network")


class TestLostAnswers:
    """The answer to the call that creates a job is lost, and no retry was possible."""

    def test_the_job_exists(self, churn: Compiled) -> None:
        class Lossy(FakeTuning):
            def create(self, request: Request) -> str:
                self.add(request)
                raise LOST

        sent = send(churn, Lossy())
        assert isinstance(sent, Submitted)

    def test_the_job_does_not_exist(self, churn: Compiled) -> None:
        tuning = FakeTuning(refusals=[LOST])
        with pytest.raises(AwsError, match="read timeout") as raised:
            send(churn, tuning)
        assert not isinstance(raised.value, UnknownSubmissionError)
        assert "did not exist right after that; submit it again" in raised.value.help
        assert isinstance(send(churn, tuning), Submitted)

    def test_it_is_unknown_whether_it_was_created(self, churn: Compiled) -> None:
        class Unreachable(FakeTuning):
            def describe(self, name: str) -> Mapping[str, Any] | None:
                if "create" in self.calls:
                    raise LOST
                return super().describe(name)

        with pytest.raises(UnknownSubmissionError, match="unknown whether churn-") as raised:
            send(churn, Unreachable(refusals=[LOST]))
        assert "not created twice" in raised.value.help
        assert "hptc status churn-" in raised.value.help
        refused = NotSubmitted(name="churn-1", file="churn.yaml", error=raised.value)
        assert refused.is_unknown
        text = render_not_submitted([refused], 2)
        assert text.startswith("of 2 tuning jobs, 1 perhaps submitted:\n  churn-1  churn.yaml\n")
        assert failures_data([refused])[0]["is_unknown"] is True

    @pytest.mark.parametrize(
        "error",
        [
            pytest.param(MissingCredentialsError("no AWS credentials found"), id="no credentials"),
            pytest.param(NotSentError("the AWS SSO session has expired"), id="nothing was sent"),
            pytest.param(AwsError("no", code="AccessDeniedException"), id="refused"),
        ],
    )
    def test_what_was_not_sent_is_not_unknown(self, churn: Compiled, error: AwsError) -> None:
        tuning = FakeTuning(refusals=[error])
        with pytest.raises(AwsError) as raised:
            send(churn, tuning)
        assert raised.value is error
        assert tuning.calls == ["describe", "create"]


class TestReferences:
    """Values that a deployment provides."""

    @pytest.mark.parametrize(
        ("stacks", "message"),
        [
            pytest.param({}, "the stack `hptc-churn-dev` is not deployed in us-east-1", id="none"),
            pytest.param(
                {"hptc-churn-dev": STACKS["hptc-churn-dev"]},
                "the stack `hptc-churn-dev-churn` is not deployed in us-east-1",
                id="no role",
            ),
            pytest.param(
                {**STACKS, "hptc-churn-dev": {"DataBucket": "b", "KmsKeyArn": "k"}},
                "the stack `hptc-churn-dev` in us-east-1 has no output `ArtifactBucket`",
                id="no output",
            ),
        ],
    )
    def test_a_missing_value_names_its_stack(
        self, churn: Compiled, stacks: dict[str, dict[str, str]], message: str
    ) -> None:
        tuning = FakeTuning()
        with pytest.raises(OperationError) as raised:
            send(churn, tuning, stacks=stacks)
        assert raised.value.message == message
        assert raised.value.help == "run `hptc deploy --env dev` first"
        assert tuning.calls == ["describe"]

    def test_each_stack_is_read_once(self, churn: Compiled) -> None:
        stacks = FakeStacks(STACKS)
        resolved = resolve_references(churn, FakeTuning(), stacks)
        assert "${hptc:" not in json.dumps(resolved)
        assert sorted(stacks.calls) == ["hptc-churn-dev", "hptc-churn-dev-churn"]

    def test_without_references_no_stack_is_read(self, explicit: Compiled) -> None:
        stacks = FakeStacks()
        submit(explicit, FakeTuning(), stacks, provenance=lambda _: NOWHERE)
        assert not stacks.calls

    def test_a_request_in_the_apis_form_has_no_stacks(
        self, tmp_path: Path, churn: Compiled
    ) -> None:
        job = compiled(tmp_path / "api", json.dumps(churn.request))
        with pytest.raises(UsageError, match="outside of every environment"):
            send(job, FakeTuning())

    def test_a_request_in_an_environment_has_no_stacks(
        self, tmp_path: Path, churn: Compiled
    ) -> None:
        job = compiled(tmp_path / "api", json.dumps(churn.request), project=PROJECT)
        with pytest.raises(UsageError, match="but it is not a spec"):
            send(job, FakeTuning())


def test_a_request_in_the_apis_form_has_its_environments_tags(
    tmp_path: Path, explicit: Compiled
) -> None:
    job = compiled(
        tmp_path / "api", json.dumps(explicit.request), project=PROJECT, environment="prod"
    )
    assert job.digest == explicit.digest
    outcome = send(job, FakeTuning())
    assert isinstance(outcome, Submitted)
    tags = {tag["Key"]: tag["Value"] for tag in outcome.request["Tags"]}
    assert (tags["hptc:project"], tags["hptc:environment"]) == ("churn", "prod")


class TestDryRun:
    """A dry run shows what would be sent."""

    def test_it_is_what_a_submission_sends(self, churn: Compiled) -> None:
        dry = rehearse(churn)
        sent = send(churn, FakeTuning())
        assert isinstance(dry, DryRun)
        assert isinstance(sent, Submitted)
        assert dry.request == sent.request
        assert dry.unresolved == ()

    def test_references_to_missing_stacks_remain(self, churn: Compiled) -> None:
        stacks = {"hptc-churn-dev": STACKS["hptc-churn-dev"]}
        dry = rehearse(churn, stacks=stacks)
        assert isinstance(dry, DryRun)
        assert dry.unresolved == ("execution_role_arn",)
        definition = dry.request["TrainingJobDefinition"]
        assert definition["RoleArn"] == "${hptc:execution_role_arn}"
        assert definition["OutputDataConfig"]["S3OutputPath"] == "s3://artifacts-dev/churn/"

    def test_a_numbered_run(self, churn: Compiled) -> None:
        assert rehearse(churn, rerun=3).name == f"{churn.job.name}-r3"


class TestTags:
    """The limits of tags."""

    def spec(self, count: int) -> str:
        tags = "".join(f"  t{number}: x\n" for number in range(count))
        return f"{WITHOUT_PARENT}tags:\n{tags}"

    def test_at_most_fifty(self, tmp_path: Path) -> None:
        full = send(compiled(tmp_path / "a", self.spec(47)), FakeTuning())
        assert isinstance(full, Submitted)
        assert len(full.request["Tags"]) == 50
        with pytest.raises(UsageError, match="48 tags and hptc adds 3") as raised:
            send(compiled(tmp_path / "b", self.spec(48)), FakeTuning())
        assert raised.value.help == "remove 1 tag"

    @pytest.mark.parametrize(
        ("path", "tag"),
        [
            pytest.param("specs/a b.yaml", "specs/a b.yaml", id="space"),
            pytest.param("specs/größe.yaml", "specs/größe.yaml", id="letters"),
            pytest.param("specs/a#(1)&b.yaml", "specs/a__1__b.yaml", id="others"),
            pytest.param("d/" * 200 + "x.yaml", ("d/" * 200 + "x.yaml")[-256:], id="long"),
        ],
    )
    def test_a_path_as_a_tag_value(self, explicit: Compiled, path: str, tag: str) -> None:
        tags = job_tags(explicit, Provenance(spec=path))
        assert tags == {"hptc:spec": tag, "hptc:digest": explicit.digest}

    def test_tags_of_a_dry_run_are_not_duplicated(self, tmp_path: Path, explicit: Compiled) -> None:
        dry = rehearse(explicit)
        assert isinstance(dry, DryRun)
        again = send(compiled(tmp_path / "api", json.dumps(dry.request)), FakeTuning())
        assert isinstance(again, Submitted)
        keys = [tag["Key"] for tag in again.request["Tags"]]
        assert len(keys) == len(set(keys))


class TestStop:
    """Only the given job is stopped."""

    @pytest.fixture
    def tuning(self, explicit: Compiled) -> FakeTuning:
        tuning = FakeTuning()
        for name, status in (("a", "InProgress"), ("b", "InProgress"), ("c", "Failed")):
            tuning.add({**explicit.request, "HyperParameterTuningJobName": name}, status=status)
        return tuning

    def test_a_running_job(self, tuning: FakeTuning) -> None:
        assert stop(tuning, "a") == StopRequested(name="a")
        states = {n: j["HyperParameterTuningJobStatus"] for n, j in tuning.jobs.items()}
        assert states == {"a": "Stopping", "b": "InProgress", "c": "Failed"}
        assert stop(tuning, "a") == NothingToStop(name="a", status="Stopping")
        assert tuning.calls.count("stop") == 1

    def test_a_job_that_has_ended(self, tuning: FakeTuning) -> None:
        assert stop(tuning, "c") == NothingToStop(name="c", status="Failed")
        assert "stop" not in tuning.calls

    def test_a_job_that_does_not_exist(self, tuning: FakeTuning) -> None:
        with pytest.raises(OperationError, match="no tuning job `x` found in us-east-1"):
            stop(tuning, "x")

    def test_a_job_that_ends_in_the_meantime(self, tuning: FakeTuning) -> None:
        class Ending(FakeTuning):
            def stop(self, name: str) -> None:
                self.jobs[name]["HyperParameterTuningJobStatus"] = "Completed"
                raise AwsError("The request was rejected", code="ValidationException")

        ending = Ending(jobs=tuning.jobs)
        assert stop(ending, "a") == NothingToStop(name="a", status="Completed")

    def test_an_error(self, tuning: FakeTuning) -> None:
        tuning.refusals = [AwsError("no", code="ValidationException")]
        with pytest.raises(AwsError, match="no"):
            stop(tuning, "a")


DENIED = AwsError("denied", code="AccessDenied")
EXPIRED = AwsError("expired", code="ExpiredToken")
SILENT = NotSentError("no answer")


@pytest.mark.parametrize(
    ("outcomes", "tried"),
    [
        pytest.param([None, None, None], 3, id="all succeed"),
        pytest.param([DENIED, DENIED, DENIED], 3, id="each has its own error"),
        pytest.param([EXPIRED, None, None], 1, id="credentials"),
        pytest.param([SILENT, SILENT, None], 2, id="two without an answer"),
        pytest.param([SILENT, None, SILENT], 3, id="not in a row"),
        pytest.param([SILENT, DENIED, SILENT], 3, id="an answer between them"),
        pytest.param([None, SILENT, SILENT, None], 3, id="two after a success"),
    ],
)
def test_jobs_are_tried_until_no_call_can_succeed(
    outcomes: list[AwsError | None], tried: int
) -> None:
    attempted: list[int] = []

    def attempt(number: int) -> str:
        attempted.append(number)
        if (error := outcomes[number]) is not None:
            raise error
        return "done"

    results = list(attempt_each(range(len(outcomes)), attempt, lambda _, error: error.message))
    assert len(results) == len(outcomes)
    assert len(attempted) == tried
    assert all(
        "not tried, because no call to AWS succeeds" in outcome for outcome in results[tried:]
    )
    assert [outcome == "done" for outcome in results[:tried]] == [
        outcome is None for outcome in outcomes[:tried]
    ]
