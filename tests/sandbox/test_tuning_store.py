"""Tuning jobs that the engine runs in the sandbox, through boto3: made up, and trained."""

from __future__ import annotations

import io
import json
import tarfile
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hptc.sandbox.sagemaker import configure, find_store
from hptc.sandbox.server import Sandbox
from hptc.sandbox.tuning_store import TuningMode, TuningSettings
from tests.support.local_runs import wait_until
from tests.support.sandbox import CONFIG, DEFINITION, Account

LIMITS = {"MaxNumberOfTrainingJobs": 12, "MaxParallelTrainingJobs": 3}
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
SCRIPT = """
import argparse, os, signal, sys, time
parser = argparse.ArgumentParser()
parser.add_argument("--eta", type=float)
parser.add_argument("--booster")
parser.add_argument("--seconds", type=float, default=0)
options = parser.parse_args()
best = float(open(os.path.join(os.environ["SM_CHANNEL_TRAIN"], "best.txt")).read())
print(f"auc={1 - (options.eta - best) ** 2:.6f}", flush=True)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
time.sleep(options.seconds)
open(os.path.join(os.environ["SM_MODEL_DIR"], "model.txt"), "w").write(str(options.eta))
"""


def request(name: str, **changes: Any) -> dict[str, Any]:
    config = {**CONFIG, "Strategy": "Random", "ResourceLimits": LIMITS, **changes.pop("config", {})}
    return {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": config,
        "TrainingJobDefinition": {**DEFINITION, **changes.pop("definition", {})},
        **changes,
    }


def wait(client: Any, name: str) -> Any:
    for _ in range(1000):
        description = client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
        if description["HyperParameterTuningJobStatus"] in ("Completed", "Failed", "Stopped"):
            return description
        time.sleep(0.02)
    raise AssertionError(f"{name} is still running")


def settle(account: Account, mode: TuningMode) -> Any:
    configure(account.id, TuningSettings(mode=mode))
    return account.client("sagemaker")


@pytest.fixture
def dry(account: Account) -> Any:
    return settle(account, "dry")


def list_training_jobs(client: Any, name: str, **options: Any) -> list[Any]:
    pages = client.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job").paginate(
        HyperParameterTuningJobName=name, **options
    )
    return [summary for page in pages for summary in page["TrainingJobSummaries"]]


def test_a_dry_tuning_job_has_all_its_training_jobs(account: Account, dry: Any) -> None:
    dry.create_hyper_parameter_tuning_job(**request("dry", Tags=[{"Key": "team", "Value": "a"}]))
    description = wait(dry, "dry")
    assert description["HyperParameterTuningJobStatus"] == "Completed"
    assert description["TrainingJobStatusCounters"]["Completed"] == 12
    assert description["ObjectiveStatusCounters"] == {"Succeeded": 12, "Pending": 0, "Failed": 0}
    static = description["TrainingJobDefinition"]["StaticHyperParameters"]
    assert static == {"_tuning_objective_metric": "validation:auc"}

    metric = "FinalHyperParameterTuningJobObjectiveMetric"
    by_value = list_training_jobs(
        dry, "dry", SortBy="FinalObjectiveMetricValue", SortOrder="Descending",
        PaginationConfig={"PageSize": 5},
    )  # fmt: skip
    values = [training_job[metric]["Value"] for training_job in by_value]
    assert values == sorted(values, reverse=True)
    assert len({training_job["TrainingJobName"] for training_job in by_value}) == 12
    best = description["BestTrainingJob"]
    assert best["TrainingJobName"] == by_value[0]["TrainingJobName"]

    described = dry.describe_training_job(TrainingJobName=best["TrainingJobName"])
    assert described["TuningJobArn"] == description["HyperParameterTuningJobArn"]
    assert "made up" in described["SecondaryStatusTransitions"][0]["StatusMessage"]
    tags = dry.list_tags(ResourceArn=best["TrainingJobArn"])["Tags"]
    assert tags == [{"Key": "team", "Value": "a"}]
    events = account.client("logs").filter_log_events(
        logGroupName="/aws/sagemaker/TrainingJobs",
        logStreamNamePrefix=best["TrainingJobName"] + "/",
    )["events"]
    assert [("made up" in event["message"]) for event in events] == [True]


