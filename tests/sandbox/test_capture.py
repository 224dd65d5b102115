"""Running programs against a sandbox to capture the tuning jobs that they create."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hptc.sandbox.capture import Captured, LocalEndpoint, capture
from tests.support.sandbox import CONFIG, DEFINITION

REQUEST = {
    "HyperParameterTuningJobName": "churn",
    "HyperParameterTuningJobConfig": CONFIG,
    "TrainingJobDefinition": DEFINITION,
}
PROGRAM = f"""
import boto3, urllib.request
session = boto3.Session(profile_name="production")
sts = session.client("sts", endpoint_url="https://sts.eu-west-1.amazonaws.com")
print(sts.get_caller_identity()["Arn"])
print(session.client("iam").get_role(RoleName="hptc-capture")["Role"]["Arn"])
sagemaker = session.client("sagemaker")
sagemaker.create_hyper_parameter_tuning_job(**{REQUEST!r})
waiter = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName="churn")
print(waiter["HyperParameterTuningJobStatus"], sagemaker.meta.region_name)
try:
    urllib.request.urlopen("https://pypi.org/simple/")
except OSError as error:
    print(error)
raise SystemExit(7)
"""


def test_a_program_is_captured_whatever_endpoint_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config"
    config.write_text("[default]\nregion = us-east-1\n[profile production]\nregion = eu-west-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    announced: list[LocalEndpoint] = []
    result = capture(
        [sys.executable, "-c", PROGRAM],
        region="us-east-1",
        account="000000000000",
        is_for_all_profiles=False,
        announce=announced.append,
    )
    (endpoint,) = announced
    assert result == Captured(
        endpoint=endpoint, requests=(REQUEST,), exit_code=7, refused_hosts=("pypi.org",)
    )
    assert announced[0].role_arn == "arn:aws:iam::000000000000:role/hptc-capture"
    assert capfd.readouterr().out.splitlines() == [
        "arn:aws:sts::000000000000:assumed-role/hptc-capture/SageMaker",
        "arn:aws:iam::000000000000:role/hptc-capture",
        "Completed eu-west-1",
        "<urlopen error Tunnel connection failed: 403 Forbidden>",
    ]
