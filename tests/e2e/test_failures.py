"""Failures outside of hptc: each one has its exit code and one message with a fix, and leaves no
partly written files.
"""

from __future__ import annotations

import os
import shutil
import socket
import sys
from pathlib import Path

import pytest

from hptc.sandbox.gateway import access_key_for
from hptc.sandbox.run import client_environment
from hptc.sandbox.server import Sandbox
from tests.support.e2e_project import Done, copy_project, execute, execute_here
from tests.support.paths import ROOT
from tests.support.refusing_endpoint import CREATED, Answer, refusal, refusing

pytestmark = pytest.mark.slow

SPEC = "direct-marketing-xgboost"
EXPLICIT = """\
name: alone
strategy: Random
limits: {max_number_of_training_jobs: 6, max_parallel_training_jobs: 3, max_runtime: 2h}
training_job:
  objective: {metric_name: "validation:auc", type: Maximize}
  hyperparameters:
    objective: binary:logistic
    num_round: 100
    eta: {type: Continuous, min: 0.01, max: 0.3, scaling: Logarithmic}
  algorithm:
    training_image: 683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1
  role_arn: arn:aws:iam::123456789012:role/tuning
  inputs:
    train: {s3: s3://data-of-ours/train/, content_type: text/csv}
    validation: {s3: s3://data-of-ours/validation/, content_type: text/csv}
  output: {s3_output_path: s3://artifacts-of-ours/alone/}
  resources: {instance_type: ml.m5.xlarge, instance_count: 2, volume_size_in_gb: 10}
  stopping: {max_runtime: 1h}
"""


def hptc(
    folder: Path, arguments: tuple[str, ...], environment: dict[str, str], *, code: int
) -> Done:
    """Run hptc in a separate process, where it must fail as a user can bear it."""
    done = execute([sys.executable, "-m", "hptc", *arguments], folder, environment, expect=None)
    return bearable(done, code)


def hptc_here(
    folder: Path, arguments: tuple[str, ...], environment: dict[str, str], *, code: int
) -> Done:
    """Run hptc in this process, where it must fail as a user can bear it."""
    return bearable(execute_here(arguments, folder, environment, expect=None), code)


def bearable(done: Done, code: int) -> Done:
    assert "Traceback" not in done.err, done.err
    assert done.err.count("error: ") == 1, done.err
    assert (done.code, done.out) == (code, ""), done.err
    return done


def files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if "__pycache__" not in path.parts}


@pytest.fixture
def clone(tmp_path: Path, sandbox: Sandbox) -> Path:
    """A project of one spec, in a folder with a space in its name."""
    folder = tmp_path / "a clone"
    folder.mkdir()
    copy_project(folder, sandbox, "123456789012", only=[SPEC])
    return folder


@pytest.fixture
def alone(tmp_path: Path) -> Path:
    """A spec that needs no project and no stack."""
    (tmp_path / "alone.yaml").write_text(EXPLICIT, encoding="utf-8")
    return tmp_path


