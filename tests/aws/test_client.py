"""The client: against moto, and with stubbed errors."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from hptc.aws.client import Aws, connect, connected
from hptc.aws.connection import Connection
from hptc.aws.retry import Retry
from hptc.compiler.outcome import Compiled
from hptc.errors import AwsError, OperationError
from hptc.jobs.decisions import AlreadySubmitted, Submitted
from hptc.jobs.provenance import Provenance
from hptc.project.infrastructure_choices import Infrastructure
from hptc.project.project_file import Environment
from hptc.service.lookup import describe, described_request, job_status
from hptc.service.tuning_jobs import JobOrigin
from tests.support.fake_service import FakeTime
from tests.support.refusing_endpoint import Answer, refusing
from tests.support.specs import ACCOUNT, EXPLICIT, PROJECT, SPEC, STACKS, WITHOUT_PARENT, compiled
from tests.support.submissions import submit


def here(_: Compiled) -> Provenance:
    return Provenance(spec="specs/churn.yaml", commit="0123abc")


def environment(account: str = ACCOUNT) -> Environment:
    return Environment(
        project="churn",
        name="dev",
        account=account,
        region="us-east-1",
        infrastructure=Infrastructure(),
        variables={},
    )


OWNER = {"hptc:project": "churn", "hptc:environment": "dev"}


def deploy(stacks: dict[str, dict[str, str]] = STACKS) -> None:
    """Deploy stacks that only have outputs."""
    client = boto3.client("cloudformation", region_name="us-east-1")
    tags: Any = [{"Key": key, "Value": value} for key, value in OWNER.items()]
    for name, outputs in stacks.items():
        template = {
            "Resources": {"Topic": {"Type": "AWS::SSM::Parameter", "Properties": {
                "Type": "String", "Value": "x", "Name": name}}},
            "Outputs": {key: {"Value": value} for key, value in outputs.items()},
        }  # fmt: skip
        client.create_stack(StackName=name, TemplateBody=json.dumps(template), Tags=tags)


@pytest.mark.usefixtures("aws")
class TestAgainstMoto:
    """Submit, describe, list."""

    @pytest.fixture
    def cloud(self) -> Aws:
        return connect(environment())

    @pytest.mark.parametrize("spec", [SPEC, EXPLICIT], ids=["references", "every structure"])
    def test_a_submitted_job_is_described_as_sent(
        self, cloud: Aws, tmp_path: Path, spec: str
    ) -> None:
        deploy()
        parent = compiled(tmp_path, WITHOUT_PARENT).request
        cloud.tuning.create({**parent, "HyperParameterTuningJobName": "explicit-2025"})
        job = compiled(tmp_path, spec, project=PROJECT if spec == SPEC else "")

        sent = submit(job, cloud.tuning, cloud.stacks, provenance=here)

        assert isinstance(sent, Submitted)
        described = dict(describe(cloud.tuning, sent.name))
        tags = cloud.tuning.list_tags(described["HyperParameterTuningJobArn"])
        fields = {key: value for key, value in sent.request.items() if key != "Tags"}
        assert {key: described[key] for key in fields} == fields
        assert tags == {tag["Key"]: tag["Value"] for tag in sent.request["Tags"]}
        assert tags["hptc:digest"] == job.digest
        assert described["HyperParameterTuningJobArn"] == sent.arn

    def test_a_second_submission_is_unchanged(self, cloud: Aws, tmp_path: Path) -> None:
        deploy()
        job = compiled(tmp_path, SPEC, project=PROJECT)
        sent = submit(job, cloud.tuning, cloud.stacks, provenance=here)
        again = submit(job, cloud.tuning, cloud.stacks, provenance=here)
        assert isinstance(again, AlreadySubmitted)
        assert (again.name, again.status) == (sent.name, "Completed")
        assert len(list(cloud.tuning.list_jobs())) == 1

    def test_a_job_without_hptcs_tags_is_compared(self, cloud: Aws, tmp_path: Path) -> None:
        job = compiled(tmp_path, EXPLICIT)
        theirs = [{"Key": "made-by", "Value": "a script"}]
        cloud.tuning.create({**job.request, "Tags": theirs})
        again = submit(job, cloud.tuning, cloud.stacks, provenance=here)
        assert isinstance(again, AlreadySubmitted)

    def test_a_job_that_does_not_exist(self, cloud: Aws) -> None:
        assert cloud.tuning.describe("nope") is None
        with pytest.raises(OperationError, match="no tuning job `nope` found in us-east-1"):
            job_status(cloud.tuning, "nope")

    def test_a_name_that_is_taken(self, cloud: Aws, tmp_path: Path) -> None:
        job = compiled(tmp_path, EXPLICIT)
        cloud.tuning.create(job.request)
        with pytest.raises(AwsError, match="already exists") as raised:
            cloud.tuning.create(job.request)
        assert raised.value.code == "ResourceInUse"

    def test_lists_are_filtered_and_limited(self, cloud: Aws, tmp_path: Path) -> None:
        job = compiled(tmp_path, EXPLICIT)
        for number in range(103):
            name = f"{'odd' if number % 2 else 'even'}-{number}"
            cloud.tuning.create({**job.request, "HyperParameterTuningJobName": name})
        jobs = list(cloud.tuning.list_jobs())
        assert len({job.name for job in jobs}) == 103
        assert [job.created for job in jobs] == sorted((job.created for job in jobs), reverse=True)
        assert len(list(cloud.tuning.list_jobs(limit=101))) == 101
        assert len(list(cloud.tuning.list_jobs(limit=2))) == 2
        assert len(list(cloud.tuning.list_jobs(name_contains="odd"))) == 51
        assert not list(cloud.tuning.list_jobs(status="Failed"))
        assert jobs[0].limits.max_training_jobs == 4

    def test_a_status_has_the_jobs_origin(self, cloud: Aws, tmp_path: Path) -> None:
        deploy()
        job = compiled(tmp_path, SPEC, project=PROJECT)
        sent = submit(job, cloud.tuning, cloud.stacks, provenance=here)
        status = job_status(cloud.tuning, sent.name)
        assert status.origin == JobOrigin(
            project="churn",
            environment="dev",
            spec="specs/churn.yaml",
            digest=job.digest,
            commit="0123abc",
        )
        assert (status.limits.max_training_jobs, status.strategy) == (4, "Bayesian")

    def test_a_described_request_has_its_authors_tags(self, cloud: Aws, tmp_path: Path) -> None:
        deploy()
        job = compiled(tmp_path, SPEC, project=PROJECT)
        sent = submit(job, cloud.tuning, cloud.stacks, provenance=here)
        description = described_request(cloud.tuning, sent.name)
        assert description["Tags"] == [{"Key": "team", "Value": "growth"}]
        assert "ResponseMetadata" not in description

    def test_outputs_of_stacks(self, cloud: Aws) -> None:
        deploy()
        stack = cloud.stacks.find("hptc-churn-dev")
        assert stack is not None
        assert (stack.outputs, stack.tags) == (STACKS["hptc-churn-dev"], OWNER)
        assert (stack.status, stack.is_changing) == ("CREATE_COMPLETE", False)
        assert cloud.stacks.find("nope") is None

    def test_the_life_of_a_stack(self, cloud: Aws) -> None:
        template = {
            "Resources": {
                "Kept": {
                    "Type": "AWS::S3::Bucket",
                    "Properties": {"BucketName": "kept"},
                    "DeletionPolicy": "Retain",
                },
                "Gone": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "gone"}},
            }
        }
        boto3.client("cloudformation", region_name="us-east-1").create_stack(
            StackName="ours",
            TemplateBody=json.dumps(template),
            Tags=[{"Key": "hptc:project", "Value": "churn"}],
        )
        (stack,) = cloud.stacks.list_stacks()
        assert (stack.name, stack.tags) == ("ours", {"hptc:project": "churn"})
        assert [
            (resource.logical_id, resource.is_retained)
            for resource in cloud.stacks.resources(stack.arn)
        ] == [
            ("Kept", True),
            ("Gone", False),
        ]
        newest, *_, oldest = cloud.stacks.events(stack.arn)
        assert (newest.status, oldest.status) == ("CREATE_COMPLETE", "CREATE_IN_PROGRESS")
        assert newest.is_of_stack
        assert newest.physical_id == stack.arn
        cloud.stacks.delete(stack.arn)
        assert cloud.stacks.find("ours") is None
        assert next(iter(cloud.stacks.events(stack.arn))).status == "DELETE_COMPLETE"
        with pytest.raises(AwsError):
            next(iter(cloud.stacks.events("ours")))

    def test_credentials_for_another_account(self, tmp_path: Path) -> None:
        job = compiled(tmp_path, EXPLICIT)
        cloud = connect(environment("999999999999"))
        calls: list[Callable[[], Any]] = [
            lambda: cloud.tuning.create(job.request),
            lambda: cloud.tuning.stop("x"),
            lambda: cloud.stacks.find("x"),
        ]
        for call in calls:
            with pytest.raises(AwsError) as raised:
                call()
            assert ACCOUNT in raised.value.message
            assert "`dev` is in account 999999999999" in raised.value.message
            assert "AWS_PROFILE" in raised.value.help
        assert not list(connect(environment()).tuning.list_jobs())


class TestWithErrors:
    """Errors of AWS, from a stub."""

    @pytest.fixture
    def time(self) -> FakeTime:
        return FakeTime()

    @pytest.fixture
    def connection(self, credentials: None, time: FakeTime) -> Connection:
        retry = Retry(sleep=time.sleep, clock=time.clock, random=lambda: 0.5)
        return Connection(None, region="us-east-1", retry=retry)

    def refuse(self, stub: Stubber, operation: str, code: str, text: str) -> None:
        stub.add_client_error(operation, service_error_code=code, service_message=text)

    @pytest.mark.parametrize(
        ("code", "text", "sleeps"),
        [
            pytest.param("ThrottlingException", "Rate exceeded", [0.5, 1.0], id="throttled"),
            pytest.param("InternalFailure", "", [0.5, 1.0], id="internal error"),
            pytest.param("ValidationException", "Could not assume role r", [1.0, 2.0], id="iam"),
        ],
    )
    def test_temporary_errors_are_retried(
        self,
        connection: Connection,
        time: FakeTime,
        tmp_path: Path,
        code: str,
        text: str,
        sleeps: list[float],
    ) -> None:
        job = compiled(tmp_path, EXPLICIT)
        operation = "create_hyper_parameter_tuning_job"
        arn = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:hyper-parameter-tuning-job/x"
        with Stubber(connection.sagemaker) as stub:
            self.refuse(stub, operation, code, text)
            self.refuse(stub, operation, code, text)
            stub.add_response(operation, {"HyperParameterTuningJobArn": arn}, job.request)
            assert connected(connection).tuning.create(job.request) == arn
            stub.assert_no_pending_responses()
        assert time.sleeps == sleeps

    @pytest.mark.parametrize(
        ("code", "is_of_retry"),
        [
            pytest.param("InternalFailure", True, id="the job may exist"),
            pytest.param("ThrottlingException", False, id="nothing was created"),
        ],
    )
    def test_an_error_after_an_attempt_that_may_have_worked(
        self, connection: Connection, tmp_path: Path, code: str, is_of_retry: bool
    ) -> None:
        job = compiled(tmp_path, EXPLICIT)
        operation = "create_hyper_parameter_tuning_job"
        with Stubber(connection.sagemaker) as stub:
            self.refuse(stub, operation, code, "")
            self.refuse(stub, operation, "ResourceInUse", "already exists")
            with pytest.raises(AwsError, match="already exists") as raised:
                connected(connection).tuning.create(job.request)
        assert raised.value.is_of_retry is is_of_retry

    def test_lasting_throttling_is_an_error(self, connection: Connection) -> None:
        with Stubber(connection.sagemaker) as stub:
            for _ in range(30):
                self.refuse(stub, "list_tags", "ThrottlingException", "Rate exceeded")
            with pytest.raises(AwsError, match="Rate exceeded") as raised:
                connected(connection).tuning.list_tags(
                    "arn:aws:sagemaker:us-east-1:1:hyper-parameter-tuning-job/x"
                )
        assert raised.value.code == "ThrottlingException"

    def test_a_quota_has_the_requests_numbers(self, connection: Connection, tmp_path: Path) -> None:
        job = compiled(tmp_path, EXPLICIT)
        text = (
            "The account-level service limit 'ml.m5.xlarge for training job usage' is 3 Instances, "
            "with current utilization of 0 Instances and a request delta of 4 Instances."
        )
        with Stubber(connection.sagemaker) as stub:
            self.refuse(stub, "create_hyper_parameter_tuning_job", "ResourceLimitExceeded", text)
            with pytest.raises(AwsError) as raised:
                connected(connection).tuning.create(job.request)
        assert raised.value.message == text
        assert "set max_parallel_training_jobs to 1" in raised.value.help

    @pytest.mark.parametrize(
        ("code", "text"),
        [
            pytest.param(
                "ResourceNotFound",
                "Amazon SageMaker can't find a tuning job called X. Type another name.",
                id="its own code",
            ),
            pytest.param(
                "ValidationException", "can't find a tuning job called X", id="validation"
            ),
        ],
    )
    def test_an_absent_job_is_none(self, connection: Connection, code: str, text: str) -> None:
        with Stubber(connection.sagemaker) as stub:
            self.refuse(stub, "describe_hyper_parameter_tuning_job", code, text)
            assert connected(connection).tuning.describe("X") is None

    def test_a_denied_description(self, connection: Connection) -> None:
        with Stubber(connection.sagemaker) as stub:
            self.refuse(
                stub, "describe_hyper_parameter_tuning_job", "AccessDeniedException", "denied"
            )
            with pytest.raises(AwsError) as raised:
                connected(connection).tuning.describe("X")
        assert "sagemaker:DescribeHyperParameterTuningJob" in raised.value.help

    def test_events_page_by_page(self, connection: Connection) -> None:
        def event(number: int) -> dict[str, Any]:
            return {"EventId": str(number), "StackName": "s", "StackId": "arn", "Timestamp": 0}

        with Stubber(connection.cloudformation) as stub:
            stub.add_response(
                "describe_stack_events",
                {"StackEvents": [event(3), event(2)], "NextToken": "more"},
                {"StackName": "arn"},
            )
            stub.add_response(
                "describe_stack_events",
                {"StackEvents": [event(1)]},
                {"StackName": "arn", "NextToken": "more"},
            )
            events = connected(connection).stacks.events("arn")
            assert [event.id for event in events] == ["3", "2", "1"]

    def test_stop(self, connection: Connection) -> None:
        with Stubber(connection.sagemaker) as stub:
            stub.add_response(
                "stop_hyper_parameter_tuning_job", {}, {"HyperParameterTuningJobName": "x"}
            )
            connected(connection).tuning.stop("x")
            stub.assert_no_pending_responses()

    def test_training_jobs_page_by_page(self, connection: Connection) -> None:
        def summary(name: str) -> dict[str, Any]:
            return {
                "TrainingJobName": name,
                "TrainingJobArn": f"arn:aws:sagemaker:us-east-1:1:training-job/{name}",
                "CreationTime": "2026-01-01T00:00:00Z",
                "TrainingJobStatus": "Completed",
                "TunedHyperParameters": {"b": "2", "a": "1"},
                "FinalHyperParameterTuningJobObjectiveMetric": {
                    "MetricName": "loss", "Value": 0.5,
                },
            }  # fmt: skip

        operation = "list_training_jobs_for_hyper_parameter_tuning_job"
        requested = {
            "HyperParameterTuningJobName": "x",
            "MaxResults": 100,
            "SortBy": "CreationTime",
            "SortOrder": "Descending",
        }
        with Stubber(connection.sagemaker) as stub:
            first = {"TrainingJobSummaries": [summary("a"), summary("b")], "NextToken": "t"}
            stub.add_response(operation, first, requested)
            self.refuse(stub, operation, "ThrottlingException", "Rate exceeded")
            stub.add_response(
                operation, {"TrainingJobSummaries": [summary("c")]}, {**requested, "NextToken": "t"}
            )
            jobs = list(connected(connection).tuning.list_training_jobs("x"))
            stub.assert_no_pending_responses()
        assert [job.name for job in jobs] == ["a", "b", "c"]
        assert jobs[0].metric_value == 0.5
        assert jobs[0].tuned_hyperparameters == (("a", "1"), ("b", "2"))

    @pytest.mark.parametrize("billed", [300, None])
    def test_billable_seconds(self, connection: Connection, billed: int | None) -> None:
        billed_time = {} if billed is None else {"BillableTimeInSeconds": billed}
        response = {
            "TrainingJobName": "x-001",
            "TrainingJobArn": "arn:aws:sagemaker:us-east-1:123456789012:training-job/x-001",
            "ModelArtifacts": {"S3ModelArtifacts": "s3://example/x-001/model.tar.gz"},
            "TrainingJobStatus": "Completed",
            "SecondaryStatus": "Completed",
            "AlgorithmSpecification": {"TrainingInputMode": "File"},
            "ResourceConfig": {"VolumeSizeInGB": 30},
            "StoppingCondition": {},
            "CreationTime": "2026-01-01T00:00:00Z",
            **billed_time,
        }
        operation = "describe_training_job"
        with Stubber(connection.sagemaker) as stub:
            self.refuse(stub, operation, "ThrottlingException", "Rate exceeded")
            stub.add_response(operation, response, {"TrainingJobName": "x-001"})
            assert connected(connection).tuning.billable_seconds("x-001") == billed
            stub.assert_no_pending_responses()


class TestWithoutAws:
    """A machine that is not configured."""

    def test_no_credentials(self) -> None:
        with pytest.raises(AwsError, match="no AWS credentials found"):
            connect(environment()).tuning.describe("x")

    def test_half_of_the_credentials(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
        with pytest.raises(AwsError, match="incomplete"):
            connect(environment()).tuning.describe("x")

    def test_no_region(self, credentials: None) -> None:
        with pytest.raises(AwsError, match="no AWS Region"):
            connect()

    def test_the_region_of_boto3s_configuration(
        self, credentials: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        assert connect().region == "eu-west-1"
        assert connect(environment()).region == "us-east-1"

    def test_a_profile_that_does_not_exist(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_PROFILE", "nobody")
        with pytest.raises(AwsError, match="nobody"):
            connect(environment())

    def test_a_refused_connection(self, credentials: None, monkeypatch: pytest.MonkeyPatch) -> None:
        with socket.socket() as bound:  # bound, but never listening: every connect is refused
            bound.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{bound.getsockname()[1]}"
            monkeypatch.setenv("AWS_ENDPOINT_URL", url)
            with pytest.raises(AwsError, match="cannot reach AWS") as raised:
                connect(environment()).tuning.describe("x")
        assert url in raised.value.message
        assert "AWS_ENDPOINT_URL" in raised.value.help
        assert "not-to-be-seen" not in raised.value.message + raised.value.help

    def test_a_proxy_that_returns_a_page(
        self, credentials: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        with refusing([Answer(status=200, body="<html>Sign in</html>", kind="text/html")]) as proxy:
            monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
            with pytest.raises(AwsError, match="returned an HTML page") as raised:
                list(connect(region="us-east-1").tuning.list_jobs())
        assert proxy.url in raised.value.message
        assert "HTTPS_PROXY" in raised.value.help

    def test_an_invalid_endpoint(self, credentials: None, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", "nonsense")
        with pytest.raises(AwsError, match="nonsense"):
            connect(environment()).tuning.describe("x")


def test_boto3_is_imported_with_a_connection_only() -> None:
    modules = "hptc.jobs.submission, hptc.render.jobs, hptc.aws.client, hptc.aws.aws_errors"
    code = f"import sys, {modules}; print({{'boto3', 'botocore', 'rich'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
