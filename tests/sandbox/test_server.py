from __future__ import annotations

import os
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from hptc.errors import OperationError, UsageError
from hptc.sandbox.server import Sandbox
from tests.sandbox.conftest import Account


def queues(sandbox: Sandbox) -> list[str]:
    account = Account(id=sandbox.account, endpoint_url=sandbox.endpoint_url)
    parameters: list[Any] = account.client("ssm").describe_parameters()["Parameters"]
    return [parameter["Name"] for parameter in parameters]


def test_environment_leads_a_client_to_the_sandbox(sandbox: Sandbox) -> None:
    environment = sandbox.environment()
    assert environment["AWS_ENDPOINT_URL"] == sandbox.endpoint_url
    assert sandbox.endpoint_url.startswith("http://127.0.0.1:")
    assert environment["AWS_ACCESS_KEY_ID"] == "AKIAHPTC123456789012"
    assert environment["AWS_REGION"] == environment["AWS_DEFAULT_REGION"] == "us-east-1"
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        assert environment[name] == os.devnull
    assert environment["NODE_OPTIONS"].endswith("--no-warnings")


def test_describe_says_what_it_is_not(sandbox: Sandbox) -> None:
    text = sandbox.describe()
    assert sandbox.endpoint_url in text
    assert "It trains nothing. A tuning job is Completed at once" in text
    assert "does not enforce IAM permissions" in text


def test_describe_follows_the_status_of_tuning_jobs() -> None:
    assert "stays InProgress" in Sandbox(tuning_job_status="InProgress").describe()


def test_home_of_the_cdk_lasts_as_long_as_the_sandbox(sandbox: Sandbox) -> None:
    with Sandbox() as other:
        home = Path(other.environment()["CDK_HOME"])
        assert home.is_dir()
        assert home != Path(sandbox.environment()["CDK_HOME"])
        (home / "cache").write_text("")
    assert not home.exists()


def test_port_is_given_back(sandbox: Sandbox) -> None:
    with Sandbox() as other:
        port = int(other.endpoint_url.rpartition(":")[2])
        with pytest.raises(OperationError, match=f"cannot listen on port {port}"), Sandbox(port):
            pass
    with Sandbox(port) as again:
        assert again.endpoint_url == f"http://127.0.0.1:{port}"


def test_only_loopback_is_bound(sandbox: Sandbox) -> None:
    port = int(sandbox.endpoint_url.rpartition(":")[2])
    addresses = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), port)}
    for address in addresses - {"127.0.0.1", "::1"}:
        with pytest.raises(OSError, match=r"refused|unreachable|assign"):
            socket.create_connection((str(address), port), timeout=1).close()


def test_sandboxes_of_a_process_share_what_an_account_has(sandbox: Sandbox) -> None:
    with Sandbox(account="333333333333") as one, Sandbox(account="333333333333") as two:
        account = Account(id=one.account, endpoint_url=one.endpoint_url)
        account.client("ssm").put_parameter(Name="/a", Value="v", Type="String")
        assert queues(two) == ["/a"]
        assert queues(sandbox) == []


@pytest.mark.parametrize("account", ["", "12345678901", "12345678901x", "1234567890123"])
def test_account_is_12_digits(account: str) -> None:
    with pytest.raises(UsageError, match="12 digits"):
        Sandbox(account=account)


@pytest.mark.parametrize("region", ["us-east-1", "cn-north-1", "us-gov-west-1", "us-iso-east-1"])
def test_a_region_of_any_partition_is_accepted(region: str) -> None:
    with Sandbox(account="121212121212", region=region) as sandbox:
        account = Account(id=sandbox.account, endpoint_url=sandbox.endpoint_url, region=region)
        jobs = account.client("sagemaker").list_hyper_parameter_tuning_jobs()
        assert jobs["HyperParameterTuningJobSummaries"] == []


@pytest.mark.parametrize(
    ("region", "help"),
    [
        pytest.param("nowhere", "general/latest/gr/sagemaker.html lists the Regions", id="unknown"),
        pytest.param("us-east1", "did you mean `us-east-1`?", id="misspelled"),
        pytest.param("us-east-1a", "did you mean `us-east-1`?", id="availability zone"),
        pytest.param("US-EAST-1", "did you mean `us-east-1`?", id="uppercase"),
        pytest.param("", "get_available_regions", id="empty"),
    ],
)
def test_an_unknown_region_is_refused(region: str, help: str) -> None:
    with pytest.raises(UsageError, match=f"`{region}` is not an AWS Region") as caught:
        Sandbox(region=region)
    assert help in caught.value.help


SCRIPT = """
import os, boto3
from hptc.sandbox.server import Sandbox

for _ in range(2):
    with Sandbox(account="444444444444") as sandbox:
        os.environ.update(sandbox.environment())
        assert boto3.client("sts").get_caller_identity()["Account"] == "444444444444"
        assert boto3.client("s3").list_buckets()["Buckets"] == []
        boto3.client("s3").create_bucket(Bucket="bucket")
        try:
            boto3.client("pricing").describe_services()
        except Exception as error:
            assert "NotImplemented" in str(error)
"""


def test_it_is_silent_and_forgets(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []


def test_importing_patches_nothing() -> None:
    script = """
from moto.cloudformation.models import CloudFormationBackend as backend
before = dict(vars(backend))
import hptc.sandbox.server
assert before == dict(vars(backend))
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_the_bare_address_answers(sandbox: Sandbox) -> None:
    with urllib.request.urlopen(sandbox.endpoint_url) as answer:
        assert answer.status == 200