def with_tools(tmp_path: Path, *tools: str) -> dict[str, str]:
    """This environment with nothing on PATH but some of its tools."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in tools:
        program = shutil.which(tool)
        assert program is not None
        (folder / tool).symlink_to(program)
    return {**os.environ, "PATH": str(folder)}


@pytest.mark.parametrize(
    ("tools", "message", "help"),
    [
        pytest.param((), "no `node` was found on PATH", "Node 22", id="no-node"),
        pytest.param(("node",), "CDK CLI is not installed", "npm install aws-cdk@2", id="no-cdk"),
    ],
)
def test_deploy_without_a_tool(
    tmp_path: Path, clone: Path, tools: tuple[str, ...], message: str, help: str
) -> None:
    before = files(clone)
    done = hptc(clone, ("deploy", "--yes"), with_tools(tmp_path, *tools), code=2)
    assert message in done.err
    assert help in done.err
    assert files(clone) == before


def test_the_cdk_app_without_node(tmp_path: Path, clone: Path) -> None:
    done = execute([sys.executable, "cdk/app.py"], clone, with_tools(tmp_path), expect=2)
    assert "Traceback" not in done.err
    assert "needs Node.js" in done.err
    assert "https://nodejs.org" in done.err
    assert not (clone / "cdk.out").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("submit",), id="submit"),
        pytest.param(("status", "a-job"), id="status"),
        pytest.param(("list",), id="list"),
        pytest.param(("stop", "a-job"), id="stop"),
        pytest.param(("compile", "--resolve", "-o", "out"), id="compile"),
        pytest.param(("import", "--job", "a-job", "--region", "us-east-1"), id="import"),
    ],
)
def test_without_credentials(clone: Path, arguments: tuple[str, ...]) -> None:
    before = files(clone)
    done = hptc_here(clone, arguments, dict(os.environ), code=3)
    assert "no AWS credentials found" in done.err
    assert "AWS_PROFILE" in done.err
    assert files(clone) == before


def test_without_a_region(alone: Path) -> None:
    done = hptc_here(alone, ("submit", "alone.yaml"), dict(os.environ), code=3)
    assert "no AWS Region is configured" in done.err
    assert "AWS_DEFAULT_REGION" in done.err


def test_with_credentials_of_another_account(clone: Path, sandbox: Sandbox) -> None:
    environment = client_environment(sandbox)
    environment["AWS_ACCESS_KEY_ID"] = access_key_for("399999999999")
    done = hptc_here(clone, ("submit",), environment, code=3)
    assert "399999999999" in done.err
    assert "`dev` is in account 123456789012" in done.err


def test_submit_before_deploy(clone: Path, sandbox: Sandbox) -> None:
    done = hptc_here(clone, ("submit",), client_environment(sandbox), code=3)
    assert "`hptc-demo-dev` is not deployed in us-east-1" in done.err
    assert "`hptc deploy --env dev` first" in done.err


def test_resolve_before_deploy_writes_nothing(clone: Path, sandbox: Sandbox) -> None:
    before = files(clone)
    hptc_here(clone, ("compile", "--resolve", "-o", "out"), client_environment(sandbox), code=3)
    assert files(clone) == before


def test_deploy_to_an_account_that_the_cdk_never_saw(tmp_path: Path, sandbox: Sandbox) -> None:
    (tmp_path / "a clone").mkdir()
    project = copy_project(tmp_path / "a clone", sandbox, "366666666666", only=[SPEC])
    before = files(project.directory)
    done = project.hptc_here("deploy", "--yes", expect=3)
    assert "Traceback" not in done.err
    assert "error: SSM parameter /cdk-bootstrap/hnb659fds/version not found" in done.err
    assert done.err.count("bootstrapped") == 1
    assert "cdk bootstrap aws://366666666666/us-east-1" in done.err
    assert files(project.directory) == before
    assert project.client("cloudformation").describe_stacks()["Stacks"] == []


def to(url: str) -> dict[str, str]:
    """An environment with another AWS endpoint and without retries."""
    return {
        **os.environ,
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1",
        "NO_PROXY": "127.0.0.1",
    }


def test_where_nothing_listens(alone: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    done = hptc(alone, ("submit", "alone.yaml"), to(f"http://127.0.0.1:{port}"), code=3)
    assert "cannot reach AWS" in done.err
    assert f"127.0.0.1:{port}" in done.err
    assert "AWS_ENDPOINT_URL" in done.err


def test_an_endpoint_that_is_not_a_url(alone: Path) -> None:
    done = hptc_here(alone, ("submit", "alone.yaml"), to("localhost"), code=3)
    assert "AWS_ENDPOINT_URL" in done.err


DENIED = (
    "User: arn:aws:iam::123456789012:user/eve is not authorized to perform: "
    "sagemaker:CreateHyperParameterTuningJob on resource: "
    "arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/alone-1 because no "
    "identity-based policy allows the sagemaker:CreateHyperParameterTuningJob action"
)
LIMIT = (
    "The account-level service limit 'ml.m5.xlarge for training job usage' is 4 Instances, with "
    "current utilization of 2 Instances and a request delta of 6 Instances. Please use AWS Service "
    "Quotas to request an increase for this quota."
)


@pytest.mark.parametrize(
    ("answer", "messages"),
    [
        pytest.param(
            refusal("AccessDeniedException", DENIED),
            (
                "not authorized",
                "the caller needs permission for sagemaker:CreateHyperParameterTuningJob",
            ),
            id="denied",
        ),
        pytest.param(
            refusal("ResourceLimitExceeded", LIMIT),
            ("3 parallel training jobs x 2 ml.m5.xlarge = 6", "max_parallel_training_jobs to 1"),
            id="limit",
        ),
        pytest.param(
            refusal("ValidationException", "1 validation error detected"),
            ("1 validation error detected", "no tuning job was created"),
            id="validation",
        ),
        pytest.param(
            refusal(
                "ExpiredTokenException", "The security token included in the request is expired"
            ),
            ("the credentials have expired", "aws sso login"),
            id="expired",
        ),
        pytest.param(
            Answer(status=403, body="<html>Blocked by the proxy</html>", kind="text/html"),
            ("returned an HTML page (HTTP 403): Blocked by the proxy", "HTTPS_PROXY"),
            id="proxy",
        ),
    ],
)
def test_aws_rejects_a_call(alone: Path, answer: Answer, messages: tuple[str, ...]) -> None:
    before = files(alone)
    with refusing([answer]) as aws:
        done = hptc_here(
            alone, ("submit", "alone.yaml", "--json", "--no-preflight"), to(aws.url), code=3
        )
    for message in messages:
        assert message in done.err
    assert aws.operations.count("CreateHyperParameterTuningJob") == 1
    assert files(alone) == before


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(refusal("ThrottlingException", "Rate exceeded"), id="throttled"),
        pytest.param(refusal("InternalFailure", "Try again", status=500), id="internal"),
    ],
)
def test_aws_throttles_a_call(alone: Path, answer: Answer) -> None:
    with refusing([answer, CREATED]) as aws:
        command = ("submit", "alone.yaml", "--json", "--no-preflight")
        done = execute_here(command, alone, to(aws.url))
    assert done.json["outcome"] == "submitted"
    assert done.err.count("retrying in") == 1
    assert aws.operations.count("CreateHyperParameterTuningJob") == 2


def test_one_bad_spec_of_many_writes_and_sends_nothing(clone: Path, sandbox: Sandbox) -> None:
    (clone / "specs" / "bad.yaml").write_text("name: bad\nstrategy: Magic\n", encoding="utf-8")
    before = files(clone)
    for arguments in (("compile", "-o", "out"), ("submit",)):
        done = execute_here(arguments, clone, client_environment(sandbox), expect=1)
        assert done.out == ""
        assert "specs/bad.yaml:2" in done.err
        assert "nothing was written or sent" in done.err
    assert files(clone) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(("compile", "alone.yaml", "-o", "taken"), "taken", id="output-is-a-file"),
        pytest.param(("import", "alone.yaml"), "alone.yaml", id="import-of-a-spec"),
        pytest.param(("submit", "nowhere.yaml"), "nowhere.yaml", id="no-such-file"),
        pytest.param(("submit", "."), "hptc init", id="no-spec"),
        pytest.param(("deploy",), "no hptc.yaml", id="no-project"),
        pytest.param(("init", "taken"), "taken", id="init-over-a-file"),
    ],
)
def test_what_cannot_be_done_here(alone: Path, arguments: tuple[str, ...], message: str) -> None:
    (alone / "taken").write_text("mine\n", encoding="utf-8")
    if arguments == ("submit", "."):
        (alone / "alone.yaml").unlink()
    before = files(alone)
    done = hptc_here(alone, arguments, dict(os.environ), code=2)
    assert message in done.err
    assert files(alone) == before
    assert (alone / "taken").read_text("utf-8") == "mine\n"


def test_import_keeps_a_file_that_is_there(alone: Path) -> None:
    request = ROOT / "tests" / "golden" / "requests" / "prod"
    source = next(iter(sorted(request.glob("*.json"))))
    done = hptc_here(alone, ("import", str(source), "-o", "alone.yaml"), dict(os.environ), code=2)
    assert "alone.yaml already exists" in done.err
    assert (alone / "alone.yaml").read_text("utf-8") == EXPLICIT