def test_the_list_of_tuning_jobs_is_filtered_sorted_and_paged(account: Account) -> None:
    client = settle(account, "placeholder")
    for name in ("b-1", "a-2", "c-1"):
        client.create_hyper_parameter_tuning_job(**request(name))

    def names(**options: Any) -> list[str]:
        pages = client.get_paginator("list_hyper_parameter_tuning_jobs").paginate(**options)
        return [
            summary["HyperParameterTuningJobName"]
            for page in pages
            for summary in page["HyperParameterTuningJobSummaries"]
        ]

    assert names(PaginationConfig={"PageSize": 1}) == ["a-2", "b-1", "c-1"]
    assert names(SortBy="CreationTime", SortOrder="Descending") == ["c-1", "a-2", "b-1"]
    assert names(NameContains="-1") == ["b-1", "c-1"]
    assert names(StatusEquals="Stopped") == []
    first = client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName="b-1")
    assert names(CreationTimeAfter=first["CreationTime"]) == ["a-2", "c-1"]
    assert names(LastModifiedTimeBefore=first["CreationTime"]) == []
    with pytest.raises(ClientError, match=r"ValidationException.*NextToken"):
        client.list_hyper_parameter_tuning_jobs(NextToken="bm9uZQ==")


def test_a_warm_start_needs_parents_that_have_ended(account: Account) -> None:
    client = settle(account, "dry")
    parent = {"HyperParameterTuningJobName": "parent"}
    child = request(
        "child",
        WarmStartConfig={
            "WarmStartType": "TransferLearning", "ParentHyperParameterTuningJobs": [parent]
        },
    )  # fmt: skip
    with pytest.raises(ClientError, match="can't find a tuning job called parent"):
        client.create_hyper_parameter_tuning_job(**child)
    settle(account, "held").create_hyper_parameter_tuning_job(**request("parent"))
    settle(account, "dry")
    with pytest.raises(ClientError, match="but parent is InProgress"):
        client.create_hyper_parameter_tuning_job(**child)
    client.stop_hyper_parameter_tuning_job(**parent)
    client.create_hyper_parameter_tuning_job(**child)
    assert wait(client, "child")["HyperParameterTuningJobStatus"] == "Completed"


def test_tags_of_a_tuning_job_change(account: Account) -> None:
    client = settle(account, "placeholder")
    arn = client.create_hyper_parameter_tuning_job(**request("job"))["HyperParameterTuningJobArn"]
    client.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    client.delete_tags(ResourceArn=arn, TagKeys=["a"])
    assert client.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    client.delete_hyper_parameter_tuning_job(HyperParameterTuningJobName="job")
    with pytest.raises(ClientError, match="ResourceNotFound"):
        client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName="job")


