"""Links to tuning jobs in the console."""

from __future__ import annotations

import pytest

from hptc.service.console_links import tuning_job_link


@pytest.mark.parametrize(
    ("partition", "region", "host"),
    [
        ("aws", "eu-west-1", "eu-west-1.console.aws.amazon.com"),
        ("aws-cn", "cn-north-1", "cn-north-1.console.amazonaws.cn"),
        ("aws-us-gov", "us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"),
    ],
)
def test_each_partition_has_its_console(partition: str, region: str, host: str) -> None:
    arn = f"arn:{partition}:sagemaker:{region}:111122223333:hyper-parameter-tuning-job/Churn-1"
    assert tuning_job_link(arn) == (
        f"https://{host}/sagemaker/home?region={region}#/hyper-tuning-jobs/Churn-1"
    )


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws-iso:sagemaker:us-iso-east-1:1:x/y",
        "arn:aws:sagemaker:local:000000000000:hyper-parameter-tuning-job/churn",
        "arn:x",
        "",
    ],
)
def test_elsewhere_there_is_no_link(arn: str) -> None:
    assert tuning_job_link(arn) is None
