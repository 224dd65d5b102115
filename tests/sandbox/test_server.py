"""The sandbox: its settings, its port and its state."""

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
from tests.support.sandbox import Account


def parameter_names(sandbox: Sandbox) -> list[str]:
    account = Account(id=sandbox.account, endpoint_url=sandbox.endpoint_url)
    parameters: list[Any] = account.client("ssm").describe_parameters()["Parameters"]
    return [parameter["Name"] for parameter in parameters]


def test_the_environment_points_clients_to_the_sandbox(sandbox: Sandbox) -> None:
    environment = sandbox.environment()
    assert environment["AWS_ENDPOINT_URL"] == sandbox.endpoint_url
    assert sandbox.endpoint_url.startswith("http://127.0.0.1:")
    assert environment["AWS_ACCESS_KEY_ID"] == "AKIAHPTC123456789012"
    assert environment["AWS_REGION"] == environment["AWS_DEFAULT_REGION"] == "us-east-1"
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        assert environment[name] == os.devnull
    assert environment["NODE_OPTIONS"].endswith("--no-warnings")


def test_the_description_states_the_limits(sandbox: Sandbox) -> None:
    assert max(map(len, sandbox.describe().splitlines())) <= 80
    text = " ".join(sandbox.describe().split())
    assert f"a local AWS endpoint (moto) at {sandbox.endpoint_url}" in text
    assert "It trains nothing. A tuning job is Completed immediately" in text
    assert (
        "It enforces no permissions: IAM, bucket and key policies are stored but not evaluated"
        in text
    )


def test_the_description_states_the_status_of_tuning_jobs() -> None:
    assert "stays InProgress" in Sandbox(tuning="held").describe()


def test_the_cdk_home_is_deleted_with_the_sandbox(sandbox: Sandbox) -> None:
    with Sandbox() as other:
        home = Path(other.environment()["CDK_HOME"])
        assert home.is_dir()
        assert home != Path(sandbox.environment()["CDK_HOME"])
        (home / "cache").write_text("")
    assert not home.exists()


def test_a_port_is_released(sandbox: Sandbox) -> None:
    with Sandbox() as other:
        port = int(other.endpoint_url.rpartition(":")[2])
        with pytest.raises(OperationError, match=f"cannot listen on port {port}"), Sandbox(port):
            pass
    with Sandbox(port) as again:
        assert again.endpoint_url == f"http://127.0.0.1:{port}"


def test_it_listens_on_loopback_only(sandbox: Sandbox) -> None:
    port = int(sandbox.endpoint_url.rpartition(":")[2])
    addresses = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), port)}
    for address in addresses - {"127.0.0.1", "::1"}:
        with pytest.raises(OSError, match=r"refused|unreachable|assign"):
            socket.create_connection((str(address), port), timeout=1).close()


def test_sandboxes_in_a_process_share_an_accounts_resources(sandbox: Sandbox) -> None:
    with Sandbox(account="333333333333") as one, Sandbox(account="333333333333") as two:
        account = Account(id=one.account, endpoint_url=one.endpoint_url)
        account.client("ssm").put_parameter(Name="/a", Value="v", Type="String")
        assert parameter_names(two) == ["/a"]
        assert parameter_names(sandbox) == []


@pytest.mark.parametrize("account", ["", "12345678901", "12345678901x", "1234567890123"])
def test_an_account_id_must_have_12_digits(account: str) -> None:
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
def test_an_unknown_region_is_rejected(region: str, help: str) -> None:
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


def test_it_prints_nothing_and_deletes_its_state(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []


def test_importing_patches_nothing_and_loads_no_stacks() -> None:
    """CloudFormation and what it creates take as long to load as the rest of a sandbox."""
    script = """
import sys
from moto.s3.models import FakeBucket
before = dict(vars(FakeBucket))
import hptc.sandbox.server
assert before == dict(vars(FakeBucket))
assert sys.modules.keys().isdisjoint(["moto.cloudformation", "moto.ec2", "moto.stepfunctions"])
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_the_root_url_answers(sandbox: Sandbox) -> None:
    with urllib.request.urlopen(sandbox.endpoint_url) as answer:
        assert answer.status == 200
