"""Recording the tuning jobs that clients create in a sandbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from hptc.sandbox.recorder import Recorder
from hptc.sandbox.server import Sandbox
from tests.support.sandbox import CONFIG, DEFINITION, Account

REQUEST = {
    "HyperParameterTuningJobName": "churn",
    "HyperParameterTuningJobConfig": CONFIG,
    "TrainingJobDefinition": DEFINITION,
}


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def account(recorder: Recorder) -> Iterator[Account]:
    with Sandbox(account="666677778888", recorder=recorder) as sandbox:
        yield Account(id="666677778888", endpoint_url=sandbox.endpoint_url)


def test_accepted_requests_are_kept_as_they_were_sent(recorder: Recorder, account: Account) -> None:
    client = account.client("sagemaker")
    client.create_hyper_parameter_tuning_job(**REQUEST)
    client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName="churn")
    with pytest.raises(ClientError, match="already exists"):
        client.create_hyper_parameter_tuning_job(**REQUEST)
    assert recorder.requests == [REQUEST]


def test_a_role_exists_when_it_is_looked_up(account: Account) -> None:
    client = account.client("iam")
    role = client.get_role(RoleName="tuning")["Role"]
    assert role["Arn"] == "arn:aws:iam::666677778888:role/tuning"
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "sagemaker.amazonaws.com"}
    assert client.get_role(RoleName="tuning")["Role"]["RoleId"] == role["RoleId"]


def test_a_bucket_exists_when_it_is_used(recorder: Recorder, account: Account) -> None:
    client = account.client("s3")
    client.put_object(Bucket="used-first", Key="a", Body=b"x")
    client.create_bucket(Bucket="created-first")
    client.put_object(Bucket="created-first", Key="a", Body=b"x")
    assert client.get_object(Bucket="used-first", Key="a")["Body"].read() == b"x"
    assert client.list_objects_v2(Bucket="listed-first")["KeyCount"] == 0
    assert recorder.buckets == {"used-first", "listed-first"}