@pytest.fixture
def training(account: Account) -> Any:
    """A client for training, with code in S3 but no data."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        member = tarfile.TarInfo("train.py")
        member.size = len(SCRIPT)
        tar.addfile(member, io.BytesIO(SCRIPT.encode()))
    s3 = account.client("s3")
    s3.create_bucket(Bucket=f"data-{account.id}")
    s3.put_object(Bucket=f"data-{account.id}", Key="code.tar.gz", Body=archive.getvalue())
    return settle(account, "train")


def training_request(name: str, account: Account, *, jobs: int, seconds: float = 0) -> Any:
    bucket = f"s3://data-{account.id}"
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"{bucket}/train"}}
    return request(
        name,
        config={"ResourceLimits": {"MaxNumberOfTrainingJobs": jobs, "MaxParallelTrainingJobs": 2}},
        definition={
            "AlgorithmSpecification": {
                **DEFINITION["AlgorithmSpecification"],  # type: ignore[dict-item]
                "TrainingImage": IMAGE,
            },
            "StaticHyperParameters": {
                "sagemaker_program": '"train.py"',
                "sagemaker_submit_directory": f'"{bucket}/code.tar.gz"',
                "seconds": str(seconds),
            },
            "InputDataConfig": [{"ChannelName": "train", "DataSource": source}],
            "OutputDataConfig": {"S3OutputPath": f"{bucket}/out/"},
        },
    )


def test_training_reads_what_a_manifest_lists(account: Account, training: Any) -> None:
    job = training_request("listed", account, jobs=1)
    (channel,) = job["TrainingJobDefinition"]["InputDataConfig"]
    source = channel["DataSource"]["S3DataSource"]
    source |= {"S3DataType": "ManifestFile", "S3Uri": f"s3://data-{account.id}/m.json"}
    s3, bucket = account.client("s3"), f"data-{account.id}"
    manifest = json.dumps([{"prefix": f"s3://{bucket}/"}, "best.txt"])
    s3.put_object(Bucket=bucket, Key="m.json", Body=manifest.encode())
    with pytest.raises(
        ClientError, match=r'element 2 is "best.txt", but .*best.txt does not exist'
    ):
        training.create_hyper_parameter_tuning_job(**job)
    s3.put_object(Bucket=bucket, Key="best.txt", Body=b"0.3")
    training.create_hyper_parameter_tuning_job(**job)
    assert wait(training, "listed")["HyperParameterTuningJobStatus"] == "Completed"


def test_training_reads_and_writes_the_sandbox_s3(account: Account, training: Any) -> None:
    job = training_request("real", account, jobs=3)
    with pytest.raises(ClientError, match=r"ValidationException.*No S3 objects found under S3 URL"):
        training.create_hyper_parameter_tuning_job(**job)
    s3, bucket = account.client("s3"), f"data-{account.id}"
    s3.put_object(Bucket=bucket, Key="train/best.txt", Body=b"0.3")
    s3.put_object(Bucket=bucket, Key="training/other.txt", Body=b"not below train/")
    training.create_hyper_parameter_tuning_job(**job)
    description = wait(training, "real")
    assert description["HyperParameterTuningJobStatus"] == "Completed", description.get(
        "FailureReason"
    )
    best = description["BestTrainingJob"]
    value = best["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
    assert value == pytest.approx(
        1 - (float(best["TunedHyperParameters"]["eta"]) - 0.3) ** 2, abs=1e-5
    )

    described = training.describe_training_job(TrainingJobName=best["TrainingJobName"])
    uri = described["ModelArtifacts"]["S3ModelArtifacts"]
    assert uri == f"s3://{bucket}/out/{best['TrainingJobName']}/output/model.tar.gz"
    body = s3.get_object(Bucket=bucket, Key=uri.removeprefix(f"s3://{bucket}/"))["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as tar:
        assert tar.getnames() == ["model.txt"]
    events = account.client("logs").filter_log_events(
        logGroupName="/aws/sagemaker/TrainingJobs",
        logStreamNamePrefix=best["TrainingJobName"] + "/",
    )["events"]
    assert [event["message"] for event in events] == [f"auc={value:.6f}"]


def test_a_training_tuning_job_is_stopped(account: Account, training: Any) -> None:
    s3 = account.client("s3")
    s3.put_object(Bucket=f"data-{account.id}", Key="train/best.txt", Body=b"0.3")
    job = training_request("long", account, jobs=50, seconds=60)
    training.create_hyper_parameter_tuning_job(**job)
    name = {"HyperParameterTuningJobName": "long"}

    def described() -> Any:
        return training.describe_hyper_parameter_tuning_job(**name)

    wait_until(lambda: described()["TrainingJobStatusCounters"]["InProgress"] > 0)
    with pytest.raises(ClientError, match="ValidationException"):
        training.delete_hyper_parameter_tuning_job(**name)
    training.stop_hyper_parameter_tuning_job(**name)
    assert described()["HyperParameterTuningJobStatus"] in ("Stopping", "Stopped")
    description = wait(training, "long")
    assert description["HyperParameterTuningJobStatus"] == "Stopped"
    assert description["TrainingJobStatusCounters"]["Stopped"] >= 1


def test_what_cannot_run_is_refused_and_leaves_the_name_free(account: Account) -> None:
    client = settle(account, "train")
    with pytest.raises(ClientError, match=r"ValidationException.*can't train own: the image"):
        client.create_hyper_parameter_tuning_job(**request("own"))
    settle(account, "placeholder").create_hyper_parameter_tuning_job(**request("own"))


def test_closing_a_sandbox_ends_its_training_jobs(account: Account, training: Any) -> None:
    s3 = account.client("s3")
    s3.put_object(Bucket=f"data-{account.id}", Key="train/best.txt", Body=b"0.3")
    job = training_request("open", account, jobs=2, seconds=60)
    training.create_hyper_parameter_tuning_job(**job)
    store = find_store(account.id, account.region)
    assert store is not None
    store.close()
    counters = wait(training, "open")["TrainingJobStatusCounters"]
    assert counters["InProgress"] == 0


def test_sandboxes_in_another_partition() -> None:
    with Sandbox(account="666666666661", region="cn-north-1") as sandbox:
        client = Account(
            id="666666666661", endpoint_url=sandbox.endpoint_url, region="cn-north-1"
        ).client("sagemaker")
        answer = client.list_hyper_parameter_tuning_jobs()
        assert answer["HyperParameterTuningJobSummaries"] == []
